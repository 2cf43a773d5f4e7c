//! The rest of what concerns the VRRP process: interfaces, delays, buffers, packet filters.

use super::{Row, flag, named_switch, wanted};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::draft::GlobalDraft;
use crate::keyword::{Keyword, Kind, Status};
use crate::model::{BufferPolicy, NetlinkBuffers, SocketBuffer};
use crate::tables::row::{Apply, acted, pending};
use crate::tables::scalar::{ANY_U32, from_micros, lacking, mistaken, seconds, signed, unsigned};
use keepalived_types::InterfaceName;
use std::time::Duration;

pub(super) const DYNAMIC_INTERFACES: Row = acted(
    "dynamic_interfaces",
    "[allow_if_changes]",
    "off",
    "Interfaces may be missing now and appear later, with `allow_if_changes` even as another type.",
    |global, args, context| {
        global.engine.dynamic_interfaces = true;
        match args.next_word() {
            Some(word) if word.text == "allow_if_changes" => global.engine.allow_interface_changes = true,
            Some(word) => {
                mistaken(word, context, format!("Unknown dynamic_interfaces option '{}'", word.text))
            }
            None => {}
        }
    },
);

pub(super) const DEFAULT_INTERFACE: Row = acted(
    "default_interface",
    "<interface>",
    "eth0",
    "Where static addresses without `dev` go.",
    |global, args, context| {
        let Some(word) = wanted(args, context, "default_interface requires interface name") else { return };
        match InterfaceName::new(word.text) {
            Ok(name) => global.settings.vrrp.default_interface = Some(name),
            Err(_) => mistaken(word, context, format!("Interface name '{}' too long - ignoring", word.text)),
        }
    },
);

pub(super) const DISABLE_LOCAL_IGMP: Row = flag(
    Status::Acted,
    "disable_local_igmp",
    "Clear the sysctl igmp_link_local_mcast_reports. Cannot change at a reload.",
    |global, _, _| global.settings.vrrp.disable_local_igmp = true,
);

pub(super) const LOG_UNKNOWN_VRIDS: Row = flag(
    Status::Acted,
    "log_unknown_vrids",
    "Log adverts of virtual routers that are not configured here.",
    |global, _, _| global.engine.log_unknown_vrids = true,
);

/// `NAME 'VALUE' is invalid`.
fn delay(args: &mut Args<'_>, context: &mut Context<'_>, least_us: u64) -> Option<Duration> {
    let word = args.required(context)?;
    let delay = seconds(word, from_micros(least_us), context);
    if delay.is_none() {
        mistaken(word, context, format!("{} '{}' is invalid", args.keyword(), word.text));
    }
    delay
}

pub(super) const VRRP_STARTUP_DELAY: Row = acted(
    "vrrp_startup_delay",
    "<0.001-4294.967295 seconds>",
    "0",
    "No instance becomes MASTER before this much time after start.",
    |global, args, context| {
        global.engine.startup_delay = delay(args, context, 1000).unwrap_or(global.engine.startup_delay);
    },
);

pub(super) const VRRP_DELAY_AFTER_BOOT: Row = acted(
    "vrrp_delay_after_boot",
    "<0.001-4294.967295 seconds>",
    "0",
    "No instance becomes MASTER before this much time after boot.",
    |global, args, context| {
        global.engine.delay_after_boot = delay(args, context, 1000).unwrap_or(global.engine.delay_after_boot);
    },
);

