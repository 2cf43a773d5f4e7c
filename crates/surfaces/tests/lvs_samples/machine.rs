//! A director in virtual time: the engine, and servers that answer as a case says.

use crate::operation;
use crate::transcript::{self, Step};
use keepalived_config::host::{FakeHost, ScriptFile};
use keepalived_config::load::{LoadOptions, Loaded, load};
use keepalived_config::model::Config;
use keepalived_lvs::config::{ActiveCheck, Probe};
use keepalived_lvs::{CheckId, Effect, Engine, Event, EventKind, Failure, HttpTest, Outcome, Start};
use keepalived_surfaces::lvs_log_lines;
use keepalived_surfaces::mail::lvs_alert;
use keepalived_types::Instant;
use keepalived_types::ipvs::ConnectionTimeouts;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

/// How a server, a page or a program behaves.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// As it should.
    Good,
    /// As it should, but only when the time of the check is over.
    Late,
    /// At once, with this reason.
    Fails(&'static str),
    /// Not at all, until the time of the check is over; with this reason.
    Silent(&'static str),
    /// A program with `misc_dynamic` ends with this status.
    Status(u8),
    /// A program fails; how it ended.
    Exit(&'static str),
    /// The check cannot be made.
    CannotRun(&'static str),
}

/// The engine with a clock and servers of its own.
pub(crate) struct Machine {
    case: &'static str,
    engine: Engine,
    now: Instant,
    answers: HashMap<String, Answer>,
    attempts: BinaryHeap<Reverse<(Instant, CheckId)>>,
    outcomes: HashMap<CheckId, Outcome>,
    steps: std::vec::IntoIter<Step>,
    refused: HashMap<String, i32>,
    log: Vec<String>,
    operations: Vec<String>,
    told: Vec<String>,
    mailed: Vec<String>,
    began: Vec<Instant>,
}

fn folder(case: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lvs_samples").join(case)
}

fn configuration(case: &str, file: &str) -> Config {
    parse(&std::fs::read_to_string(folder(case).join(file)).expect("the case has this configuration"))
}

fn parse(text: &str) -> Config {
    read(text).config.expect("there is a file")
}

/// What the reader says about a configuration.
pub(crate) fn remarks(text: &str) -> Vec<String> {
    read(text).report.diagnostics().iter().map(|diagnostic| diagnostic.message.clone()).collect()
}

fn read(text: &str) -> Loaded {
    let path = "/etc/keepalived/keepalived.conf";
    let program =
        |path: &str| ScriptFile::Usable { path: PathBuf::from(path), insecure: false, needs_shell: false };
    let host = FakeHost::new()
        .with_file(path, text)
        .with_ethernet("br0", &[])
        .with_script_file("/usr/local/bin/ev.sh", program("/usr/local/bin/ev.sh"))
        .with_script_file("/usr/local/bin/chk.sh", program("/usr/local/bin/chk.sh"));
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    load(path, &options, &host)
}

impl Machine {
    /// A machine that has not started, whose servers all answer well.
    pub(crate) fn new(case: &'static str, file: &str) -> Self {
        let text = std::fs::read_to_string(folder(case).join("transcript-2.4.3.txt"));
        let steps = transcript::read(&text.expect("the case has a transcript"));
        Self::build(case, configuration(case, file), steps)
    }

    /// A machine with this configuration that has started, and what it said and did so far.
    pub(crate) fn running(text: &str) -> Self {
        let mut machine = Self::idle(text);
        machine.start();
        machine
    }

    /// A machine with this configuration that has not started.
    pub(crate) fn idle(text: &str) -> Self {
        Self::build("no case", parse(text), Vec::new())
    }

    /// A machine that has not started and knows what another one, which crashed, had.
    pub(crate) fn succeeding(text: &str, before: &Self) -> Self {
        let config = parse(text);
        let (settings, known) = (config.global.lvs.settings(), before.engine.snapshot().marks);
        let mut machine = Self::build("no case", parse(text), Vec::new());
        machine.engine = Engine::with_marks(config.lvs, settings, 0, &known);
        machine
    }

    /// The daemon reloads this text.
    pub(crate) fn reload_text(&mut self, text: &str) -> &mut Self {
        let config = parse(text);
        let settings = config.global.lvs.settings();
        self.act(|engine, now| engine.reconfigure(config.lvs, settings, now))
    }

    /// Time passes.
    pub(crate) fn run(&mut self, time: f64) -> &mut Self {
        let end = self.now + Duration::from_secs_f64(time);
        while let Some(next) = self.next_time().filter(|next| *next <= end) {
            self.advance(next);
        }
        self.now = end;
        self
    }

    /// The operations since the last call.
    pub(crate) fn operations(&mut self) -> Vec<String> {
        std::mem::take(&mut self.operations)
    }

    /// The lines of the log since the last call.
    pub(crate) fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    /// Who was told what since the last call: lines of a FIFO, and scripts with their arguments.
    pub(crate) fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    /// Mails since the last call: subject and text.
    pub(crate) fn mailed(&mut self) -> Vec<String> {
        std::mem::take(&mut self.mailed)
    }

    /// When attempts began, since the last call, in seconds.
    pub(crate) fn began(&mut self) -> Vec<f64> {
        let began = std::mem::take(&mut self.began);
        began.into_iter().map(|at| at.since(Instant::ORIGIN).as_secs_f64()).collect()
    }

    /// The engine, for questions.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    fn build(case: &'static str, config: Config, steps: Vec<Step>) -> Self {
        Self {
            told: Vec::new(),
            mailed: Vec::new(),
            began: Vec::new(),
            case,
            engine: Engine::new(config.lvs, config.global.lvs.settings(), 0),
            now: Instant::ORIGIN,
            answers: HashMap::new(),
            attempts: BinaryHeap::new(),
            outcomes: HashMap::new(),
            steps: steps.into_iter(),
            refused: HashMap::new(),
            log: Vec::new(),
            operations: Vec::new(),
        }
    }

    /// From now on this server (`address:port`), page (`address:port/path`) or program (its first argument) answers so.
    pub(crate) fn answer(&mut self, who: &str, answer: Answer) -> &mut Self {
        self.answers.insert(who.to_owned(), answer);
        self
    }

    /// From now on the kernel refuses this operation with this error.
    pub(crate) fn refuse(&mut self, operation: &str, errno: i32) -> &mut Self {
        self.refused.insert(operation.to_owned(), errno);
        self
    }

    /// The daemon starts.
    pub(crate) fn start(&mut self) -> &mut Self {
        let second = Duration::from_secs;
        let timeouts = ConnectionTimeouts { tcp: second(900), tcp_fin: second(120), udp: second(300) };
        self.act(|engine, now| engine.start(Start { timeouts, ..Start::default() }, now))
    }

    /// Another daemon, with another configuration, in place of the one before.
    pub(crate) fn restart(&mut self, file: &str) -> &mut Self {
        let config = configuration(self.case, file);
        self.engine = Engine::new(config.lvs, config.global.lvs.settings(), 0);
        self.attempts.clear();
        self
    }

    /// The daemon reloads.
    pub(crate) fn reload(&mut self, file: &str) -> &mut Self {
        let config = configuration(self.case, file);
        let settings = config.global.lvs.settings();
        self.act(|engine, now| engine.reconfigure(config.lvs, settings, now))
    }

    /// The daemon stops.
    pub(crate) fn stop(&mut self) -> &mut Self {
        self.act(|engine, _| engine.stop(false))
    }

    /// Something happens to the engine at the beginning of the next step.
    pub(crate) fn act(&mut self, act: impl FnOnce(&mut Engine, Instant)) -> &mut Self {
        let operations = self.steps.as_slice().first().map(|step| step.operations.clone());
        for (operation, errno) in operations.unwrap_or_default() {
            if let Some(errno) = errno {
                self.refused.insert(operation, errno);
            }
        }
        act(&mut self.engine, self.now);
        self.drain();
        self
    }

    /// Time passes until the next step of the transcript has happened.
    pub(crate) fn step(&mut self) -> &mut Self {
        self.step_except(&[], &[])
    }

    /// The same, with differences on purpose: a recorded line, and what we say instead (nothing for none; an empty
    /// recorded line for one that only we have, which then comes at the end).
    pub(crate) fn step_except(&mut self, log: &[(&str, &str)], operations: &[(&str, &str)]) -> &mut Self {
        let step = self.steps.next().expect("the transcript has another step");
        self.refused.clear();
        for (operation, errno) in &step.operations {
            if let Some(errno) = errno {
                self.refused.insert(operation.clone(), *errno);
            }
        }
        let expected_log = amended(step.log, log);
        let plain = step.operations.into_iter().map(|(operation, _)| operation).collect();
        let expected = amended(plain, operations);
        let end = self.now + Duration::from_secs(60);
        let quiet = self.now + Duration::from_secs(2);
        let nothing_expected = expected_log.is_empty() && expected.is_empty();
        while self.log.len() < expected_log.len()
            || self.operations.len() < expected.len()
            || nothing_expected
        {
            let next = self.next_time();
            if next.is_none_or(|next| next > end || (nothing_expected && next > quiet)) {
                self.now = if nothing_expected { quiet } else { self.now };
                break;
            }
            self.advance(next.expect("it was looked at"));
        }
        let log = std::mem::take(&mut self.log);
        let operations = std::mem::take(&mut self.operations);
        let place = format!("{}: == {}", self.case, step.title);
        assert_eq!(log, expected_log, "log of {place} (left: ours)");
        assert_eq!(operations, expected, "operations of {place} (left: ours)");
        self
    }

    /// The same for a step of one moment, within which there is no order; of the recorded log only the lines that are
    /// `compared`.
    pub(crate) fn step_in_any_order(&mut self, compared: impl Fn(&str) -> bool) -> &mut Self {
        let step = self.steps.next().expect("the transcript has another step");
        let title = format!("{}: == {}", self.case, step.title);
        self.run(5.0);
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        let log = sorted(std::mem::take(&mut self.log));
        let operations = sorted(std::mem::take(&mut self.operations));
        let expected = step.log.into_iter().filter(|line| compared(line)).collect();
        assert_eq!(log, sorted(expected), "log of {title} (left: ours)");
        let expected = step.operations.into_iter().map(|(operation, _)| operation).collect();
        assert_eq!(operations, sorted(expected), "operations of {title} (left: ours)");
        self
    }

    fn next_time(&self) -> Option<Instant> {
        let attempt = self.attempts.peek().map(|Reverse((at, _))| *at);
        [attempt, self.engine.next_deadline()].into_iter().flatten().min()
    }

    /// One attempt ends, or all checks that are due begin.
    fn advance(&mut self, to: Instant) {
        self.now = self.now.max(to);
        if let Some(Reverse((at, check))) = self.attempts.peek().copied()
            && at <= self.now
        {
            self.attempts.pop();
            if let Some(outcome) = self.outcomes.remove(&check) {
                self.engine.handle_outcome(check, outcome, self.now);
            }
        } else {
            self.engine.handle_timeout(self.now);
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::RunCheck { check, what, url } => {
                    let (outcome, delay) = self.attempt(&what, url);
                    self.began.push(self.now);
                    self.outcomes.insert(check, outcome);
                    self.attempts.push(Reverse((self.now + delay, check)));
                }
                Effect::AbandonCheck(check) => drop(self.outcomes.remove(&check)),
                Effect::Table(operation) => {
                    let text = operation::text(&operation);
                    let refused = self.refused.get(&text).copied();
                    self.operations.push(text);
                    if let Some(errno) = refused {
                        self.engine.handle_refusal(operation, errno, self.now);
                    }
                }
                Effect::Mark(marking) => self.operations.push(operation::marks(&marking)),
                Effect::Event(event) => {
                    self.told.extend(told(&event));
                    let mail = lvs_alert(&event, false);
                    self.mailed.extend(mail.map(|mail| format!("{} {}", mail.subject, mail.body)));
                    self.log.extend(lvs_log_lines(&event).into_iter().map(|line| line.text));
                }
            }
        }
    }

    fn attempt(&self, check: &ActiveCheck, url: usize) -> (Outcome, Duration) {
        let (names, timeout, test) = names(&check.probe, url);
        let answer = names.iter().find_map(|name| self.answers.get(name)).cloned().unwrap_or(Answer::Good);
        let failure = |timed_out, reason: &str, detail: Option<&str>| {
            let detail = detail.map(str::to_owned);
            Outcome::Failed(Failure { timed_out, reason: reason.to_owned(), detail })
        };
        match answer {
            Answer::Good => (Outcome::Passed { test }, Duration::ZERO),
            Answer::Late => (Outcome::Passed { test }, timeout),
            Answer::Fails(reason) => (failure(false, reason, None), Duration::ZERO),
            Answer::Silent(reason) => (failure(true, reason, None), timeout),
            Answer::Status(status) => (Outcome::Weighed(status), Duration::ZERO),
            Answer::Exit(how) => (failure(false, "failed", Some(how)), Duration::ZERO),
            Answer::CannotRun(reason) => (Outcome::CannotRun { reason: reason.to_owned() }, Duration::ZERO),
        }
    }
}

fn names(probe: &Probe, url: usize) -> (Vec<String>, Duration, Option<HttpTest>) {
    let connection = match probe {
        Probe::Tcp(connection) | Probe::Ping(connection) => connection,
        Probe::Udp(check) => &check.connection,
        Probe::Smtp(check) => &check.connection,
        Probe::Dns(check) => &check.connection,
        Probe::Misc(check) => {
            return (check.command.argv.get(1).cloned().into_iter().collect(), check.timeout, None);
        }
        Probe::Http(check) | Probe::Ssl(check) => {
            let page = &check.urls[url];
            let server = check.connection.destination.to_string();
            let test = match (&page.regex, page.digest) {
                (Some(_), _) => HttpTest::Regex,
                (None, Some(_)) => HttpTest::Digest,
                (None, None) => HttpTest::Status,
            };
            return (vec![format!("{server}{}", page.path), server], check.connection.timeout, Some(test));
        }
    };
    let interface = connection.interface.as_ref().map(|name| format!("dev {name}"));
    let names = interface.into_iter().chain([connection.destination.to_string()]).collect();
    (names, connection.timeout, None)
}

/// What a FIFO and a script get.
fn told(event: &Event) -> Vec<String> {
    let (who, up, quiet, script) = match &event.kind {
        EventKind::RealServerAnnounced { up, quiet, script, .. } => {
            let real = event.real_server.as_deref().unwrap_or_default();
            (format!("RS {real} {}", event.virtual_server), up, quiet, script)
        }
        EventKind::VirtualServerAnnounced { up, quiet, script, .. } => {
            (format!("VS {}", event.virtual_server), up, quiet, script)
        }
        _ => return Vec::new(),
    };
    let script = script.iter().map(|command| command.argv.join("|"));
    let line = (!quiet).then(|| format!("{who} {}", if *up { "UP" } else { "DOWN" }));
    script.chain(line).collect()
}

fn amended(recorded: Vec<String>, differences: &[(&str, &str)]) -> Vec<String> {
    let mut expected = Vec::new();
    let mut left: Vec<&(&str, &str)> = differences.iter().collect();
    for line in recorded {
        match left.iter().position(|(theirs, _)| *theirs == line) {
            Some(index) => {
                let (_, ours) = left.remove(index);
                expected.extend((!ours.is_empty()).then(|| (*ours).to_owned()));
            }
            None => expected.push(line),
        }
    }
    for (theirs, ours) in left {
        assert!(theirs.is_empty(), "a difference that the transcript does not have: {theirs}");
        expected.push((*ours).to_owned());
    }
    expected
}
