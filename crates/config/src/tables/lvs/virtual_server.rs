//! `virtual_server ADDRESS [PORT] | fwmark N | group NAME { ... }`.

mod header;
mod identity;
mod quorum;
mod scheduling;

use super::defaults::Speaker;
use super::draft::VirtualServerDraft;
use super::{forwarding, real_server};
use crate::draft::ConfigDraft;
use crate::keyword::{Keyword, Section, Status};
use crate::tables::row::{acted, block, inert, pending};
use header::{close, open};
use identity::{ip_family, protocol, smtp_alert, snmp_name, virtualhost};
use keepalived_lvs::config::Scheduler;
use quorum::{
    hysteresis, quorum, quorum_down, quorum_up, sorry_server, sorry_server_inhibit, sorry_server_method,
    weight,
};
use scheduling::{
    fallback_flag, hashed, lvs_sched, persistence_engine, persistence_granularity, persistence_timeout,
    port_flag,
};

/// The row at the top level.
pub(crate) const VIRTUAL_SERVER: Keyword<ConfigDraft> = block(
    Status::Acted,
    "virtual_server",
    "<IP> [<port>] | fwmark <number> | group <name> { ... }",
    "A service that IPVS spreads over real servers. Port 0, or none, stands for every port and makes it persistent.",
    &SECTION,
);

