//! Links, addresses, routes and rules: what the kernel reports goes to the engine, what the engine wants goes to the
//! kernel.

use super::linkbeat::Beat;
use super::reconcile::{Key, Operation, Reconciler};
use super::route_spec::spec_of;
use super::rule_spec::rule_of;
use crate::ipvs_place::room;
use keepalived_config::model::NetlinkBuffers;
use keepalived_kernel::netlink::route::RouteOp;
use keepalived_kernel::netlink::rule::RuleOp;
use keepalived_kernel::netlink::{
    self, Address, AddressOp, AddressSpec, Change, FOREVER, Label, Monitor, NetlinkError, Request, Requests,
    Ticket, flag,
};
use keepalived_types::{Family, IfIndex, InterfaceName, Prefix};
use keepalived_vrrp::config::{AddressConfig, Broadcast, Lifetime};
use keepalived_vrrp::{Announcement, InstanceId, Link, LinkAddress};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The protocol number that marks our addresses: RTPROT_KEEPALIVED.
const MARK: u8 = 18;

/// Announcements that wait until the addresses they are about are there.
#[derive(Debug)]
pub(super) struct Deferred {
    /// Whose.
    pub(super) instance: InstanceId,
    /// What.
    pub(super) announcements: Arc<[Announcement]>,
    /// How often.
    pub(super) rounds: u32,
}

#[derive(Debug)]
struct Batch {
    ticket: Ticket,
    operations: Vec<Operation>,
    deferred: Vec<Deferred>,
}

/// What a turn of the request socket brought.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Announcements that may go now.
    pub(super) announce: Vec<Deferred>,
    /// Addresses that are there now: the monitor does not tell of them.
    pub(super) added: Vec<LinkAddress>,
    /// Operations the kernel refused, and why.
    pub(super) refused: Vec<(Operation, NetlinkError)>,
}

/// The netlink sockets and the reconciler between them.
#[derive(Debug)]
pub(super) struct Network {
    /// Reports.
    pub(super) monitor: Monitor,
    /// Requests.
    pub(super) requests: Requests,
    /// What should be and what is.
    pub(super) reconciler: Reconciler,
    /// The room that the sockets have.
    buffers: NetlinkBuffers,
    watches_routing: bool,
    batches: Vec<Batch>,
    /// Operations and announcements of this turn.
    operations: Vec<Operation>,
    deferred: Vec<Deferred>,
    /// The interfaces as netlink tells them.
    links: HashMap<IfIndex, Link>,
    /// Interfaces whose link is polled, and what was found.
    polled: HashMap<InterfaceName, Option<bool>>,
}

impl Network {
    /// Opens the sockets; dump afterwards.
    ///
    /// # Errors
    /// When the kernel has no rtnetlink or the process no descriptor left.
    pub(super) fn open(buffers: NetlinkBuffers) -> keepalived_kernel::Result<Self> {
        Ok(Self {
            monitor: Monitor::with_receive_buffer(room(buffers.vrrp_monitor))?,
            requests: Requests::with_receive_buffer(room(buffers.vrrp_command))?,
            reconciler: Reconciler::default(),
            buffers,
            watches_routing: false,
            batches: Vec::new(),
            operations: Vec::new(),
            deferred: Vec::new(),
            links: HashMap::new(),
            polled: HashMap::new(),
        })
    }

