//! Real links and addresses, compared with what `ip` shows.

use super::super::{AddressSpec, Change, Label, Monitor, ReceiveBuffer, flag};
use super::*;
use crate::testing::{in_network_namespace, ip, when_steady};
use keepalived_types::{Family, IfIndex, Prefix};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Makes a veth pair in the namespace of the thread and returns the index of its first end.
fn veth() -> IfIndex {
    ip("link add left type veth peer name right");
    ip("link set left up");
    ip("link set right up");
    index_of("left")
}

fn index_of(name: &str) -> IfIndex {
    let links = Requests::open().expect("a socket").dump_links().expect("links");
    links.iter().find(|link| link.name == name).expect("the link exists").index
}

/// Half IPv4 hosts with a label, half IPv6 hosts that are deprecated; all marked as keepalived's.
fn thousand(index: IfIndex) -> Vec<AddressSpec> {
    (0..1000_u32)
        .map(|number| {
            let mut spec = if number % 2 == 0 {
                let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 9, 0, 0)) + number + 1);
                let mut spec = AddressSpec::new(index, Prefix::host(address.into()));
                spec.label = Label::new("left:vip");
                spec
            } else {
                let address = Ipv6Addr::from(
                    u128::from("fd00:9::".parse::<Ipv6Addr>().expect("literal")) + u128::from(number),
                );
                let mut spec = AddressSpec::new(index, Prefix::host(address.into()));
                spec.preferred_lifetime = 0;
                spec
            };
            spec.protocol = Some(18);
            spec
        })
        .collect()
}

fn outcomes(outcomes: &[std::result::Result<Done, NetlinkError>], wanted: Done) -> usize {
    outcomes.iter().filter(|outcome| **outcome == Ok(wanted)).count()
}

#[test]
fn a_thousand_addresses_come_and_go_and_ip_agrees() {
    in_network_namespace(|| {
        let index = veth();
        let mut requests = Requests::open().expect("a socket");
        let specs = thousand(index);
        let adds: Vec<_> = specs.iter().cloned().map(AddressOp::Add).collect();
        let removes: Vec<_> = specs.iter().cloned().map(AddressOp::Remove).collect();
        assert_eq!(outcomes(&requests.execute(&adds).expect("a socket"), Done::Done), 1000);
        assert_eq!(outcomes(&requests.execute(&adds).expect("a socket"), Done::Already), 1000);

        let listed = ip("-d addr show dev left");
        let v4: Vec<_> = listed.lines().filter(|line| line.contains("inet 10.9.")).collect();
        let v6: Vec<_> = listed.lines().filter(|line| line.contains("inet6 fd00:9:")).collect();
        assert_eq!((v4.len(), v6.len()), (500, 500));
        assert!(
            v4.iter().all(|line| line.contains("/32 scope global") && line.contains("left:vip")),
            "{}",
            v4[0]
        );
        assert!(v6.iter().all(|line| line.contains("/128 scope global nodad deprecated")), "{}", v6[0]);

        let dumped = requests.dump_addresses().expect("addresses");
        for spec in &specs {
            let address = dumped.iter().find(|address| address.prefix == spec.prefix).expect("in the dump");
            assert_eq!((address.index, address.scope), (index, spec.scope));
            assert_eq!(address.label.as_deref(), spec.label.as_ref().map(Label::as_str));
            assert_eq!(address.protocol, Some(18), "the kernel is younger than 5.18");
            assert_eq!(address.preferred_lifetime, spec.preferred_lifetime);
            assert!(!address.is_tentative());
        }

        assert_eq!(outcomes(&requests.execute(&removes).expect("a socket"), Done::Done), 1000);
        assert_eq!(outcomes(&requests.execute(&removes).expect("a socket"), Done::Gone), 1000);
        assert!(!ip("addr show dev left").contains("10.9."));
    });
}

