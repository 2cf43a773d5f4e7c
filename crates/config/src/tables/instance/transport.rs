//! How adverts travel: interface, VRID, addresses of sender and receiver, unicast.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::draft::InstanceDraft;
use crate::keyword::{ItemWord, Keyword, Kind, Status};
use crate::tables::row::{acted, word};
use crate::tables::scalar::{ANY_U32, exact, lacking, mistaken, switch, unsigned};
use keepalived_types::{Family, InterfaceName, Version, Vrid};
use keepalived_vrrp::config::{ChecksumCompat, UnicastPeer};
use std::net::IpAddr;

type Row = Keyword<InstanceDraft>;

pub(super) const INTERFACE: Row = acted(
    "interface",
    "<interface>",
    "",
    "Where the virtual router lives. Only a unicast instance with a source address can do without.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let name = draft.name.clone();
        let complaint =
            |missing: &str| format!("WARNING - interface {missing} for vrrp_instance {name} doesn't exist");
        draft.lines.mark("interface", args.span());
        let missing = draft.interfaces.missing.len();
        let Some(interface) = draft.interfaces.take(word, context, complaint) else {
            if draft.interfaces.missing.len() > missing {
                draft.lines.mark("interface missing", args.span());
            }
            return;
        };
        if context.host.interface(&interface).is_some_and(|found| found.loopback) {
            let message =
                format!("({}) cannot use a loopback interface ({interface}) for vrrp - ignoring", draft.name);
            draft.interface = None;
            return mistaken(word, context, message);
        }
        if draft.vrf.is_some() {
            let message = format!("({}) Cannot specify VRF interface and interface - ignoring", draft.name);
            return mistaken(word, context, message);
        }
        draft.interface = Some(interface);
    },
);

pub(super) const VRF: Row = acted(
    "vrf",
    "<VRF interface>",
    "none",
    "The VRF of a unicast instance without an interface.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        if draft.interface.is_some() {
            let message = format!("({}) Cannot specify VRF interface and interface - ignoring", draft.name);
            return mistaken(word, context, message);
        }
        if draft.vrf.is_some() {
            let message = format!("({}) VRF already specified - ignoring {}", draft.name, word.text);
            return mistaken(word, context, message);
        }
        let name = draft.name.clone();
        let complaint = |missing: &str| {
            format!("WARNING - VRF interface {missing} for vrrp_instance {name} doesn't exist")
        };
        draft.vrf = draft.interfaces.take(word, context, complaint);
    },
);

pub(super) const VIRTUAL_ROUTER_ID: Row = acted(
    "virtual_router_id",
    "<1-255>",
    "",
    "The VRID: which virtual router on the link this is. Every member of the virtual router has the same one.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        draft.lines.mark("virtual_router_id", args.span());
        match exact(word, 1..=255, context).and_then(Vrid::new) {
            Some(vrid) => draft.vrid = Some(vrid),
            None => {
                let message =
                    format!("({}): VRID '{}' not valid - must be between 1 & 255", draft.name, word.text);
                mistaken(word, context, message);
            }
        }
    },
);

/// `mcast_src_ip` and `unicast_src_ip`: one setting, the second also asks for unicast.
fn source(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    if args.keyword() == "unicast_src_ip" {
        draft.transport.unicast = true;
        draft.lines.mark("unicast", args.span());
    }
    let Ok(address) = word.text.parse::<IpAddr>() else {
        let message = format!(
            "Configuration error: VRRP instance[{}] malformed src address[{}]. Skipping...",
            draft.name, word.text
        );
        return mistaken(word, context, message);
    };
    if !fits_family(draft, address) {
        let message = format!(
            "Configuration error: VRRP instance[{}] and src address[{}] MUST be of the same family !!! Skipping...",
            draft.name, word.text
        );
        return mistaken(word, context, message);
    }
    draft.transport.source = Some(address);
    draft.lines.mark("source", args.span());
}

/// Is `address` of the instance's family? The first address settles it.
pub(super) fn fits_family(draft: &mut InstanceDraft, address: IpAddr) -> bool {
    let family = Family::of(address);
    *draft.family.get_or_insert(family) == family
}

pub(super) const MCAST_SRC_IP: Row = acted(
    "mcast_src_ip",
    "<IP>",
    "the interface's primary address",
    "Source address of adverts. It settles the family of the instance.",
    source,
);

pub(super) const UNICAST_SRC_IP: Row = acted(
    "unicast_src_ip",
    "<IP>",
    "the interface's primary address",
    "As mcast_src_ip, for an instance that uses unicast.",
    source,
);

