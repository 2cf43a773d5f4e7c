//! The command line: one static table, read as getopt_long(3) would, into [`Options`].

mod getopt;
mod table;
mod usage;
mod values;

pub use values::{Children, Facility, LogOptions, Options, PidFiles, Shutdown, TestRun};

use getopt::{Item, Scanner};
use std::ffi::OsString;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run as a daemon, or test the configuration.
    Run(Box<Options>),
    /// Become `genhash` with these arguments; options that stood before do not count.
    Genhash(Vec<OsString>),
    /// Say this and end.
    Say {
        /// For standard output.
        out: String,
        /// For standard error.
        err: String,
        /// The exit status.
        status: u8,
    },
}

/// A command line that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// What to do.
    pub action: Action,
    /// Complaints that do not prevent it, for standard error, with their line ends.
    pub complaints: String,
    /// Operands: nobody wants them, and the original only mentions them.
    pub operands: Vec<OsString>,
}

/// The state of reading, which the entries of the table write to.
#[derive(Debug, Default)]
struct Reading {
    options: Options,
    complaints: String,
    genhash: bool,
    end: Option<(String, String, u8)>,
}

/// Reads the arguments, `argv[0]` first.
#[must_use]
pub fn parse(argv: &[OsString]) -> CommandLine {
    let program = argv.first().map_or_else(|| "keepalived".into(), |name| name.to_string_lossy());
    let mut reading = Reading::default();
    let mut wrong = String::new();
    let mut scanner = Scanner::new(table::TABLE, argv.get(1..).unwrap_or_default());
    while let Some(item) = scanner.next() {
        match item {
            Item::Option { spec, value } => (spec.apply)(&mut reading, value.as_deref()),
            Item::Usage => reading.end = Some((String::new(), usage::text(&program), 0)),
            Item::Unknown(text) => wrong.push_str(&format!("Unknown option {text}\n")),
            Item::Missing(text) => wrong.push_str(&format!("Missing parameter for option {text}\n")),
        }
        if reading.genhash {
            return genhash(scanner.rest(), argv);
        }
        if reading.end.is_some() {
            break;
        }
    }
    let operands = scanner.operands();
    let action = match reading.end {
        Some((out, err, status)) => Action::Say { out, err: wrong + &err, status },
        None if !wrong.is_empty() => Action::Say { out: String::new(), err: wrong, status: 1 },
        None => Action::Run(Box::new(reading.options)),
    };
    CommandLine { action, complaints: reading.complaints, operands }
}

/// `--genhash` takes all that stands behind it.
fn genhash(arguments: &[OsString], argv: &[OsString]) -> CommandLine {
    let is_first = arguments.len() + 2 == argv.len();
    let late = "Warning -- `-T` not used as first option, previous options ignored\n";
    CommandLine {
        action: Action::Genhash(arguments.to_vec()),
        complaints: if is_first { String::new() } else { late.to_owned() },
        operands: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
