//! Sync groups and trackers: checklist points 88 to 94, 96, 97.

use super::*;
use crate::Reading;
use crate::config::{
    FileTracker, ParameterMatch, ProcessTracker, ScriptTracker, SyncGroupConfig, Track, Trackers,
};
use keepalived_types::{Command, Credentials, PriorityWeight};

pub(super) fn pair(a: u8, b: u8) -> Config {
    let second = InstanceConfig {
        name: "VI_2".to_owned(),
        vrid: Vrid::new(52).expect("not 0"),
        virtual_addresses: vec![vip("10.1.0.200")],
        ..ipv4(b)
    };
    let group = SyncGroupConfig {
        name: "G".to_owned(),
        members: vec!["VI_1".to_owned(), "VI_2".to_owned()],
        trackers: Trackers::default(),
        tracking_weight: false,
        notify: crate::config::NotifyScripts::default(),
        priority_notices: crate::config::PriorityNotices::default(),
        smtp_alert: false,
    };
    Config { instances: vec![ipv4(a), second], sync_groups: vec![group], ..Config::default() }
}

fn states(bench: &Bench) -> [State; 2] {
    [bench.state_of("VI_1"), bench.state_of("VI_2")]
}

fn track(weight: i16, reverse: bool) -> Track {
    Track { weight: PriorityWeight::new(weight).expect("in range"), reverse }
}

fn script(name: &str, rise: u32, fall: u32) -> ScriptTracker {
    let command = Command {
        path: "/bin/true".into(),
        argv: vec!["/bin/true".to_owned()],
        run_as: Credentials { uid: 0, gid: 0, groups: None },
        through_shell: false,
    };
    let (interval, timeout) = (ms(1000), ms(1000));
    ScriptTracker {
        name: name.to_owned(),
        command,
        interval,
        timeout,
        track: track(0, false),
        rise,
        fall,
        init_fail: false,
    }
}

fn with_script(weight: i16, reverse: bool) -> Config {
    let mut instance = ipv4(150);
    instance.trackers.scripts = vec![("chk".to_owned(), track(weight, reverse))];
    Config { scripts: vec![script("chk", 1, 1)], ..one(instance) }
}

fn ran(success: bool) -> impl FnOnce(&mut Engine, Instant) {
    move |engine, now| engine.handle_tracker("chk", Reading::Script { success }, now)
}

#[test]
fn c88_a_silent_group_moves_when_its_slower_timer_ends() {
    let mut bench = Bench::begun(pair(150, 100));
    bench.run(ms(3500));
    assert_eq!(states(&bench), [State::Backup; 2], "the first one is held back");
    bench.run(ms(200));
    assert_eq!(states(&bench), [State::Master; 2]);
    assert_eq!(bench.entered_at(State::Master), Some(3_609_375));
    assert_eq!(bench.entered_by("G"), [State::Backup, State::Master]);
    assert_eq!(bench.sent().len(), 2, "each with its own advert");
}

#[test]
fn a_group_of_owners_is_master_at_once_and_one_with_another_member_soon() {
    let owner = |instance: &mut InstanceConfig| {
        instance.priority = Priority::OWNER;
        instance.start_state = crate::config::StartState::Master;
    };
    let mut config = pair(255, 255);
    config.instances.iter_mut().for_each(owner);
    let bench = Bench::begun(config);
    assert_eq!(states(&bench), [State::Master; 2]);
    assert_eq!(bench.entered_by("G"), [State::Master]);

    let mut config = pair(255, 100);
    owner(&mut config.instances[0]);
    let mut bench = Bench::begun(config);
    assert_eq!(states(&bench), [State::Backup; 2], "one member is no owner");
    bench.run(ms(1500));
    assert_eq!(states(&bench), [State::Backup; 2], "the owner would after 1.004 s, but waits for the other");
    bench.run(ms(2200));
    assert_eq!(bench.entered_at(State::Master), Some(3_609_375));
    let group = &bench.engine.snapshot(bench.now).groups[0];
    assert_eq!((group.name.as_str(), group.state, group.members.len()), ("G", State::Master, 2));
}

