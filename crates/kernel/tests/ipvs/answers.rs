//! The recorded case `kernel-netlink`: single requests and what Linux 6.1 said to each. Every recorded request is either
//! sent here, in its order, or named with the reason why no operation of ours can be it.

use crate::PASSED;
use crate::support::{done, fresh, mark, outcomes, persistent, server, service, tcp};
use keepalived_lab::Result;
use keepalived_types::ipvs::{
    ClientMask, ConnectionTimeouts, SyncDaemon, SyncRole, TableOperation as Op, VirtualService,
};
use keepalived_types::{Family, Forwarding, InterfaceName, Tunnel, TunnelChecksum};
use std::net::Ipv4Addr;
use std::time::Duration;

const RECORDED: &str = include_str!("answers.txt");

/// Requests that only a program which writes its own bytes can make.
const NOT_OURS: &[(&str, &str)] = &[
    ("GET_INFO", "asked when the socket is opened"),
    ("GET_CONFIG", "asked by `config`, below"),
    ("NEW_SERVICE, NLA_F_NESTED set on the nest", "the flag is never sent"),
    ("NEW_SERVICE, 4-byte address attribute", "an address is always 16 bytes"),
    ("NEW_SERVICE no scheduler attribute", "there is always one"),
    ("NEW_SERVICE identification only", "a service that is added is whole"),
    ("NEW_SERVICE protocol 99", "the protocols are TCP, UDP and SCTP"),
    ("NEW_SERVICE protocol 0", "the same"),
    ("NEW_SERVICE port 86, flags 1 with mask 0 (see the table below)", "the mask is always whole"),
    ("NEW_DEST, 4-byte address, no family attribute", "both are always sent whole"),
    ("NEW_DEST tunnel type 9", "the types are ipip, gue and gre"),
    ("NEW_DAEMON without a syncid", "there is always one"),
];

/// The operation that makes the recorded request.
fn operation(request: &str) -> Option<Op> {
    let (web, other, six) = (tcp("10.0.0.1", 80), tcp("10.0.0.1", 87), tcp("fd00::1", 80));
    let missing = tcp("10.9.9.9", 80);
    let one = server("10.0.0.2", 80, Forwarding::Nat, 1);
    let absent = server("10.0.0.3", 80, Forwarding::Nat, 1);
    let tunnel = Forwarding::Tunnel(Tunnel::Ipip, TunnelChecksum::None);
    let gue = |port| Forwarding::Tunnel(Tunnel::Gue(port), TunnelChecksum::None);
    let mixed = |forwarding| Op::AddDestination(web, server("fd00::2", 80, forwarding, 1));
    let masked = |length| Op::AddService(persistent(six, "rr", 5, ClientMask::V6(length)));
    let start = |interface: &str| {
        let interface = InterfaceName::new(interface).expect("a name");
        let (role, id) = (SyncRole::Master, 7);
        Op::StartSync(SyncDaemon {
            role,
            interface,
            id,
            max_length: None,
            group: None,
            port: None,
            ttl: None,
        })
    };
    let timeouts = |tcp: u64, udp: u64| {
        let seconds = Duration::from_secs;
        Op::SetTimeouts(ConnectionTimeouts { tcp: seconds(tcp), tcp_fin: seconds(0), udp: seconds(udp) })
    };
    let holes = ClientMask::V4(Ipv4Addr::new(255, 0, 255, 0));
    let single = ClientMask::single(Family::V4);
    Some(match request {
        "NEW_SERVICE" | "NEW_SERVICE again" => Op::AddService(service(web, "rr")),
        "NEW_SERVICE unknown scheduler" => Op::AddService(service(other, "nosuch")),
        "NEW_SERVICE scheduler name 16 characters" => Op::AddService(service(other, "abcdefghijklmnop")),
        "NEW_SERVICE unknown persistence engine" => {
            let mut odd: VirtualService = persistent(other, "rr", 5, single);
            if let Some(persistence) = &mut odd.persistence {
                persistence.engine = Some("nosuch".to_owned());
            }
            Op::AddService(odd)
        }
        "NEW_SERVICE port 0 without persistence" => Op::AddService(service(tcp("10.0.0.1", 0), "rr")),
        "NEW_SERVICE IPv6 netmask 0" => masked(0),
        "NEW_SERVICE IPv6 netmask 129" => masked(129),
        "NEW_SERVICE IPv6 netmask 64" => masked(64),
        "NEW_SERVICE fwmark 5" => Op::AddService(service(mark(5, Family::V4), "rr")),
        "NEW_SERVICE fwmark 5 inet6" => Op::AddService(service(mark(5, Family::V6), "rr")),
        "NEW_SERVICE netmask 255.0.255.0" => Op::AddService(persistent(other, "rr", 50, holes)),
        "SET_SERVICE of a missing service" => Op::EditService(service(missing, "rr")),
        "SET_SERVICE rr -> wlc, persistent 70" => Op::EditService(persistent(web, "wlc", 70, single)),
        "DEL_SERVICE of a missing service" => Op::RemoveService(missing),
        "NEW_DEST" | "NEW_DEST again" => Op::AddDestination(web, one),
        "NEW_DEST on a missing service" => Op::AddDestination(missing, one),
        "NEW_DEST weight -1" => Op::AddDestination(web, server("10.0.0.5", 80, Forwarding::Nat, u32::MAX)),
        "NEW_DEST weight 2147483647" => {
            Op::AddDestination(web, server("10.0.0.6", 80, Forwarding::Nat, 2_147_483_647))
        }
        "NEW_DEST lower threshold above the upper" => {
            let mut odd = absent;
            (odd.upper_threshold, odd.lower_threshold) = (5, 6);
            Op::AddDestination(web, odd)
        }
        "NEW_DEST IPv6 server, NAT, in an IPv4 service" => mixed(Forwarding::Nat),
        "NEW_DEST IPv6 server, DR, in an IPv4 service" => mixed(Forwarding::DirectRouting),
        "NEW_DEST IPv6 server, TUN, in an IPv4 service"
        | "NEW_DEST IPv6 TUN in IPv4 service while a daemon runs" => mixed(tunnel),
        "NEW_DEST DR with another port than the service" => {
            Op::AddDestination(web, server("10.0.0.7", 81, Forwarding::DirectRouting, 1))
        }
        "NEW_DEST multicast address" => Op::AddDestination(web, server("224.0.0.5", 80, Forwarding::Nat, 1)),
        "NEW_DEST gue without a port" => Op::AddDestination(web, server("10.0.0.8", 80, gue(0), 1)),
        "NEW_DEST gue with a port" => Op::AddDestination(web, server("10.0.0.8", 80, gue(6080), 1)),
        "SET_DEST of a missing server" => Op::EditDestination(web, absent),
        "SET_DEST weight 0" => Op::EditDestination(web, server("10.0.0.2", 80, Forwarding::Nat, 0)),
        "DEL_DEST of a missing server" => Op::RemoveDestination(web, absent.key),
        "DEL_DEST, identification only" => Op::RemoveDestination(web, one.key),
        "SET_CONFIG udp only" => timeouts(0, 77),
        "SET_CONFIG tcp 0" => timeouts(0, 0),
        "SET_CONFIG tcp 2147483647" => timeouts(2_147_483_647, 0),
        "FLUSH" => Op::Flush,
        "NEW_DAEMON while such a server exists" | "NEW_DAEMON master on lo" | "NEW_DAEMON master again" => {
            start("lo")
        }
        "NEW_DAEMON on a missing interface" => start("nowhere0"),
        "DEL_DAEMON master, other syncid" => Op::StopSync(SyncRole::Master, 99),
        "DEL_DAEMON master again" => Op::StopSync(SyncRole::Master, 7),
        _ => return None,
    })
}