/// A second or more between two announcements is remarkable.
fn interval(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Duration> {
    let interval = delay(args, context, 1)?;
    if interval >= Duration::from_secs(1) {
        let message = format!("The {} is very large - {} seconds", args.keyword(), interval.as_secs_f64());
        context.report(Class::LogOnly, args.span(), message);
    }
    Some(interval)
}

pub(super) const VRRP_GARP_INTERVAL: Row = acted(
    "vrrp_garp_interval",
    "<0.000001-4294.967295 seconds>",
    "0",
    "Least time between gratuitous ARPs on one interface.",
    |global, args, context| {
        global.engine.garp_interval = interval(args, context).unwrap_or(global.engine.garp_interval);
    },
);

pub(super) const VRRP_GNA_INTERVAL: Row = acted(
    "vrrp_gna_interval",
    "<0.000001-4294.967295 seconds>",
    "0",
    "Least time between unsolicited neighbour advertisements on one interface.",
    |global, args, context| {
        global.engine.gna_interval = interval(args, context).unwrap_or(global.engine.gna_interval);
    },
);

pub(super) const VMAC_PREFIX: Row =
    pending("vmac_prefix", "<text>", "vrrp", "How the names of VMACs begin.", |global, args, context| {
        let Some(word) = args.required(context) else { return };
        if global.settings.vrrp.vmac_prefix.is_some() {
            let message = format!("vmac prefix has already been specified - ignoring {}", word.text);
            return mistaken(word, context, message);
        }
        global.settings.vrrp.vmac_prefix = Some(word.text.to_owned());
    });

pub(super) const VMAC_ADDR_PREFIX: Row = pending(
    "vmac_addr_prefix",
    "<text>",
    "vmac_prefix",
    "How the names of VMACs begin that hold addresses on other interfaces.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        if global.settings.vrrp.vmac_addr_prefix.is_some() {
            let message = format!("vmac_addr prefix has already been specified - ignoring {}", word.text);
            return mistaken(word, context, message);
        }
        global.settings.vrrp.vmac_addr_prefix = Some(word.text.to_owned());
    },
);

pub(super) const VRRP_RX_BUFS_POLICY: Row = acted(
    "vrrp_rx_bufs_policy",
    "MTU|ADVERT|<bytes>",
    "the system's default",
    "How receive buffers of VRRP sockets are sized.",
    |global, args, context| {
        if args.remaining() == 0 {
            return lacking(args, context, "vrrp_rx_bufs_policy missing");
        }
        while let Some(word) = args.next_word() {
            let wanted = match word.text.to_ascii_lowercase().as_str() {
                "mtu" => Some(BufferPolicy::Mtu),
                "advert" => Some(BufferPolicy::Advert),
                _ => unsigned(word, ANY_U32, context).map(BufferPolicy::Bytes),
            };
            let Some(wanted) = wanted else {
                return mistaken(word, context, format!("Invalid vrrp_rx_bufs_policy {}", word.text));
            };
            policy(&mut global.settings.vrrp.receive_buffer_policy, wanted, args, context);
        }
    },
);

/// A number beats a name, and MTU beats ADVERT.
fn policy(current: &mut BufferPolicy, wanted: BufferPolicy, args: &Args<'_>, context: &mut Context<'_>) {
    use BufferPolicy::{Advert, Bytes, Mtu};
    match (*current, wanted) {
        (Bytes(_), Mtu | Advert) => {
            lacking(args, context, "Cannot set vrrp_rx_bufs_policy size and policy, ignoring policy");
        }
        (Mtu | Advert, Bytes(_)) => {
            lacking(args, context, "Cannot set vrrp_rx_bufs_policy size and policy, ignoring policy");
            *current = wanted;
        }
        (Mtu, Advert) => {
            lacking(args, context, "Cannot set both vrrp_rx_bufs_policy MTU and ADVERT, ignoring ADVERT");
        }
        (Advert, Mtu) => {
            lacking(args, context, "Cannot set both vrrp_rx_bufs_policy MTU and ADVERT, ignoring ADVERT");
            *current = wanted;
        }
        _ => *current = wanted,
    }
}

pub(super) const VRRP_RX_BUFS_MULTIPLIER: Row = acted(
    "vrrp_rx_bufs_multiplier",
    "<1-4294967295>",
    "3",
    "How many times the size of vrrp_rx_bufs_policy.",
    |global, args, context| {
        let (Some(word), 0) = (args.next_word(), args.remaining()) else {
            return lacking(args, context, "Invalid vrrp_rx_bufs_multiplier");
        };
        match unsigned(word, 1..=4_294_967_295, context) {
            Some(number) => global.settings.vrrp.receive_buffer_multiplier = Some(number),
            None => mistaken(word, context, format!("Invalid vrrp_rx_bufs_multiplier {}", word.text)),
        }
    },
);