#[test]
fn c89_one_better_advert_moves_the_whole_group_without_a_release() {
    let mut bench = Bench::begun(pair(150, 100));
    bench.run(ms(4000));
    bench.forget();
    bench.hear(&Forged { vrid: 52, addresses: vec![vip("10.1.0.200")], ..Forged::v2(200) });
    assert_eq!(states(&bench), [State::Backup; 2]);
    assert_eq!(bench.releases(), 0);
    assert_eq!(bench.cause(), Cause::SyncGroup { group: "G".to_owned(), member: "VI_2".to_owned() });
    assert_eq!(bench.entered_by("G"), [State::Backup]);
}

#[test]
fn c90_one_faulty_member_faults_all_and_its_recovery_all_again() {
    let mut config = pair(150, 100);
    config.instances[1].interface = Some(name("eth1"));
    let mut bench = Bench::begun(config);
    assert_eq!(states(&bench), [State::Fault; 2]);
    assert_eq!(bench.faults(), [Fault::SyncGroup("VI_2".to_owned())]);
    assert_eq!(bench.cause(), Cause::SyncGroup { group: "G".to_owned(), member: "VI_2".to_owned() });
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    bench.tell(|engine, now| engine.handle_address(address(3, "10.1.9.1", 24), now));
    assert_eq!(states(&bench), [State::Backup; 2]);
    bench.run(ms(4000));
    assert_eq!(states(&bench), [State::Master; 2]);
    bench.forget();
    bench.tell(|engine, now| engine.handle_link(Link { is_up: false, ..link(3, "eth1") }, now));
    assert_eq!(states(&bench), [State::Fault; 2]);
    assert_eq!(bench.releases(), 2, "one each");
    assert_eq!(bench.entered_by("G"), [State::Fault]);
}

#[test]
fn a_lost_address_moves_the_whole_group_for_skew_time() {
    let mut bench = Bench::begun(pair(150, 100));
    bench.run(ms(4000));
    bench.forget();
    bench.tell(|engine, now| engine.handle_network_lost(InstanceId(0), ip("10.1.0.100"), now));
    assert_eq!(states(&bench), [State::Backup; 2]);
    assert_eq!(bench.releases(), 2);
    bench.run(ms(1100));
    assert_eq!(states(&bench), [State::Master; 2]);
}

#[test]
fn a_lower_priority_heard_by_one_lets_all_announce() {
    let mut bench = Bench::begun(pair(150, 100));
    bench.run(ms(4000));
    bench.forget();
    bench.hear(&Forged::v2(20));
    assert_eq!(bench.announced().len(), 2);
    assert_eq!(bench.sent().len(), 1);
}

#[test]
fn a_held_back_member_that_hears_a_master_wants_backup_again() {
    let mut bench = Bench::begun(pair(150, 100));
    let other = Forged { vrid: 52, addresses: vec![vip("10.1.0.200")], ..Forged::v2(200) };
    for _ in 0..10 {
        bench.hear(&other);
        bench.run(ms(1000));
    }
    assert_eq!(states(&bench), [State::Backup; 2], "while one member's master lives, the group waits");
    bench.hear(&Forged::v2(200));
    bench.run(ms(3000));
    assert_eq!(states(&bench), [State::Backup; 2]);
}

#[test]
fn a_tracker_of_the_group_concerns_all_members() {
    let mut config = pair(150, 100);
    config.sync_groups[0].trackers.interfaces = vec![(name("eth1"), track(0, false))];
    let mut bench = Bench::begun(config);
    assert_eq!(states(&bench), [State::Fault; 2]);
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    assert_eq!(states(&bench), [State::Backup; 2]);
}

