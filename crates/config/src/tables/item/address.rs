//! Address lines: `virtual_ipaddress`, `virtual_ipaddress_excluded`, `static_ipaddress`.

use super::words::{Dropped, ItemLine};
use crate::context::Symbol;
use crate::draft::Interfaces;
use crate::keyword::{ItemWord, Status};
use crate::line::Word;
use crate::tables::row::word;
use crate::tables::scalar::{ANY_U32, unsigned};
use keepalived_types::{Family, Prefix};
use keepalived_vrrp::config::{AddressConfig, Broadcast, Lifetime};
use std::net::{IpAddr, Ipv4Addr};

/// Which list an address line stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// Of an instance.
    Virtual,
    /// `static_ipaddress`.
    Static,
}

const DEV: ItemWord =
    word(Status::Acted, "dev", "<interface>", "the instance's interface", "Where the address goes.");
const SCOPE: ItemWord = word(
    Status::Acted,
    "scope",
    "global|site|link|host|nowhere|<0-255>|<name of rt_scopes>",
    "global",
    "Scope of an IPv4 address.",
);
const BRD: ItemWord = word(
    Status::Acted,
    "brd",
    "<IPv4>|+|-",
    "none",
    "Broadcast address; `+` sets and `-` clears the host bits.",
);
const BROADCAST: ItemWord = word(Status::Acted, "broadcast", "<IPv4>|+|-", "none", "The same as brd.");
const LABEL: ItemWord =
    word(Status::Acted, "label", "<at most 15 characters>", "none", "Label of an IPv4 address.");
const PEER: ItemWord = word(
    Status::Acted,
    "peer",
    "<IP>",
    "none",
    "The other end of a point-to-point link; excludes brd and a prefix.",
);
const HOME: ItemWord = word(Status::Acted, "home", "", "off", "IPv6 mobility home address.");
const NODAD: ItemWord = word(
    Status::Acted,
    "-nodad",
    "",
    "no duplicate address detection",
    "Let the kernel look for duplicates of an IPv6 address before it is used.",
);
const MNGTMPADDR: ItemWord = word(
    Status::Acted,
    "mngtmpaddr",
    "",
    "off",
    "The kernel makes temporary addresses from this IPv6 address.",
);
const NOPREFIXROUTE: ItemWord =
    word(Status::Acted, "noprefixroute", "", "off", "Do not add the route of the prefix.");
const AUTOJOIN: ItemWord =
    word(Status::Acted, "autojoin", "", "off", "Join the multicast group at Ethernet level.");
const PREFERRED_LFT: ItemWord = word(
    Status::Acted,
    "preferred_lft",
    "forever|<seconds>",
    "0 for an IPv6 /128, else forever",
    "How long the address may be chosen as a source.",
);
const NO_TRACK: ItemWord =
    word(Status::Acted, "no_track", "", "off", "Do not mind when somebody else removes the address.");
const USE_VMAC: ItemWord =
    word(Status::Pending, "use_vmac", "", "off", "Put the address on a VMAC of its own on its interface.");
const TRACK_GROUP: ItemWord = word(
    Status::Acted,
    "track_group",
    "<track_group>",
    "none",
    "The instances of this group are in FAULT while the interface is down.",
);

/// The option words of an instance's addresses.
pub(crate) static VIRTUAL_WORDS: &[ItemWord] = &[
    DEV,
    SCOPE,
    BRD,
    BROADCAST,
    LABEL,
    PEER,
    HOME,
    NODAD,
    MNGTMPADDR,
    NOPREFIXROUTE,
    AUTOJOIN,
    PREFERRED_LFT,
    NO_TRACK,
    USE_VMAC,
];

/// The option words of static addresses.
pub(crate) static STATIC_WORDS: &[ItemWord] = &[
    DEV,
    SCOPE,
    BRD,
    BROADCAST,
    LABEL,
    PEER,
    HOME,
    NODAD,
    MNGTMPADDR,
    NOPREFIXROUTE,
    AUTOJOIN,
    PREFERRED_LFT,
    NO_TRACK,
    TRACK_GROUP,
];

/// What a line says before its parts are fitted together.
struct Parts<'w> {
    text: &'w str,
    address: AddressConfig,
    explicit_prefix: bool,
    broadcast: Option<Word<'w>>,
    peer: Option<Word<'w>>,
}

/// Reads one line. `None` when the line is dropped; the reason has been reported.
pub(crate) fn read(
    line: &mut ItemLine<'_, '_, '_>,
    list: List,
    interfaces: &mut Interfaces,
) -> Option<AddressConfig> {
    let first = line.args.next_word()?;
    let mut parts = start(first, line).ok()?;
    while let Some(option) = line.args.next_word() {
        apply(option, &mut parts, list, line, interfaces).ok()?;
    }
    finish(parts, line).ok()
}