#[test]
fn details_of_an_address_are_those_that_ip_shows() {
    in_network_namespace(|| {
        let index = veth();
        let mut requests = Requests::open().expect("a socket");
        let prefix =
            |text: &str, length| Prefix::new(text.parse().expect("literal"), length).expect("a length");
        let mut subnet = AddressSpec::new(index, prefix("192.0.2.10", 24));
        subnet.broadcast = Some(Ipv4Addr::new(192, 0, 2, 255));
        subnet.flags |= flag::NOPREFIXROUTE;
        let mut peer = AddressSpec::new(index, prefix("198.51.100.1", 32));
        peer.peer = Some("198.51.100.2".parse().expect("literal"));
        let mut link_local = AddressSpec::new(index, prefix("fe80::9", 64));
        link_local.flags = flag::NODAD | flag::NOPREFIXROUTE;
        let specs = [subnet, peer, link_local];
        let adds: Vec<_> = specs.iter().cloned().map(AddressOp::Add).collect();
        assert_eq!(outcomes(&requests.execute(&adds).expect("a socket"), Done::Done), 3);
        let listed = ip("-d addr show dev left");
        for wanted in [
            "inet 192.0.2.10/24 brd 192.0.2.255 scope global noprefixroute left",
            "inet 198.51.100.1 peer 198.51.100.2/32 scope global left",
            "inet6 fe80::9/64 scope link nodad noprefixroute",
        ] {
            assert!(listed.contains(wanted), "{wanted}: {listed}");
        }
        let dumped = requests.dump_addresses().expect("addresses");
        let pointed = dumped.iter().find(|address| address.peer.is_some()).expect("in the dump");
        assert_eq!((pointed.prefix, pointed.peer), (specs[1].prefix, specs[1].peer));
        let mut replaced = specs[0].clone();
        replaced.flags = 0;
        let outcome = requests.execute(&[AddressOp::Replace(replaced)]).expect("a socket");
        assert_eq!(outcomes(&outcome, Done::Done), 1);
        let removes: Vec<_> = specs.iter().cloned().map(AddressOp::Remove).collect();
        assert_eq!(outcomes(&requests.execute(&removes).expect("a socket"), Done::Done), 3);
    });
}

#[test]
fn refused_operations_say_why_and_do_not_stop_the_others() {
    in_network_namespace(|| {
        let index = veth();
        let nowhere = IfIndex::new(9999).expect("not 0");
        let host = |last| Prefix::host(Ipv4Addr::new(192, 0, 2, last).into());
        let mut requests = Requests::open().expect("a socket");
        let result = requests
            .execute(&[
                AddressOp::Add(AddressSpec::new(index, host(1))),
                AddressOp::Add(AddressSpec::new(nowhere, host(2))),
                AddressOp::Remove(AddressSpec::new(index, host(3))),
                AddressOp::Add(AddressSpec::new(index, host(4))),
            ])
            .expect("a socket");
        assert_eq!(result[0], Ok(Done::Done));
        let refused = result[1].as_ref().expect_err("no such interface");
        assert_eq!(refused.errno, libc::ENODEV);
        assert!(refused.message.is_some(), "kernels since 6.6 say why in words");
        assert_eq!((&result[2], &result[3]), (&Ok(Done::Gone), &Ok(Done::Done)));
    });
}

#[test]
fn batches_in_the_background_take_turns_and_finish_in_order() {
    in_network_namespace(|| {
        let index = veth();
        let specs = thousand(index);
        let mut requests = Requests::open().expect("a socket");
        assert!(!requests.has_work());
        let first = requests.start(specs.iter().cloned().map(|spec| AddressOp::Add(spec).into()).collect());
        let second =
            requests.start(specs.iter().cloned().map(|spec| AddressOp::Remove(spec).into()).collect());
        let empty = requests.start(Vec::new());
        let (mut turns, mut finished) = (0, Vec::new());
        while requests.has_work() {
            finished.extend(requests.poll().expect("a socket"));
            turns += 1;
        }
        assert!(turns > 60, "{turns}");
        let tickets: Vec<_> = finished.iter().map(|batch| batch.ticket).collect();
        assert_eq!(tickets, [first, second, empty]);
        assert!(finished.iter().all(|batch| outcomes(&batch.outcomes, Done::Done) == batch.outcomes.len()));
    });
}

