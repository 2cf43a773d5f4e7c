//! `keepalived`: the supervisor, and everything its options do without a daemon.

use keepalived::options::{self, Action};
use keepalived::{config_test, genhash, supervisor};
use keepalived_kernel::memory;
use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    memory::return_large_blocks();
    let argv: Vec<OsString> = std::env::args_os().collect();
    // Somebody may have closed the streams; that is no reason to fail.
    let say = |text: &str| drop(std::io::stderr().write_all(text.as_bytes()));
    let line = options::parse(&argv);
    say(&line.complaints);
    match line.action {
        Action::Say { out, err, status } => {
            drop(std::io::stdout().write_all(out.as_bytes()));
            say(&err);
            ExitCode::from(status)
        }
        Action::Genhash(arguments) => {
            say(&genhash::become_it(argv.first(), &arguments));
            ExitCode::FAILURE
        }
        Action::Run(options) => {
            mention(&line.operands);
            ExitCode::from(match options.test {
                Some(_) => config_test::run(&options),
                None => supervisor::run(argv, *options),
            })
        }
    }
}

/// Words that are no options are mentioned, with a blank behind each, and ignored.
fn mention(operands: &[OsString]) {
    if operands.is_empty() {
        return;
    }
    let words: String = operands.iter().map(|word| format!("{} ", word.to_string_lossy())).collect();
    drop(writeln!(std::io::stdout(), "Unexpected argument(s): {words}"));
}
