//! What is wrong, made of what the daemon says and what the machine is like. Nothing here looks at anything.

use super::facts::{Facts, Interface};
use super::{Finding, Severity, firewall};
use keepalived_events::Event;
use keepalived_vrrp::{Counters, InstanceSnapshot, Snapshot, State};
use std::net::IpAddr;
use std::time::Duration;

/// Clocks that differ by more have been set.
const STEP: Duration = Duration::from_secs(2);

/// What is judged.
pub(super) struct Seen<'a> {
    /// The instances some adverts ago.
    pub(super) before: &'a Snapshot,
    /// The instances.
    pub(super) now: &'a Snapshot,
    /// The last transitions.
    pub(super) history: &'a [Event],
    /// The machine.
    pub(super) facts: &'a Facts,
}

fn problem(check: &'static str, subject: &str, what: String, mend: String) -> Finding {
    Finding { severity: Severity::Problem, check, subject: subject.to_owned(), what, mend }
}

fn warning(check: &'static str, subject: &str, what: String, mend: String) -> Finding {
    Finding { severity: Severity::Warning, check, subject: subject.to_owned(), what, mend }
}

/// The daemon does not answer.
pub(super) fn unreachable(why: String, mend: String) -> Finding {
    problem("daemon", "keepalived", why, mend)
}

