//! What a data dump shows of the engine beside its configuration and a snapshot: timers, sockets, readings.

use crate::announce::Sharing;
use crate::config::{Config, InstanceConfig};
use crate::effect::{Channel, ChannelId};
use crate::engine::Engine;
use crate::instance::Instance;
use crate::snapshot::{GroupSnapshot, InstanceSnapshot};
use crate::state::Role;
use crate::timers::Timer;
use crate::tracking::{ProcessStanding, ScriptStanding};
use keepalived_types::{Family, Instant};
use std::collections::HashMap;
use std::sync::Arc;

/// The engine at one moment, for a dump.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The configuration in force, but for its instances: they are below.
    pub config: Config,
    /// In the order of the configuration.
    pub instances: Vec<SurveyedInstance>,
    /// The sync groups, in the order of the configuration.
    pub groups: Vec<GroupSnapshot>,
    /// What is known of each script.
    pub scripts: HashMap<String, ScriptStanding>,
    /// The number in each file.
    pub files: HashMap<String, i64>,
    /// What is known of each process tracker.
    pub processes: HashMap<String, ProcessStanding>,
    /// Whether each BFD session is up.
    pub bfd: HashMap<String, bool>,
    /// When the next paced announcement may leave; nothing for who has announced nothing yet.
    pub pacing: HashMap<(Sharing, Family), Instant>,
}

/// One instance.
#[derive(Clone, Debug)]
pub struct SurveyedInstance {
    /// As configured.
    pub config: Arc<InstanceConfig>,
    /// As it is.
    pub snapshot: InstanceSnapshot,
    /// Its sockets, when they are open, and where they are.
    pub channel: Option<(ChannelId, Channel)>,
    /// When a master sends its next advert, or a backup takes over; `None` in other states.
    pub due: Option<Instant>,
}

impl Engine {
    /// Everything that a data dump shows.
    #[must_use]
    pub fn survey(&self, now: Instant) -> Survey {
        let instances = self.instances.iter().map(|instance| self.survey_instance(instance, now)).collect();
        let observed = &self.world.observed;
        Survey {
            config: self.config_without_instances(),
            instances,
            groups: self.group_snapshots(),
            scripts: observed.script_standings(),
            files: observed.file_values(),
            processes: observed.process_standings(&self.world.timers),
            bfd: observed.bfd_states(),
            pacing: self.world.pacer.earliest(),
        }
    }

    fn survey_instance(&self, instance: &Instance, now: Instant) -> SurveyedInstance {
        let timer = match instance.role {
            Role::Master(_) => Some(Timer::Advert),
            Role::Backup(_) => Some(Timer::MasterDown),
            _ => None,
        };
        let channel = instance.channel.and_then(|id| Some((id, self.world.channels.get(id)?.clone())));
        SurveyedInstance {
            config: Arc::clone(&instance.config),
            snapshot: self.describe(instance, now),
            channel,
            due: timer.and_then(|timer| self.world.timers.deadline(instance.due(timer))),
        }
    }

    /// Thousands of instances need not be copied: they are shared.
    fn config_without_instances(&self) -> Config {
        let config = &self.config;
        Config {
            instances: Vec::new(),
            sync_groups: config.sync_groups.clone(),
            scripts: config.scripts.clone(),
            files: config.files.clone(),
            processes: config.processes.clone(),
            bfd: config.bfd.clone(),
            static_addresses: config.static_addresses.clone(),
            static_routes: config.static_routes.clone(),
            static_rules: config.static_rules.clone(),
            track_groups: config.track_groups.clone(),
            garp_groups: config.garp_groups.clone(),
            interface_delays: config.interface_delays.clone(),
            linkbeat: config.linkbeat.clone(),
            engine: config.engine.clone(),
        }
    }
}
