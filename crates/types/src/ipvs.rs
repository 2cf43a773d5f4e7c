//! The IPVS table of the kernel in plain values: what `lvs` wants, what `kernel` reads and writes (`linux/ip_vs.h`).

use crate::{Family, Forwarding, InterfaceName};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// A transport protocol that IPVS balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Protocol {
    /// IPPROTO_TCP.
    Tcp,
    /// IPPROTO_UDP.
    Udp,
    /// IPPROTO_SCTP.
    Sctp,
}

impl Protocol {
    /// The number of the protocol in an IP header (IANA protocol numbers).
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }

    /// The protocol of this number, if IPVS balances it.
    #[must_use]
    pub const fn by_number(number: u8) -> Option<Self> {
        match number {
            6 => Some(Self::Tcp),
            17 => Some(Self::Udp),
            132 => Some(Self::Sctp),
            _ => None,
        }
    }
}

/// What tells one service from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ServiceKey {
    /// By address.
    Address {
        /// What is balanced.
        protocol: Protocol,
        /// What clients connect to.
        address: IpAddr,
        /// 0 for every port.
        port: u16,
    },
    /// By firewall mark.
    Mark {
        /// Never 0.
        mark: u32,
        /// IPv4 and IPv6 packets with one mark are two services.
        family: Family,
    },
}

impl ServiceKey {
    /// The family of the packets that the service takes.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Address { address, .. } => Family::of(*address),
            Self::Mark { family, .. } => *family,
        }
    }
}

/// Who counts as one client of a persistent service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClientMask {
    /// A netmask, which may have holes.
    V4(Ipv4Addr),
    /// A prefix length of 1 to 128.
    V6(u8),
}

impl ClientMask {
    /// Every address is a client of its own.
    #[must_use]
    pub const fn single(family: Family) -> Self {
        match family {
            Family::V4 => Self::V4(Ipv4Addr::BROADCAST),
            Family::V6 => Self::V6(128),
        }
    }
}

/// Persistence of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServicePersistence {
    /// How long a client stays with its server; whole seconds.
    pub timeout: Duration,
    /// Who counts as one client.
    pub mask: ClientMask,
    /// The persistence engine, at most 15 bytes.
    pub engine: Option<String>,
}

/// A service with everything but its destinations.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VirtualService {
    /// What it answers on.
    pub key: ServiceKey,
    /// The scheduler's name, at most 15 bytes.
    pub scheduler: String,
    /// `IP_VS_SVC_F_*` without the bit for persistence.
    pub flags: u32,
    /// Whether clients stay with their server.
    pub persistence: Option<ServicePersistence>,
}

/// What tells one destination of a service from its others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DestinationKey {
    /// Its address; of another family than the service's only with a tunnel.
    pub address: IpAddr,
    /// Its port; 0 for the service's.
    pub port: u16,
}

/// A destination of a service: a real server, or the sorry server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// Where packets go.
    pub key: DestinationKey,
    /// How they get there.
    pub forwarding: Forwarding,
    /// 0 (no new connections) to 2147483647.
    pub weight: u32,
    /// No new connections above so many; 0 for no limit.
    pub upper_threshold: u32,
    /// New connections again below so many.
    pub lower_threshold: u32,
}

/// Which half of the synchronisation of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SyncRole {
    /// Sends (`IP_VS_STATE_MASTER`).
    Master,
    /// Receives (`IP_VS_STATE_BACKUP`).
    Backup,
}

/// A synchronisation daemon of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SyncDaemon {
    /// Which half.
    pub role: SyncRole,
    /// Where it speaks.
    pub interface: InterfaceName,
    /// 0 to 255.
    pub id: u8,
    /// The longest message; `None` for the kernel's choice.
    pub max_length: Option<u16>,
    /// The multicast group; `None` for the kernel's.
    pub group: Option<IpAddr>,
    /// The port; `None` for the kernel's.
    pub port: Option<u16>,
    /// TTL or hop limit; `None` for the kernel's.
    pub ttl: Option<u8>,
}

/// Time-outs of connections, in whole seconds; zero leaves the kernel's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConnectionTimeouts {
    /// An established TCP connection.
    pub tcp: Duration,
    /// A TCP connection after FIN.
    pub tcp_fin: Duration,
    /// A UDP exchange.
    pub udp: Duration,
}

