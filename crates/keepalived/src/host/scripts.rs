//! May a script be run, and could somebody else have changed it? (runtime reference 13.4)

use keepalived_config::host::ScriptFile;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Mode bits (stat(2)).
const SET_USER_ID: u32 = 0o4000;
const SET_GROUP_ID: u32 = 0o2000;
const STICKY: u32 = 0o1000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;

/// Judges `command` for the user that is to run it.
pub(super) fn judge(command: &Path, uid: u32, gid: u32) -> ScriptFile {
    let found = if command.as_os_str().as_bytes().contains(&b'/') {
        Some(command.to_path_buf())
    } else {
        search(command, uid, gid)
    };
    let Some(found) = found else {
        return ScriptFile::Inaccessible(message_of(&std::io::Error::from_raw_os_error(libc::ENOENT)));
    };
    // Links are resolved first: a link may be anywhere as long as what it leads to is safe.
    let path = match fs::canonicalize(&found) {
        Ok(path) => path,
        Err(error) => return ScriptFile::Inaccessible(message_of(&error)),
    };
    let metadata = match reach(&path, uid, gid) {
        Ok(metadata) => metadata,
        Err(error) => return ScriptFile::Inaccessible(message_of(&error)),
    };
    if !metadata.is_file() || !may(&metadata, uid, gid, Access::Execute) {
        return ScriptFile::NotExecutable;
    }
    let insecure = matters(&metadata, uid) && is_insecure(&path);
    let needs_shell = !starts_as_program(&path);
    ScriptFile::Usable { path, insecure, needs_shell }
}

/// The system's words without Rust's `(os error 2)`.
fn message_of(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// A bare name: the first executable of that name in `PATH`.
fn search(name: &Path, uid: u32, gid: u32) -> Option<PathBuf> {
    let default = OsStr::new("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").to_owned();
    let path = std::env::var_os("PATH").unwrap_or(default);
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|candidate| {
        fs::metadata(candidate).is_ok_and(|m| m.is_file() && may(&m, uid, gid, Access::Execute))
    })
}

/// Follows the path as that user would.
fn reach(path: &Path, uid: u32, gid: u32) -> std::io::Result<Metadata> {
    for directory in path.ancestors().skip(1) {
        let metadata = fs::metadata(directory)?;
        if !may(&metadata, uid, gid, Access::Execute) {
            return Err(std::io::Error::from_raw_os_error(libc::EACCES));
        }
    }
    fs::metadata(path)
}

#[derive(Clone, Copy)]
enum Access {
    Execute,
}

/// The kernel's permission check, as far as mode bits go. Root passes directories always, and files if anybody may
/// execute them.
fn may(metadata: &Metadata, uid: u32, gid: u32, access: Access) -> bool {
    let Access::Execute = access;
    let mode = metadata.mode();
    if uid == 0 {
        return metadata.is_dir() || mode & 0o111 != 0;
    }
    if metadata.uid() == uid {
        mode & 0o100 != 0
    } else if metadata.gid() == gid {
        mode & 0o010 != 0
    } else {
        mode & 0o001 != 0
    }
}

/// Only what runs as root can do harm that its owner could not do anyway.
fn matters(metadata: &Metadata, uid: u32) -> bool {
    let mode = metadata.mode();
    uid == 0
        || (mode & SET_USER_ID != 0 && metadata.uid() == 0)
        || (mode & SET_GROUP_ID != 0 && metadata.gid() == 0)
}

/// Could anybody but root change the file, or put another in its place?
fn is_insecure(path: &Path) -> bool {
    path.ancestors().any(|component| {
        let Ok(metadata) = fs::symlink_metadata(component) else {
            return true;
        };
        let mode = metadata.mode();
        // In a sticky directory others cannot replace what is not theirs.
        let sticky = metadata.is_dir() && mode & STICKY != 0;
        metadata.uid() != 0
            || (!sticky && mode & OTHERS_WRITE != 0)
            || (!sticky && mode & GROUP_WRITES != 0 && metadata.gid() != 0)
    })
}

/// Can execve(2) run it directly?
fn starts_as_program(path: &Path) -> bool {
    let mut start = [0; 4];
    let Ok(mut file) = fs::File::open(path) else {
        // Executable but not readable: only a binary makes sense.
        return true;
    };
    let length = file.read(&mut start).unwrap_or(0);
    start[..length].starts_with(b"#!") || start[..length] == *b"\x7fELF"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn script(directory: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changed");
        path
    }

    #[test]
    fn root_owned_scripts_are_secure_unless_others_may_write() {
        let directory = tempfile::tempdir().expect("a directory");
        let safe = script(directory.path(), "safe", "#!/bin/sh\n", 0o755);
        let open = script(directory.path(), "open", "#!/bin/sh\n", 0o757);
        let insecure = |path: &Path| match judge(path, 0, 0) {
            ScriptFile::Usable { insecure, needs_shell, .. } => (insecure, needs_shell),
            other => panic!("{other:?}"),
        };
        assert_eq!(insecure(&safe), (false, false));
        assert_eq!(insecure(&open), (true, false));
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).expect("changed");
        assert_eq!(insecure(&safe), (true, false), "anybody can replace it");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o1777)).expect("changed");
        assert_eq!(insecure(&safe), (false, false), "a sticky directory protects it");
    }

    #[test]
    fn a_link_is_judged_by_where_it_leads() {
        assert!(matches!(judge(Path::new("/bin/true"), 0, 0), ScriptFile::Usable { insecure: false, .. }));
        assert!(
            matches!(judge(Path::new("true"), 0, 0), ScriptFile::Usable { path, .. } if path.is_absolute())
        );
    }

    #[test]
    fn a_text_without_shebang_needs_a_shell() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = script(directory.path(), "plain", "echo hello\n", 0o755);
        assert!(matches!(judge(&path, 0, 0), ScriptFile::Usable { needs_shell: true, .. }));
    }

    #[test]
    fn what_that_user_cannot_run_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("changed");
        let private = script(directory.path(), "private", "#!/bin/sh\n", 0o744);
        assert_eq!(judge(&private, 65_534, 65_534), ScriptFile::NotExecutable);
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).expect("changed");
        assert_eq!(judge(&private, 65_534, 65_534), ScriptFile::Inaccessible("Permission denied".into()));
        let missing = ScriptFile::Inaccessible("No such file or directory".into());
        assert_eq!(judge(Path::new("/run/no such directory/x"), 0, 0), missing);
    }
}
