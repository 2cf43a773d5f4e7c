//! The engine: inputs in, effects out.

use crate::acceptance::{self, Candidate, remark};
use crate::announce;
use crate::config::{Config, RouteConfig, RuleConfig};
use crate::effect::{ChannelId, Effect, InstanceId, InstanceView};
use crate::event::{Cause, EventKind, Rejection, Subject};
use crate::input::{Link, LinkAddress, Reading, Received, Start};
use crate::instance::{Instance, Traffic};
use crate::instances::Instances;
use crate::links::LinkChange;
use crate::network;
use crate::place;
use crate::snapshot::{InstanceSnapshot, Snapshot};
use crate::state::{Role, Step, backup, master};
use crate::statics::Statics;
use crate::sync_group::SyncGroup;
use crate::timers::{Due, Timer};
use crate::tracking::Watched;
use crate::world::World;
use keepalived_types::{IfIndex, Instant, Rare, Vrid};
use keepalived_wire::vrrp::HeaderView;
use keepalived_wire::vrrp::v3::ChecksumStyle;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

/// Bytes of an IP authentication header (RFC 2338 §10.2).
const AUTHENTICATION_HEADER_LEN: usize = 24;

/// Room for effects that is kept when they have been taken: the adverts of a slot, and some more.
const EFFECTS_KEPT: usize = 512;

/// How far the engine has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Links and addresses are not all known yet: every instance is in Initialize.
    Learning,
    /// Instances run.
    Running,
    /// Nothing happens any more.
    Stopped,
}

/// All virtual routers of one process: no socket, no clock, no thread.
///
/// Tell it one thing with a `handle_*` method or a plain verb, then drain [`Engine::poll_effect`] until it returns
/// `None`, then wait for more input or for [`Engine::next_deadline`]. `now` must not go backwards; should it do so,
/// timers run late but nothing else breaks.
///
/// A driver begins with `handle_link` and `handle_address` for everything the machine has, optionally
/// [`Engine::adopt`] and [`Engine::stand_back`], then [`Engine::handle_topology_complete`].
#[derive(Debug)]
pub struct Engine {
    /// Without the instances, which have their own parts.
    pub(crate) config: Config,
    pub(crate) world: World,
    pub(crate) instances: Instances,
    pub(crate) groups: Vec<SyncGroup>,
    /// Who has to look again when something changes.
    pub(crate) dependents: HashMap<Watched, Vec<InstanceId>>,
    /// Who has configured this source address.
    pub(crate) sources: HashMap<IpAddr, Vec<InstanceId>>,
    pub(crate) adopted: HashSet<String>,
    pub(crate) statics: Statics,
    pub(crate) start: Start,
    pub(crate) phase: Phase,
    /// Unknown VRIDs that were reported.
    unknown_vrids: BTreeSet<(ChannelId, u8)>,
    unclaimed_adverts: u64,
}

impl Engine {
    /// An engine that knows its configuration and nothing of the machine.
    #[must_use]
    pub fn new(config: Config, start: Start) -> Self {
        let mut engine = Self {
            config: Config::default(),
            world: World::default(),
            instances: Instances::default(),
            groups: Vec::new(),
            dependents: HashMap::new(),
            sources: HashMap::new(),
            adopted: HashSet::new(),
            statics: Statics::default(),
            start,
            phase: Phase::Learning,
            unknown_vrids: BTreeSet::new(),
            unclaimed_adverts: 0,
        };
        engine.reconfigure(config, start.now);
        engine
    }

    /// A link appeared or changed.
    pub fn handle_link(&mut self, link: Link, now: Instant) {
        let index = link.index;
        let change = self.world.links.insert(link);
        self.on_link_change(index, change, now);
    }

    /// A link disappeared, and its addresses with it.
    pub fn handle_link_removed(&mut self, index: IfIndex, now: Instant) {
        let change = self.world.links.remove(index);
        self.world.timers.cancel(Due::LinkDelay(index));
        self.on_link_change(index, change, now);
    }

    /// An address appeared, or is no longer tentative.
    pub fn handle_address(&mut self, address: LinkAddress, now: Instant) {
        if self.world.links.insert_address(address) {
            self.on_address_change(address, now);
        }
    }

    /// An address disappeared.
    pub fn handle_address_removed(&mut self, address: LinkAddress, now: Instant) {
        if self.world.links.remove_address(address) {
            self.on_address_change(address, now);
        }
    }

