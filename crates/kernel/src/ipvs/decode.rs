//! Answers of IPVS: what the kernel has.
//!
//! An answer that lacks what every answer has is [`Malformed`]. One that is whole and says what our vocabulary has no
//! word for (somebody balances another protocol, say) is not an error: it belongs to somebody else.

use super::Information;
use super::attribute::{self, command, daemon, destination, info, service, statistics, top};
use crate::netlink::decode::{Attribute, Attributes, Message};
use keepalived_types::ipvs::{
    ClientMask, ConnectionTimeouts, Destination, DestinationKey, DestinationReport, Protocol, ServiceKey,
    ServicePersistence, ServiceReport, Statistics, SyncDaemon, SyncRole, VirtualService,
};
use keepalived_types::{Family, Forwarding, InterfaceName, Tunnel, TunnelChecksum};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// struct genlmsghdr.
const HEADER: usize = 4;

/// What an answer lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(&'static str);

impl From<Malformed> for io::Error {
    fn from(malformed: Malformed) -> Self {
        let text = format!("the kernel's answer is malformed: {}", malformed.0);
        Self::new(io::ErrorKind::InvalidData, text)
    }
}

/// What decoding gives: nothing for messages of another kind.
pub(super) type Decoded<T> = Option<Result<T, Malformed>>;

/// The attributes of a message that carries this command.
fn answer<'a>(message: Message<'a>, wanted: u8) -> Option<Attributes<'a>> {
    let (&command, _) = message.payload.split_first()?;
    (command == wanted).then(|| Attributes(message.payload.get(HEADER..).unwrap_or_default()))
}

/// The attribute of the top level that everything else is inside of.
fn nest<'a>(message: Message<'a>, command: u8, kind: u16) -> Option<Result<Attributes<'a>, Malformed>> {
    let nest = answer(message, command)?.find(|attribute| attribute.kind == kind);
    Some(nest.map(|nest| nest.nested()).ok_or(Malformed("nothing in it")))
}

/// A service; `None` inside for one of a protocol that we have no word for.
pub(super) fn service(message: Message<'_>) -> Decoded<Option<ServiceReport>> {
    Some(nest(message, command::NEW_SERVICE, top::SERVICE)?.and_then(read_service))
}

fn read_service(attributes: Attributes<'_>) -> Result<Option<ServiceReport>, Malformed> {
    let (mut family, mut protocol, mut address, mut port, mut mark) = (None, None, None, None, None);
    let (mut scheduler, mut flags, mut timeout, mut mask, mut engine) = (None, 0, 0, None, None);
    let (mut narrow, mut wide) = (None, None);
    for attribute in attributes {
        match attribute.kind {
            service::AF => family = attribute.u16(),
            service::PROTOCOL => protocol = attribute.u16(),
            service::ADDR => address = Some(attribute.value),
            service::PORT => port = port_of(&attribute),
            service::FWMARK => mark = attribute.u32(),
            service::SCHED_NAME => scheduler = attribute.text(),
            service::FLAGS => flags = attribute.u32().ok_or(Malformed("a service's flags"))?,
            service::TIMEOUT => timeout = attribute.u32().ok_or(Malformed("a service's time-out"))?,
            service::NETMASK => mask = attribute.value.first_chunk::<4>().copied(),
            service::PE_NAME => engine = attribute.text().filter(|name| !name.is_empty()),
            service::STATS => narrow = Some(read_statistics(attribute.nested())),
            service::STATS64 => wide = Some(read_statistics(attribute.nested())),
            _ => {}
        }
    }
    let family = family.and_then(family_of).ok_or(Malformed("a service without address family"))?;
    let key = match mark {
        Some(mark) => ServiceKey::Mark { mark, family },
        None => {
            let number = protocol.ok_or(Malformed("a service without protocol"))?;
            let address = address.and_then(|bytes| address_of(bytes, family));
            let address = address.ok_or(Malformed("a service without address"))?;
            let port = port.ok_or(Malformed("a service without port"))?;
            let Some(protocol) = u8::try_from(number).ok().and_then(Protocol::by_number) else {
                return Ok(None);
            };
            ServiceKey::Address { protocol, address, port }
        }
    };
    let persistence = if flags & attribute::PERSISTENT == 0 {
        None
    } else {
        let mask = mask.ok_or(Malformed("a persistent service without mask"))?;
        let mask = match family {
            Family::V4 => ClientMask::V4(Ipv4Addr::from(mask)),
            Family::V6 => {
                let length = u8::try_from(u32::from_ne_bytes(mask)).ok();
                ClientMask::V6(length.ok_or(Malformed("a service's prefix length"))?)
            }
        };
        Some(ServicePersistence { timeout: Duration::from_secs(timeout.into()), mask, engine })
    };
    let scheduler = scheduler.ok_or(Malformed("a service without scheduler"))?;
    let flags = flags & !(attribute::PERSISTENT | attribute::HASHED);
    let service = VirtualService { key, scheduler, flags, persistence };
    Ok(Some(ServiceReport { service, statistics: wide.or(narrow).unwrap_or_default() }))
}

