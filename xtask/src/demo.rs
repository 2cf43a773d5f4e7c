//! `cargo xtask demo`: the main job, live. Two nodes hold one address for a client; the master loses power; the backup
//! takes over within the time the protocol allows; the master returns.

mod lvs;
mod nodes;

use std::time::{Duration, SystemTime};

use keepalived_lab::{Outage, Program, bounds, elapsed};

use crate::timeline::{Timeline, WIDTH};
use crate::{Error, Result, setup, step};
use nodes::{ADDRESS_A, ADDRESS_B, Nodes, Peer, VIRTUAL_ADDRESS};

/// Longest wait for any single thing; the protocol's times here are below 4 s.
const PATIENCE: Duration = Duration::from_secs(10);

/// The command line's form: `demo [--peer keepalived|frr]`, or `demo lvs`.
pub(crate) fn run(arguments: &mut lexopt::Parser) -> Result<()> {
    let mut peer = Peer::Ours;
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("peer") => peer = Peer::from_name(&arguments.value()?.to_string_lossy())?,
            lexopt::Arg::Value(name) if name == "lvs" => return lvs::run(),
            lexopt::Arg::Value(name) if name == lvs::INSIDE => return lvs::play(),
            other => return Err(other.unexpected().into()),
        }
    }
    setup::run()?;
    if Program::under_test() == Program::Ours {
        step::run(&mut step::cargo(&["build", "--quiet", "--package", "keepalived", "--bins"])?)?;
    }
    play(peer)
}

fn play(peer: Peer) -> Result<()> {
    println!("Two nodes and a client on one (virtual) LAN; node b runs {peer}.\n");
    println!("{}", side_by_side(&nodes::configuration_a(peer), &nodes::configuration_b(peer)));
    let mut nodes = Nodes::start(peer)?;
    nodes.wait_for_answer_by("a", SystemTime::now(), PATIENCE)?;
    println!("{}", nodes.status()?);
    std::thread::sleep(Duration::from_millis(2300));

    let failed = SystemTime::now();
    let killed = nodes.power_off_a()?;
    println!("Power loss of node a: SIGKILL to its processes {killed:?}, cable dead.\n");
    let down = nodes.wait_for_hand_over("b", failed, PATIENCE)?;
    // The log's reader and the capture's writer are a moment behind the client.
    std::thread::sleep(Duration::from_millis(300));
    println!("{}{}", fail_over(&nodes, failed, &down)?.text(), nodes.status()?);

    let returned = SystemTime::now();
    nodes.power_on_a()?;
    println!("Power is back on node a: it is preferred, waits for its master-down time, and takes over.\n");
    let back = nodes.wait_for_hand_over("a", returned, PATIENCE)?;
    std::thread::sleep(Duration::from_millis(300));
    println!("{}{}", take_back(&nodes, returned, &back)?.text(), nodes.status()?);
    verdict(&down, &back)
}

/// From the power loss to the first answer of the backup.
fn fail_over(nodes: &Nodes, failed: SystemTime, outage: &Outage) -> Result<Timeline> {
    let mut timeline = Timeline::new(failed);
    let trace = nodes.capture.trace()?;
    if let Some(last) = trace.last_advert(ADDRESS_A, outage.to.received) {
        timeline.add(last.at, "wire", format!("last advert of a, priority {}", last.advert.priority));
    }
    timeline.add(outage.from.received, "client", "last answer, from a");
    timeline.add(failed, "demo", "node a is dead");
    add_take_over(&mut timeline, nodes, failed, ADDRESS_B, "b");
    for line in nodes.log_b_since(failed) {
        timeline.add(line.at, "log b", line.message);
    }
    timeline.add(outage.to.received, "client", format!("answer, from {}", outage.to.node));
    Ok(timeline)
}

/// From the start of the returned master to its first answer.
fn take_back(nodes: &Nodes, returned: SystemTime, outage: &Outage) -> Result<Timeline> {
    let mut timeline = Timeline::new(returned);
    timeline.add(returned, "demo", "node a starts");
    add_take_over(&mut timeline, nodes, returned, ADDRESS_A, "a");
    for (name, lines) in [("log a", nodes.log_a_since(returned)), ("log b", nodes.log_b_since(returned))] {
        for line in lines {
            timeline.add(line.at, name, line.message);
        }
    }
    timeline.add(outage.from.received, "client", "last answer, from b");
    timeline.add(outage.to.received, "client", "answer, from a");
    Ok(timeline)
}

fn add_take_over(
    timeline: &mut Timeline,
    nodes: &Nodes,
    since: SystemTime,
    from: std::net::IpAddr,
    name: &str,
) {
    let Ok(trace) = nodes.capture.trace() else { return };
    if let Some(first) = trace.first_advert(from, since) {
        let what = format!("first advert of {name}, priority {}", first.advert.priority);
        timeline.add(first.at, "wire", what);
        if let Some(announced) = trace.announcements(VIRTUAL_ADDRESS).find(|packet| packet.at >= first.at) {
            timeline.add(announced.at, "wire", format!("gratuitous ARP: {VIRTUAL_ADDRESS} lives on {name}"));
        }
    }
}

/// The outage against what the protocol allows: an error when it is longer.
fn verdict(down: &Outage, back: &Outage) -> Result<()> {
    let protocol = bounds::master_down_v2(nodes::PRIORITY_B, nodes::INTERVAL);
    let allowed = protocol + bounds::SLACK;
    println!("The client's outage when the master died: {}.", millis(down));
    println!(
        "The protocol asks for at most 3 x {} ms + skew = {} ms after the last advert.",
        nodes::INTERVAL.as_millis(),
        protocol.as_millis()
    );
    println!("The client's wait when the master took over again: {}.", millis(back));
    if down.length() > allowed {
        return Err(Error::Failed(format!("the outage is longer than {} ms", allowed.as_millis())));
    }
    Ok(())
}

fn millis(outage: &Outage) -> String {
    format!("{:.1} ms", elapsed(outage.from.received, outage.to.received).as_secs_f64() * 1000.0)
}

/// Two texts in two columns.
fn side_by_side(left: &str, right: &str) -> String {
    let column = WIDTH / 2 - 1;
    let mut text = String::new();
    let (mut left, mut right) = (left.lines(), right.lines());
    loop {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() {
            return text;
        }
        let line = format!("{:<column$.column$}  {:.column$}", a.unwrap_or_default(), b.unwrap_or_default());
        text.push_str(line.trim_end());
        text.push('\n');
    }
}
