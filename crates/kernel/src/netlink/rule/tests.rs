//! Rules as the kernel takes them, compared with what `ip` shows; and messages that are odd.

use super::super::decode::Messages;
use super::super::{Change, Monitor, Requests};
use super::*;
use crate::testing::{in_network_namespace, ip};

fn prefix(text: &str) -> Option<Prefix> {
    let (address, length) = text.split_once('/').expect("a literal prefix");
    Some(Prefix::new(address.parse().expect("literal"), length.parse().expect("literal")).expect("fits"))
}

/// One of each kind of selector and action.
fn samples() -> Vec<(Rule, &'static str)> {
    let to_table = |priority, table| Rule::new(Family::V4, priority, RuleVerdict::Table(table));
    vec![
        (
            Rule { source: prefix("10.1.0.0/16"), ..to_table(1000, 1000) },
            "1000:\tfrom 10.1.0.0/16 lookup 1000 proto keepalived",
        ),
        (
            Rule {
                inverted: true,
                source: prefix("10.1.0.0/16"),
                destination: prefix("10.2.0.0/16"),
                tos: 0x10,
                fwmark: Some((0x10, 0xff)),
                input: Some("eth0".to_owned()),
                output: Some("eth1".to_owned()),
                uids: Some(5..=10),
                ..to_table(1001, 100)
            },
            "not from 10.1.0.0/16 to 10.2.0.0/16 tos 0x10 fwmark 0x10/0xff iif eth0 [detached] oif eth1 [detached] uidrange 5-10 lookup 100",
        ),
        (
            Rule {
                ip_protocol: Some(6),
                source_ports: Some(10..=20),
                destination_ports: Some(30..=30),
                tunnel_id: Some(9),
                ..to_table(1002, 100)
            },
            "from all ipproto tcp sport 10-20 dport 30 tun_id 9 lookup 100",
        ),
        (
            Rule {
                realms: Some(3 << 16 | 4),
                suppress_prefix_length: Some(8),
                suppress_interface_group: Some(7),
                ..to_table(1003, 100)
            },
            "lookup 100 suppress_prefixlength 8 suppress_ifgroup 7 realms 3/4",
        ),
        (Rule::new(Family::V4, 1004, RuleVerdict::Goto(2000)), "goto 2000"),
        (Rule::new(Family::V4, 1005, RuleVerdict::L3mdev), "lookup [l3mdev-table]"),
        (Rule::new(Family::V4, 1006, RuleVerdict::Other(6)), "from all blackhole"),
        (Rule { fwmark: Some((5, u32::MAX)), ..to_table(1007, 100) }, "fwmark 0x5 lookup 100"),
        (
            Rule { destination: prefix("fd99::/64"), ..Rule::new(Family::V6, 1008, RuleVerdict::Other(7)) },
            "from all to fd99::/64 unreachable proto keepalived",
        ),
    ]
}

#[test]
fn rules_come_and_go_as_ip_shows_them() {
    in_network_namespace(|| {
        let mut requests = Requests::open().expect("a socket");
        let samples = samples();
        let mut monitor = Monitor::open().expect("a socket");
        monitor.watch_routing().expect("the groups");
        let adds: Vec<_> = samples.iter().map(|(rule, _)| RuleOp::Add(rule.clone())).collect();
        assert_eq!(requests.execute(&adds).expect("a socket"), vec![Ok(Done::Done); samples.len()]);
        assert_eq!(requests.execute(&adds).expect("a socket"), vec![Ok(Done::Already); samples.len()]);
        let listed = ip("-d -4 rule") + &ip("-d -6 rule");
        for (_, shown) in &samples {
            assert!(listed.contains(shown), "{shown}: {listed}");
        }
        // The kernel tells of each just what was asked for, in the listing and as it happens.
        let rules: Vec<_> = samples.iter().map(|(rule, _)| rule.clone()).collect();
        assert_eq!(requests.glance_at_marked().expect("an answer").rules, rules);
        let removals: Vec<_> = rules.iter().cloned().map(RuleOp::Remove).collect();
        assert_eq!(requests.execute(&removals).expect("a socket"), vec![Ok(Done::Done); samples.len()]);
        assert_eq!(requests.execute(&removals).expect("a socket"), vec![Ok(Done::Gone); samples.len()]);
        let mut changes = Vec::new();
        while monitor.read(&mut changes).expect("a socket") {}
        let expected = rules
            .iter()
            .cloned()
            .map(Change::RuleAdded)
            .chain(rules.iter().cloned().map(Change::RuleRemoved));
        assert_eq!(changes, expected.collect::<Vec<_>>());
    });
}

#[test]
fn messages_cut_or_changed_anywhere_do_no_harm() {
    let mut encoder = Encoder::default();
    for (rule, _) in samples() {
        RuleOp::Add(rule).encode(7, &mut encoder);
    }
    let whole = encoder.bytes().to_vec();
    let read = |bytes: &[u8]| Messages(bytes).filter_map(decode).count();
    assert_eq!(read(&whole), samples().len());
    for end in 0..whole.len() {
        read(&whole[..end]);
    }
    for at in 0..whole.len() {
        for value in [0, 1, 4, 8, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            read(&bytes);
        }
    }
}
