//! A machine that exists only in memory, for tests, the simulator and the fuzzer.

use super::glob;
use super::{FileKind, Host, HostInterface, HostUser, ScriptFile};
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A machine made of maps. Starts with the interfaces `lo`, `eth0` and `eth1`, the user and group `root`, and no files.
#[derive(Debug)]
pub struct FakeHost {
    files: BTreeMap<PathBuf, (FileKind, Vec<u8>)>,
    interfaces: BTreeMap<String, HostInterface>,
    users: BTreeMap<String, HostUser>,
    groups: BTreeMap<String, u32>,
    scripts: BTreeMap<PathBuf, ScriptFile>,
    environment: BTreeMap<String, String>,
    modes: BTreeMap<PathBuf, u32>,
    directory: Option<PathBuf>,
    untrackable: BTreeMap<PathBuf, String>,
    own_ids: (u32, u32),
    host_name: String,
    processors: u32,
    random: AtomicU32,
}

impl Default for FakeHost {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeHost {
    /// A machine with `lo`, `eth0`, `eth1` and root, whose name is `node`.
    #[must_use]
    pub fn new() -> Self {
        let mut host = Self {
            files: BTreeMap::new(),
            interfaces: BTreeMap::new(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            scripts: BTreeMap::new(),
            environment: BTreeMap::new(),
            modes: BTreeMap::new(),
            directory: None,
            untrackable: BTreeMap::new(),
            own_ids: (0, 0),
            host_name: "node".to_owned(),
            processors: 4,
            random: AtomicU32::new(0x9e37_79b9),
        };
        host.interfaces.insert("lo".to_owned(), Self::link(65_536, true));
        host.interfaces.insert("eth0".to_owned(), Self::link(1500, false));
        host.interfaces.insert("eth1".to_owned(), Self::link(1500, false));
        host.with_user("root", 0, 0).with_group("root", 0)
    }

    /// A file that cannot be tracked, and why.
    #[must_use]
    pub fn with_untrackable(mut self, path: &str, why: &str) -> Self {
        self.untrackable.insert(path.into(), why.to_owned());
        self
    }

    fn link(mtu: u32, loopback: bool) -> HostInterface {
        HostInterface { mtu, loopback, multicast: !loopback, ethernet: !loopback, addresses: Vec::new() }
    }

    /// Adds a plain file.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), (FileKind::Plain, contents.into()));
        self
    }

    /// Adds something that is not a plain file: a directory, an executable, a device.
    #[must_use]
    pub fn with_odd_file(mut self, path: impl Into<PathBuf>, kind: FileKind) -> Self {
        self.files.insert(path.into(), (kind, Vec::new()));
        self
    }

    /// Says who may do what with a file, in the bits of stat(2).
    #[must_use]
    pub fn with_mode(mut self, path: impl Into<PathBuf>, mode: u32) -> Self {
        self.modes.insert(path.into(), mode);
        self
    }

    /// Sets the directory that relative paths start from. Without it, files are known by the path that is written.
    #[must_use]
    pub fn in_directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.directory = Some(path.into());
        self
    }

    /// Where a file is kept.
    fn located(&self, path: &Path) -> PathBuf {
        self.directory.as_ref().map_or_else(|| path.to_path_buf(), |directory| directory.join(path))
    }

    /// Adds or replaces an interface.
    #[must_use]
    pub fn with_interface(mut self, name: &str, interface: HostInterface) -> Self {
        self.interfaces.insert(name.to_owned(), interface);
        self
    }

    /// Adds an Ethernet interface with an MTU of 1500 and these addresses.
    #[must_use]
    pub fn with_ethernet(self, name: &str, addresses: &[(IpAddr, u8)]) -> Self {
        let interface = HostInterface { addresses: addresses.to_vec(), ..Self::link(1500, false) };
        self.with_interface(name, interface)
    }

    /// Takes an interface away.
    #[must_use]
    pub fn without_interface(mut self, name: &str) -> Self {
        self.interfaces.remove(name);
        self
    }

