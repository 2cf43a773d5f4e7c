//! The engine: inputs in, effects out. Here is its life from start to stop; what it is told meanwhile is in the files
//! below.

mod addresses;
mod asked;
mod checks;
mod followed;
mod table;

use crate::checker::What;
use crate::config::Config;
use crate::diff;
use crate::effect::Effect;
use crate::event::{CheckLabel, EventKind};
use crate::marks::{self, GroupMark, Marks};
use crate::places::{Place, Places};
use crate::reload;
use crate::servers::VirtualServer;
use crate::settings::{Settings, Start, effective_timeouts};
use crate::shared::{self, Appointments};
use crate::start::{self, Files};
use crate::stop;
use crate::suspend::LocalAddresses;
use crate::world::World;
use keepalived_types::ipvs::TableOperation;
use keepalived_types::{Instant, Marking};
use std::collections::HashMap;

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
            if let Some(snapshot) = start.successor_of {
                operations.extend(diff::leftovers(&world.wanted, &observed, &snapshot.placed()));
            }
            let out: Vec<_> = self.virtual_servers.iter().flat_map(VirtualServer::out_of_service).collect();
            for stray in diff::strays(&world.wanted, &observed, &out) {
                if !operations.contains(&stray) {
                    operations.push(stray);
                }
            }
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

    /// The next thing to do, in order; `None` when there is nothing left.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        let effect = self.world.effects.pop_front();
        if effect.is_none() {
            self.world.give_back_room();
        }
        effect
    }

    /// When [`Engine::handle_timeout`] has to be called: never after the next check is due, sometimes before. `None`
    /// when nothing is waited for.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.world.agenda.next()
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

#[cfg(test)]
mod tests;
