//! `keepalived --genhash ...`: becomes the program `genhash` that lies beside the daemon, so that the supervisor need not
//! carry TLS around.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Becomes `genhash`, started as `name --genhash`. Returns only when that fails, with the reason.
pub fn become_it(name: Option<&OsString>, arguments: &[OsString]) -> String {
    let own = std::env::current_exe().unwrap_or_default();
    let program = own.with_file_name("genhash");
    let mut name = name.cloned().unwrap_or_default();
    name.push(" --genhash");
    let error = Command::new(&program).arg0(name).args(arguments).exec();
    format!("cannot execute {}: {error}\n", program.display())
}
