//! A test binary whose tests all run in one guest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use super::{SecondKernel, is_guest};
use crate::Result;

/// One of the tests: its name, and what it does inside.
pub type GuestTest = (&'static str, fn() -> Result<()>);

/// The `main` of a test binary with `harness = false`: on the host it boots one guest that runs this program again; there
/// it runs the tests one after the other. Prints what libtest prints, and takes filters as libtest does; `--list` and
/// other options are ignored.
#[must_use]
pub fn run_tests(kernel: &SecondKernel, tests: &[GuestTest]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if is_guest() {
        return run_inside(&arguments, tests);
    }
    if arguments.iter().any(|argument| argument == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match kernel.run_self(&arguments) {
        Ok(ended) => {
            print!("{}", ended.stdout);
            eprint!("{}", ended.stderr);
            let (whole, boot) = (ended.took.as_secs_f64(), ended.booted_after.as_secs_f64());
            println!("second kernel: {whole:.1} s, {boot:.1} s of its own clock until the first test\n");
            if ended.status == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("\n{error}\n\ntest result: FAILED. 0 passed; {} failed", tests.len());
            ExitCode::FAILURE
        }
    }
}

fn run_inside(arguments: &[String], tests: &[GuestTest]) -> ExitCode {
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let is_exact = arguments.iter().any(|argument| argument == "--exact");
    let wanted = |name: &str| {
        let matches =
            |filter: &&String| if is_exact { name == *filter } else { name.contains(filter.as_str()) };
        filters.is_empty() || filters.iter().any(matches)
    };
    let (chosen, left): (Vec<_>, Vec<_>) = tests.iter().partition(|(name, _)| wanted(name));
    println!("\nrunning {} tests in the second kernel", chosen.len());
    let (begin, mut failed) = (Instant::now(), 0);
    for (name, test) in &chosen {
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(test));
        let took = started.elapsed().as_secs_f64();
        let problem = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it panicked (see standard error)".to_owned()),
        };
        match problem {
            None => println!("test {name} ... ok ({took:.2} s)"),
            Some(problem) => {
                failed += 1;
                println!("test {name} ... FAILED ({took:.2} s)\n{problem}");
            }
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        chosen.len() - failed,
        left.len(),
        begin.elapsed().as_secs_f64()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
