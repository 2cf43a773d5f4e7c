//! The machine that a configuration is read for, as it really is.

mod file_systems;
mod glob;
mod interfaces;
mod scripts;

use interfaces::Interfaces;
use keepalived_config::host::{FileKind, Host, HostInterface, HostUser, ScriptFile};
use keepalived_kernel::users;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The real machine, seen from the network namespace of the calling thread.
#[derive(Debug, Default)]
pub struct RealHost {
    interfaces: Interfaces,
}

impl RealHost {
    /// The machine, with its interfaces as they are when the first of them is asked for.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A machine that has every interface it is asked for: to read a configuration whose network namespace is not
    /// entered yet, or does not exist.
    #[must_use]
    pub fn with_any_interface() -> Self {
        Self { interfaces: Interfaces::any() }
    }
}

impl Host for RealHost {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        glob::glob(pattern)
    }

    fn file_kind(&self, path: &Path) -> FileKind {
        match fs::metadata(path) {
            Err(_) => FileKind::Missing,
            Ok(metadata) if metadata.is_dir() => FileKind::Directory,
            Ok(metadata) if !metadata.is_file() => FileKind::Other,
            Ok(metadata) if metadata.mode() & 0o111 != 0 => FileKind::Executable,
            Ok(_) => FileKind::Plain,
        }
    }

    fn file_mode(&self, path: &Path) -> Option<u32> {
        fs::metadata(path).ok().map(|metadata| metadata.mode() & 0o7777)
    }

    fn untrackable(&self, path: &Path) -> Option<String> {
        file_systems::refusal(path)
    }

    fn current_directory(&self) -> Option<PathBuf> {
        std::env::current_dir().ok()
    }

    fn interface(&self, name: &str) -> Option<HostInterface> {
        self.interfaces.find(name)
    }

    fn interface_names(&self) -> Vec<String> {
        self.interfaces.names()
    }

    fn user(&self, name: &str) -> Option<HostUser> {
        let user = users::user_by_name(name).ok().flatten()?;
        Some(HostUser { uid: user.uid, gid: user.gid })
    }

    fn group(&self, name: &str) -> Option<u32> {
        users::group_by_name(name).ok().flatten()
    }

    fn groups_of(&self, user: &str, gid: u32) -> Vec<u32> {
        users::groups_of(user, gid).unwrap_or_else(|_| vec![gid])
    }

    fn own_ids(&self) -> (u32, u32) {
        (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
    }

    fn script(&self, command: &Path, uid: u32, gid: u32) -> ScriptFile {
        scripts::judge(command, uid, gid)
    }

    fn environment(&self, name: &str) -> Option<String> {
        std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
    }

    fn host_name(&self) -> String {
        keepalived_kernel::host::node_name()
    }

    fn random(&self) -> u32 {
        let mut bytes = [0; 4];
        // The kernel's generator is ready long before any daemon starts; if it is not, any number will do.
        let _ = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK);
        u32::from_ne_bytes(bytes)
    }

    fn processors(&self) -> u32 {
        let list = fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
        count_in_list(list.trim()).max(1)
    }
}

/// How many numbers a list such as `0-3,8` holds.
fn count_in_list(list: &str) -> u32 {
    let size = |range: &str| -> Option<u32> {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        last.checked_sub(first)?.checked_add(1)
    };
    list.split(',').filter_map(size).fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_from_the_kernels_list() {
        assert_eq!(count_in_list("0-3,8"), 5);
        assert_eq!(count_in_list("0"), 1);
        assert_eq!(count_in_list("junk"), 0);
        assert!(RealHost::new().processors() >= 1);
    }

    #[test]
    fn files_are_told_apart() {
        let host = RealHost::new();
        assert_eq!(host.file_kind(Path::new("/etc/passwd")), FileKind::Plain);
        assert_eq!(host.file_kind(Path::new("/bin/ls")), FileKind::Executable);
        assert_eq!(host.file_kind(Path::new("/tmp")), FileKind::Directory);
        assert_eq!(host.file_kind(Path::new("/dev/null")), FileKind::Other);
        assert_eq!(host.file_kind(Path::new("/etc/no such file")), FileKind::Missing);
    }

    #[test]
    fn root_and_the_loopback_interface_exist() {
        let host = RealHost::new();
        assert_eq!(host.user("root"), Some(HostUser { uid: 0, gid: 0 }));
        assert_eq!(host.user("no such user"), None);
        assert!(host.interface("lo").is_some_and(|lo| lo.loopback && !lo.ethernet));
        assert_eq!(host.interface("no-such-link"), None);
        assert!(RealHost::with_any_interface().interface("no-such-link").is_some());
    }
}
