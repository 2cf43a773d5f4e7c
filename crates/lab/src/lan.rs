//! A LAN: bridges in a namespace of their own, and nodes in theirs, joined by veth cables.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::capture::Capture;
use crate::namespace::Namespace;
use crate::node::Node;
use crate::{Error, Result, names, tools};

/// Bridges and cables. A cable's far end is a port named `NODE.INTERFACE` in the wiring closet's namespace.
#[derive(Debug)]
pub(crate) struct Wiring {
    pub(crate) closet: Namespace,
}

impl Wiring {
    /// Makes the bridge of a segment unless it exists.
    pub(crate) fn bridge(&self, segment: &str) -> Result<()> {
        if self.closet.ip(&["link", "show", segment]).is_ok() {
            return Ok(());
        }
        // Snooping would hold back adverts of groups that nobody has reported yet; a delay would eat the first ones.
        let options = ["type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0"];
        let mut add = vec!["link", "add", segment];
        add.extend(options);
        self.closet.ip(&add)?;
        self.closet.ip(&["link", "set", segment, "up"]).map(drop)
    }

    /// Moves a port to the bridge of a segment; its carrier stays.
    pub(crate) fn plug(&self, port: &str, segment: &str) -> Result<()> {
        self.bridge(segment)?;
        self.closet.ip(&["link", "set", port, "master", segment]).map(drop)
    }
}

/// The directory of one lab on the host, removed with it.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    fn create() -> Result<Self> {
        let path = names::state_root().join(names::unique("lan"));
        fs::create_dir_all(&path).map_err(Error::io(format!("making {}", path.display())))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _swept_by_the_next_run = fs::remove_dir_all(&self.0);
    }
}

/// A LAN of nodes. When the last handle on it and its nodes is dropped, also by a panic, everything is removed.
#[derive(Debug)]
pub struct Lan {
    wiring: Arc<Wiring>,
    directory: Arc<Directory>,
}

/// The segment nodes are plugged into unless told otherwise.
pub const MAIN_SEGMENT: &str = "br0";
/// Where [`Lan::partition`] moves nodes to.
const ISLAND: &str = "island";

impl Lan {
    /// Makes an empty LAN, after a check that the machine has what a lab needs.
    ///
    /// # Errors
    /// When the lab is not run as root, a tool is missing, or the kernel refuses.
    pub fn new() -> Result<Self> {
        tools::require()?;
        let directory = Arc::new(Directory::create()?);
        let wiring = Arc::new(Wiring { closet: Namespace::create("lan")? });
        wiring.closet.set_sysctl("ipv6/conf/default/disable_ipv6", "1")?;
        wiring.bridge(MAIN_SEGMENT)?;
        Ok(Self { wiring, directory })
    }

    /// Adds a node with an interface `eth0` on the main segment and these addresses (`10.77.0.1/24`).
    ///
    /// # Errors
    /// When the name is longer than 8 characters or the kernel refuses.
    pub fn node(&self, name: &str, addresses: &[&str]) -> Result<Node> {
        let node = Node::create(name, Arc::clone(&self.wiring), Arc::clone(&self.directory))?;
        node.add_interface("eth0", MAIN_SEGMENT, addresses)?;
        Ok(node)
    }

    /// Records what passes the main segment.
    ///
    /// # Errors
    /// When tcpdump does not start.
    pub fn capture(&self) -> Result<Capture> {
        Capture::start(&self.wiring.closet, MAIN_SEGMENT, self.directory.path())
    }

    /// Separates these nodes' `eth0` from the others; they still hear one another, and every carrier stays up.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn partition(&self, nodes: &[&Node]) -> Result<()> {
        nodes.iter().try_for_each(|node| self.wiring.plug(&node.port("eth0"), ISLAND))
    }

    /// Ends a partition of these nodes.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn heal(&self, nodes: &[&Node]) -> Result<()> {
        nodes.iter().try_for_each(|node| self.wiring.plug(&node.port("eth0"), MAIN_SEGMENT))
    }
}
