//! The engine: inputs in, effects out.

mod adverts;
mod losses;
mod machine;

use crate::announce;
use crate::config::Config;
use crate::effect::{ChannelId, Effect, InstanceId, InstanceView};
use crate::event::{Cause, EventKind, Subject};
use crate::input::{Reading, Start};
use crate::instance::{Instance, Traffic};
use crate::instances::Instances;
use crate::place;
use crate::snapshot::{InstanceSnapshot, Snapshot};
use crate::state::{Role, Step, backup, master};
use crate::statics::Statics;
use crate::sync_group::SyncGroup;
use crate::timers::{Due, Timer};
use crate::tracking::Watched;
use crate::world::World;
use keepalived_types::{Instant, Rare};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

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
