//! The parent: reads options and configuration, starts the children and starts them again, hands signals on, reloads,
//! stops. It does nothing that could take the children down.
//!
//! One thread, one epoll over a signalfd, the children's sockets and the next deadline.

mod child;
mod children;
mod control;
mod custody;
mod damage;
mod events;
mod kept;
mod kinds;
mod launch;
mod made_fifos;
mod operations;
mod paths;
mod reload;
mod reload_queue;
mod reload_time;
mod respawn;
mod saved;
mod scripts;
mod setup;
mod shutdown;
mod start;
mod systemd;
mod wording;

use crate::aftermath::Aftermath;
use crate::local_igmp::LocalIgmp;
use crate::options::Options;
use child::Child;
use control::Control;
use custody::Custody;
use damage::Mistakes;
use keepalived_config::model::Config;
use keepalived_events::History;
use keepalived_kernel::lock_file::LockFile;
use keepalived_kernel::reactor::Reactor;
use keepalived_kernel::signals::Signals;
use keepalived_kernel::{clock, memory};
use keepalived_types::Instant;
use kept::Kept;
use kinds::{KINDS, Role};
use launch::Launch;
use made_fifos::MadeFifos;
use reload_queue::ReloadQueue;
use reload_time::ReloadTime;
use scripts::{Around, Outcome};
use std::collections::BTreeSet;
use std::ffi::OsString;
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

/// The signalfd. Above it come the sockets of the children, see [`Supervisor::token`].
const SIGNALS: u64 = 0;
/// Deadlines of the parent need not be exact.
const QUANTUM: Duration = Duration::from_millis(10);

