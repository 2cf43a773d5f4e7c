//! Machines that are broken in one way each.

use super::*;
use keepalived_events::What;
use keepalived_types::{Instant, Prefix, Priority, Vrid};
use keepalived_vrrp::{Cause, EventKind, Subject};
use std::time::SystemTime;

fn instance() -> InstanceSnapshot {
    InstanceSnapshot {
        name: "VI_1".to_owned(),
        vrid: Vrid::new(51).expect("not 0"),
        interface: Some("eth0".to_owned()),
        state: State::Master,
        wanted: State::Master,
        base_priority: Priority(100),
        effective_priority: Priority(100),
        contributions: Vec::new(),
        preempts: true,
        stands_back: false,
        peers: Vec::new(),
        group: None,
        addresses: vec![Prefix::host(IpAddr::from([192, 0, 2, 100]))],
        source: None,
        master: None,
        peer_checksum: None,
        faults: Vec::new(),
        cause: None,
        in_state_for: Duration::ZERO,
        master_interval: None,
        addresses_set: true,
        master_down_interval: Duration::from_secs(3),
        counters: Counters::default(),
    }
}

fn healthy() -> Facts {
    let eth0 = Interface {
        exists: true,
        is_up: true,
        is_running: true,
        mtu: 1500,
        has_multicast: true,
        ..Interface::default()
    };
    Facts { interfaces: [("eth0".to_owned(), eth0)].into(), ..Facts::default() }
}

fn findings(now: InstanceSnapshot, facts: &Facts) -> Vec<Finding> {
    let before = Snapshot { instances: vec![instance()], ..Snapshot::default() };
    let now = Snapshot { instances: vec![now], ..Snapshot::default() };
    judge(&Seen { before: &before, now: &now, history: &[], facts })
}

fn only(findings: &[Finding]) -> (&'static str, Severity) {
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(!findings[0].mend.is_empty());
    (findings[0].check, findings[0].severity)
}

fn with_interface(change: impl FnOnce(&mut Interface)) -> Facts {
    let mut facts = healthy();
    change(facts.interfaces.get_mut("eth0").expect("it is there"));
    facts
}

#[test]
fn a_healthy_node_has_no_findings() {
    assert_eq!(findings(instance(), &healthy()), []);
}

#[test]
fn a_master_that_goes_on_hearing_adverts_is_not_alone() {
    let counters = Counters { adverts_received: 2, ..Counters::default() };
    assert_eq!(only(&findings(InstanceSnapshot { counters, ..instance() }, &healthy())).0, "two_masters");
    let counters = Counters { authentication_failures: 3, ..Counters::default() };
    let found = findings(InstanceSnapshot { counters, ..instance() }, &healthy());
    assert_eq!(
        found.iter().map(|finding| finding.check).collect::<Vec<_>>(),
        ["two_masters", "adverts_refused"]
    );
    let counters = Counters { adverts_received: 1, ..Counters::default() };
    assert_eq!(
        findings(InstanceSnapshot { counters, ..instance() }, &healthy()),
        [],
        "the last one of a loser"
    );
}

#[test]
fn what_the_daemon_says_of_itself_is_told() {
    let faulty = InstanceSnapshot { state: State::Fault, ..instance() };
    assert_eq!(only(&findings(faulty, &healthy())), ("fault", Severity::Problem));
    let back = InstanceSnapshot { state: State::Backup, stands_back: true, ..instance() };
    assert_eq!(only(&findings(back, &healthy())), ("switchover", Severity::Warning));
    let maintenance = Snapshot { maintenance: true, ..Snapshot::default() };
    let nothing = Snapshot::default();
    let seen = Seen { before: &nothing, now: &maintenance, history: &[], facts: &healthy() };
    assert_eq!(only(&judge(&seen)), ("maintenance", Severity::Warning));
}

