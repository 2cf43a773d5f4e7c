//! The helper thread: the log, notify scripts, the channel to the supervisor. Whatever may block, blocks here.

use super::dumps::{self, Saved};
use super::launcher::Launcher;
use super::messages::{Inbox, Outbox, Settings, ToEngine, ToHelper};
use super::script_queue::{ScriptQueue, Start};
use super::sync_daemon::SyncDaemons;
use super::trackers::{self, Means, Trackers};
use crate::child;
use crate::dump_setup::DumpSetup;
use crate::exec_helper;
use crate::fifo::{FifoSetup, Fifos};
use crate::ipc::{Channel, FromVrrp, ToVrrp, VrrpSetup};
use crate::log::Logger;
use crate::mail::Mailer;
use keepalived_events::{Event, What};
use keepalived_kernel::process::{self, Ending, Pid};
use keepalived_kernel::reactor::{Interest, Reactor, Ready};
use keepalived_kernel::signals::{self, Signals};
use keepalived_kernel::{Result, clock};
use keepalived_surfaces::mail::VrrpMails;
use keepalived_surfaces::{FifoLines, Hooks, Level, invocations, log_lines};
use keepalived_types::Instant;
use keepalived_vrrp::Subject;
use std::os::fd::AsFd;
use std::time::Duration;

const MESSAGES: u64 = 0;
const CHANNEL: u64 = 1;
const CHILDREN: u64 = 2;
const TRACKERS: u64 = 3;

/// How long stop scripts may take before they are ended; the original's figure.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(1);

/// How often, while stopping, we look whether everything has ended.
const LOOK_AT_STOP: Duration = Duration::from_millis(20);

/// Everything the helper thread owns.
pub(super) struct Helper {
    reactor: Reactor,
    inbox: Inbox<ToHelper>,
    outbox: Outbox<ToEngine>,
    channel: Channel,
    /// The supervisor is there.
    connected: bool,
    children: Signals,
    logger: Logger,
    hooks: Hooks,
    scripts: ScriptQueue,
    trackers: Trackers,
    launcher: Launcher,
    fifo_lines: FifoLines,
    fifos: Fifos,
    sync: SyncDaemons,
    dumps: DumpSetup,
    /// How many reloads there have been, for `config_save_dir`.
    reloads: u32,
    /// Readers of FIFOs are told all states after a reload.
    states_on_reload: bool,
    mails: VrrpMails,
    mailer: Mailer,
    /// The end has been asked for, and when patience with scripts ends.
    stop_by: Option<Instant>,
}

/// What the helper thread hears from and speaks to.
pub(super) struct Ends {
    /// The supervisor.
    pub(super) channel: Channel,
    /// SIGCHLD.
    pub(super) children: Signals,
    /// From the engine's thread.
    pub(super) inbox: Inbox<ToHelper>,
    /// To the engine's thread.
    pub(super) outbox: Outbox<ToEngine>,
    /// The kernel's synchronisation daemons.
    pub(super) sync: SyncDaemons,
}

