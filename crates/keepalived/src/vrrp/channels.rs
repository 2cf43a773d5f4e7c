//! The sockets of the channels: opened and closed as the engine says, read in batches, drained after a stall.

use keepalived_kernel::reactor::{Interest, Reactor};
use keepalived_kernel::vrrp_socket::{Buffers, Datagram, Protocol, Reach, Settings, VrrpSocket};
use keepalived_types::Family;
use keepalived_vrrp::{Channel, ChannelAddress, ChannelId, EncodedAdvert, Received};
use keepalived_wire::ipv4::set_identification;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::os::fd::AsFd;

/// Channels are registered in the reactor under their number plus this; smaller tokens belong to the driver.
pub(super) const FIRST_TOKEN: u64 = 16;
/// Room for one datagram: an IP header with options, and the longest VRRP message there is (255 IPv6 addresses) with
/// some trailer. Anything longer cannot be an advert.
const LARGEST_DATAGRAM: usize = 4_608;
/// Batches read from one channel before the others get their turn.
const BATCHES_PER_TURN: usize = 16;
/// Datagrams that the kernel hands over at a time.
const BATCH: usize = 32;

/// The open channels.
#[derive(Debug)]
pub(super) struct Channels {
    sockets: BTreeMap<ChannelId, VrrpSocket>,
    buffers: Buffers,
    /// How many datagrams to ask for: twice as many as came last time. Most adverts come alone, some in bursts.
    /// Always more than one, so that it shows whether another waits: timers must not run out before it is heard.
    expected: usize,
    scratch: Vec<u8>,
    /// Datagrams that were no IP packets, or larger than any.
    malformed: u64,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            sockets: BTreeMap::new(),
            buffers: Buffers::new(LARGEST_DATAGRAM),
            expected: 2,
            scratch: Vec::new(),
            malformed: 0,
        }
    }
}

impl Channels {
    /// Opens the sockets of a channel and watches them.
    ///
    /// # Errors
    /// What the kernel refused; the engine is told.
    pub(super) fn open(
        &mut self,
        id: ChannelId,
        channel: &Channel,
        reactor: &Reactor,
    ) -> keepalived_kernel::Result<()> {
        let reach = match channel.address {
            ChannelAddress::Group(group) => Reach::Multicast { group },
            ChannelAddress::Local(source) => Reach::Unicast { source },
        };
        let socket = VrrpSocket::open(&Settings {
            protocol: Protocol::Vrrp,
            interface: channel.interface.as_ref().map(|(index, _)| *index),
            device: channel.interface.as_ref().map(|(_, name)| name).or(channel.vrf.as_ref()).cloned(),
            reach,
        })?;
        reactor.register(socket.as_fd(), FIRST_TOKEN + u64::from(id.0), Interest::Read)?;
        self.sockets.insert(id, socket);
        Ok(())
    }

    /// Gives the receiving sockets this much room, in bytes; those that are not named keep what they have.
    /// Returns what could not be done.
    pub(super) fn resize(&self, room: &HashMap<ChannelId, usize>) -> Vec<String> {
        let named = room.iter().filter_map(|(id, bytes)| Some((self.sockets.get(id)?, *bytes)));
        named
            .filter_map(|(socket, bytes)| socket.set_receive_buffer(bytes).err())
            .map(|error| error.to_string())
            .collect()
    }

    /// Closes the sockets of a channel.
    pub(super) fn close(&mut self, id: ChannelId, reactor: &Reactor) {
        if let Some(socket) = self.sockets.remove(&id) {
            // Closing it would do, unless a duplicate of the descriptor lives on.
            drop(reactor.deregister(socket.as_fd()));
        }
    }

    /// The channel behind a reactor token.
    #[must_use]
    pub(super) fn of_token(token: u64) -> Option<ChannelId> {
        u32::try_from(token.checked_sub(FIRST_TOKEN)?).ok().map(ChannelId)
    }

    /// All open channels.
    #[must_use]
    pub(super) fn ids(&self) -> Vec<ChannelId> {
        self.sockets.keys().copied().collect()
    }

