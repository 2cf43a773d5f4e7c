//! SNMP and D-Bus.

use super::{Row, flag, wanted};
use crate::args::Args;
use crate::context::Context;
use crate::keyword::Status;
use crate::tables::row::pending;
use crate::tables::scalar::{lacking, mistaken, seconds};
use std::time::Duration;

pub(super) const SNMP_SOCKET: Row = pending(
    "snmp_socket",
    "<address>",
    "unix:/var/agentx/master",
    "Where the AgentX master listens.",
    |global, args, context| {
        let Some(word) = wanted(args, context, "SNMP error : snmp socket name missing") else { return };
        if args.remaining() > 0 {
            return lacking(args, context, "Too many parameters specified for snmp_socket - ignoring");
        }
        if let Some(earlier) = &global.settings.snmp.socket {
            let message = format!("SNMP socket already set to {earlier} - ignoring");
            return mistaken(word, context, message);
        }
        global.settings.snmp.socket = Some(word.text.to_owned());
    },
);

pub(super) const ENABLE_TRAPS: Row =
    flag(Status::Pending, "enable_traps", "Send SNMP traps.", |global, _, _| {
        global.settings.snmp.traps = true
    });

pub(super) const ENABLE_SNMP_VRRP: Row = flag(
    Status::Pending,
    "enable_snmp_vrrp",
    "Serve the VRRP part of KEEPALIVED-MIB; also option -x.",
    |global, _, _| global.settings.snmp.vrrp = true,
);

pub(super) const ENABLE_SNMP_KEEPALIVED: Row =
    flag(Status::Pending, "enable_snmp_keepalived", "Former name of enable_snmp_vrrp.", |global, _, _| {
        global.settings.snmp.vrrp = true
    });

pub(super) const ENABLE_SNMP_RFC: Row =
    flag(Status::Pending, "enable_snmp_rfc", "Serve the MIBs of RFC 2787 and RFC 6527.", |global, _, _| {
        global.settings.snmp.rfc_v2 = true;
        global.settings.snmp.rfc_v3 = true;
    });

pub(super) const ENABLE_SNMP_RFCV2: Row = flag(
    Status::Pending,
    "enable_snmp_rfcv2",
    "Serve the MIB of RFC 2787; also option -x.",
    |global, _, _| global.settings.snmp.rfc_v2 = true,
);

pub(super) const ENABLE_SNMP_RFCV3: Row = flag(
    Status::Pending,
    "enable_snmp_rfcv3",
    "Serve the MIB of RFC 6527; also option -x.",
    |global, _, _| global.settings.snmp.rfc_v3 = true,
);

pub(super) const ENABLE_SNMP_CHECKER: Row = flag(
    Status::Pending,
    "enable_snmp_checker",
    "Serve the checker part of KEEPALIVED-MIB; also option -x.",
    |global, _, _| global.settings.snmp.checker = true,
);

/// 1 ms to 30 s.
fn interval(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Duration> {
    let word = args.required(context)?;
    let interval = seconds(word, Duration::from_millis(1)..=Duration::from_secs(30), context);
    if interval.is_none() {
        mistaken(word, context, format!("{} '{}' is invalid", args.keyword(), word.text));
    }
    interval
}

pub(super) const SNMP_VS_STATS_UPDATE_INTERVAL: Row = pending(
    "snmp_vs_stats_update_interval",
    "<0.001-30 seconds>",
    "5",
    "How old statistics of virtual servers may be.",
    |global, args, context| {
        if let Some(interval) = interval(args, context) {
            global.settings.snmp.virtual_server_interval = interval;
        }
    },
);

pub(super) const SNMP_RS_STATS_UPDATE_INTERVAL: Row = pending(
    "snmp_rs_stats_update_interval",
    "<0.001-30 seconds>",
    "snmp_vs_stats_update_interval",
    "How old statistics of real servers may be.",
    |global, args, context| {
        if let Some(interval) = interval(args, context) {
            global.settings.snmp.real_server_interval = Some(interval);
        }
    },
);

pub(super) const ENABLE_DBUS: Row =
    flag(Status::Pending, "enable_dbus", "Offer the D-Bus interface.", |global, _, _| {
        global.settings.dbus.enabled = true
    });

pub(super) const DBUS_SERVICE_NAME: Row = pending(
    "dbus_service_name",
    "<name>",
    "org.keepalived.Vrrp1",
    "Name of the D-Bus service.",
    |global, args, context| {
        if let Some(word) = wanted(args, context, "dbus_service_name missing - ignoring") {
            global.settings.dbus.service_name = Some(word.text.to_owned());
        }
    },
);

pub(super) const DBUS_NO_INTERFACE_NAME: Row = pending(
    "dbus_no_interface_name",
    "<name>",
    "none",
    "Element of the D-Bus path for instances without an interface.",
    |global, args, context| {
        if let Some(word) = wanted(args, context, "dbus_no_interface_name missing - ignoring") {
            global.settings.dbus.no_interface_name = Some(word.text.to_owned());
        }
    },
);
