//! With the processes of the machine, told by its kernel where it does.

use super::*;
use keepalived_kernel::clock;
use keepalived_types::PriorityWeight;
use keepalived_vrrp::config::{ParameterMatch, Track};
use std::process::{Child, Command};

/// A copy of sleep under a name that nobody else has.
struct Program {
    directory: tempfile::TempDir,
    name: String,
}

impl Program {
    fn new(label: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let name = format!("{label}{}", std::process::id());
        std::fs::copy("/bin/sleep", directory.path().join(&name)).expect("sleep exists");
        Self { directory, name }
    }

    fn run(&self) -> Child {
        Command::new(self.directory.path().join(&self.name)).arg("100").spawn().expect("a copy of sleep")
    }

    fn tracker(&self) -> ProcessTracker {
        ProcessTracker {
            name: "p".to_owned(),
            process: vec![self.name.clone()],
            parameters: ParameterMatch::Partial,
            full_command: false,
            track: Track { weight: PriorityWeight::FAULT, reverse: false },
            quorum: 1,
            quorum_max: None,
            fork_delay: Duration::ZERO,
            terminate_delay: Duration::ZERO,
        }
    }
}

/// Lets the watch work until it tells this count; returns the lines of the log meanwhile.
fn until(watch: &mut ProcessWatch, count: u32) -> Vec<String> {
    let start = clock::now();
    let mut lines = Vec::new();
    loop {
        let now = clock::now();
        assert!(now.since(start) < Duration::from_secs(10), "no {count}: {lines:?}");
        let mut news = watch.handle_events(now);
        let late = watch.handle_timeout(now);
        news.counts.extend(late.counts);
        lines.extend(news.lines.into_iter().chain(late.lines));
        if news.counts.iter().any(|(_, told)| *told == count) {
            return lines;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn a_life_is_followed(watch: &mut ProcessWatch, program: &Program) {
    let mut child = program.run();
    assert!(until(watch, 1).contains(&"Quorum gained for tracked process p".to_owned()));
    let mut second = program.run();
    until(watch, 2);
    for child in [&mut child, &mut second] {
        child.kill().expect("ours");
        child.wait().expect("ours");
    }
    assert!(until(watch, 0).contains(&"Quorum lost for tracked process p".to_owned()));
}

#[test]
fn processes_are_counted_from_the_first_moment_and_followed() {
    let program = Program::new("kalt");
    let mut child = program.run();
    let mut watch = ProcessWatch::new(None);
    let seen = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        process::look_at(child.id()).is_some_and(|seen| seen.name == program.name.as_bytes())
    });
    assert!(seen);
    let news = watch.configure(vec![program.tracker()], clock::now());
    assert_eq!(news.counts, [("p".to_owned(), 1)]);
    child.kill().expect("ours");
    until(&mut watch, 0);
    child.wait().expect("ours");
    a_life_is_followed(&mut watch, &program);
    assert_eq!(watch.configure(vec![program.tracker()], clock::now()), News::default(), "nothing new");
    watch.configure(Vec::new(), clock::now());
    assert_eq!((watch.next_deadline(), watch.descriptor().is_some()), (None, false));
}

#[test]
fn without_process_events_they_are_looked_for_and_the_log_says_so_once() {
    let program = Program::new("kalp");
    let mut watch = ProcessWatch::new(None);
    watch.configure(vec![program.tracker()], clock::now());
    let mut lines = Vec::new();
    watch.look_from_now_on("a test", clock::now(), &mut lines);
    assert_eq!(lines.len(), 1);
    a_life_is_followed(&mut watch, &program);
    assert!(matches!(watch.source, Source::Looking(_)));
}

#[test]
fn after_a_loss_everything_is_looked_at_again() {
    let program = Program::new("kall");
    let mut watch = ProcessWatch::new(None);
    let now = clock::now();
    watch.configure(vec![program.tracker()], now);
    // What a kernel that tells does; the events themselves are lost.
    if let Source::Asked { events, .. } = std::mem::take(&mut watch.source) {
        watch.source = Source::Told { events, look_at: None };
        let mut lines = Vec::new();
        watch.handle(Happening::Overrun, now, &mut lines);
        watch.handle(Happening::Overrun, now, &mut lines);
        assert_eq!(lines.len(), 1, "{lines:?}");
        let mut child = program.run();
        while process::look_at(child.id()).is_none_or(|seen| seen.name != program.name.as_bytes()) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(watch.handle_timeout(now).counts, [], "the storm may not be over");
        assert_eq!(watch.handle_timeout(now + AFTER_LOSS).counts, [("p".to_owned(), 1)]);
        child.kill().expect("ours");
        child.wait().expect("ours");
    }
}

#[test]
fn a_quorum_that_turns_back_within_its_delay_has_not_turned_for_the_log() {
    let program = Program::new("kald");
    let delay = Duration::from_secs(2);
    let mut watch = ProcessWatch::new(None);
    let now = clock::now();
    watch.table.configure(vec![ProcessTracker { terminate_delay: delay, ..program.tracker() }]);
    watch.news(Vec::new(), now);
    watch.table.look_at(std::process::id(), &Named(program.name.clone()));
    assert_eq!(watch.news(Vec::new(), now).lines, ["Quorum gained for tracked process p"]);
    watch.table.gone(std::process::id());
    assert_eq!(watch.news(Vec::new(), now).lines, [""; 0]);
    watch.table.look_at(std::process::id(), &Named(program.name.clone()));
    assert_eq!(watch.news(Vec::new(), now).lines, [""; 0]);
    assert_eq!(watch.next_deadline(), None);
    watch.table.gone(std::process::id());
    watch.news(Vec::new(), now);
    assert_eq!(watch.next_deadline(), Some(now + delay));
    assert_eq!(watch.handle_timeout(now + delay).lines, ["Quorum lost for tracked process p"]);
}

/// A machine on which every process is called so.
struct Named(String);

impl Processes for Named {
    fn look_at(&self, _: u32) -> Option<Seen> {
        Some(Seen { name: self.0.clone().into_bytes(), is_zombie: false })
    }

    fn arguments(&self, _: u32) -> Option<Vec<Vec<u8>>> {
        None
    }
}
