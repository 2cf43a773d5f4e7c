//! Adverts that nobody may believe (RFC 3768 §7.1): each has the highest priority in sight and one thing wrong. A
//! backup that hears nothing else becomes master in time, and stays it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use keepalived_lab::{Classic, Daemon, Forged, Forger, Lan, Node, Program, Result, bounds};

const INTERVAL: Duration = Duration::from_secs(1);
const VIRTUAL_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 100);
const FORGER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 9);

fn good() -> Forged {
    Forged::version_2(51, 200, VIRTUAL_ADDRESS, "1111")
}

/// What is wrong, and the advert.
fn bad() -> Vec<(&'static str, Forged)> {
    let mut wrong_checksum = good();
    wrong_checksum.pdu[6] ^= 1;
    let mut short = good();
    short.pdu.truncate(12);
    let mut shorter = good();
    shorter.pdu.truncate(5);
    let mut no_bytes = good();
    no_bytes.pdu.clear();
    vec![
        ("TTL 254", Forged { ttl: 254, ..good() }),
        ("TTL 1", Forged { ttl: 1, ..good() }),
        ("a wrong checksum", wrong_checksum),
        ("version 3", good().with_byte(0, 0x31)),
        ("version 0", good().with_byte(0, 0x01)),
        ("type 2", good().with_byte(0, 0x22)),
        ("another VRID", good().with_byte(1, 52)),
        ("another interval", good().with_byte(5, 2)),
        ("no authentication", good().with_byte(4, 0)),
        ("authentication type 2", good().with_byte(4, 2)),
        ("authentication type 9", good().with_byte(4, 9)),
        ("another password", Forged::version_2(51, 200, VIRTUAL_ADDRESS, "2222")),
        ("more addresses than bytes", good().with_byte(3, 200)),
        ("no authentication data", short.with_checksum()),
        ("five bytes", shorter),
        ("no bytes", no_bytes),
    ]
}

/// A lone backup beside a forger: does it become master within its master-down interval, and stay it for three adverts?
fn becomes_master(forged: &Forged) -> Result<bool> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.2/24"])?;
    let third: Node = lan.node("f", &["10.77.0.9/24"])?;
    let _forger = Forger::start(&third, FORGER, forged.clone(), Duration::from_millis(300))?;
    let daemon = Daemon::start(&node, Program::under_test(), &Classic::backup().text())?;
    daemon.wait_for_log("(VI_1) Entering BACKUP STATE", Duration::from_secs(5))?;
    let bound = bounds::master_down_v2(100, INTERVAL) + bounds::SLACK;
    if node.wait_for_address(IpAddr::V4(VIRTUAL_ADDRESS), bound).is_err() {
        assert!(daemon.is_running(), "it died:\n{}", daemon.log().text());
        return Ok(false);
    }
    std::thread::sleep(INTERVAL * 3);
    node.has_address(IpAddr::V4(VIRTUAL_ADDRESS))
}

#[test]
fn a_good_advert_of_higher_priority_keeps_a_backup_down() -> Result<()> {
    assert!(!becomes_master(&good())?);
    Ok(())
}

#[test]
fn bad_adverts_are_no_adverts() -> Result<()> {
    let kinds = bad();
    let mut believed = Vec::new();
    // Each lab mostly waits; four at a time are no load.
    for some in kinds.chunks(4) {
        let results: Vec<(&str, Result<bool>)> = std::thread::scope(|scope| {
            let play = |(what, forged)| (what, scope.spawn(move || becomes_master(forged)));
            let running: Vec<_> = some.iter().map(|(what, forged)| play((*what, forged))).collect();
            running.into_iter().map(|(what, lab)| (what, lab.join().expect("a lab does not panic"))).collect()
        });
        for (what, became_master) in results {
            if !became_master? {
                believed.push(what);
            }
        }
    }
    assert!(believed.is_empty(), "believed in spite of: {}", believed.join(", "));
    Ok(())
}
