//! `virtual_server_group NAME { ... }`: one entry per line.

use super::draft::GroupDraft;
use super::values;
use crate::args::Args;
use crate::context::{Context, Symbol};
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::ConfigDraft;
use crate::keyword::{ItemWord, Keyword, Kind, Status};
use crate::line::Word;
use keepalived_lvs::config::{AddressRange, GroupEntry};
use keepalived_types::{Family, Prefix};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The row at the top level.
pub(crate) const VIRTUAL_SERVER_GROUP: Keyword<ConfigDraft> = Keyword {
    name: "virtual_server_group",
    usage: "<name> { <IP>[-<last octet or hextet>|-<IP>|/<prefix>] [<port>] | fwmark <number> [inet|inet6] }",
    default: "none",
    help: "Addresses and firewall marks that share the real servers of every `virtual_server group <name>`. One \
           entry per line; no port means every port.",
    status: Status::Acted,
    kind: Kind::Lines { item, open: Some(open), close: Some(close), words: &WORDS },
};

const WORDS: [ItemWord; 1] = [ItemWord {
    name: "fwmark",
    usage: "<int 0..4294967295> [inet|inet6]",
    default: "family of the virtual server",
    help: "A firewall mark instead of an address.",
    status: Status::Acted,
}];

fn open(draft: &mut ConfigDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let span = args.span();
    let Some(name) = args.required(context) else {
        draft.lvs.open_group = None;
        return;
    };
    let index = draft.lvs.groups.len();
    if let Err(first) = context.symbols.define(Symbol::ServerGroup, name.text, name.span, index) {
        let message = format!("virtual_server_group {} is defined twice: the first one is used", name.text);
        context.push(Diagnostic::at(Class::Note, name.span, message).related(first, "first defined here"));
    }
    if let Some(extra) = args.next_word() {
        let message = format!("Block {} has extra parameters {} ...", args.keyword(), extra.text);
        context.report(Class::GeneralError, extra.span, message);
    }
    draft.lvs.open_group =
        Some(GroupDraft { name: name.text.to_owned(), span, entries: Vec::new(), lines: Vec::new() });
}

fn close(draft: &mut ConfigDraft, context: &mut Context<'_>) {
    let Some(group) = draft.lvs.open_group.take() else { return };
    let name = &group.name;
    if group.entries.is_empty() {
        let message = format!("virtual server group {name} has no entries - removing");
        context.report(Class::GeneralError, group.span, message);
        return;
    }
    if mixes_everything(&group.entries) {
        let message = format!(
            "virtual server group {name} cannot have IPv4, IPv6 and fwmark without family - removing"
        );
        context.report(Class::GeneralError, group.span, message);
        return;
    }
    draft.lvs.groups.push(group);
}

/// IPv4, IPv6 and a mark that could be either.
fn mixes_everything(entries: &[GroupEntry]) -> bool {
    let family = |wanted: Family| {
        entries.iter().any(|entry| match entry {
            GroupEntry::Addresses { range, .. } => range.family() == wanted,
            GroupEntry::Mark { family, .. } => *family == Some(wanted),
        })
    };
    let open_mark = entries.iter().any(|entry| matches!(entry, GroupEntry::Mark { family: None, .. }));
    open_mark && family(Family::V4) && family(Family::V6)
}

fn item(draft: &mut ConfigDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(group) = draft.lvs.open_group.as_mut() else { return };
    let Some(first) = args.next_word() else { return };
    let entry = if first.text == "fwmark" {
        mark(&group.name, args, context)
    } else {
        addresses(first, args, context)
    };
    let Some(entry) = entry else { return };
    group.entries.push(entry);
    group.lines.push(first.span);
}

