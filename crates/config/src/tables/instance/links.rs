//! Interfaces of the instance's own: VMAC, ipvlan, and how the link is watched.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::draft::InstanceDraft;
use crate::keyword::Keyword;
use crate::line::Word;
use crate::tables::row::{acted, pending};
use crate::tables::scalar::mistaken;
use keepalived_types::{Family, InterfaceName};
use keepalived_vrrp::config::{IpvlanConfig, IpvlanMode, VmacConfig};
use std::net::IpAddr;

type Row = Keyword<InstanceDraft>;

pub(super) const USE_VMAC: Row = pending(
    "use_vmac",
    "[[name] <interface>] [<MAC of 5 or 6 octets>] [netlink_notify_msg] [group <number|name>]",
    "off",
    "Run on a macvlan with the virtual router's MAC address (RFC 9568 7.3).",
    use_vmac,
);

fn use_vmac(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    draft.lines.mark("use_vmac", args.span());
    let mut vmac = VmacConfig {
        name: None,
        mac: None,
        group: None,
        netlink_notify: false,
        transmit_on_base: false,
        name_prefix: String::new(),
    };
    while let Some(word) = args.next_word() {
        match word.text {
            "netlink_notify_msg" => vmac.netlink_notify = true,
            "group" => vmac.group = group(args, word, context),
            "name" => match args.next_word() {
                Some(word) => vmac_name(&mut vmac, word, context),
                None => mistaken(word, context, "VMAC name missing - ignoring"),
            },
            text => match mac(text, draft) {
                Some(address) => vmac_address(&mut vmac, address, word, context),
                None => vmac_name(&mut vmac, word, context),
            },
        }
    }
    draft.links.vmac = Some(vmac);
}

/// The name of a VMAC; only one is taken.
fn vmac_name(vmac: &mut VmacConfig, word: Word<'_>, context: &mut Context<'_>) {
    if vmac.name.is_some() {
        return mistaken(word, context, "VMAC interface name already specified");
    }
    match InterfaceName::new(word.text) {
        Ok(name) => vmac.name = Some(name),
        Err(_) => {
            let message =
                format!("VMAC interface name '{}' too long or invalid characters - ignoring", word.text);
            mistaken(word, context, message);
        }
    }
}

/// The MAC address of a VMAC: neither multicast nor out of the range that RFC 9568 7.3 gives to virtual routers.
fn vmac_address(vmac: &mut VmacConfig, address: [u8; 6], word: Word<'_>, context: &mut Context<'_>) {
    let text = word.text;
    if address[0] & 1 != 0 {
        return mistaken(word, context, format!("VMAC MAC address is multicast {text} - ignoring"));
    }
    if address[..4] == [0, 0, 0x5e, 0] && matches!(address[4], 1 | 2) {
        let message = format!("VMAC MAC address not allowed to be RFC5798 address ({text}) - ignoring");
        return mistaken(word, context, message);
    }
    vmac.mac = Some(address);
}

/// Six octets, or five to which the VRID is added.
fn mac(text: &str, draft: &InstanceDraft) -> Option<[u8; 6]> {
    let mut octets = Vec::with_capacity(6);
    for octet in text.split(':') {
        if octet.is_empty() || octet.len() > 2 || octets.len() == 6 {
            return None;
        }
        octets.push(u8::from_str_radix(octet, 16).ok()?);
    }
    if octets.len() == 5 {
        octets.push(draft.vrid.map_or(0, keepalived_types::Vrid::get));
    }
    <[u8; 6]>::try_from(octets).ok()
}

/// `group NUMBER|NAME` of an interface.
fn group(args: &mut Args<'_>, keyword: Word<'_>, context: &mut Context<'_>) -> Option<u32> {
    let Some(word) = args.next_word() else {
        mistaken(keyword, context, "interface group missing - ignoring");
        return None;
    };
    let number = word.text.parse().ok().or_else(|| context.iproute_name("group", word.text));
    if number.is_none() {
        mistaken(word, context, format!("unknown interface group '{}' - ignoring", word.text));
    }
    number
}

pub(super) const USE_VMAC_ADDR: Row = pending(
    "use_vmac_addr",
    "",
    "off",
    "Make VMACs for virtual addresses on other interfaces, too.",
    |draft, _, _| draft.links.vmac_for_addresses = true,
);

