//! The files of the package, laid out below a directory as they will lie below `/`.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{completions, control, manual, read, said};
use crate::{Error, Result, paths};

/// Built program and where it is installed. Programs of the daemon's own are where the daemon looks for them.
const PROGRAMS: [(&str, &str); 6] = [
    ("keepalived", "usr/sbin/keepalived"),
    ("keepalivedctl", "usr/bin/keepalivedctl"),
    ("genhash", "usr/bin/genhash"),
    ("keepalived-vrrp", "usr/libexec/keepalived/vrrp"),
    ("keepalived-checkers", "usr/libexec/keepalived/checkers"),
    ("keepalived-exec", "usr/libexec/keepalived/exec"),
];

/// File of this repository and where it goes.
const FILES: [(&str, &str); 7] = [
    // The distribution's package has its unit at this very path, and it has to be replaced, not doubled.
    ("packaging/systemd/keepalived.service", "lib/systemd/system/keepalived.service"),
    (
        "packaging/systemd/keepalived-forking.service",
        "usr/share/doc/keepalived-rs/examples/keepalived-forking.service",
    ),
    ("packaging/systemd/hardening.conf", "usr/share/doc/keepalived-rs/examples/hardening.conf"),
    ("packaging/debian/default", "etc/default/keepalived"),
    ("packaging/debian/sysusers.conf", "usr/share/keepalived-rs/sysusers.conf"),
    ("docs/differences.md", "usr/share/doc/keepalived-rs/differences.md"),
    ("docs/keywords.md", "usr/share/doc/keepalived-rs/keywords.md"),
];

/// The first configuration to look at.
const SAMPLE: &str = "keepalived.conf.sample";

/// Where the package's documentation is.
const DOCUMENTATION: &str = "usr/share/doc/keepalived-rs";

/// A directory that stands for `/`.
pub(super) struct Tree(PathBuf);

impl Tree {
    /// The directory.
    pub(super) fn root(&self) -> &Path {
        &self.0
    }

    /// Copies a file.
    pub(super) fn copy(&self, from: &Path, to: &str) -> Result<()> {
        let bytes = fs::read(from).map_err(Error::io(format!("reading {}", from.display())))?;
        self.write(to, bytes, 0o644)
    }

    /// Writes a file and the directories above it.
    pub(super) fn write(&self, to: &str, bytes: impl AsRef<[u8]>, mode: u32) -> Result<()> {
        let path = self.0.join(to);
        let what = format!("writing {}", path.display());
        self.directory(Path::new(to).parent().unwrap_or(Path::new("")))?;
        fs::write(&path, bytes).map_err(Error::io(what.clone()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(Error::io(what))
    }

    /// Writes a file as gzip has it, without its name and time: the same text makes the same bytes.
    fn compress(&self, to: &str, text: &str) -> Result<()> {
        self.write(to, text, 0o644)?;
        said(Command::new("gzip").args(["-9", "--no-name", "--force"]).arg(self.0.join(to))).map(drop)
    }

    /// Makes a directory and those above it.
    fn directory(&self, path: &Path) -> Result<()> {
        let mut directory = self.0.clone();
        for part in path {
            directory.push(part);
            let what = format!("making {}", directory.display());
            match fs::create_dir(&directory) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(Error::Io(what, error)),
            }
            // Whatever umask this runs with.
            fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).map_err(Error::io(what))?;
        }
        Ok(())
    }
}

/// Fills an empty directory with everything but `DEBIAN/`.
pub(super) fn lay_out(programs: &Path, root: &Path, version: &str) -> Result<Tree> {
    let what = format!("making {}", root.display());
    if root.exists() {
        fs::remove_dir_all(root).map_err(Error::io(what.clone()))?;
    }
    fs::create_dir_all(root).map_err(Error::io(what.clone()))?;
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).map_err(Error::io(what))?;
    let tree = Tree(root.to_owned());
    for (built, installed) in PROGRAMS {
        program(&tree, &programs.join(built), installed)?;
    }
    // `keepalived --genhash` looks beside the daemon.
    symlink("../bin/genhash", root.join("usr/sbin/genhash")).map_err(Error::io("linking genhash"))?;
    for (file, installed) in FILES {
        tree.copy(&paths::root().join(file), installed)?;
    }
    samples(&tree)?;
    for page in manual::pages(programs)? {
        tree.compress(&format!("usr/share/man/{}", page.path), &page.text)?;
    }
    for script in completions::scripts(programs)? {
        tree.write(&format!("usr/share/{}", script.path), script.text, 0o644)?;
    }
    tree.write(&format!("{DOCUMENTATION}/copyright"), control::copyright()?, 0o644)?;
    let changes = read(&paths::root().join("CHANGELOG.md"))?;
    tree.compress(&format!("{DOCUMENTATION}/changelog"), &changes)?;
    tree.compress(&format!("{DOCUMENTATION}/changelog.Debian"), &control::changelog(version)?)?;
    guide(&tree)?;
    Ok(tree)
}

/// A program without its symbols, which are three quarters of it.
fn program(tree: &Tree, built: &Path, installed: &str) -> Result<()> {
    if !built.exists() {
        return Err(Error::Failed(format!(
            "{} is missing; `cargo build --workspace --bins --examples` builds it",
            built.display()
        )));
    }
    tree.write(installed, "", 0o755)?;
    said(Command::new("strip").arg("-o").arg(tree.root().join(installed)).arg(built)).map(drop)
}

/// Configurations to begin with: one where configurations are, all of them in the documentation.
fn samples(tree: &Tree) -> Result<()> {
    let directory = paths::root().join("packaging/samples");
    tree.copy(&directory.join(SAMPLE), &format!("etc/keepalived/{SAMPLE}"))?;
    copy_all(tree, &directory, "samples")
}

fn guide(tree: &Tree) -> Result<()> {
    copy_all(tree, &paths::root().join("docs/guide"), "guide")
}

/// The files of a directory into one of the documentation.
fn copy_all(tree: &Tree, directory: &Path, to: &str) -> Result<()> {
    let what = || Error::io(format!("listing {}", directory.display()));
    for entry in fs::read_dir(directory).map_err(what())? {
        let path = entry.map_err(what())?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        tree.copy(&path, &format!("{DOCUMENTATION}/{to}/{name}"))?;
    }
    Ok(())
}
