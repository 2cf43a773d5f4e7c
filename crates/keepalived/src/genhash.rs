//! `keepalived --genhash ...`: becomes the program `genhash` that lies beside the daemon, so that the supervisor need not
//! carry TLS around.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// `-T` or `--genhash` as the first option; the original wants it there, too.
#[must_use]
pub fn is_asked_for(argv: &[OsString]) -> bool {
    argv.get(1).is_some_and(|first| first == OsStr::new("-T") || first == OsStr::new("--genhash"))
}

/// Becomes `genhash` with the arguments behind the option. Returns only when that fails, with the reason.
pub fn become_it(argv: &[OsString]) -> String {
    let own = std::env::current_exe().unwrap_or_default();
    let program = own.with_file_name("genhash");
    let mut name = argv.first().cloned().unwrap_or_default();
    name.push(" --genhash");
    let error = Command::new(&program).arg0(name).args(argv.get(2..).unwrap_or_default()).exec();
    format!("cannot execute {}: {error}\n", program.display())
}
