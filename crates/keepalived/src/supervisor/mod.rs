//! The parent: reads options and configuration, starts the children and starts them again, hands signals on, reloads,
//! stops. It does nothing that could take the children down.
//!
//! One thread, one epoll over a signalfd, the children's sockets and the next deadline.

mod child;
mod custody;
mod damage;
mod events;
mod launch;
mod paths;
mod reload;
mod reload_queue;
mod respawn;
mod scripts;
mod setup;
mod shutdown;
mod start;
mod systemd;
mod wording;

use crate::ipc::ToVrrp;
use crate::options::Options;
use child::VrrpProcess;
use custody::Custody;
use damage::Mistakes;
use keepalived_config::model::Config;
use keepalived_kernel::clock;
use keepalived_kernel::lock_file::LockFile;
use keepalived_kernel::reactor::{Interest, Reactor};
use keepalived_kernel::signals::Signals;
use keepalived_types::Instant;
use launch::Launch;
use reload_queue::ReloadQueue;
use scripts::{Around, Outcome};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::fd::AsFd as _;
use std::time::Duration;
use systemd::Notifier;

/// Runs the daemon, or launches it into the background. Returns the exit status.
#[must_use]
pub fn run(argv: Vec<OsString>, options: Options) -> u8 {
    match start::start(Launch::new(argv, options)) {
        start::Started::Daemon(supervisor) => supervisor.run(),
        start::Started::Done(status) => status,
    }
}

/// The signalfd.
const SIGNALS: u64 = 0;
/// The socket of the VRRP process.
const VRRP: u64 = 1;
/// Deadlines of the parent need not be exact.
const QUANTUM: Duration = Duration::from_millis(10);

/// How far the daemon's life has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// As long as possible.
    Running,
    /// The children have been asked to end.
    Stopping {
        /// When they are no longer asked.
        kill_at: Instant,
    },
    /// They have been killed.
    Killing,
    /// There are none left.
    Stopped,
}

/// The parent process.
struct Supervisor {
    launch: Launch,
    config: Config,
    /// What is wrong with it; the same in a new one is no reason to refuse that.
    mistakes: Mistakes,
    reactor: Reactor,
    signals: Signals,
    notifier: Notifier,
    vrrp: VrrpProcess,
    custody: Custody,
    reloads: ReloadQueue,
    phase: Phase,
    /// `Startup complete` has been said.
    is_complete: bool,
    /// Processes that the configuration wants and we do not have.
    mentioned: BTreeSet<&'static str>,
    next_watchdog: Option<Instant>,
    parent_file: LockFile,
    status: u8,
}

impl Supervisor {
    fn new(
        launch: Launch,
        (config, mistakes): (Config, Mistakes),
        (signals, reactor): (Signals, Reactor),
        notifier: Notifier,
        parent_file: LockFile,
    ) -> Self {
        let next_watchdog = notifier.watchdog.map(|interval| clock::now() + interval);
        Self {
            launch,
            config,
            mistakes,
            reactor,
            signals,
            notifier,
            vrrp: VrrpProcess::default(),
            custody: Custody::default(),
            reloads: ReloadQueue::default(),
            phase: Phase::Running,
            is_complete: false,
            mentioned: BTreeSet::new(),
            next_watchdog,
            parent_file,
            status: 0,
        }
    }

    fn run(mut self) -> u8 {
        if self.run_startup_script() == Outcome::Interrupted {
            self.stop(clock::now());
        } else {
            self.start_children();
        }
        let mut ready = Vec::new();
        while self.phase != Phase::Stopped {
            match self.reactor.wait(self.deadline(), QUANTUM, &mut ready) {
                Ok(now) => {
                    for event in &ready {
                        match event.token {
                            SIGNALS => self.handle_signals(now),
                            _ => self.handle_channel(event.readable || event.hung_up, now),
                        }
                    }
                    self.handle_deadlines(now);
                }
                Err(error) => {
                    // Without it nothing can be led. The child ends with us.
                    self.launch.logger.error(format_args!("{error}"));
                    self.status = 70;
                    self.vrrp.signal(libc::SIGTERM);
                    break;
                }
            }
        }
        self.finish()
    }

