//! Which virtual addresses stand in adverts; which addresses, routes and rules belong on the machine.

use crate::config::{AddressConfig, Authentication, HmacMode, Hop, InstanceConfig, RouteConfig, RouteKind};
use crate::effect::{Effect, PlacedRoute, WantedNetwork};
use crate::event::{EventKind, NetworkPart};
use crate::instance::Instance;
use crate::links::Links;
use crate::world::World;
use keepalived_types::{Family, IfIndex, InterfaceName, Version};
use std::collections::HashSet;
use std::sync::Arc;

/// How many of the virtual addresses fit one advert; the others are treated as excluded ones.
///
/// Counts an Ethernet header although the MTU does not: both ends have to agree on the number, and the routers
/// beside us count it (vrrp reference 1.4).
pub(crate) fn advertised(config: &InstanceConfig, mtu: u32) -> usize {
    let ip = match config.family {
        Family::V4 => 20,
        Family::V6 => 40,
    };
    let password = if config.version == Version::V2 && config.family == Family::V4 { 8 } else { 0 };
    let header = if matches!(config.authentication, Authentication::Header(_)) { 24 } else { 0 };
    let signs = config.auth_hmac.as_ref().is_some_and(|hmac| hmac.mode != HmacMode::ReceiveOnly);
    let trailer = if signs { 28 } else { 0 };
    let room =
        usize::try_from(mtu).unwrap_or(usize::MAX).saturating_sub(14 + ip + 8 + password + header + trailer);
    (room / config.family.octets()).min(255).min(config.virtual_addresses.len())
}

/// All addresses of an instance, those in adverts first, each with the interface it belongs on; `None` where that
/// interface does not exist.
pub(crate) fn addresses<'a>(
    instance: &'a Instance,
    links: &'a Links,
) -> impl Iterator<Item = (Option<IfIndex>, &'a AddressConfig)> + 'a {
    let config = &instance.config;
    config.virtual_addresses.iter().chain(&config.excluded_addresses).map(move |address| {
        let index = match &address.interface {
            Some(name) => links.index(name),
            None => instance.place.link,
        };
        (index, address)
    })
}

/// What belongs on the machine while the instance is MASTER.
pub(crate) fn wanted(instance: &Instance, links: &Links) -> WantedNetwork {
    let placed = addresses(instance, links).filter_map(|(index, address)| Some((index?, address.clone())));
    let mut addresses: Vec<_> = placed.collect();
    // It is kept, and most instances have one address: there is no room for four by then.
    addresses.shrink_to_fit();
    let routes = place_all(&instance.config.virtual_routes, links);
    WantedNetwork { addresses, routes, rules: instance.config.virtual_rules.clone() }
}

/// The routes whose interfaces exist.
pub(crate) fn place_all(routes: &[RouteConfig], links: &Links) -> Vec<PlacedRoute> {
    let placed = routes.iter().filter_map(|route| {
        let (interfaces, table) = place(route, links)?;
        Some(PlacedRoute { route: route.clone(), interfaces, table })
    });
    placed.collect()
}

/// What the names in a route mean now: the interface of each way, and the table. `None` while one is missing.
fn place(route: &RouteConfig, links: &Links) -> Option<(Vec<Option<IfIndex>>, u32)> {
    let index = |hop: &Hop| match &hop.interface {
        Some(name) => links.index(name).map(Some),
        None => Some(None),
    };
    let table = match (route.table, &route.vrf) {
        (Some(table), _) => table,
        (None, Some(vrf)) => links.get(links.index(vrf)?)?.vrf_table?,
        (None, None) => RouteKind::TABLE_MAIN,
    };
    Some((route.hops().map(index).collect::<Option<_>>()?, table))
}

/// Asks for what belongs to the instance.
pub(crate) fn claim(instance: &mut Instance, world: &mut World) {
    debug_assert!(instance.place.source.is_some(), "who holds addresses can speak for them");
    let network = Arc::new(wanted(instance, &world.links));
    instance.output.network = Some(network.clone());
    world.effects.push_back(Effect::Want { instance: instance.id, network });
}

/// Asks for what belongs to the instance to go.
pub(crate) fn withdraw(instance: &mut Instance, world: &mut World) {
    instance.output.network = None;
    let network = Arc::new(WantedNetwork::default());
    world.effects.push_back(Effect::Want { instance: instance.id, network });
}

/// How what is wanted of a MASTER has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Not at all.
    Nothing,
    /// Something is no longer wanted, or is wanted otherwise; or a route or a rule is new.
    Less,
    /// An address is wanted that was not, or on another interface.
    More,
}

