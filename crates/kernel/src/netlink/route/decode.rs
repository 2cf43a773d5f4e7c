//! Reading route messages.

use super::super::address::family_number;
use super::super::decode::{Attribute, Attributes, Message, u16_at, u32_at};
use super::super::encode::Encoder;
use super::{BODY, PROTOCOL_KEEPALIVED, Route, RouteHop};
use keepalived_types::{Family, IfIndex, Prefix};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// RTM_F_CLONED: an entry of a cache, not of a table.
const CLONED: u32 = 0x200;
/// struct rtnexthop.
const NEXT_HOP: usize = 8;

/// Every route of a family that carries our mark: the kernel leaves out the others where it can (since 5.0).
pub(crate) fn ask_for_routes(family: Family) -> impl Fn(u16, u32, &mut Encoder) {
    move |flags, sequence, to| {
        let mut body = [0; BODY];
        body[0] = u8::try_from(family_number(family)).unwrap_or(0);
        body[5] = PROTOCOL_KEEPALIVED;
        to.begin(libc::RTM_GETROUTE, flags, sequence, &body);
    }
}

/// Reads RTM_NEWROUTE or RTM_DELROUTE. `None` for families other than IPv4 and IPv6, and for cache entries.
pub(crate) fn decode(message: Message<'_>) -> Option<Route> {
    let payload = message.payload;
    let [family, destination_length, source_length, tos, table, protocol, scope, kind] =
        *payload.first_chunk::<8>()?;
    let flags = u32_at(payload, 8)?;
    if flags & CLONED != 0 {
        return None;
    }
    let any: IpAddr = match i32::from(family) {
        libc::AF_INET => Ipv4Addr::UNSPECIFIED.into(),
        libc::AF_INET6 => Ipv6Addr::UNSPECIFIED.into(),
        _ => return None,
    };
    let (mut destination, mut source) = (any, any);
    let mut hop = RouteHop { on_link: flags & 4 != 0, weight: 1, ..RouteHop::default() };
    let mut route = Route::new(Prefix::new(any, 0).ok()?);
    (route.tos, route.table, route.protocol) = (tos, u32::from(table), protocol);
    (route.scope, route.kind) = (scope, kind);
    for attribute in Attributes(payload.get(BODY..)?) {
        match attribute.kind {
            libc::RTA_DST => destination = attribute.address()?,
            libc::RTA_SRC => source = attribute.address()?,
            libc::RTA_OIF => hop.index = attribute.u32().and_then(IfIndex::new),
            libc::RTA_PRIORITY => route.metric = attribute.u32(),
            libc::RTA_PREFSRC => route.preferred_source = attribute.address(),
            libc::RTA_TABLE => route.table = attribute.u32().unwrap_or(route.table),
            libc::RTA_MULTIPATH => route.hops = NextHops(attribute.value).collect(),
            _ => gateway(attribute, &mut hop),
        }
    }
    route.destination = Prefix::new(destination, destination_length).ok()?;
    route.source = Some(Prefix::new(source, source_length).ok()?).filter(|source| source.length() > 0);
    if route.hops.is_empty() && (hop.gateway.is_some() || hop.index.is_some()) {
        route.hops.push(hop);
    }
    Some(route)
}

fn gateway(attribute: Attribute<'_>, hop: &mut RouteHop) {
    /// RTA_VIA.
    const VIA: u16 = 18;
    match attribute.kind {
        libc::RTA_GATEWAY => hop.gateway = attribute.address(),
        VIA => {
            let address = attribute.value.get(2..).map(|value| Attribute { kind: VIA, value });
            hop.gateway = address.and_then(|address| address.address());
        }
        _ => {}
    }
}

/// The ways of RTA_MULTIPATH; ends at the first one that is not whole.
struct NextHops<'a>(&'a [u8]);

impl Iterator for NextHops<'_> {
    type Item = RouteHop;

    fn next(&mut self) -> Option<RouteHop> {
        let length = usize::from(u16_at(self.0, 0)?);
        let record = self.0.get(..length)?;
        let [_, _, flags, weight] = *record.first_chunk::<4>()?;
        let mut hop = RouteHop {
            gateway: None,
            index: u32_at(record, 4).and_then(IfIndex::new),
            on_link: flags & 4 != 0,
            weight: u16::from(weight) + 1,
        };
        for attribute in Attributes(record.get(NEXT_HOP..)?) {
            gateway(attribute, &mut hop);
        }
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(hop)
    }
}
