//! `cargo xtask deb`: a Debian package that takes the place of the distribution's keepalived.
//!
//! What is in it: `tree.rs`. What it says of itself: `control.rs`. Manual pages and completions are made from the help texts
//! of the programs that go into it, so they know what the programs know.

mod completions;
mod control;
mod help;
mod manual;
mod tree;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, Result, paths, setup, step};

/// What making a package needs.
const PACKAGES: &[(&str, &str)] = &[
    ("libssl-dev", "/usr/include/openssl/ssl.h"),
    ("pkg-config", "/usr/bin/pkg-config"),
    ("dpkg-dev", "/usr/bin/dpkg-shlibdeps"),
    ("binutils", "/usr/bin/strip"),
];

/// What is asked for.
struct Request {
    /// The programs as they were last built for tests, instead of new ones for use.
    debug: bool,
    /// Where the package goes.
    output: PathBuf,
    /// The part of the version behind the program's own.
    revision: u32,
}

/// The command line's form: `deb [--debug] [--output DIRECTORY] [--revision NUMBER]`.
pub(crate) fn run(arguments: &mut lexopt::Parser) -> Result<()> {
    let target = paths::target()?;
    let mut request = Request { debug: false, output: target.join("package"), revision: 1 };
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("debug") => request.debug = true,
            lexopt::Arg::Long("output") => request.output = PathBuf::from(arguments.value()?),
            lexopt::Arg::Long("revision") => {
                let word = arguments.value()?.to_string_lossy().into_owned();
                request.revision =
                    word.parse().map_err(|_| Error::Usage(format!("{word} is not a number")))?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    setup::install(PACKAGES)?;
    let programs = target.join(if request.debug { "debug" } else { "release" });
    if !request.debug {
        let build = ["build", "--release", "--quiet", "--package", "keepalived", "--bins"];
        step::run(&mut step::cargo(&build)?)?;
        let manual =
            ["build", "--release", "--quiet", "--package", "keepalived-config", "--example", "manual"];
        step::run(&mut step::cargo(&manual)?)?;
    }
    let package = build(&programs, &request)?;
    println!("{}", package.display());
    Ok(())
}

fn build(programs: &Path, request: &Request) -> Result<PathBuf> {
    std::fs::create_dir_all(&request.output)
        .map_err(Error::io(format!("making {}", request.output.display())))?;
    let version = format!("{}-{}", env!("CARGO_PKG_VERSION"), request.revision);
    let tree = tree::lay_out(programs, &request.output.join("tree"), &version)?;
    control::write(&tree, programs, &version)?;
    let architecture = control::architecture()?;
    let package = request.output.join(format!("keepalived-rs_{version}_{architecture}.deb"));
    let mut pack = Command::new("dpkg-deb");
    // Packing the debugging programs tightly would take longer than every test of them.
    pack.arg(if request.debug { "-Znone" } else { "-Zxz" });
    pack.args(["--root-owner-group", "--build"]).arg(tree.root()).arg(&package);
    said(&mut pack)?;
    Ok(package)
}

/// Runs a tool and returns what it printed on standard output.
fn said(command: &mut Command) -> Result<String> {
    let shown = step::shown(command);
    let output = command.output().map_err(Error::io(format!("starting `{shown}`")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::Failed(format!("`{shown}` failed: {}\n{complaint}", output.status)))
}

/// A file of the tree's own.
fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(Error::io(format!("reading {}", path.display())))
}
