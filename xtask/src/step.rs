//! Runs tools one after the other, with a heading and the time each took.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Error, Result, paths};

/// The steps of a task and how long they took.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<(String, Duration)>);

impl Steps {
    /// Does one step under a heading; the first failure ends the task.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("==> {name}");
        let start = Instant::now();
        let result = work();
        self.0.push((name.to_owned(), start.elapsed()));
        if result.is_err() {
            self.print();
        }
        result
    }

    /// Prints the table of durations.
    pub(crate) fn print(&self) {
        println!("\nstep                 seconds");
        for (name, duration) in &self.0 {
            println!("{name:<20} {:>7.1}", duration.as_secs_f64());
        }
        let total: Duration = self.0.iter().map(|(_, duration)| *duration).sum();
        println!("{:<20} {:>7.1}", "total", total.as_secs_f64());
    }
}

/// The cargo that runs this tool.
pub(crate) fn cargo(arguments: &[&str]) -> Result<Command> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(paths::root()).env("CARGO_TARGET_DIR", paths::target()?);
    Ok(command)
}

/// Runs a command to its end; its output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().map_err(Error::io(format!("starting `{shown}`")))?;
    if status.success() { Ok(()) } else { Err(Error::Failed(format!("`{shown}` failed: {status}"))) }
}

/// A command line for messages.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