#[test]
fn links_are_listed_as_ip_shows_them() {
    in_network_namespace(|| {
        veth();
        ip("link add base address 02:00:00:00:0a:01 mtu 1400 type veth peer name other");
        ip("link add vrrp.51 link base address 00:00:5e:00:01:33 type macvlan mode private");
        // The carrier of a veth comes a moment after it has been set up.
        let mut requests = Requests::open().expect("a socket");
        let is_running = |links: &[Link]| links.iter().any(|link| link.name == "left" && link.is_running());
        let mut links = requests.dump_links().expect("links");
        for _ in 0..200 {
            if is_running(&links) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
            links = requests.dump_links().expect("links");
        }
        let named = |name: &str| links.iter().find(|link| link.name == name).expect("listed");
        let (lo, base, vmac) = (named("lo"), named("base"), named("vrrp.51"));
        assert!(lo.is_loopback() && lo.is_up() && lo.is_running());
        assert_eq!((base.mtu, base.hardware_address), (1400, Some([2, 0, 0, 0, 0x0a, 1])));
        assert_eq!(base.hardware_type, super::super::HARDWARE_ETHERNET);
        assert!(!base.is_up() && base.is_multicast() && base.is_broadcast() && !base.is_noarp());
        assert_eq!(vmac.hardware_address, Some([0, 0, 0x5e, 0, 1, 0x33]));
        assert_eq!((vmac.kind.as_deref(), vmac.parent), (Some("macvlan"), Some(base.index)));
        assert_eq!(base.hardware_broadcast, [0xff; 6]);
        assert!(named("left").is_up() && named("left").is_running());
    });
}

/// Reads until nothing more is there.
fn heard(monitor: &mut Monitor) -> Vec<Change> {
    let mut changes = Vec::new();
    while monitor.read(&mut changes).expect("a socket") {}
    changes
}

#[test]
fn the_monitor_hears_of_links_and_addresses() {
    in_network_namespace(|| {
        let mut monitor = Monitor::open().expect("a socket");
        let index = veth();
        let changes = heard(&mut monitor);
        let up = |change: &Change| matches!(change, Change::LinkChanged(link) if link.name == "left" && link.is_up());
        assert!(changes.iter().any(up));
        ip("addr add 192.0.2.1/24 dev left");
        ip("addr del 192.0.2.1/24 dev left");
        let prefix = Prefix::new(Ipv4Addr::new(192, 0, 2, 1).into(), 24).expect("a length");
        let about: Vec<_> = heard(&mut monitor)
            .into_iter()
            .filter_map(|change| match change {
                Change::AddressAdded(address) if address.prefix == prefix => Some(true),
                Change::AddressRemoved(address) if address.prefix == prefix => Some(false),
                _ => None,
            })
            .collect();
        assert_eq!(about, [true, false]);
        ip("link del left");
        let changes = heard(&mut monitor);
        assert!(changes.contains(&Change::LinkRemoved(index)));
    });
}

#[test]
fn the_monitor_leaves_out_our_own_ipv4_additions_when_told_to() {
    in_network_namespace(|| {
        let index = veth();
        let mut requests = Requests::open().expect("a socket");
        let mut monitor = Monitor::open().expect("a socket");
        monitor.leave_out_additions_by(requests.port()).expect("a filter");
        let host = |last| Prefix::host(Ipv4Addr::new(192, 0, 2, last).into());
        requests.execute(&[AddressOp::Add(AddressSpec::new(index, host(1)))]).expect("a socket");
        ip("addr add 192.0.2.2/32 dev left");
        let added: Vec<_> = heard(&mut monitor)
            .into_iter()
            .filter_map(|change| match change {
                Change::AddressAdded(address) if address.prefix.address().is_ipv4() => Some(address.prefix),
                _ => None,
            })
            .collect();
        assert_eq!(added, [host(2)]);
        requests.execute(&[AddressOp::Remove(AddressSpec::new(index, host(1)))]).expect("a socket");
        let changes = heard(&mut monitor);
        assert!(matches!(changes[..], [Change::AddressRemoved(_)]), "{changes:?}");
    });
}