/// A destination whose forwarding we may have no word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnyDestination {
    Known(DestinationReport),
    /// A forwarding method or tunnel type that no configuration can ask for.
    Odd(DestinationKey),
}

/// A destination of a service of family `service_family`, which is what old kernels leave unsaid.
pub(super) fn destination(message: Message<'_>, service_family: Family) -> Decoded<AnyDestination> {
    let nest = nest(message, command::NEW_DEST, top::DEST)?;
    Some(nest.and_then(|attributes| read_destination(attributes, service_family)))
}

fn read_destination(attributes: Attributes<'_>, service_family: Family) -> Result<AnyDestination, Malformed> {
    let (mut family, mut address, mut port, mut method) = (None, None, None, None);
    let (mut kind, mut tunnel_port, mut tunnel_flags) = (0, 0, 0);
    let (mut weight, mut upper_threshold, mut lower_threshold) = (None, 0, 0);
    let (mut active_connections, mut inactive_connections, mut persistent_connections) = (0, 0, 0);
    let (mut narrow, mut wide) = (None, None);
    let number = |attribute: Attribute<'_>| attribute.u32().ok_or(Malformed("a destination's number"));
    for attribute in attributes {
        match attribute.kind {
            destination::ADDR => address = Some(attribute.value),
            destination::PORT => port = port_of(&attribute),
            destination::ADDR_FAMILY => family = attribute.u16(),
            destination::FWD_METHOD => method = attribute.u32(),
            destination::WEIGHT => weight = attribute.u32(),
            destination::U_THRESH => upper_threshold = number(attribute)?,
            destination::L_THRESH => lower_threshold = number(attribute)?,
            destination::ACTIVE_CONNS => active_connections = number(attribute)?,
            destination::INACT_CONNS => inactive_connections = number(attribute)?,
            destination::PERSIST_CONNS => persistent_connections = number(attribute)?,
            destination::TUN_TYPE => kind = attribute.u8().unwrap_or(0),
            destination::TUN_PORT => tunnel_port = port_of(&attribute).unwrap_or(0),
            destination::TUN_FLAGS => tunnel_flags = attribute.u16().unwrap_or(0),
            destination::STATS => narrow = Some(read_statistics(attribute.nested())),
            destination::STATS64 => wide = Some(read_statistics(attribute.nested())),
            _ => {}
        }
    }
    let family = match family {
        Some(number) => family_of(number).ok_or(Malformed("a destination's address family"))?,
        None => service_family,
    };
    let address = address.and_then(|bytes| address_of(bytes, family));
    let address = address.ok_or(Malformed("a destination without address"))?;
    let key = DestinationKey { address, port: port.ok_or(Malformed("a destination without port"))? };
    let method = method.ok_or(Malformed("a destination without forwarding method"))?;
    let Some(forwarding) = forwarding_of(method, kind, tunnel_port, tunnel_flags) else {
        return Ok(AnyDestination::Odd(key));
    };
    let weight = weight.ok_or(Malformed("a destination without weight"))?;
    let destination = Destination { key, forwarding, weight, upper_threshold, lower_threshold };
    let statistics = wide.or(narrow).unwrap_or_default();
    Ok(AnyDestination::Known(DestinationReport {
        destination,
        active_connections,
        inactive_connections,
        persistent_connections,
        statistics,
    }))
}

fn forwarding_of(method: u32, kind: u8, port: u16, flags: u16) -> Option<Forwarding> {
    match method & attribute::FORWARDING_MASK {
        attribute::MASQUERADE => Some(Forwarding::Nat),
        attribute::DIRECT_ROUTE => Some(Forwarding::DirectRouting),
        attribute::TUNNEL => {
            let tunnel = match kind {
                attribute::TUNNEL_IPIP => Tunnel::Ipip,
                attribute::TUNNEL_GUE => Tunnel::Gue(port),
                attribute::TUNNEL_GRE => Tunnel::Gre,
                _ => return None,
            };
            let checksum = match flags {
                0 => TunnelChecksum::None,
                attribute::CHECKSUM => TunnelChecksum::Checksum,
                attribute::REMOTE_CHECKSUM => TunnelChecksum::Remote,
                _ => return None,
            };
            Some(Forwarding::Tunnel(tunnel, checksum))
        }
        _ => None,
    }
}

