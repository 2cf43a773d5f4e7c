//! A turn of the checker process: what happened goes into the engine, what follows goes out in batches.

mod acting;
mod ending;
mod told;
mod watching;

pub(super) use ending::{Failure, Outcome};

use super::alarm::Alarm;
use super::dumps::Dumps;
use super::inputs::{Input, Source, watch};
use super::marker::{Machine, Marker};
use super::ping_range::PingRange;
use super::programs::Starter;
use super::table::Table;
use super::unfollowed;
use crate::aftermath::Aftermath;
use crate::child;
use crate::fifo::Fifos;
use crate::ipc::{Channel, CheckersSetup, FromCheckers};
use crate::ipvs_place;
use crate::launcher::Launcher;
use crate::log::Logger;
use crate::mail::Mailer;
use crate::process_settings::InForce;
use crate::vrrp::trackers::files::{Files, News};
use keepalived_checks::Context;
use keepalived_kernel::ipvs::Ipvs;
use keepalived_kernel::netlink::{Monitor, ReceiveBuffer};
use keepalived_kernel::signals::{self, Signals};
use keepalived_kernel::{clock, memory, process};
use keepalived_lvs::config::{Config, TrackedFile};
use keepalived_lvs::{CheckId, Engine, Start};
use keepalived_types::{Instant, PriorityWeight};
use keepalived_vrrp::config::{FileTracker, Track};
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

/// How often we look whether somebody else changed the table.
const LOOK: Duration = Duration::from_secs(5);
/// How often, at most, the supervisor is told what a successor has to know.
const STANDING: Duration = Duration::from_secs(1);
/// Checks that are due so soon after others have begun wait for that time, so that they begin together.
const PACE: Duration = Duration::from_millis(3);
/// A check that is due when none has just begun waits for those that ended soon after it the last time, and so are due
/// soon after it again: else it would begin alone.
const COMPANY: Duration = Duration::from_millis(1);
/// A turn that changes the table takes in whatever else the machine has told, so that servers that die together leave in
/// one send to the kernel: until as much has happened as one send holds.
const FULL_TURN: usize = Ipvs::SEND;
/// How long until a socket that took no more is tried again.
const BACKLOG: Duration = Duration::from_millis(20);

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
    alarm: Alarm,
    /// When checks began the last time.
    begun_at: Instant,
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
            dumps: Dumps::new(setup.dumps),
            marker: Marker::new(Machine::new(table.place())),
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
            alarm: Alarm::new()?,
            begun_at: Instant::ORIGIN,
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
        unfollowed::complaints(&setup.lvs).into_iter().for_each(|line| driver.logger.warning(line));
        driver.tell(&FromCheckers::Started);
        Ok(driver)
    }

    /// Runs until the process is told to stop and has done so.
    ///
    /// # Errors
    /// When the machine lets it go on no longer.
    pub(super) async fn run(mut self) -> Result<Outcome, Failure> {
        while !self.is_done() {
            self.alarm.set(self.next_deadline())?;
            let first = self.wait().await;
            let now = clock::now();
            let (mut next, mut happened) = (first, 0);
            while let Some(input) = next {
                self.handle(input, now)?;
                happened += 1;
                next = if happened < FULL_TURN { self.gather().await } else { None };
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
        self.logger.info(child::stopped_line(self.logger.is_detailed()));
        Ok(Outcome::Stopped)
    }

    /// The next thing that happens; `None` when the deadline comes first.
    async fn wait(&mut self) -> Option<Input> {
        poll_fn(|context| {
            // Both are asked: an alarm that is not heeded now would be a turn for nothing.
            let deadline = self.alarm.poll(context).map(|()| None);
            match self.inbox.poll_recv(context) {
                Poll::Pending => deadline,
                happened => happened,
            }
        })
        .await
    }

    /// What else has happened; when the table is to be changed, also what the machine has told already and no attempt has
    /// looked at yet.
    async fn gather(&mut self) -> Option<Input> {
        if let Ok(input) = self.inbox.try_recv() {
            return Some(input);
        }
        if self.engine.table_changes() == 0 {
            return None;
        }
        // Once for the machine to tell, once for the attempts to end.
        for _ in 0..2 {
            tokio::task::yield_now().await;
            if let Ok(input) = self.inbox.try_recv() {
                return Some(input);
            }
        }
        None
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
        let checks = self.checks_begin_at();
        let reading = self.table.is_reading().then_some(now);
        let others = [Some(self.look_at), self.tell_at, self.files.next_deadline(), backlog, reading];
        others.into_iter().chain([checks, self.fifos.next_deadline()]).flatten().min()
    }

    fn checks_begin_at(&self) -> Option<Instant> {
        self.engine.next_deadline().map(|due| (due + COMPANY).max(self.begun_at + PACE))
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Failure> {
        self.fifos.handle_timeout(now).into_iter().for_each(|line| self.logger.info(line));
        if self.stop_by.is_some() {
            return Ok(());
        }
        if self.checks_begin_at().is_some_and(|at| at <= now) {
            self.engine.handle_timeout(now);
        }
        let news = self.files.handle_timeout(now);
        tell_files(news, &mut self.engine, &self.logger, now);
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
