//! Both programs run the same configurations of tests/compat, each alone on a LAN, and everything an outsider can see
//! is compared: addresses, routes and rules as `ip` shows them, adverts byte by byte, announcements, the instances' log
//! lines; while it is master and after it has stopped.
//!
//! Known differences, with their reasons, are in `tests/compat/differences-live.txt` (`FILE: REASON`); a listed file
//! that no longer differs fails as well.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use keepalived_lab::{Body, Daemon, Error, Lan, Log, Node, Program, Result, Trace};

/// Configurations that become master on a LAN of their own.
const CONFIGURATIONS: &[&str] = &[
    "global-config-id",
    "vrrp-address-excluded",
    "vrrp-address-families-mixed",
    "vrrp-address-forms",
    "vrrp-address-malformed",
    "vrrp-advert-int-missing",
    "vrrp-auth-ah",
    "vrrp-auth-pass-quoted",
    "vrrp-auth-pass-too-long",
    "vrrp-classic-master",
    "vrrp-comments-and-tabs",
    "vrrp-definition",
    "vrrp-garp-options",
    "vrrp-ipv6",
    "vrrp-ipv6-global-only",
    "vrrp-mcast-source",
    "vrrp-nopreempt",
    "vrrp-priority-300",
    "vrrp-priority-owner",
    "vrrp-routes-and-rules",
    "vrrp-static",
    "vrrp-sync-group",
    "vrrp-track-file",
    "vrrp-track-interface",
    "vrrp-track-script",
    "vrrp-unicast",
    "vrrp-version-2-fraction",
    "vrrp-version-3",
    "vrrp-version-3-auth",
];

/// Labs at work at the same time: they mostly wait.
const WORKERS: usize = 6;
/// Longer than any start delay and master-down interval in the corpus.
const PATIENCE: Duration = Duration::from_secs(10);
/// From the first MASTER on: the other instances follow, routes are set, five announcements are out.
const SETTLE: Duration = Duration::from_millis(2200);

/// Everything that is compared, in words, so that a difference can be read.
type Observed = BTreeMap<&'static str, BTreeSet<String>>;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat")
}

fn read(name: &str) -> Result<String> {
    fs::read_to_string(corpus().join(name)).map_err(Error::io(format!("reading tests/compat/{name}")))
}

/// One program, one configuration: what is seen from its start to its end.
fn observe(program: Program, configuration: &str) -> Result<Observed> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24", "fd77::1/64"])?;
    node.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    // Link-local addresses follow from hardware addresses; make both the same in every lab.
    for (interface, mac) in [("eth0", "02:00:00:00:00:01"), ("eth1", "02:00:00:00:00:02")] {
        node.ip(&["link", "set", interface, "down"])?;
        node.ip(&["link", "set", interface, "address", mac, "up"])?;
    }
    node.add_address("eth0", "fd77::1/64")?;
    let capture = lan.capture()?;
    let started = SystemTime::now();
    let mut daemon = Daemon::start(&node, program, configuration)?;
    daemon.wait_for_log("Entering MASTER STATE", PATIENCE)?;
    std::thread::sleep(SETTLE);
    let mut observed = Observed::new();
    observed.insert("addresses", lines_of(&node, &["-o", "-d", "addr", "show"])?);
    observed.insert("IPv4 routes", lines_of(&node, &["-4", "-d", "route", "show", "table", "all"])?);
    observed.insert("IPv4 rules", lines_of(&node, &["-4", "-d", "rule", "show"])?);
    observed.insert("IPv6 rules", lines_of(&node, &["-6", "-d", "rule", "show"])?);
    observed.insert("announcements", announcements(&capture.trace()?));
    let status = daemon.stop()?;
    observed.insert("exit status", BTreeSet::from([format!("{:?}", status.code())]));
    observed.insert("addresses after stop", lines_of(&node, &["-o", "-d", "addr", "show"])?);
    observed
        .insert("IPv4 routes after stop", lines_of(&node, &["-4", "-d", "route", "show", "table", "all"])?);
    observed.insert("adverts", adverts(&capture.trace()?, started));
    observed.insert("log", log_lines(daemon.log()));
    Ok(observed)
}

/// What `ip` prints, without the loopback and without numbers that no two runs share.
fn lines_of(node: &Node, arguments: &[&str]) -> Result<BTreeSet<String>> {
    let text = node.ip(arguments)?;
    let steady = |line: &str| {
        let words: Vec<&str> =
            line.split_whitespace().filter(|word| !word.starts_with("valid_lft")).collect();
        words.join(" ")
    };
    Ok(text
        .lines()
        .filter(|line| !line.contains("dev lo") && !line.starts_with("1: lo"))
        .map(steady)
        .collect())
}