/// Everything that is wrong, the worst first.
pub(super) fn judge(seen: &Seen<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for instance in &seen.now.instances {
        let before = seen.before.instances.iter().find(|before| before.name == instance.name);
        findings.extend(before.and_then(|before| two_masters(before, instance)));
        findings.extend(refused(instance));
        findings.extend(faulty(instance));
        findings.extend(advert_size(instance, seen.facts));
        findings.extend(held_back(instance, seen.now.maintenance));
        findings.extend(instance.peers.iter().filter_map(|peer| peer_gone(instance, *peer, seen.facts)));
    }
    if seen.now.maintenance {
        let what = "the node is in maintenance and becomes MASTER of nothing".to_owned();
        findings.push(warning("maintenance", "node", what, "keepalivedctl maintenance off".to_owned()));
    }
    for (name, interface) in &seen.facts.interfaces {
        findings.extend(link(name, interface, seen.now));
        findings.extend(arp(name, interface, seen.now));
        findings.extend(rp_filter(name, interface));
    }
    findings.extend(filters(seen.facts));
    findings.extend(managers(seen.facts));
    findings.extend(clock(seen.history));
    let unseen = seen.facts.unseen.iter().cloned();
    findings.extend(unseen.map(|(what, mend)| warning("not_looked_at", "node", what, mend)));
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// A MASTER that is silent hears nobody: one that goes on hearing adverts is not alone.
fn two_masters(before: &InstanceSnapshot, now: &InstanceSnapshot) -> Option<Finding> {
    let both = before.state == State::Master && now.state == State::Master;
    let heard = all_heard(&now.counters).saturating_sub(all_heard(&before.counters));
    (both && heard >= 2).then(|| {
        let what = format!("it is MASTER and hears adverts of another master ({heard} in the last moments)");
        let mend = "compare `keepalivedctl status` and the configuration of the other node: the same VRID, password, \
                    version and virtual addresses; is our traffic filtered there?";
        problem("two_masters", &now.name, what, mend.to_owned())
    })
}

fn all_heard(counters: &Counters) -> u64 {
    counters.adverts_received + refusals(counters).iter().map(|(count, ..)| count).sum::<u64>()
}

/// Adverts that are thrown away, with the reason and what mends it.
fn refusals(counters: &Counters) -> [(u64, &'static str, &'static str); 8] {
    [
        (counters.authentication_failures, "with another password", "give both nodes the same auth_pass"),
        (
            counters.authentication_mismatch + counters.invalid_authentication_type,
            "with another kind of authentication",
            "give both nodes the same authentication block",
        ),
        (counters.version_errors, "of another VRRP version", "give both nodes the same vrrp_version"),
        (counters.interval_errors, "with another interval", "give both nodes the same advert_int"),
        (
            counters.ttl_errors,
            "with a TTL other than 255",
            "remove the router between the nodes, or use unicast_ttl",
        ),
        (
            counters.checksum_errors,
            "with a wrong checksum",
            "look at v3_checksum_as_v2 and at what changes packets on the way",
        ),
        (
            counters.destination_errors,
            "by multicast instead of unicast, or the other way round",
            "give both nodes unicast_peer, or neither",
        ),
        (counters.peer_errors, "from nobody in unicast_peer", "add the sender to unicast_peer"),
    ]
}

fn refused(instance: &InstanceSnapshot) -> Vec<Finding> {
    let finding = |(count, why, mend): (u64, &str, &str)| {
        (count > 0).then(|| {
            let what = format!("{count} adverts {why} were thrown away");
            problem("adverts_refused", &instance.name, what, mend.to_owned())
        })
    };
    refusals(&instance.counters).into_iter().filter_map(finding).collect()
}

fn faulty(instance: &InstanceSnapshot) -> Option<Finding> {
    (instance.state == State::Fault).then(|| {
        let mend = format!("keepalivedctl explain {}", instance.name);
        problem("fault", &instance.name, "it is in FAULT".to_owned(), mend)
    })
}

/// A switchover that was forgotten.
fn held_back(instance: &InstanceSnapshot, maintenance: bool) -> Option<Finding> {
    (instance.stands_back && !maintenance).then(|| {
        let mend = format!("keepalivedctl switchover --return {}", instance.name);
        warning("switchover", &instance.name, "it stands back after a switchover".to_owned(), mend)
    })
}

fn peer_gone(instance: &InstanceSnapshot, peer: IpAddr, facts: &Facts) -> Option<Finding> {
    facts.unreachable_peers.contains(&peer).then(|| {
        let what = format!("its unicast peer {peer} cannot be reached");
        problem("peer_unreachable", &instance.name, what, format!("ip route get {peer}; ping {peer}"))
    })
}

/// An advert is one packet (RFC 9568 §5.2): 20 or 40 bytes of IP, 8 of VRRP, the addresses, 8 of authentication.
fn advert_size(instance: &InstanceSnapshot, facts: &Facts) -> Option<Finding> {
    let interface = facts.interfaces.get(instance.interface.as_ref()?).filter(|found| found.mtu > 0)?;
    let needed: usize = instance
        .addresses
        .iter()
        .map(|prefix| if prefix.address().is_ipv4() { 4 } else { 16 })
        .sum::<usize>()
        + 56;
    (needed > usize::try_from(interface.mtu).unwrap_or(usize::MAX)).then(|| {
        let name = instance.interface.as_deref().unwrap_or_default();
        let what = format!("an advert may need {needed} bytes, and {name} takes {}", interface.mtu);
        warning(
            "mtu",
            &instance.name,
            what,
            format!("ip link set {name} mtu 1500, or move addresses to virtual_ipaddress_excluded"),
        )
    })
}

fn link(name: &str, interface: &Interface, snapshot: &Snapshot) -> Option<Finding> {
    if !interface.exists {
        let mend = format!("ip link show; is the name {name} in the configuration right?");
        return Some(problem("link", name, "there is no such interface".to_owned(), mend));
    }
    if !interface.is_up {
        return Some(problem("link", name, "the link is down".to_owned(), format!("ip link set {name} up")));
    }
    if !interface.is_running {
        let what = "the link is up and carries nothing".to_owned();
        return Some(problem(
            "link",
            name,
            what,
            format!("ip link show {name}; look at the cable and the switch"),
        ));
    }
    let by_multicast =
        |one: &InstanceSnapshot| one.peers.is_empty() && one.interface.as_deref() == Some(name);
    if !interface.has_multicast && snapshot.instances.iter().any(by_multicast) {
        let mend = format!("ip link set {name} multicast on");
        return Some(problem(
            "link",
            name,
            "it takes no multicast, and adverts are multicast".to_owned(),
            mend,
        ));
    }
    None
}

fn arp(name: &str, interface: &Interface, snapshot: &Snapshot) -> Option<Finding> {
    let mend = format!("sysctl -w net.ipv4.conf.{name}.arp_ignore=0 net.ipv4.conf.all.arp_ignore=0");
    let alone = |one: &InstanceSnapshot| {
        one.interface.as_deref() == Some(name)
            && one.addresses.iter().any(|prefix| prefix.address().is_ipv4() && prefix.length() == 32)
    };
    match interface.arp_ignore {
        8 => Some(problem("arp", name, "arp_ignore is 8: no address of it is answered for".to_owned(), mend)),
        2 if snapshot.instances.iter().any(alone) => {
            let what = "arp_ignore is 2: a virtual address without a prefix length is answered for to nobody"
                .to_owned();
            Some(problem("arp", name, what, mend))
        }
        _ if interface.arp_announce == 0 && interface.arp_ignore == 1 => {
            let what = "arp_ignore is 1 and arp_announce 0: questions may be asked with a virtual address"
                .to_owned();
            let mend = format!("sysctl -w net.ipv4.conf.{name}.arp_announce=2");
            Some(warning("arp", name, what, mend))
        }
        _ => None,
    }
}

fn rp_filter(name: &str, interface: &Interface) -> Option<Finding> {
    (interface.rp_filter == 1).then(|| {
        let what = "rp_filter is strict: packets whose way back leads through another interface are dropped"
            .to_owned();
        let mend = format!("sysctl -w net.ipv4.conf.{name}.rp_filter=2");
        warning("rp_filter", name, what, mend)
    })
}

fn filters(facts: &Facts) -> Vec<Finding> {
    let names: Vec<&str> = facts.interfaces.keys().map(String::as_str).collect();
    let from_nft = firewall::nft(&facts.nft, &names).into_iter().map(|obstacle| {
        let mend = format!("nft insert rule {} meta l4proto 112 accept", obstacle.place);
        (obstacle, mend)
    });
    let programs = ["iptables", "ip6tables"].into_iter().zip(&facts.iptables);
    let from_iptables = programs.flat_map(|(program, saved)| {
        firewall::iptables(saved, &names).into_iter().map(move |obstacle| {
            let chain = obstacle.place.trim_start_matches("filter ").to_owned();
            (obstacle, format!("{program} -I {chain} -p 112 -j ACCEPT"))
        })
    });
    let finding = |(obstacle, mend): (firewall::Obstacle, String)| {
        let what = match &obstacle.rule {
            Some(rule) => format!("adverts are dropped by `{rule}`"),
            None => {
                "adverts are dropped: the chain drops what no rule accepts, and none accepts protocol 112"
                    .to_owned()
            }
        };
        problem("firewall", &format!("chain {}", obstacle.place), what, mend)
    };
    from_nft.chain(from_iptables).map(finding).collect()
}

/// Programs that take addresses away which they did not set.
fn managers(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let keeps = |text: &String| {
        text.lines().map(str::trim).any(|line| {
            let value = line.strip_prefix("KeepConfiguration=").map(str::trim);
            matches!(value, Some("yes" | "static" | "true" | "1"))
        })
    };
    if facts.managers.contains("systemd-network") && !facts.networkd.iter().any(keeps) {
        let what =
            "systemd-networkd runs and removes addresses that it did not set when it is restarted".to_owned();
        let mend = "put KeepConfiguration=static below [Network] of the interface's .network file, and \
                    ManageForeignRoutes=no below [Network] of networkd.conf"
            .to_owned();
        findings.push(warning("address_manager", "node", what, mend));
    }
    if facts.managers.contains("NetworkManager") {
        let names: Vec<&str> = facts.interfaces.keys().map(String::as_str).collect();
        let what = "NetworkManager runs and may remove addresses that it did not set".to_owned();
        let mend: Vec<String> =
            names.iter().map(|name| format!("nmcli device set {name} managed no")).collect();
        findings.push(warning("address_manager", "node", what, mend.join("; ")));
    }
    findings
}

/// Between two events both clocks have gone the same way, unless one of them was set.
fn clock(history: &[Event]) -> Option<Finding> {
    let step = history.windows(2).filter_map(|pair| {
        let [first, second] = pair else { return None };
        let monotonic = second.at.since(first.at);
        let wall = second.wall.duration_since(first.wall).ok();
        let differ = wall.map_or(monotonic + STEP * 2, |wall| wall.abs_diff(monotonic));
        (differ > STEP).then_some(differ)
    });
    let largest = step.max()?;
    let what = format!("the clock was set by about {} s while the daemon ran", largest.as_secs());
    let mend = "timedatectl timesync-status; adverts do not mind, times in logs and mails do".to_owned();
    Some(warning("clock", "node", what, mend))
}

#[cfg(test)]
mod tests;