    /// Sends one advert to each of its destinations; the first failure is told.
    ///
    /// # Errors
    /// What the kernel said of a copy; the other copies were sent all the same.
    pub(super) fn send(
        &mut self,
        id: ChannelId,
        advert: &EncodedAdvert,
        identification: u16,
    ) -> keepalived_kernel::Result<()> {
        let Some(socket) = self.sockets.get(&id) else {
            return Ok(());
        };
        let mut outcome = Ok(());
        for (destination, packet) in &advert.packets {
            let sent = match (advert.source, destination) {
                (IpAddr::V6(source), IpAddr::V6(destination)) => {
                    socket.send_ipv6(packet, source, *destination, Some(advert.hop_limit))
                }
                (_, IpAddr::V4(destination)) => {
                    self.scratch.clear();
                    self.scratch.extend_from_slice(packet);
                    // The engine encodes whole IPv4 packets, so there is room for the identification.
                    let whole = set_identification(&mut self.scratch, identification).is_ok();
                    if whole { socket.send_ipv4(&self.scratch, *destination) } else { Ok(()) }
                }
                _ => Ok(()),
            };
            if outcome.is_ok() {
                outcome = sent;
            }
        }
        outcome
    }

    /// Reads what has arrived on a channel and hands it on. With `drain`, until nothing is left; else a bounded
    /// number of adverts, the rest follows in the next turn.
    pub(super) fn receive(&mut self, id: ChannelId, drain: bool, mut handle: impl FnMut(&Received<'_>)) {
        let Some(socket) = self.sockets.get(&id) else {
            return;
        };
        let mut batches = 0;
        let mut limit = if drain { BATCH } else { self.expected };
        loop {
            // An error is that of the interface: netlink tells the same, and the engine acts on that.
            let count = socket.receive(&mut self.buffers, limit).unwrap_or(0);
            for datagram in self.buffers.iter() {
                match received(&datagram) {
                    Some(received) => handle(&received),
                    None => self.malformed += 1,
                }
            }
            batches += 1;
            self.expected = (count * 2).clamp(2, BATCH);
            if count < limit || (!drain && batches == BATCHES_PER_TURN) {
                return;
            }
            limit = self.expected;
        }
    }

    /// Datagrams that could not even be handed to the engine.
    #[must_use]
    pub(super) const fn malformed(&self) -> u64 {
        self.malformed
    }
}

/// Splits off the IP header. `None` when there is none, or the datagram is incomplete.
fn received<'a>(datagram: &Datagram<'a>) -> Option<Received<'a>> {
    if datagram.is_truncated() {
        return None;
    }
    let source = datagram.source()?;
    let destination = datagram.destination()?;
    let ttl = datagram.hop_limit();
    if Family::of(source) == Family::V6 {
        return Some(Received {
            payload: datagram.bytes,
            claimed_length: None,
            source,
            destination,
            ttl,
            has_authentication_header: false,
        });
    }
    let (payload, claimed_length, protocol) = split_ipv4(datagram.bytes)?;
    Some(Received {
        payload,
        claimed_length: Some(claimed_length),
        source,
        destination,
        ttl,
        has_authentication_header: protocol == 51,
    })
}

/// Payload, the payload length the header claims, and the protocol. What the lengths mean is the engine's business.
fn split_ipv4(bytes: &[u8]) -> Option<(&[u8], usize, u8)> {
    let header = usize::from(bytes.first()? & 0x0f) * 4;
    let total = usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]));
    let protocol = *bytes.get(9)?;
    if header < 20 {
        return None;
    }
    Some((bytes.get(header..)?, total.saturating_sub(header), protocol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_header_is_split_off_and_nothing_short_panics() {
        let mut packet = vec![0x45, 0xc0, 0, 40, 0, 1, 0, 0, 255, 112, 0, 0, 10, 0, 0, 1, 224, 0, 0, 18];
        packet.extend([1, 2, 3, 4]);
        assert_eq!(split_ipv4(&packet), Some((&[1, 2, 3, 4][..], 20, 112)));
        for length in 0..20 {
            assert_eq!(split_ipv4(&packet[..length]), None, "{length} bytes");
        }
        packet[0] = 0x44;
        assert_eq!(split_ipv4(&packet), None);
        packet[0] = 0x4f;
        assert_eq!(split_ipv4(&packet), None);
    }
}
