//! What reading a configuration asks the machine. A trait, so that tests and the simulator can answer.

pub mod fake;
pub mod glob;

pub use fake::FakeHost;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// An interface as far as the configuration cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostInterface {
    /// Bytes.
    pub mtu: u32,
    /// `IFF_LOOPBACK`.
    pub loopback: bool,
    /// `IFF_MULTICAST`.
    pub multicast: bool,
    /// Ethernet hardware type.
    pub ethernet: bool,
    /// Its addresses with prefix lengths, for the lint.
    pub addresses: Vec<(IpAddr, u8)>,
}

/// A user of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostUser {
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
}

/// What a path leads to, as far as script security cares (runtime reference 13.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptFile {
    /// It can be run.
    Usable {
        /// With symbolic links resolved.
        path: PathBuf,
        /// A non-root user could change it, or a component of its path.
        insecure: bool,
        /// Neither a binary nor `#!`: it has to be given to a shell.
        needs_shell: bool,
    },
    /// Not executable for that user.
    NotExecutable,
    /// Missing or out of reach; the system's words.
    Inaccessible(String),
}

/// The machine that a configuration is read for.
pub trait Host {
    /// Reads a whole file. The error's text ends up in a message.
    ///
    /// # Errors
    /// Whatever the system says.
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>>;
    /// Paths that match a shell pattern with brace alternatives, sorted as glob(3) does.
    fn glob(&self, pattern: &str) -> Vec<PathBuf>;
    /// What kind of file `path` is, following symbolic links.
    fn file_kind(&self, path: &Path) -> FileKind;
    /// Who may do what with the file, as in stat(2): the low twelve bits. `None` when it cannot be told.
    fn file_mode(&self, _path: &Path) -> Option<u32> {
        None
    }
    /// Why a `track_file` at `path` could not be followed: "is on a proc file system". `None` when it can, or when it
    /// cannot be told.
    fn untrackable(&self, _path: &Path) -> Option<String> {
        None
    }
    /// Where relative paths start. `None` when it cannot be told.
    fn current_directory(&self) -> Option<PathBuf> {
        None
    }
    /// Looks an interface up by name.
    fn interface(&self, name: &str) -> Option<HostInterface>;
    /// The names of all interfaces, for "did you mean"; empty when they cannot be told.
    fn interface_names(&self) -> Vec<String>;
    /// Looks a user up by name.
    fn user(&self, name: &str) -> Option<HostUser>;
    /// Looks a group up by name.
    fn group(&self, name: &str) -> Option<u32>;
    /// The supplementary groups of a user, the primary one included.
    fn groups_of(&self, user: &str, gid: u32) -> Vec<u32>;
    /// The user and group this process runs as.
    fn own_ids(&self) -> (u32, u32);
    /// Judges a script for the user that is to run it; a bare name is searched in `PATH`.
    fn script(&self, command: &Path, uid: u32, gid: u32) -> ScriptFile;
    /// An environment variable.
    fn environment(&self, name: &str) -> Option<String>;
    /// The host name, for `router_id` and mail defaults.
    fn host_name(&self) -> String;
    /// A random number for `${_RANDOM}`.
    fn random(&self) -> u32;
    /// How many processors are online, for `*_cpu_affinity`.
    fn processors(&self) -> u32;
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file without execute permission for anybody.
    Plain,
    /// A regular file with an execute bit: never read as configuration.
    Executable,
    /// A directory.
    Directory,
    /// A device, socket or FIFO.
    Other,
    /// Nothing there, or not reachable.
    Missing,
}
