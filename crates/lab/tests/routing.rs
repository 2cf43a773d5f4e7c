//! Routes, rules and static items over the life of a daemon: set, kept, lost, put back, reloaded, left behind by a crash.
//! Points 67 and 68 of the conformance checklist. Each option of a line: `routing_options.rs`.

mod common;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use common::{PATIENCE, expect_address, expect_log, expect_no_address, instance, vip, with_log};
use keepalived_lab::{Daemon, Error, Lan, Node, Program, Result, Signal, processes};

/// From one look to the next.
const PAUSE: Duration = Duration::from_millis(20);

/// A node with two interfaces and a daemon on it.
struct Router {
    node: Node,
    daemon: Daemon,
    lan: Lan,
}

impl Router {
    fn start(text: &str) -> Result<Self> {
        let lan = Lan::new()?;
        let node = lan.node("a", &["10.77.0.1/24", "fd77::1/64"])?;
        node.add_interface("eth1", "br1", &["10.78.0.1/24", "fd78::1/64"])?;
        let daemon = Daemon::start(&node, Program::under_test(), text)?;
        Ok(Self { node, daemon, lan })
    }

    /// Starts it and waits until its instance is MASTER.
    fn master(text: &str) -> Result<Self> {
        let router = Self::start(text)?;
        expect_address(&router.daemon, vip())?;
        Ok(router)
    }

    /// Everything `ip` shows of routes and rules.
    fn routing(&self) -> Result<String> {
        routing(&self.node)
    }

    /// Waits until `ip` shows this.
    fn expect(&self, text: &str) -> Result<()> {
        self.wait(text, true)
    }

    /// Waits until `ip` does not show this.
    fn expect_gone(&self, text: &str) -> Result<()> {
        self.wait(text, false)
    }

    fn wait(&self, text: &str, is_wanted: bool) -> Result<()> {
        wait(&self.node, text, is_wanted).map_err(|error| with_log(error, &self.daemon))
    }
}

fn routing(node: &Node) -> Result<String> {
    let parts = [
        &["-4", "-d", "route", "show", "table", "all"][..],
        &["-6", "-d", "route", "show", "table", "all"],
        &["-4", "-d", "rule"],
        &["-6", "-d", "rule"],
        &["-o", "addr"],
    ];
    parts.iter().map(|arguments| node.ip(arguments)).collect()
}

fn wait(node: &Node, text: &str, is_wanted: bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = routing(node)?;
        if seen.contains(text) == is_wanted {
            return Ok(());
        }
        if Instant::now() > deadline {
            let waited_for = format!("{text} {}", if is_wanted { "to be there" } else { "to be gone" });
            return Err(Error::TimedOut { waited_for, after: PATIENCE, seen });
        }
        std::thread::sleep(PAUSE);
    }
}

/// An instance that is MASTER after 0.6 seconds, with these blocks.
fn quick(blocks: &[&str]) -> String {
    let lines = ["virtual_router_id 51", "priority 250", "version 3", "advert_int 0.2"];
    instance("VI_1", &[&lines[..], &["virtual_ipaddress {\n 10.77.0.100\n }"], blocks].concat())
}

#[test]
fn c67_a_static_address_is_back_at_once_and_with_no_track_it_is_not() -> Result<()> {
    let router = Router::start(
        "static_ipaddress {\n 10.79.0.1/24 dev eth1\n 10.79.1.1/24 dev eth1 no_track\n fd79::1/64 dev eth1\n}\n",
    )?;
    for address in ["10.79.0.1/24", "10.79.1.1/24", "fd79::1/64"] {
        router.expect(address)?;
    }
    expect_log(&router.daemon, "Startup complete")?;
    // The one that may go goes first: when the others are back, it would be, too.
    router.node.ip(&["addr", "del", "10.79.1.1/24", "dev", "eth1"])?;
    for address in ["10.79.0.1/24", "fd79::1/64"] {
        router.node.ip(&["addr", "del", address, "dev", "eth1"])?;
        expect_log(&router.daemon, &format!("Restoring deleted static address {address} dev eth1"))?;
        router.expect(address)?;
    }
    assert!(!router.routing()?.contains("10.79.1.1/24"));
    Ok(())
}