#[test]
fn a_monitor_that_cannot_keep_up_says_so_and_goes_on() {
    in_network_namespace(|| {
        let index = veth();
        let mut monitor = Monitor::with_receive_buffer(ReceiveBuffer::Bytes(4096)).expect("a socket");
        let mut requests = Requests::open().expect("a socket");
        // IPv4 only: the kernel tells of IPv6 addresses some time after it has added them.
        let specs = thousand(index).into_iter().filter(|spec| spec.prefix.family() == Family::V4);
        let adds: Vec<_> = specs.map(AddressOp::Add).collect();
        requests.execute(&adds).expect("a socket");
        assert!(heard(&mut monitor).contains(&Change::Overrun));
        ip("addr add 192.0.2.2/32 dev left");
        let changes = heard(&mut monitor);
        assert!(matches!(changes[..], [Change::AddressAdded(_)]), "{changes:?}");
    });
}

#[test]
fn a_dump_does_not_disturb_a_batch_under_way() {
    in_network_namespace(|| {
        let index = veth();
        let mut requests = Requests::open().expect("a socket");
        requests.start(thousand(index).into_iter().map(|spec| AddressOp::Add(spec).into()).collect());
        assert_eq!(requests.poll().expect("a socket"), None);
        let early = requests.dump_addresses().expect("addresses").len();
        let finished = loop {
            if let Some(finished) = requests.poll().expect("a socket") {
                break finished;
            }
        };
        assert_eq!(outcomes(&finished.outcomes, Done::Done), 1000);
        assert!(requests.dump_addresses().expect("addresses").len() > early);
    });
}

#[test]
fn a_glance_that_nothing_disturbs_shows_everything() {
    in_network_namespace(|| {
        let index = veth();
        let mut requests = Requests::open().expect("a socket");
        requests
            .execute(&thousand(index).into_iter().map(AddressOp::Add).collect::<Vec<_>>())
            .expect("a socket");
        let glance = || requests.glance().expect("an answer");
        let listing = when_steady(glance, |listing| listing.is_steady);
        assert_eq!(listing.links, requests.dump_links().expect("links"));
        let ours = listing.addresses.iter().filter(|address| address.protocol == Some(18));
        assert_eq!(ours.count(), 1000);
    });
}

/// The kernel doubles what it is asked for (socket(7)).
#[test]
fn the_room_for_what_is_unread_can_be_changed_while_a_socket_is_open() {
    use rustix::net::sockopt::socket_recv_buffer_size;
    let (requests, monitor) = (Requests::open().expect("a socket"), Monitor::open().expect("a socket"));
    let granted = || {
        let sizes = [socket_recv_buffer_size(requests.as_fd()), socket_recv_buffer_size(monitor.as_fd())];
        sizes.map(|size| size.expect("it is a socket"))
    };
    let usual = granted();
    for (room, size) in [(ReceiveBuffer::Bytes(5000), 10_000), (ReceiveBuffer::Forced(1 << 24), 2 << 24)] {
        requests.set_receive_buffer(room).expect("needs root");
        monitor.set_receive_buffer(room).expect("needs root");
        assert_eq!(granted(), [size; 2]);
    }
    requests.set_receive_buffer(ReceiveBuffer::Usual).expect("needs root");
    monitor.set_receive_buffer(ReceiveBuffer::Usual).expect("needs root");
    assert_eq!(granted(), usual);
}
