//! Policy rules: as the kernel reports them, and as we ask for them (linux/fib_rules.h).

use super::address::{family_number, put_address};
use super::batch::{Done, NetlinkError, Operation};
use super::decode::{Attribute, Attributes, Message, u16_at, u32_at};
use super::encode::{CREATE, EXCLUSIVE, Encoder};
use super::route::PROTOCOL_KEEPALIVED;
use keepalived_types::{Family, Prefix};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

/// struct fib_rule_hdr.
const BODY: usize = 12;
/// FIB_RULE_INVERT.
const INVERT: u32 = 2;
/// FR_ACT_TO_TBL.
const TO_TABLE: u8 = 1;
/// FR_ACT_GOTO.
const GO_TO: u8 = 2;
/// FRA_SUPPRESS_PREFIXLEN and FRA_SUPPRESS_IFGROUP that suppress nothing.
const NOTHING: u32 = u32::MAX;

/// `FRA_*` of linux/fib_rules.h.
mod attribute {
    pub(super) const DST: u16 = 1;
    pub(super) const SRC: u16 = 2;
    pub(super) const IIFNAME: u16 = 3;
    pub(super) const GOTO: u16 = 4;
    pub(super) const PRIORITY: u16 = 6;
    pub(super) const FWMARK: u16 = 10;
    pub(super) const FLOW: u16 = 11;
    pub(super) const TUN_ID: u16 = 12;
    pub(super) const SUPPRESS_IFGROUP: u16 = 13;
    pub(super) const SUPPRESS_PREFIXLEN: u16 = 14;
    pub(super) const TABLE: u16 = 15;
    pub(super) const FWMASK: u16 = 16;
    pub(super) const OIFNAME: u16 = 17;
    pub(super) const L3MDEV: u16 = 19;
    pub(super) const UID_RANGE: u16 = 20;
    pub(super) const PROTOCOL: u16 = 21;
    pub(super) const IP_PROTO: u16 = 22;
    pub(super) const SPORT_RANGE: u16 = 23;
    pub(super) const DPORT_RANGE: u16 = 24;
}

/// A policy rule. All of it tells it apart from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// IPv4 or IPv6.
    pub family: Family,
    /// Lower ones are looked at first.
    pub priority: u32,
    /// What a matching packet meets.
    pub verdict: RuleVerdict,
    /// The selectors are inverted.
    pub inverted: bool,
    /// Source addresses; `None` for all.
    pub source: Option<Prefix>,
    /// Destination addresses; `None` for all.
    pub destination: Option<Prefix>,
    /// Type of service; 0 for any.
    pub tos: u8,
    /// Firewall mark and its mask.
    pub fwmark: Option<(u32, u32)>,
    /// Name of the input interface, which need not exist.
    pub input: Option<String>,
    /// Name of the output interface, which need not exist.
    pub output: Option<String>,
    /// Tunnel id.
    pub tunnel_id: Option<u64>,
    /// Users whose packets match.
    pub uids: Option<RangeInclusive<u32>>,
    /// IP protocol.
    pub ip_protocol: Option<u8>,
    /// Source ports.
    pub source_ports: Option<RangeInclusive<u16>>,
    /// Destination ports.
    pub destination_ports: Option<RangeInclusive<u16>>,
    /// Realms, `from << 16 | to`; IPv4 only.
    pub realms: Option<u32>,
    /// Routes with a prefix no longer than this do not count.
    pub suppress_prefix_length: Option<u32>,
    /// Routes out of interfaces of this group do not count.
    pub suppress_interface_group: Option<u32>,
    /// Who made it (`RTPROT_*`).
    pub protocol: u8,
}

/// What a matching packet meets (FR_ACT_*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleVerdict {
    /// This routing table.
    Table(u32),
    /// The table of the packet's VRF.
    L3mdev,
    /// The rule with this priority.
    Goto(u32),
    /// Any other action by its number: nop is 3, blackhole 6, unreachable 7, prohibit 8.
    Other(u8),
}

impl Rule {
    /// A rule made by keepalived that selects everything.
    #[must_use]
    pub const fn new(family: Family, priority: u32, verdict: RuleVerdict) -> Self {
        Self {
            family,
            priority,
            verdict,
            inverted: false,
            source: None,
            destination: None,
            tos: 0,
            fwmark: None,
            input: None,
            output: None,
            tunnel_id: None,
            uids: None,
            ip_protocol: None,
            source_ports: None,
            destination_ports: None,
            realms: None,
            suppress_prefix_length: None,
            suppress_interface_group: None,
            protocol: PROTOCOL_KEEPALIVED,
        }
    }
}

