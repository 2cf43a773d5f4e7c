//! FRR's vrrpd as a VRRPv3 peer (package frr). It needs zebra beside it, and a macvlan interface with the virtual
//! router's hardware address and the virtual address, made beforehand (FRR's manual, section VRRP).

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::daemon::on_node;
use crate::log::Log;
use crate::node::Node;
use crate::processes::{self, Signal};
use crate::{Error, Result};

/// What vrrpd is configured with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualRouter {
    /// 1..=255.
    pub vrid: u8,
    /// 1..=254.
    pub priority: u8,
    /// Advertisement interval; FRR takes milliseconds in steps of 10.
    pub interval: Duration,
    /// The virtual address.
    pub address: IpAddr,
    /// Its prefix length.
    pub prefix: u8,
}

/// zebra and vrrpd on a node, on its interface eth0.
#[derive(Debug)]
pub struct Frr {
    zebra: Child,
    vrrpd: Child,
    log: Log,
}

const ZEBRA: &str = "/usr/lib/frr/zebra";
const VRRPD: &str = "/usr/lib/frr/vrrpd";

impl Frr {
    /// Prepares the macvlan interface and starts both programs.
    ///
    /// # Errors
    /// When FRR is not installed or does not start.
    pub fn start(node: &Node, router: &VirtualRouter) -> Result<Self> {
        for (path, tool) in [(ZEBRA, "zebra"), (VRRPD, "vrrpd")] {
            if !std::path::Path::new(path).exists() {
                return Err(Error::MissingTool { tool, package: "frr" });
            }
        }
        make_macvlan(node, router)?;
        write_configuration(node, router)?;
        let log = Log::default();
        let mut zebra = spawn(node, ZEBRA, &["-f", "/run/frr/zebra.conf", "--log", "stdout"], &log)?;
        if let Err(error) = wait_for_socket(node, "/run/frr/zserv.api") {
            end(&mut zebra);
            return Err(error);
        }
        let options = ["-f", "/run/frr/vrrpd.conf", "--log", "stdout", "--log-level", "debug"];
        match spawn(node, VRRPD, &options, &log) {
            Ok(vrrpd) => Ok(Self { zebra, vrrpd, log }),
            Err(error) => {
                end(&mut zebra);
                Err(error)
            }
        }
    }

    /// vrrpd's configuration file.
    #[must_use]
    pub fn configuration(router: &VirtualRouter) -> String {
        let VirtualRouter { vrid, priority, interval, address, .. } = router;
        let keyword = if address.is_ipv4() { "ip" } else { "ipv6" };
        format!(
            "interface eth0\n vrrp {vrid} version 3\n vrrp {vrid} priority {priority}\n \
             vrrp {vrid} advertisement-interval {}\n vrrp {vrid} {keyword} {address}\n",
            interval.as_millis()
        )
    }

    /// What both programs logged.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Stops vrrpd in order: it gives its role up with priority 0.
    ///
    /// # Errors
    /// When it is gone already or does not end within 5 s.
    pub fn stop(&mut self) -> Result<()> {
        processes::send(self.vrrpd.id(), Signal::Term)?;
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.vrrpd.try_wait().map_err(Error::io("waiting for vrrpd"))?.is_none() {
            if Instant::now() > deadline {
                let waited_for = "the end of vrrpd".to_owned();
                return Err(Error::TimedOut {
                    waited_for,
                    after: Duration::from_secs(5),
                    seen: self.log.text(),
                });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// SIGKILL to vrrpd.
    pub fn kill(&mut self) {
        end(&mut self.vrrpd);
    }
}

impl Drop for Frr {
    fn drop(&mut self) {
        end(&mut self.vrrpd);
        end(&mut self.zebra);
    }
}

fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        processes::kill(child.id());
        let _reaped = child.wait();
    }
}

fn make_macvlan(node: &Node, router: &VirtualRouter) -> Result<()> {
    let (family, octet) = if router.address.is_ipv4() { (4, 1) } else { (6, 2) };
    let interface = format!("vrrp{family}-2-{}", router.vrid);
    let mac = format!("00:00:5e:00:{octet:02x}:{:02x}", router.vrid);
    let address = format!("{}/{}", router.address, router.prefix);
    node.ip(&[
        "link", "add", &interface, "link", "eth0", "address", &mac, "type", "macvlan", "mode", "bridge",
    ])?;
    node.ip(&["addr", "add", &address, "dev", &interface])?;
    node.ip(&["link", "set", &interface, "up"])?;
    // A backup keeps the address on an interface without carrier; eth0 must not answer for it meanwhile.
    node.namespace().set_sysctl("ipv4/conf/all/arp_ignore", "1")?;
    node.namespace().set_sysctl("ipv4/conf/all/ignore_routes_with_linkdown", "1")
}

fn write_configuration(node: &Node, router: &VirtualRouter) -> Result<()> {
    let text = Frr::configuration(router);
    let directory = node.home().join("run/frr");
    let what = format!("making {}", directory.display());
    fs::create_dir_all(&directory).map_err(Error::io(what.clone()))?;
    node.write_file("/run/frr/vrrpd.conf", &text)?;
    node.write_file("/run/frr/zebra.conf", "")?;
    // FRR's programs change to the user frr before they open their sockets here.
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).map_err(Error::io(what))
}

fn spawn(node: &Node, program: &str, options: &[&str], log: &Log) -> Result<Child> {
    let mut command = on_node(node, program.as_ref(), options);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Error::io(format!("starting {program}")))?;
    if let Some(stdout) = child.stdout.take() {
        log.follow(stdout)?;
    }
    if let Some(stderr) = child.stderr.take() {
        log.follow(stderr)?;
    }
    Ok(child)
}

fn wait_for_socket(node: &Node, path: &str) -> Result<()> {
    let host = node.host_path(path)?;
    let timeout = Duration::from_secs(10);
    let deadline = Instant::now() + timeout;
    while !host.exists() {
        if Instant::now() > deadline {
            return Err(Error::TimedOut { waited_for: path.into(), after: timeout, seen: String::new() });
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
