//! Virtual servers, their sorry server and their real servers, lines in the original's order.

use super::real_servers;
use crate::dump::text::{Text, yes_no};
use crate::dump::with_user;
use keepalived_lvs::config::{
    CheckDefaults, Checker, Granularity, Protocol, RealServer, Scheduler, Service, SorryServer, VirtualServer,
};
use keepalived_lvs::{RealServerSnapshot, VirtualServerSnapshot};
use keepalived_types::{Command, Family, Forwarding, Tunnel, TunnelChecksum};
use std::time::Duration;

pub(super) fn virtual_server(text: &mut Text, server: &VirtualServer, live: &VirtualServerSnapshot) {
    text.banner(1, "Virtual server");
    match &server.service {
        Service::Address(address, port) => text.line(1, format_args!("VS VIP = {address}, VPORT = {port}")),
        Service::Mark(mark) => text.line(1, format_args!("VS FWMARK = {mark}")),
        Service::Group { name, ordinal } => text.line(1, format_args!("VS GROUP = [{name}]:{ordinal}")),
    }
    if let Some(host) = &server.presentation.virtualhost {
        text.line(3, format_args!("VirtualHost = {host}"));
    }
    if let Some(name) = &server.presentation.snmp_name {
        text.line(3, format_args!("SNMP name = '{name}'"));
    }
    if let Some(family) = server.family {
        let word = if family == Family::V4 { "inet" } else { "inet6" };
        text.line(3, format_args!("Address family = {word}"));
    }
    text.line(3, format_args!("connection timeout = {}", decimal(server.defaults.connect_timeout)));
    text.line(3, format_args!("delay_loop = {}", decimal(server.defaults.delay_loop)));
    scheduling(text, server);
    let protocol = match server.protocol {
        None => "none",
        Some(Protocol::Tcp) => "TCP",
        Some(Protocol::Udp) => "UDP",
        Some(Protocol::Sctp) => "SCTP",
    };
    text.line(3, format_args!("protocol = {protocol}"));
    text.line(3, format_args!("alpha is {}", on_off(server.inherited.alpha)));
    text.line(3, format_args!("omega is {}", on_off(server.omega)));
    retries(text, &server.defaults);
    text.line(3, format_args!("Inhibit on failure is {}", on_off(server.inherited.inhibit_on_failure)));
    availability(text, server, live);
    for (real, live) in real_servers(server, live) {
        real_server(text, server, real, live);
    }
}

fn scheduling(text: &mut Text, server: &VirtualServer) {
    text.line(3, format_args!("lvs_sched = {}", server.scheduler));
    text.line(3, format_args!("Hashed = disabled"));
    let flags = server.flags;
    let named = match server.scheduler {
        Scheduler::SourceHashing => {
            vec![("sh-port", flags.flag_2), ("sh-fallback", flags.flag_1)]
        }
        Scheduler::MaglevHashing => vec![("mh-port", flags.flag_2), ("mh-fallback", flags.flag_1)],
        _ => vec![("flag-1", flags.flag_1), ("flag-2", flags.flag_2), ("flag-3", flags.flag_3)],
    };
    for (name, on) in named {
        text.line(3, format_args!("{name} = {}", enabled(on)));
    }
    // The kernel has it for UDP only.
    let inactive = if flags.one_packet && server.protocol != Some(Protocol::Udp) {
        " (inactive due to not UDP)"
    } else {
        ""
    };
    text.line(3, format_args!("One packet scheduling = {}{inactive}", enabled(flags.one_packet)));
    if let Some(persistence) = &server.persistence {
        text.line(3, format_args!("persistence timeout = {}", persistence.timeout.as_secs()));
        match persistence.granularity {
            None => {}
            Some(Granularity::V4(mask)) => text.line(3, format_args!("persistence granularity = {mask}")),
            Some(Granularity::V6(bits)) => text.line(3, format_args!("persistence granularity = {bits}")),
        }
    }
}

fn retries(text: &mut Text, defaults: &CheckDefaults) {
    if let Some(count) = defaults.retry {
        text.line(3, format_args!("Retry count = {count}"));
    }
    if let Some(delay) = defaults.delay_before_retry {
        text.line(3, format_args!("Retry delay = {}", decimal(delay)));
    }
    if let Some(warmup) = defaults.warmup {
        text.line(3, format_args!("Warmup = {}", decimal(warmup)));
    }
}

fn availability(text: &mut Text, server: &VirtualServer, live: &VirtualServerSnapshot) {
    let quorum = &server.quorum;
    text.line(3, format_args!("quorum = {}, hysteresis = {}", quorum.weight, quorum.hysteresis));
    script(text, 3, "Quorum up", quorum.up.as_deref());
    script(text, 3, "Quorum down", quorum.down.as_deref());
    if server.ha_suspend {
        text.line(3, format_args!("Using HA suspend"));
    }
    text.line(3, format_args!("Using smtp notification = {}", yes_no(server.presentation.smtp_alert)));
    let method = method(server.forwarding);
    // So it is with the original.
    let default = if is_plain(server.forwarding) { "default " } else { "" };
    text.line(3, format_args!("{default}forwarding method = {method}"));
    if let Some((sorry, live)) = server.sorry_server.as_ref().zip(live.sorry_server.as_ref()) {
        sorry_server(text, sorry, &live.name);
    }
    text.line(3, format_args!("alive = 1"));
    text.line(3, format_args!("quorum_state_up = {}", u8::from(live.quorum_up)));
    text.line(3, format_args!("reloaded = 0"));
}

