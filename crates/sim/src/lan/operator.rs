//! What people and accidents do to a LAN. Every verb happens at once.

use super::Lan;
use crate::agenda::Happening;
use crate::machine::link_address;
use crate::node::{NodeId, Pause, RouterKey, Shadow};
use crate::packet::Packet;
use crate::segment::{SegmentId, Weather};
use crate::told::News;
use keepalived_types::Prefix;
use keepalived_vrrp::config::{Config, InstanceConfig};
use keepalived_vrrp::{Channel, Engine};
use std::sync::Arc;
use std::time::Duration;

impl Lan {
    /// Unplugs the first segment's cable.
    pub fn link_down(&mut self, node: NodeId) {
        self.set_link(node, SegmentId(0), false);
    }

    /// Plugs it in again.
    pub fn link_up(&mut self, node: NodeId) {
        self.set_link(node, SegmentId(0), true);
    }

    /// Changes how packets fare on a segment.
    pub fn set_weather(&mut self, segment: SegmentId, weather: Weather) {
        self.story.tell(self.now, || format!("eth{}: {weather:?}", segment.0));
        self.segment(segment).set_weather(weather);
        self.disturb_segment(segment);
    }

    /// Cuts the first segment into parts that do not hear each other; nodes in none of them stay together.
    pub fn partition(&mut self, parts: &[&[NodeId]]) {
        self.partition_of(SegmentId(0), parts);
    }

    /// Cuts a segment into parts.
    pub fn partition_of(&mut self, segment: SegmentId, parts: &[&[NodeId]]) {
        self.story.tell(self.now, || format!("eth{}: cut into {parts:?} and the rest", segment.0));
        self.segment(segment).partition(parts);
        self.disturb_segment(segment);
    }

    /// Loses everything that one node sends to another, in this direction only.
    pub fn deafen(&mut self, segment: SegmentId, from: NodeId, to: NodeId) {
        self.story.tell(self.now, || format!("eth{}: {to} does not hear {from}", segment.0));
        self.segment(segment).deafen(from, to);
        self.disturb_segment(segment);
    }

    /// Ends every partition of a segment.
    pub fn heal(&mut self, segment: SegmentId) {
        self.story.tell(self.now, || format!("eth{}: whole again", segment.0));
        self.segment(segment).heal();
        self.disturb_segment(segment);
    }

    /// The process of a node gets no processor for this long; packets queue up.
    pub fn stall(&mut self, node: NodeId, span: Duration) {
        if self.nodes[node.0].process.is_none() {
            return;
        }
        if self.nodes[node.0].pause.is_some_and(|pause| pause.is_sleep) {
            return;
        }
        self.story.tell(self.now, || format!("{node} is stopped for {span:?}"));
        self.disturb_node(node);
        let until = self.now + span;
        let pause = Pause { since: self.now, until, is_sleep: false };
        let pause = self.nodes[node.0].pause.get_or_insert(pause);
        pause.until = pause.until.max(until);
        let at = pause.until;
        self.agenda.enter(at, Happening::Resume(node));
    }

    /// The machine sleeps, as a virtual one does that is moved to another host: its monotonic clock stands still, and what
    /// is sent to it is lost. Nothing happens to a machine whose process is stopped already, or does not run.
    pub fn sleep(&mut self, node: NodeId, span: Duration) -> bool {
        if !self.nodes[node.0].is_alive() {
            return false;
        }
        self.story.tell(self.now, || format!("{node} sleeps for {span:?}"));
        self.disturb_node(node);
        let until = self.now + span;
        self.nodes[node.0].pause = Some(Pause { since: self.now, until, is_sleep: true });
        self.agenda.enter(until, Happening::Resume(node));
        true
    }

    /// The wall clock of a node jumps. Nothing can follow from it: no engine is ever given that time.
    pub fn step_clock(&mut self, node: NodeId, milliseconds: i64) {
        self.nodes[node.0].wall_error += milliseconds;
        let error = self.nodes[node.0].wall_error;
        self.story.tell(self.now, || format!("{node}: its wall clock is {error} ms off now"));
    }

