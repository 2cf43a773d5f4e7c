//! Virtual servers, real servers and the sorry server as they are now.

use crate::checker::Checker;
use crate::config::{self, GroupEntry, ServerGroup};
use crate::marks::Marks;
use crate::target::{self, Target};
use keepalived_types::Rare;
use keepalived_types::ipvs::{Destination, DestinationKey, ServiceKey, TableOperation};
use std::collections::HashSet;
use std::net::IpAddr;

/// A virtual server.
#[derive(Debug)]
pub(crate) struct VirtualServer {
    /// What is configured; its real servers are in `servers`.
    pub(crate) config: config::VirtualServer,
    pub(crate) name: String,
    /// The services it stands for.
    pub(crate) targets: Vec<Target>,
    /// Those of them that are not in the wanted table yet.
    pub(crate) fresh: Vec<Target>,
    /// The entries of its group, if it has one.
    pub(crate) entries: Vec<GroupEntry>,
    /// The mark that stands for its group (`nftables_ipvs`).
    pub(crate) mark: Option<u32>,
    /// Its services are wanted.
    pub(crate) alive: bool,
    pub(crate) quorum_up: bool,
    /// A reload is under way, and those whom it took away would have cost the quorum.
    pub(crate) bereft: bool,
    /// The sum of the weights of the servers that are alive.
    pub(crate) weight: u64,
    pub(crate) sorry: Option<SorryServer>,
    pub(crate) servers: Vec<RealServer>,
    /// None of its addresses is on this machine, and it minds (`ha_suspend`).
    pub(crate) suspended: bool,
}

/// A real server.
#[derive(Debug)]
pub(crate) struct RealServer {
    /// What is configured; its checkers are in `checkers`, and defaults are in it when they are its own.
    pub(crate) config: config::RealServer,
    /// Its virtual server's, for its name.
    protocol: Option<config::Protocol>,
    /// `config.defaults` were the virtual server's.
    pub(crate) inherits_defaults: bool,
    /// As far as checks are concerned it is in service.
    pub(crate) alive: bool,
    /// It is wanted in the table.
    pub(crate) placed: bool,
    /// How many of its checkers have failed.
    pub(crate) failed: usize,
    /// The configured weight and what checkers add to it.
    pub(crate) weight: i64,
    pub(crate) checkers: Vec<Checker>,
}

/// The sorry server.
#[derive(Debug)]
pub(crate) struct SorryServer {
    pub(crate) config: config::SorryServer,
    pub(crate) name: String,
    /// It stands in.
    pub(crate) alive: bool,
    /// It is wanted in the table.
    pub(crate) placed: bool,
}

impl VirtualServer {
    /// A virtual server that nothing is known of yet. Its checkers come later, see `start.rs`.
    pub(crate) fn new(mut config: config::VirtualServer, groups: &[ServerGroup], marks: &Marks) -> Self {
        let entries = match &config.service {
            config::Service::Group { name, .. } => {
                groups.iter().find(|group| group.name == *name).map(|group| group.entries.clone())
            }
            config::Service::Address(..) | config::Service::Mark(_) => None,
        };
        let entries = entries.unwrap_or_default();
        let mark = marks.of(&config.service, config.protocol);
        let targets = target::expand(&config, &entries, mark);
        let protocol = config.protocol;
        let servers = std::mem::take(&mut config.real_servers);
        let sorry = config.sorry_server.take().map(|sorry| SorryServer {
            name: config::endpoint(sorry.address, sorry.port, protocol),
            config: sorry,
            alive: false,
            placed: false,
        });
        Self {
            name: config.name(),
            fresh: targets.clone(),
            targets,
            entries,
            mark,
            alive: false,
            quorum_up: false,
            bereft: false,
            weight: 0,
            sorry,
            servers: servers.into_iter().map(|server| RealServer::new(server, &config)).collect(),
            suspended: false,
            config,
        }
    }