    /// Adds a user.
    #[must_use]
    pub fn with_user(mut self, name: &str, uid: u32, gid: u32) -> Self {
        self.users.insert(name.to_owned(), HostUser { uid, gid });
        self
    }

    /// Adds a group.
    #[must_use]
    pub fn with_group(mut self, name: &str, gid: u32) -> Self {
        self.groups.insert(name.to_owned(), gid);
        self
    }

    /// Adds a script that anybody may run and only root may change.
    #[must_use]
    pub fn with_script(self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let file = ScriptFile::Usable { path: path.clone(), insecure: false, needs_shell: false };
        self.with_script_file(path, file)
    }

    /// Says what judging this script gives. Scripts that nobody mentioned are missing.
    #[must_use]
    pub fn with_script_file(mut self, path: impl Into<PathBuf>, file: ScriptFile) -> Self {
        self.scripts.insert(path.into(), file);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn with_environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets the user and group that the process runs as.
    #[must_use]
    pub fn running_as(mut self, uid: u32, gid: u32) -> Self {
        self.own_ids = (uid, gid);
        self
    }

    /// Sets the host name.
    #[must_use]
    pub fn named(mut self, host_name: &str) -> Self {
        host_name.clone_into(&mut self.host_name);
        self
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.files.keys().any(|file| file != path && file.starts_with(path))
    }
}

impl Host for FakeHost {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.files.get(&self.located(path)) {
            Some((FileKind::Plain | FileKind::Executable, contents)) => Ok(contents.clone()),
            Some((FileKind::Directory, _)) => Err(io::ErrorKind::IsADirectory.into()),
            Some(_) => Err(io::ErrorKind::PermissionDenied.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        let named = |path: &PathBuf| match &self.directory {
            Some(directory) if !pattern.starts_with('/') => {
                path.strip_prefix(directory).map(Path::to_path_buf).ok()
            }
            _ => Some(path.clone()),
        };
        let names: Vec<PathBuf> = self.files.keys().filter_map(named).collect();
        glob::expand_braces(&pattern.replace("/./", "/"))
            .iter()
            .flat_map(|alternative| {
                names.iter().filter(|path| glob::matches_path(alternative, path)).cloned()
            })
            .collect()
    }

    fn file_kind(&self, path: &Path) -> FileKind {
        match self.files.get(&self.located(path)) {
            Some((kind, _)) => *kind,
            None if self.is_directory(path) => FileKind::Directory,
            None => FileKind::Missing,
        }
    }

    fn file_mode(&self, path: &Path) -> Option<u32> {
        self.modes.get(&self.located(path)).copied()
    }

    fn untrackable(&self, path: &Path) -> Option<String> {
        self.untrackable.get(path).cloned()
    }

    fn current_directory(&self) -> Option<PathBuf> {
        self.directory.clone()
    }

    fn interface(&self, name: &str) -> Option<HostInterface> {
        self.interfaces.get(name).cloned()
    }

    fn interface_names(&self) -> Vec<String> {
        self.interfaces.keys().cloned().collect()
    }

    fn user(&self, name: &str) -> Option<HostUser> {
        self.users.get(name).cloned()
    }

    fn group(&self, name: &str) -> Option<u32> {
        self.groups.get(name).copied()
    }

    fn groups_of(&self, _user: &str, gid: u32) -> Vec<u32> {
        vec![gid]
    }

    fn own_ids(&self) -> (u32, u32) {
        self.own_ids
    }

    fn script(&self, command: &Path, _uid: u32, _gid: u32) -> ScriptFile {
        self.scripts
            .get(command)
            .cloned()
            .unwrap_or_else(|| ScriptFile::Inaccessible("No such file or directory".to_owned()))
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    fn host_name(&self) -> String {
        self.host_name.clone()
    }

    fn random(&self) -> u32 {
        // A Weyl sequence: different numbers, the same ones in every run.
        self.random.fetch_add(0x6d2b_79f5, Ordering::Relaxed)
    }

    fn processors(&self) -> u32 {
        self.processors
    }
}
