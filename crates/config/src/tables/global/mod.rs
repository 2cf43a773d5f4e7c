//! `global_defs`.

mod identity;
mod lvs;
mod mail;
mod process;
mod reload;
mod scripts;
mod snmp;
mod vrrp;
mod vrrp_defaults;

use crate::draft::{ConfigDraft, GlobalDraft};
use crate::keyword::{Keyword, Kind, Section, Status};
use crate::tables::row::block;
use crate::tables::scalar::{lacking, switch};

pub(super) type Row = Keyword<GlobalDraft>;

pub(super) const ROW: Keyword<ConfigDraft> = block(
    Status::Acted,
    "global_defs",
    "{ ... }",
    "Settings of the whole daemon. May appear several times; it holds for the whole file wherever it stands.",
    &BLOCK,
);

static BLOCK: Section<ConfigDraft, GlobalDraft> = Section {
    keywords: TABLE,
    open: |config, _, _| Some(std::mem::take(&mut config.global)),
    close: |config, mut global, context| {
        vrrp_defaults::fill_in(&mut global);
        context.scripts.security = global.settings.scripts.security;
        config.global = global;
    },
};

/// A switch that takes no argument.
pub(super) const fn flag(
    status: Status,
    name: &'static str,
    help: &'static str,
    apply: crate::tables::row::Apply<GlobalDraft>,
) -> Row {
    Keyword { name, usage: "", default: "off", help, status, kind: Kind::Line(apply) }
}

/// `[on|off]` with the complaint most keywords of this block share.
pub(super) fn named_switch(
    args: &mut crate::args::Args<'_>,
    context: &mut crate::context::Context<'_>,
) -> Option<bool> {
    let keyword = args.keyword();
    switch(args, context, |other| format!("Invalid value '{other}' for global {keyword} specified"))
}

/// `[on|off]` with the shorter complaint.
pub(super) fn plain_switch(
    args: &mut crate::args::Args<'_>,
    context: &mut crate::context::Context<'_>,
) -> Option<bool> {
    let keyword = args.keyword();
    switch(args, context, |_| format!("Invalid value for {keyword} specified"))
}

/// The next word, which the original does not insist on.
pub(super) fn wanted<'w>(
    args: &mut crate::args::Args<'w>,
    context: &mut crate::context::Context<'_>,
    complaint: &str,
) -> Option<crate::line::Word<'w>> {
    let word = args.next_word();
    if word.is_none() {
        lacking(args, context, complaint);
    }
    word
}

