//! A test binary whose tests all run in one guest.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use super::{SecondKernel, is_guest};
use crate::Result;

/// One of the tests.
pub struct GuestTest {
    name: String,
    body: Body,
}

enum Body {
    Run(Box<dyn Fn() -> Result<()>>),
    Pending(&'static str),
}

impl GuestTest {
    /// A test, and what it does inside.
    #[must_use]
    pub fn new(name: impl Into<String>, test: impl Fn() -> Result<()> + 'static) -> Self {
        Self { name: name.into(), body: Body::Run(Box::new(test)) }
    }

    /// A test that cannot pass yet. It is listed with the reason, and counted as ignored.
    #[must_use]
    pub fn pending(name: impl Into<String>, reason: &'static str) -> Self {
        Self { name: name.into(), body: Body::Pending(reason) }
    }

    /// Runs it, prints its line.
    fn run(&self) -> Outcome {
        let Self { name, body } = self;
        let test = match body {
            Body::Run(test) => test,
            Body::Pending(reason) => {
                println!("test {name} ... ignored, {reason}");
                return Outcome::Ignored;
            }
        };
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(test));
        let took = started.elapsed().as_secs_f64();
        let problem = match outcome {
            Ok(Ok(())) => {
                println!("test {name} ... ok ({took:.2} s)");
                return Outcome::Passed;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it panicked (see standard error)".to_owned(),
        };
        println!("test {name} ... FAILED ({took:.2} s)\n{problem}");
        Outcome::Failed
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Ignored,
}

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
        tests.iter().for_each(|test| println!("{}: test", test.name));
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
    let (chosen, left): (Vec<_>, Vec<_>) = tests.iter().partition(|test| wanted(&test.name));
    println!("\nrunning {} tests in the second kernel", chosen.len());
    let begin = Instant::now();
    let outcomes: Vec<Outcome> = chosen.iter().map(|test| test.run()).collect();
    let count = |wanted| outcomes.iter().filter(|&&outcome| outcome == wanted).count();
    let failed = count(Outcome::Failed);
    println!(
        "\ntest result: {}. {} passed; {failed} failed; {} ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        count(Outcome::Passed),
        count(Outcome::Ignored),
        left.len(),
        begin.elapsed().as_secs_f64()
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
