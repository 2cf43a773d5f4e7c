//! Kernel operations as the transcripts write them.

use keepalived_types::ipvs::{
    ClientMask, Destination, DestinationKey, Protocol, ServiceKey, SyncDaemon, SyncRole, TableOperation,
    VirtualService,
};
use keepalived_types::{Family, Forwarding, MarkedRange, Marking, Tunnel, TunnelChecksum};
use std::fmt::Write;
use std::net::IpAddr;

/// One line.
pub(crate) fn text(operation: &TableOperation) -> String {
    match operation {
        TableOperation::AddService(service) => format!("NEW_SERVICE {}", self::service(service)),
        TableOperation::EditService(service) => format!("SET_SERVICE {}", self::service(service)),
        TableOperation::RemoveService(key) => format!("DEL_SERVICE {}", self::key(*key)),
        TableOperation::AddDestination(key, server) => {
            format!("NEW_DEST {} -> {}", self::key(*key), destination(server))
        }
        TableOperation::EditDestination(key, server) => {
            format!("SET_DEST {} -> {}", self::key(*key), destination(server))
        }
        TableOperation::RemoveDestination(key, server) => {
            format!("DEL_DEST {} -> {}", self::key(*key), place(*server))
        }
        TableOperation::Flush => "FLUSH".to_owned(),
        TableOperation::StartSync(daemon) => format!("NEW_DAEMON {}", sync(daemon)),
        TableOperation::StopSync(role, id) => format!("DEL_DAEMON state={} syncid={id}", state(*role)),
        TableOperation::SetTimeouts(timeouts) => format!(
            "SET_CONFIG tcp={} tcpfin={} udp={}",
            timeouts.tcp.as_secs(),
            timeouts.tcp_fin.as_secs(),
            timeouts.udp.as_secs()
        ),
    }
}

fn key(key: ServiceKey) -> String {
    match key {
        ServiceKey::Address { protocol, address, port } => {
            let protocol = match protocol {
                Protocol::Tcp => "tcp",
                Protocol::Udp => "udp",
                Protocol::Sctp => "sctp",
            };
            format!("{protocol} {}", place(DestinationKey { address, port }))
        }
        ServiceKey::Mark { mark, family: Family::V4 } => format!("fwm {mark}"),
        ServiceKey::Mark { mark, family: Family::V6 } => format!("fwm {mark} inet6"),
    }
}

fn place(key: DestinationKey) -> String {
    match key.address {
        IpAddr::V4(address) => format!("{address}:{}", key.port),
        IpAddr::V6(address) => format!("[{address}]:{}", key.port),
    }
}

fn service(service: &VirtualService) -> String {
    let single = ClientMask::single(service.key.family());
    let (bit, timeout, mask, engine) = match &service.persistence {
        None => (0, 0, single, None),
        Some(kept) => (1, kept.timeout.as_secs(), kept.mask, kept.engine.as_deref()),
    };
    let mask = match mask {
        ClientMask::V4(mask) => mask.to_string(),
        ClientMask::V6(length) => length.to_string(),
    };
    let engine = engine.map(|name| format!(" pe={name}")).unwrap_or_default();
    format!(
        "{} sched={} flags=0x{:x}/0xffffffff timeout={timeout} netmask={mask}{engine}",
        key(service.key),
        service.scheduler,
        service.flags | bit
    )
}

fn destination(server: &Destination) -> String {
    let forwarding = match server.forwarding {
        Forwarding::Nat => "masq",
        Forwarding::DirectRouting => "dr",
        Forwarding::Tunnel(..) => "tun",
    };
    let mut text = format!("{} fwd={forwarding} weight={}", place(server.key), server.weight);
    if server.upper_threshold != 0 || server.lower_threshold != 0 {
        write!(text, " uthresh={} lthresh={}", server.upper_threshold, server.lower_threshold)
            .expect("a String takes everything");
    }
    if let Forwarding::Tunnel(tunnel, checksum) = server.forwarding {
        let flags = match checksum {
            TunnelChecksum::None => 0,
            TunnelChecksum::Checksum => 1,
            TunnelChecksum::Remote => 2,
        };
        text.push_str(&match tunnel {
            Tunnel::Ipip => " tun_type=0".to_owned(),
            Tunnel::Gue(port) => format!(" tun_type=1 tun_port={port} tun_flags={flags}"),
            Tunnel::Gre => format!(" tun_type=2 tun_flags={flags}"),
        });
    }
    text
}

fn state(role: SyncRole) -> u8 {
    match role {
        SyncRole::Master => 1,
        SyncRole::Backup => 2,
    }
}

fn sync(daemon: &SyncDaemon) -> String {
    let mut text = format!("state={} ifn={} syncid={}", state(daemon.role), daemon.interface, daemon.id);
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            write!(text, " {name}={value}").expect("a String takes everything");
        }
    };
    add("maxlen", daemon.max_length.map(|value| value.to_string()));
    add("group", daemon.group.map(|value| value.to_string()));
    add("port", daemon.port.map(|value| value.to_string()));
    add("ttl", daemon.ttl.map(|value| value.to_string()));
    text
}

/// Everything that is marked, as `MARK table: tcp 10.0.0.1-10.0.0.9:80 1000, ...`.
pub(crate) fn marks(marking: &Marking) -> String {
    let range = |range: &MarkedRange| {
        let MarkedRange { protocol, first, last, port, mark } = range;
        format!("{} {first}-{last}:{port} {mark}", format!("{protocol:?}").to_lowercase())
    };
    let ranges: Vec<String> = marking.ranges.iter().map(range).collect();
    format!("MARK {}: {}", marking.table, ranges.join(", "))
}
