//! One node: a machine, and on it the process under test or the place where it was.

use crate::machine::Machine;
use crate::packet::Packet;
use crate::segment::SegmentId;
use crate::told::{News, Told};
use crate::tracked::Truth;
use keepalived_types::{Family, Instant, Prefix, Priority, Vrid};
use keepalived_vrrp::config::{Config, InstanceConfig, Transport};
use keepalived_vrrp::{Channel, ChannelAddress, ChannelId, Engine, InstanceId, State, WantedNetwork};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A node by its number, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// Letters as in the scenarios: `a` is the first.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u8::try_from(self.0) {
            Ok(number) if number < 26 => write!(f, "{}", char::from(b'a' + number)),
            _ => write!(f, "n{}", self.0),
        }
    }
}

/// A virtual router: what all nodes that share it have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouterKey {
    /// Where it is.
    pub segment: SegmentId,
    /// Its number.
    pub vrid: Vrid,
    /// Its family.
    pub family: Family,
}

impl fmt::Display for RouterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "virtual router {} ({}) on eth{}", self.vrid, self.family, self.segment.0)
    }
}

impl RouterKey {
    /// The virtual router of an instance; `None` when it names no interface that is plugged into a segment.
    #[must_use]
    pub fn of(instance: &InstanceConfig) -> Option<Self> {
        let number = instance.interface.as_ref()?.strip_prefix("eth")?.parse().ok()?;
        Some(Self { segment: SegmentId(number), vrid: instance.vrid, family: instance.family })
    }
}

/// What the watch knows about one instance of a process, from outside.
#[derive(Clone, Debug)]
pub(crate) struct Shadow {
    pub(crate) state: State,
    /// The effective priority, as events told.
    pub(crate) priority: Priority,
    /// The last advert that was not a release.
    pub(crate) last_sent: Instant,
    /// Adverts that were given to the engine for it.
    pub(crate) handed_over: u64,
    /// When the last advert of at least its own priority came, and the interval it promised.
    pub(crate) rival: Option<(Instant, Duration)>,
    /// `preempt_delay`: up to this moment lower priorities count as well, once one has been heard.
    pub(crate) preempts_after: Option<Instant>,
}

impl Shadow {
    pub(crate) const fn new(priority: Priority, now: Instant) -> Self {
        let (rival, preempts_after) = (None, None);
        Self { state: State::Initialize, priority, last_sent: now, handed_over: 0, rival, preempts_after }
    }
}

/// A process with what its driver keeps for it.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) engine: Engine,
    pub(crate) channels: BTreeMap<ChannelId, Channel>,
    /// Those that were opened since somebody looked whether they could be.
    pub(crate) opened: Vec<ChannelId>,
    pub(crate) wanted: BTreeMap<InstanceId, Arc<WantedNetwork>>,
    /// The reconciler has work to do.
    pub(crate) reconcile_pending: bool,
    pub(crate) shadows: BTreeMap<String, Shadow>,
    /// Until then adverts are thrown away and nobody becomes MASTER.
    pub(crate) delayed_until: Instant,
    /// Adverts that were given to the engine and are for nobody.
    pub(crate) unclaimed: u64,
    /// Scripts that are run again and again.
    pub(crate) scripts: BTreeSet<String>,
    /// Since when members of a sync group have been in different states.
    pub(crate) split_since: BTreeMap<String, Instant>,
    /// What it knows of the machine.
    pub(crate) told: Told,
    /// Until then deadlines may be left of channels that could not be opened.
    pub(crate) retries_until: Option<Instant>,
}

/// What waits for a process that does not run at the moment.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) trackers_changed: bool,
    pub(crate) packets: VecDeque<(SegmentId, Arc<Packet>)>,
    pub(crate) news: VecDeque<News>,
    pub(crate) lost: Vec<(String, Prefix)>,
}

