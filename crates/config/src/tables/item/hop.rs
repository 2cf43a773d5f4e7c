//! `nexthop` of a route: several ways that share the load.

use super::encapsulation;
use super::words::{Dropped, ItemLine, realms};
use crate::draft::Interfaces;
use crate::keyword::{ItemWord, Status};
use crate::line::Word;
use crate::tables::row::word;
use crate::tables::scalar::unsigned;
use keepalived_types::Family;
use keepalived_vrrp::config::{Hop, WeightedHop};
use std::net::IpAddr;

/// The words of one way.
pub(crate) const WORDS: [ItemWord; 7] = [
    word(Status::Acted, "nexthop via", "[inet|inet6] <IP>", "none", "Gateway of this way."),
    word(Status::Acted, "nexthop dev", "<interface>", "none", "Interface of this way."),
    word(Status::Acted, "nexthop weight", "<1-256>", "1", "Its share of the load."),
    word(Status::Acted, "nexthop onlink", "", "off", "The gateway is on the link whatever the prefixes say."),
    word(Status::Acted, "nexthop encap", "ip|ip6|mpls|ila ...", "none", "Encapsulation on this way."),
    word(Status::Acted, "nexthop realms", "<realm>[/<realm>]", "none", "Realms, IPv4 only."),
    word(Status::Inert, "nexthop as", "[to] <address>", "", "MPLS only; refused."),
];

/// Reads every `nexthop` to the end of the line; the first `nexthop` word itself is taken already. What is wrong
/// costs the rest of the line, as in the original.
pub(super) fn read_all(
    line: &mut ItemLine<'_, '_, '_>,
    family: &mut Option<Family>,
    interfaces: &mut Interfaces,
) -> Vec<WeightedHop> {
    let mut hops = Vec::new();
    loop {
        let Ok(hop) = read(line, family, interfaces) else { return hops };
        hops.push(hop);
        match line.args.next_word() {
            Some(word) if word.text == "nexthop" => {}
            Some(word) => {
                line.complain(word, format!("Route has trailing nonsense after nexthops - {}", word.text));
                return hops;
            }
            None => return hops,
        }
    }
}

/// One way, up to the next `nexthop` or a word that is no option of a way.
fn read(
    line: &mut ItemLine<'_, '_, '_>,
    family: &mut Option<Family>,
    interfaces: &mut Interfaces,
) -> Result<WeightedHop, Dropped> {
    let mut way = WeightedHop { hop: Hop::default(), weight: 1, realms: None };
    while let Some(option) = line.args.peek() {
        if !matches!(option.text, "via" | "dev" | "oif" | "weight" | "onlink" | "encap" | "realms" | "as") {
            break;
        }
        line.args.next_word();
        match option.text {
            "via" => way.hop.gateway = Some(gateway(option, family, line)?),
            "dev" | "oif" => way.hop.interface = Some(device(option, line, interfaces)?),
            "weight" => {
                let value = line.value(option)?;
                match unsigned(value, 0..=256, line.context) {
                    Some(weight) => way.weight = std::cmp::max(weight, 1),
                    None => {
                        line.refuse(value, format!("Invalid weight {} specified for route", value.text))?
                    }
                }
            }
            "onlink" => way.hop.on_link = true,
            "encap" => way.hop.encapsulation = Some(encapsulation::read(option, line)?),
            "realms" => {
                let value = line.value(option)?;
                match realms(value.text, line.context) {
                    Some(realms) => way.realms = Some(realms),
                    None => line.refuse(value, format!("Invalid realms {} for route", value.text))?,
                }
            }
            _ => return line.refuse(option, "'as [to]' (nat) not supported"),
        }
    }
    Ok(way)
}

/// `via [inet|inet6] IP`.
fn gateway<'w>(
    option: Word<'w>,
    family: &mut Option<Family>,
    line: &mut ItemLine<'_, 'w, '_>,
) -> Result<IpAddr, Dropped> {
    let mut value = line.value(option)?;
    let explicit = matches!(value.text, "inet" | "inet6");
    if explicit {
        value = line.value(value)?;
    }
    let Ok(address) = value.text.parse::<IpAddr>() else {
        line.complain(value, format!("VRRP parsed invalid IP {}. skipping IP...", value.text));
        return line.refuse(value, format!("invalid nexthop address {}", value.text));
    };
    if *family.get_or_insert(Family::of(address)) != Family::of(address) {
        return line.refuse(value, "Address family mismatch for next hop");
    }
    Ok(address)
}

/// `dev`.
pub(super) fn device<'w>(
    option: Word<'w>,
    line: &mut ItemLine<'_, 'w, '_>,
    interfaces: &mut Interfaces,
) -> Result<keepalived_types::InterfaceName, Dropped> {
    let value = line.value(option)?;
    let complaint = |missing: &str| format!("WARNING - interface {missing} for VROUTE nexthop doesn't exist");
    interfaces.take(value, line.context, complaint).ok_or(Dropped)
}
