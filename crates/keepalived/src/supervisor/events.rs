//! What wakes the parent: signals, messages of children, their deaths.

use super::wording::Ending;
use super::{Phase, Supervisor};
use crate::ipc::FromVrrp;
use keepalived_kernel::process::{self, Pid};
use keepalived_kernel::signals;
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
                    self.vrrp.signal(libc::SIGUSR1);
                }
                libc::SIGUSR2 => self.vrrp.signal(libc::SIGUSR2),
                number if number == signals::json() || number == signals::stats_clear() => {
                    self.vrrp.signal(number);
                }
                _ => {}
            }
        }
    }

    /// Reads what the VRRP process says.
    pub(super) fn handle_channel(&mut self, readable: bool, now: Instant) {
        if let Some(channel) = self.vrrp.channel()
            && channel.has_backlog()
        {
            // A broken socket shows below.
            drop(channel.flush());
        }
        if readable {
            match self.vrrp.receive() {
                Ok((messages, closed)) => {
                    for message in messages {
                        self.handle_message(message, now);
                    }
                    if closed {
                        self.drop_channel();
                    }
                }
                Err(error) => {
                    // It cannot be led any more; a new one can.
                    self.launch.logger.error(format_args!("{error}"));
                    self.drop_channel();
                    self.vrrp.signal(libc::SIGKILL);
                }
            }
        }
        self.watch_channel(false);
    }

    fn drop_channel(&mut self) {
        if let Some(channel) = self.vrrp.close_channel() {
            drop(self.reactor.deregister(std::os::fd::AsFd::as_fd(&channel)));
        }
    }

    fn handle_message(&mut self, message: FromVrrp, now: Instant) {
        match message {
            FromVrrp::Started => {
                self.custody.process_took_over();
                if !self.is_complete {
                    self.is_complete = true;
                    self.launch.logger.info("Startup complete");
                    self.notifier.ready();
                }
                // A process that replaces one which died during a reload has the new configuration.
                if self.reloads.is_running() {
                    self.reload_finished(now);
                }
            }
            FromVrrp::Reloaded => self.reload_finished(now),
            FromVrrp::Event(event) => self.custody.observe(&event),
            FromVrrp::Snapshot(_) => {}
            FromVrrp::ReloadRequested => self.request_reload(now),
        }
    }

    /// Collects everybody who has ended; as subreaper that includes strangers.
    fn reap(&mut self, now: Instant) {
        for (pid, ending) in process::reap() {
            if self.vrrp.pid() == Some(pid) {
                let ending = match ending {
                    process::Ending::Exited(status) => Ending::Exited(status),
                    process::Ending::Killed { signal, .. } => Ending::Signalled(signal),
                };
                self.vrrp_ended(pid, ending, now);
            }
        }
    }

    fn vrrp_ended(&mut self, pid: Pid, ending: Ending, now: Instant) {
        // Its last words may still be in the socket: which instances it released, above all.
        if let Ok((messages, _)) = self.vrrp.receive() {
            for message in messages {
                if let FromVrrp::Event(event) = message {
                    self.custody.observe(&event);
                }
            }
        }
        self.drop_channel();
        let delay = self.vrrp.ended(now);
        if self.phase != Phase::Running {
            self.release_addresses();
            self.phase = Phase::Stopped;
            return;
        }
        for line in ending.lines(pid.as_raw_nonzero().get()) {
            self.launch.logger.info(line);
        }
        if let Ending::Exited(status) = ending
            && ending.is_permanent()
        {
            self.give_up(status);
            return;
        }
        self.custody.process_died(now);
        if self.launch.options.dont_respawn {
            self.launch.logger.alert(format_args!("VRRP child process({pid}) died: Exiting"));
            self.stop(now);
            return;
        }
        self.launch.logger.alert(format_args!("VRRP child process({pid}) died: Respawning"));
        let seconds = delay.as_secs();
        self.launch
            .logger
            .info(format_args!("Restart of VRRP process delayed {seconds} seconds to limit respawn rate"));
        if !delay.is_zero() {
            // A successor that starts at once removes them itself.
            self.remove_strays();
        }
        self.notifier.status(&format!("VRRP process died, restart in {seconds} s"));
        self.vrrp.restart_at = Some(now + delay);
    }

    /// The child says that it can never run: the daemon ends with its status.
    fn give_up(&mut self, status: i32) {
        let errno = if status == 4 { libc::EPERM } else { libc::EINVAL };
        self.notifier.failed(errno);
        self.status = u8::try_from(status).unwrap_or(1);
        self.release_addresses();
        self.phase = Phase::Stopped;
    }
}
