//! The engine: inputs in, effects out.

use crate::checker::What;
use crate::config::Config;
use crate::configured;
use crate::diff;
use crate::effect::{CheckId, Effect};
use crate::event::{CheckLabel, EventKind};
use crate::marks::{self, GroupMark, Marks};
use crate::outcome::{Outcome, Remark};
use crate::places::{Place, Places};
use crate::reload;
use crate::servers::VirtualServer;
use crate::settings::{Settings, Start, effective_timeouts};
use crate::shared::{self, Appointments, Begun};
use crate::snapshot::Snapshot;
use crate::start::{self, Files};
use crate::stop;
use crate::suspend::{self, LocalAddresses};
use crate::transition;
use crate::verdict::{self, FileVerdict, Report};
use crate::world::World;
use keepalived_types::ipvs::{ObservedService, ServiceKey, TableOperation};
use keepalived_types::{IfIndex, Instant, Marking};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Different remarks about one checker that are told.
const MOST_REMARKS: usize = 16;

/// All virtual servers of one process: no socket, no clock, no thread.
///
/// A driver begins with `handle_address_added` and `handle_file` for everything the machine has, then
/// [`Engine::start`]. After each input it drains [`Engine::poll_effect`], then waits for more input or for
/// [`Engine::next_deadline`].
#[derive(Debug)]
pub struct Engine {
    virtual_servers: Vec<VirtualServer>,
    /// What is configured beside them.
    rest: Config,
    world: World,
    addresses: LocalAddresses,
    files: Files,
    places: Places,
    /// Who follows a file, and who a BFD session.
    followers: HashMap<CheckLabel, Vec<Place>>,
    marks: Marks,
    /// What was said last about the packets to be marked.
    marking: Option<Marking>,
    is_running: bool,
}

impl Engine {
    /// An engine that knows its configuration and nothing of the machine. `seed` decides when within their warm-up
    /// checks begin.
    #[must_use]
    pub fn new(config: Config, settings: Settings, seed: u64) -> Self {
        Self::with_marks(config, settings, seed, &[])
    }

    /// The same for a process whose predecessor had given these marks to groups.
    #[must_use]
    pub fn with_marks(config: Config, settings: Settings, seed: u64, known: &[GroupMark]) -> Self {
        let mut marks = Marks::known(known);
        marks.renew(&config, settings.marks.as_ref());
        let (virtual_servers, rest) = build(config, &marks);
        let mut engine = Self {
            virtual_servers,
            rest,
            world: World::new(settings, seed),
            addresses: LocalAddresses::default(),
            files: Files::new(),
            places: Places::default(),
            followers: HashMap::new(),
            marks,
            marking: None,
            is_running: false,
        };
        engine.addresses.follow(&engine.virtual_servers);
        engine
    }

    /// Brings everything into the table and begins to check.
    pub fn start(&mut self, start: Start, now: Instant) {
        if std::mem::replace(&mut self.is_running, true) {
            return;
        }
        let world = &mut self.world;
        world.kernel_timeouts = start.timeouts;
        let timeouts = effective_timeouts(world.settings.timeouts, start.timeouts);
        if timeouts != start.timeouts {
            world.command(TableOperation::SetTimeouts(timeouts));
        }
        let restarted = start.successor_of.is_some();
        if world.settings.sync.is_some() && !restarted {
            stop::stop_sync(world);
            stop::start_sync(world);
        }
        let mut observed = start.observed;
        if world.settings.flush && !restarted {
            world.command(TableOperation::Flush);
            observed = None;
        }
        world.held_back = observed.is_some();
        for real in self.virtual_servers.iter_mut().flat_map(|server| &mut server.servers) {
            start::make_checkers(real, &self.files, world);
        }
        if let Some(snapshot) = &start.successor_of {
            snapshot.resume(&mut self.virtual_servers);
        }
        for server in &mut self.virtual_servers {
            start::bring_up(server, world);
        }
        world.held_back = false;
        if let Some(observed) = observed {
            let mut operations = diff::repair(&world.wanted, &observed);
            // What a process before placed, and what it may have placed after it was last heard of.
            let mut placed = start.successor_of.map(|snapshot| snapshot.placed()).unwrap_or_default();
            placed.extend(self.virtual_servers.iter().flat_map(VirtualServer::all_places));
            operations.extend(diff::leftovers(&world.wanted, &observed, &placed));
            operations.into_iter().for_each(|operation| world.command(operation));
        }
        self.mark_packets();
        self.after_change(now);
    }

