//! `keepalivedctl`: what the daemon is doing, and why. See `keepalived::control`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(keepalived::control::run(std::env::args_os().skip(1)))
}
