//! One machine that balances: the real engine, a kernel's table, servers, and time. What must never happen is looked for
//! at every step.

use super::expect;
use super::plan::{FILES, Plan};
use super::servers::Servers;
use super::table::{ENOENT, Table};
use super::totals::Totals;
use crate::random::Random;
use crate::watch::Violation;
use keepalived_config::host::{FakeHost, ScriptFile};
use keepalived_config::load::{LoadOptions, load};
use keepalived_lvs::config::{ActiveCheck, Config, Probe};
use keepalived_lvs::{CheckId, Effect, Engine, EventKind, Outcome, Settings, Snapshot, Start};
use keepalived_types::ipvs::{
    Destination, DestinationKey, Protocol, ServiceKey, TableOperation, VirtualService,
};
use keepalived_types::{Forwarding, IfIndex, Instant};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often a table that somebody else may have changed is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// A check under way.
#[derive(Debug)]
struct Attempt {
    what: Arc<ActiveCheck>,
    url: usize,
    began: Instant,
    outcome: Outcome,
}

/// The machine.
#[derive(Debug)]
pub struct Director {
    engine: Engine,
    config: Config,
    table: Table,
    pub(super) servers: Servers,
    now: Instant,
    ends: BinaryHeap<Reverse<(Instant, CheckId)>>,
    attempts: HashMap<CheckId, Attempt>,
    addresses: BTreeMap<IpAddr, bool>,
    /// Somebody else changed the table since we looked.
    disturbed: bool,
    /// The last process placed servers that this one does not know of, and may not have checked yet.
    inherited: bool,
    look_at: Instant,
    /// What was last said: up or down.
    said: HashMap<(String, Option<String>), bool>,
    violation: Option<Violation>,
    story: Option<Vec<String>>,
    totals: Totals,
}

impl Director {
    /// A machine whose daemon starts with this configuration.
    pub(super) fn start(plan: &Plan, seed: u64, record_story: bool) -> Self {
        let (config, settings) = read(plan);
        let mut director = Self {
            engine: Engine::new(config.clone(), settings, seed),
            config,
            table: Table::default(),
            servers: Servers::default(),
            now: Instant::ORIGIN,
            ends: BinaryHeap::new(),
            attempts: HashMap::new(),
            addresses: BTreeMap::new(),
            disturbed: false,
            inherited: false,
            look_at: Instant::ORIGIN + LOOK,
            said: HashMap::new(),
            violation: None,
            story: record_story.then(Vec::new),
            totals: Totals::default(),
        };
        director.tell(&format!("start with\n{}", plan.text()));
        director
            .table
            .0
            .insert(foreign().key, super::table::Entry { service: foreign(), servers: BTreeMap::new() });
        let observed = director.observed();
        director.act(|engine, now| engine.start(Start { observed: Some(observed), ..Start::default() }, now));
        director
    }

    /// What was written down.
    pub fn story(&self) -> impl Iterator<Item = &str> {
        self.story.iter().flatten().map(String::as_str)
    }

    /// What this run came to.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// The first thing that there is to object to.
    pub(super) fn verdict(&self) -> Result<(), Violation> {
        self.violation.clone().map_or(Ok(()), Err)
    }

    pub(super) fn tell(&mut self, words: &str) {
        let at = self.now;
        if let Some(story) = self.story.as_mut().filter(|_| self.violation.is_none()) {
            story.push(format!("{at}: {words}"));
        }
    }

    fn object(&mut self, what: String) {
        let at = self.now;
        self.violation.get_or_insert(Violation { at, what });
    }

