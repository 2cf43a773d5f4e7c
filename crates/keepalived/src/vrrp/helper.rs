//! The helper thread: the log, notify scripts, the channel to the supervisor. Whatever may block, blocks here.

use super::messages::{Inbox, Outbox, ToEngine, ToHelper};
use super::script_queue::{ScriptQueue, Start};
use crate::exec_helper;
use crate::ipc::{Channel, FromVrrp, ToVrrp, VrrpSetup};
use crate::log::Logger;
use keepalived_events::{Event, What};
use keepalived_kernel::process::{self, Ending, Pid};
use keepalived_kernel::reactor::{Interest, Reactor, Ready};
use keepalived_kernel::signals::{self, Signals};
use keepalived_kernel::{Result, clock};
use keepalived_surfaces::{Hooks, Invocation, Level, invocations, log_lines};
use keepalived_types::Instant;
use keepalived_vrrp::Subject;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

const MESSAGES: u64 = 0;
const CHANNEL: u64 = 1;
const CHILDREN: u64 = 2;

/// How long stop scripts may take before they are ended; the original's figure.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(1);

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
    exec_helper: PathBuf,
    umask: u32,
    /// The end has been asked for, and when patience with scripts ends.
    stop_by: Option<Instant>,
}

impl Helper {
    /// Takes over the channel to the supervisor and SIGCHLD.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub(super) fn new(
        setup: &VrrpSetup,
        channel: Channel,
        children: Signals,
        inbox: Inbox<ToHelper>,
        outbox: Outbox<ToEngine>,
    ) -> Result<Self> {
        let reactor = Reactor::new()?;
        reactor.register(inbox.waker().as_fd(), MESSAGES, Interest::Read)?;
        reactor.register(channel.as_fd(), CHANNEL, Interest::Read)?;
        reactor.register(children.as_fd(), CHILDREN, Interest::Read)?;
        Ok(Self {
            reactor,
            inbox,
            outbox,
            channel,
            connected: true,
            children,
            logger: Logger::new(setup.log.clone()),
            hooks: Hooks::new(&setup.vrrp),
            scripts: ScriptQueue::default(),
            exec_helper: setup.exec_helper.clone(),
            umask: setup.umask,
            stop_by: None,
        })
    }

    /// Runs until the engine's thread says stop and the scripts have ended.
    ///
    /// # Errors
    /// When waiting itself fails.
    pub(super) fn run(mut self) -> Result<()> {
        let mut ready = Vec::new();
        while !self.is_done() {
            let deadline = [self.scripts.next_deadline(), self.stop_by].into_iter().flatten().min();
            let now = self.reactor.wait(deadline, Duration::from_millis(1), &mut ready)?;
            for ready in &ready {
                self.handle_ready(*ready, now);
            }
            for start in self.scripts.handle_timeout(now) {
                self.start(start, now);
            }
            self.watch_backlog();
        }
        self.end_scripts();
        if self.scripts.dropped() > 0 {
            let dropped = self.scripts.dropped();
            self.logger.warning(format!("{dropped} notify scripts were not run: too many waited for others"));
        }
        self.logger.info(stopped_line(self.logger.is_detailed()));
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.stop_by.is_some_and(|by| {
            let told = !self.connected || !self.channel.has_backlog();
            (self.scripts.is_idle() && told) || clock::now() >= by
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
            CHANNEL => self.handle_channel(),
            CHILDREN => self.reap(now),
            _ => {}
        }
    }

    fn handle_message(&mut self, message: ToHelper, now: Instant) {
        match message {
            ToHelper::Event(event) => self.handle_event(event, now),
            ToHelper::Log { detail: true, text } => self.logger.detail(text),
            ToHelper::Log { detail: false, text } => self.logger.info(text),
            ToHelper::Started => self.tell(&FromVrrp::Started),
            ToHelper::Reloaded => self.tell(&FromVrrp::Reloaded),
            ToHelper::Snapshot(snapshot) => self.tell(&FromVrrp::Snapshot(snapshot)),
            ToHelper::ReloadRequested => self.tell(&FromVrrp::ReloadRequested),
            ToHelper::Stop => self.stop_by = Some(now + PATIENCE_AT_STOP),
        }
    }

    fn handle_event(&mut self, event: Box<Event>, now: Instant) {
        let What::Vrrp(vrrp) = &event.what;
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
        self.tell(&FromVrrp::Event(event));
    }

    fn start(&mut self, start: Start, now: Instant) {
        let mut next = Some(start);
        while let Some(start) = next.take() {
            let invocation = &start.invocation;
            let pid = match process::spawn(&mut self.command_for(invocation)) {
                Ok(spawned) => u32::try_from(spawned.pid.as_raw_nonzero().get()).ok(),
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

    /// Scripts start through the exec helper, which takes on their user after it has been spawned.
    fn command_for(&self, invocation: &Invocation) -> std::process::Command {
        let mut command = std::process::Command::new(&self.exec_helper);
        command
            .args(exec_helper::encode(&invocation.command, self.umask))
            .args(&invocation.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn reap(&mut self, now: Instant) {
        while self.children.read().is_some() {}
        for (pid, ending) in process::reap() {
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
        for pid in self.scripts.alive() {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                // It may have ended a moment ago.
                drop(process::kill_group(pid, signals::KILL));
            }
        }
    }

    fn handle_channel(&mut self) {
        if !self.connected {
            return;
        }
        match self.channel.receive::<ToVrrp>() {
            Ok(received) => {
                for message in received.messages {
                    self.handle_supervisor(message);
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
        self.outbox.wake();
    }

    /// The supervisor is gone. SIGTERM comes by itself (parent-death signal), and ends us in order.
    fn disconnect(&mut self) {
        self.connected = false;
        drop(self.reactor.deregister(self.channel.as_fd()));
    }

    fn handle_supervisor(&mut self, message: ToVrrp) {
        match message {
            ToVrrp::Reload(setup) => {
                self.logger.info("Reloading");
                // Removed instances are told about with the scripts they had.
                self.hooks.add(&setup.vrrp);
                self.umask = setup.umask;
                self.outbox.put(ToEngine::Reload(Box::new(setup.vrrp)));
            }
            ToVrrp::Snapshot => self.outbox.put(ToEngine::Snapshot),
            ToVrrp::Start(_) => self.logger.error("a second start message from the supervisor was ignored"),
        }
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