static TABLE: &[Row] = &[
    process::PROCESS_NAMES,
    process::PROCESS_NAME,
    process::VRRP_PROCESS_NAME,
    process::CHECKER_PROCESS_NAME,
    process::LVS_PROCESS_NAME,
    process::BFD_PROCESS_NAME,
    process::VRRP_PRIORITY,
    process::VRRP_NO_SWAP,
    process::VRRP_RT_PRIORITY,
    process::VRRP_CPU_AFFINITY,
    process::VRRP_RLIMIT_RTTIME,
    process::VRRP_RLIMIT_RTIME,
    process::CHECKER_PRIORITY,
    process::CHECKER_NO_SWAP,
    process::CHECKER_RT_PRIORITY,
    process::CHECKER_CPU_AFFINITY,
    process::CHECKER_RLIMIT_RTTIME,
    process::CHECKER_RLIMIT_RTIME,
    process::BFD_PRIORITY,
    process::BFD_NO_SWAP,
    process::BFD_RT_PRIORITY,
    process::BFD_CPU_AFFINITY,
    process::BFD_RLIMIT_RTTIME,
    process::BFD_RLIMIT_RTIME,
    process::MAX_AUTO_PRIORITY,
    process::MIN_AUTO_PRIORITY_DELAY,
    scripts::USE_SYMLINK_PATHS,
    scripts::SET_SUPPLEMENTARY_GROUPS,
    scripts::SCRIPT_USER,
    scripts::ENABLE_SCRIPT_SECURITY,
    scripts::STARTUP_SCRIPT,
    scripts::STARTUP_SCRIPT_TIMEOUT,
    scripts::SHUTDOWN_SCRIPT,
    scripts::SHUTDOWN_SCRIPT_TIMEOUT,
    scripts::NOTIFY_FIFO,
    scripts::NOTIFY_FIFO_SCRIPT,
    scripts::VRRP_NOTIFY_FIFO,
    scripts::VRRP_NOTIFY_FIFO_SCRIPT,
    scripts::LVS_NOTIFY_FIFO,
    scripts::LVS_NOTIFY_FIFO_SCRIPT,
    scripts::FIFO_WRITE_VRRP_STATES_ON_RELOAD,
    mail::ROUTER_ID,
    mail::NOTIFICATION_EMAIL_FROM,
    mail::SMTP_SERVER,
    mail::SMTP_HELO_NAME,
    mail::SMTP_CONNECT_TIMEOUT,
    mail::NOTIFICATION_EMAIL,
    mail::SMTP_ALERT,
    mail::SMTP_ALERT_VRRP,
    mail::SMTP_ALERT_CHECKER,
    mail::NO_EMAIL_FAULTS,
    mail::NO_CHECKER_EMAILS,
    vrrp::DYNAMIC_INTERFACES,
    vrrp::DEFAULT_INTERFACE,
    vrrp::DISABLE_LOCAL_IGMP,
    vrrp::LOG_UNKNOWN_VRIDS,
    vrrp::VRRP_STARTUP_DELAY,
    vrrp::VRRP_DELAY_AFTER_BOOT,
    vrrp::VRRP_GARP_INTERVAL,
    vrrp::VRRP_GNA_INTERVAL,
    vrrp::VMAC_PREFIX,
    vrrp::VMAC_ADDR_PREFIX,
    vrrp::VRRP_RX_BUFS_POLICY,
    vrrp::VRRP_RX_BUFS_MULTIPLIER,
    vrrp::VRRP_NETLINK_CMD_RCV_BUFS,
    vrrp::VRRP_NETLINK_CMD_RCV_BUFS_FORCE,
    vrrp::VRRP_NETLINK_MONITOR_RCV_BUFS,
    vrrp::VRRP_NETLINK_MONITOR_RCV_BUFS_FORCE,
    vrrp::PROCESS_MONITOR_RCV_BUFS,
    vrrp::PROCESS_MONITOR_RCV_BUFS_FORCE,
    vrrp::LVS_NETLINK_CMD_RCV_BUFS,
    vrrp::LVS_NETLINK_CMD_RCV_BUFS_FORCE,
    vrrp::LVS_NETLINK_MONITOR_RCV_BUFS,
    vrrp::LVS_NETLINK_MONITOR_RCV_BUFS_FORCE,
    vrrp::VRRP_IPTABLES,
    vrrp::VRRP_IPSETS,
    vrrp::NFTABLES,
    vrrp::NFTABLES_PRIORITY,
    vrrp::NFTABLES_IFINDEX,
    vrrp::NFTABLES_COUNTERS,
    vrrp_defaults::VRRP_MCAST_GROUP4,
    vrrp_defaults::VRRP_MCAST_GROUP6,
    vrrp_defaults::VRRP_GARP_MASTER_DELAY,
    vrrp_defaults::VRRP_GARP_MASTER_REPEAT,
    vrrp_defaults::VRRP_GARP_MASTER_REFRESH,
    vrrp_defaults::VRRP_GARP_MASTER_REFRESH_REPEAT,
    vrrp_defaults::VRRP_GARP_LOWER_PRIO_DELAY,
    vrrp_defaults::VRRP_GARP_LOWER_PRIO_REPEAT,
    vrrp_defaults::VRRP_DOWN_TIMER_ADVERTS,
    vrrp_defaults::VRRP_MIN_GARP,
    vrrp_defaults::VRRP_GARP_EXTRA_IF,
    vrrp_defaults::VRRP_VMAC_GARP_INTVL,
    vrrp_defaults::VRRP_LOWER_PRIO_NO_ADVERT,
    vrrp_defaults::VRRP_HIGHER_PRIO_SEND_ADVERT,
    vrrp_defaults::VRRP_VERSION,
    vrrp_defaults::VRRP_CHECK_UNICAST_SRC,
    vrrp_defaults::VRRP_SKIP_CHECK_ADV_ADDR,
    vrrp_defaults::VRRP_STRICT,
    vrrp_defaults::VRRP_OWNER_IGNORE_ADVERTS,
    vrrp_defaults::V3_CHECKSUM_AS_V2,
    vrrp_defaults::VRRP_NOTIFY_PRIORITY_CHANGES,
    lvs::CHECKER_LOG_ALL_FAILURES,
    lvs::RS_INIT_NOTIFIES,
    lvs::LVS_TIMEOUTS,
    lvs::LVS_FLUSH,
    lvs::LVS_FLUSH_ON_STOP,
    lvs::LVS_FLUSH_ONSTOP,
    lvs::LVS_SYNC_DAEMON,
    lvs::NFTABLES_IPVS,
    lvs::NFTABLES_IPVS_PRIORITY,
    lvs::NFTABLES_IPVS_START_FWMARK,
    snmp::SNMP_SOCKET,
    snmp::ENABLE_TRAPS,
    snmp::ENABLE_SNMP_VRRP,
    snmp::ENABLE_SNMP_KEEPALIVED,
    snmp::ENABLE_SNMP_RFC,
    snmp::ENABLE_SNMP_RFCV2,
    snmp::ENABLE_SNMP_RFCV3,
    snmp::ENABLE_SNMP_CHECKER,
    snmp::SNMP_VS_STATS_UPDATE_INTERVAL,
    snmp::SNMP_RS_STATS_UPDATE_INTERVAL,
    snmp::ENABLE_DBUS,
    snmp::DBUS_SERVICE_NAME,
    snmp::DBUS_NO_INTERFACE_NAME,
    identity::UMASK,
    identity::RANDOM_SEED,
    identity::INCLUDE_CHECK,
    identity::CONFIG_SAVE_DIR,
    identity::TMP_CONFIG_DIRECTORY,
    identity::DATA_USE_INSTANCE,
    identity::JSON_VERSION,
    identity::IPROUTE_USR_DIR,
    identity::IPROUTE_ETC_DIR,
    identity::STATE_DUMP_FILE,
    identity::STATS_DUMP_FILE,
    identity::JSON_DUMP_FILE,
    reload::RELOAD_CHECK_CONFIG,
    reload::RELOAD_TIME_FILE,
    reload::RELOAD_REPEAT,
    reload::RELOAD_FILE,
];
