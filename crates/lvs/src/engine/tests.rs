//! What the engine does with its configuration and with the times of checks. How it behaves otherwise is told by the
//! transcripts of `crates/surfaces/tests/lvs_samples`.

use super::*;
use crate::config::{
    ActiveCheck, BfdCheck, CheckDefaults, Checker, Connection, DEFAULT_DELAY_LOOP, FileCheck, Inherited,
    Presentation, Probe, Quorum, RealServer, Schedule, Scheduler, SchedulerFlags, ServerGroup, Service,
    SmtpCheck, SorryServer, TrackedFile, VirtualServer,
};
use crate::effect::CheckId;
use crate::outcome::Outcome;
use keepalived_types::ipvs::Protocol;
use keepalived_types::{Family, Forwarding, Rare, ServerWeight};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Instant {
    Instant::ORIGIN + Duration::from_secs(seconds)
}

fn schedule(delay_loop: Duration) -> Schedule {
    Schedule {
        retry: 0,
        delay_before_retry: SECOND,
        delay_loop,
        warmup: Duration::ZERO,
        alpha: false,
        log_all_failures: false,
    }
}

fn connection(server: &RealServer) -> Connection {
    let destination = (server.address, server.port).into();
    Connection { destination, source: None, interface: None, timeout: SECOND, mark: 0 }
}

fn real_server(last: u8) -> RealServer {
    RealServer {
        address: [10, 0, 0, last].into(),
        port: 80,
        weight: ServerWeight::DEFAULT,
        forwarding: Forwarding::Nat,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: false,
        alpha: false,
        defaults: Rare::default(),
        presentation: Rare::default(),
        notify_up: None,
        notify_down: None,
        checkers: Vec::new(),
    }
}

fn virtual_server(service: Service, real_servers: Vec<RealServer>) -> VirtualServer {
    VirtualServer {
        service,
        family: Some(Family::V4),
        protocol: Some(Protocol::Tcp),
        scheduler: Scheduler::RoundRobin,
        flags: SchedulerFlags::default(),
        persistence: None,
        forwarding: Forwarding::Nat,
        quorum: Quorum { weight: 1, hysteresis: 0, up: None, down: None },
        defaults: CheckDefaults::default(),
        inherited: Inherited { weight: ServerWeight::DEFAULT, inhibit_on_failure: false, alpha: false },
        omega: false,
        ha_suspend: false,
        presentation: Presentation::default(),
        sorry_server: None,
        real_servers,
    }
}

/// Two servers, checked over TCP.
fn pool(delay_loop: Duration) -> Config {
    let checked = |last| {
        let mut real = real_server(last);
        let probe = Probe::Tcp(connection(&real));
        real.checkers =
            vec![Checker::Active(Box::new(ActiveCheck { schedule: schedule(delay_loop), probe }))];
        real
    };
    let service = Service::Address([10, 0, 0, 1].into(), 80);
    Config {
        virtual_servers: vec![virtual_server(service, vec![checked(2), checked(3)])],
        ..Config::default()
    }
}

/// Servers with all that goes elsewhere when an engine is built.
fn assorted() -> Config {
    let mut server = virtual_server(
        Service::Group { name: "web".to_owned(), ordinal: 0 },
        vec![real_server(2), real_server(3), real_server(4)],
    );
    server.defaults.delay_loop = 7 * SECOND;
    server.sorry_server = Some(SorryServer {
        address: [10, 0, 0, 9].into(),
        port: 80,
        forwarding: Forwarding::Nat,
        inhibit: true,
        is_real_server: false,
    });
    let reals = &mut server.real_servers;
    reals[0].defaults = server.defaults.into();
    reals[1].defaults = CheckDefaults { retry: Some(3), ..server.defaults }.into();
    let smtp = SmtpCheck { connection: connection(&reals[0]), helo_name: "lb".to_owned() };
    reals[0].checkers = vec![
        Checker::Active(Box::new(ActiveCheck { schedule: schedule(SECOND), probe: Probe::Smtp(smtp) })),
        Checker::File(FileCheck { file: "load".to_owned(), weight: 2, reverse: true }),
    ];
    reals[1].checkers = vec![Checker::Bfd(BfdCheck { session: "peer".to_owned(), alpha: false })];
    let mark = crate::config::GroupEntry::Mark { mark: 5, family: None };
    Config {
        groups: vec![ServerGroup { name: "web".to_owned(), entries: vec![mark] }],
        virtual_servers: vec![server],
        tls: None,
        files: vec![TrackedFile { name: "load".to_owned(), path: "/run/load".into() }],
    }
}

/// The checks that begin by `now`.
fn begun(engine: &mut Engine, now: Instant) -> Vec<(CheckId, String)> {
    engine.handle_timeout(now);
    let effects = std::iter::from_fn(|| engine.poll_effect());
    effects
        .filter_map(|effect| match effect {
            Effect::RunCheck { check, what, .. } => match &what.probe {
                Probe::Tcp(connection) => Some((check, connection.destination.to_string())),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

#[test]
fn the_configuration_comes_back_whole_before_the_start_after_it_and_after_a_reload() {
    assert_eq!(CheckDefaults::default().delay_loop, DEFAULT_DELAY_LOOP, "what is usual is not kept at all");
    let mut engine = Engine::new(assorted(), Settings::default(), 1);
    assert_eq!(engine.config(), assorted());
    engine.start(Start::default(), Instant::ORIGIN);
    assert_eq!(engine.config(), assorted());
    let mut changed = assorted();
    changed.virtual_servers[0].real_servers.remove(1);
    changed.virtual_servers[0].real_servers.push(real_server(8));
    changed.virtual_servers.extend(pool(SECOND).virtual_servers);
    engine.reconfigure(changed.clone(), Settings::default(), at(1));
    assert_eq!(engine.config(), changed);
}

#[test]
fn every_check_goes_to_its_own_server() {
    let mut engine = Engine::new(pool(60 * SECOND), Settings::default(), 1);
    engine.start(Start::default(), Instant::ORIGIN);
    let servers: Vec<String> = begun(&mut engine, at(1)).into_iter().map(|(_, server)| server).collect();
    assert_eq!(servers, ["10.0.0.2:80", "10.0.0.3:80"]);
}

#[test]
fn a_check_that_was_moved_or_forgotten_does_not_begin_at_its_old_time() {
    let mut engine = Engine::new(pool(60 * SECOND), Settings::default(), 1);
    engine.start(Start::default(), Instant::ORIGIN);
    for (check, _) in begun(&mut engine, at(1)) {
        engine.handle_outcome(check, Outcome::Passed { test: None }, at(1));
    }
    assert_eq!(engine.next_deadline(), Some(at(61)));
    let mut shorter = pool(5 * SECOND);
    shorter.virtual_servers[0].real_servers.pop();
    engine.reconfigure(shorter, Settings::default(), at(2));
    assert_eq!(begun(&mut engine, at(6)), []);
    let again = begun(&mut engine, at(7));
    assert_eq!(again.len(), 1, "a shorter interval holds at once, and the other server is gone");
    engine.handle_outcome(again[0].0, Outcome::Passed { test: None }, at(58));
    assert_eq!(begun(&mut engine, at(62)), [], "61 was the old time");
    assert_eq!(begun(&mut engine, at(63)).len(), 1);
}
