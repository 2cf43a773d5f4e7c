//! One virtual router: its configuration, where it speaks, its state, and what it has heard and sent.

use crate::config::InstanceConfig;
use crate::effect::{ChannelId, EncodedAdvert, InstanceId, WantedNetwork};
use crate::event::{Cause, EventKind, Fault, State, Subject};
use crate::intervals::{master_down_interval, skew_time};
use crate::place::Place;
use crate::snapshot::{ChecksumKind, Counters, InstanceSnapshot};
use crate::state::Role;
use crate::timers::{Due, Timer};
use crate::tracking::Followed;
use crate::world::World;
use keepalived_types::{Instant, Priority, Rare};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// One virtual router.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) id: InstanceId,
    pub(crate) config: Arc<InstanceConfig>,
    /// What it follows: its own trackers, its sync group's, and static addresses of its track groups.
    pub(crate) followed: Rare<Vec<Followed>>,
    /// The sync group it belongs to, by position.
    pub(crate) group: Option<usize>,
    pub(crate) role: Role,
    /// Where it would be without its sync group.
    pub(crate) wanted: State,
    /// Effective priority.
    pub(crate) priority: Priority,
    /// An address owner that gave in to another one: its priority is 254 for the time being.
    pub(crate) has_lowered_itself: bool,
    /// It gave way to others (a switchover), and any of them is its master.
    pub(crate) stands_back: bool,
    /// Its own reasons for FAULT.
    pub(crate) own_faults: Rare<Vec<Fault>>,
    /// These, or else that another member of the group has some.
    pub(crate) faults: Rare<Vec<Fault>>,
    pub(crate) place: Place,
    pub(crate) channel: Option<ChannelId>,
    /// Why the channel failed, until the interface or its addresses change.
    pub(crate) channel_failure: Option<String>,
    pub(crate) heard: Heard,
    pub(crate) output: Output,
    pub(crate) traffic: Traffic,
    /// The others: hardly any instance ever counts one of them.
    pub(crate) counters: Rare<Counters>,
    /// When the present state began.
    pub(crate) since: Instant,
    /// Why.
    pub(crate) cause: Option<Cause>,
}

/// What every instance counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    /// Adverts that were used.
    pub(crate) adverts_received: u64,
    /// Adverts sent.
    pub(crate) adverts_sent: u64,
    /// Transitions to MASTER.
    pub(crate) became_master: u64,
    /// Transitions from MASTER.
    pub(crate) released_master: u64,
}

/// What adverts of others have told.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The last master that was accepted.
    pub(crate) master: Option<(IpAddr, Priority)>,
    /// How the last advert that was believed was summed up.
    pub(crate) checksum: Option<ChecksumKind>,
    /// Kinds of bad adverts that were reported since the state changed or the master did, one bit each.
    pub(crate) reported: u32,
}

impl Heard {
    /// Is this the first of its kind since the state changed or the master did?
    pub(crate) fn is_first(&mut self, kind: u32) -> bool {
        let bit = 1 << kind;
        let first = self.reported & bit == 0;
        self.reported |= bit;
        first
    }
}

/// What is sent.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// The present advert, encoded; `None` after something in it has changed.
    pub(crate) advert: Option<Arc<EncodedAdvert>>,
    /// What was wanted last; `None` when nothing is.
    pub(crate) network: Option<Arc<WantedNetwork>>,
    /// IPv4 identification of the last advert.
    pub(crate) identification: u16,
    /// Peers that use the checksum of old releases (`old_unicast_checksum`).
    pub(crate) old_checksum_peers: BTreeSet<IpAddr>,
}