pub(super) const MCAST_DST_IP: Row = acted(
    "mcast_dst_ip",
    "<multicast IP>",
    "vrrp_mcast_group4 or vrrp_mcast_group6",
    "The group that adverts are sent to. Every member of the virtual router needs the same.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let name = draft.name.clone();
        let Ok(address) = word.text.parse::<IpAddr>() else {
            return mistaken(
                word,
                context,
                format!("({name}) malformed mcast dest address {}. Skipping...", word.text),
            );
        };
        if !address.is_multicast() {
            return mistaken(
                word,
                context,
                format!("({name}) mcast_dst_ip {} not multicast. Skipping...", word.text),
            );
        }
        if let IpAddr::V6(group) = address
            && group.segments()[0] & 0x000f != 2
        {
            let message =
                format!("({name}) mcast_dst_ip {} must be link-local multicast. Skipping...", word.text);
            return mistaken(word, context, message);
        }
        if !fits_family(draft, address) {
            let message = format!(
                "({name}) mcast dest address {} MUST match VRRP instance family. Skipping...",
                word.text
            );
            return mistaken(word, context, message);
        }
        draft.transport.group = Some(address);
        draft.lines.mark("mcast_dst_ip", args.span());
    },
);

pub(super) const TRACK_SRC_IP: Row = acted(
    "track_src_ip",
    "",
    "off",
    "Be in FAULT while the configured source address is missing.",
    |draft, args, _| {
        draft.transport.track_source = true;
        draft.lines.mark("track_src_ip", args.span());
    },
);

static PEER_WORDS: &[ItemWord] = &[
    word(
        Status::Acted,
        "min_ttl",
        "<0-255>",
        "0",
        "Lowest TTL accepted from this peer; turns on check_unicast_src.",
    ),
    word(
        Status::Acted,
        "max_ttl",
        "<0-255>",
        "255",
        "Highest TTL accepted from this peer; turns on check_unicast_src.",
    ),
];

pub(super) const UNICAST_PEER: Row = Keyword {
    name: "unicast_peer",
    usage: "{ ... }",
    default: "",
    help: "Routers that adverts are sent to instead of the multicast group, one address per line.",
    status: Status::Acted,
    kind: Kind::Lines {
        item: peer,
        open: Some(|draft, args, _| {
            draft.transport.unicast = true;
            draft.lines.mark("unicast", args.span());
        }),
        close: None,
        words: PEER_WORDS,
    },
};

/// One line of `unicast_peer`.
fn peer(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.next_word() else { return };
    let name = draft.name.clone();
    let Ok(address) = word.text.parse::<IpAddr>() else {
        let message = format!(
            "Configuration error: VRRP instance[{name}] malformed unicast peer address[{}]. Skipping...",
            word.text
        );
        return mistaken(word, context, message);
    };
    if !fits_family(draft, address) {
        let message = format!(
            "Configuration error: VRRP instance[{name}] and unicast peer address[{}] MUST be of the same family !!! Skipping...",
            word.text
        );
        return mistaken(word, context, message);
    }
    let Some((min_ttl, max_ttl)) = peer_options(draft, args, context) else { return };
    if draft.transport.peers.iter().any(|known| known.address == address) {
        return mistaken(
            word,
            context,
            format!("({name}) unicast peer {address} already specified - ignoring"),
        );
    }
    if min_ttl > max_ttl {
        let message =
            format!("({name}) min_ttl {min_ttl} > max_ttl {max_ttl} - all packets will be discarded");
        mistaken(word, context, message);
    }
    draft.transport.peers.push(UnicastPeer { address, min_ttl, max_ttl });
}

/// `min_ttl`, `max_ttl`; an option without its value drops the line, a bad value costs only the option.
fn peer_options(
    draft: &mut InstanceDraft,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) -> Option<(u8, u8)> {
    let (mut min, mut max) = (0, 255);
    while let Some(option) = args.next_word() {
        let Some(value) = args.next_word() else {
            mistaken(option, context, format!("({}) {} is missing a value", draft.name, option.text));
            return None;
        };
        match option.text {
            "min_ttl" => min = unsigned(value, 0..=255, context).unwrap_or(min),
            "max_ttl" => max = unsigned(value, 0..=255, context).unwrap_or(max),
            other => {
                mistaken(option, context, format!("({}) unknown unicast_peer option {other}", draft.name));
                continue;
            }
        }
        draft.transport.check_source = true;
    }
    Some((min, max))
}

