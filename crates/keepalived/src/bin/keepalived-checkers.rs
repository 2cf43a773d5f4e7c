//! The checker process. The supervisor starts it; see `keepalived::checkers`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(keepalived::checkers::run())
}