/// Counters and rates of a service or a destination (`IPVS_STATS_ATTR_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Connections.
    pub connections: u64,
    /// Packets from clients.
    pub packets_in: u64,
    /// Packets to clients.
    pub packets_out: u64,
    /// Bytes from clients.
    pub bytes_in: u64,
    /// Bytes to clients.
    pub bytes_out: u64,
    /// Connections per second.
    pub connection_rate: u64,
    /// Packets from clients per second.
    pub packet_rate_in: u64,
    /// Packets to clients per second.
    pub packet_rate_out: u64,
    /// Bytes from clients per second.
    pub byte_rate_in: u64,
    /// Bytes to clients per second.
    pub byte_rate_out: u64,
}

/// A service as the kernel reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceReport {
    /// The service.
    pub service: VirtualService,
    /// What went through it.
    pub statistics: Statistics,
}

/// A destination as the kernel reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationReport {
    /// The destination.
    pub destination: Destination,
    /// Connections that are established.
    pub active_connections: u32,
    /// Connections that are opening, closing or idle.
    pub inactive_connections: u32,
    /// Clients that persistence binds to it.
    pub persistent_connections: u32,
    /// What went to it.
    pub statistics: Statistics,
}

/// The table that the kernel has, as far as it concerns us.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedTable {
    /// The services that are ours.
    pub ours: Vec<ObservedService>,
    /// Services of others: never to be touched, and their destinations were not read.
    pub foreign: Vec<VirtualService>,
    /// Services of others that this vocabulary cannot express: another protocol.
    pub inexpressible: usize,
}

/// One of our services, with what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedService {
    /// The service.
    pub service: VirtualService,
    /// Its destinations, whoever added them.
    pub destinations: Vec<Destination>,
    /// Destinations that somebody else made what this vocabulary cannot express: another forwarding method.
    pub inexpressible: Vec<DestinationKey>,
}

/// One change of the table: one request of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableOperation {
    /// IPVS_CMD_NEW_SERVICE.
    AddService(VirtualService),
    /// IPVS_CMD_SET_SERVICE.
    EditService(VirtualService),
    /// IPVS_CMD_DEL_SERVICE; takes its destinations along.
    RemoveService(ServiceKey),
    /// IPVS_CMD_NEW_DEST.
    AddDestination(ServiceKey, Destination),
    /// IPVS_CMD_SET_DEST.
    EditDestination(ServiceKey, Destination),
    /// IPVS_CMD_DEL_DEST.
    RemoveDestination(ServiceKey, DestinationKey),
    /// IPVS_CMD_FLUSH: everything, foreign services included.
    Flush,
    /// IPVS_CMD_NEW_DAEMON.
    StartSync(SyncDaemon),
    /// IPVS_CMD_DEL_DAEMON.
    StopSync(SyncRole, u8),
    /// IPVS_CMD_SET_CONFIG.
    SetTimeouts(ConnectionTimeouts),
}

/// `10.0.0.2:80` or `[2001:db8::2]:80`.
impl fmt::Display for DestinationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// `10.0.0.1:tcp:80`, `Fwm 5` or `Fwm 5 inet6`, as the original's error lines have it.
impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { protocol, address, port } => {
                let protocol = match protocol {
                    Protocol::Tcp => "tcp",
                    Protocol::Udp => "udp",
                    Protocol::Sctp => "sctp",
                };
                match address {
                    IpAddr::V4(address) => write!(f, "{address}:{protocol}:{port}"),
                    IpAddr::V6(address) => write!(f, "[{address}]:{protocol}:{port}"),
                }
            }
            Self::Mark { mark, family: Family::V4 } => write!(f, "Fwm {mark}"),
            Self::Mark { mark, family: Family::V6 } => write!(f, "Fwm {mark} inet6"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_print_as_the_original_prints_them() {
        let address = "10.0.0.1".parse().expect("a literal address");
        let key = ServiceKey::Address { protocol: Protocol::Tcp, address, port: 80 };
        assert_eq!(key.to_string(), "10.0.0.1:tcp:80");
        assert_eq!(ServiceKey::Mark { mark: 5, family: Family::V6 }.to_string(), "Fwm 5 inet6");
    }
}