/// The requests of the recording that have an answer, and its errno; 0 for none.
fn recorded() -> Vec<(&'static str, i32)> {
    let answer = |line: &'static str| {
        let (request, answer) = line.split_once("  ")?;
        let errno = match answer.trim() {
            // What this kernel does not answer at all, our batches ask for behind it.
            "ok" | "no answer within 2 s, then ok" => 0,
            "EEXIST" => 17,
            "ENOENT" => 2,
            "ESRCH" => 3,
            "EINVAL" => 22,
            "ERANGE" => 34,
            "ENODEV" => 19,
            _ => return None,
        };
        request.starts_with(|first: char| first.is_ascii_uppercase()).then_some((request, errno))
    };
    RECORDED.lines().filter_map(answer).collect()
}

pub(crate) fn replayed() -> Result<()> {
    let mut ipvs = fresh();
    let mut sent = 0;
    for (request, errno) in recorded() {
        let Some(operation) = operation(request) else {
            assert!(
                NOT_OURS.iter().any(|(name, _)| *name == request),
                "neither sent nor explained: {request}"
            );
            continue;
        };
        let outcome = outcomes(&mut ipvs, std::slice::from_ref(&operation)).remove(0);
        assert_eq!(outcome.err().map_or(0, |error| error.errno), errno, "{request}: {operation:?}");
        sent += 1;
        if request == "SET_CONFIG udp only" {
            // [(4, 900), (5, 120), (6, 77)]
            let timeouts = ipvs.timeouts().expect("an answer");
            assert_eq!(
                [timeouts.tcp, timeouts.tcp_fin, timeouts.udp].map(|time| time.as_secs()),
                [900, 120, 77]
            );
        }
        if operation == Op::Flush {
            done(&mut ipvs, &[Op::AddService(service(tcp("10.0.0.1", 80), "rr"))]);
        }
    }
    assert_eq!(sent + NOT_OURS.len(), 55, "all recorded requests");
    let back = ConnectionTimeouts { udp: Duration::from_secs(300), ..ConnectionTimeouts::default() };
    done(&mut ipvs, &[Op::SetTimeouts(back), Op::Flush]);
    PASSED
}