    /// A new configuration. What did not change goes on undisturbed.
    pub fn reconfigure(&mut self, config: Config, settings: Settings, now: Instant) {
        self.marks.renew(&config, settings.marks.as_ref());
        let (mut new, rest) = build(config, &self.marks);
        if self.is_running {
            reload::change_settings(settings, &mut self.world);
            let old = std::mem::take(&mut self.virtual_servers);
            reload::replace(old, &mut new, &self.files, &mut self.world);
        } else {
            self.world.settings = settings;
        }
        (self.virtual_servers, self.rest) = (new, rest);
        self.addresses.follow(&self.virtual_servers);
        if self.is_running {
            self.mark_packets();
            self.after_change(now);
        }
    }

    /// Says which packets are to be marked, when that has changed.
    fn mark_packets(&mut self) {
        let settings = self.world.settings.marks.as_ref();
        let marking = settings.map(|settings| marks::marking(&self.virtual_servers, settings));
        if self.marking == marking {
            return;
        }
        let before = std::mem::replace(&mut self.marking, marking.clone());
        let table = marking.as_ref().map(|marking| marking.table.clone());
        self.world.effects.extend(marking.map(Effect::Mark));
        if let Some(before) = before.filter(|before| Some(&before.table) != table.as_ref()) {
            self.world.effects.push_back(Effect::Mark(Marking { ranges: Vec::new(), ..before }));
        }
    }

    /// Takes everything out of the table, unless `keep` (`-I`) leaves it as it is. Nothing happens afterwards.
    pub fn stop(&mut self, keep: bool) {
        if !std::mem::replace(&mut self.is_running, false) {
            return;
        }
        let world = &mut self.world;
        world.agenda.clear();
        if keep {
            return;
        }
        stop::stop_all(&mut self.virtual_servers, world);
        if let Some(marking) = self.marking.take() {
            world.effects.push_back(Effect::Mark(Marking { ranges: Vec::new(), ..marking }));
        }
        if world.settings.sync.is_some() {
            stop::stop_sync(world);
        }
        if effective_timeouts(world.settings.timeouts, world.kernel_timeouts) != world.kernel_timeouts {
            world.command(TableOperation::SetTimeouts(world.kernel_timeouts));
        }
    }

    /// An attempt of a check ended.
    pub fn handle_outcome(&mut self, check: CheckId, outcome: Outcome, now: Instant) {
        for check in self.world.companions.take(check) {
            self.conclude(check, outcome.clone(), now);
        }
    }

    /// What the end of an attempt means for one of the checks that waited for it.
    fn conclude(&mut self, check: CheckId, outcome: Outcome, now: Instant) {
        let Some((server, real, number)) = self.places.get(check) else { return };
        let Some(virtual_server) = self.virtual_servers.get_mut(server) else { return };
        let Some(real_server) = virtual_server.servers.get_mut(real) else { return };
        let weight = real_server.config.weight.get();
        let Some(checker) = real_server.checkers.get_mut(number) else { return };
        let Some(began) = checker.progress.running_since.take() else { return };
        if !self.is_running {
            return;
        }
        let verdict = verdict::judge(checker, outcome, weight);
        let world = &mut self.world;
        world.set_due(checker, verdict.next_at(began, now));
        let failure = verdict.failure();
        let (weights, checks) = (verdict.contribution, verdict.events);
        if let Some(contribution) = weights {
            transition::contribute(virtual_server, real, number, contribution, world);
        }
        for kind in checks {
            let name = virtual_server.servers[real].name();
            world.report(&virtual_server.name, Some(&name), kind);
        }
        if let Some(report) = verdict.report {
            transition::report(virtual_server, real, number, report, failure, world);
        }
    }