impl Helper {
    /// Takes over what the thread needs. No script has been started yet.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub(super) fn new(setup: &VrrpSetup, ends: Ends, launcher: Launcher, trackers: Trackers) -> Result<Self> {
        let Ends { channel, children, inbox, outbox, sync } = ends;
        let reactor = Reactor::new()?;
        reactor.register(inbox.waker().as_fd(), MESSAGES, Interest::Read)?;
        reactor.register(channel.as_fd(), CHANNEL, Interest::Read)?;
        reactor.register(children.as_fd(), CHILDREN, Interest::Read)?;
        reactor.register(trackers.as_fd(), TRACKERS, Interest::Read)?;
        watch_processes(&reactor, &trackers);
        let mut helper = Self {
            reactor,
            inbox,
            outbox,
            channel,
            connected: true,
            children,
            logger: Logger::new(setup.log.clone()),
            hooks: Hooks::new(&setup.vrrp),
            scripts: ScriptQueue::default(),
            trackers,
            launcher,
            fifo_lines: FifoLines::new(&setup.vrrp),
            fifos: Fifos::default(),
            sync,
            dumps: setup.dumps.clone(),
            reloads: 0,
            states_on_reload: setup.fifo_states_on_reload,
            mails: VrrpMails::new(&setup.vrrp, setup.mail.as_ref().is_some_and(|mail| mail.no_faults)),
            mailer: Mailer::new(setup.mail.clone(), setup.log.clone()),
            stop_by: None,
        };
        helper.open_fifos(&setup.fifos, clock::now());
        let was_master = |name: &str| setup.adopt.iter().any(|adoption| adoption.instance == name);
        helper.sync.configure(setup.sync.as_ref(), was_master, &helper.logger);
        if setup.dumps.at_start {
            dumps::log_configuration(&setup.vrrp, &setup.dumps, &helper.logger);
        }
        Ok(helper)
    }

    /// Runs until the engine's thread says stop and the scripts have ended.
    ///
    /// # Errors
    /// When waiting itself fails.
    pub(super) fn run(mut self) -> Result<()> {
        let mut ready = Vec::new();
        while !self.is_done() {
            let now = self.reactor.wait(self.next_deadline(), Duration::from_millis(1), &mut ready)?;
            for ready in &ready {
                self.handle_ready(*ready, now);
            }
            for start in self.scripts.handle_timeout(now) {
                self.start(start, now);
            }
            let (trackers, mut means) = self.tracking();
            trackers.handle_timeout(&mut means, now);
            let lines = self.fifos.handle_timeout(now);
            self.log_all(lines);
            self.outbox.wake();
            self.watch_backlog();
        }
        self.end_scripts();
        if self.scripts.dropped() > 0 {
            let dropped = self.scripts.dropped();
            self.logger.warning(format!("{dropped} notify scripts were not run: too many waited for others"));
        }
        self.mailer.farewell().into_iter().for_each(|line| self.logger.warning(line));
        self.logger.info(child::stopped_line(self.logger.is_detailed()));
        Ok(())
    }

    fn next_deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.scripts.next_deadline(),
            self.trackers.next_deadline(),
            self.fifos.next_deadline(),
            self.stop_by,
            // Neither the thread of synchronisation daemons nor that of mails tells when it ends.
            self.stop_by.map(|_| clock::now() + LOOK_AT_STOP),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// The trackers, and what they act through.
    fn tracking(&mut self) -> (&mut Trackers, Means<'_>) {
        let means = Means { logger: &self.logger, outbox: &mut self.outbox, launcher: &self.launcher };
        (&mut self.trackers, means)
    }

    fn is_done(&self) -> bool {
        self.stop_by.is_some_and(|by| {
            let told = !self.connected || !self.channel.has_backlog();
            let idle = self.scripts.is_idle()
                && self.mailer.is_idle()
                && self.trackers.alive().next().is_none()
                && self.fifos.readers().next().is_none()
                && self.sync.is_idle();
            (idle && told) || clock::now() >= by
        })
    }

    fn handle_ready(&mut self, ready: Ready, now: Instant) {
        match ready.token {
            MESSAGES => {
                self.inbox.waker().drain();
                while let Some(message) = self.inbox.take() {
                    self.handle_message(message, now);
                }
            }
            CHANNEL => self.handle_channel(now),
            CHILDREN => self.reap(now),
            TRACKERS => {
                let (trackers, mut means) = self.tracking();
                trackers.handle_readable(&mut means, now);
            }
            _ => {}
        }
    }

    fn handle_message(&mut self, message: ToHelper, now: Instant) {
        match message {
            ToHelper::Event(event) => self.handle_event(event, now),
            ToHelper::Log { detail: true, text } => self.logger.detail(text),
            ToHelper::Log { detail: false, text } => self.logger.info(text),
            ToHelper::Started => self.tell(&FromVrrp::Started),
            ToHelper::Reloaded => {
                if self.states_on_reload {
                    let states = self.fifo_lines.states();
                    states.iter().for_each(|line| self.write_fifos(line, now));
                }
                self.tell(&FromVrrp::Reloaded);
            }
            ToHelper::Operated { ticket, outcome } => {
                let outcome = outcome.map_err(|why| why.to_string());
                self.tell(&FromVrrp::Operated { ticket, outcome });
            }
            ToHelper::Snapshot(snapshot) => self.tell(&FromVrrp::Snapshot(snapshot)),
            ToHelper::Dump(dump) => {
                dump.write(&self.dumps, &self.trackers.running_scripts(), &self.logger);
            }
            ToHelper::ReloadRequested => self.tell(&FromVrrp::ReloadRequested),
            ToHelper::Stop => {
                self.stop_by = Some(now + PATIENCE_AT_STOP);
                let (trackers, mut means) = self.tracking();
                trackers.stop(&mut means, now);
                let lines = self.fifos.close(now);
                self.log_all(lines);
                self.sync.stop();
            }
        }
    }

    fn handle_event(&mut self, event: Box<Event>, now: Instant) {
        let What::Vrrp(vrrp) = &event.what else { return };
        for line in log_lines(vrrp) {
            match line.level {
                Level::Normal => self.logger.info(line.text),
                Level::Detail => self.logger.detail(line.text),
            }
        }
        let object = match &vrrp.subject {
            Subject::Instance(name) => format!("instance {name}"),
            Subject::Group(name) => format!("group {name}"),
            Subject::Process => "process".to_owned(),
        };
        for invocation in invocations(&self.hooks, vrrp) {
            if let Some(start) = self.scripts.push(&object, invocation, now) {
                self.start(start, now);
            }
        }
        // Made even when nobody reads: a reload may bring a FIFO whose readers want the states.
        if let Some(line) = self.fifo_lines.line(vrrp) {
            self.write_fifos(&line, now);
        }
        if let Some(line) = self.mails.alert(vrrp).and_then(|alert| self.mailer.send(alert)) {
            self.logger.warning(line);
        }
        // After the notifications, as in the original.
        self.sync.handle_event(vrrp);
        self.tell(&FromVrrp::Event(event));
    }

    fn open_fifos(&mut self, setups: &[FifoSetup], now: Instant) {
        let launcher = &self.launcher;
        let lines = self.fifos.configure(setups, &mut |command, more| launcher.launch(command, more), now);
        self.log_all(lines);
    }

    fn write_fifos(&mut self, line: &str, now: Instant) {
        let lines = self.fifos.write(line, now);
        self.log_all(lines);
    }

    fn log_all(&self, lines: Vec<String>) {
        lines.into_iter().for_each(|line| self.logger.info(line));
    }

    fn start(&mut self, start: Start, now: Instant) {
        let mut next = Some(start);
        while let Some(start) = next.take() {
            let invocation = &start.invocation;
            let pid = match self.launcher.launch(&invocation.command, &invocation.arguments) {
                Ok(pid) => u32::try_from(pid.as_raw_nonzero().get()).ok(),
                Err(error) => {
                    let script = &invocation.command.argv[0];
                    self.logger.alert(format!("Couldn't run script {script}: {error}"));
                    None
                }
            };
            self.scripts.started(&start.object, pid, now);
            if pid.is_none() {
                next = self.scripts.handle_timeout(now).into_iter().next();
            }
        }
    }

    fn reap(&mut self, now: Instant) {
        while self.children.read().is_some() {}
        for (pid, ending) in process::reap() {
            let (trackers, mut means) = self.tracking();
            if trackers.ended(pid, ending, &mut means) {
                continue;
            }
            if let Some(line) = self.fifos.ended(pid, ending) {
                self.log_all(line.into_iter().collect());
                continue;
            }
            if ending == Ending::Exited(i32::from(exec_helper::CANNOT_EXECUTE)) {
                self.logger.alert(format!("script with pid {} could not be executed", pid.as_raw_nonzero()));
            }
            let Ok(pid) = u32::try_from(pid.as_raw_nonzero().get()) else {
                continue;
            };
            if let Some(start) = self.scripts.ended(pid, now) {
                self.start(start, now);
            }
        }
    }

    /// Scripts that are still there get SIGKILL with everything they started: none outlives the daemon.
    fn end_scripts(&mut self) {
        let notified = self.scripts.alive().filter_map(|pid| i32::try_from(pid).ok().and_then(Pid::from_raw));
        for pid in notified.chain(self.trackers.alive()).chain(self.fifos.readers()) {
            // It may have ended a moment ago.
            drop(process::kill_group(pid, signals::KILL));
        }
    }

    fn handle_channel(&mut self, now: Instant) {
        if !self.connected {
            return;
        }
        match self.channel.receive::<ToVrrp>() {
            Ok(received) => {
                for message in received.messages {
                    self.handle_supervisor(message, now);
                }
                if received.closed {
                    self.disconnect();
                }
            }
            Err(error) => {
                self.logger.error(error);
                self.disconnect();
            }
        }
        drop(self.channel.flush());
    }

    /// The supervisor is gone. SIGTERM comes by itself (parent-death signal), and ends us in order.
    fn disconnect(&mut self) {
        self.connected = false;
        drop(self.reactor.deregister(self.channel.as_fd()));
    }

    fn handle_supervisor(&mut self, message: ToVrrp, now: Instant) {
        match message {
            ToVrrp::Reload(mut setup) => {
                self.logger.info("Reloading");
                // Removed instances are told about with the scripts they had.
                self.hooks.add(&setup.vrrp);
                self.fifo_lines.add(&setup.vrrp);
                self.mails.add(&setup.vrrp, setup.mail.as_ref().is_some_and(|mail| mail.no_faults));
                self.mailer.configure(setup.mail.take());
                self.states_on_reload = setup.fifo_states_on_reload;
                self.launcher.set_umask(setup.umask);
                if let Some(line) = trackers::without_unwatched(&mut setup.vrrp) {
                    self.logger.info(line);
                }
                self.save_data("pre");
                self.outbox.put(ToEngine::Settings(Box::new(Settings {
                    process: setup.process.clone(),
                    auto_priority: setup.auto_priority,
                    name: setup.process_name.clone(),
                    netlink: setup.netlink,
                })));
                self.outbox.put(ToEngine::Reload(Box::new(setup.vrrp.clone())));
                self.dumps = setup.dumps.clone();
                self.save_data("post");
                let (trackers, mut means) = self.tracking();
                trackers.configure(&setup, &mut means, now);
                watch_processes(&self.reactor, &self.trackers);
                self.open_fifos(&setup.fifos, now);
                let is_master = |name: &str| self.fifo_lines.is_master(name);
                self.sync.configure(setup.sync.as_ref(), is_master, &self.logger);
            }
            ToVrrp::Snapshot => self.outbox.put(ToEngine::Snapshot),
            ToVrrp::Operate { ticket, order } => self.outbox.put(ToEngine::Operate { ticket, order }),
            ToVrrp::Start(_) => self.logger.error("a second start message from the supervisor was ignored"),
        }
    }

    /// `config_save_dir`: has the data before or after a reload collected.
    fn save_data(&mut self, when: &str) {
        self.reloads += u32::from(when == "pre");
        let Some(directory) = &self.dumps.save_directory else { return };
        let name = format!("keepalived_vrrp.{}.{}.{when}", std::process::id(), self.reloads);
        let saved = Saved { path: directory.join(name), global: self.dumps.global.clone() };
        self.outbox.put(ToEngine::Dump(saved));
    }

    fn tell(&mut self, message: &FromVrrp) {
        if self.connected
            && let Err(error) = self.channel.send(message)
        {
            self.logger.detail(error);
            self.disconnect();
        }
    }

    fn watch_backlog(&mut self) {
        if self.connected {
            let interest = if self.channel.has_backlog() { Interest::ReadWrite } else { Interest::Read };
            drop(self.reactor.modify(self.channel.as_fd(), CHANNEL, interest));
        }
    }
}

/// Watches the descriptor for process events, which comes with the first process tracker.
fn watch_processes(reactor: &Reactor, trackers: &Trackers) {
    if let Some(events) = trackers.process_events() {
        // The only thing that can be wrong with it is that it is watched already.
        drop(reactor.register(events, TRACKERS, Interest::Read));
    }
}