/// One step of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleOp {
    /// Add it. One that is there already, just so, is left as it is.
    Add(Rule),
    /// Remove it.
    Remove(Rule),
}

impl Operation for RuleOp {
    /// As with addresses, some 1.5 ms before timers get their turn again.
    const CHUNK: usize = 32;

    fn encode(&self, sequence: u32, to: &mut Encoder) {
        let (kind, flags, rule) = match self {
            Self::Add(rule) => (libc::RTM_NEWRULE, CREATE | EXCLUSIVE, rule),
            Self::Remove(rule) => (libc::RTM_DELRULE, 0, rule),
        };
        to.begin(kind, flags, sequence, &rule.header());
        rule.encode(to);
    }

    fn outcome(&self, errno: i32, message: Option<String>) -> Result<Done, NetlinkError> {
        match (errno, self) {
            (0, _) => Ok(Done::Done),
            (libc::EEXIST, Self::Add(_)) => Ok(Done::Already),
            (libc::ENOENT, Self::Remove(_)) => Ok(Done::Gone),
            _ => Err(NetlinkError { errno, message }),
        }
    }
}

impl Rule {
    fn header(&self) -> [u8; BODY] {
        let mut body = [0; BODY];
        body[0] = u8::try_from(family_number(self.family)).unwrap_or(0);
        body[1] = self.destination.map_or(0, |destination| destination.length());
        body[2] = self.source.map_or(0, |source| source.length());
        body[3] = self.tos;
        body[7] = match self.verdict {
            RuleVerdict::Table(table) => {
                // Greater ones stand in FRA_TABLE only.
                body[4] = u8::try_from(table).unwrap_or(0);
                TO_TABLE
            }
            RuleVerdict::L3mdev => TO_TABLE,
            RuleVerdict::Goto(_) => GO_TO,
            RuleVerdict::Other(action) => action,
        };
        let flags = if self.inverted { INVERT } else { 0 };
        body[8..].copy_from_slice(&flags.to_ne_bytes());
        body
    }

    fn encode(&self, to: &mut Encoder) {
        let number = |to: &mut Encoder, kind, value: Option<u32>| {
            if let Some(value) = value {
                to.attribute(kind, &value.to_ne_bytes());
            }
        };
        to.attribute(attribute::PRIORITY, &self.priority.to_ne_bytes());
        for (kind, prefix) in [(attribute::DST, self.destination), (attribute::SRC, self.source)] {
            if let Some(prefix) = prefix {
                put_address(to, kind, prefix.address());
            }
        }
        for (kind, name) in [(attribute::IIFNAME, &self.input), (attribute::OIFNAME, &self.output)] {
            if let Some(name) = name {
                to.attribute(kind, &[name.as_bytes(), b"\0"].concat());
            }
        }
        match self.verdict {
            RuleVerdict::Table(table) => to.attribute(attribute::TABLE, &table.to_ne_bytes()),
            RuleVerdict::L3mdev => to.attribute(attribute::L3MDEV, &[1]),
            RuleVerdict::Goto(target) => to.attribute(attribute::GOTO, &target.to_ne_bytes()),
            RuleVerdict::Other(_) => {}
        }
        number(to, attribute::FWMARK, self.fwmark.map(|(mark, _)| mark));
        number(to, attribute::FWMASK, self.fwmark.map(|(_, mask)| mask));
        number(to, attribute::FLOW, self.realms);
        number(to, attribute::SUPPRESS_PREFIXLEN, self.suppress_prefix_length);
        number(to, attribute::SUPPRESS_IFGROUP, self.suppress_interface_group);
        self.encode_more_selectors(to);
        to.attribute(attribute::PROTOCOL, &[self.protocol]);
    }

    fn encode_more_selectors(&self, to: &mut Encoder) {
        if let Some(id) = self.tunnel_id {
            to.attribute(attribute::TUN_ID, &id.to_be_bytes());
        }
        if let Some(uids) = &self.uids {
            let range = [uids.start().to_ne_bytes(), uids.end().to_ne_bytes()].concat();
            to.attribute(attribute::UID_RANGE, &range);
        }
        if let Some(protocol) = self.ip_protocol {
            to.attribute(attribute::IP_PROTO, &[protocol]);
        }
        let ranges =
            [(attribute::SPORT_RANGE, &self.source_ports), (attribute::DPORT_RANGE, &self.destination_ports)];
        for (kind, ports) in ranges {
            if let Some(ports) = ports {
                to.attribute(kind, &[ports.start().to_ne_bytes(), ports.end().to_ne_bytes()].concat());
            }
        }
    }
}