    /// An attempt of a check brought something odd that decides nothing. It is told once per checker.
    pub fn handle_remark(&mut self, check: CheckId, remark: Remark) {
        for check in self.world.companions.all(check) {
            self.remark(check, remark.clone());
        }
    }

    fn remark(&mut self, check: CheckId, remark: Remark) {
        let Some((server, real, number)) = self.places.get(check) else { return };
        let virtual_server = &mut self.virtual_servers[server];
        let real_server = &mut virtual_server.servers[real];
        let checker = &mut real_server.checkers[number];
        if checker.remarks.contains(&remark) || checker.remarks.len() >= MOST_REMARKS {
            return;
        }
        checker.remarks.push(remark.clone());
        let kind = EventKind::Remarked { check: checker.label(), remark };
        self.world.report(&virtual_server.name, Some(&real_server.name()), kind);
    }

    /// Everything that is due by `now` begins.
    pub fn handle_timeout(&mut self, now: Instant) {
        let mut begun = Begun::default();
        while let Some((check, at)) = self.world.agenda.pop(now) {
            let Some((server, real, number)) = self.places.get(check) else { continue };
            let Some(virtual_server) = self.virtual_servers.get_mut(server) else { continue };
            let suspended = virtual_server.suspended;
            let real_server = virtual_server.servers.get_mut(real);
            let Some(checker) = real_server.and_then(|real| real.checkers.get_mut(number)) else { continue };
            let What::Active(what) = &checker.what else { continue };
            if checker.progress.due != Some(at) {
                continue; // It was moved.
            }
            if suspended {
                let delay = what.common.schedule.delay_loop;
                self.world.set_due(checker, now + delay);
                continue;
            }
            let url = checker.progress.url;
            match begun.join(checker) {
                Some(maker) => self.world.companions.wait(check, maker),
                None => {
                    let what = Arc::new(what.whole());
                    self.world.effects.push_back(Effect::RunCheck { check, what, url });
                }
            }
            (checker.progress.due, checker.progress.running_since) = (None, Some(now));
        }
    }

    /// A followed file holds this number; 0 when it holds none, or does not exist.
    pub fn handle_file(&mut self, name: &str, value: i64, _now: Instant) {
        let label = CheckLabel::File(name.to_owned());
        let Ok(value) = i32::try_from(value) else {
            let kind = EventKind::FileOutOfRange { file: name.to_owned(), value };
            self.world.report("", None, kind);
            return;
        };
        self.files.insert(name.to_owned(), value);
        if !self.is_running {
            return;
        }
        for (server, real, number) in self.followers.get(&label).cloned().unwrap_or_default() {
            let virtual_server = &mut self.virtual_servers[server];
            let checker = &virtual_server.servers[real].checkers[number];
            let What::File(check) = &checker.what else { continue };
            let was_up = checker.is_up;
            let verdict = verdict::on_file(check, value);
            let up = verdict != FileVerdict::Down;
            if was_up != up {
                let kind = EventKind::Followed { check: label.clone(), up };
                self.world.report(&virtual_server.name, Some(&virtual_server.servers[real].name()), kind);
            }
            if let FileVerdict::Up(contribution) = verdict {
                transition::contribute(virtual_server, real, number, contribution, &mut self.world);
            }
            if was_up != up {
                let report = if up { Report::Up } else { Report::Down };
                transition::report(virtual_server, real, number, report, None, &mut self.world);
            }
        }
    }

    /// A BFD session is up, or it is not.
    pub fn handle_bfd(&mut self, session: &str, up: bool, _now: Instant) {
        let label = CheckLabel::Bfd(session.to_owned());
        if !self.is_running {
            return;
        }
        for (server, real, number) in self.followers.get(&label).cloned().unwrap_or_default() {
            let virtual_server = &mut self.virtual_servers[server];
            let checker = &virtual_server.servers[real].checkers[number];
            if checker.is_up != up || !checker.has_run {
                let kind = EventKind::Followed { check: label.clone(), up };
                self.world.report(&virtual_server.name, Some(&virtual_server.servers[real].name()), kind);
            }
            let report = if up { Report::Up } else { Report::Down };
            transition::report(virtual_server, real, number, report, None, &mut self.world);
        }
    }