#[test]
fn c68_static_routes_and_rules_alone_are_back_at_once() -> Result<()> {
    let router = Router::start(
        "static_routes {\n 10.1.0.0/24 via 10.77.0.254 dev eth0\n 10.1.1.0/24 dev eth0 no_track\n \
         blackhole 10.1.2.0/24\n fd01::/64 via fd77::254 dev eth0\n \
         10.1.3.0/24 nexthop via 10.77.0.253 nexthop via 10.78.0.253\n}\n\
         static_rules {\n from 10.1.0.1 table 100 priority 100\n to fd01::/64 table 100 priority 101\n}\n",
    )?;
    let wanted = [
        "10.1.0.0/24",
        "10.1.1.0/24",
        "blackhole 10.1.2.0/24",
        "fd01::/64 via",
        "10.1.3.0/24",
        "100:",
        "101:",
    ];
    wanted.iter().try_for_each(|text| router.expect(text))?;
    expect_log(&router.daemon, "Startup complete")?;
    router.node.ip(&["route", "del", "10.1.1.0/24"])?;
    let deletions: [(&[&str], &str, &str); 6] = [
        (
            &["route", "del", "10.1.0.0/24"],
            "10.1.0.0/24 via",
            "route 10.1.0.0/24 via inet 10.77.0.254 dev eth0",
        ),
        (&["route", "del", "blackhole", "10.1.2.0/24"], "blackhole 10.1.2.0/24", "route 10.1.2.0/24"),
        (
            &["-6", "route", "del", "fd01::/64"],
            "fd01::/64 via fd77::254",
            "route fd01::/64 via inet6 fd77::254",
        ),
        (&["route", "del", "10.1.3.0/24"], "10.1.3.0/24", "route 10.1.3.0/24 nexthop via inet 10.77.0.253"),
        (&["rule", "del", "priority", "100"], "100:", "rule from 10.1.0.1 priority 100"),
        (&["-6", "rule", "del", "priority", "101"], "101:", "rule from all to fd01::/64 priority 101"),
    ];
    for (deletion, shown, logged) in deletions {
        router.node.ip(deletion)?;
        expect_log(&router.daemon, &format!("Restoring deleted static {logged}"))?;
        router.expect(shown)?;
    }
    assert!(!router.routing()?.contains("10.1.1.0/24"), "nobody minds that one");
    Ok(())
}

#[test]
fn static_items_come_back_with_their_interface_and_go_at_the_stop() -> Result<()> {
    let mut router = Router::start(
        "static_ipaddress {\n 10.79.0.1/24 dev eth1\n}\nstatic_routes {\n 10.1.0.0/24 via 10.78.0.254 dev eth1\n \
         10.1.1.0/24 dev eth1 src 10.79.0.1\n fd01::/64 dev eth1\n 10.1.2.0/24 dev eth0\n}\n\
         static_rules {\n from 10.79.0.0/24 table 100 priority 100\n}\n",
    )?;
    let on_eth1 = ["10.1.0.0/24 via 10.78.0.254 dev eth1", "10.1.1.0/24 dev eth1", "fd01::/64 dev eth1"];
    on_eth1.iter().try_for_each(|text| router.expect(text))?;
    router.node.ip(&["link", "set", "eth1", "down"])?;
    on_eth1.iter().try_for_each(|text| router.expect_gone(text))?;
    router.node.ip(&["link", "set", "eth1", "up"])?;
    on_eth1.iter().try_for_each(|text| router.expect(text))?;
    let status = router.daemon.stop()?;
    assert!(status.success(), "{status}");
    let left = router.routing()?;
    for text in ["10.79.0.1", "10.1.", "fd01:", "100:"] {
        assert!(!left.contains(text), "{text} is left: {left}");
    }
    Ok(())
}

/// The interface goes and comes again with another number.
#[test]
fn what_is_on_an_interface_that_vanishes_is_back_when_it_is_made_again() -> Result<()> {
    let text = format!(
        "global_defs {{\n dynamic_interfaces\n}}\nstatic_ipaddress {{\n 10.79.0.1/24 dev dmz\n}}\n\
         static_routes {{\n 10.1.0.0/24 via 10.79.0.254 dev dmz\n}}\n{}",
        quick(&["virtual_routes {\n 10.2.0.0/24 dev dmz no_track\n 10.2.1.0/24 dev eth0\n }"])
    );
    let router = Router::master(&text)?;
    router.expect("10.2.1.0/24 dev eth0")?;
    for _ in 0..2 {
        router.node.add_interface("dmz", "br2", &[])?;
        ["10.79.0.1/24", "10.1.0.0/24 via 10.79.0.254 dev dmz", "10.2.0.0/24 dev dmz"]
            .iter()
            .try_for_each(|text| router.expect(text))?;
        router.node.ip(&["link", "del", "dmz"])?;
        router.expect_gone("dmz")?;
    }
    assert!(
        router.daemon.log().count_since(0, "(VI_1) Entering FAULT STATE") == 0,
        "{}",
        router.daemon.log().text()
    );
    assert!(router.routing()?.contains("10.2.1.0/24 dev eth0"));
    Ok(())
}