/// Every rule of a family.
pub(super) fn ask_for_rules(family: Family) -> impl Fn(u16, u32, &mut Encoder) {
    move |flags, sequence, to| {
        let mut body = [0; BODY];
        body[0] = u8::try_from(family_number(family)).unwrap_or(0);
        to.begin(libc::RTM_GETRULE, flags, sequence, &body);
    }
}

/// Reads RTM_NEWRULE or RTM_DELRULE. `None` for families other than IPv4 and IPv6.
pub(super) fn decode(message: Message<'_>) -> Option<Rule> {
    let payload = message.payload;
    let [family, destination_length, source_length, tos, table, _, _, action] =
        *payload.first_chunk::<8>()?;
    let (family, any): (Family, IpAddr) = match i32::from(family) {
        libc::AF_INET => (Family::V4, Ipv4Addr::UNSPECIFIED.into()),
        libc::AF_INET6 => (Family::V6, Ipv6Addr::UNSPECIFIED.into()),
        _ => return None,
    };
    let mut rule = Rule::new(family, 0, RuleVerdict::Other(action));
    rule.tos = tos;
    rule.protocol = 0;
    rule.inverted = u32_at(payload, 8)? & INVERT != 0;
    let mut parts = Parts { table: u32::from(table), target: 0, is_l3mdev: false, mark: None, mask: None };
    let (mut source, mut destination) = (any, any);
    for attribute in Attributes(payload.get(BODY..)?) {
        match attribute.kind {
            attribute::DST => destination = attribute.address()?,
            attribute::SRC => source = attribute.address()?,
            _ => take(attribute, &mut rule, &mut parts),
        }
    }
    let prefix = |address, length| Prefix::new(address, length).ok().filter(|prefix| prefix.length() > 0);
    rule.source = prefix(source, source_length);
    rule.destination = prefix(destination, destination_length);
    rule.fwmark = match (parts.mark, parts.mask) {
        (None, None | Some(0)) => None,
        (mark, mask) => Some((mark.unwrap_or(0), mask.unwrap_or(u32::MAX))),
    };
    rule.verdict = match action {
        TO_TABLE if parts.is_l3mdev => RuleVerdict::L3mdev,
        TO_TABLE => RuleVerdict::Table(parts.table),
        GO_TO => RuleVerdict::Goto(parts.target),
        other => RuleVerdict::Other(other),
    };
    Some(rule)
}

/// What is fitted together when all attributes are known.
struct Parts {
    table: u32,
    target: u32,
    is_l3mdev: bool,
    mark: Option<u32>,
    mask: Option<u32>,
}

fn take(attribute: Attribute<'_>, rule: &mut Rule, parts: &mut Parts) {
    let ports = || Some(u16_at(attribute.value, 0)?..=u16_at(attribute.value, 2)?);
    match attribute.kind {
        attribute::PRIORITY => rule.priority = attribute.u32().unwrap_or(0),
        attribute::IIFNAME => rule.input = attribute.text(),
        attribute::OIFNAME => rule.output = attribute.text(),
        attribute::GOTO => parts.target = attribute.u32().unwrap_or(0),
        attribute::FWMARK => parts.mark = attribute.u32().filter(|mark| *mark != 0),
        attribute::FWMASK => parts.mask = attribute.u32(),
        attribute::FLOW => rule.realms = attribute.u32().filter(|realms| *realms != 0),
        attribute::TUN_ID => {
            let id = attribute.value.first_chunk().copied().map(u64::from_be_bytes);
            rule.tunnel_id = id.filter(|id| *id != 0);
        }
        attribute::SUPPRESS_IFGROUP => {
            rule.suppress_interface_group = attribute.u32().filter(|group| *group != NOTHING);
        }
        attribute::SUPPRESS_PREFIXLEN => {
            rule.suppress_prefix_length = attribute.u32().filter(|length| *length != NOTHING);
        }
        attribute::TABLE => parts.table = attribute.u32().unwrap_or(parts.table),
        attribute::L3MDEV => parts.is_l3mdev = attribute.u8() == Some(1),
        attribute::UID_RANGE => {
            let end = u32_at(attribute.value, 4);
            rule.uids = attribute.u32().zip(end).map(|(start, end)| start..=end);
        }
        attribute::PROTOCOL => rule.protocol = attribute.u8().unwrap_or(0),
        attribute::IP_PROTO => rule.ip_protocol = attribute.u8().filter(|protocol| *protocol != 0),
        attribute::SPORT_RANGE => rule.source_ports = ports(),
        attribute::DPORT_RANGE => rule.destination_ports = ports(),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
