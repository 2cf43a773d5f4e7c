//! Performs what an engine wants done, and keeps an eye on it.

use super::{Lan, Transition};
use crate::agenda::Happening;
use crate::machine::link_address;
use crate::node::{NodeId, RouterKey, Shadow};
use crate::told::News;
use crate::watch::transition::is_plausible;
use keepalived_vrrp::{Announcement, Cause, Channel, Effect, Event, EventKind, InstanceId, State, Subject};
use std::time::Duration;

/// So long after a channel could not be opened an engine may still want to try again: its 10 s, and some more.
const LAST_RETRY: Duration = Duration::from_secs(11);

impl Lan {
    /// Drains the effects of an engine. Returns the names of the instances they were about.
    pub(super) fn perform(&mut self, node: NodeId) -> Vec<String> {
        let mut concerned = Vec::new();
        let mut announced = Vec::new();
        while let Some(effect) =
            self.nodes[node.0].process.as_mut().and_then(|process| process.engine.poll_effect())
        {
            if let Some(name) = self.concerned(node, &effect)
                && !concerned.contains(&name)
            {
                concerned.push(name);
            }
            self.nodes[node.0].is_touched |= !matches!(effect, Effect::SendAdvert { .. });
            self.perform_one(node, effect, &mut announced);
        }
        self.check_announcements(node, &announced);
        self.fail_channels(node);
        concerned
    }

    /// The instance that an effect is about.
    fn concerned(&self, node: NodeId, effect: &Effect) -> Option<String> {
        match effect {
            Effect::SendAdvert { instance, .. }
            | Effect::Want { instance, .. }
            | Effect::Announce { instance, .. } => self.name_of(node, *instance),
            Effect::Event(event) => match &event.subject {
                Subject::Instance(name) => Some(name.clone()),
                Subject::Group(_) | Subject::Process => None,
            },
            _ => None,
        }
    }

