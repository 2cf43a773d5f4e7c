//! `nftables_ipvs`: a group is one service by firewall mark, and packets are marked (lvs reference 4.9). The services and
//! marks of the first test are those that keepalived 2.2.7 made of the same configuration.

use crate::machine::{Answer, Machine};
use keepalived_types::IfIndex;

const GLOBAL: &str = "global_defs {\nnftables_ipvs\n}\n";

fn group(name: &str, entries: &str) -> String {
    format!("virtual_server_group {name} {{\n{entries}\n}}\n")
}

fn server(group: &str, lines: &str, real: &str) -> String {
    format!(
        "virtual_server group {group} {{\nlvs_sched rr\ndelay_loop 1\nwarmup 0\n{lines}\nreal_server {real} {{\n}}\n}}\n"
    )
}

fn started(text: &str) -> (Machine, Vec<String>) {
    let mut machine = Machine::running(text);
    let operations = machine.operations();
    (machine, operations)
}

fn new_service(key: &str) -> String {
    let mask = if key.contains("inet6") { "128" } else { "255.255.255.255" };
    format!("NEW_SERVICE {key} sched=rr flags=0x0/0xffffffff timeout=0 netmask={mask}")
}

#[test]
fn a_group_is_one_service_for_each_protocol_and_family() {
    let text = [
        GLOBAL.to_owned(),
        group("g", "10.0.0.1 80\n10.0.1.0/24 81\n10.0.2.3-10.0.2.9 82"),
        group("h", "2001:db8::1 80\n2001:db8::5-9 81"),
        server("g", "lvs_method NAT\nprotocol TCP", "10.1.0.1 8080"),
        server("g", "lvs_method NAT\nprotocol UDP", "10.1.0.1 8080"),
        server("h", "lvs_method DR\nprotocol TCP", "2001:db8:1::1 80"),
    ]
    .concat();
    let (mut machine, operations) = started(&text);
    let ranges = |protocol: &str, mark: u32| {
        format!(
            "{protocol} 10.0.0.1-10.0.0.1:80 {mark}, {protocol} 10.0.1.0-10.0.1.255:81 {mark}, {protocol} 10.0.2.3-10.0.2.9:82 {mark}"
        )
    };
    let sixes = "tcp 2001:db8::1-2001:db8::1:80 1002, tcp 2001:db8::5-2001:db8::9:81 1002";
    let marks = format!("MARK keepalived_ipvs: {}, {}, {sixes}", ranges("tcp", 1000), ranges("udp", 1001));
    let expected = [
        new_service("fwm 1000"),
        "NEW_DEST fwm 1000 -> 10.1.0.1:8080 fwd=masq weight=1".to_owned(),
        new_service("fwm 1001"),
        "NEW_DEST fwm 1001 -> 10.1.0.1:8080 fwd=masq weight=1".to_owned(),
        new_service("fwm 1002 inet6"),
        "NEW_DEST fwm 1002 inet6 -> [2001:db8:1::1]:0 fwd=dr weight=1".to_owned(),
        marks,
    ];
    assert_eq!(operations, expected);
    machine.reload_text(&text);
    assert_eq!(machine.operations(), [""; 0], "nothing changed");
    let stopped = machine.stop().operations();
    assert_eq!(stopped.last().map(String::as_str), Some("MARK keepalived_ipvs: "), "{stopped:?}");
}

#[test]
fn both_families_of_a_group_have_one_mark() {
    let real = "lvs_method TUN\nprotocol TCP";
    let text =
        [GLOBAL.to_owned(), group("g", "10.0.0.1 80\n2001:db8::1 80"), server("g", real, "10.1.0.1 80")];
    let (_, operations) = started(&text.concat());
    assert_eq!(operations[..2], [new_service("fwm 1000"), new_service("fwm 1000 inet6")]);
}

#[test]
fn a_group_with_marks_of_its_own_is_left_alone() {
    let nat = "lvs_method NAT\nprotocol TCP";
    let text = [
        "global_defs {\nnftables_ipvs mine\nnftables_ipvs_start_fwmark 7\n}\n".to_owned(),
        group("own", "10.0.0.1 80\nfwmark 7"),
        group("g", "10.0.0.2 80"),
        server("own", nat, "10.1.0.1 80"),
        server("g", nat, "10.1.0.1 80"),
    ];
    let (_, operations) = started(&text.concat());
    assert!(operations.contains(&new_service("tcp 10.0.0.1:80")), "{operations:?}");
    // 7 is taken.
    assert!(operations.contains(&new_service("fwm 8")), "{operations:?}");
    assert_eq!(operations.last().map(String::as_str), Some("MARK mine: tcp 10.0.0.2-10.0.0.2:80 8"));
}

