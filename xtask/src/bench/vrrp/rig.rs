//! Two nodes joined by as many cables as the instances need, and the program under measurement on one of them.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use keepalived_lab::{Capture, Daemon, Lan, Node, OURS_VARIABLE, Program};

use crate::{Result, paths};

/// Instances of one interface; 255 is the most there can be.
pub(super) const PER_INTERFACE: usize = 250;
/// What is measured beside what, in the order of the columns.
pub(super) const PROGRAMS: [Program; 2] = [Program::Ours, Program::Debian];
/// For the original's exit; ours needs a fraction of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The LAN. Node `a` sends, node `b` runs what is measured.
pub(super) struct Rig {
    pub(super) lan: Lan,
    pub(super) a: Node,
    pub(super) b: Node,
    interfaces: usize,
}

impl Rig {
    /// Two nodes with one interface each, on the main segment.
    pub(super) fn new() -> Result<Self> {
        let lan = Lan::new()?;
        let a = lan.node("a", &[&cidr(0, 1)])?;
        let b = lan.node("b", &[&cidr(0, 2)])?;
        for node in [&a, &b] {
            // Nothing but VRRP shall be counted.
            node.namespace().set_sysctl("ipv6/conf/all/disable_ipv6", "1")?;
        }
        Ok(Self { lan, a, b, interfaces: 1 })
    }

    /// Adds cables until there are enough for so many instances.
    pub(super) fn grow_for(&mut self, instances: usize) -> Result<()> {
        while self.interfaces < interfaces_for(instances) {
            let index = self.interfaces;
            let (name, segment) = (interface(index), format!("br{index}"));
            self.a.add_interface(&name, &segment, &[&cidr(index, 1)])?;
            self.b.add_interface(&name, &segment, &[&cidr(index, 2)])?;
            self.interfaces += 1;
        }
        Ok(())
    }

    /// Starts a program with no more logging than it does by itself; returns when that was.
    pub(super) fn start(
        &self,
        node: &Node,
        program: Program,
        configuration: &str,
    ) -> Result<(Daemon, SystemTime)> {
        let at = SystemTime::now();
        let daemon =
            Daemon::start_binary(node, program, &path_of(program)?, configuration, &["-n", "-l", "-G"])?;
        Ok((daemon, at))
    }

    /// Records every interface of node `b`.
    pub(super) fn capture_all(&self) -> Result<Capture> {
        Ok(self.b.capture("any")?)
    }
}

/// Ends a daemon in order; one that does not end is killed when it is dropped.
pub(super) fn stop(mut daemon: Daemon) -> Result<()> {
    daemon.signal(keepalived_lab::Signal::Term)?;
    daemon.wait_exit(PATIENCE)?;
    Ok(())
}

/// The release build of ours unless another binary was named.
fn path_of(program: Program) -> Result<PathBuf> {
    match program {
        Program::Ours if std::env::var_os(OURS_VARIABLE).is_none() => {
            Ok(paths::target()?.join("release/keepalived"))
        }
        other => Ok(other.path()?),
    }
}

/// Cables for so many instances.
pub(super) fn interfaces_for(instances: usize) -> usize {
    instances.div_ceil(PER_INTERFACE).max(1)
}

/// The name of an interface.
pub(super) fn interface(index: usize) -> String {
    format!("eth{index}")
}

/// A node's own address on an interface.
pub(super) fn address(interface: usize, node: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, byte(interface), node)
}

fn cidr(interface: usize, node: u8) -> String {
    format!("{}/24", address(interface, node))
}

/// Numbers of interfaces and VRIDs are small by construction.
pub(super) fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// Waits until it is true, and says whether it became so. Looks rarely: a capture is read whole each time.
pub(super) fn wait_until(timeout: Duration, mut done: impl FnMut() -> Result<bool>) -> Result<bool> {
    let deadline = std::time::Instant::now() + timeout;
    while !done()? {
        if std::time::Instant::now() > deadline {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(true)
}