/// Counters of 64 bits, or of 32 where the kernel has no wider ones.
fn read_statistics(attributes: Attributes<'_>) -> Statistics {
    let mut read = Statistics::default();
    for attribute in attributes {
        let field = match attribute.kind {
            statistics::CONNS => &mut read.connections,
            statistics::INPKTS => &mut read.packets_in,
            statistics::OUTPKTS => &mut read.packets_out,
            statistics::INBYTES => &mut read.bytes_in,
            statistics::OUTBYTES => &mut read.bytes_out,
            statistics::CPS => &mut read.connection_rate,
            statistics::INPPS => &mut read.packet_rate_in,
            statistics::OUTPPS => &mut read.packet_rate_out,
            statistics::INBPS => &mut read.byte_rate_in,
            statistics::OUTBPS => &mut read.byte_rate_out,
            _ => continue,
        };
        *field = attribute.u64().or_else(|| attribute.u32().map(u64::from)).unwrap_or(0);
    }
    read
}

/// A synchronisation daemon.
pub(super) fn daemon(message: Message<'_>) -> Decoded<SyncDaemon> {
    Some(nest(message, command::NEW_DAEMON, top::DAEMON)?.and_then(read_daemon))
}

fn read_daemon(attributes: Attributes<'_>) -> Result<SyncDaemon, Malformed> {
    let (mut state, mut interface, mut id) = (None, None, None);
    let (mut max_length, mut group, mut port, mut ttl) = (None, None, None, None);
    for attribute in attributes {
        match attribute.kind {
            daemon::STATE => state = attribute.u32(),
            daemon::MCAST_IFN => interface = attribute.text(),
            daemon::SYNC_ID => id = attribute.u32(),
            daemon::SYNC_MAXLEN => max_length = attribute.u16(),
            daemon::MCAST_GROUP | daemon::MCAST_GROUP6 => group = attribute.address(),
            daemon::MCAST_PORT => port = attribute.u16(),
            daemon::MCAST_TTL => ttl = attribute.u8(),
            _ => {}
        }
    }
    let role = match state {
        Some(attribute::STATE_MASTER) => SyncRole::Master,
        Some(attribute::STATE_BACKUP) => SyncRole::Backup,
        _ => return Err(Malformed("a sync daemon without role")),
    };
    let interface = interface.and_then(|name| InterfaceName::new(&name).ok());
    let interface = interface.ok_or(Malformed("a sync daemon without interface"))?;
    let id = id.and_then(|id| u8::try_from(id).ok()).ok_or(Malformed("a sync daemon without id"))?;
    Ok(SyncDaemon { role, interface, id, max_length, group, port, ttl })
}

/// The time-outs of connections.
pub(super) fn timeouts(message: Message<'_>) -> Decoded<ConnectionTimeouts> {
    let (mut tcp, mut tcp_fin, mut udp) = (None, None, None);
    for attribute in answer(message, command::SET_CONFIG)? {
        match attribute.kind {
            top::TIMEOUT_TCP => tcp = attribute.u32(),
            top::TIMEOUT_TCP_FIN => tcp_fin = attribute.u32(),
            top::TIMEOUT_UDP => udp = attribute.u32(),
            _ => {}
        }
    }
    let whole = |seconds: Option<u32>| {
        seconds.map(|seconds| Duration::from_secs(seconds.into())).ok_or(Malformed("no time-out"))
    };
    let read = || Ok(ConnectionTimeouts { tcp: whole(tcp)?, tcp_fin: whole(tcp_fin)?, udp: whole(udp)? });
    Some(read())
}

/// What GET_INFO tells.
pub(super) fn information(message: Message<'_>) -> Decoded<Information> {
    let (mut version, mut size) = (None, None);
    for attribute in answer(message, command::SET_INFO)? {
        match attribute.kind {
            info::VERSION => version = attribute.u32(),
            info::CONN_TAB_SIZE => size = attribute.u32(),
            _ => {}
        }
    }
    let Some(version) = version else {
        return Some(Err(Malformed("no version")));
    };
    let [_, major, minor, patch] = version.to_be_bytes();
    Some(Ok(Information { version: (major, minor, patch), connection_table_size: size.unwrap_or(0) }))
}

fn port_of(attribute: &Attribute<'_>) -> Option<u16> {
    attribute.value.first_chunk().copied().map(u16::from_be_bytes)
}

fn family_of(number: u16) -> Option<Family> {
    match i32::from(number) {
        libc::AF_INET => Some(Family::V4),
        libc::AF_INET6 => Some(Family::V6),
        _ => None,
    }
}

fn address_of(bytes: &[u8], family: Family) -> Option<IpAddr> {
    match family {
        Family::V4 => bytes.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets).into()),
        Family::V6 => bytes.first_chunk::<16>().map(|octets| Ipv6Addr::from(*octets).into()),
    }
}

#[cfg(test)]
mod tests;