    /// Gives the sockets the room that the configuration says now.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub(super) fn set_receive_buffers(&mut self, buffers: NetlinkBuffers) -> keepalived_kernel::Result<()> {
        let before = std::mem::replace(&mut self.buffers, buffers);
        if before.vrrp_command != buffers.vrrp_command {
            self.requests.set_receive_buffer(room(buffers.vrrp_command))?;
        }
        if before.vrrp_monitor != buffers.vrrp_monitor {
            self.monitor.set_receive_buffer(room(buffers.vrrp_monitor))?;
        }
        Ok(())
    }

    /// Has the kernel report no addresses that we add: [`Progress::added`] tells of them, a thousand with less work than
    /// their reports would be.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub(super) fn leave_out_own_additions(&self) -> keepalived_kernel::Result<()> {
        self.monitor.leave_out_additions_by(self.requests.port())
    }

    /// Has the kernel report routes and rules, too, from now on. True when it had not before: list them now.
    ///
    /// # Errors
    /// When the kernel refuses, which it has no reason for.
    pub(super) fn watch_routing(&mut self) -> keepalived_kernel::Result<bool> {
        if self.watches_routing {
            return Ok(false);
        }
        self.monitor.watch_routing()?;
        self.watches_routing = true;
        Ok(true)
    }

    /// Reads which of our routes and rules there are. False when something changed meanwhile: look again later.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub(super) fn list_routing(&mut self) -> keepalived_kernel::Result<bool> {
        let marked = self.requests.glance_at_marked()?;
        if marked.is_steady {
            self.reconciler.relist(marked.routes, marked.rules);
        }
        Ok(marked.is_steady)
    }

    /// Routes and rules are wanted, and reported.
    #[must_use]
    pub(super) fn follows_routing(&self) -> bool {
        self.watches_routing && self.reconciler.wants_routing()
    }

    /// The name of an interface.
    #[must_use]
    pub(super) fn name(&self, index: IfIndex) -> Option<&InterfaceName> {
        self.links.get(&index).map(|link| &link.name)
    }

    /// Is the interface there, and switched on?
    #[must_use]
    pub(super) fn is_up(&self, index: IfIndex) -> bool {
        self.links.get(&index).is_some_and(|link| link.is_up)
    }

    /// The MTU of an interface.
    #[must_use]
    pub(super) fn mtu(&self, index: IfIndex) -> Option<u32> {
        self.links.get(&index).map(|link| link.mtu)
    }

    /// Everything there is, as changes, links first.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer.
    pub(super) fn dump(&mut self) -> keepalived_kernel::Result<Vec<Change>> {
        let links = self.requests.dump_links()?;
        let addresses = self.requests.dump_addresses()?;
        let links = links.into_iter().map(Change::LinkChanged);
        Ok(links.chain(addresses.into_iter().map(Change::AddressAdded)).collect())
    }

    /// Interfaces that were known but are not listed.
    #[must_use]
    pub(super) fn missing_from(&self, listed: &[netlink::Link]) -> Vec<IfIndex> {
        let present: HashSet<IfIndex> = listed.iter().map(|link| link.index).collect();
        self.links.keys().copied().filter(|index| !present.contains(index)).collect()
    }

    /// Those of the addresses that are not there any more.
    #[must_use]
    pub(super) fn gone(&self, known: &[Key]) -> Vec<LinkAddress> {
        let gone = known.iter().filter(|key| !self.reconciler.is_present(key));
        gone.map(|key| LinkAddress { index: key.index, prefix: key.prefix, tentative: false }).collect()
    }

    /// Remembers an interface and translates it for the engine; true when it is new, or has another name or MTU.
    /// `None` for a name that no interface can have.
    pub(super) fn learn_link(&mut self, link: &netlink::Link) -> Option<(Link, bool)> {
        let name = InterfaceName::new(&link.name).ok()?;
        let stacked = matches!(link.kind.as_deref(), Some("macvlan" | "ipvlan"));
        let link = Link {
            index: link.index,
            name,
            is_up: link.is_up(),
            is_running: link.is_running(),
            has_multicast: link.is_multicast(),
            has_arp: !link.is_noarp() && link.hardware_type == netlink::HARDWARE_ETHERNET,
            mtu: link.mtu,
            mac: link.hardware_address,
            base: link.parent.filter(|_| stacked && !link.parent_elsewhere),
            vrf_table: link.vrf_table,
        };
        let before = self.links.insert(link.index, link.clone());
        let is_other_place = before.is_none_or(|before| before.name != link.name || before.mtu != link.mtu);
        Some((self.as_polled(link), is_other_place))
    }

    /// Polling has found a link to be there or not. The interface as the engine has to know it now, if there is one.
    pub(super) fn learn_beat(&mut self, (name, is_running): Beat) -> Option<Link> {
        *self.polled.get_mut(&name)? = Some(is_running);
        let link = self.links.values().find(|link| link.name == name)?;
        Some(self.as_polled(link.clone()))
    }

    /// From now on exactly these interfaces are polled. Returns those for which netlink counts again.
    pub(super) fn poll_only(&mut self, names: HashSet<InterfaceName>) -> Vec<Link> {
        let fresh: HashMap<_, _> = names
            .into_iter()
            .map(|name| {
                let found = self.polled.get(&name).copied().flatten();
                (name, found)
            })
            .collect();
        let old = std::mem::replace(&mut self.polled, fresh);
        let dropped = |link: &&Link| old.contains_key(&link.name) && !self.polled.contains_key(&link.name);
        self.links.values().filter(dropped).cloned().collect()
    }

    /// Where a link is polled, the answer counts instead of `IFF_RUNNING`. An interface that the administrator has
    /// switched off stays off.
    fn as_polled(&self, mut link: Link) -> Link {
        if let Some(is_running) = self.polled.get(&link.name).copied().flatten() {
            link.is_running = is_running;
        }
        link
    }

    /// Forgets an interface.
    pub(super) fn forget_link(&mut self, index: IfIndex) {
        self.links.remove(&index);
        self.reconciler.link_vanished(index);
    }

    /// Remembers an address and translates it for the engine.
    pub(super) fn learn_address(&mut self, address: &Address) -> LinkAddress {
        let key = Key { index: address.index, prefix: address.prefix };
        self.reconciler.appeared(key, address.protocol == Some(MARK), address.peer);
        LinkAddress { index: address.index, prefix: address.prefix, tentative: address.is_tentative() }
    }

    /// Forgets an address.
    pub(super) fn forget_address(&mut self, address: &Address) -> LinkAddress {
        self.reconciler.vanished(Key { index: address.index, prefix: address.prefix });
        LinkAddress { index: address.index, prefix: address.prefix, tentative: address.is_tentative() }
    }

    /// Queues operations for this turn's batch.
    pub(super) fn perform(&mut self, operations: Vec<Operation>) {
        self.operations.extend(operations);
    }

    /// Queues announcements behind the operations before them.
    pub(super) fn announce(&mut self, deferred: Deferred) {
        self.deferred.push(deferred);
    }

    /// The instance gives up its addresses: what it still had to announce would be a lie.
    pub(super) fn forget_announcements(&mut self, instance: InstanceId) {
        self.deferred.retain(|deferred| deferred.instance != instance);
        for batch in &mut self.batches {
            batch.deferred.retain(|deferred| deferred.instance != instance);
        }
    }

    /// There is work that no descriptor shows.
    #[must_use]
    pub(super) fn has_work(&self) -> bool {
        self.requests.has_work() || !self.operations.is_empty()
    }

    /// [`Network::turn`] would find nothing to do.
    #[must_use]
    pub(super) fn is_idle(&self) -> bool {
        !self.is_busy() && self.deferred.is_empty() && !self.requests.has_work()
    }

    /// Requests are on their way or waiting.
    #[must_use]
    pub(super) fn is_busy(&self) -> bool {
        !self.batches.is_empty() || !self.operations.is_empty()
    }

    /// Hands this turn's operations to the kernel and takes what it has answered. Never waits.
    ///
    /// # Errors
    /// When the socket is beyond use.
    pub(super) fn turn(&mut self) -> keepalived_kernel::Result<Progress> {
        let mut progress = Progress::default();
        self.start_batch(&mut progress);
        while let Some(finished) = self.requests.poll()? {
            let Some(position) = self.batches.iter().position(|batch| batch.ticket == finished.ticket) else {
                continue;
            };
            let batch = self.batches.remove(position);
            for (operation, outcome) in batch.operations.into_iter().zip(finished.outcomes) {
                let succeeded = outcome.is_ok();
                let is_news = self.reconciler.finished(&operation, succeeded);
                // Those of IPv6 are reported, when duplicate address detection is over.
                if let (true, Operation::Add(Key { index, prefix }, _)) = (succeeded, &operation)
                    && prefix.family() == Family::V4
                {
                    progress.added.push(LinkAddress { index: *index, prefix: *prefix, tentative: false });
                }
                if let Err(error) = outcome
                    && is_news
                    && !is_harmless(&operation, error.errno)
                {
                    progress.refused.push((operation, error));
                }
            }
            progress.announce.extend(batch.deferred);
        }
        Ok(progress)
    }

    fn start_batch(&mut self, progress: &mut Progress) {
        let operations = std::mem::take(&mut self.operations);
        let deferred = std::mem::take(&mut self.deferred);
        if operations.is_empty() {
            // Nothing to wait for, or only for what is on its way already.
            match self.batches.last_mut() {
                Some(batch) => batch.deferred.extend(deferred),
                None => progress.announce.extend(deferred),
            }
            return;
        }
        let ticket = self.requests.start(operations.iter().map(request).collect());
        self.batches.push(Batch { ticket, operations, deferred });
    }
}

