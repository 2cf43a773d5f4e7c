//! Adverts as bytes: encoded once when something in them changes, not each time they are sent.

use crate::config::{Authentication, ChecksumCompat, InstanceConfig, Transport};
use crate::effect::{Effect, EncodedAdvert};
use crate::instance::Instance;
use crate::world::World;
use keepalived_types::{Centis, Family, Priority, Version};
use keepalived_wire::checksum::{Coverage, PseudoHeader};
use keepalived_wire::ipv4::next_identification;
use keepalived_wire::vrrp::v2::{self, AdvertisementV2, AuthType};
use keepalived_wire::vrrp::v3::{AdvertisementV3, ChecksumStyle};
use keepalived_wire::vrrp::{self, AddressList, Advertisement, AuthData};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

/// Sends one advert with the effective priority. `false` when there is nowhere to send from.
pub(crate) fn send_advert(instance: &mut Instance, world: &mut World) -> bool {
    if instance.output.advert.is_none() {
        instance.output.advert = encode(instance, instance.priority).map(Arc::new);
    }
    let advert = instance.output.advert.clone();
    let sent = send(instance, advert, world);
    instance.traffic.adverts_sent += u64::from(sent);
    sent
}

/// Sends one advert with priority 0: the master gives up its role (RFC 9568 §6.4.3). `false` as above.
pub(crate) fn send_release(instance: &mut Instance, world: &mut World) -> bool {
    let advert = encode(instance, Priority::RELEASE).map(Arc::new);
    let sent = send(instance, advert, world);
    instance.traffic.adverts_sent += u64::from(sent);
    if sent {
        instance.counters.releases_sent += 1;
    }
    sent
}

fn send(instance: &mut Instance, advert: Option<Arc<EncodedAdvert>>, world: &mut World) -> bool {
    let (Some(channel), Some(advert)) = (instance.channel, advert) else {
        return false;
    };
    let identification = next_identification(instance.output.identification);
    instance.output.identification = identification;
    world.effects.push_back(Effect::SendAdvert { instance: instance.id, channel, advert, identification });
    true
}

/// The advert of an instance at this priority; `None` without a source address.
fn encode(instance: &Instance, priority: Priority) -> Option<EncodedAdvert> {
    let config = &instance.config;
    let source = instance.place.source?;
    let message = message(config, priority, instance.place.advertised);
    let hop_limit = hop_limit(&config.transport);
    let packet = |destination: IpAddr, checksum: ChecksumStyle| {
        let ends = PseudoHeader::new(source, destination)?;
        let coverage = match &message {
            Advertisement::V2(_) => v2::coverage(ends),
            Advertisement::V3(_) => checksum.coverage(ends, vrrp::GROUP_V4),
        };
        Some((destination, packet(&message, ends, hop_limit, coverage)))
    };
    let packets: Option<Vec<_>> = match &config.transport {
        Transport::Multicast { group, .. } => Some(vec![packet(*group, style(instance, *group))?]),
        Transport::Unicast { peers, .. } => {
            peers.iter().map(|peer| packet(peer.address, style(instance, peer.address))).collect()
        }
    };
    Some(EncodedAdvert { source, packets: packets?, hop_limit })
}

fn packet(message: &Advertisement, ends: PseudoHeader, ttl: u8, coverage: Coverage) -> Vec<u8> {
    match ends {
        PseudoHeader::V4 { source, destination } => {
            vrrp::encode_ipv4(message, source, destination, ttl, coverage)
        }
        PseudoHeader::V6 { .. } => vrrp::encode_ipv6(message, coverage),
    }
}

/// The checksum that this destination expects.
fn style(instance: &Instance, destination: IpAddr) -> ChecksumStyle {
    let config = &instance.config;
    match &config.transport {
        _ if config.v3_checksum_as_v2 => ChecksumStyle::PduOnly,
        Transport::Unicast { checksum: ChecksumCompat::Old, .. } => ChecksumStyle::GroupPseudoHeader,
        Transport::Unicast { checksum: ChecksumCompat::Automatic, .. }
            if instance.output.old_checksum_peers.contains(&destination) =>
        {
            ChecksumStyle::GroupPseudoHeader
        }
        _ => ChecksumStyle::PseudoHeader,
    }
}

/// The group's TTL is fixed (RFC 9568 §5.1.1.3); `unicast_ttl` concerns peers only.
const fn hop_limit(transport: &Transport) -> u8 {
    match transport {
        Transport::Unicast { ttl: Some(ttl), .. } => *ttl,
        _ => vrrp::TTL,
    }
}

fn message(config: &InstanceConfig, priority: Priority, advertised: usize) -> Advertisement {
    let addresses = address_list(config, advertised);
    match config.version {
        Version::V2 => {
            let (auth_type, auth_data) = match config.authentication {
                Authentication::None => (AuthType::None, AuthData::ZERO),
                Authentication::Password(password) => (AuthType::Pass, AuthData::new(password)),
                Authentication::Header(_) => (AuthType::Ah, AuthData::ZERO),
            };
            let interval_seconds = interval_seconds(config.advert_interval);
            Advertisement::V2(AdvertisementV2 {
                vrid: config.vrid,
                priority,
                auth_type,
                auth_data,
                interval_seconds,
                addresses,
            })
        }
        Version::V3 => {
            let interval = interval_centis(config.advert_interval);
            Advertisement::V3(AdvertisementV3 { vrid: config.vrid, priority, interval, addresses })
        }
    }
}

/// The advertised addresses. One of the wrong family, which no valid configuration has, is left out.
fn address_list(config: &InstanceConfig, advertised: usize) -> AddressList {
    let family = config.family;
    let addresses = config.virtual_addresses.iter().map(|address| address.prefix.address());
    let addresses = addresses.take(advertised.min(255)).filter(|address| Family::of(*address) == family);
    AddressList::new(family, addresses).expect("filtered by family and limited to 255")
}

/// Whole seconds, 1 to 255: what a v2 advert can say.
pub(crate) fn interval_seconds(interval: Duration) -> u8 {
    u8::try_from(interval.as_secs()).unwrap_or(u8::MAX).max(1)
}

/// Centiseconds, 1 to 4095: what a v3 advert can say.
fn interval_centis(interval: Duration) -> Centis {
    let centis = u16::try_from(interval.as_millis() / 10).unwrap_or(u16::MAX).clamp(1, 4095);
    Centis::new(centis).expect("clamped into the range")
}

/// The group of the pseudo-header that old releases and FRR sum over.
pub(crate) const OLD_CHECKSUM_GROUP: Ipv4Addr = vrrp::GROUP_V4;