/// Compares what a MASTER should have with what was asked for: a reload or a new interface may have changed it.
pub(crate) fn change(instance: &Instance, links: &Links) -> Change {
    let nothing = WantedNetwork::default();
    let asked = instance.output.network.as_deref().unwrap_or(&nothing);
    let placed = || addresses(instance, links).filter_map(|(index, address)| Some((index?, address)));
    if placed().eq(asked.addresses.iter().map(|(index, address)| (*index, address))) {
        let is_same = instance.config.virtual_rules == asked.rules
            && are_placed(&asked.routes, &instance.config.virtual_routes, links);
        return if is_same { Change::Nothing } else { Change::Less };
    }
    let asked: HashSet<_> = asked.addresses.iter().map(|(index, address)| (*index, address)).collect();
    if placed().any(|address| !asked.contains(&address)) { Change::More } else { Change::Less }
}

/// Are these the routes that would be placed now?
fn are_placed(asked: &[PlacedRoute], routes: &[RouteConfig], links: &Links) -> bool {
    let placed = routes.iter().filter_map(|route| Some((place(route, links)?, route)));
    let asked = asked.iter().map(|placed| ((&placed.interfaces, placed.table), &placed.route));
    placed
        .zip(asked.clone())
        .all(|(((interfaces, table), route), asked)| asked == ((&interfaces, table), route))
        && routes.iter().filter(|route| place(route, links).is_some()).count() == asked.count()
}

/// Interfaces that the instance's addresses, routes and rules name: it depends on them, unless `no_track` is there.
pub(crate) fn named_interfaces(config: &InstanceConfig) -> impl Iterator<Item = &InterfaceName> {
    let addresses = config.virtual_addresses.iter().chain(&config.excluded_addresses);
    let of_addresses =
        addresses.filter(|address| !address.no_track).filter_map(|address| address.interface.as_ref());
    let routes = config.virtual_routes.iter().filter(|route| !route.no_track);
    let of_routes = routes.flat_map(RouteConfig::interfaces);
    let rules = config.virtual_rules.iter().filter(|rule| !rule.no_track);
    let of_rules = rules.flat_map(|rule| rule.selector.input.iter().chain(&rule.selector.output));
    of_addresses.chain(of_routes).chain(of_rules)
}

/// Every interface that routes name, those that are not tracked and VRFs included: routes follow it.
pub(crate) fn interfaces_of(routes: &[RouteConfig]) -> impl Iterator<Item = &InterfaceName> {
    routes.iter().flat_map(|route| route.interfaces().chain(&route.vrf))
}

/// Says what is being set.
pub(crate) fn report_set(instance: &Instance, world: &mut World) {
    for part in parts(instance) {
        instance.report(world, EventKind::Setting(part));
    }
}

/// Says what is being removed: rules and routes first, for they lean on the addresses.
pub(crate) fn report_removed(instance: &Instance, world: &mut World) {
    let (addresses, others): (Vec<_>, Vec<_>) = parts(instance)
        .partition(|part| matches!(part, NetworkPart::Addresses | NetworkPart::ExcludedAddresses));
    for part in others.into_iter().rev().chain(addresses) {
        instance.report(world, EventKind::Removing(part));
    }
}

/// What the instance has of each part, in the order in which it is set.
fn parts(instance: &Instance) -> impl Iterator<Item = NetworkPart> + use<> {
    let config = &instance.config;
    let parts = [
        (NetworkPart::Addresses, !config.virtual_addresses.is_empty()),
        (NetworkPart::ExcludedAddresses, !config.excluded_addresses.is_empty()),
        (NetworkPart::Routes, !config.virtual_routes.is_empty()),
        (NetworkPart::Rules, !config.virtual_rules.is_empty()),
    ];
    parts.into_iter().filter_map(|(part, any)| any.then_some(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{Prefix, Vrid};
    use std::net::{IpAddr, Ipv4Addr};

    fn instance(family: Family, count: u32) -> InstanceConfig {
        let interface = InterfaceName::new("eth0").expect("a literal name");
        let mut config = InstanceConfig::new("VI", interface, Vrid::new(1).expect("not 0"), family);
        config.virtual_addresses = (0..count)
            .map(|n| AddressConfig::plain(Prefix::host(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n)))))
            .collect();
        config
    }

    #[test]
    fn c17_of_400_addresses_255_are_advertised() {
        assert_eq!(advertised(&instance(Family::V4, 400), 1500), 255);
    }

    #[test]
    fn a_small_mtu_leaves_less_room() {
        assert_eq!(advertised(&instance(Family::V4, 400), 600), (600 - 50) / 4);
        assert_eq!(advertised(&instance(Family::V6, 400), 1500), (1500 - 62) / 16);
        assert_eq!(advertised(&instance(Family::V4, 3), 1500), 3);
        assert_eq!(advertised(&instance(Family::V4, 3), 10), 0);
    }
}
