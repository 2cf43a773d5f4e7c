//! `-l` with `-n`: the same lines on standard error.

use super::calendar::{Calendar, asctime};
use std::io::Write as _;
use std::time::SystemTime;

#[derive(Debug)]
pub(super) struct Console;

impl Console {
    pub(super) const fn new() -> Self {
        Self
    }

    pub(super) fn write(&self, now: SystemTime, message: &str) {
        let line = format!("{}: {message}\n", asctime(Calendar::local(now)));
        // One write per line, so that lines of several processes do not mix. A closed console is nobody's problem.
        drop(std::io::stderr().write_all(line.as_bytes()));
    }
}
