//! Where an instance speaks: interface, source address and channel (vrrp reference 2.9).

use crate::config::{InstanceConfig, Transport};
use crate::effect::{Channel, ChannelAddress};
use crate::event::EventKind;
use crate::instance::Instance;
use crate::links::Links;
use crate::network;
use crate::timers::Due;
use crate::world::World;
use keepalived_types::{Family, IfIndex, Instant};
use std::net::IpAddr;
use std::time::Duration;

/// The MTU assumed without an interface.
const DEFAULT_MTU: u32 = 1500;

/// A channel that failed is tried again after this long.
pub(crate) const RETRY_CHANNEL: Duration = Duration::from_secs(10);

/// A channel that failed before counts as open when it has held for this long.
pub(crate) const PROVE_CHANNEL: Duration = Duration::from_secs(1);

/// An interface with a source address on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The interface, when it exists.
    pub(crate) link: Option<IfIndex>,
    /// The address that adverts are sent from, when there is one.
    pub(crate) source: Option<IpAddr>,
    /// Where the sockets are.
    pub(crate) channel: Option<Channel>,
    /// How many of the virtual addresses fit an advert.
    pub(crate) advertised: usize,
}

/// Finds the place that the machine offers now.
pub(crate) fn resolve(config: &InstanceConfig, links: &Links) -> Place {
    let link = config.interface.as_ref().and_then(|name| links.index(name));
    let source = source(config, link, links);
    let mtu = link.and_then(|index| links.get(index)).map_or(DEFAULT_MTU, |link| link.mtu);
    Place {
        link,
        source,
        channel: channel(config, link, source),
        advertised: network::advertised(config, mtu),
    }
}

/// A configured source counts while it exists. IPv4 multicast uses it even when it does not, as upstream does,
/// unless `track_src_ip` asks for more; IPv6 and unicast could not send at all.
fn source(config: &InstanceConfig, link: Option<IfIndex>, links: &Links) -> Option<IpAddr> {
    let Some(configured) = config.configured_source() else {
        return links.first_source(link?, config.family);
    };
    let is_multicast = matches!(config.transport, Transport::Multicast { .. });
    let may_be_missing = is_multicast && config.family == Family::V4 && !config.track_source_address;
    (may_be_missing || links.has_source(link, configured)).then_some(configured)
}

fn channel(config: &InstanceConfig, link: Option<IfIndex>, source: Option<IpAddr>) -> Option<Channel> {
    let interface = match &config.interface {
        Some(name) => Some((link?, name.clone())),
        None => None,
    };
    let address = match &config.transport {
        Transport::Multicast { group, .. } => ChannelAddress::Group(*group),
        Transport::Unicast { .. } => ChannelAddress::Local(source?),
    };
    let vrf = config.vrf.clone().filter(|_| interface.is_none());
    Some(Channel { family: config.family, interface, vrf, address })
}

/// Moves the instance to a place it has been found: changes sockets and forgets the encoded advert.
pub(crate) fn settle(instance: &mut Instance, place: Place, world: &mut World, now: Instant) {
    let wants_channel = instance.channel.is_none() && instance.channel_failure.is_none();
    if place == instance.place && (!wants_channel || place.channel.is_none()) {
        return;
    }
    if place.channel != instance.place.channel {
        leave(instance, world, now);
    }
    if instance.place.source != place.source && instance.place.source.is_some() {
        instance.report(world, EventKind::SourceAddress(place.source));
    }
    let advertised = place.advertised;
    let surplus = instance.config.virtual_addresses.len().saturating_sub(advertised);
    if surplus > 0 && place.link.is_some() && advertised != instance.place.advertised {
        instance.report(world, EventKind::AddressesDoNotFit { advertised, surplus });
    }
    instance.output.advert = None;
    instance.place = place;
    if instance.channel.is_none() && instance.channel_failure.is_none() {
        join(instance, world, now);
    }
}

/// Takes part in the channel of its place, if there is one.
pub(crate) fn join(instance: &mut Instance, world: &mut World, now: Instant) {
    debug_assert!(instance.channel.is_none(), "who joins is not there yet");
    if let Some(channel) = instance.place.channel.clone() {
        let id = world.channels.join(channel, instance.config.vrid, instance.id, &mut world.effects);
        instance.channel = Some(id);
        world.listen_at_once(id, now);
    }
}

/// Gives the channel up.
pub(crate) fn leave(instance: &mut Instance, world: &mut World, now: Instant) {
    instance.channel_failure = None;
    if let Some(id) = instance.channel.take() {
        world.listen_at_once(id, now);
        world.channels.leave(id, instance.config.vrid, instance.id, &mut world.effects);
        if world.channels.users(id) == 0 {
            world.timers.cancel(Due::Listening(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ChecksumCompat, UnicastPeer};
    use keepalived_types::{InterfaceName, Vrid};

    fn address(text: &str) -> IpAddr {
        text.parse().expect("a literal address")
    }

    fn unicast(interface: Option<&str>, vrf: Option<&str>) -> InstanceConfig {
        let name = |name| InterfaceName::new(name).expect("a literal name");
        let mut config = InstanceConfig::new("VI", name("eth0"), Vrid::new(1).expect("not 0"), Family::V4);
        config.interface = interface.map(name);
        config.vrf = vrf.map(name);
        let peers = vec![UnicastPeer { address: address("192.0.2.2"), min_ttl: 0, max_ttl: 255 }];
        let source = Some(address("192.0.2.1"));
        let checksum = ChecksumCompat::Automatic;
        config.transport = Transport::Unicast { source, peers, check_source: false, ttl: None, checksum };
        config
    }

    #[test]
    fn unicast_without_an_interface_speaks_in_its_vrf() {
        let channel = |config: &InstanceConfig| channel(config, None, Some(address("192.0.2.1")));
        let anywhere = channel(&unicast(None, None)).expect("it needs no interface");
        assert_eq!((anywhere.interface, anywhere.vrf), (None, None));
        let blue = channel(&unicast(None, Some("blue"))).expect("it needs no interface");
        assert_eq!(blue.vrf.as_deref(), Some("blue"));
        assert_eq!(channel(&unicast(Some("eth0"), None)), None, "its interface is missing");
    }
}