    /// An interface got an address, or has it (`ha_suspend`).
    pub fn handle_address_added(&mut self, interface: IfIndex, address: IpAddr, _now: Instant) {
        let waiting = self.addresses.insert(interface, address).map(<[usize]>::to_vec);
        self.on_address(waiting, address, true);
    }

    /// An interface lost an address (`ha_suspend`).
    pub fn handle_address_removed(&mut self, interface: IfIndex, address: IpAddr, _now: Instant) {
        let waiting = self.addresses.remove(interface, address).map(<[usize]>::to_vec);
        self.on_address(waiting, address, false);
    }

    fn on_address(&mut self, waiting: Option<Vec<usize>>, address: IpAddr, present: bool) {
        let Some(waiting) = waiting.filter(|_| self.is_running) else { return };
        self.world.report("", None, EventKind::LocalAddress { address, present });
        for index in waiting {
            let server = &mut self.virtual_servers[index];
            let suspended = self.addresses.suspends(server);
            suspend::set(server, suspended, &mut self.world);
        }
    }

    /// These are all addresses of the machine, each with its interface: what is not among them is gone (`ha_suspend`).
    pub fn handle_addresses(&mut self, all: &[(IfIndex, IpAddr)], now: Instant) {
        let present: HashSet<(IfIndex, IpAddr)> = all.iter().copied().collect();
        for (interface, address) in self.addresses.known() {
            if !present.contains(&(interface, address)) {
                self.handle_address_removed(interface, address, now);
            }
        }
        for (interface, address) in all {
            self.handle_address_added(*interface, *address, now);
        }
    }

    /// The kernel refused an operation.
    pub fn handle_refusal(&mut self, operation: TableOperation, errno: i32, _now: Instant) {
        const EEXIST: i32 = 17;
        const ESRCH: i32 = 3;
        let key = service_of(&operation);
        // Somebody else added it, or removed the service: the next reading of the table puts that right.
        if !matches!(errno, EEXIST | ESRCH) {
            self.world.wanted.refuse(&operation);
        }
        // A service that is not there refuses everything else; that was said once.
        let is_follow_up =
            !matches!(operation, TableOperation::AddService(_) | TableOperation::EditService(_))
                && key.and_then(|key| self.world.wanted.service(key)).is_some_and(|service| service.refused);
        // Whether a sync daemon ran before is not known, and no matter.
        let is_expected = matches!(operation, TableOperation::StopSync(..));
        if !is_follow_up && !is_expected {
            let kind = EventKind::OperationRefused { operation: Box::new(operation), errno };
            self.world.report("", None, kind);
        }
    }

    /// This is the kernel's table now: what is wanted and not there, or otherwise there, is put right. A table that
    /// the kernel has taken all operations of so far needs nothing.
    pub fn handle_table(&mut self, observed: &[ObservedService]) {
        if !self.is_running {
            return;
        }
        let operations = diff::repair(&self.world.wanted, observed);
        if operations.is_empty() {
            return;
        }
        self.world.report("", None, EventKind::TableRepaired { operations: operations.len() });
        operations.into_iter().for_each(|operation| self.world.command(operation));
    }

