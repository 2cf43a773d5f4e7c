//! `keepalivedctl doctor`: each thing that keeps a pair from working is found, and what it says mends it.

mod common;

use std::net::IpAddr;
use std::time::Instant;

use common::ctl::{Said, answer, ctl};
use common::{PATIENCE, Pair, expect_log, instance, vip, with_log};
use keepalived_lab::{Classic, Daemon, Error, Lan, Node, Program, Result};
use serde_json::Value;

/// Settings that distributions differ in.
fn plain(node: &Node) -> Result<()> {
    for place in ["all", "eth0"] {
        for key in ["rp_filter", "arp_ignore", "arp_announce"] {
            node.namespace().set_sysctl(&format!("ipv4/conf/{place}/{key}"), "0")?;
        }
    }
    Ok(())
}

fn doctor(daemon: &Daemon, arguments: &[&str]) -> Result<Said> {
    let name = daemon.node().namespace().name().to_owned();
    let mut words = vec!["doctor"];
    words.extend(arguments);
    ctl(daemon, &["ip", "netns", "exec", &name], &words)
}

/// What it finds: name of the check, and what mends it. Programs of the machine that runs the tests are no matter here.
fn findings(daemon: &Daemon) -> Result<Vec<(String, String)>> {
    found(&doctor(daemon, &["--json"])?)
}

fn found(said: &Said) -> Result<Vec<(String, String)>> {
    let json: Value = serde_json::from_str(&said.out)
        .map_err(|error| Error::Unexpected(format!("{error}: {} {}", said.out, said.err)))?;
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let found: Vec<(String, String)> = json
        .as_array()
        .into_iter()
        .flatten()
        .map(|finding| (text(finding, "check"), text(finding, "mend")))
        .filter(|(check, _)| check != "address_manager" && check != "clock")
        .collect();
    Ok(found)
}

fn checks(daemon: &Daemon) -> Result<Vec<String>> {
    Ok(findings(daemon)?.into_iter().map(|(check, _)| check).collect())
}

/// Breaks something, looks whether the doctor finds it, does what it says, and looks again.
fn finds_and_mends(daemon: &Daemon, wrong: &[&str], check: &str) -> Result<()> {
    let namespace = daemon.node().namespace();
    namespace.exec(wrong)?;
    let found = findings(daemon)?;
    let Some((_, mend)) = found.iter().find(|(name, _)| name == check) else {
        return Err(Error::Unexpected(format!("{wrong:?}: {check} was expected, not {found:?}")));
    };
    namespace.exec(&["sh", "-c", mend])?;
    // What follows from it, FAULT for one, may take its time to end.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = checks(daemon)?;
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Error::Unexpected(format!("after {mend}: {left:?}")));
        }
    }
}

#[test]
fn what_is_wrong_with_the_machine_is_found_and_mended() -> Result<()> {
    let pair = Pair::new()?;
    plain(&pair.a)?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    assert_eq!(checks(&a)?, [""; 0]);
    finds_and_mends(&a, &["sysctl", "-w", "net.ipv4.conf.eth0.arp_ignore=8"], "arp")?;
    finds_and_mends(&a, &["sysctl", "-w", "net.ipv4.conf.all.arp_ignore=2"], "arp")?;
    finds_and_mends(&a, &["ip", "link", "set", "eth0", "multicast", "off"], "link")?;
    let closed =
        "nft add table inet f; nft 'add chain inet f in { type filter hook input priority 0; policy drop; }'";
    finds_and_mends(&a, &["sh", "-c", closed], "firewall")?;
    let strict = ["sysctl", "-w", "net.ipv4.conf.all.rp_filter=1"];
    finds_and_mends(&a, &strict, "rp_filter")?;
    pair.a.namespace().exec(&["sysctl", "-w", "net.ipv4.conf.eth0.rp_filter=0"])?;
    let said = doctor(&a, &[])?;
    assert!(said.out.contains("WARNING  eth0: rp_filter is strict"), "{}", said.out);
    assert!(said.out.contains("mend: sysctl -w net.ipv4.conf.eth0.rp_filter=2"), "{}", said.out);
    pair.a.cut_link("eth0")?;
    expect_log(&a, "(VI_1) Entering FAULT STATE")?;
    let said = doctor(&a, &[])?;
    assert_eq!(said.status, Some(1));
    assert!(said.out.contains("PROBLEM  VI_1: it is in FAULT"), "{}", said.out);
    assert!(said.out.contains("PROBLEM  eth0: the link is"), "{}", said.out);
    Ok(())
}

