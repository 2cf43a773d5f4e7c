//! What instances follow besides adverts, and what it does to them: a weight, or a fault.
//!
//! Nothing is added up as it happens. Whenever something that an instance follows has changed, its priority
//! (`weights.rs`) and its faults (`faults.rs`) are computed anew from what is true now, so that no sequence of changes,
//! reloads included, can leave a remainder.

mod faults;
mod interface;
mod process;
mod script;
mod weights;

pub(crate) use faults::find as find_faults;
pub use process::ProcessStanding;
pub use script::{ScriptStanding, ScriptVerdict};
pub(crate) use weights::{contributions, effective as effective_priority};

use crate::config::{Config, InstanceConfig, SyncGroupConfig, Track, Trackers};
use crate::input::Reading;
use crate::timers::Timers;
use keepalived_types::{Instant, InterfaceName, PriorityWeight};
use process::Process;
use std::collections::HashMap;

/// Something that instances follow.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Watched {
    Interface(InterfaceName),
    Script(String),
    File(String),
    Process(String),
    Bfd(String),
}

/// Something that one instance follows, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Followed {
    pub(crate) watched: Watched,
    pub(crate) track: Track,
}

/// Failure means FAULT.
const FAULT_ONLY: Track = Track { weight: PriorityWeight::FAULT, reverse: false };

/// Everything an instance follows: its own trackers, its group's, and interfaces of static addresses, routes and rules
/// whose track group names it. Its own interface and those of its addresses are not trackers.
pub(crate) fn followed(
    config: &InstanceConfig,
    group: Option<&SyncGroupConfig>,
    group_has_owner: bool,
    all: &Config,
) -> Vec<Followed> {
    let mut followed = list(&config.trackers);
    for mut theirs in group.map(|group| list(&group.trackers)).unwrap_or_default() {
        if group_has_owner {
            // An owner's priority is fixed, so a weight would pull the members apart (vrrp reference 3.1).
            theirs.track.weight = PriorityWeight::FAULT;
        }
        match followed.iter_mut().find(|own| own.watched == theirs.watched) {
            // Given twice, the group's weight counts, unless the instance wants a fault.
            Some(own) if own.track.weight == PriorityWeight::FAULT => {}
            Some(own) => own.track = theirs.track,
            None => followed.push(theirs),
        }
    }
    let groups = all.track_groups.iter().filter(|group| group.instances.contains(&config.name));
    for group in groups {
        for interface in static_interfaces(all, &group.name) {
            let watched = Watched::Interface(interface.clone());
            if !followed.iter().any(|one| one.watched == watched && one.track == FAULT_ONLY) {
                followed.push(Followed { watched, track: FAULT_ONLY });
            }
        }
    }
    followed
}

/// The interfaces used by static addresses, routes and rules that name this track group.
fn static_interfaces<'a>(all: &'a Config, group: &'a str) -> impl Iterator<Item = &'a InterfaceName> {
    let names = move |track_group: &Option<String>| track_group.as_deref() == Some(group);
    let addresses = all.static_addresses.iter().filter(move |address| names(&address.options.track_group));
    let routes = all.static_routes.iter().filter(move |route| names(&route.track_group));
    let rules = all.static_rules.iter().filter(move |rule| names(&rule.track_group));
    let of_addresses = addresses.filter_map(|address| address.interface.as_ref());
    let of_routes = routes.flat_map(crate::config::RouteConfig::interfaces);
    let of_rules = rules.flat_map(|rule| rule.selector.input.iter().chain(&rule.selector.output));
    of_addresses.chain(of_routes).chain(of_rules)
}

fn list(trackers: &Trackers) -> Vec<Followed> {
    let mut list = Vec::new();
    for (interface, track) in &trackers.interfaces {
        list.push(Followed { watched: Watched::Interface(interface.clone()), track: *track });
    }
    let mut add = |trackers: &[(String, Track)], watched: fn(String) -> Watched| {
        list.extend(
            trackers.iter().map(|(name, track)| Followed { watched: watched(name.clone()), track: *track }),
        );
    };
    add(&trackers.scripts, Watched::Script);
    add(&trackers.files, Watched::File);
    add(&trackers.processes, Watched::Process);
    add(&trackers.bfd, Watched::Bfd);
    list
}

/// The last readings.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    scripts: HashMap<String, ScriptVerdict>,
    files: HashMap<String, i64>,
    processes: HashMap<String, Process>,
    process_names: HashMap<u32, String>,
    /// The number of the next new process tracker.
    next_process: u32,
    bfd: HashMap<String, bool>,
}

