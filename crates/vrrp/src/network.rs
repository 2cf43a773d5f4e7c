//! Which virtual addresses stand in adverts, and which belong on the machine.

use crate::config::{AddressConfig, Authentication, HmacMode, InstanceConfig, RouteConfig};
use crate::effect::{Effect, WantedNetwork};
use crate::event::EventKind;
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
    WantedNetwork { addresses }
}

/// Asks for the instance's addresses.
pub(crate) fn claim(instance: &mut Instance, world: &mut World) {
    debug_assert!(instance.place.source.is_some(), "who holds addresses can speak for them");
    let network = Arc::new(wanted(instance, &world.links));
    instance.output.network = Some(network.clone());
    world.effects.push_back(Effect::Want { instance: instance.id, network });
}

/// Asks for the instance's addresses to go.
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
    /// Something is no longer wanted, or is wanted otherwise.
    Less,
    /// An address is wanted that was not, or on another interface.
    More,
}

/// Compares what a MASTER should have with what was asked for: a reload or a new interface may have changed it.
pub(crate) fn change(instance: &Instance, links: &Links) -> Change {
    let asked = instance.output.network.as_ref().map_or(&[][..], |network| &network.addresses);
    let placed = || addresses(instance, links).filter_map(|(index, address)| Some((index?, address)));
    if placed().eq(asked.iter().map(|(index, address)| (*index, address))) {
        return Change::Nothing;
    }
    let asked: HashSet<_> = asked.iter().map(|(index, address)| (*index, address)).collect();
    if placed().any(|address| !asked.contains(&address)) { Change::More } else { Change::Less }
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

/// Says that addresses are being set.
pub(crate) fn report_set(instance: &Instance, world: &mut World) {
    for excluded in kinds(instance) {
        instance.report(world, EventKind::SettingAddresses { excluded });
    }
}

/// Says that addresses are being removed.
pub(crate) fn report_removed(instance: &Instance, world: &mut World) {
    for excluded in kinds(instance) {
        instance.report(world, EventKind::RemovingAddresses { excluded });
    }
}

/// `false` for the advertised addresses, `true` for excluded ones, where there are any.
fn kinds(instance: &Instance) -> impl Iterator<Item = bool> + use<> {
    let has_any =
        [!instance.config.virtual_addresses.is_empty(), !instance.config.excluded_addresses.is_empty()];
    [false, true].into_iter().zip(has_any).filter_map(|(excluded, any)| any.then_some(excluded))
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