    /// The first listing of links and addresses has been handed over: instances begin.
    pub fn handle_topology_complete(&mut self, now: Instant) {
        if self.phase != Phase::Learning {
            return;
        }
        self.phase = Phase::Running;
        self.delay_start(now);
        self.claim_statics();
        for id in self.instances.ids() {
            self.refresh(id, now);
        }
    }

    /// A datagram arrived that claims to be VRRP, and did so at `now`, which may be some time ago where the channel is
    /// read in batches. Nothing in it is believed before `acceptance.rs` has looked at it.
    pub fn handle_advertisement(&mut self, channel: ChannelId, received: &Received<'_>, now: Instant) {
        if self.phase != Phase::Running {
            return;
        }
        let start = if received.has_authentication_header { AUTHENTICATION_HEADER_LEN } else { 0 };
        let payload = received.payload.get(start..).unwrap_or_default();
        let vrid = HeaderView::new_checked(payload).ok().and_then(|header| header.vrid());
        let Some(id) = vrid.and_then(|vrid| self.listener(channel, vrid, received.source)) else {
            self.unclaimed_adverts += 1;
            vrid.into_iter().for_each(|vrid| self.on_unknown_vrid(channel, vrid));
            return;
        };
        let step = self.hear(id, &Received { payload, ..*received }, now);
        self.follow(id, step, now);
    }