#[test]
fn routes_and_rules_are_there_while_the_instance_is_master() -> Result<()> {
    let mut router = Router::master(&quick(&[
        "virtual_routes {\n 10.2.0.0/24 via 10.77.0.254 dev eth0 src 10.77.0.100\n fd02::/64 via fd77::254 dev eth0\n }",
        "virtual_rules {\n from 10.77.0.100 table 100 priority 100\n }",
    ]))?;
    let ours = [
        "10.2.0.0/24 via 10.77.0.254 dev eth0",
        "src 10.77.0.100",
        "fd02::/64 via fd77::254 dev eth0",
        "100:",
    ];
    ours.iter().try_for_each(|text| router.expect(text))?;
    router.node.cut_link("eth0")?;
    expect_log(&router.daemon, "(VI_1) Entering FAULT STATE")?;
    ours.iter().try_for_each(|text| router.expect_gone(text))?;
    router.node.restore_link("eth0")?;
    ours.iter().try_for_each(|text| router.expect(text))?;
    // A better router comes.
    let better = router.lan.node("b", &["10.77.0.2/24"])?;
    let text = quick(&[]).replace("priority 250", "priority 254");
    let other = Daemon::start(&better, Program::under_test(), &text)?;
    expect_address(&other, vip())?;
    ours.iter().try_for_each(|text| router.expect_gone(text))?;
    drop(other);
    ours.iter().try_for_each(|text| router.expect(text))?;
    router.daemon.stop()?;
    let left = router.routing()?;
    for text in ours {
        assert!(!left.contains(text), "{text} is left: {left}");
    }
    Ok(())
}

#[test]
fn a_virtual_route_or_rule_deleted_by_hand_costs_one_turn_and_is_back() -> Result<()> {
    let router = Router::master(&quick(&[
        "virtual_routes {\n 10.2.0.0/24 via 10.77.0.254 dev eth0\n fd02::/64 via fd77::254 dev eth0\n \
         10.2.1.0/24 dev eth0 no_track\n }",
        "virtual_rules {\n from 10.77.0.100 table 100 priority 100\n from 10.77.0.101 table 100 priority 101 no_track\n }",
    ]))?;
    let all = ["10.2.0.0/24", "fd02::/64 via", "10.2.1.0/24", "100:", "101:"];
    all.iter().try_for_each(|text| router.expect(text))?;
    let mark = router.daemon.log().mark();
    router.node.ip(&["route", "del", "10.2.1.0/24"])?;
    router.node.ip(&["rule", "del", "priority", "101"])?;
    for deletion in [
        &["route", "del", "10.2.0.0/24"][..],
        &["-6", "route", "del", "fd02::/64"],
        &["rule", "del", "priority", "100"],
    ] {
        let mark = router.daemon.log().mark();
        router.node.ip(deletion)?;
        for state in
            ["(VI_1) Entering BACKUP STATE", "(VI_1) sent 0 priority", "(VI_1) Entering MASTER STATE"]
        {
            let found = router.daemon.log().wait_for_since(mark, state, PATIENCE);
            found.map_err(|error| with_log(error, &router.daemon))?;
        }
        all.iter().try_for_each(|text| router.expect(text))?;
    }
    assert_eq!(
        router.daemon.log().count_since(mark, "(VI_1) Entering BACKUP STATE"),
        3,
        "those with no_track cost none"
    );
    Ok(())
}

/// How many seconds a route has left that is set to expire: fewer and fewer, until it is set anew.
fn seconds_left(router: &Router) -> Result<u32> {
    let shown = router.routing()?;
    let word = shown.split_once("expires ").and_then(|(_, rest)| rest.split_once("sec"));
    let seconds = word.and_then(|(seconds, _)| seconds.parse().ok());
    seconds.ok_or_else(|| Error::Unexpected(format!("no route expires: {shown}")))
}

