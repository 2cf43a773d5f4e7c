//! The LAN: nodes, segments and one clock. This file is the loop that lets time pass.
//!
//! Whatever happens at a moment happens in this order: first what the agenda holds (packets, netlink news, what the
//! operator has arranged), then the engines' own timers. A driver does the same: it drains its sockets before it
//! lets a timer expire.

mod crash;
mod delivery;
mod effects;
mod interfaces;
mod operator;
mod questions;
mod setup;
mod trackers;

pub use setup::{instance, virtual_address};

use crate::accident::Accidents;
use crate::agenda::{Agenda, Happening};
use crate::node::{Node, NodeId, Pause};
use crate::packet::Packet;
use crate::random::{Random, Seed};
use crate::segment::{Segment, SegmentId, Weather};
use crate::story::Story;
use crate::watch::{Violation, Watch};
use keepalived_types::Instant;
use keepalived_vrrp::{Cause, Engine, State};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// A stall this short is the scheduler's ordinary business and is not reported to the engine.
const UNREMARKABLE_STALL: Duration = Duration::from_millis(50);

/// When a run begins. Not the clock's origin, so that nothing can confuse the two.
const DAWN: Instant = Instant::from_nanos(1_000_000_000_000);

/// A state that an instance entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// When.
    pub at: Instant,
    /// Where.
    pub node: NodeId,
    /// The instance's name.
    pub instance: String,
    /// The state before.
    pub from: State,
    /// The state it entered.
    pub to: State,
    /// Why.
    pub cause: Cause,
}

/// What packets met with. `copies` is always the sum of `lost`, `ignored`, `heard` and what is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Adverts that an engine wanted sent, counted once for each destination.
    pub sent: u64,
    /// Of these, those that could not leave.
    pub stuck: u64,
    /// What was put on the wire by anybody, counted once for each receiver and each duplicate.
    pub copies: u64,
    /// Copies that were lost on the way, by chance, by a partition or because somebody was down.
    pub lost: u64,
    /// Copies that reached a machine where no socket takes them.
    pub ignored: u64,
    /// Copies that reached a process.
    pub heard: u64,
}

/// Nodes, segments and a clock, all made from one seed.
///
/// Verbs such as [`Lan::power_off`] happen at once; [`Lan::run_for`] lets time pass. The watch looks on all the
/// time; the first thing it objects to ends the run.
#[derive(Debug)]
pub struct Lan {
    pub(crate) now: Instant,
    pub(crate) random: Random,
    pub(crate) nodes: Vec<Node>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) agenda: Agenda,
    pub(crate) watch: Watch,
    pub(crate) story: Story,
    pub(crate) transitions: Vec<Transition>,
    pub(crate) traffic: Traffic,
    pub(crate) accidents: Accidents,
    /// Adverts that were on the wire, the last ones of each segment, for somebody to send again.
    pub(crate) recordings: VecDeque<(SegmentId, Arc<Packet>)>,
    /// The longest that a kernel takes to set or remove addresses.
    pub(crate) kernel_delay: Duration,
    /// The process of these nodes is in the middle of something; its watch waits until that is over.
    pub(crate) busy: Option<NodeId>,
}

