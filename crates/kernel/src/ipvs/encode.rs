//! Requests to IPVS: what an operation carries.
//!
//! Of a service that is only named, and of a destination that is to go, the kernel reads what identifies it; nothing
//! else is sent.

use super::attribute::{self, command, daemon, destination, service, top};
use crate::netlink::address::family_number;
use crate::netlink::batch::{Done, NetlinkError, Operation};
use crate::netlink::encode::Encoder;
use keepalived_types::ipvs::{
    ClientMask, ConnectionTimeouts, Destination, DestinationKey, ServiceKey, SyncDaemon, SyncRole,
    TableOperation, VirtualService,
};
use keepalived_types::{Family, Forwarding, Tunnel, TunnelChecksum};
use std::net::IpAddr;
use std::time::Duration;

/// An operation for the family that has this number.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) family: u16,
    pub(super) operation: TableOperation,
}

impl Operation for Request {
    /// Some 5 ms, and half of what the receive buffer holds should all be refused.
    const CHUNK: usize = 1_024;

    fn encode(&self, sequence: u32, to: &mut Encoder) {
        begin(self.family, command_of(&self.operation), 0, sequence, to);
        match &self.operation {
            TableOperation::AddService(service) | TableOperation::EditService(service) => {
                put_service(service, to);
            }
            TableOperation::RemoveService(key) => put_service_key(key, to),
            TableOperation::AddDestination(key, destination)
            | TableOperation::EditDestination(key, destination) => {
                put_service_key(key, to);
                put_destination(destination, to);
            }
            TableOperation::RemoveDestination(key, destination) => {
                put_service_key(key, to);
                let nest = to.begin_nest(top::DEST);
                put_destination_key(destination, to);
                to.end_nest(nest);
            }
            TableOperation::Flush => {}
            TableOperation::StartSync(daemon) => put_daemon(daemon, to),
            TableOperation::StopSync(role, id) => {
                let nest = to.begin_nest(top::DAEMON);
                to.attribute(daemon::STATE, &state_of(*role).to_ne_bytes());
                to.attribute(daemon::SYNC_ID, &u32::from(*id).to_ne_bytes());
                to.end_nest(nest);
            }
            TableOperation::SetTimeouts(timeouts) => put_timeouts(timeouts, to),
        }
    }

    fn outcome(&self, errno: i32, message: Option<String>) -> Result<Done, NetlinkError> {
        if errno == 0 { Ok(Done::Done) } else { Err(NetlinkError { errno, message }) }
    }
}

const fn command_of(operation: &TableOperation) -> u8 {
    match operation {
        TableOperation::AddService(_) => command::NEW_SERVICE,
        TableOperation::EditService(_) => command::SET_SERVICE,
        TableOperation::RemoveService(_) => command::DEL_SERVICE,
        TableOperation::AddDestination(..) => command::NEW_DEST,
        TableOperation::EditDestination(..) => command::SET_DEST,
        TableOperation::RemoveDestination(..) => command::DEL_DEST,
        TableOperation::Flush => command::FLUSH,
        TableOperation::StartSync(_) => command::NEW_DAEMON,
        TableOperation::StopSync(..) => command::DEL_DAEMON,
        TableOperation::SetTimeouts(_) => command::SET_CONFIG,
    }
}

/// Begins a message with its generic netlink header (struct genlmsghdr); there is no header of the family's own.
pub(super) fn begin(family: u16, command: u8, flags: u16, sequence: u32, to: &mut Encoder) {
    to.begin(family, flags, sequence, &[command, attribute::VERSION, 0, 0]);
}

/// A service that is only named.
pub(super) fn put_service_key(key: &ServiceKey, to: &mut Encoder) {
    let nest = to.begin_nest(top::SERVICE);
    put_identity(key, to);
    to.end_nest(nest);
}

/// A whole service.
fn put_service(whole: &VirtualService, to: &mut Encoder) {
    let nest = to.begin_nest(top::SERVICE);
    put_identity(&whole.key, to);
    put_text(service::SCHED_NAME, &whole.scheduler, to);
    let mut flags = whole.flags & !attribute::PERSISTENT;
    let (mut timeout, mut mask) = (Duration::ZERO, ClientMask::single(whole.key.family()));
    if let Some(persistence) = &whole.persistence {
        if let Some(engine) = &persistence.engine {
            put_text(service::PE_NAME, engine, to);
        }
        flags |= attribute::PERSISTENT;
        (timeout, mask) = (persistence.timeout, persistence.mask);
    }
    // struct ip_vs_flags: the flags, and which of them are meant.
    let mut value = [0xff; 8];
    value[..4].copy_from_slice(&flags.to_ne_bytes());
    to.attribute(service::FLAGS, &value);
    to.attribute(service::TIMEOUT, &seconds(timeout).to_ne_bytes());
    match mask {
        ClientMask::V4(mask) => to.attribute(service::NETMASK, &mask.octets()),
        ClientMask::V6(length) => to.attribute(service::NETMASK, &u32::from(length).to_ne_bytes()),
    }
    to.end_nest(nest);
}

