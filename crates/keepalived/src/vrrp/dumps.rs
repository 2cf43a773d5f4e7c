//! The files that SIGUSR2, SIGRTMAX-1 and SIGRTMIN+2 ask for. The engine's thread collects what they show; the helper
//! thread writes it.

use crate::dump_file::{self, Mode};
use crate::log::Logger;
use keepalived_kernel::signals;
use keepalived_surfaces::dump::{self, DumpedInstance};
use keepalived_types::Instant;
use keepalived_vrrp::config::{InstanceConfig, ScriptTracker};
use keepalived_vrrp::{Engine, InstanceSnapshot};
use std::sync::Arc;
use std::time::SystemTime;

/// Which file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `keepalived.stats`.
    Stats,
    /// `keepalived.stats`, and all counters back to 0 afterwards.
    StatsAndClear,
    /// `keepalived.json`.
    Json,
}

impl Wanted {
    /// What a signal asks for.
    pub(super) fn by_signal(number: i32) -> Option<Self> {
        match number {
            signals::STATS => Some(Self::Stats),
            number if number == signals::stats_clear() => Some(Self::StatsAndClear),
            number if number == signals::json() => Some(Self::Json),
            _ => None,
        }
    }
}

/// What a file will show.
#[derive(Debug)]
pub(super) struct Dump {
    wanted: Wanted,
    instances: Vec<(Arc<InstanceConfig>, InstanceSnapshot)>,
    scripts: Vec<ScriptTracker>,
}

impl Dump {
    /// Takes everything from the engine as it is now.
    pub(super) fn take(wanted: Wanted, engine: &Engine, now: Instant) -> Self {
        Self { wanted, instances: engine.described(now), scripts: engine.config().scripts.clone() }
    }

    /// Writes the file. A failure is logged and leaves nothing behind.
    pub(super) fn write(&self, logger: &Logger) {
        let pid = std::process::id();
        match self.wanted {
            Wanted::Stats => logger.info(format_args!("Printing VRRP stats for process({pid}) on signal")),
            Wanted::StatsAndClear => {
                logger.info(format_args!("Printing and clearing VRRP stats for process({pid}) on signal"));
            }
            Wanted::Json => {}
        }
        let instances = self.instances.iter().map(|(config, snapshot)| DumpedInstance { config, snapshot });
        let (name, text, mode) = match self.wanted {
            Wanted::Stats | Wanted::StatsAndClear => {
                ("keepalived.stats", Some(dump::stats(instances)), Mode::ByUmask)
            }
            Wanted::Json => {
                ("keepalived.json", dump::json(instances, &self.scripts, SystemTime::now()), Mode::OwnerOnly)
            }
        };
        let Some(text) = text else { return };
        let path = dump_file::directory().join(name);
        if let Err(error) = dump_file::replace(&path, &text, mode) {
            logger.info(format_args!("Can't open dump file {} ({error})", path.display()));
        }
    }
}