/// Each different advert once; how many there are depends on the moment of stopping.
fn adverts(trace: &Trace, started: SystemTime) -> BTreeSet<String> {
    let line = |timed: keepalived_lab::TimedAdvert<'_>| {
        let advert = timed.advert;
        let pdu: String = advert.pdu.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "{} > {} ttl {} class {:#x} {pdu}",
            advert.source, advert.destination, advert.ttl, advert.traffic_class
        )
    };
    trace.adverts().filter(|timed| timed.at >= started).map(line).collect()
}

/// Which addresses were announced, how often until now, and how.
fn announcements(trace: &Trace) -> BTreeSet<String> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for packet in trace.packets() {
        let what = match packet.body {
            Body::GratuitousArp { address, mac, operation } => {
                format!("ARP {operation} {address} at {mac:x?}")
            }
            Body::NeighbourAdvertisement { target, flags } => format!("NA {target} flags {flags:#x}"),
            _ => continue,
        };
        // The kernel announces link-local addresses of its own accord.
        if !what.contains("fe80::ff") {
            *counts.entry(what).or_default() += 1;
        }
    }
    counts.into_iter().map(|(what, count)| format!("{count} x {what}")).collect()
}

/// The instances' and groups' own lines: what operators and their tools grep for. Which member's timer takes a group
/// along, and whether an owner had a timer at all, is left out.
fn log_lines(log: &Log) -> BTreeSet<String> {
    let lines = log.lines().into_iter().map(|line| line.message);
    let own = lines.filter(|line| line.starts_with("(VI_") || line.starts_with("VRRP_Group"));
    own.filter(|line| !line.ends_with("Receive advertisement timeout")).collect()
}

fn differences(ours: &Observed, original: &Observed) -> String {
    let mut report = String::new();
    for (what, expected) in original {
        let empty = BTreeSet::new();
        let seen = ours.get(what).unwrap_or(&empty);
        // Writing to a String cannot fail.
        for line in seen.difference(expected) {
            let _ok = writeln!(report, "  {what}: only ours:     {line}");
        }
        for line in expected.difference(seen) {
            let _ok = writeln!(report, "  {what}: only original: {line}");
        }
    }
    report
}

fn compare(name: &str, expected: &BTreeMap<String, String>) -> Result<String> {
    let text = read(&format!("{name}.conf"))?;
    let program = Program::under_test();
    let (ours, original) = std::thread::scope(|scope| {
        let ours = scope.spawn(|| observe(program, &text));
        let original = observe(Program::Debian, &text);
        (ours.join(), original)
    });
    let ours = ours.map_err(|_| Error::Unexpected(format!("{name}: observing ours panicked")))?;
    let original = original.map_err(|error| Error::Unexpected(format!("{name}: the original: {error}")))?;
    let report = match ours {
        Ok(ours) => differences(&ours, &original),
        Err(error) => format!("  {error}\n"),
    };
    // The original compared with itself shows that the lab is steady, not that differences are gone.
    let listed = expected.get(name).filter(|_| program == Program::Ours);
    Ok(match (report.is_empty(), listed) {
        (false, None) => format!("{name}:\n{report}"),
        (true, Some(reason)) => format!("{name}: listed as different ({reason}), but it is not\n"),
        _ => String::new(),
    })
}

/// Lines of the form `NAME: REASON`; `#` starts a comment.
fn expected_differences() -> Result<BTreeMap<String, String>> {
    let text = read("differences-live.txt")?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let pair = |line: &str| line.split_once(": ").map(|(name, reason)| (name.to_owned(), reason.to_owned()));
    Ok(lines.filter_map(pair).collect())
}

#[test]
fn both_programs_look_the_same_from_outside() -> Result<()> {
    let expected = expected_differences()?;
    let queue = Mutex::new(CONFIGURATIONS.iter());
    let reports: Vec<Result<String>> = std::thread::scope(|scope| {
        let work = || {
            let mut reports = Vec::new();
            loop {
                let next = queue.lock().expect("nobody panics with it").next();
                let Some(name) = next else { return reports };
                reports.push(compare(name, &expected));
            }
        };
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    let mut report = String::new();
    for each in reports {
        report.push_str(&each?);
    }
    assert!(report.is_empty(), "\n{report}");
    Ok(())
}

/// A comparison that finds nothing must be one that could.
#[test]
fn a_different_configuration_looks_different() -> Result<()> {
    let one = observe(Program::Debian, &read("vrrp-classic-master.conf")?)?;
    for what in ["addresses", "adverts", "announcements", "log"] {
        assert!(one.get(what).is_some_and(|lines| !lines.is_empty()), "nothing was observed of {what}");
    }
    let text =
        read("vrrp-classic-master.conf")?.replace("150", "151").replace("10.77.0.100", "10.77.0.101/24");
    let report = differences(&one, &observe(Program::Debian, &text)?);
    for what in ["addresses: only", "adverts: only", "announcements: only", "log: only"] {
        assert!(report.contains(what), "no difference in {what}\n{report}");
    }
    Ok(())
}