fn put_identity(key: &ServiceKey, to: &mut Encoder) {
    put_family(service::AF, key.family(), to);
    match key {
        ServiceKey::Mark { mark, .. } => to.attribute(service::FWMARK, &mark.to_ne_bytes()),
        ServiceKey::Address { protocol, address, port } => {
            to.attribute(service::PROTOCOL, &u16::from(protocol.number()).to_ne_bytes());
            put_address(service::ADDR, *address, to);
            to.attribute(service::PORT, &port.to_be_bytes());
        }
    }
}

/// A whole destination.
fn put_destination(whole: &Destination, to: &mut Encoder) {
    let nest = to.begin_nest(top::DEST);
    put_destination_key(&whole.key, to);
    let method = match whole.forwarding {
        Forwarding::Nat => attribute::MASQUERADE,
        Forwarding::DirectRouting => attribute::DIRECT_ROUTE,
        Forwarding::Tunnel(..) => attribute::TUNNEL,
    };
    to.attribute(destination::FWD_METHOD, &method.to_ne_bytes());
    to.attribute(destination::WEIGHT, &whole.weight.to_ne_bytes());
    to.attribute(destination::U_THRESH, &whole.upper_threshold.to_ne_bytes());
    to.attribute(destination::L_THRESH, &whole.lower_threshold.to_ne_bytes());
    if let Forwarding::Tunnel(tunnel, checksum) = whole.forwarding {
        put_tunnel(tunnel, checksum, to);
    }
    to.end_nest(nest);
}

fn put_destination_key(key: &DestinationKey, to: &mut Encoder) {
    put_address(destination::ADDR, key.address, to);
    to.attribute(destination::PORT, &key.port.to_be_bytes());
    put_family(destination::ADDR_FAMILY, Family::of(key.address), to);
}

fn put_tunnel(tunnel: Tunnel, checksum: TunnelChecksum, to: &mut Encoder) {
    let (kind, port) = match tunnel {
        Tunnel::Ipip => (attribute::TUNNEL_IPIP, None),
        Tunnel::Gue(port) => (attribute::TUNNEL_GUE, Some(port)),
        Tunnel::Gre => (attribute::TUNNEL_GRE, None),
    };
    to.attribute(destination::TUN_TYPE, &[kind]);
    if let Some(port) = port {
        to.attribute(destination::TUN_PORT, &port.to_be_bytes());
    }
    if tunnel != Tunnel::Ipip {
        let flags = match checksum {
            TunnelChecksum::None => 0,
            TunnelChecksum::Checksum => attribute::CHECKSUM,
            TunnelChecksum::Remote => attribute::REMOTE_CHECKSUM,
        };
        to.attribute(destination::TUN_FLAGS, &flags.to_ne_bytes());
    }
}

fn put_daemon(whole: &SyncDaemon, to: &mut Encoder) {
    let nest = to.begin_nest(top::DAEMON);
    to.attribute(daemon::STATE, &state_of(whole.role).to_ne_bytes());
    put_text(daemon::MCAST_IFN, whole.interface.as_str(), to);
    to.attribute(daemon::SYNC_ID, &u32::from(whole.id).to_ne_bytes());
    if let Some(length) = whole.max_length {
        to.attribute(daemon::SYNC_MAXLEN, &length.to_ne_bytes());
    }
    match whole.group {
        Some(IpAddr::V4(group)) => to.attribute(daemon::MCAST_GROUP, &group.octets()),
        Some(IpAddr::V6(group)) => to.attribute(daemon::MCAST_GROUP6, &group.octets()),
        None => {}
    }
    // Unlike all other ports this one is in the machine's byte order.
    if let Some(port) = whole.port {
        to.attribute(daemon::MCAST_PORT, &port.to_ne_bytes());
    }
    if let Some(ttl) = whole.ttl {
        to.attribute(daemon::MCAST_TTL, &[ttl]);
    }
    to.end_nest(nest);
}

fn put_timeouts(timeouts: &ConnectionTimeouts, to: &mut Encoder) {
    to.attribute(top::TIMEOUT_TCP, &seconds(timeouts.tcp).to_ne_bytes());
    to.attribute(top::TIMEOUT_TCP_FIN, &seconds(timeouts.tcp_fin).to_ne_bytes());
    to.attribute(top::TIMEOUT_UDP, &seconds(timeouts.udp).to_ne_bytes());
}

const fn state_of(role: SyncRole) -> u32 {
    match role {
        SyncRole::Master => attribute::STATE_MASTER,
        SyncRole::Backup => attribute::STATE_BACKUP,
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

fn put_family(kind: u16, family: Family, to: &mut Encoder) {
    let number = u16::try_from(family_number(family)).expect("address families are small");
    to.attribute(kind, &number.to_ne_bytes());
}

/// An address has room for an IPv6 one, whatever it is (union nf_inet_addr).
fn put_address(kind: u16, address: IpAddr, to: &mut Encoder) {
    let mut bytes = [0; 16];
    match address {
        IpAddr::V4(v4) => bytes[..4].copy_from_slice(&v4.octets()),
        IpAddr::V6(v6) => bytes = v6.octets(),
    }
    to.attribute(kind, &bytes);
}

pub(super) fn put_text(kind: u16, text: &str, to: &mut Encoder) {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    to.attribute(kind, &bytes);
}

#[cfg(test)]
mod tests;
