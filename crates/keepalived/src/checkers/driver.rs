//! A turn of the checker process: what happened goes into the engine, what follows goes out in batches.

use super::dumps::Dumps;
use super::inputs::{Input, Source, watch};
use super::marker::Marker;
use super::ping_range::PingRange;
use super::programs::Starter;
use super::table::Table;
use crate::aftermath::Aftermath;
use crate::fifo::{FifoSetup, Fifos};
use crate::ipc::{Channel, CheckersSetup, FromCheckers, ToCheckers};
use crate::ipvs_place;
use crate::launcher::Launcher;
use crate::log::Logger;
use crate::mail::Mailer;
use crate::process_settings::InForce;
use crate::vrrp::trackers::files::{Files, News};
use keepalived_checks::Context;
use keepalived_config::model::NetlinkBuffers;
use keepalived_events::{Event, Packed, What};
use keepalived_kernel::netlink::{Change, Monitor, ReceiveBuffer, Requests};
use keepalived_kernel::signals::{self, Signals};
use keepalived_kernel::{clock, memory, process};
use keepalived_lvs::config::{ActiveCheck, Config, TrackedFile};
use keepalived_lvs::{CheckId, Effect, Engine, EventKind, Start};
use keepalived_surfaces::mail::lvs_alert;
use keepalived_surfaces::{Level, lvs_fifo_line, lvs_log_lines};
use keepalived_types::{IfIndex, Instant, PriorityWeight};
use keepalived_vrrp::config::{FileTracker, Track};
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

/// Checks that are due within this time begin together.
const QUANTUM: Duration = Duration::from_millis(4);
/// How often we look whether somebody else changed the table.
const LOOK: Duration = Duration::from_secs(5);
/// The same when there is much to look at.
const LOOK_AT_MUCH: Duration = Duration::from_secs(30);
/// So many services and more are much.
const MUCH: usize = 256;
/// How often, at most, the supervisor is told what a successor has to know.
const STANDING: Duration = Duration::from_secs(1);
/// Scripts that a stop started have so long.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(1);
/// How long until a socket that took no more is tried again.
const BACKLOG: Duration = Duration::from_millis(20);

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// In order.
    Stopped,
}

/// Why the process cannot go on.
#[derive(Debug)]
pub(super) enum Failure {
    /// IPVS is not to be had.
    Ipvs(keepalived_kernel::Error),
    /// The `SSL` block names files that cannot be used.
    Tls(keepalived_checks::TlsError),
    /// The machine is out of something.
    Machine(keepalived_kernel::Error),
    /// The same.
    Io(std::io::Error),
}

