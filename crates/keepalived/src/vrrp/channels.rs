//! The sockets of the channels: opened, listened to and closed as the engine says, drained after a stall.

use keepalived_kernel::clock;
use keepalived_kernel::reactor::{Interest, Reactor};
use keepalived_kernel::vrrp_socket::{Buffers, Datagram, Protocol, Reach, Settings, VrrpSocket};
use keepalived_types::{Family, Instant, Vrid};
use keepalived_vrrp::{Attention, Channel, ChannelAddress, ChannelId, EncodedAdvert, Received};
use keepalived_wire::ipv4::set_identification;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::Duration;

/// Channels are registered in the reactor under twice their number plus this, and their bells next to them; smaller
/// tokens belong to the driver.
const FIRST_TOKEN: u64 = 16;
/// Room for one datagram: an IP header with options, and the longest VRRP message there is (255 IPv6 addresses) with
/// some trailer. Anything longer cannot be an advert.
const LARGEST_DATAGRAM: usize = 4_608;
/// Batches read from one channel before the others get their turn.
const BATCHES_PER_TURN: usize = 16;
/// Datagrams that the kernel hands over at a time.
const BATCH: usize = 32;
/// When everything is read, reading ends after so many batches: adverts that come faster than they can be judged are a
/// flood, and the default receive buffer holds fewer than 300.
const BATCHES_OF_ALL: usize = 64;
/// More adverts than this beyond one from every master are a flood: real ones would soon find no room.
const FLOOD: usize = 64;
/// What an advert may take of a receive buffer: drivers hand over a frame in half a page and its bookkeeping.
const ROOM_PER_ADVERT: usize = 2_304;
/// After a flood a channel is read as adverts come for so long.
const AFTER_FLOOD: Duration = Duration::from_secs(1);

/// An open channel.
#[derive(Debug)]
struct Open {
    socket: VrrpSocket,
    batches: Option<Batches>,
}

/// How a channel is read that the engine wants to hear in batches.
#[derive(Debug)]
struct Batches {
    every: Duration,
    /// More than this in one batch is a flood.
    most: usize,
    at_once: Vec<Vrid>,
    /// When it is read next. During a flood it is read as adverts come, until then.
    next: Instant,
    is_flooded: bool,
}

/// What the reactor reported about a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reported {
    /// Adverts wait, and more may.
    Adverts(ChannelId),
    /// Among the adverts that wait are some that must not.
    Bell(ChannelId),
}