    /// Places in the table that its servers must not have now: those that a check has found to be down, those for whom
    /// the sorry server stands in, and the sorry server when it does not. Who has not been checked yet may still be there
    /// from an earlier run.
    pub(crate) fn out_of_service(&self) -> Vec<(ServiceKey, DestinationKey)> {
        let parked = self.sorry_is_active();
        let out = self.servers.iter().filter(|real| !real.placed && (parked || real.is_judged_down()));
        let keys = || self.targets.iter().map(|target| target.key);
        let sorry = self.sorry.iter().filter(|sorry| !sorry.placed);
        let servers = out.flat_map(|real| keys().map(|key| (key, real.destination(key, 0).key)));
        servers
            .chain(sorry.flat_map(|sorry| keys().map(|key| (key, sorry.destination(key, 0).key))))
            .collect()
    }

    /// The sorry server is standing in.
    pub(crate) fn sorry_is_active(&self) -> bool {
        self.sorry.as_ref().is_some_and(|sorry| sorry.alive)
    }

    /// The sorry server that stands in is this real server, too.
    pub(crate) fn stands_in(&self, server: usize) -> bool {
        let sorry = self.sorry.as_ref().filter(|sorry| sorry.alive);
        sorry.is_some_and(|sorry| self.servers.get(server).is_some_and(|real| real.place() == sorry.place()))
    }

    /// The group it is made of, if it is.
    pub(crate) fn group(&self) -> Option<&str> {
        match &self.config.service {
            config::Service::Group { name, .. } => Some(name),
            config::Service::Address(..) | config::Service::Mark(_) => None,
        }
    }

    /// An entry of its group as the original prints it.
    pub(crate) fn entry_name(&self, entry: usize) -> String {
        self.entries
            .get(entry)
            .map(|entry| target::entry_name(entry, self.config.protocol))
            .unwrap_or_default()
    }

    /// An operation for each service that is wanted already.
    pub(crate) fn on_each_service(
        &self,
        operation: impl Fn(ServiceKey) -> TableOperation,
    ) -> Vec<TableOperation> {
        self.settled_keys().into_iter().map(operation).collect()
    }

    /// The services that are wanted already: something may be in them.
    pub(crate) fn settled_keys(&self) -> Vec<ServiceKey> {
        let fresh: HashSet<ServiceKey> = self.fresh.iter().map(|target| target.key).collect();
        self.targets.iter().map(|target| target.key).filter(|key| !fresh.contains(key)).collect()
    }
}

impl RealServer {
    fn new(mut config: config::RealServer, parent: &config::VirtualServer) -> Self {
        let inherits_defaults = *config.defaults == parent.defaults;
        if inherits_defaults {
            config.defaults = Rare::default();
        }
        Self {
            protocol: parent.protocol,
            inherits_defaults,
            alive: false,
            placed: false,
            failed: 0,
            weight: i64::from(config.weight.get()),
            checkers: Vec::new(),
            config,
        }
    }

    /// Its printed name.
    pub(crate) fn name(&self) -> String {
        self.config.name(self.protocol)
    }

    /// What makes it the same one in another configuration.
    pub(crate) const fn place(&self) -> (IpAddr, u16) {
        (self.config.address, self.config.port)
    }

    /// The weight as the kernel takes it.
    pub(crate) fn effective_weight(&self) -> u32 {
        u32::try_from(self.weight.clamp(0, i64::from(i32::MAX))).unwrap_or(0)
    }

    /// The weight it has in the table: none when it inhibits, or when the sorry server stands in.
    pub(crate) fn table_weight(&self, parked: bool) -> u32 {
        if self.alive && !parked { self.effective_weight() } else { 0 }
    }

    /// A check of it has failed, which is more than not having succeeded yet.
    fn is_judged_down(&self) -> bool {
        self.checkers.iter().any(|checker| checker.has_run && !checker.is_up)
    }

    /// How it belongs in a service, with this weight.
    pub(crate) fn destination(&self, key: ServiceKey, weight: u32) -> Destination {
        let config = &self.config;
        let thresholds = (config.upper_threshold, config.lower_threshold);
        target::destination(key, config.address, config.port, config.forwarding, weight, thresholds)
    }
}

impl SorryServer {
    /// What makes it the same one in another configuration.
    pub(crate) const fn place(&self) -> (IpAddr, u16) {
        (self.config.address, self.config.port)
    }

    /// How it belongs in a service, with this weight.
    pub(crate) fn destination(&self, key: ServiceKey, weight: u32) -> Destination {
        let config = &self.config;
        target::destination(key, config.address, config.port, config.forwarding, weight, (0, 0))
    }
}
