//! What the kernel lists is what the original makes it list; the table is whole or as it was.

use super::*;
use crate::testing::{in_network_namespace, run};
use keepalived_types::ipvs::Protocol;
use std::net::IpAddr;

fn range(protocol: Protocol, first: &str, last: &str, port: u16, mark: u32) -> MarkedRange {
    let address = |text: &str| text.parse::<IpAddr>().expect("a literal address");
    MarkedRange { protocol, first: address(first), last: address(last), port, mark }
}

fn marking(ranges: &[MarkedRange]) -> Marking {
    Marking { table: "keepalived_ipvs".to_owned(), priority: -1, ranges: ranges.to_vec() }
}

/// What `nft` shows, without indentation and line breaks.
fn ruleset() -> String {
    run("nft", &["list", "ruleset"]).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn open() -> Nftables {
    Nftables::open(&Place::Here).expect("this kernel has netfilter")
}

/// The ranges of the recorded run of keepalived 2.2.7 that `original.txt` is from.
fn recorded() -> Marking {
    let mut ranges = Vec::new();
    for (protocol, mark) in [(Protocol::Tcp, 1000), (Protocol::Udp, 1001)] {
        ranges.extend([
            range(protocol, "10.0.0.1", "10.0.0.1", 80, mark),
            range(protocol, "10.0.1.0", "10.0.1.255", 81, mark),
            range(protocol, "10.0.2.3", "10.0.2.9", 82, mark),
        ]);
    }
    ranges.extend([
        range(Protocol::Tcp, "2001:db8::1", "2001:db8::1", 80, 1002),
        range(Protocol::Tcp, "2001:db8::5", "2001:db8::9", 81, 1002),
    ]);
    marking(&ranges)
}

/// keepalived 2.2.7 was given the same groups where there is IPVS but no nftables, and what it sent was sent to a kernel
/// with nftables. 2.4 counts the packets, 2.2.7 does not.
#[test]
fn the_table_is_the_originals() {
    in_network_namespace(|| {
        open().write(&recorded()).expect("nftables takes it");
        let ours = ruleset().replace(" counter packets 0 bytes 0", "");
        let theirs: Vec<&str> = include_str!("original.txt").split_whitespace().collect();
        assert_eq!(ours, theirs.join(" "));
    });
}

#[test]
fn every_port_comes_after_ports_that_are_named() {
    in_network_namespace(|| {
        let ranges = [
            range(Protocol::Sctp, "10.0.0.1", "10.0.0.9", 0, 7),
            range(Protocol::Sctp, "10.0.0.1", "10.0.0.1", 80, 8),
        ];
        open().write(&marking(&ranges)).expect("nftables takes it");
        let shown = ruleset();
        assert!(shown.contains("10.0.0.1-10.0.0.9 . 0-65535 : 0x00000007"), "{shown}");
        let [named, any] = ["@sctp_map", "@sctp_any_map"].map(|map| shown.find(map).expect(map));
        assert!(named < any, "{shown}");
    });
}

#[test]
fn a_table_is_replaced_whole_and_goes_with_its_last_range() {
    in_network_namespace(|| {
        let mut nftables = open();
        nftables.write(&recorded()).expect("the first");
        let one = marking(&[range(Protocol::Udp, "10.0.0.7", "10.0.0.7", 53, 5)]);
        // A successor after a crash knows nothing of what is there.
        nftables = open();
        nftables.write(&one).expect("the second");
        let shown = ruleset();
        assert!(shown.contains("elements = { 10.0.0.7 . 53 : 0x00000005 }"), "{shown}");
        assert!(!shown.contains("tcp_map") && !shown.contains("table ip6"), "{shown}");
        nftables.write(&marking(&[])).expect("the last");
        assert_eq!(ruleset(), "");
        nftables.write(&marking(&[])).expect("what is gone may be gone");
    });
}

#[test]
fn a_refused_table_leaves_the_one_that_is_there() {
    in_network_namespace(|| {
        let mut nftables = open();
        nftables.write(&recorded()).expect("nftables takes it");
        let before = ruleset();
        let overlapping = [
            range(Protocol::Tcp, "10.0.0.1", "10.0.0.9", 80, 1),
            range(Protocol::Tcp, "10.0.0.5", "10.0.0.20", 80, 2),
        ];
        let error = nftables.write(&marking(&overlapping)).expect_err("ranges overlap").to_string();
        assert!(error.starts_with("write the nftables table keepalived_ipvs: "), "{error}");
        assert_eq!(ruleset(), before);
        nftables.write(&recorded()).expect("the socket goes on");
    });
}

/// More than one attribute holds, and more than a socket sends without being asked.
#[test]
fn a_large_group_goes_in_one_transaction() {
    in_network_namespace(|| {
        let ranges: Vec<MarkedRange> = (0..6000_u16)
            .map(|number| {
                let address = format!("2001:db8::{number:x}");
                range(Protocol::Tcp, &address, &address, 80, 9)
            })
            .collect();
        open().write(&marking(&ranges)).expect("nftables takes it");
        let shown = run("nft", &["list", "ruleset"]);
        assert_eq!(shown.matches(" : 0x00000009").count(), 6000);
    });
}

#[test]
fn a_flushed_ruleset_and_a_foreign_table_show() {
    in_network_namespace(|| {
        let mut nftables = open();
        let name = "keepalived_ipvs";
        nftables.write(&recorded()).expect("nftables takes it");
        let mut left = nftables.traces(name).expect("an answer");
        let mut is_untouched = || nftables.is_untouched(&mut left).expect("an answer");
        run("nft", &["add", "table", "ip", "somebody_elses"]);
        assert!(is_untouched(), "others are no business of ours");
        run("nft", &["flush", "ruleset"]);
        assert!(!is_untouched());
        assert!(!is_untouched(), "nobody put it back");
        run("nft", &["add", "table", "ip", name]);
        assert!(!is_untouched(), "a table of our name is not ours");
    });
}

/// What an administrator's hand may do within the table.
#[test]
fn elements_rules_and_policies_that_somebody_touched_show() {
    in_network_namespace(|| {
        let name = "keepalived_ipvs";
        let touches: [&[&str]; 6] = [
            &["delete", "element", "ip", name, "udp_map", "{ 10.0.2.3-10.0.2.9 . 82 }"],
            &["delete", "element", "ip6", name, "tcp_map", "{ 2001:db8::1 . 80 }"],
            &["add", "element", "ip", name, "tcp_map", "{ 10.0.0.7 . 80 : 0x3e8 }"],
            &["flush", "chain", "ip", name, "in"],
            &["insert", "rule", "ip", name, "in", "drop"],
            &["add", "chain", "ip", name, "in", "{ policy drop; }"],
        ];
        let mut nftables = open();
        for touch in touches {
            nftables.write(&recorded()).expect("nftables takes it");
            let mut left = nftables.traces(name).expect("an answer");
            run("nft", &["add", "table", "ip", "somebody_elses"]);
            assert!(nftables.is_untouched(&mut left).expect("an answer"), "nobody touched it");
            run("nft", touch);
            assert!(!nftables.is_untouched(&mut left).expect("an answer"), "{touch:?}");
        }
    });
}

/// What is put back as it was is as it was left.
#[test]
fn an_element_that_went_and_came_back_is_no_change() {
    in_network_namespace(|| {
        let name = "keepalived_ipvs";
        let mut nftables = open();
        nftables.write(&recorded()).expect("nftables takes it");
        let mut left = nftables.traces(name).expect("an answer");
        run("nft", &["delete", "element", "ip", name, "tcp_map", "{ 10.0.2.3-10.0.2.9 . 82 }"]);
        run("nft", &["add", "element", "ip", name, "tcp_map", "{ 10.0.2.3-10.0.2.9 . 82 : 0x3e8 }"]);
        assert!(nftables.is_untouched(&mut left).expect("an answer"));
    });
}