/// A stopped process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    /// The machine sleeps, and its clock with it.
    pub(crate) is_sleep: bool,
    pub(crate) since: Instant,
    pub(crate) until: Instant,
}

/// What became of a process that was killed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Legacy {
    /// The instances that were MASTER.
    pub(crate) masters: Vec<String>,
    /// From here on others have taken over.
    pub(crate) adopt_until: Option<Instant>,
}

/// One node.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) config: Config,
    pub(crate) machine: Machine,
    pub(crate) process: Option<Process>,
    pub(crate) is_powered: bool,
    pub(crate) booted: Instant,
    pub(crate) pause: Option<Pause>,
    pub(crate) inbox: Inbox,
    pub(crate) legacy: Option<Legacy>,
    /// How long the machine has slept in all: its monotonic clock is behind by so much.
    pub(crate) slept: Duration,
    /// What trackers find.
    pub(crate) truth: Truth,
    /// Counts processes, so that what was arranged for one does not happen to the next.
    pub(crate) generation: u64,
    /// Something was done since somebody looked at its addresses.
    pub(crate) is_touched: bool,
    /// How far the wall clock is off, in milliseconds. Only the story tells: engines are never given that time.
    pub(crate) wall_error: i64,
}

impl Node {
    pub(crate) fn new(machine: Machine, config: Config) -> Self {
        Self {
            config,
            machine,
            process: None,
            is_powered: false,
            booted: Instant::ORIGIN,
            pause: None,
            inbox: Inbox::default(),
            legacy: None,
            slept: Duration::ZERO,
            truth: Truth::default(),
            generation: 0,
            is_touched: false,
            wall_error: 0,
        }
    }

    /// Is there a process, and does it get the processor?
    pub(crate) const fn is_alive(&self) -> bool {
        self.process.is_some() && self.pause.is_none()
    }

    /// When its engine wants to be called.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        if self.pause.is_some() {
            return None;
        }
        self.process.as_ref()?.engine.next_deadline().map(|at| at + self.slept)
    }

    /// The configuration of an instance.
    pub(crate) fn instance(&self, name: &str) -> Option<&InstanceConfig> {
        self.config.instances.iter().find(|instance| instance.name == name)
    }

    /// The instance of a virtual router.
    pub(crate) fn member(&self, key: RouterKey) -> Option<&InstanceConfig> {
        self.config.instances.iter().find(|instance| RouterKey::of(instance) == Some(key))
    }

    /// The state of an instance, as its events told.
    pub(crate) fn state(&self, name: &str) -> Option<State> {
        self.process.as_ref()?.shadows.get(name).map(|shadow| shadow.state)
    }

    /// The virtual addresses that belong on the machine by the states and the configuration, not by what the
    /// engine asked for.
    pub(crate) fn rightful_addresses(&self) -> BTreeSet<crate::machine::Placed> {
        let masters =
            self.config.instances.iter().filter(|instance| self.state(&instance.name) == Some(State::Master));
        let mut addresses = BTreeSet::new();
        for instance in masters {
            let port = instance.interface.as_ref().and_then(|name| self.machine.named(name));
            let Some(index) = port.map(|port| port.link.index) else { continue };
            let lines = instance.virtual_addresses.iter().chain(&instance.excluded_addresses);
            addresses.extend(lines.map(|line| (index, line.prefix)));
        }
        addresses
    }
}

/// Does an instance listen on this channel?
pub(crate) fn listens(instance: &InstanceConfig, channel: &Channel) -> bool {
    let same_place = channel.interface.as_ref().map(|(_, name)| name) == instance.interface.as_ref();
    let same_kind = match channel.address {
        ChannelAddress::Group(group) => {
            matches!(instance.transport, Transport::Multicast { group: ours, .. } if ours == group)
        }
        ChannelAddress::Local(_) => matches!(instance.transport, Transport::Unicast { .. }),
    };
    channel.family == instance.family && same_place && same_kind
}
