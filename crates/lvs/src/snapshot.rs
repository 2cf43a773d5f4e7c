//! Everything an operator can ask, and everything a successor has to know.

use crate::checker::{Checker, What};
use crate::marks::GroupMark;
use crate::servers::{RealServer, VirtualServer};
use crate::start;
use keepalived_types::ipvs::{DestinationKey, ServiceKey};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::IpAddr;

/// All virtual servers at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// In the order of the configuration.
    pub virtual_servers: Vec<VirtualServerSnapshot>,
    /// The marks that stand for groups (`nftables_ipvs`).
    pub marks: Vec<GroupMark>,
}

/// A virtual server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualServerSnapshot {
    /// Its printed name.
    pub name: String,
    /// The services it stands for.
    pub services: Vec<ServiceKey>,
    /// There are enough servers.
    pub quorum_up: bool,
    /// The weight of the servers that are up.
    pub weight: u64,
    /// `quorum`: the weight that is enough.
    pub quorum: u32,
    /// `hysteresis`: how much more brings the quorum back, and less loses it.
    pub hysteresis: u32,
    /// Its address is not here, and it minds.
    pub suspended: bool,
    /// Its real servers in the order of the configuration.
    pub real_servers: Vec<RealServerSnapshot>,
    /// Its sorry server.
    pub sorry_server: Option<SorryServerSnapshot>,
}

/// A real server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealServerSnapshot {
    /// Its printed name.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// It is in service as far as checks are concerned.
    pub alive: bool,
    /// Where it is in the table, one for each service; empty when it is not.
    pub placed: Vec<DestinationKey>,
    /// Its weight with what checkers add to it.
    pub weight: u32,
    /// Its checkers in the order of the configuration.
    pub checkers: Vec<CheckerSnapshot>,
}

/// A checker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckerSnapshot {
    /// The server does its job, as far as this checker knows.
    pub up: bool,
    /// It has reported at least once.
    pub has_run: bool,
    /// Failures in a row.
    pub failures: u32,
    /// What it adds to the weight.
    pub contribution: i64,
    /// `MISC_CHECK`: the status that a dynamic weight comes from.
    pub status: Option<u8>,
}

/// A sorry server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SorryServerSnapshot {
    /// Its printed name.
    pub name: String,
    /// It stands in.
    pub alive: bool,
    /// Where it is in the table, one for each service; empty when it is not.
    pub placed: Vec<DestinationKey>,
}

impl Snapshot {
    /// What is placed in which service.
    pub(crate) fn placed(&self) -> Vec<(ServiceKey, Vec<DestinationKey>)> {
        let mut all = Vec::new();
        for server in &self.virtual_servers {
            for (number, key) in server.services.iter().enumerate() {
                let real = server.real_servers.iter().map(|real| &real.placed);
                let sorry = server.sorry_server.iter().map(|sorry| &sorry.placed);
                let places = real.chain(sorry).filter_map(|places| places.get(number).copied()).collect();
                all.push((*key, places));
            }
        }
        all
    }
}

impl VirtualServer {
    /// The virtual server as it is now.
    pub(crate) fn snapshot(&self) -> VirtualServerSnapshot {
        VirtualServerSnapshot {
            name: self.name.clone(),
            services: self.targets.iter().map(|target| target.key).collect(),
            quorum_up: self.quorum_up,
            weight: self.weight,
            quorum: self.config.quorum.weight,
            hysteresis: self.config.quorum.hysteresis,
            suspended: self.suspended,
            real_servers: self.servers.iter().map(|real| self.snapshot_server(real)).collect(),
            sorry_server: self.sorry.as_ref().map(|sorry| SorryServerSnapshot {
                name: sorry.name.clone(),
                alive: sorry.alive,
                placed: self.places(sorry.placed, |key| sorry.destination(key, 0).key),
            }),
        }
    }

    fn snapshot_server(&self, real: &RealServer) -> RealServerSnapshot {
        let checkers = real.checkers.iter().map(|checker| CheckerSnapshot {
            up: checker.is_up,
            has_run: checker.has_run,
            failures: checker.progress.failures,
            contribution: checker.contribution,
            status: checker.progress.status,
        });
        RealServerSnapshot {
            name: real.name(),
            address: real.config.address,
            port: real.config.port,
            alive: real.alive,
            placed: self.places(real.placed, |key| real.destination(key, 0).key),
            weight: real.effective_weight(),
            checkers: checkers.collect(),
        }
    }

    fn places(&self, placed: bool, place: impl Fn(ServiceKey) -> DestinationKey) -> Vec<DestinationKey> {
        self.targets.iter().filter(|_| placed).map(|target| place(target.key)).collect()
    }
}

impl Snapshot {
    /// Virtual servers of a new process, about which nothing is known, go on where the ones before them were.
    pub(crate) fn resume(&self, virtual_servers: &mut [VirtualServer]) {
        let known: HashMap<&str, &VirtualServerSnapshot> =
            self.virtual_servers.iter().map(|server| (server.name.as_str(), server)).collect();
        for server in virtual_servers {
            let Some(before) = known.get(server.name.as_str()) else { continue };
            server.quorum_up = before.quorum_up;
            if let (Some(sorry), Some(before)) = (&mut server.sorry, &before.sorry_server) {
                sorry.alive = before.alive && sorry.name == before.name;
            }
            let reals: HashMap<_, _> =
                before.real_servers.iter().map(|real| ((real.address, real.port), real)).collect();
            for real in &mut server.servers {
                let Some(before) = reals.get(&(real.config.address, real.config.port)) else { continue };
                if before.checkers.len() == real.checkers.len() {
                    real.checkers.iter_mut().zip(&before.checkers).for_each(resume_checker);
                    start::count(real);
                }
            }
        }
    }
}

fn resume_checker((checker, before): (&mut Checker, &CheckerSnapshot)) {
    if matches!(checker.what, What::File(_)) {
        return; // Its file says what it is.
    }
    checker.is_up = before.up;
    checker.has_run = before.has_run;
    checker.contribution = before.contribution;
    checker.progress.status = before.status;
    checker.progress.failures = before.failures;
    checker.progress.first = !before.has_run;
}
