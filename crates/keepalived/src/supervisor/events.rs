//! What wakes the parent: signals, messages of children, their deaths.

use super::kinds::Fate;
use super::wording::{self, Ending};
use super::{Phase, Supervisor, paths, setup};
use crate::dump_file;
use crate::global_data::{self, Whose};
use crate::ipc::FromChild;
use keepalived_events::Event;
use keepalived_kernel::process::{self, Pid};
use keepalived_types::Instant;

impl Supervisor {
    /// Reads all pending signals.
    pub(super) fn handle_signals(&mut self, now: Instant) {
        while let Some(signal) = self.signals.read() {
            match signal.number {
                libc::SIGHUP => self.request_reload(now),
                libc::SIGTERM | libc::SIGINT => self.stop(now),
                libc::SIGCHLD => self.reap(now),
                libc::SIGUSR1 => {
                    let pid = std::process::id();
                    self.launch
                        .logger
                        .info(format_args!("Printing parent data for process({pid}) on signal"));
                    self.dump_own_data();
                    self.pass_on(libc::SIGUSR1);
                }
                number => self.pass_on(number),
            }
        }
    }

    /// Hands a signal on to the children that it is meant for.
    fn pass_on(&self, number: i32) {
        let concerned = self.children.iter().filter(|child| (child.kind.hears)(number));
        concerned.for_each(|child| child.signal(number));
    }

    /// `keepalived_parent.data`: what the daemon as a whole is configured with.
    fn dump_own_data(&self) {
        let Some(config) = self.running_config() else { return };
        let mut circumstances = setup::circumstances(&self.launch, &config);
        circumstances.reload_at = self.reload_time.scheduled();
        let text = global_data::section(&config, Whose::Parent, &circumstances);
        let files = paths::dump_files(&config.global.files, &self.launch.identity, Whose::Parent);
        dump_file::write(&files.data, &text, dump_file::Mode::ByUmask, &self.launch.logger);
    }

    /// Reads what a child says.
    pub(super) fn handle_channel(&mut self, token: u64, readable: bool, now: Instant) {
        let Some(index) = self.child_of(token) else {
            return;
        };
        if let Some(channel) = self.children[index].channel()
            && channel.has_backlog()
        {
            // A broken socket shows below.
            drop(channel.flush());
        }
        if readable {
            self.learn_roles(index);
            match self.children[index].receive() {
                Ok((messages, closed)) => {
                    self.aftermath.note(messages.len(), now);
                    for message in messages {
                        self.handle_message(index, message, now);
                    }
                    if closed {
                        self.drop_channel(index);
                    }
                }
                Err(error) => {
                    // It cannot be led any more; a new one can.
                    self.launch.logger.error(format_args!("{error}"));
                    self.drop_channel(index);
                    self.children[index].signal(libc::SIGKILL);
                }
            }
        }
        self.watch_channel(index, false);
    }

    fn drop_channel(&mut self, index: usize) {
        if let Some(channel) = self.children[index].close_channel() {
            drop(self.reactor.deregister(std::os::fd::AsFd::as_fd(&channel)));
        }
    }

    fn handle_message(&mut self, index: usize, message: FromChild, now: Instant) {
        match message {
            FromChild::Started => {
                self.children[index].is_awaited = false;
                (self.children[index].kind.took_over)(self);
                self.tell_complete();
                // A process that replaces one which died during a reload has the new configuration.
                self.reload_finished(now);
            }
            FromChild::Reloaded => {
                self.children[index].is_awaited = false;
                self.reload_finished(now);
            }
            FromChild::Event(event) => self.note(&event),
            FromChild::Snapshot(snapshot) => self.tell_status(Some(*snapshot), now),
            FromChild::Operated { ticket, outcome } => self.tell_operated(ticket, outcome, now),
            FromChild::Standing(standing) => self.custody.keep_standing(standing),
            FromChild::ReloadRequested => self.request_reload(now),
        }
    }

    /// Which instances are MASTER. Looked at whenever the process says something, which it does soon after each change.
    fn learn_roles(&mut self, index: usize) {
        for (instance, is_master) in self.children[index].role_changes() {
            self.custody.learn_role(instance, is_master);
        }
    }

    /// Keeps what will be asked for later.
    fn note(&mut self, event: &Event) {
        self.custody.observe(event);
        self.history.record(event);
    }

    /// Collects everybody who has ended; as subreaper that includes strangers.
    fn reap(&mut self, now: Instant) {
        for (pid, ending) in process::reap() {
            if let Some(index) = self.children.iter().position(|child| child.pid() == Some(pid)) {
                let ending = match ending {
                    process::Ending::Exited(status) => Ending::Exited(status),
                    process::Ending::Killed { signal, .. } => Ending::Signalled(signal),
                };
                self.child_ended(index, pid, ending, now);
            }
        }
    }

    fn child_ended(&mut self, index: usize, pid: Pid, ending: Ending, now: Instant) {
        // Its last words may still be in the socket: which instances it released, above all.
        if let Ok((messages, _)) = self.children[index].receive() {
            for message in messages {
                if let FromChild::Event(event) = message {
                    self.note(&event);
                }
            }
        }
        self.learn_roles(index);
        self.drop_channel(index);
        // It answers nobody any more.
        self.tell_status(None, now);
        self.tell_operations_lost(now);
        let delay = self.children[index].ended(now);
        let kind = self.children[index].kind;
        if self.phase != Phase::Running {
            (kind.bereaved)(self, Fate::Over, now);
            self.stopped_if_alone();
            return;
        }
        for line in ending.lines(pid.as_raw_nonzero().get()) {
            self.launch.logger.info(line);
        }
        if ending.is_crash() {
            wording::crash_report(&self.launch.argv).iter().for_each(|line| self.launch.logger.info(line));
        }
        if let Ending::Exited(status) = ending
            && ending.is_permanent()
        {
            self.give_up(status, now);
            return;
        }
        let name = kind.name;
        if self.launch.options.dont_respawn {
            self.launch.logger.alert(format_args!("{name} child process({pid}) died: Exiting"));
            self.stop(now);
            return;
        }
        self.launch.logger.alert(format_args!("{name} child process({pid}) died: Respawning"));
        wording::ADVICE.iter().for_each(|line| self.launch.logger.info(line));
        let seconds = delay.as_secs();
        self.launch
            .logger
            .info(format_args!("Restart of {name} process delayed {seconds} seconds to limit respawn rate"));
        (kind.bereaved)(self, Fate::Respawn(delay), now);
        self.notifier.status(&format!("{name} process died, restart in {seconds} s"));
        self.children[index].restart_at = Some(now + delay);
    }

    /// A child says that it can never run: the daemon ends with its status.
    fn give_up(&mut self, status: i32, now: Instant) {
        let errno = if status == 4 { libc::EPERM } else { libc::EINVAL };
        self.notifier.failed(errno);
        self.status = u8::try_from(status).unwrap_or(1);
        self.end_children(now, now + self.config.global().identity.child_wait_time.0);
    }
}