/// The open channels.
#[derive(Debug)]
pub(super) struct Channels {
    open: BTreeMap<ChannelId, Open>,
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
            open: BTreeMap::new(),
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
        reactor.register(socket.as_fd(), token(id), Interest::Read)?;
        self.open.insert(id, Open { socket, batches: None });
        Ok(())
    }

    /// Listens to a channel as the engine wants from now on.
    ///
    /// # Errors
    /// When the kernel refuses it; the channel is then listened to as before.
    pub(super) fn listen(
        &mut self,
        id: ChannelId,
        attention: Attention,
        reactor: &Reactor,
        now: Instant,
    ) -> keepalived_kernel::Result<()> {
        let Some(open) = self.open.get_mut(&id) else {
            return Ok(());
        };
        if open.is_left_alone() {
            open.watch(id, reactor)?;
        }
        open.batches = None;
        if let Attention::InBatches { every, burst, at_once } = attention {
            let most = burst + FLOOD;
            open.socket.grow_receive_buffer(most * ROOM_PER_ADVERT)?;
            open.leave_alone(id, &at_once, reactor)?;
            open.batches = Some(Batches { every, most, at_once, next: now, is_flooded: false });
        }
        Ok(())
    }

    /// When a batch has to be read, or a flood may be over.
    #[must_use]
    pub(super) fn next_batch(&self) -> Option<Instant> {
        self.open.values().filter_map(|open| Some(open.batches.as_ref()?.next)).min()
    }

    /// Reads the batches that are due, or whatever waits for one.
    pub(super) fn read_batches(
        &mut self,
        also_early: bool,
        reactor: &Reactor,
        now: Instant,
        mut handle: impl FnMut(ChannelId, &Received<'_>, Instant),
    ) {
        let is_wanted = |open: &Open| {
            open.batches.as_ref().is_some_and(|batches| batches.next <= now)
                || (also_early && open.is_left_alone())
        };
        let wanted: Vec<ChannelId> =
            self.open.iter().filter(|(_, open)| is_wanted(open)).map(|(id, _)| *id).collect();
        for id in wanted {
            let count = self.receive(id, true, now, |received, at| handle(id, received, at));
            if let Some(open) = self.open.get_mut(&id) {
                open.expect_next(id, count, reactor, now);
            }
        }
    }

    /// Gives the receiving sockets this much room, in bytes; those that are not named keep what they have. One that is
    /// read in batches has room for a batch at least.
    /// Returns what could not be done.
    pub(super) fn resize(&self, room: &HashMap<ChannelId, usize>) -> Vec<String> {
        let named = room.iter().filter_map(|(id, bytes)| Some((self.open.get(id)?, *bytes)));
        let resize = |(open, bytes): (&Open, usize)| {
            open.socket.set_receive_buffer(bytes)?;
            match &open.batches {
                Some(batches) => open.socket.grow_receive_buffer(batches.most * ROOM_PER_ADVERT),
                None => Ok(()),
            }
        };
        named.filter_map(|named| resize(named).err()).map(|error| error.to_string()).collect()
    }

    /// The numbers of the descriptors that receive and send, for dumps.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = (ChannelId, (i32, i32))> + '_ {
        self.open.iter().map(|(id, open)| (*id, open.socket.descriptors()))
    }

    /// Closes the sockets of a channel.
    pub(super) fn close(&mut self, id: ChannelId, reactor: &Reactor) {
        if let Some(open) = self.open.remove(&id) {
            // Closing them would do, unless a duplicate of a descriptor lives on.
            let watched = if open.is_left_alone() { open.socket.bell() } else { open.socket.as_fd() };
            drop(reactor.deregister(watched));
        }
    }

    /// What is behind a reactor token.
    #[must_use]
    pub(super) fn of_token(token: u64) -> Option<Reported> {
        let number = token.checked_sub(FIRST_TOKEN)?;
        let id = u32::try_from(number / 2).ok().map(ChannelId)?;
        Some(if number % 2 == 0 { Reported::Adverts(id) } else { Reported::Bell(id) })
    }

    /// All open channels.
    #[must_use]
    pub(super) fn ids(&self) -> Vec<ChannelId> {
        self.open.keys().copied().collect()
    }

    /// The bell of a channel has been heard.
    pub(super) fn hush(&self, id: ChannelId) {
        if let Some(open) = self.open.get(&id) {
            open.socket.hush();
        }
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
        let Some(Open { socket, .. }) = self.open.get(&id) else {
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

    /// Reads what has arrived on a channel and hands it on, with the time when it came in where the channel is read in
    /// batches. With `drain`, until nothing is left; else a bounded number of adverts, the rest follows in the next turn.
    /// Returns how many there were.
    pub(super) fn receive(
        &mut self,
        id: ChannelId,
        drain: bool,
        now: Instant,
        mut handle: impl FnMut(&Received<'_>, Instant),
    ) -> usize {
        let Some(Open { socket, batches }) = self.open.get(&id) else {
            return 0;
        };
        let longest_wait = batches.as_ref().map(|batches| batches.every);
        let most_batches = if drain { BATCHES_OF_ALL } else { BATCHES_PER_TURN };
        let (mut all, mut limit) = (0, if drain { BATCH } else { self.expected });
        for _ in 0..most_batches {
            // An error is that of the interface: netlink tells the same, and the engine acts on that.
            let count = socket.receive(&mut self.buffers, limit).unwrap_or(0);
            let clocks = longest_wait.map(|longest| (longest, clock::now(), clock::wall()));
            for datagram in self.buffers.iter() {
                let at = match (clocks, datagram.received()) {
                    (Some((longest, now, wall)), Some(at)) => now - wall.saturating_sub(at).min(longest),
                    _ => now,
                };
                match received(&datagram) {
                    Some(received) => handle(&received, at),
                    None => self.malformed += 1,
                }
            }
            all += count;
            self.expected = (count * 2).clamp(2, BATCH);
            if count < limit {
                break;
            }
            limit = self.expected;
        }
        all
    }

    /// Datagrams that could not even be handed to the engine.
    #[must_use]
    pub(super) const fn malformed(&self) -> u64 {
        self.malformed
    }
}

impl Open {
    /// Does the reactor report only what cannot wait?
    fn is_left_alone(&self) -> bool {
        self.batches.as_ref().is_some_and(|batches| !batches.is_flooded)
    }

    /// So many adverts were read: decides when to look again, and whether to be told of every advert meanwhile.
    fn expect_next(&mut self, id: ChannelId, count: usize, reactor: &Reactor, now: Instant) {
        let Some(mut batches) = self.batches.take() else { return };
        let is_flooded = count > batches.most;
        let changed = match (batches.is_flooded, is_flooded) {
            (false, true) => self.watch(id, reactor),
            (true, false) => self.leave_alone(id, &batches.at_once, reactor),
            _ => Ok(()),
        };
        // What the kernel refuses is tried again; until then the channel is read as before.
        if changed.is_ok() {
            batches.is_flooded = is_flooded;
        }
        batches.next = if batches.is_flooded { now + AFTER_FLOOD } else { next_slot(now, batches.every) };
        self.batches = Some(batches);
    }

    /// Has the reactor report every advert.
    fn watch(&self, id: ChannelId, reactor: &Reactor) -> keepalived_kernel::Result<()> {
        reactor.register(self.socket.as_fd(), token(id), Interest::Read)?;
        reactor.deregister(self.socket.bell())?;
        self.socket.ring_for_nothing()?;
        self.socket.set_time_stamps(false)
    }

    /// Has the reactor report only what cannot wait.
    fn leave_alone(
        &self,
        id: ChannelId,
        at_once: &[Vrid],
        reactor: &Reactor,
    ) -> keepalived_kernel::Result<()> {
        self.socket.set_time_stamps(true)?;
        self.socket.ring_for(at_once)?;
        reactor.register(self.socket.bell(), token(id) + 1, Interest::Read)?;
        reactor.deregister(self.socket.as_fd())
    }
}

const fn token(id: ChannelId) -> u64 {
    FIRST_TOKEN + 2 * id.0 as u64
}

/// The next multiple of `every`: channels with the same interval are read together.
fn next_slot(now: Instant, every: Duration) -> Instant {
    let grid = u64::try_from(every.as_nanos()).unwrap_or(u64::MAX).max(1);
    Instant::from_nanos((now.as_nanos() / grid + 1).saturating_mul(grid))
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