#[test]
fn two_masters_are_found_with_the_reason() -> Result<()> {
    let pair = Pair::new()?;
    for node in [&pair.a, &pair.b] {
        plain(node)?;
    }
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    let b = Daemon::start(&pair.b, Program::Ours, &Classic::backup().password("other").text())?;
    for daemon in [&a, &b] {
        expect_log(daemon, "(VI_1) Entering MASTER STATE")?;
    }
    let found = checks(&a)?;
    assert!(
        found.contains(&"two_masters".to_owned()) && found.contains(&"adverts_refused".to_owned()),
        "{found:?}"
    );
    let said = doctor(&b, &[])?;
    assert_eq!(said.status, Some(1));
    assert!(said.out.contains("adverts with another password were thrown away"), "{}", said.out);
    Ok(())
}

#[test]
fn a_unicast_peer_that_is_gone_is_found_and_one_that_is_there_is_not() -> Result<()> {
    let lan = Lan::new()?;
    let (a, _b) = (lan.node("a", &["10.77.0.1/24"])?, lan.node("b", &["10.77.0.2/24"])?);
    plain(&a)?;
    let text = |peer: IpAddr| {
        let peer = peer.to_string();
        instance(
            "VI_1",
            &[
                "virtual_router_id 51",
                "unicast_peer {",
                &peer,
                "}",
                "virtual_ipaddress {",
                "10.77.0.100",
                "}",
            ],
        )
    };
    let daemon = Daemon::start(&a, Program::Ours, &text(common::host(99)))?;
    expect_log(&daemon, "(VI_1) Entering MASTER STATE")?;
    assert_eq!(checks(&daemon)?, ["peer_unreachable"]);
    a.write_file("/etc/keepalived/keepalived.conf", text(common::host(2)))?;
    answer(&daemon, &["reload"])?;
    assert_eq!(checks(&daemon)?, [""; 0]);
    Ok(())
}

#[test]
fn a_daemon_that_does_not_answer_is_the_first_problem() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    let mut daemon = Daemon::start(&node, Program::Ours, &Classic::master().text())?;
    expect_log(&daemon, "Startup complete")?;
    daemon.stop()?;
    let said = doctor(&daemon, &[])?;
    assert_eq!(said.status, Some(1));
    assert!(said.out.contains("mend: systemctl start keepalived"), "{}", said.out);
    Ok(())
}

/// `unshare -n` and `nsenter` leave /sys as it was: it shows the interfaces of another namespace, or none.
#[test]
fn it_needs_no_sys_and_notices_that_it_is_elsewhere() -> Result<()> {
    let pair = Pair::new()?;
    plain(&pair.a)?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let net = format!("--net=/run/netns/{}", pair.a.namespace().name());
    let judged = |before: &[&str]| -> Result<Vec<(String, String)>> {
        found(&ctl(&a, before, &["doctor", "--json"])?)
    };
    assert_eq!(judged(&["nsenter", &net])?, []);
    let hidden =
        ["nsenter", &net, "unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /sys && exec \"$@\"", "sh"];
    assert_eq!(judged(&hidden)?, []);
    let outside = judged(&[])?;
    let [(check, mend)] = outside.as_slice() else { return Err(Error::Unexpected(format!("{outside:?}"))) };
    assert_eq!(check, "not_looked_at");
    assert_eq!(*mend, format!("nsenter --net=/proc/{}/ns/net keepalivedctl doctor", a.pid()));
    let said = ctl(&a, &[], &["doctor"])?;
    assert!(said.out.contains("the daemon is in another network namespace"), "{}", said.out);
    Ok(())
}