    /// Somebody sends an advert again that was on a wire some time ago. Returns whether there was one.
    pub fn replay(&mut self, which: usize) -> bool {
        let count = self.recordings.len();
        let Some((segment, packet)) = self.recordings.get(which % count.max(1)).cloned() else {
            return false;
        };
        self.story
            .tell(self.now, || format!("eth{}: an advert of {} is sent again", segment.0, packet.source));
        self.disturb_segment(segment);
        self.broadcast(None, segment, packet);
        true
    }

    /// Somebody removes a virtual address from a node by hand. Returns whether it was there.
    ///
    /// With `no_track` nothing may follow from it, with `dont_track_primary` only that it is put back: then nothing counts
    /// as having happened to the virtual router.
    pub fn remove_address(&mut self, node: NodeId, prefix: Prefix) -> bool {
        let owner = &mut self.nodes[node.0];
        let Some(placed) = owner.machine.virtual_addresses.iter().copied().find(|(_, one)| *one == prefix)
        else {
            return false;
        };
        owner.machine.virtual_addresses.remove(&placed);
        let has = |one: &&InstanceConfig| one.virtual_addresses.iter().any(|line| line.prefix == prefix);
        let instance = owner.config.instances.iter().find(has);
        let is_untracked = instance.is_some_and(|one| {
            one.virtual_addresses.iter().any(|line| line.prefix == prefix && line.no_track)
        });
        let is_put_back = instance.is_some_and(|one| one.dont_track_primary);
        let name = instance.map(|one| one.name.clone());
        let is_paused = owner.pause.is_some();
        if is_untracked {
            owner.machine.given_up.insert(placed);
        }
        owner.is_touched = true;
        self.story.tell(self.now, || format!("{node}: somebody removes {prefix}"));
        if !is_untracked && !is_put_back {
            self.disturb_node(node);
        }
        self.kernel_says(node, News::AddressGone(link_address(placed)));
        let Some(name) = name else { return true };
        if is_paused {
            self.nodes[node.0].inbox.lost.push((name, prefix));
            return true;
        }
        self.report_loss(node, &name, prefix);
        self.look_at(node);
        true
    }

    /// The reconciler finds a wanted address gone and tells the engine.
    pub(super) fn report_loss(&mut self, node: NodeId, name: &str, prefix: Prefix) {
        let Some(process) = self.nodes[node.0].process.as_ref() else { return };
        let named = |id: &&keepalived_vrrp::InstanceId| {
            process.engine.instance(**id).is_some_and(|view| view.config.name == name)
        };
        let wants = |id: &&keepalived_vrrp::InstanceId| {
            process.wanted[*id].addresses.iter().any(|(_, line)| line.prefix == prefix)
        };
        let Some(id) = process.wanted.keys().filter(named).find(wants).copied() else { return };
        self.turn(node, |engine, now| engine.handle_network_lost(id, prefix.address(), now));
    }

    /// Gives a node another configuration. A running process reloads; what concerns unchanged instances is watched.
    /// A stopped process does not hear of it: then nothing is done and the answer is `false`.
    pub fn reload(&mut self, node: NodeId, config: Config) -> bool {
        if self.nodes[node.0].pause.is_some() {
            return false;
        }
        self.story.tell(self.now, || format!("{node} reloads"));
        let old = std::mem::replace(&mut self.nodes[node.0].config, config.clone());
        let kept = |one: &&InstanceConfig| config.instances.contains(one) && moves_alike(&old, &config, one);
        let untouched: Vec<InstanceConfig> = old.instances.iter().filter(kept).cloned().collect();
        let changed = old.instances.iter().chain(&config.instances).filter(|one| !untouched.contains(one));
        let changed: Vec<RouterKey> = changed.filter_map(RouterKey::of).collect();
        for key in config.instances.iter().filter_map(RouterKey::of) {
            self.watch.consider(key, &config);
        }
        self.nodes[node.0].is_touched = true;
        changed.into_iter().for_each(|key| self.disturb(key));
        if self.nodes[node.0].process.is_some() {
            self.reconfigure(node, config, &untouched);
            self.report_trackers(node);
            self.begin_scripts(node);
            self.look_at(node);
        }
        true
    }