    /// Time passes.
    pub(super) fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let attempt = self.ends.peek().map(|Reverse((at, _))| *at);
            let next = [attempt, self.engine.next_deadline(), Some(self.look_at)].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end && self.violation.is_none()) else { break };
            self.now = self.now.max(next);
            if self.look_at <= self.now {
                self.look();
            } else if attempt.is_some_and(|at| at <= self.now) {
                self.end_attempt();
            } else {
                self.act(Engine::handle_timeout);
            }
        }
        self.now = end;
    }

    fn end_attempt(&mut self) {
        let Some(Reverse((_, check))) = self.ends.pop() else { return };
        if let Some(attempt) = self.attempts.remove(&check) {
            self.act(|engine, now| engine.handle_outcome(check, attempt.outcome, now));
        }
    }

    /// The table is read, and put right.
    pub(super) fn look(&mut self) {
        self.look_at = self.now + LOOK;
        let observed = self.observed();
        let was_disturbed = std::mem::replace(&mut self.disturbed, false);
        let before = self.totals.operations;
        self.act(|engine, _| engine.handle_table(&observed));
        if !was_disturbed && !self.inherited && self.totals.operations != before {
            self.object("a table that nobody had touched was repaired".to_owned());
        }
    }

    fn observed(&self) -> Vec<keepalived_types::ipvs::ObservedService> {
        let ours = self.engine.services();
        self.table.observed(|key| ours.contains(key))
    }

    /// Another configuration.
    pub(super) fn reload(&mut self, plan: &Plan) {
        self.tell(&format!("reload with\n{}", plan.text()));
        self.totals.reloads += 1;
        let (config, settings) = read(plan);
        let is_same = config == self.config;
        let before = Table::wanted(self.engine.wanted_table());
        self.config = config.clone();
        let operations = self.act(|engine, now| engine.reconfigure(config, settings, now));
        if is_same && !operations.is_empty() {
            self.object(format!("a reload without a change did something: {operations:?}"));
        }
        let known = |server: &keepalived_lvs::VirtualServerSnapshot, real: &Option<String>| {
            real.as_ref().is_none_or(|name| server.real_servers.iter().any(|real| real.name == *name))
        };
        let snapshot = self.engine.snapshot();
        // Who is gone and comes back is somebody new.
        self.said.retain(|(name, real), _| {
            snapshot.virtual_servers.iter().any(|server| server.name == *name && known(server, real))
        });
        let after = Table::wanted(self.engine.wanted_table());
        for operation in operations {
            let is_needless = match operation {
                TableOperation::RemoveService(key) => {
                    before.0.contains_key(&key) && after.0.contains_key(&key)
                }
                TableOperation::RemoveDestination(key, place) => {
                    let has = |table: &Table| {
                        table.0.get(&key).is_some_and(|entry| entry.servers.contains_key(&place))
                    };
                    // A sorry server that is a real server, too, changes its office, as the original has it.
                    let is_sorry = self.config.virtual_servers.iter().any(|server| {
                        server.sorry_server.as_ref().is_some_and(|sorry| sorry.address == place.address)
                    });
                    has(&before) && has(&after) && !is_sorry
                }
                _ => false,
            };
            if is_needless {
                self.object(format!("connections of what stays are disturbed by {operation:?}"));
            }
        }
    }

    /// The checker process is killed, and another takes its place, which knows what was so a while ago.
    pub(super) fn crash(&mut self, snapshot: Snapshot, seed: u64, plan: &Plan) {
        let is_fresh = snapshot == self.engine.snapshot() && !self.disturbed;
        self.tell(&format!("crash; what the successor knows is of this moment: {is_fresh}"));
        self.totals.crashes += 1;
        let (config, settings) = read(plan);
        self.engine = Engine::with_marks(config.clone(), settings, seed, &snapshot.marks);
        self.config = config;
        self.attempts.clear();
        self.ends.clear();
        if !is_fresh {
            // What was said since then will be found out, and said, anew.
            self.said.clear();
            self.inherited = true;
        }
        // Until it has started it wants nothing.
        self.disturbed = true;
        for file in FILES {
            let number = self.servers.number(file);
            self.act(|engine, now| engine.handle_file(file, number, now));
        }
        for (address, here) in self.addresses.clone() {
            if here {
                self.act(|engine, now| engine.handle_address_added(interface(), address, now));
            }
        }
        self.disturbed = false;
        let observed = self.observed();
        let start = Start { observed: Some(observed), successor_of: Some(snapshot), ..Start::default() };
        let operations = self.act(|engine, now| engine.start(start, now));
        if is_fresh && !operations.is_empty() {
            self.object(format!("a successor that knew everything did something: {operations:?}"));
        }
    }

    /// What a successor would know.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.engine.snapshot()
    }

    /// The daemon ends in order.
    pub(super) fn stop(&mut self) {
        self.look();
        self.tell("stop");
        self.act(|engine, _| engine.stop(false));
        if self.table.lines().len() != 1 {
            self.object(format!("a stop left {:?}", self.table.lines()));
        }
    }

    /// A file has another number.
    pub(super) fn write_file(&mut self, file: &str, number: i64) {
        self.act(|engine, now| engine.handle_file(file, number, now));
    }

    /// An address comes or goes.
    pub(super) fn move_address(&mut self, random: &mut Random) {
        let number = u8::try_from(random.below(9)).unwrap_or(0);
        let address = if number < 5 { [10, 0, 0, number] } else { [10, 0, number, 1 + number % 3] };
        let address = IpAddr::from(address);
        let here = self.addresses.entry(address).or_default();
        *here = !*here;
        let here = *here;
        self.tell(&format!("{address} is here: {here}"));
        self.act(|engine, now| {
            if here {
                engine.handle_address_added(interface(), address, now);
            } else {
                engine.handle_address_removed(interface(), address, now);
            }
        });
    }

    /// Somebody else changes something of ours with `ipvsadm`.
    pub(super) fn disturb(&mut self, random: &mut Random) {
        let keys: Vec<ServiceKey> =
            self.table.0.keys().copied().filter(|key| *key != foreign().key).collect();
        let Some(key) = random.pick(&keys) else { return };
        self.disturbed = true;
        self.totals.disturbances += 1;
        let Some(entry) = self.table.0.get_mut(&key) else { return };
        let places: Vec<DestinationKey> = entry.servers.keys().copied().collect();
        let place = random.pick(&places);
        let what = match (random.below(5), place) {
            (0, _) => {
                self.table.0.remove(&key);
                format!("{key} is removed")
            }
            (1, _) => {
                "lc".clone_into(&mut entry.service.scheduler);
                format!("{key} gets another scheduler")
            }
            (2, _) => {
                let place = DestinationKey { address: IpAddr::from([10, 9, 9, 9]), port: 80 };
                let server = stranger(place);
                entry.servers.insert(place, server);
                format!("{key} gets a stranger")
            }
            (3, Some(place)) => {
                entry.servers.insert(place, Destination { weight: 77, ..stranger(place) });
                format!("{place} in {key} gets another weight")
            }
            (_, Some(place)) => {
                entry.servers.remove(&place);
                format!("{place} leaves {key}")
            }
            (_, None) => return,
        };
        self.tell(&format!("somebody else: {what}"));
    }

    /// Nothing has happened for long: everything has to be as the servers are.
    pub(super) fn check_calm(&mut self) {
        if self.violation.is_some() {
            return;
        }
        // Everybody has been checked, and the table looked at.
        self.inherited = false;
        self.compare();
        let snapshot = self.engine.snapshot();
        for server in &snapshot.virtual_servers {
            let real = server.real_servers.iter().map(|real| (Some(real.name.clone()), real.alive));
            for (real, up) in real.chain([(None, server.quorum_up)]) {
                let who = (server.name.clone(), real);
                if self.said.get(&who).is_some_and(|said| *said != up) {
                    self.object(format!("{who:?} is up: {up}, and the opposite was said"));
                }
            }
        }
        let complaints = expect::complaints(&self.config, &snapshot, &self.servers, &self.table);
        for complaint in complaints {
            self.object(complaint);
        }
    }

    /// Tells the engine something, does what it says, and looks whether that is as it should be. Returns what the kernel
    /// was told.
    fn act(&mut self, act: impl FnOnce(&mut Engine, Instant)) -> Vec<TableOperation> {
        act(&mut self.engine, self.now);
        let mut done = Vec::new();
        let mut begun = Vec::new();
        loop {
            // As the driver does: operations of one turn go in one batch, and refusals come back behind it.
            let mut operations = Vec::new();
            let mut idle = true;
            while let Some(effect) = self.engine.poll_effect() {
                idle = false;
                match effect {
                    Effect::RunCheck { check, what, url } => {
                        begun.push((check, Arc::clone(&what), url));
                        self.begin(check, what, url);
                    }
                    Effect::AbandonCheck(check) => drop(self.attempts.remove(&check)),
                    Effect::Table(operation) => operations.push(operation),
                    Effect::Mark(_) => {}
                    Effect::Event(event) => self.hear(*event),
                }
            }
            if idle {
                break;
            }
            for operation in operations {
                self.perform(operation, &mut done);
            }
        }
        self.look_for_repetition(&begun);
        self.compare();
        done
    }

    fn perform(&mut self, operation: TableOperation, done: &mut Vec<TableOperation>) {
        self.totals.operations += 1;
        let mut result = self.table.apply(&operation);
        if let (TableOperation::EditDestination(key, server), Err(ENOENT)) = (&operation, result) {
            result = self.table.apply(&TableOperation::AddDestination(*key, *server));
        }
        self.tell(&format!("{operation:?}: {result:?}"));
        done.push(operation.clone());
        if let Err(errno) = result {
            if !self.disturbed && !self.inherited {
                self.object(format!("the kernel refuses {operation:?} with {errno}"));
            }
            self.engine.handle_refusal(operation, errno, self.now);
        }
    }

    fn begin(&mut self, check: CheckId, what: Arc<ActiveCheck>, url: usize) {
        self.totals.checks += 1;
        let answer = self.servers.answer(&what, url);
        self.ends.push(Reverse((self.now + answer.after, check)));
        let attempt = Attempt { what, url, began: self.now, outcome: answer.outcome };
        if self.attempts.insert(check, attempt).is_some() {
            self.object(format!("{check:?} runs twice"));
        }
    }

    /// Equal checks are made once.
    fn look_for_repetition(&mut self, begun: &[(CheckId, Arc<ActiveCheck>, usize)]) {
        for (check, what, url) in begun {
            let is_script = matches!(what.probe, Probe::Misc(_));
            let is_same = |(other, attempt): (&CheckId, &Attempt)| {
                other != check && attempt.began == self.now && attempt.url == *url && attempt.what == *what
            };
            if !is_script && self.attempts.iter().any(is_same) {
                self.object(format!("the same is checked twice at once: {what:?}"));
                return;
            }
        }
    }

    fn hear(&mut self, event: keepalived_lvs::Event) {
        self.tell(&format!("{event:?}"));
        let (up, may_repeat) = match event.kind {
            // Several alpha checkers of a real server may each say that it is down, as the original's do.
            EventKind::RealServerAnnounced { up, .. } => (up, true),
            // At a stop, and when a reload brings a sorry server while the quorum is not met, as the original does.
            EventKind::VirtualServerAnnounced { up, stopping, initial, .. } => (up, stopping || initial),
            _ => return,
        };
        let who = (event.virtual_server, event.real_server);
        if !may_repeat && self.said.get(&who) == Some(&up) {
            self.object(format!("{who:?} is said to be up: {up}, a second time"));
        }
        self.said.insert(who, up);
    }

    /// The kernel has what the engine wants.
    fn compare(&mut self) {
        if self.disturbed || self.inherited {
            return;
        }
        let wanted = Table::wanted(self.engine.wanted_table());
        let mut is = self.table.clone();
        is.0.remove(&foreign().key);
        // Strangers in our services are let be.
        for entry in is.0.values_mut() {
            entry.servers.retain(|place, _| place.address != IpAddr::from([10, 9, 9, 9]));
        }
        if is != wanted {
            self.object(format!("the table is\n{:#?}\nand should be\n{:#?}", is.lines(), wanted.lines()));
        }
        if self.table.0.get(&foreign().key).map(|entry| &entry.service) != Some(&foreign()) {
            self.object("a service that is not ours was changed".to_owned());
        }
    }
}

/// Somebody else's service.
fn foreign() -> VirtualService {
    VirtualService {
        key: ServiceKey::Address { protocol: Protocol::Udp, address: IpAddr::from([10, 8, 8, 8]), port: 53 },
        scheduler: "rr".to_owned(),
        flags: 0,
        persistence: None,
    }
}

fn stranger(key: DestinationKey) -> Destination {
    Destination { key, forwarding: Forwarding::Nat, weight: 1, upper_threshold: 0, lower_threshold: 0 }
}

fn interface() -> IfIndex {
    IfIndex::new(2).expect("a number of an interface")
}

fn read(plan: &Plan) -> (Config, Settings) {
    let path = "/etc/keepalived/keepalived.conf";
    let script =
        ScriptFile::Usable { path: PathBuf::from("/bin/check"), insecure: false, needs_shell: false };
    let host = FakeHost::new().with_file(path, plan.text()).with_script_file("/bin/check", script);
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    let loaded = load(path, &options, &host);
    let config = loaded.config.expect("there is a file");
    (config.lvs, config.global.lvs.settings())
}
