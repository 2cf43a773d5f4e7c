//! The package under test, and running its files on a node of a lab as if they were installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use keepalived_lab::{Error, Node, Result};

/// The package, and its files unpacked.
pub(crate) struct Package {
    /// As it would be handed out.
    pub(crate) deb: PathBuf,
    /// The same with a higher version.
    pub(crate) newer: PathBuf,
    /// What it holds, below this directory.
    pub(crate) files: PathBuf,
}

/// The build directory.
pub(crate) fn target() -> PathBuf {
    let tool = Path::new(env!("CARGO_BIN_EXE_xtask"));
    tool.parent().and_then(Path::parent).expect("a tool lies in target/PROFILE").to_owned()
}

/// Builds it at the first call.
pub(crate) fn package() -> &'static Package {
    static PACKAGE: OnceLock<Package> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        let directory = scratch("package");
        let deb = build(&directory.join("first"), "1");
        let newer = build(&directory.join("second"), "2");
        let files = directory.join("files");
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("--extract").arg(&deb).arg(&files);
        said(&mut unpack);
        Package { deb, newer, files }
    })
}

/// A directory of this run; those of runs that are over are removed.
pub(crate) fn scratch(label: &str) -> PathBuf {
    let prefix = "test-package-";
    for entry in std::fs::read_dir(target()).expect("the build directory").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(prefix).and_then(|rest| rest.split('-').next()).map(str::to_owned);
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Another run may be about to do the same.
            let _gone = std::fs::remove_dir_all(entry.path());
        }
    }
    let directory = target().join(format!("{prefix}{}-{label}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    directory
}

fn build(output: &Path, revision: &str) -> PathBuf {
    let mut build = Command::new(env!("CARGO_BIN_EXE_xtask"));
    build.args(["deb", "--debug", "--revision", revision, "--output"]).arg(output);
    let said = said(&mut build);
    // Installing what is missing may have something to say, too.
    PathBuf::from(said.lines().last().expect("the package's path"))
}

/// Runs a tool to its end, which has to be a good one.
pub(crate) fn said(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = shown(&output);
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Both streams.
pub(crate) fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Puts a node's directories and the package's files in their places; /tmp last, because both may lie below the host's.
const ENTER: &str = r#"set -e
home=$1 files=$2
shift 2
mkdir -p "$home/run/package"
mount --bind "$files" "$home/run/package"
mount --rbind "$home/run" /run
mount --bind "$home/etc" /etc/keepalived
mount --bind "$home/tmp" /tmp
mount -t tmpfs none /usr/libexec
mkdir /usr/libexec/keepalived
mount --bind /run/package/usr/libexec/keepalived /usr/libexec/keepalived
mount --bind /run/package/usr/sbin/keepalived /usr/sbin/keepalived
PATH=/run/package/bin:/run/package/usr/bin:$PATH
export PATH
cd /
exec "$@"
"#;

/// What systemd does with the unit of the package, as far as a lab can: its commands are carried out.
const SYSTEMCTL: &str = r#"#!/bin/sh
set -e
said() { sed -n "s/^$1=//p" /run/package/lib/systemd/system/keepalived.service; }
MAINPID=$(cat /run/keepalived.pid 2>/dev/null || true)
DAEMON_ARGS="--log-console --log-detail --no-syslog"
case "$1 $2" in
"start keepalived")
    export DAEMON_ARGS
    setsid sh -c "exec $(said ExecStart)" </dev/null >>/run/daemon.log 2>&1 &
    tries=0
    until [ -S /run/keepalived.sock ]; do
        tries=$((tries + 1))
        [ $tries -lt 400 ]
        sleep 0.05
    done
    ;;
"reload keepalived") eval "$(said ExecReload)" ;;
"stop keepalived")
    kill -s TERM "$MAINPID"
    while kill -s 0 "$MAINPID" 2>/dev/null; do sleep 0.05; done
    ;;
*) exit 64 ;;
esac
"#;

/// A command on a node where the package is installed.
pub(crate) fn on_node(node: &Node, words: &[&str]) -> Result<Command> {
    let files = &package().files;
    let systemctl = files.join("bin/systemctl");
    if !systemctl.exists() {
        use std::os::unix::fs::PermissionsExt as _;
        let failed = || Error::io("writing the lab's systemctl");
        std::fs::create_dir_all(files.join("bin")).map_err(failed())?;
        let draft = systemctl.with_extension(format!("{:?}", std::thread::current().id()));
        std::fs::write(&draft, SYSTEMCTL).map_err(failed())?;
        std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).map_err(failed())?;
        std::fs::rename(&draft, &systemctl).map_err(failed())?;
    }
    let home = node.host_path("/run/x")?;
    let home = home.ancestors().nth(2).expect("a file in /run of a node's directory");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", node.namespace().name(), "sh", "-c", ENTER, "node"]);
    command.arg(home).arg(files).args(words).stdin(Stdio::null());
    Ok(command)
}

/// Runs a line of shell on a node.
pub(crate) fn shell(node: &Node, line: &str) -> Result<Output> {
    // No command takes this long; one that waits for ever would say nothing about itself.
    on_node(node, &["timeout", "60", "sh", "-c", line])?
        .output()
        .map_err(Error::io(format!("running {line:?}")))
}