/// Which buffer a keyword is about.
type Place = fn(&mut NetlinkBuffers) -> &mut SocketBuffer;

fn buffer(global: &mut GlobalDraft, args: &mut Args<'_>, context: &mut Context<'_>, place: Place) {
    let keyword = args.keyword();
    let Some(word) = wanted(args, context, &format!("{keyword} size missing")) else { return };
    match unsigned(word, ANY_U32, context) {
        Some(0) => {}
        Some(bytes) => place(&mut global.settings.netlink).bytes = Some(bytes),
        None => mistaken(word, context, format!("{keyword} size ({}) invalid", word.text)),
    }
}

fn force(global: &mut GlobalDraft, args: &mut Args<'_>, context: &mut Context<'_>, place: Place) {
    if let Some(on) = named_switch(args, context) {
        place(&mut global.settings.netlink).force = on;
    }
}

const fn buffer_row(
    status: Status,
    name: &'static str,
    help: &'static str,
    apply: Apply<GlobalDraft>,
) -> Row {
    let default = "the system's default";
    Keyword { name, usage: "<bytes>", default, help, status, kind: Kind::Line(apply) }
}

const fn force_row(status: Status, name: &'static str, apply: Apply<GlobalDraft>) -> Row {
    let help = "That buffer may exceed net.core.rmem_max.";
    Keyword { name, usage: "[on|off]", default: "off", help, status, kind: Kind::Line(apply) }
}

pub(super) const VRRP_NETLINK_CMD_RCV_BUFS: Row = buffer_row(
    Status::Acted,
    "vrrp_netlink_cmd_rcv_bufs",
    "Receive buffer of the VRRP process's netlink socket for commands.",
    |global, args, context| buffer(global, args, context, |netlink| &mut netlink.vrrp_command),
);
pub(super) const VRRP_NETLINK_CMD_RCV_BUFS_FORCE: Row =
    force_row(Status::Acted, "vrrp_netlink_cmd_rcv_bufs_force", |global, args, context| {
        force(global, args, context, |netlink| &mut netlink.vrrp_command);
    });
pub(super) const VRRP_NETLINK_MONITOR_RCV_BUFS: Row = buffer_row(
    Status::Acted,
    "vrrp_netlink_monitor_rcv_bufs",
    "Receive buffer of the VRRP process's netlink socket for news.",
    |global, args, context| buffer(global, args, context, |netlink| &mut netlink.vrrp_monitor),
);
pub(super) const VRRP_NETLINK_MONITOR_RCV_BUFS_FORCE: Row =
    force_row(Status::Acted, "vrrp_netlink_monitor_rcv_bufs_force", |global, args, context| {
        force(global, args, context, |netlink| &mut netlink.vrrp_monitor);
    });
pub(super) const PROCESS_MONITOR_RCV_BUFS: Row = buffer_row(
    Status::Acted,
    "process_monitor_rcv_bufs",
    "Receive buffer of the socket that hears of processes.",
    |global, args, context| buffer(global, args, context, |netlink| &mut netlink.process_monitor),
);
pub(super) const PROCESS_MONITOR_RCV_BUFS_FORCE: Row =
    force_row(Status::Acted, "process_monitor_rcv_bufs_force", |global, args, context| {
        force(global, args, context, |netlink| &mut netlink.process_monitor);
    });
pub(super) const LVS_NETLINK_CMD_RCV_BUFS: Row = buffer_row(
    Status::Acted,
    "lvs_netlink_cmd_rcv_bufs",
    "Receive buffer of the checker process's netlink socket for commands.",
    |global, args, context| buffer(global, args, context, |netlink| &mut netlink.lvs_command),
);
pub(super) const LVS_NETLINK_CMD_RCV_BUFS_FORCE: Row =
    force_row(Status::Acted, "lvs_netlink_cmd_rcv_bufs_force", |global, args, context| {
        force(global, args, context, |netlink| &mut netlink.lvs_command);
    });