/// As many transitions as an operator will look back at.
const TRANSITIONS_KEPT: usize = 1000;

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
    config: Kept,
    /// What is wrong with it; the same in a new one is no reason to refuse that.
    mistakes: Mistakes,
    reactor: Reactor,
    signals: Signals,
    notifier: Notifier,
    /// One slot for each of [`KINDS`], in that order.
    children: Vec<Child>,
    custody: Custody,
    /// The last transitions, for whoever asks.
    history: History,
    aftermath: Aftermath,
    /// `None`: nobody can ask.
    control: Option<Control>,
    reloads: ReloadQueue,
    /// What is wrong with the configuration that the reload under way brings.
    remarks: Vec<String>,
    reload_time: ReloadTime,
    /// How many copies `config_save_dir` has got.
    saved: u32,
    phase: Phase,
    /// `Startup complete` has been said.
    is_complete: bool,
    /// Processes that the configuration wants and we do not have.
    mentioned: BTreeSet<&'static str>,
    next_watchdog: Option<Instant>,
    local_igmp: LocalIgmp,
    made_fifos: MadeFifos,
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
        let programs = launch.programs.iter().cloned();
        let children = KINDS.iter().zip(programs).map(|(kind, program)| Child::new(kind, program)).collect();
        let next_watchdog = notifier.watchdog.map(|interval| clock::now() + interval);
        Self {
            launch,
            config: Kept::new(config),
            mistakes,
            reactor,
            signals,
            notifier,
            children,
            custody: Custody::default(),
            history: History::new(TRANSITIONS_KEPT),
            aftermath: Aftermath::default(),
            control: None,
            reloads: ReloadQueue::default(),
            remarks: Vec::new(),
            reload_time: ReloadTime::default(),
            saved: 0,
            phase: Phase::Running,
            is_complete: false,
            mentioned: BTreeSet::new(),
            next_watchdog,
            local_igmp: LocalIgmp::default(),
            made_fifos: MadeFifos::default(),
            parent_file,
            status: 0,
        }
    }

    fn run(mut self) -> u8 {
        self.open_control();
        self.remember_maintenance();
        if self.run_startup_script() == Outcome::Interrupted {
            self.stop(clock::now());
        } else {
            self.prepare_for_children();
            self.start_children();
            self.configure_reload_time(clock::now());
        }
        let mut ready = Vec::new();
        while self.phase != Phase::Stopped {
            match self.reactor.wait(self.deadline(), QUANTUM, &mut ready) {
                Ok(now) => {
                    for event in &ready {
                        match event.token {
                            SIGNALS => self.handle_signals(now),
                            reload_time::TOKEN => {
                                self.reload_time.directory_changed(&self.launch.logger, now);
                            }
                            token if token >= control::LISTENER => self.handle_control(*event, now),
                            token => self.handle_channel(token, event.readable || event.hung_up, now),
                        }
                    }
                    self.handle_deadlines(now);
                }
                Err(error) => {
                    // Without it nothing can be led. The children end with us.
                    self.launch.logger.error(format_args!("{error}"));
                    self.status = 70;
                    self.children.iter().for_each(|child| child.signal(libc::SIGTERM));
                    break;
                }
            }
        }
        self.finish()
    }

    fn run_startup_script(&self) -> Outcome {
        let scripts = &self.config.global().scripts;
        let Some(command) = &scripts.startup else {
            return Outcome::Over;
        };
        let umask = setup::umask(&self.launch, self.config.global());
        Around { which: "startup", command, timeout: scripts.startup_timeout, umask }
            .run(&self.launch, Some(&self.signals))
    }

    /// What has to be done or noted before the children are told of the configuration.
    fn prepare_for_children(&mut self) {
        let (global, has) = (self.config.global(), self.config.has());
        self.made_fifos.expect(&made_fifos::paths(&self.launch, has, &global.fifos));
        if global.vrrp.disable_local_igmp && setup::wants_vrrp(&self.launch, has) {
            self.local_igmp.disable(&self.launch.logger);
        }
    }

    /// Each is mentioned once.
    fn mention_missing_processes(&mut self) {
        for name in setup::missing_processes(&self.launch, self.config.has()) {
            if !self.mentioned.insert(name) {
                continue;
            }
            self.launch.logger.info(format_args!(
                "{name} configuration is accepted, but there is no {name} process yet: it is not acted on"
            ));
        }
    }

    /// The running configuration. When it cannot be read back, which would be a mistake of ours, that is told, and what it
    /// is needed for is left out: the children that run are worth more than any of that.
    fn running_config(&self) -> Option<Config> {
        let told = |error: &_| {
            self.launch.logger.alert(format_args!("The running configuration cannot be read back: {error}"));
        };
        self.config.whole().inspect_err(told).ok()
    }

    /// The next moment at which something has to be done.
    fn deadline(&self) -> Option<Instant> {
        let kill_at = match self.phase {
            Phase::Stopping { kill_at } => Some(kill_at),
            _ => None,
        };
        let restarts = self.children.iter().map(|child| child.restart_at);
        let control = self.control.as_ref().and_then(Control::deadline);
        let reload = self.reload_time.deadline();
        let memory = self.aftermath.deadline();
        let own = [kill_at, self.next_watchdog, self.orphans_due(), control, reload, memory];
        own.into_iter().chain(restarts).flatten().min()
    }

    /// When addresses without a process have to go. A process that has been started looks after them itself.
    fn orphans_due(&self) -> Option<Instant> {
        if self.lives(Role::Vrrp) || self.launch.options.shutdown.keep_vrrp {
            return None;
        }
        self.custody.deadline(|| self.config.whole().ok().map(|config| config.vrrp))
    }

    fn handle_deadlines(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Stopping { kill_at } if kill_at <= now) {
            self.force_end();
        }
        if self.orphans_due().is_some_and(|due| due <= now) {
            self.release_addresses();
        }
        if let Some(control) = &mut self.control {
            control.handle_deadlines(&self.reactor, now);
        }
        self.restart_children(now);
        if self.aftermath.is_due(now) {
            memory::return_free_pages();
        }
        if self.reload_time.is_due(&self.launch.logger, now) {
            self.request_reload(now);
        }
        if let (Some(due), Some(interval)) = (self.next_watchdog, self.notifier.watchdog)
            && due <= now
        {
            self.notifier.watchdog();
            self.next_watchdog = Some(now + interval);
        }
    }
}
