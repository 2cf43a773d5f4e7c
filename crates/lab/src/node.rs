//! One node: a network namespace, its interfaces, and directories that stand in for /run, /tmp and /etc/keepalived.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::address::{self, Address};
use crate::capture::Capture;
use crate::lan::{Directory, Wiring};
use crate::namespace::Namespace;
use crate::{Error, Result};

/// A handle on a node; clones share it.
#[derive(Debug, Clone)]
pub struct Node(Arc<Inner>);

// Fields drop in this order: the namespace with its processes before the directories they use.
#[derive(Debug)]
struct Inner {
    name: String,
    namespace: Namespace,
    home: PathBuf,
    wiring: Arc<Wiring>,
    _directory: Arc<Directory>,
}

impl Node {
    pub(crate) fn create(name: &str, wiring: Arc<Wiring>, directory: Arc<Directory>) -> Result<Self> {
        let home = directory.path().join(name);
        for part in ["run", "tmp", "etc"] {
            let path = home.join(part);
            fs::create_dir_all(&path).map_err(Error::io(format!("making {}", path.display())))?;
        }
        let namespace = Namespace::create(name)?;
        // Duplicate address detection would hide addresses for a second after each link change.
        namespace.set_sysctl("ipv6/conf/default/accept_dad", "0")?;
        let inner = Inner { name: name.to_owned(), namespace, home, wiring, _directory: directory };
        Ok(Self(Arc::new(inner)))
    }

    /// The node's name in its LAN.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its network namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// The directory on the host that a program on the node sees as `/run`, `/tmp` or `/etc/keepalived`.
    pub(crate) fn home(&self) -> &Path {
        &self.0.home
    }

    /// A file below the node's `/run`, `/tmp` or `/etc/keepalived`, by its path on the host.
    ///
    /// # Errors
    /// When the path lies elsewhere.
    pub fn host_path(&self, path: &str) -> Result<PathBuf> {
        let parts = [("/run/", "run"), ("/tmp/", "tmp"), ("/etc/keepalived/", "etc")];
        let found =
            parts.iter().find_map(|(seen, kept)| Some(self.0.home.join(kept).join(path.strip_prefix(seen)?)));
        found.ok_or_else(|| Error::Unexpected(format!("{path} is not a directory of the node's own")))
    }

    /// Writes a file and the directories above it; a text that starts with `#!` becomes executable.
    ///
    /// # Errors
    /// When the path is not one of [`Node::host_path`]'s or cannot be written.
    pub fn write_file(&self, path: &str, text: impl AsRef<[u8]>) -> Result<()> {
        let text = text.as_ref();
        let host = self.host_path(path)?;
        let what = format!("writing {}", host.display());
        if let Some(directory) = host.parent() {
            fs::create_dir_all(directory).map_err(Error::io(what.clone()))?;
        }
        fs::write(&host, text).map_err(Error::io(what.clone()))?;
        let mode = if text.starts_with(b"#!") { 0o755 } else { 0o644 };
        fs::set_permissions(&host, fs::Permissions::from_mode(mode)).map_err(Error::io(what))
    }

    /// Reads a file as [`Node::write_file`] names it.
    ///
    /// # Errors
    /// When it is not there.
    pub fn read_file(&self, path: &str) -> Result<String> {
        let host = self.host_path(path)?;
        fs::read_to_string(&host).map_err(Error::io(format!("reading {path} of node {}", self.0.name)))
    }

    /// Runs `ip -n NAMESPACE ARGUMENTS`.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn ip(&self, arguments: &[&str]) -> Result<String> {
        self.0.namespace.ip(arguments)
    }

    /// Adds an interface with a cable to a segment, which is made when it does not exist.
    ///
    /// # Errors
    /// When the kernel refuses, for example because `NODE.INTERFACE` is longer than 15 characters.
    pub fn add_interface(&self, interface: &str, segment: &str, addresses: &[&str]) -> Result<()> {
        let closet = &self.0.wiring.closet;
        let port = self.port(interface);
        let inside = self.0.namespace.name();
        closet.ip(&["link", "add", &port, "type", "veth", "peer", "name", interface, "netns", inside])?;
        self.0.wiring.plug(&port, segment)?;
        closet.ip(&["link", "set", &port, "up"])?;
        self.ip(&["link", "set", interface, "up"])?;
        addresses.iter().try_for_each(|address| self.add_address(interface, address))
    }

    /// Adds an address with its prefix length.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn add_address(&self, interface: &str, address: &str) -> Result<()> {
        self.ip(&["addr", "add", address, "dev", interface]).map(drop)
    }

    /// Pulls the cable: the interface loses its carrier.
    ///
    /// # Errors
    /// When there is no such interface.
    pub fn cut_link(&self, interface: &str) -> Result<()> {
        self.0.wiring.closet.ip(&["link", "set", &self.port(interface), "down"]).map(drop)
    }

    /// Plugs the cable in again.
    ///
    /// # Errors
    /// When there is no such interface.
    pub fn restore_link(&self, interface: &str) -> Result<()> {
        self.0.wiring.closet.ip(&["link", "set", &self.port(interface), "up"]).map(drop)
    }

    /// The far end of an interface's cable.
    pub(crate) fn port(&self, interface: &str) -> String {
        format!("{}.{interface}", self.0.name)
    }

    /// Records what one interface sends and receives.
    ///
    /// # Errors
    /// When tcpdump does not start.
    pub fn capture(&self, interface: &str) -> Result<Capture> {
        Capture::start(&self.0.namespace, interface, &self.0.home)
    }

    /// Records what one interface sends and receives, as far as a filter of tcpdump's lets it through.
    ///
    /// # Errors
    /// When tcpdump does not start, for example because it does not understand the filter.
    pub fn capture_only(&self, interface: &str, filter: &str) -> Result<Capture> {
        Capture::start_filtered(&self.0.namespace, interface, &self.0.home, filter)
    }

    /// Every address of the node but the loopback's.
    ///
    /// # Errors
    /// When `ip` fails or prints something new.
    pub fn addresses(&self) -> Result<Vec<Address>> {
        address::parse(&self.ip(&["-j", "addr", "show"])?)
    }

    /// Does any interface have this address?
    ///
    /// # Errors
    /// As [`Node::addresses`].
    pub fn has_address(&self, ip: IpAddr) -> Result<bool> {
        Ok(self.addresses()?.iter().any(|address| address.ip == ip))
    }

    /// Waits until the node has the address and returns when that was seen.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the addresses it has instead.
    pub fn wait_for_address(&self, ip: IpAddr, timeout: Duration) -> Result<SystemTime> {
        self.wait_for_address_state(ip, true, timeout)
    }

    /// Waits until the node does not have the address and returns when that was seen.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the addresses it has.
    pub fn wait_for_no_address(&self, ip: IpAddr, timeout: Duration) -> Result<SystemTime> {
        self.wait_for_address_state(ip, false, timeout)
    }

    fn wait_for_address_state(&self, ip: IpAddr, present: bool, timeout: Duration) -> Result<SystemTime> {
        let deadline = Instant::now() + timeout;
        loop {
            let addresses = self.addresses()?;
            if addresses.iter().any(|address| address.ip == ip) == present {
                return Ok(SystemTime::now());
            }
            if Instant::now() > deadline {
                let verb = if present { "getting" } else { "losing" };
                return Err(Error::TimedOut {
                    waited_for: format!("node {} {verb} {ip}", self.0.name),
                    after: timeout,
                    seen: format!("{addresses:?}"),
                });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
