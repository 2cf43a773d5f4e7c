//! A machine that has something else to do: two busy loops for each processor, and a disk that is written to.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{Error, Result};

const BUSY: &str = "while :; do :; done";
const WRITING: &str = r#"while :; do dd if=/dev/zero of="$0" bs=1M count=64 conv=fsync 2>/dev/null; done"#;

/// The load; it ends when it is dropped.
pub(super) struct Load(Vec<Child>);

impl Load {
    /// Starts it; the file that is written lies in `directory`.
    pub(super) fn start(directory: &Path) -> Result<Self> {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let mut load = Self(Vec::new());
        for _ in 0..processors * 2 {
            load.run(Command::new("sh").args(["-c", BUSY]))?;
        }
        load.run(Command::new("sh").args(["-c", WRITING]).arg(directory.join("load")))?;
        Ok(load)
    }

    fn run(&mut self, command: &mut Command) -> Result<()> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.0.push(child.map_err(Error::io("starting the load"))?);
        Ok(())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _gone_already = child.kill();
            let _reaped = child.wait();
        }
    }
}