/// A removal from an interface that has gone has been done by the kernel.
fn is_harmless(operation: &Operation, errno: i32) -> bool {
    const ENODEV: i32 = 19;
    matches!(operation, Operation::Remove(..)) && errno == ENODEV
}

/// What the kernel has to be asked.
fn request(operation: &Operation) -> Request {
    match operation {
        Operation::Add(key, address) => AddressOp::Add(specification(*key, address)).into(),
        Operation::Remove(key, peer) => {
            AddressOp::Remove(AddressSpec { peer: *peer, ..AddressSpec::new(key.index, key.prefix) }).into()
        }
        Operation::AddRoute(route) => RouteOp::Add(spec_of(route)).into(),
        Operation::RemoveRoute(route) => RouteOp::Remove((**route).clone()).into(),
        Operation::AddRule(rule) => RuleOp::Add(rule_of(rule)).into(),
        Operation::RemoveRule(rule) => RuleOp::Remove((**rule).clone()).into(),
    }
}

/// An address with its options (vrrp reference 4.2).
fn specification(key: Key, address: &AddressConfig) -> AddressSpec {
    let mut spec = AddressSpec::new(key.index, key.prefix);
    spec.protocol = Some(MARK);
    spec.peer = address.options.peer;
    spec.broadcast = address.options.broadcast.and_then(|broadcast| literal_broadcast(key.prefix, broadcast));
    if let Some(scope) = address.options.scope.filter(|_| key.prefix.family() == Family::V4) {
        spec.scope = scope;
    }
    spec.label = address.options.label.as_deref().and_then(Label::new);
    let flags = [
        (address.options.flags.home, flag::HOMEADDRESS),
        (address.options.flags.mngtmpaddr, flag::MANAGETEMPADDR),
        (address.options.flags.noprefixroute, flag::NOPREFIXROUTE),
        (address.options.flags.autojoin, flag::MCAUTOJOIN),
    ];
    spec.flags |= flags.iter().filter(|(set, _)| *set).fold(0, |all, (_, bit)| all | bit);
    if address.options.flags.duplicate_detection {
        spec.flags &= !flag::NODAD;
    }
    spec.preferred_lifetime = match (address.options.preferred_lifetime, key.prefix) {
        (Some(Lifetime::Forever), _) => FOREVER,
        (Some(Lifetime::Seconds(seconds)), _) => seconds,
        // A /128 must not become a source address of other connections.
        (None, prefix) if prefix.family() == Family::V6 && prefix.length() == 128 => 0,
        (None, _) => FOREVER,
    };
    spec
}