pub(super) const UNICAST_FAULT_NO_PEER: Row = acted(
    "unicast_fault_no_peer",
    "",
    "off",
    "Be in FAULT when no peer is listed, instead of falling back to multicast.",
    |draft, _, _| draft.transport.fault_without_peer = true,
);

pub(super) const CHECK_UNICAST_SRC: Row = acted(
    "check_unicast_src",
    "",
    "vrrp_check_unicast_src",
    "Believe adverts only from addresses that are listed as peers.",
    |draft, args, _| {
        draft.transport.check_source = true;
        draft.transport.unicast = true;
        draft.lines.mark("unicast", args.span());
    },
);

pub(super) const UNICAST_TTL: Row =
    acted("unicast_ttl", "<0-255>", "255", "TTL or hop limit of unicast adverts.", |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        match unsigned(word, 0..=255, context) {
            Some(ttl) => {
                draft.transport.ttl = Some(ttl);
                draft.lines.mark("unicast_ttl", args.span());
            }
            None => {
                let message =
                    format!("({}): TTL '{}' not valid - must be between 0 & 255", draft.name, word.text);
                mistaken(word, context, message);
            }
        }
    });

pub(super) const OLD_UNICAST_CHECKSUM: Row = acted(
    "old_unicast_checksum",
    "[never]",
    "automatic",
    "VRRPv3 unicast checksums as releases before 1.3.6 made them; `never` forbids falling back to them.",
    |draft, args, context| {
        draft.transport.unicast = true;
        draft.lines.mark("unicast", args.span());
        draft.transport.checksum = match args.next_word() {
            None => Some(ChecksumCompat::Old),
            Some(word) if word.text == "never" => Some(ChecksumCompat::Never),
            Some(word) => {
                let message =
                    format!("({}) Unknown old_unicast_chksum mode {} - ignoring", draft.name, word.text);
                return mistaken(word, context, message);
            }
        };
    },
);

pub(super) const NATIVE_IPV6: Row = acted(
    "native_ipv6",
    "",
    "off",
    "Make it an IPv6 instance before any address shows it; the first address does that anyway.",
    |draft, args, context| {
        if draft.family == Some(Family::V4) {
            let message = format!("({}) Cannot specify native_ipv6 with IPv4 addresses", draft.name);
            return lacking(args, context, message);
        }
        draft.family = Some(Family::V6);
        draft.version = Some(Version::V3);
    },
);

pub(super) const V3_CHECKSUM_AS_V2: Row = acted(
    "v3_checksum_as_v2",
    "[on|off]",
    "the global v3_checksum_as_v2",
    "Leave the pseudo-header out of VRRPv3 IPv4 checksums, as RFC 9568 5.2.8 has it.",
    |draft, args, context| {
        let complaint = |other: &str| format!("({}) invalid v3_checksum_as_v2 {other} specified", draft.name);
        if let Some(on) = switch(args, context, complaint) {
            draft.transport.v3_checksum_as_v2 = Some(on);
        }
    },
);

pub(super) const KERNEL_RX_BUF_SIZE: Row = acted(
    "kernel_rx_buf_size",
    "<bytes>",
    "vrrp_rx_bufs_policy",
    "Receive buffer of the instance's socket.",
    |draft, args, context| {
        let size = match (args.next_word(), args.remaining()) {
            (Some(word), 0) => unsigned(word, ANY_U32, context),
            _ => None,
        };
        match size {
            Some(bytes) => draft.transport.receive_buffer = Some(bytes),
            None => lacking(args, context, format!("({}) invalid kernel_rx_buf_size specified", draft.name)),
        }
    },
);

pub(super) const LVS_SYNC_DAEMON_INTERFACE: Row = acted(
    "lvs_sync_daemon_interface",
    "<interface>",
    "",
    "Former place of the global lvs_sync_daemon.",
    |draft, args, context| {
        let Some(word) = args.required(context) else { return };
        let message =
            format!("({}) Specifying lvs_sync_daemon_interface against a vrrp is deprecated.", draft.name);
        context.report(Class::Deprecated, args.span(), message);
        // The original indents this by the name, less its conversion's two characters.
        let blanks = 6 + draft.name.len().abs_diff(2);
        let message = format!("{:blanks$}Please use global lvs_sync_daemon", "");
        context.report(Class::Deprecated, args.span(), message);
        draft.notices.sync_interface = InterfaceName::new(word.text).ok();
    },
);
