//! What instances inherit, and the rest of VRRP.

use super::{Lines, Whose};
use keepalived_config::model::{BufferPolicy, Config, Firewall};
use std::time::Duration;

pub(super) fn lines(lines: &mut Lines, config: &Config, whose: Whose) {
    let defaults = &config.global.instance_defaults;
    lines.value("VRRP notify priority changes", defaults.priority_notices);
    lines.value("VRRP IPv4 mcast group", defaults.group4);
    lines.value("VRRP IPv6 mcast group", defaults.group6);
    let garp = &defaults.garp;
    lines.value("Gratuitous ARP delay", garp.delay.as_secs());
    lines.value("Gratuitous ARP repeat", garp.repeat);
    lines.value("Gratuitous ARP refresh timer", garp.refresh.as_secs());
    lines.value("Gratuitous ARP refresh repeat", garp.refresh_repeat);
    lines.value("Gratuitous ARP lower priority delay", garp.lower_priority_delay.as_secs());
    lines.value("Gratuitous ARP lower priority repeat", garp.lower_priority_repeat);
    lines.value("Num adverts before down", defaults.down_timer_adverts);
    let (which, period) = match garp.extra {
        Some(extra) if extra.all => ("i/f", extra.interval),
        Some(extra) => ("VMAC", extra.interval),
        None => ("VMAC", Duration::ZERO),
    };
    lines.put(format_args!("Gratuitous ARP for each secondary {which} = {}s", period.as_secs()));
    lines.value("Send advert after receive lower priority advert", !defaults.lower_priority_no_advert);
    lines.value("Send advert after receive higher priority advert", defaults.higher_priority_send_advert);
    let engine = &config.vrrp.engine;
    lines.value("Gratuitous ARP interval", format_args!("{:.6}", engine.garp_interval.as_secs_f64()));
    lines.value("Gratuitous NA interval", format_args!("{:.6}", engine.gna_interval.as_secs_f64()));
    lines.value("VRRP default protocol version", defaults.version);
    firewall(lines, config, whose);
    lines.value("VRRP check unicast_src", defaults.check_unicast_source);
    lines.value("VRRP skip check advert addresses", defaults.skip_check_advert_addresses);
    lines.value("VRRP strict mode", defaults.strict);
    let auto = &config.global.auto_priority;
    lines.value("Max auto priority", auto.max);
    lines.put(format_args!("Min auto priority delay = {} usecs", auto.min_delay.as_micros()));
}

/// The VRRP process shows the table that it falls back to when an instance needs one.
fn firewall(lines: &mut Lines, config: &Config, whose: Whose) {
    let Firewall { nftables_table, nftables_priority, nftables_ifindex, nftables_counters, .. } =
        &config.global.firewall;
    let needs_one = || {
        let mut instances = config.vrrp.instances.iter();
        instances.any(|instance| !instance.accept || instance.vmac.is_some())
    };
    let fallback = (whose == Whose::Vrrp && needs_one()).then(|| "keepalived".to_owned());
    if let Some(table) = nftables_table.clone().or(fallback) {
        lines.value("nftables table name", table);
        lines.value("nftables base chain priority", nftables_priority.unwrap_or(-1));
        let force = if *nftables_ifindex { "force" } else { "don't force" };
        lines.put(format_args!("nftables {force} use ifindex for link local IPv6"));
    }
    lines.put(format_args!("nftables {} counters", if *nftables_counters { "with" } else { "without" }));
}

/// The lines that the original has at the end.
pub(super) fn last_lines(lines: &mut Lines, config: &Config) {
    let (vrrp, engine) = (&config.global.vrrp, &config.vrrp.engine);
    if engine.startup_delay > Duration::ZERO {
        lines.value("vrrp_startup_delay", engine.startup_delay.as_secs_f64());
    }
    if engine.log_unknown_vrids {
        lines.put(format_args!("log_unknown_vrids"));
    }
    if config.global.instance_defaults.owner_ignores_adverts {
        lines.put(format_args!("vrrp_owner_ignore_adverts"));
    }
    lines.given("VMAC prefix", vrrp.vmac_prefix.as_ref());
    lines.given("VMAC address prefix", vrrp.vmac_addr_prefix.as_ref());
}

/// `vrrp_rx_bufs_policy` and its multiple.
pub(super) fn receive_buffers(lines: &mut Lines, config: &Config) {
    let vrrp = &config.global.vrrp;
    match vrrp.receive_buffer_policy {
        BufferPolicy::System => {}
        BufferPolicy::Mtu => lines.value("rx_bufs_policy", "MTU"),
        BufferPolicy::Advert => lines.value("rx_bufs_policy", "ADVERT"),
        BufferPolicy::Bytes(bytes) => lines.value("rx_bufs_size", bytes),
    }
    lines.value("rx_bufs_multiples", vrrp.receive_buffer_multiplier.unwrap_or(3));
}
