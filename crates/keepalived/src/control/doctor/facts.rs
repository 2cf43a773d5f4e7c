//! What the machine around the daemon is like. Tools that are not installed are done without; what else cannot be looked at
//! is said: a doctor who has not looked must not say that nothing is wrong.

use keepalived_kernel::netlink::{Link, Requests};
use keepalived_kernel::sysctl;
use keepalived_vrrp::Snapshot;
use rustix::process::geteuid;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::process::Command;
use std::time::Duration;

/// How long a peer has to answer, or the kernel to find out that it is not there.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Nobody serves it (RFC 863), so that whoever is there refuses it.
const DISCARD: u16 = 9;

/// Programs that manage addresses, as the kernel keeps their names.
const MANAGERS: [&str; 2] = ["systemd-network", "NetworkManager"];

/// Everything that is judged besides what the daemon says.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Interfaces of instances, by name; none when nobody could say.
    pub(super) interfaces: BTreeMap<String, Interface>,
    /// What could not be looked at and why, and what helps.
    pub(super) unseen: Vec<(String, String)>,
    /// Unicast peers that do not answer and that the link knows nothing of.
    pub(super) unreachable_peers: BTreeSet<IpAddr>,
    /// `nft list ruleset`.
    pub(super) nft: String,
    /// `iptables-save` and `ip6tables-save`.
    pub(super) iptables: [String; 2],
    /// Programs that manage addresses, of those that run: `systemd-network`, `NetworkManager`.
    pub(super) managers: BTreeSet<String>,
    /// Texts of systemd-networkd's files for networks, drop-ins included.
    pub(super) networkd: Vec<String>,
}

/// One interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Interface {
    /// It is there.
    pub(super) exists: bool,
    /// The administrator wants it up.
    pub(super) is_up: bool,
    /// It can carry packets.
    pub(super) is_running: bool,
    /// Bytes of its largest packet.
    pub(super) mtu: u32,
    /// It takes multicast.
    pub(super) has_multicast: bool,
    /// The strictest of `all` and its own, as the kernel reckons: 1 is strict, 2 is loose.
    pub(super) rp_filter: u32,
    /// The larger of `all` and its own, as the kernel reckons.
    pub(super) arp_ignore: u32,
    /// The same.
    pub(super) arp_announce: u32,
}

/// Looks at everything that these instances of the daemon with this process id need.
pub(super) fn collect(snapshot: &Snapshot, pid: u32) -> Facts {
    let names: BTreeSet<&String> =
        snapshot.instances.iter().filter_map(|instance| instance.interface.as_ref()).collect();
    let peers: BTreeSet<IpAddr> = snapshot.instances.iter().flat_map(|one| one.peers.clone()).collect();
    let mut unseen = Vec::new();
    if !geteuid().is_root() {
        let what = "packet filters were not looked at: only root may".to_owned();
        unseen.push((what, "run keepalivedctl doctor as root".to_owned()));
    }
    if is_elsewhere(pid) {
        let what = "interfaces, peers and packet filters were not looked at: the daemon is in another network namespace";
        unseen.push((what.to_owned(), format!("nsenter --net=/proc/{pid}/ns/net keepalivedctl doctor")));
        return Facts {
            unseen,
            managers: running(&MANAGERS),
            networkd: networkd_files(),
            ..Facts::default()
        };
    }
    let interfaces = interfaces(&names).unwrap_or_else(|error| {
        unseen.push((format!("interfaces were not looked at: {error}"), "ip link show".to_owned()));
        BTreeMap::new()
    });
    Facts {
        interfaces,
        unseen,
        unreachable_peers: unreachable(&peers),
        nft: output("nft", &["list", "ruleset"]),
        iptables: [output("iptables-save", &[]), output("ip6tables-save", &[])],
        managers: running(&MANAGERS),
        networkd: networkd_files(),
    }
}