/// The address and its prefix length.
fn start<'w>(first: Word<'w>, line: &mut ItemLine<'_, 'w, '_>) -> Result<Parts<'w>, Dropped> {
    let (text, length) = match first.text.split_once('/') {
        Some((text, length)) => (text, Some(length)),
        None => (first.text, None),
    };
    let Ok(address) = text.parse::<IpAddr>() else {
        return line.refuse(first, format!("VRRP parsed invalid IP {}. skipping IP...", first.text));
    };
    let bits = Family::of(address).bits();
    let length_word = Word { text: length.unwrap_or_default(), ..first };
    let prefix = match length {
        None => Prefix::host(address),
        Some(given) => match unsigned::<u8>(length_word, 0..=u64::from(bits), line.context) {
            Some(length) => Prefix::new(address, length).unwrap_or_else(|_| Prefix::host(address)),
            None => {
                let message =
                    format!("Invalid address prefix len {given} for address {} - using {bits}", first.text);
                line.complain(first, message);
                Prefix::host(address)
            }
        },
    };
    Ok(Parts {
        text: first.text,
        address: AddressConfig::plain(prefix),
        explicit_prefix: length.is_some(),
        broadcast: None,
        peer: None,
    })
}

/// One option word and its value.
fn apply<'w>(
    option: Word<'w>,
    parts: &mut Parts<'w>,
    list: List,
    line: &mut ItemLine<'_, 'w, '_>,
    interfaces: &mut Interfaces,
) -> Result<(), Dropped> {
    let is_v6 = parts.address.prefix.family() == Family::V6;
    let text = parts.text;
    match option.text {
        "dev" => device(option, parts, line, interfaces)?,
        "scope" => {
            let word = value(option, text, line)?;
            scope(word, parts, line);
        }
        "brd" | "broadcast" => {
            let word = value(option, text, line)?;
            if is_v6 {
                let message = format!(
                    "VRRP is trying to assign a broadcast {} to the IPv6 address {text} !!?? WTF... skipping VIP...",
                    option.text
                );
                return line.refuse(option, message);
            }
            parts.broadcast = Some(word);
        }
        "label" => {
            let word = value(option, text, line)?;
            label(word, parts, line)?;
        }
        "peer" => parts.peer = Some(value(option, text, line)?),
        "home" => parts.address.options.flags.home = true,
        "-nodad" => parts.address.options.flags.duplicate_detection = true,
        "mngtmpaddr" => parts.address.options.flags.mngtmpaddr = true,
        "noprefixroute" => parts.address.options.flags.noprefixroute = true,
        "autojoin" => parts.address.options.flags.autojoin = true,
        "no_track" => parts.address.no_track = true,
        "use_vmac" if list == List::Virtual => parts.address.use_vmac = true,
        "preferred_lft" => {
            let word = value(option, text, line)?;
            parts.address.options.preferred_lifetime = lifetime(word, line);
        }
        "track_group" if list == List::Static => {
            let word = value(option, text, line)?;
            parts.address.options.track_group = track_group(word, line);
        }
        other => {
            line.complain(option, format!("Unknown configuration entry '{other}' for ip address - ignoring"))
        }
    }
    Ok(())
}

/// The value of an option: without it the line is dropped.
fn value<'w>(option: Word<'w>, address: &str, line: &mut ItemLine<'_, 'w, '_>) -> Result<Word<'w>, Dropped> {
    if let Some(word) = line.args.next_word() {
        return Ok(word);
    }
    line.refuse(option, format!("No {} parameter specified for {address}", option.text))
}

/// `dev`.
fn device<'w>(
    option: Word<'w>,
    parts: &mut Parts<'w>,
    line: &mut ItemLine<'_, 'w, '_>,
    interfaces: &mut Interfaces,
) -> Result<(), Dropped> {
    let text = parts.text;
    let word = value(option, text, line)?;
    if parts.address.interface.is_some() {
        return line.refuse(word, format!("Cannot specify ipaddress device more than once for {text}"));
    }
    let complaint =
        |missing: &str| format!("WARNING - interface {missing} for ip address {text} doesn't exist");
    parts.address.interface = Some(interfaces.take(word, line.context, complaint).ok_or(Dropped)?);
    Ok(())
}