#[test]
fn c91_a_failing_weighted_script_shows_in_the_next_advert() {
    let mut bench = Bench::begun(with_script(-20, false));
    bench.tell(ran(true));
    bench.run(ms(4000));
    bench.forget();
    bench.tell(ran(false));
    bench.run(ms(1000));
    assert_eq!(bench.sent().iter().map(|(_, priority)| *priority).collect::<Vec<_>>(), [130]);
    bench.tell(ran(true));
    assert_eq!(bench.priority(), 150);
}

#[test]
fn an_unweighted_script_without_a_result_holds_the_instance_silently() {
    let mut bench = Bench::begun(with_script(0, false));
    bench.run(ms(10_000));
    assert_eq!(bench.state(), State::Initialize);
    assert_eq!(bench.events(), [] as [&EventKind; 0]);
    bench.tell(ran(true));
    assert_eq!(bench.silence_until_master(), 3_414_062);
    bench.tell(ran(false));
    assert_eq!(bench.faults(), [failed(TrackerKind::Script, "chk")]);
    assert_eq!(bench.releases(), 1);
}

#[test]
fn c94_init_fail_starts_in_fault() {
    let mut config = with_script(0, false);
    config.scripts[0].init_fail = true;
    config.scripts[0].rise = 2;
    let mut bench = Bench::begun(config);
    assert_eq!(bench.faults(), [failed(TrackerKind::Script, "chk")]);
    bench.tell(ran(true));
    assert_eq!(bench.state(), State::Fault);
    bench.tell(ran(true));
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn c96_a_reload_keeps_a_reversed_contribution() {
    let config = with_script(10, true);
    let mut bench = Bench::begun(config.clone());
    bench.tell(ran(true));
    assert_eq!(bench.priority(), 140);
    bench.forget();
    bench.tell(|engine, now| engine.reconfigure(config, now));
    assert_eq!(bench.priority(), 140);
    assert_eq!(bench.effects().count(), 0);
}

#[test]
fn c97_numbers_in_a_file_become_priorities() {
    let mut instance = ipv4(150);
    instance.trackers.files = vec![("f".to_owned(), track(1, false))];
    let file =
        FileTracker { name: "f".to_owned(), path: "/run/f".into(), track: track(1, false), init: None };
    let mut bench = Bench::begun(Config { files: vec![file], ..one(instance) });
    for (value, priority) in [(10, 160), (-20, 130), (500, 254), (-253, 1), (0, 150), (16, 166)] {
        bench.tell(|engine, now| engine.handle_tracker("f", Reading::File(value), now));
        assert_eq!((bench.priority(), bench.state()), (priority, State::Backup), "{value}");
    }
    bench.tell(|engine, now| engine.handle_tracker("f", Reading::File(-254), now));
    assert_eq!(bench.state(), State::Fault);
}

#[test]
fn c99_a_process_that_must_not_run_is_a_fault_and_its_end_counts_after_its_delay() {
    let mut instance = ipv4(150);
    instance.trackers.processes = vec![("p".to_owned(), track(0, false))];
    let process = ProcessTracker {
        name: "p".to_owned(),
        process: vec!["nginx".to_owned()],
        parameters: ParameterMatch::Exact,
        full_command: false,
        track: track(0, false),
        quorum: 1,
        quorum_max: Some(0),
        fork_delay: Duration::ZERO,
        terminate_delay: ms(2000),
    };
    let count = |count: u32| {
        move |engine: &mut Engine, now| engine.handle_tracker("p", Reading::Processes(count), now)
    };
    let config =
        |process: &ProcessTracker| Config { processes: vec![process.clone()], ..one(instance.clone()) };
    let mut bench = Bench::begun(config(&process));
    bench.tell(count(0));
    assert_eq!(bench.state(), State::Backup);
    bench.tell(count(1));
    assert_eq!(bench.state(), State::Fault, "`fork_delay` is 0");
    bench.tell(count(0));
    bench.run(ms(1900));
    assert_eq!(bench.state(), State::Fault);
    bench.tell(|engine, now| engine.reconfigure(config(&process), now));
    bench.run(ms(200));
    assert_eq!(
        bench.state(),
        State::Backup,
        "2 s after the end of the process, whether or not there was a reload"
    );

    let least = ProcessTracker { quorum: 2, quorum_max: None, fork_delay: ms(1000), ..process };
    let mut bench = Bench::begun(config(&least));
    for number in [2, 1, 2, 1] {
        bench.tell(count(number));
        bench.run(ms(900));
        assert_ne!(bench.state(), State::Fault, "a loss that was made good does not count");
    }
    bench.run(ms(1100));
    assert_eq!(bench.state(), State::Fault);
    bench.tell(count(2));
    bench.run(ms(999));
    assert_eq!(bench.state(), State::Fault);
    bench.run(ms(1));
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn a_bfd_session_of_weight_0_is_a_fault_until_it_is_up() {
    let mut instance = ipv4(150);
    instance.trackers.bfd = vec![("b".to_owned(), track(0, false))];
    let bfd = crate::config::TrackedBfd { name: "b".to_owned(), track: track(0, false) };
    let mut bench = Bench::begun(Config { bfd: vec![bfd], ..one(instance) });
    assert_eq!(bench.faults(), [failed(TrackerKind::Bfd, "b")]);
    bench.tell(|engine, now| engine.handle_tracker("b", Reading::Bfd { up: true }, now));
    assert_eq!(bench.state(), State::Backup);
}

#[test]
fn a_reload_that_takes_a_process_tracker_away_takes_its_delay_along() {
    let mut config = pair(150, 150);
    let tracker = ProcessTracker {
        name: "p".to_owned(),
        process: vec!["nginx".to_owned()],
        parameters: ParameterMatch::Exact,
        full_command: false,
        track: track(0, false),
        quorum: 1,
        quorum_max: None,
        fork_delay: Duration::ZERO,
        terminate_delay: ms(2000),
    };
    config.processes = vec![tracker.clone(), ProcessTracker { name: "q".to_owned(), ..tracker }];
    config.sync_groups.clear();
    for (instance, name) in config.instances.iter_mut().zip(["p", "q"]) {
        instance.trackers.processes = vec![(name.to_owned(), track(0, false))];
    }
    let count = |name: &'static str, count: u32| {
        move |engine: &mut Engine, now| engine.handle_tracker(name, Reading::Processes(count), now)
    };
    let mut bench = Bench::begun(config.clone());
    for name in ["p", "q"] {
        bench.tell(count(name, 1));
        bench.tell(count(name, 0));
    }
    assert_eq!(bench.engine.deadline_counts().0, 4, "two down timers and two delays");
    config.instances[0].trackers.processes.clear();
    config.processes.remove(0);
    bench.run(ms(1000));
    bench.tell(|engine, now| engine.reconfigure(config, now));
    assert_eq!(bench.engine.deadline_counts().0, 3);
    bench.run(ms(999));
    assert_eq!(states(&bench), [State::Backup, State::Backup]);
    bench.run(ms(1));
    assert_eq!(states(&bench), [State::Backup, State::Fault], "the other one's delay runs on");
}

#[test]
fn a_reload_keeps_the_result_of_a_script_with_the_same_command() {
    let mut config = with_script(10, false);
    let mut bench = Bench::begun(config.clone());
    bench.tell(ran(true));
    assert_eq!(bench.priority(), 160);
    config.scripts[0].interval = ms(5000);
    config.scripts[0].fall = 3;
    bench.tell(|engine, now| engine.reconfigure(config.clone(), now));
    assert_eq!(bench.priority(), 160);
    bench.tell(ran(false));
    bench.tell(ran(false));
    assert_eq!(bench.priority(), 160);
    bench.tell(ran(false));
    assert_eq!(bench.priority(), 150, "the new `fall` counts");
    bench.tell(ran(true));
    config.scripts[0].command.argv.push("--other".to_owned());
    bench.tell(|engine, now| engine.reconfigure(config, now));
    assert_eq!(bench.priority(), 150, "nothing is known of another command");
}

#[test]
fn an_instance_with_a_fault_is_in_fault_at_once_and_waits_there_for_its_scripts() {
    let mut bench = Bench::new(with_script(0, false));
    let dead = Link { is_running: false, ..link(2, "eth0") };
    bench.tell(|engine, now| engine.handle_link(dead, now));
    bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.1", 24), now));
    bench.tell(|engine, now| engine.handle_topology_complete(now));
    let awaited = Fault::AwaitsScript("chk".to_owned());
    assert_eq!(bench.faults(), [Fault::InterfaceDown("eth0".to_owned()), awaited.clone()]);
    assert_eq!(bench.entered(), [State::Fault]);
    bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
    assert_eq!(bench.faults(), [awaited]);
    bench.tell(ran(true));
    assert_eq!(bench.entered(), [State::Fault, State::Backup]);
}

#[test]
fn a_script_that_a_reload_adds_does_not_stop_who_runs() {
    let mut bench = Bench::master(ipv4(150));
    bench.tell(|engine, now| engine.reconfigure(with_script(0, false), now));
    bench.run(ms(3000));
    assert_eq!(bench.entered(), []);
    bench.tell(ran(false));
    assert_eq!(bench.entered(), [State::Fault]);
}

#[test]
fn one_member_in_fault_and_one_that_waits_for_a_script_leave_fault_together() {
    let mut config = pair(150, 150);
    config.instances[0].trackers.scripts = vec![("chk".to_owned(), track(0, false))];
    config.instances[1].interface = Some(name("eth1"));
    config.scripts = vec![script("chk", 1, 1)];
    let mut bench = Bench::begun(config);
    assert_eq!(states(&bench), [State::Fault, State::Fault]);
    bench.tell(|engine, now| engine.handle_link(link(3, "eth1"), now));
    bench.tell(|engine, now| engine.handle_address(address(3, "10.2.0.1", 24), now));
    assert_eq!(states(&bench), [State::Fault, State::Fault], "the script has not run");
    bench.tell(ran(true));
    assert_eq!(states(&bench), [State::Backup, State::Backup]);
}

#[test]
fn a_group_tracker_wins_over_a_member_s_own_unless_that_one_is_a_fault() {
    for (own, expected) in [(10, 170), (0, 150)] {
        let mut config = pair(150, 150);
        config.scripts = vec![script("chk", 1, 1)];
        config.instances[0].trackers.scripts = vec![("chk".to_owned(), track(own, false))];
        config.sync_groups[0].trackers.scripts = vec![("chk".to_owned(), track(20, false))];
        let mut bench = Bench::begun(config);
        bench.tell(ran(true));
        assert_eq!(bench.priority(), expected);
    }
}

#[test]
fn an_owner_in_a_group_takes_the_weights_of_its_trackers() {
    let mut config = pair(255, 150);
    config.scripts = vec![script("chk", 1, 1)];
    config.sync_groups[0].trackers.scripts = vec![("chk".to_owned(), track(20, false))];
    let mut bench = Bench::begun(config);
    bench.tell(ran(false));
    assert_eq!(states(&bench), [State::Fault, State::Fault]);
}

#[test]
fn a_track_group_follows_the_interfaces_of_static_addresses_routes_and_rules() {
    use crate::config::{Hop, NextHops, RouteConfig, RuleConfig, TrackGroup};
    let prefix = keepalived_types::Prefix::new(ip("10.9.0.0"), 24).expect("a literal length");
    let on = |interface: &str| Hop { interface: Some(name(interface)), ..Hop::default() };
    let group = Some("T".to_owned());
    let mut of_address = one(ipv4(150));
    of_address.static_addresses = vec![AddressConfig { interface: Some(name("eth5")), ..vip("10.9.0.1") }];
    of_address.static_addresses[0].options.track_group = group.clone();
    let mut of_route = one(ipv4(150));
    let next_hops = NextHops::Single(on("eth5"));
    of_route.static_routes =
        vec![RouteConfig { next_hops, track_group: group.clone(), ..RouteConfig::plain(prefix) }];
    let mut of_rule = one(ipv4(150));
    let mut rule = RuleConfig {
        family: Family::V4,
        action: crate::config::RuleAction::Nop,
        preference: 100,
        inverted: false,
        selector: crate::config::RuleSelector::default(),
        realms: None,
        suppress_prefix_length: None,
        suppress_interface_group: None,
        protocol: 18,
        no_track: false,
        track_group: group,
    };
    rule.selector.input = Some(name("eth5"));
    of_rule.static_rules = vec![rule];
    for mut config in [of_address, of_route, of_rule] {
        config.track_groups = vec![TrackGroup { name: "T".to_owned(), instances: vec!["VI_1".to_owned()] }];
        let mut bench = Bench::begun(config);
        assert_eq!(bench.faults(), [Fault::InterfaceMissing("eth5".to_owned())]);
        bench.tell(|engine, now| engine.handle_link(link(5, "eth5"), now));
        assert_eq!(bench.state(), State::Backup);
    }
}

#[test]
fn a_lower_priority_is_told_once_to_a_member_that_is_held_back() {
    let mut bench = Bench::begun(pair(150, 150));
    let other = Forged { vrid: 52, addresses: vec![vip("10.1.0.200")], ..Forged::v2(200) };
    for _ in 0..20 {
        bench.hear(&Forged::v2(100));
        bench.hear(&other);
        bench.run(ms(1000));
    }
    let is_discard = |event: &&&EventKind| matches!(event, EventKind::LowerPriorityHeardAsBackup { .. });
    assert_eq!(bench.events().iter().filter(is_discard).count(), 1);
    assert_eq!(states(&bench), [State::Backup, State::Backup]);
}

#[test]
fn a_member_that_joins_a_master_group_and_has_a_master_takes_the_group_along() {
    let mut config = pair(150, 150);
    let joiner = config.instances.pop().expect("two instances");
    config.sync_groups[0].members = vec!["VI_1".to_owned()];
    let mut bench = Bench::begun(config.clone());
    bench.run(ms(4000));
    assert_eq!(bench.state(), State::Master);
    config.instances.push(joiner);
    config.sync_groups[0].members.push("VI_2".to_owned());
    let mut alone = bench;
    alone.tell(|engine, now| engine.reconfigure(config.clone(), now));
    assert_eq!(states(&alone), [State::Master, State::Backup], "a reload is no reason to give up a role");
    alone.run(ms(4000));
    assert_eq!(states(&alone), [State::Master, State::Master]);

    config.sync_groups[0].members.pop();
    let joiner = config.instances.pop().expect("two instances");
    let mut bench = Bench::begun(config.clone());
    bench.run(ms(4000));
    config.instances.push(joiner);
    config.sync_groups[0].members.push("VI_2".to_owned());
    bench.tell(|engine, now| engine.reconfigure(config, now));
    bench.hear(&Forged { vrid: 52, addresses: vec![vip("10.1.0.200")], ..Forged::v2(200) });
    assert_eq!(states(&bench), [State::Backup, State::Backup]);
}

#[test]
fn an_adopted_group_goes_on_when_all_its_members_know_where_they_are() {
    let mut bench = Bench::new(pair(150, 150));
    bench.tell(|engine, now| engine.handle_link(link(2, "eth0"), now));
    bench.tell(|engine, now| engine.handle_address(address(2, "10.1.0.1", 24), now));
    bench.tell(|engine, now| engine.adopt(&["VI_1".to_owned(), "VI_2".to_owned()], now));
    bench.tell(|engine, now| engine.handle_topology_complete(now));
    assert_eq!(states(&bench), [State::Master, State::Master]);
    assert_eq!(bench.sent().len(), 2, "each speaks at once");
}