    /// Everything that is due by `now` happens.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, due)) = self.world.timers.pop(now) {
            match due {
                Due::Instance(timer, id) => self.on_instance_timer(id, timer, at, now),
                Due::Listening(channel) => self.on_settled(channel),
                Due::Announcement(queue) => announce::on_paced(queue, &mut self.world, now),
                Due::StartupDelay => self.on_start_delay_over(now),
                Due::LinkDelay(index) => {
                    let change = self.world.links.delay_is_over(index);
                    self.on_link_change(index, change, now);
                }
                Due::ProcessDelay(number) => {
                    let watched = self.world.observed.process_delay_is_over(number);
                    watched.into_iter().for_each(|watched| self.refresh_dependents(&watched, now));
                }
            }
        }
    }

    /// The driver could not open a channel, or it broke and the driver has closed it. It is opened anew, under another
    /// number, when the interface or its addresses change, and every 10 s.
    pub fn handle_channel_failed(&mut self, channel: ChannelId, reason: String, now: Instant) {
        let users = self.world.channels.fail(channel);
        self.world.timers.cancel(Due::Listening(channel));
        // All users first: what happens to one of them may make another one speak.
        for id in &users {
            if let Some(instance) = self.instances.get_mut(*id) {
                instance.channel = None;
                instance.channel_failure = Some(reason.clone());
                self.world.timers.set(instance.due(Timer::Channel), now + place::RETRY_CHANNEL);
            }
        }
        for id in users {
            self.refresh(id, now);
        }
    }

    /// Somebody else removed an address that is wanted for this instance (vrrp reference 2.10).
    pub fn handle_network_lost(&mut self, instance: InstanceId, address: IpAddr, now: Instant) {
        let id = instance;
        let Some(master) = self.instances.get_mut(id).filter(|instance| instance.is_master()) else {
            return;
        };
        let lost = network::addresses(master, &self.world.links)
            .find(|(_, wanted)| wanted.prefix.address() == address)
            .map(|(index, wanted)| (index, wanted.no_track));
        let Some((index, false)) = lost else { return };
        if master.config.dont_track_primary && index == master.place.link {
            // Its interface may come and go; the address is put back when it can be.
            network::claim(master, &mut self.world);
            return;
        }
        self.on_address_lost(id, Cause::AddressLost(address), now);
    }

    /// Somebody else removed a route that is wanted for this instance, or the kernel did in silence.
    pub fn handle_route_lost(&mut self, instance: InstanceId, route: &RouteConfig, now: Instant) {
        let id = instance;
        let Some(master) = self.instances.get_mut(id).filter(|instance| instance.is_master()) else {
            return;
        };
        if route.no_track || !master.config.virtual_routes.contains(route) {
            return;
        }
        let mut interfaces = route.interfaces();
        if master.config.dont_track_primary
            && interfaces.all(|name| master.config.interface.as_ref() == Some(name))
        {
            // Its interface may come and go; the route is put back when it can be.
            network::claim(master, &mut self.world);
            return;
        }
        self.on_address_lost(id, Cause::RouteLost { destination: route.destination }, now);
    }

    /// Somebody else removed a rule that is wanted for this instance.
    pub fn handle_rule_lost(&mut self, instance: InstanceId, rule: &RuleConfig, now: Instant) {
        let id = instance;
        let is_concerned =
            |master: &&mut Instance| master.is_master() && master.config.virtual_rules.contains(rule);
        if !rule.no_track && self.instances.get_mut(id).filter(is_concerned).is_some() {
            self.on_address_lost(id, Cause::RuleLost { preference: rule.preference }, now);
        }
    }

    /// A script, file, process tracker or BFD session of this name has news.
    pub fn handle_tracker(&mut self, name: &str, reading: Reading, now: Instant) {
        let watched = self.world.observed.read(name, reading, &mut self.world.timers, now);
        watched.into_iter().for_each(|watched| self.refresh_dependents(&watched, now));
    }

    /// The process was scheduled `late` although a timer was due. Call it before anything that piled up meanwhile is
    /// handed over: an answer to such an advert would hide for how long we were silent. Then drain the sockets, and only
    /// then call [`Engine::handle_timeout`].
    pub fn handle_stall(&mut self, late: Duration, now: Instant) {
        self.world.report(Subject::Process, EventKind::Stalled(late));
        for id in self.instances.ids() {
            let Some(instance) = self.instances.get_mut(id) else {
                continue;
            };
            if master::was_replaced(instance, now) {
                let entry = backup::Entry::whole(instance);
                let cause = Cause::SchedulingDelay(late);
                master::step_down(instance, entry, false, cause, &mut self.world, now);
                self.follow(id, Step::Yielded, now);
            }
        }
    }

    /// These instances were MASTER in a process that was killed, and their addresses are still there: they go on as
    /// MASTER when the topology is complete, which must not be long after.
    pub fn adopt(&mut self, names: &[String], _now: Instant) {
        if self.phase == Phase::Learning {
            self.adopted.extend(names.iter().cloned());
        }
    }

    /// Gives up every role: priority 0 from each MASTER, no addresses wanted. Nothing happens afterwards.
    pub fn stop(&mut self, now: Instant) {
        if self.phase == Phase::Stopped {
            return;
        }
        self.phase = Phase::Stopped;
        for id in self.instances.ids() {
            let Some(instance) = self.instances.get_mut(id) else {
                continue;
            };
            master::leave(instance, true, &mut self.world).tell(instance, &mut self.world);
            instance.move_to(Role::Stopped, Cause::Stopping, &mut self.world, now);
        }
        for id in self.instances.ids() {
            self.announce_group_of(id);
        }
        self.withdraw_statics();
        self.world.timers.clear();
    }

    /// Sets all counters to 0; nothing else changes.
    pub fn reset_counters(&mut self) {
        self.unclaimed_adverts = 0;
        for id in self.instances.ids() {
            if let Some(instance) = self.instances.get_mut(id) {
                instance.traffic = Traffic::default();
                instance.counters = Rare::default();
            }
        }
    }

    /// The next thing to do, in order; `None` when there is nothing left.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        let effect = self.world.effects.pop_front();
        if effect.is_none() && self.world.effects.capacity() > EFFECTS_KEPT {
            // Thousands of instances that move together: that much is not needed again soon.
            self.world.effects = VecDeque::new();
        }
        effect
    }

    /// When [`Engine::handle_timeout`] has to be called: never after the next timer is due, sometimes before, for a
    /// timer that was moved back is only noticed then. `None` when nothing is waited for.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.world.timers.next()
    }

    /// No master is believed to be down before this. What has been received must have been handed over before
    /// [`Engine::handle_timeout`] is called with this time or a later one: it may prolong the wait.
    #[must_use]
    pub fn next_master_down(&self) -> Option<Instant> {
        self.world.timers.next_master_down()
    }

    /// How many deadlines are set, and how many entries are kept for them: for whoever watches that none leaks.
    #[must_use]
    pub fn deadline_counts(&self) -> (usize, usize) {
        (self.world.timers.set_count(), self.world.timers.queued_count())
    }

    /// Everything an operator can ask.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Snapshot {
        let instances = self.instances.iter().map(|instance| self.describe(instance, now)).collect();
        let groups = self.group_snapshots();
        let maintenance = self.world.is_in_maintenance;
        Snapshot { instances, maintenance, groups, unclaimed_adverts: self.unclaimed_adverts }
    }

    pub(crate) fn describe(&self, instance: &Instance, now: Instant) -> InstanceSnapshot {
        let group = instance.group.and_then(|position| self.groups.get(position));
        instance.snapshot(&self.world, group.map(|group| group.name.as_str()), now)
    }

    /// The configuration in force.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// An instance, as long as it is configured.
    #[must_use]
    pub fn instance(&self, id: InstanceId) -> Option<InstanceView<'_>> {
        let instance = self.instances.get(id)?;
        Some(InstanceView {
            config: &instance.config,
            state: instance.state(),
            channel: instance.channel,
            link: instance.place.link,
        })
    }

    /// All instances in the order of the configuration.
    #[must_use]
    pub fn instance_ids(&self) -> Vec<InstanceId> {
        self.instances.ids()
    }

    fn on_link_change(&mut self, index: IfIndex, change: LinkChange, now: Instant) {
        let LinkChange { names, usable, delayed, reverted, addresses } = change;
        let due = Due::LinkDelay(index);
        if reverted || usable.is_some() {
            self.world.timers.cancel(due);
        }
        if let Some(delay) = delayed.filter(|_| self.world.timers.deadline(due).is_none()) {
            let longest = self.longest_link_delay(index);
            self.world.timers.set(due, now + longest.map_or(delay, |longest| delay.min(longest)));
        }
        let name =
            self.world.links.get(index).map(|link| link.name.clone()).or_else(|| names.first().cloned());
        if let (Some(up), Some(name), Phase::Running) = (usable, name, self.phase)
            && self.dependents.contains_key(&Watched::Interface(name.clone()))
        {
            let interface = name.to_string();
            self.world.report(Subject::Process, EventKind::InterfaceChanged { interface, up });
        }
        self.move_statics(&names);
        for name in names {
            self.refresh_dependents(&Watched::Interface(name), now);
        }
        for ip in addresses {
            self.refresh_senders(ip, now);
        }
    }

    /// No change of a link may be believed later than a backup on it would take over (`interface_up_down_delays`).
    fn longest_link_delay(&self, index: IfIndex) -> Option<Duration> {
        let name = self.world.links.get(index)?.name.clone();
        let instances = self.dependents.get(&Watched::Interface(name.clone()))?.iter();
        let instances = instances.filter_map(|id| self.instances.get(*id));
        let on_it = instances.filter(|instance| instance.config.interface.as_ref() == Some(&name));
        on_it.map(Instance::longest_link_delay).min()
    }

    fn on_address_change(&mut self, address: LinkAddress, now: Instant) {
        let ip = address.prefix.address();
        self.refresh_senders(ip, now);
        // A virtual address is never chosen as a source: a thousand of them coming and going concern nobody.
        if self.world.links.is_virtual(ip) {
            return;
        }
        let name = self.world.links.get(address.index).map(|link| link.name.clone());
        name.into_iter().for_each(|name| self.refresh_dependents(&Watched::Interface(name), now));
    }

    /// Those whose configured source it is, wherever on the machine it may be.
    fn refresh_senders(&mut self, source: IpAddr, now: Instant) {
        if let Some(ids) = self.sources.get(&source).cloned() {
            self.retry_and_refresh(&ids, now);
        }
    }

    fn refresh_dependents(&mut self, watched: &Watched, now: Instant) {
        if let Some(ids) = self.dependents.get(watched).cloned() {
            self.retry_and_refresh(&ids, now);
        }
    }

    /// Lets instances look again; a channel that failed before may work now.
    fn retry_and_refresh(&mut self, ids: &[InstanceId], now: Instant) {
        if self.phase != Phase::Running {
            return;
        }
        for id in ids {
            if let Some(instance) = self.instances.get_mut(*id) {
                instance.channel_failure = None;
                self.refresh(*id, now);
            }
        }
    }

    /// The instance a datagram is for. Unicast instances may share a VRID when their peers differ.
    fn listener(&self, channel: ChannelId, vrid: Vrid, source: IpAddr) -> Option<InstanceId> {
        let listeners = self.world.channels.listeners(channel, vrid);
        let knows =
            |id: &&InstanceId| self.instances.get(**id).is_some_and(|one| one.config.has_peer(source));
        match listeners {
            [] => None,
            [only] => Some(*only),
            several => several.iter().find(knows).or(several.first()).copied(),
        }
    }

    fn on_unknown_vrid(&mut self, channel: ChannelId, vrid: Vrid) {
        if self.config.engine.log_unknown_vrids && self.unknown_vrids.insert((channel, vrid.get())) {
            let place = self.world.channels.get(channel).and_then(|channel| channel.interface.as_ref());
            let interface = place.map(|(_, name)| name.to_string());
            self.world.report(Subject::Process, EventKind::UnknownVrid { vrid: vrid.get(), interface });
        }
    }

    /// Judges an advert and hands it to the state.
    fn hear(&mut self, id: InstanceId, received: &Received<'_>, now: Instant) -> Step {
        let world = &mut self.world;
        let Some(instance) = self.instances.get_mut(id) else {
            return Step::Stay;
        };
        let is_backup = matches!(instance.role, Role::Backup(_));
        if world.is_start_delayed || !(is_backup || instance.is_master()) {
            instance.counters.not_listening += 1;
            return Step::Stay;
        }
        let from_known_master = instance.heard.master.is_some_and(|(master, _)| master == received.source);
        let candidate = Candidate {
            config: &instance.config,
            advertised: instance.place.advertised,
            skips_address_check: is_backup
                && instance.config.skip_check_advert_addresses
                && from_known_master,
            received,
        };
        let advert = match acceptance::judge(&candidate) {
            Ok(advert) => advert,
            Err(rejection) => {
                reject(instance, received.source, rejection, world);
                return Step::Stay;
            }
        };
        instance.traffic.adverts_received += 1;
        instance.heard.checksum = advert.checksum.map(Into::into);
        if advert.priority.is_release() {
            instance.counters.releases_received += 1;
        }
        let step = if is_backup {
            backup::on_advertisement(instance, &advert, world, now)
        } else {
            master::on_advertisement(instance, &advert, world, now)
        };
        // Afterwards, because a new master lets everything be said anew.
        comment(instance, &advert, world);
        step
    }

    fn on_instance_timer(&mut self, id: InstanceId, timer: Timer, at: Instant, now: Instant) {
        let Some(instance) = self.instances.get_mut(id) else {
            return;
        };
        match (timer, &instance.role) {
            (Timer::Channel, _) => self.on_channel_timer(id, now),
            (Timer::Advert, Role::Master(_)) => master::on_advert_timer(instance, at, &mut self.world, now),
            (Timer::MasterDown, Role::Backup(_)) => {
                let step = backup::on_master_down(instance, &mut self.world, now);
                self.follow(id, step, now);
            }
            (_, Role::Master(_)) => announce::on_timer(instance, timer, at, &mut self.world, now),
            _ => {}
        }
    }
}