impl Lan {
    /// One segment with nobody on it.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self {
            now: DAWN,
            random: Random::new(seed),
            nodes: Vec::new(),
            segments: vec![Segment::new(Weather::FAIR)],
            agenda: Agenda::default(),
            watch: Watch::default(),
            story: Story::default(),
            transitions: Vec::new(),
            traffic: Traffic::default(),
            accidents: Accidents::default(),
            recordings: VecDeque::new(),
            kernel_delay: Duration::from_millis(2),
            busy: None,
        }
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Lets time pass.
    ///
    /// # Panics
    /// When the watch objects to something; the message tells the story. [`Lan::try_run_for`] reports it instead.
    pub fn run_for(&mut self, span: Duration) {
        if let Err(violation) = self.try_run_for(span) {
            let story: Vec<String> = self.story().collect();
            panic!("{violation}\nthe story so far:\n{}", story.join("\n"));
        }
    }

    /// Lets time pass until the watch objects to something.
    ///
    /// # Errors
    /// The first [`Violation`]; after one, no time passes any more.
    pub fn try_run_for(&mut self, span: Duration) -> Result<(), Violation> {
        let end = self.now + span;
        while self.watch.is_content() {
            let due = self.next_moment().filter(|at| *at <= end);
            let Some(at) = due else { break };
            // A reload can move a deadline into the past; it is then due at once.
            self.now = self.now.max(at);
            self.step();
        }
        if self.watch.is_content() {
            self.now = end;
        }
        self.watch.verdict()
    }

    /// Runs until everything that can be expected to settle has settled.
    ///
    /// # Panics
    /// As [`Lan::run_for`].
    pub fn settle(&mut self) {
        let span = self.settling_time();
        self.run_for(span);
    }

    fn next_moment(&self) -> Option<Instant> {
        let deadlines = self.nodes.iter().filter_map(Node::next_deadline).min();
        match (self.agenda.next(), deadlines) {
            (Some(agenda), Some(deadline)) => Some(agenda.min(deadline)),
            (agenda, deadline) => agenda.or(deadline),
        }
    }

    /// Does the one thing that is due next.
    fn step(&mut self) {
        if self.agenda.next().is_some_and(|at| at <= self.now) {
            if let Some(happening) = self.agenda.pop() {
                self.happen(happening);
            }
            return;
        }
        let now = self.now;
        let due = self.nodes.iter().position(|node| node.next_deadline().is_some_and(|at| at <= now));
        if let Some(index) = due {
            let node = NodeId(index);
            self.turn(node, Engine::handle_timeout);
            self.check_that_timers_were_handled(node);
            self.look_at(node);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrival { node, segment, packet } => self.arrive(node, segment, packet),
            Happening::Reconcile(node) => self.reconcile(node),
            Happening::Resume(node) => self.resume(node),
            Happening::Respawn(node) => self.respawn(node),
            Happening::CleanUp(node) => self.clean_up(node),
            Happening::RunScript { node, generation, name } => self.run_script(node, generation, name),
            Happening::Carrier { node, segment, is_running } => self.set_link(node, segment, is_running),
            Happening::Inspect => self.inspect(),
        }
    }

    /// Gives an engine one input and performs what it wants done.
    pub(crate) fn turn(&mut self, node: NodeId, input: impl FnOnce(&mut Engine, Instant)) {
        let now = self.clock(node);
        let Some(process) = self.nodes[node.0].process.as_mut() else { return };
        input(&mut process.engine, now);
        self.perform(node);
    }

    /// The monotonic clock of a node.
    pub(crate) fn clock(&self, node: NodeId) -> Instant {
        self.now - self.nodes[node.0].slept
    }

    /// An oversleeping engine would spin: what was due has to be done after one call.
    pub(crate) fn check_that_timers_were_handled(&mut self, node: NodeId) {
        let now = self.now;
        if let Some(at) = self.nodes[node.0].next_deadline().filter(|at| *at <= now) {
            self.object(format!("{node}: handle_timeout({now}) left a deadline at {at}"));
        }
    }

    /// The process goes on: first what has piled up in the meantime, then its timers.
    fn resume(&mut self, node: NodeId) {
        let Some(Pause { since, until, is_sleep }) = self.nodes[node.0].pause else { return };
        if until > self.now {
            return; // The pause was made longer.
        }
        self.nodes[node.0].pause = None;
        let late = self.now.since(since);
        self.story.tell(self.now, || format!("{node} goes on after {late:?}"));
        if is_sleep {
            self.wake(node, late);
        }
        self.disturb_node(node);
        self.busy = Some(node);
        if late > UNREMARKABLE_STALL && !is_sleep {
            self.turn(node, |engine, now| engine.handle_stall(late, now));
        }
        // The clock of a machine that slept stood still.
        let awake = if is_sleep { self.now } else { since };
        self.drain_inbox(node, awake);
        if self.nodes[node.0].next_deadline().is_some_and(|at| at <= self.now) {
            self.turn(node, Engine::handle_timeout);
        }
        self.busy = None;
        self.look_at(node);
    }

    /// The machine slept: it knows nothing of the time that passed, and neither may the watch.
    fn wake(&mut self, node: NodeId, slept: Duration) {
        let owner = &mut self.nodes[node.0];
        owner.slept += slept;
        let Some(process) = owner.process.as_mut() else { return };
        process.delayed_until += slept;
        for shadow in process.shadows.values_mut() {
            shadow.last_sent += slept;
            if let Some((heard, _)) = &mut shadow.rival {
                *heard += slept;
            }
            shadow.preempts_after.iter_mut().for_each(|until| *until += slept);
        }
        process.split_since.values_mut().for_each(|since| *since += slept);
        process.told.sleep(slept);
        process.retries_until.iter_mut().for_each(|until| *until += slept);
    }

    /// The segment of this number.
    pub(crate) fn segment(&mut self, segment: SegmentId) -> &mut Segment {
        while self.segments.len() <= segment.0 {
            self.segments.push(Segment::new(Weather::FAIR));
        }
        &mut self.segments[segment.0]
    }

    /// Reports a breach of what must always hold.
    pub(crate) fn object(&mut self, what: String) {
        self.story.tell(self.now, || format!("!! {what}"));
        self.watch.object(self.now, what);
    }
}