    fn perform_one(&mut self, node: NodeId, effect: Effect, announced: &mut Vec<(String, Announcement)>) {
        let now = self.now;
        match effect {
            Effect::OpenChannel { id, channel } => {
                if let Some(process) = self.nodes[node.0].process.as_mut() {
                    process.channels.insert(id, channel);
                    process.opened.push(id);
                }
            }
            Effect::CloseChannel(id) => {
                let known =
                    self.nodes[node.0].process.as_mut().is_some_and(|one| one.channels.remove(&id).is_some());
                if !known {
                    self.object(format!("{node}: closes {id:?}, which is not open"));
                }
            }
            // Adverts are handed over as they come, which is always right.
            Effect::Listen { .. } => {}
            Effect::SendAdvert { instance, channel, advert, identification } => {
                if let Some(shadow) = self.shadow_of(node, instance) {
                    shadow.last_sent = now;
                }
                self.transmit(node, channel, &advert, identification);
            }
            Effect::Want { instance, network } => {
                self.story.tell(now, || format!("{node} wants {} addresses", network.addresses.len()));
                let Some(process) = self.nodes[node.0].process.as_mut() else { return };
                process.wanted.insert(instance, network);
                self.reconcile_soon(node);
            }
            Effect::Announce { instance, announcements, .. } => {
                if let Some(name) = self.name_of(node, instance) {
                    announced.extend(announcements.iter().map(|one| (name.clone(), *one)));
                }
            }
            Effect::Event(event) => self.note(node, &event),
            #[allow(
                unreachable_patterns,
                reason = "effects that concern no address and no packet are of no interest"
            )]
            _ => {}
        }
    }

    /// The kernel works off what is wanted, but not at once.
    pub(super) fn reconcile_soon(&mut self, node: NodeId) {
        let delay = self.random.span(Duration::ZERO, self.kernel_delay);
        let at = self.now + delay;
        if let Some(process) = self.nodes[node.0].process.as_mut()
            && !process.reconcile_pending
        {
            process.reconcile_pending = true;
            self.agenda.enter(at, Happening::Reconcile(node));
        }
    }

    /// The kernel has worked it off; the process hears of it by netlink.
    pub(super) fn reconcile(&mut self, node: NodeId) {
        let owner = &mut self.nodes[node.0];
        let Some(process) = owner.process.as_mut().filter(|process| process.reconcile_pending) else {
            return;
        };
        process.reconcile_pending = false;
        owner.is_touched = true;
        let wanted: Vec<_> = process.wanted.values().cloned().collect();
        let changes = owner.machine.reconcile(wanted.iter().map(AsRef::as_ref));
        for placed in changes.added.iter().chain(&changes.removed) {
            let sign = if changes.added.contains(placed) { '+' } else { '-' };
            self.story.tell(self.now, || format!("{node} {sign}{}", placed.1));
        }
        for removed in changes.removed {
            self.kernel_says(node, News::AddressGone(link_address(removed)));
        }
        for added in changes.added {
            self.kernel_says(node, News::Address(link_address(added)));
        }
        self.look_at(node);
    }

    /// The sockets on an interface that does not exist any more cannot be opened.
    fn fail_channels(&mut self, node: NodeId) {
        let owner = &mut self.nodes[node.0];
        let Some(process) = owner.process.as_mut() else { return };
        let is_absent = |channel: &Channel| {
            channel.interface.as_ref().is_some_and(|(index, _)| !owner.machine.has_index(*index))
        };
        let opened = std::mem::take(&mut process.opened);
        let failed = opened.into_iter().filter(|id| process.channels.get(id).is_some_and(is_absent));
        for id in failed.collect::<Vec<_>>() {
            let Some(process) = self.nodes[node.0].process.as_mut() else { return };
            process.channels.remove(&id);
            process.retries_until = Some(self.now + LAST_RETRY);
            self.turn(node, |engine, now| engine.handle_channel_failed(id, "no such device".to_owned(), now));
        }
    }

    /// Writes an event down; a state change is judged.
    fn note(&mut self, node: NodeId, event: &Event) {
        self.story.tell(self.now, || tell(node, event));
        let Subject::Instance(name) = &event.subject else { return };
        let told = match &event.kind {
            EventKind::Entered { state, from, cause, priority } => {
                self.entered(node, name, (*from, *state), cause);
                *priority
            }
            EventKind::PriorityChanged { to, .. } => *to,
            EventKind::FaultRaised(fault) => return self.judge_fault(node, name, fault),
            _ => return,
        };
        if let Some(shadow) = self.nodes[node.0].process.as_mut().and_then(|one| one.shadows.get_mut(name)) {
            shadow.priority = told;
        }
    }

    fn entered(&mut self, node: NodeId, name: &str, (from, to): (State, State), cause: &Cause) {
        let now = self.now;
        let instance = self.nodes[node.0].instance(name).cloned();
        let key = instance.as_ref().and_then(RouterKey::of);
        let Some(process) = self.nodes[node.0].process.as_mut() else { return };
        let shadow = process
            .shadows
            .entry(name.to_owned())
            .or_insert_with(|| Shadow::new(keepalived_types::Priority::DEFAULT, now));
        let before = std::mem::replace(&mut shadow.state, to);
        let rival = shadow.rival.take();
        shadow.preempts_after = None;
        self.transitions.push(Transition {
            at: now,
            node,
            instance: name.to_owned(),
            from,
            to,
            cause: cause.clone(),
        });
        // An instance that a reload takes away is announced as FAULT, also when it was in FAULT already.
        let stays = from == to && *cause != Cause::Removed;
        if before != from || stays {
            self.object(format!(
                "{node} {name}: says it went from {from:?} to {to:?}, but it was {before:?}"
            ));
        }
        if !is_plausible(from, to, cause) {
            self.object(format!("{node} {name}: went from {from:?} to {to:?} because of {cause:?}"));
        }
        if let (Cause::MasterDown { .. }, Some((heard, interval)), Some(instance)) = (cause, rival, instance)
        {
            let patience = interval * u32::from(instance.down_timer_adverts);
            if now < heard + patience {
                self.object(format!("{node} {name}: took over {:?} after a better advert", now.since(heard)));
            }
        }
        if let Some(key) = key.filter(|key| self.watch.is_settled(*key, now)) {
            self.object(format!(
                "{node} {name}: {from:?} to {to:?} though nothing had happened to {key} ({cause:?})"
            ));
        }
    }

    /// Only a master may say where the virtual addresses are; anybody may say where his own is.
    fn check_announcements(&mut self, node: NodeId, announced: &[(String, Announcement)]) {
        for (name, announcement) in announced {
            let owner = &self.nodes[node.0];
            let is_master = owner.state(name) == Some(State::Master);
            if !is_master && owner.machine.segment_of(announcement.address).is_none() {
                self.object(format!(
                    "{node} {name}: announces {} without being MASTER",
                    announcement.address
                ));
            }
        }
    }

    /// The name of an instance that the engine speaks of.
    pub(super) fn name_of(&self, node: NodeId, id: InstanceId) -> Option<String> {
        let process = self.nodes[node.0].process.as_ref()?;
        process.engine.instance(id).map(|view| view.config.name.clone())
    }

    fn shadow_of(&mut self, node: NodeId, id: InstanceId) -> Option<&mut Shadow> {
        let name = self.name_of(node, id)?;
        self.nodes[node.0].process.as_mut()?.shadows.get_mut(&name)
    }
}

/// An event as a line of the story.
fn tell(node: NodeId, event: &Event) -> String {
    match (&event.subject, &event.kind) {
        (Subject::Instance(name), EventKind::Entered { state, from, cause, priority }) => {
            format!("{node} {name}: {from:?} -> {state:?} at priority {priority}, {cause:?}")
        }
        (Subject::Instance(name), kind) => format!("{node} {name}: {kind:?}"),
        (subject, kind) => format!("{node} {subject:?}: {kind:?}"),
    }
}