fn sorry_server(text: &mut Text, sorry: &SorryServer, name: &str) {
    text.line(3, format_args!("sorry server = {name}"));
    text.line(5, format_args!("forwarding method = {}", method(sorry.forwarding)));
    text.line(5, format_args!("Inhibit on failure is {}", on_off(sorry.inhibit)));
}

fn real_server(text: &mut Text, server: &VirtualServer, real: &RealServer, live: &RealServerSnapshot) {
    text.banner(3, "Real server");
    let RealServer { address, port, .. } = real;
    let (weight, effective) = (real.weight.get(), live.weight);
    text.line(3, format_args!("RIP = {address}, RPORT = {port}, WEIGHT = {weight} EFF WEIGHT = {effective}"));
    text.line(3, format_args!("forwarding method = {}", method(real.forwarding)));
    text.line(3, format_args!("Alpha is {}", on_off(real.alpha)));
    text.line(3, format_args!("connection timeout = {}", decimal(real.defaults.connect_timeout)));
    let (lower, upper) = (real.lower_threshold, real.upper_threshold);
    text.line(3, format_args!("connection limit range = {lower} -> {upper}"));
    text.line(3, format_args!("Delay loop = {}", decimal(real.defaults.delay_loop)));
    retries(text, &real.defaults);
    text.line(3, format_args!("Inhibit on failure is {}", on_off(real.inhibit_on_failure)));
    script(text, 5, "RS up", real.notify_up.as_deref());
    script(text, 5, "RS down", real.notify_down.as_deref());
    let own_host = real.presentation.virtualhost.as_ref();
    // What it has from its virtual server is shown there.
    if let Some(host) = own_host.filter(|host| server.presentation.virtualhost.as_ref() != Some(*host)) {
        text.line(4, format_args!("VirtualHost = '{host}'"));
    }
    if let Some(name) = &real.presentation.snmp_name {
        text.line(3, format_args!("SNMP name = {name}"));
    }
    text.line(3, format_args!("Using smtp notification = {}", yes_no(real.presentation.smtp_alert)));
    text.line(3, format_args!("initial weight = {weight}"));
    text.line(3, format_args!("effective weight = {effective}"));
    text.line(3, format_args!("previous effective_weight = 0"));
    text.line(3, format_args!("alive = {}", u8::from(live.alive)));
    let failed = live.checkers.iter().filter(|checker| !checker.up).count();
    text.line(3, format_args!("num failed checkers = {failed}"));
    text.line(3, format_args!("RS set = {}", u8::from(!live.placed.is_empty())));
    text.line(3, format_args!("reloaded = 0"));
    tracked(text, real);
}

/// Files and BFD sessions that the server follows.
fn tracked(text: &mut Text, real: &RealServer) {
    let files = real.checkers.iter().filter_map(|checker| match checker {
        Checker::File(file) => {
            let reverse = if file.reverse { " reverse" } else { "" };
            Some(format!("{}, weight {}{reverse}", file.file, file.weight))
        }
        _ => None,
    });
    let sessions = real.checkers.iter().filter_map(|checker| match checker {
        Checker::Bfd(check) => Some(check.session.clone()),
        _ => None,
    });
    for (title, lines) in [("Tracked Files", files.collect()), ("Tracked BFDs", sessions.collect::<Vec<_>>())]
    {
        if !lines.is_empty() {
            text.line(3, format_args!("{title}"));
        }
        lines.iter().for_each(|line| text.line(5, format_args!("{line}")));
    }
}

fn script(text: &mut Text, indent: usize, what: &str, script: Option<&Command>) {
    if let Some(command) = script {
        text.line(indent, format_args!("{what} notify script = {}", with_user(command)));
    }
}

/// `TUN, type = GUE, port = 6080, no checksum`.
fn method(forwarding: Forwarding) -> String {
    let Forwarding::Tunnel(tunnel, checksum) = forwarding else {
        return forwarding.to_string();
    };
    let checksum = match checksum {
        TunnelChecksum::None => "no checksum",
        TunnelChecksum::Checksum => "checksum",
        TunnelChecksum::Remote => "remote checksum",
    };
    match tunnel {
        Tunnel::Ipip => "TUN, type = IPIP".to_owned(),
        Tunnel::Gue(port) => format!("TUN, type = GUE, port = {port}, {checksum}"),
        Tunnel::Gre => format!("TUN, type = GRE, {checksum}"),
    }
}

const fn is_plain(forwarding: Forwarding) -> bool {
    !matches!(forwarding, Forwarding::Tunnel(Tunnel::Gue(_) | Tunnel::Gre, _))
}

fn decimal(duration: Duration) -> String {
    format!("{:.6}", duration.as_secs_f64())
}

const fn on_off(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}

const fn enabled(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}
