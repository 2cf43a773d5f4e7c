//! `genhash`: the digest of a page, as `digest` of `HTTP_GET` wants it.

use keepalived_checks::genhash;
use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    ExitCode::from(genhash::run(&arguments, &mut std::io::stdout(), &mut std::io::stderr()))
}