/// `scope`: a bad one is reported and left out.
fn scope(word: Word<'_>, parts: &mut Parts<'_>, line: &mut ItemLine<'_, '_, '_>) {
    match super::words::named_number(word.text, "rt_scopes", line.context) {
        Some(_) if parts.address.prefix.family() == Family::V6 => line.complain(
            word,
            format!("Cannot specify scope for IPv6 addresses ({}) - ignoring scope", parts.text),
        ),
        Some(scope) => parts.address.options.scope = Some(scope),
        None => line
            .complain(word, format!("Invalid scope '{}' specified for {} - ignoring", word.text, parts.text)),
    }
}

/// `label`: IPv4 only, at most 15 bytes.
fn label(word: Word<'_>, parts: &mut Parts<'_>, line: &mut ItemLine<'_, '_, '_>) -> Result<(), Dropped> {
    if parts.address.prefix.family() == Family::V6 {
        let message = format!("Cannot specify label for IPv6 addresses ({}) - ignoring label", parts.text);
        line.complain(word, message);
        return Ok(());
    }
    if word.text.len() > 15 {
        let message =
            format!("Address label {} is longer than maximum length 15 - removing address", word.text);
        return line.refuse(word, message);
    }
    parts.address.options.label = Some(word.text.to_owned());
    Ok(())
}

/// `preferred_lft`.
fn lifetime(word: Word<'_>, line: &mut ItemLine<'_, '_, '_>) -> Option<Lifetime> {
    if word.text == "forever" {
        return Some(Lifetime::Forever);
    }
    let seconds = unsigned(word, ANY_U32, line.context).map(Lifetime::Seconds);
    if seconds.is_none() {
        line.complain(word, format!("preferred_lft {} is invalid", word.text));
    }
    seconds
}

/// `track_group`, which has to be defined earlier.
pub(super) fn track_group(word: Word<'_>, line: &mut ItemLine<'_, '_, '_>) -> Option<String> {
    if line.context.symbols.refer(Symbol::TrackGroup, word.text).is_some() {
        return Some(word.text.to_owned());
    }
    line.complain(word, format!("track_group {} not found", word.text));
    None
}

/// Fits prefix, broadcast and peer together.
fn finish(mut parts: Parts<'_>, line: &mut ItemLine<'_, '_, '_>) -> Result<AddressConfig, Dropped> {
    // Both are judged before either drops the line, so that one run reports both.
    // Beside a peer the broadcast address is left out, so that the prefix need not have room for one.
    let has_peer = parts.peer.is_some_and(|word| word.text.parse::<IpAddr>().is_ok());
    let length = if has_peer { 0 } else { parts.address.prefix.length() };
    let broadcast = parts.broadcast.map(|word| (word, broadcast(word, length, line)));
    if let Some(word) = parts.peer {
        peer(word, &mut parts, line)?;
    }
    match broadcast {
        Some((_, Err(Dropped))) => return Err(Dropped),
        Some((word, Ok(_))) if parts.peer.is_some() => {
            line.complain(word, "Cannot specify broadcast and peer addresses - ignoring broadcast address");
        }
        Some((_, Ok(address))) => parts.address.options.broadcast = Some(address),
        None => {}
    }
    Ok(parts.address)
}

/// `peer`: its own prefix length is not allowed, and neither is the address's.
fn peer(word: Word<'_>, parts: &mut Parts<'_>, line: &mut ItemLine<'_, '_, '_>) -> Result<(), Dropped> {
    let Ok(address) = word.text.parse::<IpAddr>() else {
        line.complain(word, format!("VRRP parsed invalid IP {}. skipping IP...", word.text));
        return line.refuse(word, format!("Invalid peer address {}", word.text));
    };
    if Family::of(address) != parts.address.prefix.family() {
        return line.refuse(word, format!("Peer address {} does not match address family", word.text));
    }
    if parts.explicit_prefix {
        line.complain(word, "Cannot specify address prefix when specifying peer address - ignoring");
        parts.address.prefix = Prefix::host(parts.address.prefix.address());
    }
    parts.address.options.peer = Some(address);
    Ok(())
}

/// `brd`: an address, or all host bits set or clear.
fn broadcast(
    word: Word<'_>,
    prefix_length: u8,
    line: &mut ItemLine<'_, '_, '_>,
) -> Result<Broadcast, Dropped> {
    if matches!(word.text, "+" | "-") {
        if prefix_length > 30 {
            return line
                .refuse(word, format!("Address prefix length {prefix_length} too long for broadcast"));
        }
        return Ok(if word.text == "+" { Broadcast::HostBitsSet } else { Broadcast::HostBitsClear });
    }
    match word.text.parse::<Ipv4Addr>() {
        Ok(address) => Ok(Broadcast::Address(address)),
        Err(_) => {
            let message =
                format!("VRRP is trying to assign invalid broadcast {}. skipping VIP...", word.text);
            line.refuse(word, message)
        }
    }
}