fn mark(group: &str, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<GroupEntry> {
    let number = args.peek();
    let mark = values::unsigned(args, 0..=u32::MAX, context, |text| {
        format!("({group}): fwmark '{text}' must be in [0, 4294967295] - ignoring")
    })?;
    let family = match args.next_word() {
        None => None,
        Some(word) if word.text == "inet" => Some(Family::V4),
        Some(word) if word.text == "inet6" => Some(Family::V6),
        Some(word) => {
            let written = number.map_or("", |word| word.text);
            let message = format!("({group}): fwmark '{written}' family {} unknown - ignoring", word.text);
            context.report(Class::GeneralError, word.span, message);
            return None;
        }
    };
    Some(GroupEntry::Mark { mark, family })
}

fn addresses(word: Word<'_>, args: &mut Args<'_>, context: &mut Context<'_>) -> Option<GroupEntry> {
    let port_word = args.next_word();
    let port = values::optional_port(port_word, context);
    let range = match read_range(word.text) {
        Ok(range) => range,
        Err(Trouble::Unreadable) => {
            report_unreadable(word, port_word, context);
            return None;
        }
        Err(Trouble::Says(message)) => {
            context.report(Class::GeneralError, word.span, message);
            return None;
        }
    };
    let Ok(port) = port else {
        report_unreadable(word, port_word, context);
        return None;
    };
    Some(GroupEntry::Addresses { range, port })
}

fn report_unreadable(word: Word<'_>, port: Option<Word<'_>>, context: &mut Context<'_>) {
    let address = word.text;
    let port = port.map_or(String::new(), |port| format!("/port/{}", port.text));
    let message = format!("Invalid virtual server group IP address {address} {port} - skipping");
    context.report(Class::GeneralError, word.span, message);
}

/// Why an entry cannot be used.
enum Trouble {
    /// It is no address.
    Unreadable,
    /// This is what the original says.
    Says(String),
}

/// Reads `A`, `A-B`, `A-<last octet or hextet>` or `A/<length>`.
fn read_range(text: &str) -> Result<AddressRange, Trouble> {
    if let Some((first, last)) = text.split_once('-') {
        let first: IpAddr = first.parse().map_err(|_| Trouble::Unreadable)?;
        return if last.contains(['.', ':']) {
            to_address(text, first, last)
        } else {
            to_tail(text, first, last)
        };
    }
    let Some((first, length)) = text.split_once('/') else {
        let address = text.parse().map_err(|_| Trouble::Unreadable)?;
        return Ok(AddressRange::single(address));
    };
    let first: IpAddr = first.parse().map_err(|_| Trouble::Unreadable)?;
    network(text, first, length)
}

fn to_address(text: &str, first: IpAddr, last: &str) -> Result<AddressRange, Trouble> {
    let last: IpAddr = last.parse().map_err(|_| Trouble::Unreadable)?;
    if Family::of(first) != Family::of(last) {
        return Err(Trouble::Unreadable);
    }
    AddressRange::new(first, last).ok_or_else(|| {
        Trouble::Says(format!("Address range end is less than address range start - {text} - skipping"))
    })
}

fn to_tail(text: &str, first: IpAddr, last: &str) -> Result<AddressRange, Trouble> {
    let (radix, limit) = match first {
        IpAddr::V4(_) => (10, 0xff),
        IpAddr::V6(_) => (16, 0xffff),
    };
    let digits = last.find(|c: char| !c.is_digit(radix)).unwrap_or(last.len());
    let (number, garbage) = last.split_at(digits);
    if !garbage.is_empty() || number.is_empty() {
        let message = format!("Virtual server group range '{text}' has extra characters at end '{garbage}'");
        return Err(Trouble::Says(message));
    }
    let tail = u32::from_str_radix(number, radix).ok().filter(|tail| *tail <= limit).ok_or_else(|| {
        Trouble::Says(format!("Virtual server group range '{text}' end '{last}' too large"))
    })?;
    let last = match first {
        IpAddr::V4(first) => IpAddr::V4(Ipv4Addr::from_bits(first.to_bits() & !0xff | tail)),
        IpAddr::V6(first) => IpAddr::V6(Ipv6Addr::from_bits(first.to_bits() & !0xffff | u128::from(tail))),
    };
    AddressRange::new(first, last).filter(|_| first < last).ok_or_else(|| {
        Trouble::Says(format!(
            "Address range end is not greater than address range start - {text} - skipping"
        ))
    })
}

fn network(text: &str, first: IpAddr, length: &str) -> Result<AddressRange, Trouble> {
    if length.starts_with('-') {
        return Err(Trouble::Unreadable);
    }
    let prefix =
        length.parse().ok().filter(|length| *length > 0).and_then(|length| Prefix::new(first, length).ok());
    let Some(prefix) = prefix else {
        return Err(Trouble::Says(format!("Invalid netmask - {text} - skipping")));
    };
    let last = last_of(prefix);
    if first_of(prefix) != first {
        return Err(Trouble::Says(format!("Address mask bits not empty - {text} - skipping")));
    }
    AddressRange::new(first, last).ok_or(Trouble::Unreadable)
}

fn first_of(prefix: Prefix) -> IpAddr {
    match prefix.address() {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & !host_bits_v4(prefix))),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !host_bits_v6(prefix))),
    }
}

fn last_of(prefix: Prefix) -> IpAddr {
    match prefix.address() {
        IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() | host_bits_v4(prefix))),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() | host_bits_v6(prefix))),
    }
}

fn host_bits_v4(prefix: Prefix) -> u32 {
    u32::MAX.checked_shr(u32::from(prefix.length())).unwrap_or(0)
}

fn host_bits_v6(prefix: Prefix) -> u128 {
    u128::MAX.checked_shr(u32::from(prefix.length())).unwrap_or(0)
}