#[test]
fn a_reload_keeps_marks_and_changes_only_what_is_marked() {
    let nat = "lvs_method NAT\nprotocol TCP";
    let with = |first: &str, entries: &str| {
        [GLOBAL.to_owned(), first.to_owned(), group("g", entries), server("g", nat, "10.1.0.1 80")].concat()
    };
    let (mut machine, _) = started(&with("", "10.0.0.1 80\n10.0.0.2 80"));
    machine.log();
    machine.reload_text(&with("", "10.0.0.1 80\n10.0.0.3-9 80"));
    assert_eq!(
        machine.operations(),
        ["MARK keepalived_ipvs: tcp 10.0.0.1-10.0.0.1:80 1000, tcp 10.0.0.3-10.0.0.9:80 1000"]
    );
    let log = machine.log();
    for line in [
        "VS [[10.0.0.2]:tcp:80] in group g no longer exists",
        "VS [[10.0.0.3]:tcp:80-10.0.0.9] added into group g",
    ] {
        assert!(log.iter().any(|said| said == line), "{line}: {log:#?}");
    }
    // A group that comes before it takes another mark.
    let new = [group("f", "10.0.5.5 80"), server("f", nat, "10.1.0.1 80")].concat();
    machine.reload_text(&with(&new, "10.0.0.1 80\n10.0.0.3-9 80"));
    let operations = machine.operations();
    assert_eq!(operations[0], new_service("fwm 1001"));
    assert_eq!(operations.len(), 3, "one service, one server, the marks: {operations:?}");
    // So does a successor after a crash.
    let text = with(&new, "10.0.0.1 80\n10.0.0.3-9 80");
    assert_eq!(Machine::succeeding(&text, &machine).engine().services(), machine.engine().services());
    // Without the option each address is a service again.
    machine.operations();
    machine.reload_text(&text.replace("nftables_ipvs", ""));
    let operations = machine.operations();
    assert!(operations.contains(&"DEL_SERVICE fwm 1000".to_owned()), "{operations:?}");
    assert!(operations.contains(&new_service("tcp 10.0.0.3:80")), "{operations:?}");
    assert_eq!(operations.last().map(String::as_str), Some("MARK keepalived_ipvs: "));
}

#[test]
fn addresses_of_two_groups_belong_to_the_first() {
    let nat = "lvs_method NAT\nprotocol TCP";
    let text = [
        GLOBAL.to_owned(),
        group("a", "10.0.0.5 80\n10.0.0.5-6 80"),
        group("b", "10.0.0.0/28 80\n10.0.0.5"),
        server("a", nat, "10.1.0.1 80"),
        server("b", nat, "10.1.0.2 80"),
    ];
    let (_, operations) = started(&text.concat());
    let marks = "MARK keepalived_ipvs: tcp 10.0.0.5-10.0.0.5:80 1000, tcp 10.0.0.6-10.0.0.6:80 1000, \
                 tcp 10.0.0.0-10.0.0.4:80 1001, tcp 10.0.0.7-10.0.0.15:80 1001, tcp 10.0.0.5-10.0.0.5:0 1001";
    assert_eq!(operations.last().map(String::as_str), Some(marks));
}

#[test]
fn servers_are_checked_while_an_address_of_the_group_is_here() {
    let check = "lvs_method NAT\nprotocol TCP\nha_suspend";
    let mut text =
        [GLOBAL.to_owned(), group("g", "10.0.0.1-9 80"), server("g", check, "10.1.0.1 80")].concat();
    text = text.replace("real_server 10.1.0.1 80 {\n", "real_server 10.1.0.1 80 {\nTCP_CHECK {\n}\n");
    let (mut machine, _) = started(&text);
    machine.answer("10.1.0.1:80", Answer::Good).run(5.0);
    assert!(machine.began().is_empty(), "no address is here");
    let interface = IfIndex::new(3).expect("3 is not 0");
    let address = "10.0.0.4".parse().expect("a literal address");
    machine.act(|engine, now| engine.handle_address_added(interface, address, now)).run(5.0);
    assert!(!machine.began().is_empty());
}