impl Failure {
    /// Trying again would not help.
    pub(super) const fn is_fatal(&self) -> bool {
        matches!(self, Self::Ipvs(_) | Self::Tls(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipvs(error) => write!(f, "IPVS: Can't initialize ipvs: {error}"),
            Self::Tls(error) => error.fmt(f),
            Self::Machine(error) => write!(f, "Healthcheck process cannot go on: {error}"),
            Self::Io(error) => write!(f, "Healthcheck process cannot go on: {error}"),
        }
    }
}

impl From<keepalived_kernel::Error> for Failure {
    fn from(error: keepalived_kernel::Error) -> Self {
        Self::Machine(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// The engine and everything it acts through.
pub(super) struct Driver {
    pub(super) engine: Engine,
    pub(super) dumps: Dumps,
    table: Table,
    marker: Marker,
    context: Rc<Context>,
    starter: Starter,
    fifos: Fifos,
    mailer: Mailer,
    /// Attempts under way.
    attempts: HashMap<CheckId, AbortHandle>,
    queue: UnboundedSender<Input>,
    inbox: UnboundedReceiver<Input>,
    channel: Channel,
    connected: bool,
    signals: Signals,
    files: Files,
    monitor: Option<Monitor>,
    monitor_room: ReceiveBuffer,
    ping: PingRange,
    process: InForce,
    pub(super) logger: Logger,
    sequence: u64,
    keep_at_stop: bool,
    aftermath: Aftermath,
    look_at: Instant,
    /// When the supervisor is told, if there is something to tell.
    tell_at: Option<Instant>,
    told_at: Instant,
    stop_by: Option<Instant>,
}

impl Driver {
    /// Opens everything, brings the table up and begins to check.
    ///
    /// # Errors
    /// When there is no IPVS, or something else is missing without which nothing can be checked.
    pub(super) fn new(setup: CheckersSetup, channel: Channel, signals: Signals) -> Result<Self, Failure> {
        let now = clock::now();
        let logger = Logger::new(setup.log.clone());
        let mut process = InForce::new("Healthcheck");
        for complaint in process.change(&setup.process, setup.process_name.as_deref()) {
            logger.warning(complaint);
        }
        logger.detail("Initializing ipvs");
        let mut table = Table::open(&setup.namespace, setup.netlink.lvs_command).map_err(Failure::Ipvs)?;
        let starter = Starter::new(Launcher::new(setup.exec_helper.clone(), setup.umask));
        let context = make_context(&setup.lvs, &starter, &logger)?;
        let (queue, inbox) = unbounded_channel();
        watch(&channel, Source::Channel, queue.clone())?;
        watch(&signals, Source::Signals, queue.clone())?;
        let mut files = Files::new()?;
        watch(&files, Source::Files, queue.clone())?;
        // Without what it knew, the table tells.
        let predecessor = setup.predecessor.and_then(|predecessor| predecessor.unpack().ok());
        let known = predecessor.as_ref().map_or(&[][..], |before| &before.marks);
        let mut engine = Engine::with_marks(setup.lvs.clone(), setup.settings.clone(), now.as_nanos(), known);
        let news = files.configure(&followed(&setup.lvs.files), now);
        tell_files(news, &mut engine, &logger, now);
        let observed = table.read(engine.services()).map_err(Failure::Ipvs)?;
        let timeouts = table.timeouts().map_err(Failure::Ipvs)?;
        let mut driver = Self {
            engine,
            dumps: Dumps::new(&setup.lvs, setup.dumps),
            marker: Marker::new(table.place()),
            table,
            context,
            starter,
            fifos: Fifos::default(),
            mailer: Mailer::new(setup.mail.clone(), setup.log.clone()),
            attempts: HashMap::new(),
            queue,
            inbox,
            channel,
            connected: true,
            signals,
            files,
            monitor: None,
            monitor_room: ipvs_place::room(setup.netlink.lvs_monitor),
            ping: PingRange::default(),
            process,
            logger,
            sequence: 0,
            keep_at_stop: setup.keep_at_stop,
            aftermath: Aftermath::default(),
            look_at: now + LOOK,
            tell_at: Some(now),
            told_at: now,
            stop_by: None,
        };
        driver.open_fifos(&setup.fifos, now);
        driver.follow_addresses(&setup.lvs, now)?;
        driver.widen_ping_range(&setup.lvs);
        let start = Start { observed: Some(observed), successor_of: predecessor, timeouts };
        driver.engine.start(start, now);
        driver.act(now)?;
        driver.log_configuration();
        driver.tell(&FromCheckers::Started);
        Ok(driver)
    }

    /// Runs until the process is told to stop and has done so.
    ///
    /// # Errors
    /// When the machine lets it go on no longer.
    pub(super) async fn run(mut self) -> Result<Outcome, Failure> {
        while !self.is_done() {
            let wait = self.next_deadline().map(|deadline| deadline.since(clock::now()));
            let first = match wait {
                Some(wait) => tokio::time::timeout(wait, self.inbox.recv()).await.ok().flatten(),
                None => self.inbox.recv().await,
            };
            let now = clock::now();
            let mut next = first;
            while let Some(input) = next {
                self.handle(input, now)?;
                next = self.inbox.try_recv().ok();
            }
            self.handle_timeout(now)?;
            self.act(now)?;
            if self.stop_by.is_none() {
                // Not before: what the engine wants and the kernel has not been told yet would be taken for missing.
                self.look_at_table(now)?;
                self.act(now)?;
            }
            self.report_standing(now);
            if self.aftermath.is_due(now) {
                memory::return_free_pages();
            }
        }
        self.starter.signal(signals::KILL);
        for reader in self.fifos.readers() {
            // It may have ended a moment ago.
            drop(process::kill_group(reader, signals::KILL));
        }
        self.mailer.farewell().into_iter().for_each(|line| self.logger.warning(line));
        if let Err(error) = self.ping.restore() {
            self.logger.warning(error);
        }
        self.logger.info(stopped_line(self.logger.is_detailed()));
        Ok(Outcome::Stopped)
    }

    fn is_done(&self) -> bool {
        self.stop_by.is_some_and(|by| {
            let told = !self.connected || !self.channel.has_backlog();
            (self.starter.is_idle() && self.mailer.is_idle() && told) || clock::now() >= by
        })
    }

    fn next_deadline(&self) -> Option<Instant> {
        let now = clock::now();
        let backlog = (self.connected && self.channel.has_backlog()).then(|| now + BACKLOG);
        if let Some(by) = self.stop_by {
            let mails = self.mailer.look_again_after().map(|wait| now + wait);
            return [Some(by), backlog, mails, self.fifos.next_deadline()].into_iter().flatten().min();
        }
        // Rounded up, so that what is due at nearly the same time begins in one turn.
        let checks = self.engine.next_deadline().map(|at| {
            let quantum = u64::try_from(QUANTUM.as_nanos()).unwrap_or(1).max(1);
            Instant::from_nanos(at.as_nanos().div_ceil(quantum).saturating_mul(quantum))
        });
        let reading = self.table.is_reading().then_some(now);
        let others = [Some(self.look_at), self.tell_at, self.files.next_deadline(), backlog, reading];
        others.into_iter().chain([checks, self.fifos.next_deadline()]).flatten().min()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Failure> {
        self.fifos.handle_timeout(now).into_iter().for_each(|line| self.logger.info(line));
        if self.stop_by.is_some() {
            return Ok(());
        }
        self.engine.handle_timeout(now);
        let news = self.files.handle_timeout(now);
        tell_files(news, &mut self.engine, &self.logger, now);
        Ok(())
    }

    /// Whether somebody else changed the table: then it is put right. A large one is read over several turns.
    fn look_at_table(&mut self, now: Instant) -> Result<(), Failure> {
        let is_time = self.look_at <= now;
        if is_time {
            let many = self.engine.services().len() >= MUCH;
            self.look_at = now + if many { LOOK_AT_MUCH } else { LOOK };
            self.marker.look().into_iter().for_each(|line| self.logger.warning(line));
        }
        let read = if self.table.is_restless() {
            self.table.read(self.engine.services()).map(Some)
        } else {
            let begins = is_time && !self.table.is_reading();
            let begun = if begins { self.table.begin_reading(self.engine.services()) } else { Ok(()) };
            begun.and_then(|()| self.table.read_on())
        };
        match read {
            Ok(Some(observed)) => self.engine.handle_table(&observed),
            Ok(None) => {}
            Err(error) => {
                self.logger.error(error);
                self.table.reopen().map_err(Failure::Ipvs)?;
            }
        }
        Ok(())
    }

    fn handle(&mut self, input: Input, now: Instant) -> Result<(), Failure> {
        match input {
            Input::Attempted(check, attempt) => {
                self.attempts.remove(&check);
                self.aftermath.note(1, now);
                for remark in attempt.remarks {
                    self.engine.handle_remark(check, remark);
                }
                self.engine.handle_outcome(check, attempt.outcome, now);
            }
            Input::Readable(Source::Channel) => self.handle_channel(now)?,
            Input::Readable(Source::Signals) => self.handle_signals(now)?,
            Input::Readable(Source::Files) => {
                let news = self.files.handle_events(now);
                tell_files(news, &mut self.engine, &self.logger, now);
            }
            Input::Readable(Source::Addresses) => self.handle_addresses(now)?,
        }
        Ok(())
    }

    fn handle_signals(&mut self, now: Instant) -> Result<(), Failure> {
        while let Some(signal) = self.signals.read() {
            match signal.number {
                signals::TERM => self.stop(now)?,
                signals::RELOAD => self.tell(&FromCheckers::ReloadRequested),
                signals::DATA => self.dump_data(),
                _ => self.reap(),
            }
        }
        Ok(())
    }

    /// Collects programs that have ended, those of checks excepted: each of those is collected by its check.
    fn reap(&mut self) {
        for pid in self.starter.reap() {
            let pid = pid.as_raw_nonzero();
            self.logger.alert(format_args!("script with pid {pid} could not be executed"));
        }
        let readers: Vec<process::Pid> = self.fifos.readers().collect();
        for pid in readers {
            if let Ok(Some(ending)) = process::wait(pid)
                && let Some(Some(line)) = self.fifos.ended(pid, ending)
            {
                self.logger.info(line);
            }
        }
    }

    fn open_fifos(&mut self, setups: &[FifoSetup], now: Instant) {
        let starter = &self.starter;
        let lines = self.fifos.configure(setups, &mut |command, more| starter.launch(command, more), now);
        lines.into_iter().for_each(|line| self.logger.info(line));
    }

    fn stop(&mut self, now: Instant) -> Result<(), Failure> {
        if self.stop_by.is_some() {
            return Ok(());
        }
        self.starter.signal(signals::TERM);
        self.engine.stop(self.keep_at_stop);
        self.act(now)?;
        self.attempts.drain().for_each(|(_, attempt)| attempt.abort());
        self.fifos.close(now).into_iter().for_each(|line| self.logger.info(line));
        self.stop_by = Some(now + PATIENCE_AT_STOP);
        Ok(())
    }

    fn handle_channel(&mut self, now: Instant) -> Result<(), Failure> {
        if !self.connected {
            return Ok(());
        }
        match self.channel.receive::<ToCheckers>() {
            Ok(received) => {
                for message in received.messages {
                    match message {
                        ToCheckers::Reload(setup) => self.reload(*setup, now)?,
                        // Only the VRRP process is asked.
                        ToCheckers::Snapshot | ToCheckers::Operate { .. } | ToCheckers::Start(_) => {}
                    }
                }
                // SIGTERM comes by itself (parent-death signal), and ends us in order.
                self.connected &= !received.closed;
            }
            Err(error) => {
                self.logger.error(error);
                self.connected = false;
            }
        }
        Ok(())
    }

    fn reload(&mut self, setup: CheckersSetup, now: Instant) -> Result<(), Failure> {
        if self.stop_by.is_some() {
            return Ok(());
        }
        self.logger.info("Reloading");
        for complaint in self.process.change(&setup.process, setup.process_name.as_deref()) {
            self.logger.warning(complaint);
        }
        if let Err(error) = self.size_receive_buffers(setup.netlink) {
            self.logger.warning(error);
        }
        self.logger.detail("Reinitializing ipvs");
        self.save_data("pre");
        self.dumps.reload(&setup.lvs, setup.dumps);
        self.starter.set_umask(setup.umask);
        self.open_fifos(&setup.fifos, now);
        self.mailer.configure(setup.mail);
        self.keep_at_stop = setup.keep_at_stop;
        match make_context(&setup.lvs, &self.starter, &self.logger) {
            Ok(context) => {
                context.inherit(&self.context);
                self.context = context;
            }
            // The checks that run go on with what they had; a good file at the next reload mends it.
            Err(error) => self.logger.error(error.to_string()),
        }
        let news = self.files.configure(&followed(&setup.lvs.files), now);
        tell_files(news, &mut self.engine, &self.logger, now);
        self.follow_addresses(&setup.lvs, now)?;
        self.widen_ping_range(&setup.lvs);
        self.engine.reconfigure(setup.lvs, setup.settings, now);
        self.act(now)?;
        self.save_data("post");
        self.tell_at.get_or_insert((self.told_at + STANDING).max(now));
        self.tell(&FromCheckers::Reloaded);
        memory::return_free_pages();
        Ok(())
    }

    fn size_receive_buffers(&mut self, buffers: NetlinkBuffers) -> keepalived_kernel::Result<()> {
        self.table.set_receive_buffer(buffers.lvs_command)?;
        let room = ipvs_place::room(buffers.lvs_monitor);
        let before = std::mem::replace(&mut self.monitor_room, room);
        self.monitor
            .iter()
            .filter(|_| before != room)
            .try_for_each(|monitor| monitor.set_receive_buffer(room))
    }

    fn widen_ping_range(&mut self, config: &Config) {
        if let Err(error) = self.ping.widen(config) {
            self.logger.warning(error);
        }
    }

    /// Begins to follow addresses when somebody minds.
    fn follow_addresses(&mut self, config: &Config, now: Instant) -> Result<(), Failure> {
        let minds = config.virtual_servers.iter().any(|server| server.ha_suspend);
        if self.monitor.is_some() || !minds {
            return Ok(());
        }
        let monitor = Monitor::with_receive_buffer(self.monitor_room)?;
        watch(&monitor, Source::Addresses, self.queue.clone())?;
        self.monitor = Some(monitor);
        self.list_addresses(now)
    }

    fn list_addresses(&mut self, now: Instant) -> Result<(), Failure> {
        let listed: Vec<(IfIndex, IpAddr)> = Requests::open()?
            .dump_addresses()?
            .into_iter()
            .map(|address| (address.index, address.prefix.address()))
            .collect();
        self.engine.handle_addresses(&listed, now);
        Ok(())
    }

    fn handle_addresses(&mut self, now: Instant) -> Result<(), Failure> {
        let Some(monitor) = &mut self.monitor else { return Ok(()) };
        let mut changes = Vec::new();
        while monitor.read(&mut changes)? {}
        for change in changes {
            match change {
                Change::AddressAdded(address) => {
                    self.engine.handle_address_added(address.index, address.prefix.address(), now);
                }
                Change::AddressRemoved(address) => {
                    self.engine.handle_address_removed(address.index, address.prefix.address(), now);
                }
                Change::Overrun => self.list_addresses(now)?,
                Change::LinkChanged(_) | Change::LinkRemoved(_) => {}
                // Not asked for.
                Change::RouteAdded { .. }
                | Change::RouteRemoved(_)
                | Change::RuleAdded(_)
                | Change::RuleRemoved(_) => {}
            }
        }
        Ok(())
    }

    /// Does what the engine wants: the table first, in one batch, then everybody is told.
    fn act(&mut self, now: Instant) -> Result<(), Failure> {
        loop {
            let mut operations = Vec::new();
            let mut markings = Vec::new();
            let mut events = Vec::new();
            let mut idle = true;
            while let Some(effect) = self.engine.poll_effect() {
                idle = false;
                match effect {
                    Effect::RunCheck { check, what, url } => self.begin(check, what, url),
                    Effect::AbandonCheck(check) => {
                        self.attempts.remove(&check).inspect(AbortHandle::abort);
                    }
                    Effect::Table(operation) => operations.push(operation),
                    Effect::Mark(marking) => markings.push(marking),
                    Effect::Event(event) => events.push(*event),
                }
            }
            if idle {
                return Ok(());
            }
            match self.table.execute(operations) {
                Ok(refused) => refused
                    .into_iter()
                    .for_each(|(operation, errno)| self.engine.handle_refusal(operation, errno, now)),
                Err(error) => {
                    self.logger.error(error);
                    self.table.reopen().map_err(Failure::Ipvs)?;
                    self.look_at = now;
                }
            }
            for marking in markings {
                self.marker.set(marking).into_iter().for_each(|line| self.logger.error(line));
            }
            for event in events {
                self.handle_event(event, now);
            }
        }
    }

    fn begin(&mut self, check: CheckId, what: Arc<ActiveCheck>, url: usize) {
        let context = Rc::clone(&self.context);
        let queue = self.queue.clone();
        let attempt = tokio::task::spawn_local(async move {
            let attempt = keepalived_checks::run(&what.probe, url, &context).await;
            // Nobody listens any more when the process ends.
            drop(queue.send(Input::Attempted(check, attempt)));
        });
        self.attempts.insert(check, attempt.abort_handle());
    }

    fn handle_event(&mut self, event: keepalived_lvs::Event, now: Instant) {
        for line in lvs_log_lines(&event) {
            match line.level {
                Level::Normal => self.logger.info(line.text),
                Level::Detail => self.logger.detail(line.text),
            }
        }
        if let Some(line) = lvs_fifo_line(&event) {
            self.fifos.write(&line, now).into_iter().for_each(|line| self.logger.info(line));
        }
        if let Some(setup) = self.mailer.setup()
            && let Some(alert) = lvs_alert(&event, setup.no_checker_emails)
            && let Some(line) = self.mailer.send(alert)
        {
            self.logger.warning(line);
        }
        if let EventKind::RealServerAnnounced { script: Some(script), .. }
        | EventKind::VirtualServerAnnounced { script: Some(script), .. } = &event.kind
            && let Err(error) = self.starter.notify(script)
        {
            let program = script.argv.first().map_or("", String::as_str);
            self.logger.alert(format_args!("Couldn't run script {program}: {error}"));
        }
        if is_change(&event.kind) {
            self.tell_at.get_or_insert((self.told_at + STANDING).max(now));
            self.sequence += 1;
            let event =
                Event { sequence: self.sequence, wall: SystemTime::now(), at: now, what: What::Lvs(event) };
            self.tell(&FromCheckers::Event(Box::new(event)));
        }
    }

    /// Tells the supervisor what a successor has to know, if it is time and something has changed.
    fn report_standing(&mut self, now: Instant) {
        drop(self.channel.flush());
        if self.tell_at.is_some_and(|at| at <= now) && self.stop_by.is_none() {
            self.tell_at = None;
            self.told_at = now;
            let standing = FromCheckers::Standing(Packed::new(&self.engine.snapshot()));
            self.tell(&standing);
        }
    }

    fn tell(&mut self, message: &FromCheckers) {
        if self.connected
            && let Err(error) = self.channel.send(message)
        {
            self.logger.detail(error);
            self.connected = false;
        }
    }
}

/// The event changed what somebody may ask, or a successor has to know.
const fn is_change(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::RealServerAnnounced { .. }
            | EventKind::VirtualServerAnnounced { .. }
            | EventKind::WeightChanged { .. }
            | EventKind::CheckFailed { .. }
            | EventKind::CheckPassed(_)
    )
}

fn make_context(config: &Config, starter: &Starter, logger: &Logger) -> Result<Rc<Context>, Failure> {
    let (context, problems) = Context::new(config, Box::new(starter.clone())).map_err(Failure::Tls)?;
    for problem in problems {
        logger.warning(problem.to_string());
    }
    Ok(Rc::new(context))
}

/// Followed files as the VRRP process's reader of files takes them; who created them is no business of ours.
fn followed(files: &[TrackedFile]) -> Vec<FileTracker> {
    let track = Track { weight: PriorityWeight::FAULT, reverse: false };
    let tracker = |file: &TrackedFile| FileTracker {
        name: file.name.clone(),
        path: file.path.clone(),
        track,
        init: None,
    };
    files.iter().map(tracker).collect()
}

fn tell_files(news: News, engine: &mut Engine, logger: &Logger, now: Instant) {
    news.lines.into_iter().for_each(|line| logger.info(line));
    for (name, value) in news.values {
        engine.handle_file(&name, i64::from(value), now);
    }
}

/// The last line of the process, with its CPU time when details are wanted.
fn stopped_line(detailed: bool) -> String {
    if !detailed {
        return "Stopped".to_owned();
    }
    let used = process::cpu_times().unwrap_or_default();
    format!(
        "Stopped - used (self/children) {:.6}/{:.6} user time, {:.6}/{:.6} system time",
        used.user.as_secs_f64(),
        used.children_user.as_secs_f64(),
        used.system.as_secs_f64(),
        used.children_system.as_secs_f64()
    )
}
