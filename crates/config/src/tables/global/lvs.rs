//! IPVS as a whole.

use super::{Row, flag, named_switch, plain_switch, vrrp, wanted};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::draft::GlobalDraft;
use crate::keyword::Status;
use crate::model::{FlushOnStop, NftablesIpvs, SyncDaemon};
use crate::tables::row::acted;
use crate::tables::scalar::{lacking, mistaken, signed, unsigned};
use keepalived_types::InterfaceName;
use std::net::IpAddr;

pub(super) const CHECKER_LOG_ALL_FAILURES: Row = acted(
    "checker_log_all_failures",
    "[on|off]",
    "off",
    "Log every failed check, not only the one that changes a state.",
    |global, args, context| {
        if let Some(on) = plain_switch(args, context) {
            global.settings.lvs.log_all_failures = on;
        }
    },
);

pub(super) const RS_INIT_NOTIFIES: Row = acted(
    "rs_init_notifies",
    "[on|off]",
    "off",
    "Tell about real servers at start, too.",
    |global, args, context| {
        if let Some(on) = named_switch(args, context) {
            global.settings.lvs.rs_init_notifies = on;
        }
    },
);

pub(super) const LVS_TIMEOUTS: Row = acted(
    "lvs_timeouts",
    "[tcp <seconds>] [tcpfin <seconds>] [udp <seconds>]",
    "the kernel's",
    "How long IPVS keeps connections; each up to 2678400 seconds.",
    |global, args, context| {
        if args.remaining() < 2 {
            return lacking(args, context, "lvs_timeouts requires at least one option");
        }
        while let Some(option) = args.next_word() {
            let lvs = &mut global.settings.lvs;
            let place = match option.text {
                "tcp" => &mut lvs.tcp_timeout_s,
                "tcpfin" => &mut lvs.tcpfin_timeout_s,
                "udp" => &mut lvs.udp_timeout_s,
                other => {
                    mistaken(option, context, format!("Unknown option {other} specified for lvs_timeouts"));
                    continue;
                }
            };
            let Some(value) = args.next_word() else {
                let message = format!("No value specified for lvs_timeout {} - ignoring", option.text);
                return mistaken(option, context, message);
            };
            match unsigned(value, 0..=2_678_400, context) {
                Some(seconds) => *place = Some(seconds),
                None => {
                    let message = format!("Invalid lvs_timeout {} ({}) - ignoring", option.text, value.text);
                    mistaken(value, context, message);
                }
            }
        }
    },
);

pub(super) const LVS_FLUSH: Row =
    flag(Status::Acted, "lvs_flush", "Empty the IPVS table at start.", |global, _, _| {
        global.settings.lvs.flush = true
    });

/// `lvs_flush_on_stop` under both spellings.
fn flush_on_stop(global: &mut GlobalDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    global.settings.lvs.flush_on_stop = match args.next_word() {
        None => FlushOnStop::All,
        Some(word) if word.text == "VS" => FlushOnStop::VirtualServers,
        Some(word) => {
            return mistaken(word, context, format!("Unknown lvs_flush_on_stop type {}", word.text));
        }
    };
}

pub(super) const LVS_FLUSH_ON_STOP: Row = acted(
    "lvs_flush_on_stop",
    "[VS]",
    "off",
    "Empty the IPVS table at the end, or with `VS` just remove our virtual servers.",
    flush_on_stop,
);

pub(super) const LVS_FLUSH_ONSTOP: Row =
    acted("lvs_flush_onstop", "[VS]", "", "Former name of lvs_flush_on_stop.", flush_on_stop);

pub(super) const LVS_SYNC_DAEMON: Row = acted(
    "lvs_sync_daemon",
    "<interface> [inst] <vrrp_instance> [id <0-255>] [maxlen <1-65507>] [port <1-65535>] [ttl <1-255>] \
     [group <multicast IP>]",
    "off",
    "Tell other load balancers about connections; which role we have follows the instance.",
    sync_daemon,
);

fn sync_daemon(global: &mut GlobalDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(interface) = wanted(args, context, "lvs_sync_daemon requires interface") else { return };
    if global.settings.lvs.sync_daemon.is_some() {
        return lacking(args, context, "lvs_sync_daemon has already been specified - ignoring");
    }
    let Ok(name) = InterfaceName::new(interface.text) else {
        let message = format!("lvs_sync_daemon interface name '{}' too long - ignoring", interface.text);
        return mistaken(interface, context, message);
    };
    global.lines.mark("lvs_sync_daemon", args.span());
    let mut daemon = SyncDaemon {
        interface: name,
        instance: None,
        id: None,
        max_length: None,
        port: None,
        ttl: None,
        group: None,
        vrid: None,
    };
    if args.peek().is_some_and(|word| word.text == "inst") {
        args.next_word();
    }
    if args.peek().is_some_and(|word| !is_sync_option(word.text)) {
        daemon.instance = args.next_word().map(|word| word.text.to_owned());
    }
    let mut position = 0;
    while let Some(option) = args.next_word() {
        sync_option(&mut daemon, option, position, args, context);
        position += 1;
    }
    global.settings.lvs.sync_daemon = Some(daemon);
}