#[test]
fn a_reload_touches_only_what_it_changes() -> Result<()> {
    let statics = "static_routes {\n fd01::/64 dev eth0 expires 1000\n 10.1.0.0/24 dev eth0\n DROPPED\n}\n\
                   static_rules {\n from 10.1.0.1 table 100 priority 100\n}\n";
    let virtuals = quick(&["virtual_routes {\n 10.2.0.0/24 via 10.77.0.254 dev eth0\n }"]);
    let full = statics.replace("DROPPED", "10.1.1.0/24 dev eth0") + &virtuals;
    let router = Router::master(&full)?;
    ["10.1.1.0/24", "10.2.0.0/24", "100:", "fd01::/64"].iter().try_for_each(|text| router.expect(text))?;
    let deadline = Instant::now() + PATIENCE;
    while seconds_left(&router)? >= 998 && Instant::now() < deadline {
        std::thread::sleep(PAUSE);
    }
    let before = seconds_left(&router)?;
    router.daemon.reload(&full)?;
    expect_log(&router.daemon, "Reload complete")?;
    assert!(seconds_left(&router)? <= before, "the route was set anew");
    // Another way for one, the end of another, and a third that is new.
    let changed =
        statics.replace("DROPPED", "10.1.2.0/24 dev eth1") + &virtuals.replace("10.77.0.254", "10.77.0.253");
    router.daemon.reload(&changed)?;
    router.expect("10.1.2.0/24 dev eth1")?;
    router.expect_gone("10.1.1.0/24")?;
    router.expect("10.2.0.0/24 via 10.77.0.253")?;
    router.expect_gone("10.2.0.0/24 via 10.77.0.254")?;
    assert!(seconds_left(&router)? <= before, "the route was set anew");
    router.daemon.reload(&virtuals)?;
    ["fd01::/64", "10.1.0.0/24", "10.1.2.0/24", "100:"]
        .iter()
        .try_for_each(|text| router.expect_gone(text))?;
    assert_eq!(router.daemon.log().count_since(0, "(VI_1) Entering BACKUP STATE"), 1, "only at the start");
    Ok(())
}

#[test]
fn what_a_crash_leaves_is_cleared_by_the_next_start() -> Result<()> {
    let text = "static_routes {\n 10.1.0.0/24 dev eth0\n fd01::/64 dev eth0\n}\nstatic_rules {\n \
                from 10.1.0.1 table 100 priority 100\n}\n"
        .to_owned()
        + &quick(&[
            "virtual_routes {\n 10.2.0.0/24 dev eth0\n 10.2.1.0/24 dev eth0 protocol static no_track\n }",
            "virtual_rules {\n from 10.2.0.1 table 100 priority 101 no_track\n }",
        ]);
    let mut router = Router::master(&text)?;
    let all = ["10.1.0.0/24", "fd01::/64", "100:", "10.2.0.0/24", "10.2.1.0/24", "101:"];
    all.iter().try_for_each(|text| router.expect(text))?;
    router.node.ip(&["route", "add", "10.3.0.0/24", "dev", "eth0", "proto", "static"])?;
    router.daemon.kill_all()?;
    let left = router.routing()?;
    for text in ["10.2.0.0/24", "10.2.1.0/24", "100:", "101:"] {
        assert!(left.contains(text), "{text}: {left}");
    }
    // The static items have gone from the configuration; the virtual ones belong to whoever is MASTER.
    let idle = quick(&[
        "virtual_routes {\n 10.2.1.0/24 dev eth0 protocol static no_track\n }",
        "virtual_rules {\n from 10.2.0.1 table 100 priority 101 no_track\n }",
    ]);
    let idle = idle.replace("advert_int 0.2", "advert_int 40");
    router.daemon = Daemon::start(&router.node, Program::under_test(), &idle)?;
    all.iter().try_for_each(|text| router.expect_gone(text))?;
    assert!(router.routing()?.contains("10.3.0.0/24"), "it is somebody else's");
    Ok(())
}

#[test]
fn a_killed_vrrp_process_leaves_routes_where_they_are() -> Result<()> {
    let router = Router::master(&quick(&[
        "virtual_routes {\n fd02::/64 dev eth0 expires 1000\n 10.2.0.0/24 dev eth0\n }",
    ]))?;
    router.expect("10.2.0.0/24")?;
    let deadline = Instant::now() + PATIENCE;
    while seconds_left(&router)? >= 999 && Instant::now() < deadline {
        std::thread::sleep(PAUSE);
    }
    let before = seconds_left(&router)?;
    let old = router.daemon.vrrp_pid()?;
    processes::send(old, Signal::Kill)?;
    router.daemon.wait_for_new_vrrp_pid(old, PATIENCE)?;
    expect_log(&router.daemon, "Entering MASTER STATE")?;
    assert!(seconds_left(&router)? <= before, "the route was set anew");
    assert!(router.routing()?.contains("10.2.0.0/24 dev eth0"));
    Ok(())
}