impl Instance {
    pub(crate) fn new(id: InstanceId, config: Arc<InstanceConfig>, now: Instant) -> Self {
        Self {
            id,
            priority: config.priority,
            config,
            followed: Rare::default(),
            group: None,
            role: Role::Initialize,
            wanted: State::Initialize,
            has_lowered_itself: false,
            stands_back: false,
            own_faults: Rare::default(),
            faults: Rare::default(),
            place: Place::default(),
            channel: None,
            channel_failure: None,
            heard: Heard::default(),
            output: Output::default(),
            traffic: Traffic::default(),
            counters: Rare::default(),
            since: now,
            cause: None,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.role.state()
    }

    pub(crate) fn is_master(&self) -> bool {
        matches!(self.role, Role::Master(_))
    }

    /// Priority 255 in the configuration, whatever it is at the moment (RFC 9568 §5.2.4).
    pub(crate) fn is_address_owner(&self) -> bool {
        self.config.priority.is_owner()
    }

    /// Is its `state MASTER` to be taken at its word? Only an address owner's is (RFC 9568 §6.4.1).
    pub(crate) fn starts_as_master(&self) -> bool {
        self.is_address_owner() && self.config.start_state == crate::config::StartState::Master
    }

    /// Adver_Timer's interval.
    pub(crate) fn own_interval(&self) -> Duration {
        self.config.advert_interval
    }

    /// Skew_Time, where the master sends at this interval.
    pub(crate) fn skew_time(&self, master_interval: Duration) -> Duration {
        skew_time(self.config.version, self.timing_priority(), self.timing_interval(master_interval))
    }

    /// Master_Down_Interval, where the master sends at this interval.
    pub(crate) fn down_interval(&self, master_interval: Duration) -> Duration {
        let interval = self.timing_interval(master_interval);
        master_down_interval(
            self.config.version,
            self.timing_priority(),
            interval,
            self.config.down_timer_adverts,
        )
    }

    /// How long it can do without news of its link: one advert less than makes a backup take over.
    pub(crate) fn longest_link_delay(&self) -> Duration {
        let interval = self.timing_interval(self.role.master_interval().unwrap_or(self.own_interval()));
        (interval * u32::from(self.config.down_timer_adverts.saturating_sub(1)))
            .saturating_sub(interval / 256)
    }

    /// Version 2 knows one interval, which all routers are configured with.
    fn timing_interval(&self, master_interval: Duration) -> Duration {
        match self.config.version {
            keepalived_types::Version::V2 => self.own_interval(),
            keepalived_types::Version::V3 => master_interval,
        }
    }

    /// An owner's timers do not follow a priority it has lowered.
    fn timing_priority(&self) -> Priority {
        if self.is_address_owner() { Priority::OWNER } else { self.priority }
    }

    /// This timer of this instance.
    pub(crate) const fn due(&self, timer: Timer) -> Due {
        Due::Instance(timer, self.id)
    }

    /// Reports something about this instance.
    pub(crate) fn report(&self, world: &mut World, kind: EventKind) {
        world.report(Subject::Instance(self.config.name.clone()), kind);
    }

    /// Changes the state and says so: the one place where that happens.
    pub(crate) fn move_to(&mut self, role: Role, cause: Cause, world: &mut World, now: Instant) {
        let from = self.state();
        debug_assert!(from != role.state() || cause == Cause::Removed, "a state is entered from another one");
        self.role = role;
        self.since = now;
        self.cause = Some(cause.clone());
        self.heard.reported = 0;
        let state = self.state();
        self.wanted = state;
        self.report(world, EventKind::Entered { state, from, cause, priority: self.priority });
        if let Some(channel) = self.channel {
            world.listen_at_once(channel, now);
        }
    }

    /// The instance as an operator sees it.
    pub(crate) fn snapshot(&self, world: &World, group: Option<&str>, now: Instant) -> InstanceSnapshot {
        let addresses = self.config.virtual_addresses.iter().chain(&self.config.excluded_addresses);
        InstanceSnapshot {
            name: self.config.name.clone(),
            vrid: self.config.vrid,
            interface: self.config.interface.as_ref().map(ToString::to_string),
            state: self.state(),
            wanted: self.wanted,
            base_priority: self.config.priority,
            effective_priority: self.priority,
            contributions: crate::tracking::contributions(self, world),
            preempts: self.config.preempt,
            stands_back: self.stands_back,
            peers: self.config.transport.peers().iter().map(|peer| peer.address).collect(),
            group: group.map(str::to_owned),
            addresses: addresses.map(|address| address.prefix).collect(),
            source: self.place.source,
            master: self.heard.master,
            peer_checksum: self.heard.checksum,
            faults: Vec::clone(&self.faults),
            cause: self.cause.clone(),
            in_state_for: now.since(self.since),
            master_interval: self.role.master_interval(),
            addresses_set: self.is_master(),
            master_down_interval: self
                .down_interval(self.role.master_interval().unwrap_or(self.own_interval())),
            counters: Counters {
                adverts_received: self.traffic.adverts_received,
                adverts_sent: self.traffic.adverts_sent,
                became_master: self.traffic.became_master,
                released_master: self.traffic.released_master,
                ..*self.counters
            },
        }
    }
}