fn literal_broadcast(prefix: Prefix, broadcast: Broadcast) -> Option<Ipv4Addr> {
    let IpAddr::V4(address) = prefix.address() else {
        return None;
    };
    let host_bits = u32::MAX.checked_shr(u32::from(prefix.length())).unwrap_or(0);
    match broadcast {
        Broadcast::Address(address) => Some(address),
        Broadcast::HostBitsSet => Some(Ipv4Addr::from_bits(address.to_bits() | host_bits)),
        Broadcast::HostBitsClear => Some(Ipv4Addr::from_bits(address.to_bits() & !host_bits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str, length: u8) -> Key {
        let address = address.parse().expect("a literal address");
        let index = IfIndex::new(2).expect("not zero");
        Key { index, prefix: Prefix::new(address, length).expect("a literal length") }
    }

    #[test]
    fn broadcast_shorthands_fill_the_host_bits() {
        let prefix = key("192.0.2.77", 24).prefix;
        let set = literal_broadcast(prefix, Broadcast::HostBitsSet);
        assert_eq!(set, Some(Ipv4Addr::new(192, 0, 2, 255)));
        let clear = literal_broadcast(prefix, Broadcast::HostBitsClear);
        assert_eq!(clear, Some(Ipv4Addr::new(192, 0, 2, 0)));
    }

    #[test]
    fn an_ipv6_host_address_is_deprecated_from_the_start_unless_asked_otherwise() {
        let host = key("2001:db8::1", 128);
        let mut address = AddressConfig::plain(host.prefix);
        assert_eq!(specification(host, &address).preferred_lifetime, 0);
        address.options.preferred_lifetime = Some(Lifetime::Forever);
        assert_eq!(specification(host, &address).preferred_lifetime, FOREVER);
        let net = key("2001:db8::1", 64);
        let spec = specification(net, &AddressConfig::plain(net.prefix));
        assert_eq!(spec.preferred_lifetime, FOREVER);
        assert_eq!(spec.flags & flag::NODAD, flag::NODAD);
        assert_eq!(spec.protocol, Some(MARK));
    }
}