pub(super) const LVS_NETLINK_MONITOR_RCV_BUFS: Row = buffer_row(
    Status::Acted,
    "lvs_netlink_monitor_rcv_bufs",
    "Receive buffer of the checker process's netlink socket for news.",
    |global, args, context| buffer(global, args, context, |netlink| &mut netlink.lvs_monitor),
);
pub(super) const LVS_NETLINK_MONITOR_RCV_BUFS_FORCE: Row =
    force_row(Status::Acted, "lvs_netlink_monitor_rcv_bufs_force", |global, args, context| {
        force(global, args, context, |netlink| &mut netlink.lvs_monitor);
    });

pub(super) const VRRP_IPTABLES: Row = pending(
    "vrrp_iptables",
    "[<input chain> [<output chain>]]",
    "nftables is used",
    "Ask for iptables; nftables is used all the same, and that is reported.",
    |global, args, context| {
        let message = "iptables not supported, using nftables instead. Please replace 'vrrp_iptables and \
                       'vrrp_ipsets' with 'nftables' config option";
        lacking(args, context, message);
        let chains = [args.next_word(), args.next_word()].map(|word| word.map(|word| word.text.to_owned()));
        let [input, output] = chains;
        global.settings.firewall.iptables.get_or_insert((input, output));
    },
);

pub(super) const VRRP_IPSETS: Row = pending(
    "vrrp_ipsets",
    "[<set> [<IPv6 set> [<IPv6 link-local set> [<IGMP set> [<MLD set> [<ND set>]]]]]]",
    "",
    "Names of the sets that iptables would use.",
    |global, args, context| {
        let mut names = Vec::new();
        while let Some(word) = args.next_word() {
            if word.text.len() > 30 {
                return mistaken(word, context, format!("ipset name {} too long - ignoring", word.text));
            }
            names.push(word.text.to_owned());
        }
        global.settings.firewall.ipsets = Some(names);
    },
);

pub(super) const NFTABLES: Row = pending(
    "nftables",
    "[<table, at most 30 characters>]",
    "keepalived",
    "Name of the nftables table. Cannot change at a reload.",
    |global, args, context| {
        if global.settings.firewall.nftables_table.is_some() {
            return lacking(args, context, "nftables already specified - ignoring");
        }
        let Some(table) = table_name(args, "keepalived", context) else { return };
        global.settings.firewall.nftables_table = Some(table);
        global.settings.firewall.nftables_priority = None;
    },
);

/// A table name of at most 30 bytes.
pub(super) fn table_name(args: &mut Args<'_>, default: &str, context: &mut Context<'_>) -> Option<String> {
    let Some(word) = args.next_word() else { return Some(default.to_owned()) };
    if word.text.len() > 30 {
        let message = format!("nftables table name {} too long - ignoring", word.text);
        context.report(Class::LogOnly, word.span, message);
        return None;
    }
    Some(word.text.to_owned())
}

pub(super) const NFTABLES_PRIORITY: Row = pending(
    "nftables_priority",
    "<number>",
    "-1",
    "Priority of the base chains. Stands after `nftables`.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match signed(word, i64::from(i32::MIN)..=i64::from(i32::MAX), context) {
            Some(priority) => global.settings.firewall.nftables_priority = Some(priority),
            None => mistaken(word, context, format!("invalid nftables chain priority '{}'", word.text)),
        }
    },
);

pub(super) const NFTABLES_IFINDEX: Row = flag(
    Status::Pending,
    "nftables_ifindex",
    "Use interface numbers in the sets of link-local addresses.",
    |global, _, _| global.settings.firewall.nftables_ifindex = true,
);

pub(super) const NFTABLES_COUNTERS: Row =
    flag(Status::Pending, "nftables_counters", "Count packets in the nftables rules.", |global, _, _| {
        global.settings.firewall.nftables_counters = true
    });