    fn reconfigure(&mut self, node: NodeId, config: Config, untouched: &[InstanceConfig]) {
        let now = self.now;
        let clock = self.clock(node);
        let names: Vec<String> = untouched.iter().map(|one| one.name.clone()).collect();
        let channels_before = self.channels(node);
        let Some(process) = self.nodes[node.0].process.as_mut() else { return };
        for instance in config.instances.iter().filter(|one| !names.contains(&one.name)) {
            let shadow = process
                .shadows
                .entry(instance.name.clone())
                .or_insert_with(|| Shadow::new(instance.priority, now));
            shadow.rival = None;
            shadow.last_sent = now;
        }
        process.engine.reconfigure(config, clock);
        let concerned = self.perform(node);
        if let Some(name) = concerned.iter().find(|name| names.contains(name)) {
            self.object(format!("{node} {name}: a reload that does not concern it had an effect"));
        }
        let channels = self.channels(node);
        let listened = |channel: &&Channel| untouched.iter().any(|one| crate::node::listens(one, channel));
        if let Some(lost) =
            channels_before.iter().filter(listened).find(|channel| !channels.contains(channel))
        {
            self.object(format!("{node}: a reload closed {lost:?}, which is still used"));
        }
        let present: Vec<String> =
            self.nodes[node.0].config.instances.iter().map(|one| one.name.clone()).collect();
        if let Some(process) = self.nodes[node.0].process.as_mut() {
            process.shadows.retain(|name, _| present.contains(name));
        }
        self.look_at(node);
    }

    fn channels(&self, node: NodeId) -> Vec<Channel> {
        let process = self.nodes[node.0].process.iter();
        process.flat_map(|process| process.channels.values().cloned()).collect()
    }

    /// A stranger sends something that looks like an advert of `node` and must not be believed: `change` has to see
    /// to that. Does nothing when the node has not sent a whole advert for that virtual router yet.
    pub fn forge(&mut self, node: NodeId, key: RouterKey, ttl: u8, change: impl FnOnce(&mut Vec<u8>)) {
        let Some(packet) = self.sample(node, key).and_then(|packet| packet.forged(ttl, change)) else {
            return;
        };
        self.story.tell(self.now, || format!("a stranger speaks as {node} to {key}"));
        self.broadcast(Some(node), key.segment, Arc::new(packet));
    }

    /// An advert as this node would send it, made from its configuration.
    fn sample(&self, node: NodeId, key: RouterKey) -> Option<Packet> {
        let owner = &self.nodes[node.0];
        let port = owner.machine.ports.get(&key.segment)?;
        let mut config = owner.config.clone();
        config.instances.retain(|one| RouterKey::of(one) == Some(key));
        config.instances.first_mut()?.priority = keepalived_types::Priority::OWNER;
        config.instances.first_mut()?.start_state = keepalived_vrrp::config::StartState::Master;
        config.engine = keepalived_vrrp::config::EngineSettings::default();
        let start = keepalived_vrrp::Start { now: self.now, uptime: Duration::from_secs(1000) };
        let mut engine = Engine::new(config, start);
        let mut link = port.link.clone();
        link.is_running = true;
        let index = link.index;
        engine.handle_link(link, self.now);
        for prefix in &port.own {
            engine.handle_address(link_address((index, *prefix)), self.now);
        }
        engine.handle_topology_complete(self.now);
        std::iter::from_fn(|| engine.poll_effect()).find_map(|effect| match effect {
            keepalived_vrrp::Effect::SendAdvert { advert, .. } => Packet::of(&advert, 0, 1),
            _ => None,
        })
    }
}

/// Does an unchanged instance have the same group, and follow the same things?
fn moves_alike(old: &Config, new: &Config, instance: &InstanceConfig) -> bool {
    let group = |config: &Config| {
        config.sync_groups.iter().find(|group| group.members.contains(&instance.name)).cloned()
    };
    let (before, after) = (group(old), group(new));
    let members = after.iter().flat_map(|group| &group.members);
    let named =
        |config: &Config, name: &String| config.instances.iter().find(|one| one.name == *name).cloned();
    let mates_unchanged = members.into_iter().all(|name| named(old, name) == named(new, name));
    before == after
        && mates_unchanged
        && old.scripts == new.scripts
        && old.files == new.files
        && old.processes == new.processes
}