pub(super) const VMAC_XMIT_BASE: Row = pending(
    "vmac_xmit_base",
    "",
    "off; on for unicast with use_vmac",
    "Send and receive adverts on the base interface with its own MAC address. Not in strict mode.",
    |draft, args, _| {
        draft.links.transmit_on_base = true;
        draft.lines.mark("vmac_xmit_base", args.span());
    },
);

pub(super) const USE_IPVLAN: Row = pending(
    "use_ipvlan",
    "[[name] <interface>] [<IP>[/<prefix length>]] [bridge|private|vepa] [group <number|name>]",
    "off; bridge",
    "Run on an ipvlan. An IPv4 instance needs the address.",
    use_ipvlan,
);

fn use_ipvlan(draft: &mut InstanceDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    if draft.links.ipvlan.is_some() {
        let message = format!("({}) use_ipvlan already specified - ignoring", draft.name);
        return context.report(Class::GeneralError, args.span(), message);
    }
    draft.lines.mark("use_ipvlan", args.span());
    let mut ipvlan = IpvlanConfig { name: None, address: None, mode: IpvlanMode::Bridge, group: None };
    while let Some(word) = args.next_word() {
        match word.text {
            "bridge" => ipvlan.mode = IpvlanMode::Bridge,
            "private" => ipvlan.mode = IpvlanMode::Private,
            "vepa" => ipvlan.mode = IpvlanMode::Vepa,
            "group" => ipvlan.group = group(args, word, context),
            "name" if args.remaining() > 0 => {
                if let Some(word) = args.next_word() {
                    ipvlan_name(draft, &mut ipvlan, word, context);
                }
            }
            text => match ip(text) {
                Some(address) => ipvlan_address(draft, &mut ipvlan, address, word, context),
                None => ipvlan_name(draft, &mut ipvlan, word, context),
            },
        }
    }
    draft.links.ipvlan = Some(ipvlan);
}

/// `IP[/LENGTH]`.
fn ip(text: &str) -> Option<(IpAddr, Option<u8>)> {
    let Some((address, length)) = text.split_once('/') else { return Some((text.parse().ok()?, None)) };
    let address = address.parse().ok()?;
    let length = length.parse().ok().filter(|length| *length <= Family::of(address).bits())?;
    Some((address, Some(length)))
}

fn ipvlan_name(draft: &InstanceDraft, ipvlan: &mut IpvlanConfig, word: Word<'_>, context: &mut Context<'_>) {
    if ipvlan.name.is_some() {
        let message =
            format!("({}) IPVLAN interface already specified - ignoring '{}'", draft.name, word.text);
        return mistaken(word, context, message);
    }
    match InterfaceName::new(word.text) {
        Ok(name) => ipvlan.name = Some(name),
        Err(_) => {
            let message = format!(
                "({}) ipvlan interface name '{}' too long or invalid characters - ignoring",
                draft.name, word.text
            );
            mistaken(word, context, message);
        }
    }
}

fn ipvlan_address(
    draft: &mut InstanceDraft,
    ipvlan: &mut IpvlanConfig,
    address: (IpAddr, Option<u8>),
    word: Word<'_>,
    context: &mut Context<'_>,
) {
    if ipvlan.address.is_some() {
        let message = format!("({}) IPVLAN address already specified - ignoring '{}'", draft.name, word.text);
        return mistaken(word, context, message);
    }
    if !super::transport::fits_family(draft, address.0) {
        let message = format!("({}) ipvlan address {} does not match family", draft.name, word.text);
        return mistaken(word, context, message);
    }
    ipvlan.address = Some(address);
}

pub(super) const LINKBEAT_USE_POLLING: Row = acted(
    "linkbeat_use_polling",
    "",
    "off",
    "Former place of linkbeat_interfaces; reported.",
    |draft, args, context| {
        let message = format!(
            "({}) 'linkbeat_use_polling' in vrrp instance deprecated - use linkbeat_interfaces block",
            draft.name
        );
        context.report(Class::Deprecated, args.span(), message);
        draft.links.linkbeat = true;
    },
);
