//! `cargo xtask`: everything that is done with this tree, set-up of the machine included, as one command each.

#![forbid(unsafe_code)]

mod bench;
mod ci;
mod configurations;
mod deb;
mod demo;
mod error;
mod fuzz;
mod labs;
mod paths;
mod setup;
mod sim;
mod step;
mod test;
mod timeline;

use std::process::ExitCode;

use error::{Error, Result};

const USAGE: &str = "\
cargo xtask COMMAND

  demo [--peer keepalived|frr]   two nodes, a client, a power loss: the fail-over as it happens
  demo lvs                       requests over three real servers, one of which dies, in a kernel with IPVS
  test                           every check and every test
  ci                             test, and what further tools allow (a short fuzz run)
  bench [parse|vrrp|lvs] [--quick]
                                 side by side with the distribution's keepalived
  deb [--output DIRECTORY]       a Debian package of release programs, in place of the distribution's keepalived
  fuzz TARGET [SECONDS]          one fuzz target (installs cargo-fuzz)
  sim [--balance] [--seeds N] [--seed S]
                                 N seeds of the simulator, or the story of one
  setup                          only installs the Debian packages that the others need
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Usage(message)) => {
            eprintln!("{message}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = lexopt::Parser::from_env();
    let command = match arguments.next()? {
        Some(lexopt::Arg::Value(command)) => command,
        Some(lexopt::Arg::Short('h') | lexopt::Arg::Long("help")) => {
            println!("{USAGE}");
            return Ok(());
        }
        Some(other) => return Err(other.unexpected().into()),
        None => return Err(Error::Usage("which command?".into())),
    };
    match command.to_str() {
        Some("demo") => demo::run(&mut arguments),
        Some("test") => no_more(&mut arguments).and_then(|()| test::run()),
        Some("ci") => no_more(&mut arguments).and_then(|()| ci::run()),
        Some("bench") => bench::run(&mut arguments),
        Some("deb") => deb::run(&mut arguments),
        Some("fuzz") => fuzz::run(&mut arguments),
        Some("sim") => sim::run(&mut arguments),
        Some("setup") => no_more(&mut arguments).and_then(|()| setup::run()),
        _ => Err(Error::Usage(format!("unknown command {}", command.display()))),
    }
}

fn no_more(arguments: &mut lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        Some(argument) => Err(argument.unexpected().into()),
        None => Ok(()),
    }
}
