//! The files that signals ask for (runtime reference 10). The engine's thread collects what they show; the helper thread
//! adds what may block, and writes them.

use super::interfaces;
use crate::dump_file::{self, Mode};
use crate::dump_setup::DumpSetup;
use crate::log::{Calendar, Logger, asctime_micros};
use keepalived_config::model::JsonVersion;
use keepalived_kernel::signals;
use keepalived_surfaces::dump::{
    self, DataInstance, DumpedInstance, DumpedSockets, Moment, Running, ScriptRun, VrrpData,
};
use keepalived_types::Instant;
use keepalived_vrrp::config::{Config, InstanceConfig};
use keepalived_vrrp::{ChannelId, Engine, Survey};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::SystemTime;

/// Which file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `keepalived.data`, or the file that `config_save_dir` wants.
    Data(Option<Saved>),
    /// `keepalived.stats`.
    Stats,
    /// `keepalived.stats`, and all counters back to 0 afterwards.
    StatsAndClear,
    /// `keepalived.json`.
    Json,
}

/// Data before or after a reload, for `config_save_dir`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Saved {
    /// Where it goes.
    pub(super) path: PathBuf,
    /// The section it begins with: by the time it is written another one may be in force.
    pub(super) global: String,
}

impl Wanted {
    /// What a signal asks for.
    pub(super) fn by_signal(number: i32) -> Option<Self> {
        match number {
            signals::DATA => Some(Self::Data(None)),
            signals::STATS => Some(Self::Stats),
            number if number == signals::stats_clear() => Some(Self::StatsAndClear),
            number if number == signals::json() => Some(Self::Json),
            _ => None,
        }
    }

    /// Only data show sockets.
    pub(super) const fn shows_sockets(&self) -> bool {
        matches!(self, Self::Data(_))
    }

    fn announce(&self, logger: &Logger) {
        let pid = std::process::id();
        match self {
            Self::Data(None) => logger.info(format_args!("Printing VRRP data for process({pid}) on signal")),
            Self::Stats => logger.info(format_args!("Printing VRRP stats for process({pid}) on signal")),
            Self::StatsAndClear => {
                logger.info(format_args!("Printing and clearing VRRP stats for process({pid}) on signal"));
            }
            Self::Data(Some(_)) | Self::Json => {}
        }
    }
}

/// What a file will show.
#[derive(Debug)]
pub(super) struct Dump {
    wanted: Wanted,
    survey: Survey,
    sockets: HashMap<ChannelId, DumpedSockets>,
    at: Instant,
    wall: SystemTime,
}

impl Dump {
    /// Takes everything from the engine as it is now.
    pub(super) fn take(
        wanted: Wanted,
        engine: &Engine,
        sockets: HashMap<ChannelId, DumpedSockets>,
        now: Instant,
    ) -> Self {
        Self { wanted, survey: engine.survey(now), sockets, at: now, wall: SystemTime::now() }
    }

    /// Writes the file. A failure is logged and leaves nothing behind.
    pub(super) fn write(&self, setup: &DumpSetup, scripts: &HashMap<String, ScriptRun>, logger: &Logger) {
        self.wanted.announce(logger);
        let (path, text, mode) = match &self.wanted {
            Wanted::Data(None) => (&setup.data, Some(self.data(&setup.global, scripts)), Mode::ByUmask),
            Wanted::Data(Some(saved)) => {
                (&saved.path, Some(self.data(&saved.global, scripts)), Mode::ByUmask)
            }
            Wanted::Stats | Wanted::StatsAndClear => {
                (&setup.stats, Some(dump::stats(self.instances())), Mode::ByUmask)
            }
            Wanted::Json => (&setup.json, self.json(setup.json_version), Mode::OwnerOnly),
        };
        if let Some(text) = text {
            dump_file::write(path, &text, mode, logger);
        }
    }

    fn instances(&self) -> impl Iterator<Item = DumpedInstance<'_>> {
        let instances = self.survey.instances.iter();
        instances.map(|one| DumpedInstance { config: &one.config, snapshot: &one.snapshot })
    }

    fn json(&self, version: JsonVersion) -> Option<String> {
        match version {
            JsonVersion::V1 => dump::json(self.instances(), &self.survey.config.scripts, self.wall),
            JsonVersion::V2 => dump::json_with_processes(self.instances(), &self.survey, self.wall),
        }
    }

    fn data(&self, global: &str, scripts: &HashMap<String, ScriptRun>) -> String {
        let survey = &self.survey;
        let instances = survey.instances.iter();
        let interfaces = interfaces::list(&virtual_addresses(instances.clone().map(|one| &*one.config)));
        let data = VrrpData {
            config: &survey.config,
            instances: instances.map(|one| DataInstance { config: &one.config, live: Some(one) }).collect(),
            running: Some(Running { survey, at: self.at, sockets: &self.sockets, scripts }),
            interfaces: &interfaces,
            moment: moment(self.wall),
        };
        format!("{global}{}", dump::vrrp_data(&data))
    }
}

/// `--dump-conf`: what was configured, in the log.
pub(super) fn log_configuration(config: &Config, setup: &DumpSetup, logger: &Logger) {
    let interfaces = interfaces::list(&virtual_addresses(config.instances.iter()));
    let instances = config.instances.iter().map(|config| DataInstance { config, live: None });
    let data = VrrpData {
        config,
        instances: instances.collect(),
        running: None,
        interfaces: &interfaces,
        moment: moment(SystemTime::now()),
    };
    let text = dump::vrrp_data(&data);
    setup.global.lines().chain(text.lines()).for_each(|line| logger.info(line));
}

fn moment(wall: SystemTime) -> Moment {
    Moment { wall, local: |time| asctime_micros(Calendar::local(time)) }
}

fn virtual_addresses<'a>(instances: impl Iterator<Item = &'a InstanceConfig>) -> HashSet<IpAddr> {
    let addresses =
        instances.flat_map(|instance| instance.virtual_addresses.iter().chain(&instance.excluded_addresses));
    addresses.map(|address| address.prefix.address()).collect()
}