impl Observed {
    /// Takes over a configuration; readings of what is still configured in the same way are kept.
    pub(crate) fn configure(&mut self, config: &Config, timers: &mut Timers) {
        let mut old = std::mem::take(self);
        for tracker in &config.scripts {
            let kept = old.scripts.remove(&tracker.name);
            self.scripts.insert(tracker.name.clone(), ScriptVerdict::adopt(kept, tracker.clone()));
        }
        self.next_process = old.next_process;
        for tracker in &config.processes {
            let process = match old.processes.remove(&tracker.name) {
                Some(kept) => kept.reconfigure(tracker.clone(), timers),
                None => {
                    self.next_process += 1;
                    Process::new(self.next_process, tracker.clone())
                }
            };
            self.process_names.insert(process.number(), tracker.name.clone());
            self.processes.insert(tracker.name.clone(), process);
        }
        old.processes.values().for_each(|gone| timers.cancel(gone.due()));
        let is_file = |name: &String| config.files.iter().any(|file| file.name == *name);
        self.files = old.files.into_iter().filter(|(name, _)| is_file(name)).collect();
        let is_bfd = |name: &String| config.bfd.iter().any(|bfd| bfd.name == *name);
        self.bfd = old.bfd.into_iter().filter(|(name, _)| is_bfd(name)).collect();
    }

    /// Takes a reading. Returns what has to be looked at again.
    pub(crate) fn read(
        &mut self,
        name: &str,
        reading: Reading,
        timers: &mut Timers,
        now: Instant,
    ) -> Option<Watched> {
        match reading {
            Reading::Script { success } => {
                self.scripts.get_mut(name)?.read(success).then(|| Watched::Script(name.to_owned()))
            }
            Reading::File(value) => {
                let changed = self.files.insert(name.to_owned(), value) != Some(value);
                changed.then(|| Watched::File(name.to_owned()))
            }
            Reading::Bfd { up } => {
                let changed = self.bfd.insert(name.to_owned(), up) != Some(up);
                changed.then(|| Watched::Bfd(name.to_owned()))
            }
            Reading::Processes(count) => {
                let process = self.processes.get_mut(name)?;
                process.read(count, timers, now).then(|| Watched::Process(name.to_owned()))
            }
        }
    }

    /// The delay of a process quorum is over. Returns what has to be looked at again.
    pub(crate) fn process_delay_is_over(&mut self, number: u32) -> Option<Watched> {
        let name = self.process_names.get(&number)?;
        self.processes.get_mut(name)?.delay_is_over();
        Some(Watched::Process(name.clone()))
    }

    /// What is known of each script.
    pub(crate) fn script_standings(&self) -> HashMap<String, ScriptStanding> {
        self.scripts.iter().map(|(name, verdict)| (name.clone(), verdict.standing())).collect()
    }

    /// The number in each file that has been read.
    pub(crate) fn file_values(&self) -> HashMap<String, i64> {
        self.files.clone()
    }

    /// What is known of each process tracker.
    pub(crate) fn process_standings(&self, timers: &Timers) -> HashMap<String, ProcessStanding> {
        self.processes.iter().map(|(name, process)| (name.clone(), process.standing(timers))).collect()
    }

    /// The BFD sessions that somebody has told about.
    pub(crate) fn bfd_states(&self) -> HashMap<String, bool> {
        self.bfd.clone()
    }

    /// Is it known whether this is up? A script that has not run yet is not.
    fn is_up(&self, watched: &Watched) -> Option<bool> {
        match watched {
            Watched::Interface(_) | Watched::File(_) => None,
            Watched::Script(name) => self.scripts.get(name)?.is_up(),
            Watched::Process(name) => self.processes.get(name)?.is_up(),
            // A session that nobody has reported is down.
            Watched::Bfd(name) => Some(self.bfd.get(name).copied().unwrap_or(false)),
        }
    }

    fn file_value(&self, name: &str) -> i64 {
        self.files.get(name).copied().unwrap_or(0)
    }

    /// Does one of these scripts, whose failure would be a fault, still have to run for the first time?
    pub(crate) fn awaits_first_result(&self, followed: &[Followed]) -> bool {
        self.awaited(followed).next().is_some()
    }

    /// Those scripts.
    pub(crate) fn awaited(&self, followed: &[Followed]) -> impl Iterator<Item = String> {
        followed.iter().filter_map(|followed| match &followed.watched {
            Watched::Script(name) if followed.track.weight == PriorityWeight::FAULT => {
                self.scripts.get(name)?.is_up().is_none().then(|| name.clone())
            }
            _ => None,
        })
    }
}