/// Counts an advert that is not used, and says so the first time.
fn reject(instance: &mut Instance, from: IpAddr, reason: Rejection, world: &mut World) {
    acceptance::count(&mut instance.counters, &reason);
    if instance.heard.is_first(acceptance::kind(&reason)) {
        instance.report(world, EventKind::Rejected { from, reason });
    }
}

/// Says what is odd about an advert that is used all the same.
fn comment(instance: &mut Instance, advert: &acceptance::Advert, world: &mut World) {
    let from = advert.from;
    if let Some(received) = advert.other_addresses {
        instance.counters.address_list_errors += 1;
        let expected = instance.place.advertised;
        if instance.heard.is_first(remark::ADDRESSES) {
            instance.report(world, EventKind::AddressListDiffers { from, expected, received });
        }
    }
    let ours = instance.own_interval();
    if let Some(received) = advert.interval.filter(|interval| *interval != ours)
        && instance.heard.is_first(remark::INTERVAL)
    {
        instance.report(world, EventKind::IntervalDiffers { from, ours, received });
    }
    remember_checksum(instance, advert);
}

/// A unicast peer that sums like old releases is answered in kind; another one is not (vrrp reference D9).
fn remember_checksum(instance: &mut Instance, advert: &acceptance::Advert) {
    if !instance.config.has_peer(advert.from) {
        return; // Nothing is sent there, and strangers may be many.
    }
    let peers = &mut instance.output.old_checksum_peers;
    let changed = match advert.checksum {
        Some(ChecksumStyle::GroupPseudoHeader) => peers.insert(advert.from),
        Some(ChecksumStyle::PseudoHeader) => peers.remove(&advert.from),
        Some(ChecksumStyle::PduOnly) | None => false,
    };
    if changed {
        instance.output.advert = None;
    }
}
