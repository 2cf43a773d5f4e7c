//! `encap` of a route: lightweight tunnels.

use super::words::{Dropped, ItemLine, named_number};
use crate::keyword::{ItemWord, Status};
use crate::line::Word;
use crate::tables::row::word;
use crate::tables::scalar::unsigned;
use keepalived_vrrp::config::{Encapsulation, Ipv4Tunnel, Ipv6Tunnel};

/// The kinds of tunnel.
pub(crate) const WORDS: [ItemWord; 4] = [
    word(
        Status::Acted,
        "encap ip",
        "[id <64-bit number>] [dst <IPv4>] [src <IPv4>] [tos <dsfield>] [ttl <0-255>] [flags <0-65535>]",
        "",
        "An IPv4 tunnel; needs dst or id.",
    ),
    word(
        Status::Acted,
        "encap ip6",
        "[id <64-bit number>] [dst <IPv6>] [src <IPv6>] [tc <dsfield>] [hoplimit <0-255>] [flags <0-65535>]",
        "",
        "An IPv6 tunnel; needs dst or id.",
    ),
    word(
        Status::Acted,
        "encap mpls",
        "<label>[/<label>...]",
        "",
        "A stack of MPLS labels, each up to 1048575.",
    ),
    word(Status::Acted, "encap ila", "<x:x:x:x>", "", "An ILA locator of four hexadecimal groups."),
];

/// What follows `encap`.
///
/// # Errors
/// When the route cannot be used; the reason has been reported.
pub(super) fn read<'w>(keyword: Word<'w>, line: &mut ItemLine<'_, 'w, '_>) -> Result<Encapsulation, Dropped> {
    let kind = line.value(keyword)?;
    match kind.text {
        "ip" => ipv4(kind, line),
        "ip6" => ipv6(kind, line),
        "mpls" => mpls(kind, line),
        "ila" => ila(kind, line),
        other => line.refuse(kind, format!("Unknown encap type - {other}")),
    }
}

/// `ip` with its options; the first word that is none of them belongs to the route again.
fn ipv4<'w>(kind: Word<'w>, line: &mut ItemLine<'_, 'w, '_>) -> Result<Encapsulation, Dropped> {
    let mut tunnel = Ipv4Tunnel::default();
    while let Some(option) = line.args.peek() {
        if !matches!(option.text, "id" | "dst" | "remote" | "src" | "local" | "tos" | "ttl" | "flags") {
            break;
        }
        line.args.next_word();
        let value = line.value(option)?;
        match option.text {
            "id" => tunnel.id = Some(id(value, line)?),
            "dst" | "remote" => tunnel.destination = Some(address(option, value, "ip", line)?),
            "src" | "local" => tunnel.source = Some(address(option, value, "ip", line)?),
            "tos" => tunnel.tos = Some(dsfield(option, value, "ip", line)?),
            "ttl" => tunnel.ttl = Some(number(option, value, 255, "ip", line)?),
            _ => tunnel.flags = Some(number(option, value, 65535, "ip", line)?),
        }
    }
    if tunnel.destination.is_none() && tunnel.id.is_none() {
        return line.refuse(kind, "address or id missing for ip encapsulation");
    }
    Ok(Encapsulation::Ip(tunnel))
}

/// `ip6` with its options.
fn ipv6<'w>(kind: Word<'w>, line: &mut ItemLine<'_, 'w, '_>) -> Result<Encapsulation, Dropped> {
    let mut tunnel = Ipv6Tunnel::default();
    while let Some(option) = line.args.peek() {
        if !matches!(option.text, "id" | "dst" | "remote" | "src" | "local" | "tc" | "hoplimit" | "flags") {
            break;
        }
        line.args.next_word();
        let value = line.value(option)?;
        match option.text {
            "id" => tunnel.id = Some(id(value, line)?),
            "dst" | "remote" => tunnel.destination = Some(address(option, value, "ip6", line)?),
            "src" | "local" => tunnel.source = Some(address(option, value, "ip6", line)?),
            "tc" => tunnel.traffic_class = Some(dsfield(option, value, "ip6", line)?),
            "hoplimit" => tunnel.hop_limit = Some(number(option, value, 255, "ip6", line)?),
            _ => tunnel.flags = Some(number(option, value, 65535, "ip6", line)?),
        }
    }
    if tunnel.destination.is_none() && tunnel.id.is_none() {
        return line.refuse(kind, "address or id missing for ip6 encapsulation");
    }
    Ok(Encapsulation::Ip6(tunnel))
}

fn id(value: Word<'_>, line: &mut ItemLine<'_, '_, '_>) -> Result<u64, Dropped> {
    match super::words::plain_number(value.text) {
        Some(number) => Ok(number),
        None => {
            line.complain(value, format!("invalid number '{}'", value.text));
            line.refuse(value, format!("encap id {} value is invalid", value.text))
        }
    }
}

fn address<A: std::str::FromStr>(
    option: Word<'_>,
    value: Word<'_>,
    kind: &str,
    line: &mut ItemLine<'_, '_, '_>,
) -> Result<A, Dropped> {
    match value.text.parse() {
        Ok(address) => Ok(address),
        Err(_) => line
            .refuse(value, format!("{} {} is not valid for {kind} encapsulation", option.text, value.text)),
    }
}

fn number<T: TryFrom<u64>>(
    option: Word<'_>,
    value: Word<'_>,
    limit: u64,
    kind: &str,
    line: &mut ItemLine<'_, '_, '_>,
) -> Result<T, Dropped> {
    match unsigned(value, 0..=limit, line.context) {
        Some(number) => Ok(number),
        None => line
            .refuse(value, format!("{} {} is not valid for {kind} encapsulation", option.text, value.text)),
    }
}

fn dsfield(
    option: Word<'_>,
    value: Word<'_>,
    kind: &str,
    line: &mut ItemLine<'_, '_, '_>,
) -> Result<u8, Dropped> {
    match named_number(value.text, "rt_dsfield", line.context) {
        Some(field) => Ok(field),
        None => line
            .refuse(value, format!("{} {} is not valid for {kind} encapsulation", option.text, value.text)),
    }
}

/// Labels, outermost first.
fn mpls<'w>(kind: Word<'w>, line: &mut ItemLine<'_, 'w, '_>) -> Result<Encapsulation, Dropped> {
    let value = line.value(kind)?;
    let label = |text: &str| text.parse::<u32>().ok().filter(|label| *label <= 1_048_575);
    match value.text.split('/').map(label).collect() {
        Some(labels) => Ok(Encapsulation::Mpls(labels)),
        None => line.refuse(value, format!("invalid mpls address {} for encapsulation", value.text)),
    }
}

/// Four hexadecimal groups.
fn ila<'w>(kind: Word<'w>, line: &mut ItemLine<'_, 'w, '_>) -> Result<Encapsulation, Dropped> {
    let value = line.value(kind)?;
    let groups: Option<Vec<u16>> =
        value.text.split(':').map(|group| u16::from_str_radix(group, 16).ok()).collect();
    match groups.as_deref() {
        Some(&[a, b, c, d]) => {
            let locator = [a, b, c, d].into_iter().fold(0, |sum, group| sum << 16 | u64::from(group));
            Ok(Encapsulation::Ila(locator))
        }
        _ => line.refuse(value, format!("invalid locator {} for ila encapsulation", value.text)),
    }
}
