//! The children as a whole: who lives, who is started, who has to hear of a new configuration, and when all are done.

use super::kinds::{Role, Source};
use super::{Phase, Supervisor};
use keepalived_config::model::Config;
use keepalived_kernel::reactor::Interest;
use keepalived_kernel::{clock, memory};
use keepalived_types::Instant;
use std::os::fd::AsFd as _;

impl Supervisor {
    /// Starts everybody whom the configuration wants.
    pub(super) fn start_children(&mut self) {
        self.mention_missing_processes();
        let now = clock::now();
        let mut nobody = true;
        for index in 0..self.children.len() {
            // One that cannot be started ends the daemon.
            if self.phase == Phase::Running && self.is_wanted(index) {
                nobody = false;
                self.start_child(index, now);
            }
        }
        if nobody {
            self.launch.logger.info("Warning - keepalived has no configuration to run");
            // A service manager waits for this; upstream lets it wait for ever.
            self.notifier.ready();
            self.is_complete = true;
        }
    }

    /// Starts those again whose time has come.
    pub(super) fn restart_children(&mut self, now: Instant) {
        for index in 0..self.children.len() {
            let is_due = self.children[index].restart_at.is_some_and(|due| due <= now);
            if is_due && self.phase == Phase::Running {
                self.start_child(index, now);
            }
        }
    }

    /// Hands the new configuration to those who live, and starts those who have something to do now. The others are
    /// started in time, and get it then.
    pub(super) fn reload_children(&mut self, now: Instant) {
        for index in 0..self.children.len() {
            if self.children[index].pid().is_some() {
                let Some(config) = self.running_config() else { continue };
                let (child, from) = self.child_and_source(index, &config);
                child.reload(&from);
                self.watch_channel(index, false);
            } else if !self.children[index].is_expected() && self.is_wanted(index) {
                self.start_child(index, now);
            }
        }
    }

    /// Nobody has yet to say that it runs with the configuration it was handed, nobody has yet to be started again.
    pub(super) fn all_run(&self) -> bool {
        !self.children.iter().any(|child| child.is_awaited || child.restart_at.is_some())
    }

    /// Says once that everybody runs.
    pub(super) fn tell_complete(&mut self) {
        if !self.is_complete && self.all_run() {
            self.is_complete = true;
            self.launch.logger.info("Startup complete");
            self.notifier.ready();
        }
    }

    /// A process of this kind lives.
    pub(super) fn lives(&self, role: Role) -> bool {
        self.children.iter().any(|child| child.kind.role == role && child.pid().is_some())
    }

    /// Asks the VRRP process how it is. `false`: there is none.
    pub(super) fn ask_for_snapshot(&mut self) -> bool {
        let index = self.children.iter().position(|child| child.kind.role == Role::Vrrp);
        index.is_some_and(|index| {
            let asked = self.children[index].ask_for_snapshot();
            self.watch_channel(index, false);
            asked
        })
    }

    fn is_wanted(&self, index: usize) -> bool {
        (self.children[index].kind.is_wanted)(&self.launch, self.config.has())
    }

    /// The reactor's token for the socket of a child.
    fn token(index: usize) -> u64 {
        u64::try_from(index).map_or(u64::MAX, |index| super::SIGNALS + 1 + index)
    }

    /// The child that a token stands for.
    pub(super) fn child_of(&self, token: u64) -> Option<usize> {
        (0..self.children.len()).find(|&index| Self::token(index) == token)
    }

    fn child_and_source<'a>(
        &'a mut self,
        index: usize,
        config: &'a Config,
    ) -> (&'a mut super::Child, Source<'a>) {
        let local_igmp = &self.local_igmp;
        let from = Source { launch: &self.launch, config, custody: &self.custody, local_igmp };
        (&mut self.children[index], from)
    }

    fn start_child(&mut self, index: usize, now: Instant) {
        let name = self.children[index].kind.name;
        let Some(config) = self.running_config() else {
            return self.start_failed(index, now);
        };
        let (child, from) = self.child_and_source(index, &config);
        let started = child.start(&from, now);
        drop(config);
        // Reading and handing over took many times what the configuration itself needs.
        memory::return_free_pages();
        match started {
            Ok(pid) => {
                self.launch.logger.info(format_args!("Starting {name} child process, pid={pid}"));
                self.watch_channel(index, true);
            }
            Err(error) => {
                self.launch.logger.alert(format_args!("{name} child process cannot be started: {error}"));
                self.start_failed(index, now);
            }
        }
    }

    /// At the beginning that is the end; later, out of memory or in the middle of an upgrade, it may work again soon.
    fn start_failed(&mut self, index: usize, now: Instant) {
        if self.is_complete && !self.launch.options.dont_respawn {
            let child = &mut self.children[index];
            child.restart_at = Some(now + child.delay_after_failure());
            return;
        }
        self.status = 1;
        self.notifier.failed(libc::EINVAL);
        self.stop(now);
    }

    /// Watches a child's socket, for writing as well while something is queued.
    pub(super) fn watch_channel(&mut self, index: usize, is_new: bool) {
        let Some(channel) = self.children[index].channel() else {
            return;
        };
        let interest = if channel.has_backlog() { Interest::ReadWrite } else { Interest::Read };
        let watched = if is_new {
            self.reactor.register(channel.as_fd(), Self::token(index), interest)
        } else {
            self.reactor.modify(channel.as_fd(), Self::token(index), interest)
        };
        if let Err(error) = watched {
            self.launch.logger.error(format_args!("{error}"));
        }
    }
}