fn is_sync_option(word: &str) -> bool {
    matches!(word, "id" | "maxlen" | "port" | "ttl" | "group")
}

/// One option of the daemon. In the first place a bare number is the id of old.
fn sync_option(
    daemon: &mut SyncDaemon,
    option: crate::line::Word<'_>,
    position: usize,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) {
    if !is_sync_option(option.text) {
        if position > 0 {
            let message = format!("Unknown option {} specified for lvs_sync_daemon", option.text);
            return mistaken(option, context, message);
        }
        match unsigned(option, 0..=255, context) {
            Some(id) => {
                let message = "Please use keyword \"id\" before lvs_sync_daemon SYNCID";
                context.report(Class::Deprecated, option.span, message);
                daemon.id = Some(id);
            }
            None => {
                mistaken(option, context, format!("Invalid syncid ({}) - defaulting to vrid", option.text))
            }
        }
        return;
    }
    let Some(value) = args.next_word() else {
        let message = format!("No value specified for lvs_sync_daemon {} - ignoring", option.text);
        return mistaken(option, context, message);
    };
    let text = value.text;
    let complaint = format!("Invalid lvs_sync_daemon {} ({text}) - ignoring", option.text);
    match option.text {
        "id" => match unsigned(value, 0..=255, context) {
            Some(id) => daemon.id = Some(id),
            None => mistaken(value, context, format!("Invalid syncid ({text}) - defaulting to vrid")),
        },
        "maxlen" => match unsigned(value, 1..=65507, context) {
            Some(length) => daemon.max_length = Some(length),
            None => mistaken(value, context, complaint),
        },
        "port" => match unsigned(value, 1..=65535, context) {
            Some(port) => daemon.port = Some(port),
            None => mistaken(value, context, complaint),
        },
        "ttl" => match unsigned(value, 1..=255, context) {
            Some(ttl) => daemon.ttl = Some(ttl),
            None => mistaken(value, context, complaint),
        },
        _ => match text.parse::<IpAddr>() {
            Ok(group) if group.is_multicast() => daemon.group = Some(group),
            Ok(_) => {
                let message = format!("lvs_sync_daemon group address {text} is not multicast - ignoring");
                mistaken(value, context, message);
            }
            Err(_) => mistaken(value, context, format!("Invalid lvs_sync_daemon group ({text}) - ignoring")),
        },
    }
}

pub(super) const NFTABLES_IPVS: Row = acted(
    "nftables_ipvs",
    "[<table, at most 30 characters>]",
    "keepalived_ipvs",
    "Mark packets for virtual server groups with nftables, so that a group is one service of IPVS.",
    |global, args, context| {
        if global.settings.lvs.nftables.is_some() {
            return lacking(args, context, "ipvs nftables already specified - ignoring");
        }
        let Some(table) = vrrp::table_name(args, "keepalived_ipvs", context) else { return };
        global.settings.lvs.nftables = Some(NftablesIpvs { table, priority: -1, start_fwmark: 1000 });
    },
);

pub(super) const NFTABLES_IPVS_PRIORITY: Row = acted(
    "nftables_ipvs_priority",
    "<number>",
    "-1",
    "Priority of the chain. Stands after `nftables_ipvs`.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match signed(word, i64::from(i32::MIN)..=i64::from(i32::MAX), context) {
            Some(priority) => {
                global.nftables_ipvs.0 = Some(priority);
                if let Some(nftables) = &mut global.settings.lvs.nftables {
                    nftables.priority = priority;
                }
            }
            None => mistaken(word, context, format!("invalid ipvs nftables chain priority '{}'", word.text)),
        }
    },
);

pub(super) const NFTABLES_IPVS_START_FWMARK: Row = acted(
    "nftables_ipvs_start_fwmark",
    "<1-4294967295>",
    "1000",
    "The first firewall mark to use. Stands after `nftables_ipvs`.",
    |global, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, 1..=4_294_967_295, context) {
            Some(mark) => {
                global.nftables_ipvs.1 = Some(mark);
                if let Some(nftables) = &mut global.settings.lvs.nftables {
                    nftables.start_fwmark = mark;
                }
            }
            None => {
                let message = format!("invalid ipvs nftables start_fwmark priority '{}'", word.text);
                mistaken(word, context, message);
            }
        }
    },
);