    fn run_startup_script(&self) -> Outcome {
        let scripts = &self.config.global.scripts;
        let Some(command) = &scripts.startup else {
            return Outcome::Over;
        };
        let umask = setup::umask(&self.launch, &self.config);
        Around { which: "startup", command, timeout: scripts.startup_timeout, umask }
            .run(&self.launch, Some(&self.signals))
    }

    fn start_children(&mut self) {
        self.mention_missing_processes();
        if setup::wants_vrrp(&self.launch, &self.config) {
            self.start_vrrp(clock::now());
        } else {
            self.launch.logger.info("Warning - keepalived has no configuration to run");
            // A service manager waits for this; upstream lets it wait for ever.
            self.notifier.ready();
            self.is_complete = true;
        }
    }

    /// Each is mentioned once.
    fn mention_missing_processes(&mut self) {
        for name in setup::missing_processes(&self.launch, &self.config) {
            if !self.mentioned.insert(name) {
                continue;
            }
            self.launch.logger.info(format_args!(
                "{name} configuration is accepted, but there is no {name} process yet: it is not acted on"
            ));
        }
    }

    fn start_vrrp(&mut self, now: Instant) {
        let setup = setup::vrrp(&self.launch, &self.config, self.custody.adoptions());
        let first = ToVrrp::Start(Box::new(setup));
        match self.vrrp.start(&self.launch, &first, now) {
            Ok(pid) => {
                self.launch.logger.info(format_args!("Starting VRRP child process, pid={pid}"));
                self.watch_channel(true);
            }
            Err(error) => {
                self.launch.logger.alert(format_args!("VRRP child process cannot be started: {error}"));
                self.start_failed(now);
            }
        }
    }

    /// At the beginning that is the end; later, out of memory or in the middle of an upgrade, it may work again soon.
    fn start_failed(&mut self, now: Instant) {
        if self.is_complete && !self.launch.options.dont_respawn {
            self.vrrp.restart_at = Some(now + self.vrrp.delay_after_failure());
            return;
        }
        self.status = 1;
        self.notifier.failed(libc::EINVAL);
        self.stop(now);
    }

    /// Watches the child's socket, for writing as well while something is queued.
    fn watch_channel(&mut self, is_new: bool) {
        let Some(channel) = self.vrrp.channel() else {
            return;
        };
        let interest = if channel.has_backlog() { Interest::ReadWrite } else { Interest::Read };
        let watched = if is_new {
            self.reactor.register(channel.as_fd(), VRRP, interest)
        } else {
            self.reactor.modify(channel.as_fd(), VRRP, interest)
        };
        if let Err(error) = watched {
            self.launch.logger.error(format_args!("{error}"));
        }
    }

    /// The next moment at which something has to be done.
    fn deadline(&self) -> Option<Instant> {
        let kill_at = match self.phase {
            Phase::Stopping { kill_at } => Some(kill_at),
            _ => None,
        };
        [kill_at, self.vrrp.restart_at, self.next_watchdog, self.orphans_due()].into_iter().flatten().min()
    }

    /// When addresses without a process have to go. A process that has been started looks after them itself.
    fn orphans_due(&self) -> Option<Instant> {
        if self.vrrp.pid().is_some() || self.launch.options.shutdown.keep_vrrp {
            return None;
        }
        self.custody.deadline(&self.config.vrrp)
    }

    fn handle_deadlines(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Stopping { kill_at } if kill_at <= now) {
            self.force_end();
        }
        if self.orphans_due().is_some_and(|due| due <= now) {
            self.release_addresses();
        }
        if self.vrrp.restart_at.is_some_and(|due| due <= now) && self.phase == Phase::Running {
            self.start_vrrp(now);
        }
        if let (Some(due), Some(interval)) = (self.next_watchdog, self.notifier.watchdog)
            && due <= now
        {
            self.notifier.watchdog();
            self.next_watchdog = Some(now + interval);
        }
    }
}
