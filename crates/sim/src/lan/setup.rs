//! Building a LAN: segments, nodes and ordinary configurations.

use super::Lan;
use crate::machine::{Machine, interface_name};
use crate::node::{Node, NodeId};
use crate::segment::{Segment, SegmentId, Weather};
use keepalived_types::{Family, Prefix, Priority, Vrid};
use keepalived_vrrp::config::{AddressConfig, Config, InstanceConfig};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// The host number of the first router; the next ones count up, so that later nodes have the higher addresses.
const FIRST_HOST: u8 = 11;

/// An instance called `VI_VRID` on a segment: VRRPv2 over IPv4 or VRRPv3 over IPv6, multicast, one second, priority
/// 100, and one virtual address.
#[must_use]
pub fn instance(segment: SegmentId, vrid: Vrid, family: Family) -> InstanceConfig {
    let name = format!("VI_{vrid}");
    let mut config = InstanceConfig::new(&name, interface_name(segment), vrid, family);
    config.virtual_addresses.push(virtual_address(segment, vrid, family, 0));
    config
}

/// A virtual address that no other virtual router has, the `nth` of this one.
#[must_use]
pub fn virtual_address(segment: SegmentId, vrid: Vrid, family: Family, nth: u8) -> AddressConfig {
    let number = u8::try_from(segment.0).unwrap_or(u8::MAX);
    let address = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::new(10, 100 + number, vrid.get(), 100 + nth)),
        Family::V6 => {
            let (vrid, nth) = (u16::from(vrid.get()), u16::from(nth));
            IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0xfeed, number.into(), vrid, nth))
        }
    };
    AddressConfig::plain(Prefix::host(address))
}

impl Lan {
    /// Routers that share virtual router 51 on the first segment, one for each priority, running.
    pub fn routers<const N: usize>(&mut self, priorities: [u8; N]) -> [NodeId; N] {
        self.routers_with(priorities, |_| {})
    }

    /// The same over IPv6.
    pub fn routers_ipv6<const N: usize>(&mut self, priorities: [u8; N]) -> [NodeId; N] {
        self.routers_of(Family::V6, priorities, |_| {})
    }

    /// The same with a change to the ordinary configuration of each.
    pub fn routers_with<const N: usize>(
        &mut self,
        priorities: [u8; N],
        change: impl Fn(&mut InstanceConfig),
    ) -> [NodeId; N] {
        self.routers_of(Family::V4, priorities, change)
    }

    fn routers_of<const N: usize>(
        &mut self,
        family: Family,
        priorities: [u8; N],
        change: impl Fn(&mut InstanceConfig),
    ) -> [NodeId; N] {
        let segment = SegmentId(0);
        priorities.map(|priority| {
            let vrid = Vrid::new(51).expect("not 0");
            let mut config = instance(segment, vrid, family);
            config.priority = Priority(priority);
            change(&mut config);
            let used = u8::try_from(self.nodes.len()).unwrap_or(u8::MAX);
            let config = Config { instances: vec![config], ..Config::default() };
            let node = self.add_node(FIRST_HOST.saturating_add(used), &[segment], config);
            self.power_on(node);
            node
        })
    }

    /// A node that is still switched off, with an interface on each of these segments. `host` is the last part of
    /// its addresses there and must differ between nodes.
    pub fn add_node(&mut self, host: u8, segments: &[SegmentId], config: Config) -> NodeId {
        let mut machine = Machine::default();
        for segment in segments {
            self.segment(*segment);
            machine.plug(*segment, host);
        }
        let node = NodeId(self.nodes.len());
        self.story.tell(self.now, || {
            let names = config.instances.iter().map(|one| format!("{} at {}", one.name, one.priority));
            format!("{node} is host {host} with {}", names.collect::<Vec<_>>().join(", "))
        });
        self.nodes.push(Node::new(machine, config));
        node
    }

    /// Gives a node's interface a second address of each family, behind the first.
    pub fn add_second_addresses(&mut self, node: NodeId, segment: SegmentId, host: u8) {
        self.nodes[node.0].machine.add_second_addresses(segment, host);
    }

    /// A segment that nobody is on yet.
    pub fn add_segment(&mut self, weather: Weather) -> SegmentId {
        self.segments.push(Segment::new(weather));
        SegmentId(self.segments.len() - 1)
    }

    /// The longest that the kernel takes to set or remove addresses; 2 ms unless changed.
    pub const fn set_kernel_delay(&mut self, longest: Duration) {
        self.kernel_delay = longest;
    }

    /// Writes down what happens from now on.
    pub fn record_story(&mut self) {
        self.story.record();
    }
}
