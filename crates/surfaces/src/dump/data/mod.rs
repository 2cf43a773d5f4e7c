//! `keepalived.data`: what the VRRP process is configured with and how it stands (runtime reference 10.2).
//!
//! The same text without what only a running process knows goes into the log with `--dump-conf`. The section of global
//! definitions stands before it and is not made here: it shows the daemon's configuration, of which we know only the
//! engine's part.
//!
//! | Section | File |
//! |---|---|
//! | static items, groups | here, `groups.rs` |
//! | instances | `instance.rs` |
//! | sockets | `sockets.rs` |
//! | scripts, files, processes, BFD sessions | `trackers.rs`, and `follow.rs`: who follows them |
//! | interfaces | `interface.rs` |

mod follow;
mod groups;
mod instance;
mod interface;
mod sockets;
mod trackers;

pub use interface::{DumpedInterface, FirstAddresses};
pub use sockets::DumpedSockets;

use super::text::{Moment, Text};
use super::{address, route, rule};
use follow::Followers;
use keepalived_types::Instant;
use keepalived_vrrp::config::{AddressConfig, Config, InstanceConfig};
use keepalived_vrrp::{ChannelId, Survey, SurveyedInstance};
use std::collections::{HashMap, HashSet};

/// Everything that `keepalived.data` shows behind the global definitions.
#[derive(Debug)]
pub struct VrrpData<'a> {
    /// The configuration; its list of instances is not looked at.
    pub config: &'a Config,
    /// The instances, in the order of the configuration.
    pub instances: Vec<DataInstance<'a>>,
    /// How things stand; `None` for `--dump-conf`.
    pub running: Option<Running<'a>>,
    /// The interfaces of the machine.
    pub interfaces: &'a [DumpedInterface],
    /// Now.
    pub moment: Moment,
}

/// One instance, and how it stands if it runs.
#[derive(Clone, Copy, Debug)]
pub struct DataInstance<'a> {
    /// As configured.
    pub config: &'a InstanceConfig,
    /// As it is.
    pub live: Option<&'a SurveyedInstance>,
}

/// What only a running process knows.
#[derive(Clone, Copy, Debug)]
pub struct Running<'a> {
    /// What the engine says.
    pub survey: &'a Survey,
    /// When it said so.
    pub at: Instant,
    /// Its sockets.
    pub sockets: &'a HashMap<ChannelId, DumpedSockets>,
    /// Track scripts that are running now, and whether they are being ended.
    pub scripts: &'a HashMap<String, ScriptRun>,
}

/// What a run of a track script has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptRun {
    /// It runs.
    Running,
    /// It has been asked to end.
    Terminating,
    /// It is being killed.
    Killing,
}

/// The text behind the global definitions.
#[must_use]
pub fn vrrp_data(data: &VrrpData<'_>) -> String {
    let mut text = Text::default();
    let followers = Followers::new(data);
    groups::garp_groups(&mut text, data);
    statics(&mut text, data);
    groups::track_groups(&mut text, data.config);
    let topology = Some("VRRP Topology").filter(|_| !data.instances.is_empty());
    topology.into_iter().for_each(|title| text.banner(0, title));
    for instance in &data.instances {
        instance::instance(&mut text, data, &followers, *instance);
    }
    sockets::sockpool(&mut text, data);
    groups::sync_groups(&mut text, data, &followers);
    trackers::scripts(&mut text, data, &followers);
    trackers::files(&mut text, data, &followers);
    trackers::processes(&mut text, data, &followers);
    trackers::bfd(&mut text, data, &followers);
    interface::interfaces(&mut text, data, &followers);
    text.finish()
}

fn statics(text: &mut Text, data: &VrrpData<'_>) {
    let config = data.config;
    let present: HashSet<_> = data.interfaces.iter().flat_map(|interface| &interface.addresses).collect();
    let is_set = |address: &AddressConfig| present.contains(&address.prefix.address());
    let lines = config.static_addresses.iter().map(|one| address::line(one, None, is_set(one)));
    list(text, "Static Addresses", lines);
    list(text, "Static Routes", config.static_routes.iter().map(route::line));
    list(text, "Static Rules", config.static_rules.iter().map(rule::line));
}

/// A section of lines; none without lines.
fn list(text: &mut Text, title: &str, lines: impl ExactSizeIterator<Item = String>) {
    if lines.len() > 0 {
        text.banner(0, title);
        lines.for_each(|line| text.line(5, format_args!("{line}")));
    }
}

#[cfg(test)]
mod tests;