    /// The next thing to do, in order; `None` when there is nothing left.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        let effect = self.world.effects.pop_front();
        if effect.is_none() {
            self.world.give_back_room();
        }
        effect
    }

    /// How many of the things to be done change the kernel's table.
    #[must_use]
    pub fn table_changes(&self) -> usize {
        self.world.effects.iter().filter(|effect| matches!(effect, Effect::Table(_))).count()
    }

    /// When [`Engine::handle_timeout`] has to be called: never after the next check is due, sometimes before. `None`
    /// when nothing is waited for.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.world.agenda.next()
    }

    /// The services that the configuration stands for, whether they are in the table or not.
    #[must_use]
    pub fn services(&self) -> HashSet<ServiceKey> {
        self.virtual_servers.iter().flat_map(|server| &server.targets).map(|target| target.key).collect()
    }

    /// Everything that should be in the kernel's table.
    #[must_use]
    pub fn wanted_table(&self) -> Vec<ObservedService> {
        let services = self.world.wanted.services().into_iter();
        services
            .map(|entry| ObservedService {
                service: entry.service.clone(),
                destinations: entry.destinations(),
                inexpressible: Vec::new(),
            })
            .collect()
    }

    /// The numbers in followed files, as far as they are known.
    #[must_use]
    pub fn file_values(&self) -> HashMap<String, i64> {
        self.files.iter().map(|(name, value)| (name.clone(), i64::from(*value))).collect()
    }

    /// The configuration that it runs with.
    #[must_use]
    pub fn config(&self) -> Config {
        configured::config(&self.virtual_servers, &self.rest)
    }

    /// Everything an operator can ask.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            virtual_servers: self.virtual_servers.iter().map(VirtualServer::snapshot).collect(),
            marks: self.marks.snapshot(),
        }
    }

    /// After a start or a reload: who is where, and when new checks begin.
    fn after_change(&mut self, now: Instant) {
        self.world.alike.clear();
        self.followers.clear();
        let mut places = Vec::new();
        for (index, server) in self.virtual_servers.iter_mut().enumerate() {
            server.suspended = self.addresses.suspends(server);
            for (number, real) in server.servers.iter().enumerate() {
                for (checker_number, checker) in real.checkers.iter().enumerate() {
                    let place = (index, number, checker_number);
                    match &checker.what {
                        What::Active(_) => places.push((checker.id, place)),
                        What::File(_) | What::Bfd(_) => {
                            self.followers.entry(checker.label()).or_default().push(place);
                        }
                    }
                }
            }
        }
        self.places = Places::new(places);
        shared::unite(&mut self.virtual_servers);
        let mut appointments = Appointments::of(&self.virtual_servers, now);
        for server in &mut self.virtual_servers {
            for real in &mut server.servers {
                // Printed for whoever is told of a new check: there may be none.
                let mut name = None;
                for checker in &mut real.checkers {
                    let What::Active(what) = &checker.what else { continue };
                    if !checker.has_run {
                        let kind = if server.suspended {
                            EventKind::CheckerDeactivated
                        } else {
                            EventKind::CheckerActivated
                        };
                        let name = name.get_or_insert_with(|| real.config.name(server.config.protocol));
                        self.world.report(&server.name, Some(name), kind);
                    }
                    if checker.progress.running_since.is_some() {
                        continue;
                    }
                    let at = match (appointments.earliest(checker), checker.progress.due) {
                        (Some(due), _) => due,
                        // A shorter interval holds at once.
                        (None, Some(due)) => due.min(now + what.common.schedule.delay_loop),
                        (None, None) => {
                            let due = self.world.agenda.first(&what.common.schedule, now);
                            appointments.note(checker, due);
                            due
                        }
                    };
                    self.world.set_due(checker, at);
                }
            }
        }
    }
}

/// The virtual servers of a configuration, and what is left of it.
fn build(mut config: Config, marks: &Marks) -> (Vec<VirtualServer>, Config) {
    let configured = std::mem::take(&mut config.virtual_servers).into_iter();
    let servers = configured.map(|server| VirtualServer::new(server, &config.groups, marks)).collect();
    (servers, config)
}

fn service_of(operation: &TableOperation) -> Option<ServiceKey> {
    match operation {
        TableOperation::AddService(service) | TableOperation::EditService(service) => Some(service.key),
        TableOperation::RemoveService(key)
        | TableOperation::AddDestination(key, _)
        | TableOperation::EditDestination(key, _)
        | TableOperation::RemoveDestination(key, _) => Some(*key),
        TableOperation::Flush
        | TableOperation::StartSync(_)
        | TableOperation::StopSync(..)
        | TableOperation::SetTimeouts(_) => None,
    }
}

#[cfg(test)]
mod tests;