#[test]
fn a_route_that_the_kernel_refuses_is_told_and_the_instance_goes_on() -> Result<()> {
    let router = Router::master(&quick(&[
        "virtual_routes {\n 10.2.0.0/24 via 192.0.2.1 dev eth0\n 10.2.1.0/24 via 10.77.0.254 dev eth0\n \
         10.2.2.0/24 table nosuch dev eth0\n 10.2.3.0/24 dev eth0 metric 4294967296\n }",
    ]))?;
    router.expect("10.2.1.0/24")?;
    let refused = "Netlink: error: Network is unreachable(101), type=RTM_NEWROUTE(24)";
    expect_log(&router.daemon, refused)?;
    expect_log(&router.daemon, "Routing table nosuch not found for route")?;
    expect_log(&router.daemon, "Invalid metric 4294967296 specified for route")?;
    // It is not told again with every change, and it works once there is a way.
    router.node.add_address("eth0", "10.99.0.1/24")?;
    router.node.add_address("eth0", "192.0.2.2/24")?;
    router.expect("10.2.0.0/24 via 192.0.2.1")?;
    assert_eq!(router.daemon.log().count_since(0, refused), 1, "{}", router.daemon.log().text());
    assert_eq!(router.daemon.log().count_since(0, "Entering BACKUP STATE"), 1);
    Ok(())
}

/// The instance gives its routes up just then. That of this one names no interface, so any may be the one it waits for.
#[test]
fn at_a_cut_cable_a_refused_route_is_not_tried_again() -> Result<()> {
    let router = Router::master(&quick(&["virtual_routes {\n 10.2.0.0/24 via 192.0.2.1\n }"]))?;
    let refused = "type=RTM_NEWROUTE(24)";
    expect_log(&router.daemon, refused)?;
    router.node.cut_link("eth0")?;
    expect_log(&router.daemon, "(VI_1) Entering FAULT STATE")?;
    expect_no_address(&router.daemon, vip())?;
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(router.daemon.log().count_since(0, refused), 1, "{}", router.daemon.log().text());
    Ok(())
}

#[test]
fn a_thousand_routes_come_and_go_and_come_back() -> Result<()> {
    let mut lines = String::new();
    for number in 0..1000 {
        // Writing to a String cannot fail.
        let _ok =
            writeln!(lines, " 10.{}.{}.0/24 via 10.77.0.254 dev eth0", 100 + number / 250, number % 250);
    }
    let block = format!("virtual_routes {{\n{lines} }}");
    let lan = Lan::new()?;
    let node = lan.node("a", &["10.77.0.1/24"])?;
    let mut daemon = Daemon::start(&node, Program::under_test(), &quick(&[&block]))?;
    expect_address(&daemon, vip())?;
    wait(&node, "10.103.249.0/24", true).map_err(|error| with_log(error, &daemon))?;
    assert_eq!(node.ip(&["route", "show", "proto", "18"])?.lines().count(), 1000);
    // All of them are deleted by hand, at once: one turn as BACKUP, and everything is back.
    let mark = daemon.log().mark();
    // The daemon takes away what is left while `ip` is at it, which may then fail to find it.
    let _some_are_gone = node.ip(&["route", "flush", "proto", "18"]);
    daemon.log().wait_for_since(mark, "(VI_1) Entering MASTER STATE", PATIENCE)?;
    wait(&node, "10.103.249.0/24", true).map_err(|error| with_log(error, &daemon))?;
    wait(&node, "10.100.0.0/24", true).map_err(|error| with_log(error, &daemon))?;
    daemon.stop()?;
    assert_eq!(node.ip(&["route", "show", "proto", "18"])?, "");
    Ok(())
}

#[test]
fn a_track_group_makes_instances_depend_on_the_interface_of_static_items() -> Result<()> {
    let text = format!(
        "track_group TG {{\n group {{\n VI_1\n }}\n}}\nstatic_routes {{\n \
         10.1.0.0/24 via 10.78.0.254 dev eth1 track_group TG\n}}\n{}",
        quick(&[])
    );
    let router = Router::master(&text)?;
    router.expect("10.1.0.0/24")?;
    router.node.cut_link("eth1")?;
    expect_log(&router.daemon, "(VI_1) Entering FAULT STATE")?;
    expect_no_address(&router.daemon, vip())?;
    router.node.restore_link("eth1")?;
    expect_address(&router.daemon, vip())?;
    router.expect("10.1.0.0/24")?;
    Ok(())
}