#[test]
fn links_are_looked_at() {
    let link = |change: fn(&mut Interface)| only(&findings(instance(), &with_interface(change)));
    assert_eq!(link(|one| one.exists = false), ("link", Severity::Problem));
    assert_eq!(link(|one| one.is_up = false), ("link", Severity::Problem));
    assert_eq!(link(|one| one.is_running = false), ("link", Severity::Problem));
    assert_eq!(link(|one| one.has_multicast = false), ("link", Severity::Problem));
    assert_eq!(link(|one| one.mtu = 50), ("mtu", Severity::Warning));
    let unicast = InstanceSnapshot { peers: vec![IpAddr::from([192, 0, 2, 2])], ..instance() };
    assert_eq!(findings(unicast, &with_interface(|one| one.has_multicast = false)), []);
}

#[test]
fn settings_of_the_kernel_are_looked_at() {
    let setting = |change: fn(&mut Interface)| only(&findings(instance(), &with_interface(change)));
    assert_eq!(setting(|one| one.arp_ignore = 8), ("arp", Severity::Problem));
    assert_eq!(setting(|one| one.arp_ignore = 2), ("arp", Severity::Problem));
    assert_eq!(setting(|one| one.arp_ignore = 1), ("arp", Severity::Warning));
    assert_eq!(setting(|one| one.rp_filter = 1), ("rp_filter", Severity::Warning));
    assert_eq!(findings(instance(), &with_interface(|one| (one.arp_ignore, one.arp_announce) = (1, 2))), []);
}

#[test]
fn a_peer_that_is_gone_is_named() {
    let peer = IpAddr::from([192, 0, 2, 2]);
    let unicast = InstanceSnapshot { peers: vec![peer], ..instance() };
    let found = findings(unicast, &Facts { unreachable_peers: [peer].into(), ..healthy() });
    assert_eq!(only(&found), ("peer_unreachable", Severity::Problem));
    assert!(found[0].mend.contains("192.0.2.2"));
}

#[test]
fn packet_filters_are_named_with_a_rule_that_mends_them() {
    let nft = "table inet f {\n\tchain in {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n";
    let found = findings(instance(), &Facts { nft: nft.to_owned(), ..healthy() });
    assert_eq!(only(&found), ("firewall", Severity::Problem));
    assert_eq!(found[0].mend, "nft insert rule inet f in meta l4proto 112 accept");
    let saved = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n".to_owned();
    let found = findings(instance(), &Facts { iptables: [saved, String::new()], ..healthy() });
    assert_eq!(found[0].mend, "iptables -I INPUT -p 112 -j ACCEPT");
}

#[test]
fn programs_that_remove_addresses_are_named() {
    let networkd = |text: &str| Facts {
        managers: ["systemd-network".to_owned()].into(),
        networkd: vec![text.to_owned()],
        ..healthy()
    };
    assert_eq!(only(&findings(instance(), &networkd("[Network]\nDHCP=yes\n"))).0, "address_manager");
    assert_eq!(findings(instance(), &networkd("[Network]\nKeepConfiguration=static\n")), []);
    let manager = Facts { managers: ["NetworkManager".to_owned()].into(), ..healthy() };
    assert_eq!(findings(instance(), &manager)[0].mend, "nmcli device set eth0 managed no");
}

#[test]
fn a_clock_that_was_set_shows_in_the_history() {
    let event = |wall: u64, monotonic: u64| Event {
        sequence: 1,
        wall: SystemTime::UNIX_EPOCH + Duration::from_secs(wall),
        at: Instant::ORIGIN + Duration::from_secs(monotonic),
        what: What::Vrrp(keepalived_vrrp::Event {
            subject: Subject::Instance("VI_1".to_owned()),
            kind: EventKind::Entered {
                state: State::Backup,
                from: State::Initialize,
                cause: Cause::Start,
                priority: Priority(100),
            },
        }),
    };
    assert_eq!(clock(&[event(1000, 10), event(1060, 70)]), None);
    assert!(clock(&[event(1000, 10), event(1090, 70)]).is_some());
    assert!(clock(&[event(1000, 10), event(900, 70)]).is_some(), "backwards");
    assert_eq!(clock(&[]), None);
}

/// Nothing found where nobody has looked is no good news.
#[test]
fn what_was_not_looked_at_is_said() {
    let unseen = vec![("interfaces were not looked at: why".to_owned(), "look".to_owned())];
    let facts = Facts { unseen, ..Facts::default() };
    assert_eq!(only(&findings(instance(), &facts)), ("not_looked_at", Severity::Warning));
}