/// The daemon is known to be in another network namespace. Only root may compare; others are believed to be in the right
/// one.
fn is_elsewhere(pid: u32) -> bool {
    let namespace = |who: &str| fs::read_link(format!("/proc/{who}/ns/net"));
    match (namespace("self"), namespace(&pid.to_string())) {
        (Ok(own), Ok(its)) => own != its,
        _ => false,
    }
}

/// From the kernel itself, which knows of those of our network namespace; /sys may be another one's.
fn interfaces(names: &BTreeSet<&String>) -> keepalived_kernel::Result<BTreeMap<String, Interface>> {
    let links = Requests::open()?.dump_links()?;
    let found = |name: &String| links.iter().find(|link| link.name == *name);
    Ok(names.iter().map(|name| ((*name).clone(), found(name).map(interface).unwrap_or_default())).collect())
}

fn interface(link: &Link) -> Interface {
    let setting = |place: &str, key: &str| {
        let number = sysctl::read_number(&format!("net/ipv4/conf/{place}/{key}")).unwrap_or(0);
        u32::try_from(number).unwrap_or(0)
    };
    let larger = |key: &str| setting("all", key).max(setting(&link.name, key));
    Interface {
        exists: true,
        is_up: link.is_up(),
        is_running: link.is_running(),
        mtu: link.mtu,
        has_multicast: link.is_multicast(),
        rp_filter: larger("rp_filter"),
        arp_ignore: larger("arp_ignore"),
        arp_announce: larger("arp_announce"),
    }
}

/// Peers that nothing is heard of, neither an answer nor their Ethernet address. All are asked at the same time.
fn unreachable(peers: &BTreeSet<IpAddr>) -> BTreeSet<IpAddr> {
    let mut gone = BTreeSet::new();
    let mut asked = Vec::new();
    for peer in peers {
        match ask(*peer) {
            Ok(socket) => asked.push((*peer, socket)),
            Err(_no_route) => drop(gone.insert(*peer)),
        }
    }
    std::thread::sleep(if asked.is_empty() { Duration::ZERO } else { PATIENCE });
    for (peer, socket) in asked {
        let verdict = socket.recv(&mut [0; 1]);
        let refuses = verdict.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
        let neighbours = output("ip", &["neigh", "show", "to", &peer.to_string()]);
        if !refuses && ["FAILED", "INCOMPLETE"].iter().any(|state| neighbours.contains(state)) {
            gone.insert(peer);
        }
    }
    gone
}

fn ask(peer: IpAddr) -> std::io::Result<UdpSocket> {
    let any: SocketAddr = match peer {
        IpAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        IpAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.set_nonblocking(true)?;
    socket.connect((peer, DISCARD))?;
    socket.send(&[])?;
    Ok(socket)
}

/// What a command prints; nothing when it is not installed or fails.
fn output(program: &str, arguments: &[&str]) -> String {
    let said = Command::new(program).args(arguments).output();
    said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default()
}

/// Which of these run, by the first 15 bytes of their names, which is all that the kernel keeps.
fn running(names: &[&str]) -> BTreeSet<String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let comms = entries.filter_map(|entry| fs::read_to_string(entry.path().join("comm")).ok());
    let known = |comm: String| names.iter().find(|name| comm.trim_end() == **name).map(ToString::to_string);
    comms.filter_map(known).collect()
}

fn networkd_files() -> Vec<String> {
    let mut texts = Vec::new();
    for directory in ["/etc/systemd/network", "/run/systemd/network", "/lib/systemd/network"] {
        let Ok(entries) = fs::read_dir(directory) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.to_string_lossy().into_owned();
            if name.ends_with(".network") {
                texts.extend(fs::read_to_string(&path));
            } else if name.ends_with(".network.d") {
                let parts = fs::read_dir(&path).into_iter().flatten().flatten();
                texts.extend(parts.filter_map(|part| fs::read_to_string(part.path()).ok()));
            }
        }
    }
    texts
}