static SECTION: Section<ConfigDraft, VirtualServerDraft> = Section {
    keywords: &[
        acted(
            "ip_family",
            "inet|inet6",
            "that of the servers",
            "Address family of a firewall mark's service.",
            ip_family,
        ),
        acted(
            "retry",
            "<int 1..4294967295>",
            "that of each checker",
            "Attempts after a failed check; default of the checkers.",
            |v, a, c| v.checks.read_retry(a, c),
        ),
        acted(
            "delay_before_retry",
            "<sec 0..>",
            "that of each checker",
            "Pause before such an attempt; default of the checkers.",
            |v, a, c| v.checks.read_delay_before_retry(a, c, WHO),
        ),
        acted(
            "warmup",
            "<sec 0..>",
            "delay_loop",
            "The first check of each server is put off at random by up to this much.",
            |v, a, c| v.checks.read_warmup(a, c, WHO),
        ),
        acted(
            "connect_timeout",
            "<sec 0.000001..4294.967295>",
            "5",
            "How long a connection may take; default of the checkers.",
            |v, a, c| v.checks.read_connect_timeout(a, c, WHO),
        ),
        acted(
            "delay_loop",
            "<sec 0.000001..>",
            "60",
            "Time from the end of a check to the next one; default of the checkers.",
            |v, a, c| v.checks.read_delay_loop(a, c, WHO),
        ),
        acted(
            "inhibit_on_failure",
            "",
            "off",
            "A failed server stays in the table with weight 0, so that its connections survive.",
            |v, _, _| v.inhibit_on_failure = true,
        ),
        acted(
            "lvs_sched",
            "rr|wrr|lc|wlc|lblc|sh|mh|dh|fo|ovf|lblcr|sed|nq|twos",
            "wlc, with a report",
            "How IPVS chooses a server.",
            lvs_sched,
        ),
        acted(
            "lb_algo",
            "rr|wrr|lc|wlc|lblc|sh|mh|dh|fo|ovf|lblcr|sed|nq|twos",
            "wlc, with a report",
            "Older spelling of lvs_sched.",
            lvs_sched,
        ),
        inert("hashed", "", "off", "Has no effect; known because old configurations hold it.", hashed),
        acted(
            "ops",
            "",
            "off",
            "One-packet scheduling: every UDP datagram is scheduled by itself.",
            |v, _, _| v.flags.one_packet = true,
        ),
        acted("flag-1", "", "off", "First flag of the scheduler, whatever it means there.", |v, _, _| {
            v.flags.flag_1 = true
        }),
        acted("flag-2", "", "off", "Second flag of the scheduler.", |v, _, _| v.flags.flag_2 = true),
        acted("flag-3", "", "off", "Third flag of the scheduler.", |v, _, _| v.flags.flag_3 = true),
        acted(
            "sh-port",
            "",
            "off",
            "Source hashing takes the port into account. Has to follow `lvs_sched sh`.",
            |v, a, c| port_flag(v, a, c, Scheduler::SourceHashing),
        ),
        acted(
            "sh-fallback",
            "",
            "off",
            "Source hashing goes to another server when the chosen one is down. Has to follow `lvs_sched sh`.",
            |v, a, c| fallback_flag(v, a, c, Scheduler::SourceHashing),
        ),
        acted(
            "mh-port",
            "",
            "off",
            "Maglev hashing takes the port into account. Has to follow `lvs_sched mh`.",
            |v, a, c| port_flag(v, a, c, Scheduler::MaglevHashing),
        ),
        acted(
            "mh-fallback",
            "",
            "off",
            "Maglev hashing goes to another server when the chosen one is down. Has to follow `lvs_sched mh`.",
            |v, a, c| fallback_flag(v, a, c, Scheduler::MaglevHashing),
        ),
        acted(
            "lvs_method",
            forwarding::USAGE,
            "NAT, with a report",
            "How packets reach a server: masquerading, direct routing or a tunnel. GUE needs a port, and nothing else takes one.",
            |v, a, c| forwarding::read(&mut v.forwarding, a, c, "virtual server"),
        ),
        acted(
            "lb_kind",
            forwarding::USAGE,
            "NAT, with a report",
            "Older spelling of lvs_method.",
            |v, a, c| forwarding::read(&mut v.forwarding, a, c, "virtual server"),
        ),
        acted(
            "persistence_engine",
            "<string, at most 15 bytes>",
            "none",
            "IPVS persistence engine; the kernel has `sip`.",
            persistence_engine,
        ),
        acted(
            "persistence_timeout",
            "[<int secs 1..2678400>]",
            "off; 360 without a number",
            "Connections of a client stay with one server for this long.",
            persistence_timeout,
        ),
        acted(
            "persistence_granularity",
            "<IPv4 netmask> | <IPv6 prefix 1..128>",
            "255.255.255.255 or 128",
            "Which addresses count as one client. Switches persistence on.",
            persistence_granularity,
        ),
        acted(
            "protocol",
            "TCP|UDP|SCTP",
            "UDP, with a report",
            "Layer 4 protocol, in any case. Firewall marks have none.",
            protocol,
        ),
        acted(
            "ha_suspend",
            "",
            "off",
            "Check only while the service's address is on this machine. Not for firewall marks.",
            |v, _, _| v.ha_suspend = true,
        ),
        acted(
            "smtp_alert",
            "[on|true|yes|off|false|no]",
            "smtp_alert_checker, else smtp_alert, else off",
            "Mail when the quorum is gained or lost.",
            smtp_alert,
        ),
        acted("virtualhost", "<string>", "none", "Host of HTTP_GET and SSL_GET requests.", virtualhost),
        pending("snmp_name", "<string>", "none", "A label in SNMP tables.", snmp_name),
        acted("alpha", "", "off", "Servers are down until their checks have passed.", |v, _, _| {
            v.alpha = true
        }),
        acted("omega", "", "off", "A stop runs notify_down and quorum_down.", |v, _, _| v.omega = true),
        acted(
            "quorum_up",
            "<script> [<user> [[:]<group>]]",
            "none",
            "Run when the quorum is gained. The first one wins.",
            quorum_up,
        ),
        acted(
            "quorum_down",
            "<script> [<user> [[:]<group>]]",
            "none",
            "Run when the quorum is lost. The first one wins.",
            quorum_down,
        ),
        acted(
            "quorum",
            "<int 1..4294967295>",
            "1",
            "The total weight of servers that is enough. More than there is becomes what there is.",
            quorum,
        ),
        acted(
            "hysteresis",
            "<int 0..4294967295>",
            "0",
            "The quorum is gained this much above and lost this much below. Has to be smaller than the quorum.",
            hysteresis,
        ),
        acted("weight", "<int 1..2147483647>", "1", "Default weight of the real servers.", weight),
        acted(
            "sorry_server",
            "<IP> [<port>]",
            "none",
            "Stands in while the quorum is not met. The last one wins.",
            sorry_server,
        ),
        acted(
            "sorry_server_inhibit",
            "",
            "off",
            "Weight 0 instead of removal for the sorry server. Has to follow it.",
            sorry_server_inhibit,
        ),
        acted(
            "sorry_server_lvs_method",
            forwarding::USAGE,
            "lvs_method",
            "Forwarding method of the sorry server. Has to follow it.",
            sorry_server_method,
        ),
        real_server::REAL_SERVER,
    ],
    open,
    close,
};

const WHO: Speaker = Speaker::VirtualServer;
