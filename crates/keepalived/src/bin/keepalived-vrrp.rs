//! The VRRP process. The supervisor starts it; see `keepalived::vrrp`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(keepalived::vrrp::run())
}
