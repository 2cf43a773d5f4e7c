//! What the package says of itself: `DEBIAN/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tree::Tree;
use super::{help, manual, read, said};
use crate::{Error, Result, paths};

/// Files that belong to the administrator once they are there.
const CONFFILES: &str = "/etc/default/keepalived\n/etc/keepalived/keepalived.conf.sample\n";
/// As in the form of the control file.
const MAINTAINER: &str = "The keepalived-rs developers <keepalived-rs@example.invalid>";
/// Run by dpkg.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Writes `DEBIAN/` into a tree that holds everything else.
pub(super) fn write(tree: &Tree, programs: &Path, version: &str) -> Result<()> {
    let packaging = paths::root().join("packaging/debian");
    let control = read(&packaging.join("control.in"))?
        .replace("@VERSION@", version)
        .replace("@MAINTAINER@", MAINTAINER)
        .replace("@ARCHITECTURE@", &architecture()?)
        .replace("@SIZE@", &size(tree)?)
        .replace("@LIBRARIES@", &libraries(tree)?)
        .replace("@COMPATIBLE@", &compatible(&programs.join("keepalived"))?);
    let sums = sums(tree)?;
    tree.write("DEBIAN/control", control, 0o644)?;
    tree.write("DEBIAN/conffiles", CONFFILES, 0o644)?;
    tree.write("DEBIAN/md5sums", sums, 0o644)?;
    for script in SCRIPTS {
        tree.write(&format!("DEBIAN/{script}"), read(&packaging.join(script))?, 0o755)?;
    }
    Ok(())
}

/// As dpkg calls this machine: `amd64`.
pub(super) fn architecture() -> Result<String> {
    Ok(said(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned())
}

/// What Debian's tools want to know of this version of the package; changes are told in the other changelog. Of the day of
/// the last change, as the manual pages.
pub(super) fn changelog(version: &str) -> Result<String> {
    let day = manual::date()?;
    let mut ask = Command::new("date");
    let date = said(ask.args(["--utc", "--rfc-email", "--date", &day]))?;
    Ok(format!(
        "keepalived-rs ({version}) unstable; urgency=medium\n\n  * What has changed is told in \
         /usr/share/doc/keepalived-rs/changelog.gz.\n\n -- {MAINTAINER}  {}\n",
        date.trim()
    ))
}

/// The licences, in the form that Debian's tools read.
pub(super) fn copyright() -> Result<String> {
    let licence = read(&paths::root().join("LICENSE-MIT"))?;
    let line = |line: &str| if line.trim().is_empty() { " .".to_owned() } else { format!(" {line}") };
    let licence: Vec<String> = licence.trim().lines().map(line).collect();
    let form = read(&paths::root().join("packaging/debian/copyright.in"))?;
    Ok(form.replace("@MIT@", &licence.join("\n")))
}

/// The version of Keepalived that the package stands for, in the distribution's counting, which is in its epoch 1.
fn compatible(daemon: &Path) -> Result<String> {
    let report = help::of(daemon, "--version")?;
    let number = report.strip_prefix("Keepalived v").and_then(|rest| rest.split_whitespace().next());
    let number =
        number.ok_or_else(|| Error::Failed(format!("{} does not say its version", daemon.display())))?;
    Ok(format!("1:{number}"))
}

/// In KiB.
fn size(tree: &Tree) -> Result<String> {
    let listed = said(Command::new("du").args(["--summarize", "--apparent-size", "-k"]).arg(tree.root()))?;
    Ok(listed.split_whitespace().next().unwrap_or("0").to_owned())
}

/// The packages with the shared libraries that the programs load, as dpkg-shlibdeps finds them. It wants to be run in a
/// source package.
fn libraries(tree: &Tree) -> Result<String> {
    let source = tree.root().with_file_name("source");
    let control = "Source: keepalived-rs\n\nPackage: keepalived-rs\nArchitecture: any\n";
    let what = format!("writing {}", source.display());
    fs::create_dir_all(source.join("debian")).map_err(Error::io(what.clone()))?;
    fs::write(source.join("debian/control"), control).map_err(Error::io(what))?;
    let mut ask = Command::new("dpkg-shlibdeps");
    ask.current_dir(&source).arg("-O");
    for directory in ["usr/sbin", "usr/bin", "usr/libexec/keepalived"] {
        ask.args(files(&tree.root().join(directory))?.iter().filter(|path| !path.is_symlink()));
    }
    let answer = said(&mut ask)?;
    let found = answer.trim().strip_prefix("shlibs:Depends=");
    found.map(str::to_owned).ok_or_else(|| Error::Failed(format!("dpkg-shlibdeps says {answer:?}")))
}

fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let what = || Error::io(format!("listing {}", directory.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(what())? {
        found.push(std::path::absolute(entry.map_err(what())?.path()).map_err(what())?);
    }
    found.sort();
    Ok(found)
}

/// A line for each file that is the package's for good.
fn sums(tree: &Tree) -> Result<String> {
    const LIST: &str = "find usr lib -type f -print0 | sort -z | xargs -0 md5sum";
    said(Command::new("sh").args(["-c", LIST]).current_dir(tree.root()))
}
