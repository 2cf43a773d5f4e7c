//! A machine of a few processes that are what a map says they are.

use super::*;
use keepalived_types::PriorityWeight;
use keepalived_vrrp::config::Track;

#[derive(Default)]
struct Machine(HashMap<u32, (&'static str, Vec<&'static str>, bool)>);

impl Machine {
    fn run(&mut self, pid: u32, command: &[&'static str]) {
        let name = command[0].rsplit('/').next().unwrap_or_default();
        self.0.insert(pid, (&name[..name.len().min(15)], command.to_vec(), false));
    }
}

impl Processes for Machine {
    fn look_at(&self, pid: u32) -> Option<Seen> {
        self.0.get(&pid).map(|one| Seen { name: one.0.as_bytes().to_vec(), is_zombie: one.2 })
    }

    fn arguments(&self, pid: u32) -> Option<Vec<Vec<u8>>> {
        self.0.get(&pid).map(|one| one.1.iter().map(|word| word.as_bytes().to_vec()).collect())
    }
}

fn tracker(name: &str, process: &[&str], parameters: Option<ParameterMatch>) -> ProcessTracker {
    ProcessTracker {
        name: name.to_owned(),
        process: process.iter().map(|&word| word.to_owned()).collect(),
        parameters: parameters.unwrap_or(ParameterMatch::Exact),
        full_command: parameters.is_some(),
        track: Track { weight: PriorityWeight::FAULT, reverse: false },
        quorum: 1,
        quorum_max: None,
        fork_delay: Duration::ZERO,
        terminate_delay: Duration::ZERO,
    }
}

fn table(trackers: Vec<ProcessTracker>) -> Table {
    let mut table = Table::default();
    table.configure(trackers);
    table
}

fn counts(table: &mut Table) -> Vec<(String, u32)> {
    table.news().into_iter().map(|news| (news.name, news.count)).collect()
}

fn one(name: &str, count: u32) -> Vec<(String, u32)> {
    vec![(name.to_owned(), count)]
}

#[test]
fn c100_a_name_of_20_characters_matches_by_its_first_15() {
    let mut machine = Machine::default();
    machine.run(10, &["/usr/bin/a_process_with_a_long_name"]);
    machine.run(11, &["/usr/bin/a_process_with"]);
    let mut table = table(vec![tracker("p", &["a_process_with_a_lon"], None)]);
    table.look_at(10, &machine);
    table.look_at(11, &machine);
    assert_eq!(counts(&mut table), one("p", 1));
}

#[test]
fn a_child_counts_like_its_parent_until_it_executes() {
    let mut machine = Machine::default();
    machine.run(10, &["/usr/sbin/nginx"]);
    let mut table = table(vec![tracker("p", &["nginx"], None)]);
    table.look_at(10, &machine);
    assert_eq!(counts(&mut table), one("p", 1));
    table.forked(10, 11);
    table.forked(99, 12);
    assert_eq!(counts(&mut table), one("p", 2));
    machine.run(11, &["/bin/sh"]);
    table.look_at(11, &machine);
    assert_eq!(counts(&mut table), one("p", 1));
    assert_eq!(counts(&mut table), []);
    table.gone(10);
    table.gone(10);
    table.gone(11);
    assert_eq!(counts(&mut table), one("p", 0));
}

#[test]
fn zombies_and_what_is_gone_are_not_counted() {
    let mut machine = Machine::default();
    machine.run(10, &["nginx"]);
    machine.run(11, &["nginx"]);
    let mut table = table(vec![tracker("p", &["nginx"], None)]);
    for pid in [10, 11, 12] {
        table.look_at(pid, &machine);
    }
    assert_eq!(counts(&mut table), one("p", 2));
    machine.0.entry(10).and_modify(|process| process.2 = true);
    table.look_at(10, &machine);
    assert_eq!(counts(&mut table), one("p", 1));
    table.retain(|pid| pid != 11);
    assert_eq!(counts(&mut table), one("p", 0));
}

#[test]
fn command_lines_match_as_param_match_says() {
    use ParameterMatch::{Exact, Initial, Partial};
    let mut machine = Machine::default();
    machine.run(10, &["/bin/sh", "-c", "run one"]);
    let cases = [
        (&["/bin/sh", "-c", "run one"][..], Exact, true),
        (&["/bin/sh", "-c"], Exact, false),
        (&["/bin/sh"], Exact, false),
        (&["sh", "-c", "run one"], Exact, false),
        (&["/bin/sh"], Partial, true),
        (&["/bin/sh", "-c"], Partial, true),
        (&["/bin/sh", "-"], Partial, false),
        (&["/bin/sh", "-c", "run"], Partial, false),
        (&["/bin/sh", "-c", "run"], Initial, true),
        (&["/bin/sh", "-", "run one"], Initial, false),
        (&["/bin/sh", "-"], Initial, true),
        (&["/bin/sh", "-c", "run one", "more"], Initial, false),
        (&["/bin/sh"], Initial, true),
    ];
    for (command, parameters, expected) in cases {
        let mut table = table(vec![tracker("p", command, Some(parameters))]);
        table.look_at(10, &machine);
        assert_eq!(counts(&mut table), one("p", u32::from(expected)), "{command:?} {parameters:?}");
    }
    machine.run(11, &["/bin/sh"]);
    let mut table = table(vec![tracker("p", &["/bin/sh"], Some(Exact))]);
    table.look_at(11, &machine);
    assert_eq!(counts(&mut table), one("p", 1), "without parameters, as asked for");
}

#[test]
fn a_quorum_turns_once_and_not_at_the_first_count() {
    let mut machine = Machine::default();
    machine.run(10, &["nginx"]);
    machine.run(11, &["nginx"]);
    let two = ProcessTracker { quorum: 2, ..tracker("p", &["nginx"], None) };
    let mut table = table(vec![two.clone()]);
    let turn = |table: &mut Table| table.news().pop().map(|news| news.turn);
    assert_eq!(turn(&mut table), Some(None));
    table.look_at(10, &machine);
    assert_eq!(turn(&mut table), Some(None), "one is not enough");
    table.look_at(11, &machine);
    assert_eq!(turn(&mut table), Some(Some(true)));
    // A reload that keeps the tracker is no news.
    table.configure(vec![two]);
    table.look_at(10, &machine);
    table.look_at(11, &machine);
    assert_eq!(turn(&mut table), None);
    table.gone(10);
    assert_eq!(turn(&mut table), Some(Some(false)));
}
