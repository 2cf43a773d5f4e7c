//! How much each channel's receiving socket may hold unread: the shares of the instances that use it, added up
//! (vrrp reference 4.4).

use keepalived_types::{Family, Version};
use keepalived_vrrp::config::{InstanceConfig, ReceiveBuffer};
use keepalived_vrrp::{ChannelId, InstanceView};
use std::collections::HashMap;

/// The MTU assumed without an interface.
const DEFAULT_MTU: u32 = 1500;

/// Bytes for every channel of which at least one instance says something; the others keep the system's default.
pub(super) fn wanted<'a>(
    instances: impl Iterator<Item = InstanceView<'a>>,
    mtu_of: impl Fn(keepalived_types::IfIndex) -> Option<u32>,
) -> HashMap<ChannelId, usize> {
    let mut room: HashMap<ChannelId, usize> = HashMap::new();
    for instance in instances {
        let Some(channel) = instance.channel else { continue };
        let mtu = || instance.link.and_then(&mtu_of).unwrap_or(DEFAULT_MTU);
        if let Some(share) = share(instance.config, mtu) {
            let sum = room.entry(channel).or_default();
            *sum = sum.saturating_add(share);
        }
    }
    room
}

/// What one instance asks for.
fn share(config: &InstanceConfig, mtu: impl FnOnce() -> u32) -> Option<usize> {
    let (times, each) = match config.receive_buffer {
        ReceiveBuffer::System => return None,
        ReceiveBuffer::Bytes(bytes) => (1, number(bytes)),
        ReceiveBuffer::Adverts(times) => (times, advert_length(config)),
        ReceiveBuffer::Mtus(times) => (times, number(mtu())),
    };
    Some(number(times).saturating_mul(each))
}

/// An advert as it is received: with its IP header for IPv4, without it for IPv6.
fn advert_length(config: &InstanceConfig) -> usize {
    let addresses = config.virtual_addresses.len().min(255) * config.family.octets();
    let around = match (config.family, config.version) {
        (Family::V4, Version::V2) => 20 + 8 + 8,
        (Family::V4, Version::V3) => 20 + 8,
        (Family::V6, _) => 8,
    };
    around + addresses
}

fn number(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{IfIndex, InterfaceName, Prefix, Vrid};
    use keepalived_vrrp::State;
    use keepalived_vrrp::config::AddressConfig;

    fn instance(buffer: ReceiveBuffer) -> InstanceConfig {
        let eth0 = InterfaceName::new("eth0").expect("a literal name");
        let mut config = InstanceConfig::new("VI", eth0, Vrid::new(1).expect("not 0"), Family::V4);
        let address = "10.0.0.1".parse().expect("a literal address");
        config.virtual_addresses = vec![AddressConfig::plain(Prefix::host(address)); 2];
        config.receive_buffer = buffer;
        config
    }

    fn room_of(configs: &[InstanceConfig]) -> Option<usize> {
        let link = IfIndex::new(2);
        let channel = ChannelId(7);
        let view = |config| InstanceView { config, state: State::Backup, channel: Some(channel), link };
        wanted(configs.iter().map(view), |_| Some(9000)).get(&channel).copied()
    }

    #[test]
    fn instances_on_one_socket_add_up() {
        let bytes = |bytes| instance(ReceiveBuffer::Bytes(bytes));
        assert_eq!(room_of(&[bytes(50_000), bytes(70_000)]), Some(120_000));
        assert_eq!(room_of(&[bytes(50_000), instance(ReceiveBuffer::System)]), Some(50_000));
        assert_eq!(room_of(&[instance(ReceiveBuffer::System)]), None);
    }

    #[test]
    fn policies_count_adverts_or_mtus() {
        assert_eq!(room_of(&[instance(ReceiveBuffer::Mtus(3))]), Some(27_000));
        assert_eq!(room_of(&[instance(ReceiveBuffer::Adverts(3))]), Some(3 * (36 + 8)));
    }

    #[test]
    fn without_a_channel_nothing_is_wanted() {
        let config = instance(ReceiveBuffer::Bytes(1));
        let view = InstanceView { config: &config, state: State::Fault, channel: None, link: None };
        assert!(wanted(std::iter::once(view), |_| None).is_empty());
    }
}
