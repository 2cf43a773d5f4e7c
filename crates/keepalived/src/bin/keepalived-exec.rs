//! Becomes a script: started by the daemon, it gives up everything real-time, takes on the script's user and executes.

use keepalived::exec_helper;
use keepalived_kernel::{process, sched};
use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match exec_helper::decode(&arguments) {
        Some((command, umask)) => {
            sched::set_umask(umask);
            let error = process::exec_as(&command, &process::ExecOptions::default());
            eprintln!("{}: {error}", command.path.display());
        }
        None => eprintln!("keepalived-exec is started by keepalived and does nothing by itself"),
    }
    ExitCode::from(exec_helper::CANNOT_EXECUTE)
}
