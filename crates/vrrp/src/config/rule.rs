//! Virtual and static policy rules, with everything `ip rule` can say about one.

use super::Realms;
use keepalived_types::{Family, InterfaceName, Prefix};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// One line of `virtual_rules` or `static_rules`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleConfig {
    /// IPv4 or IPv6.
    pub family: Family,
    /// What a matching packet meets.
    pub action: RuleAction,
    /// `preference`, `order` or `priority`: lower numbers are looked at first.
    pub preference: u32,
    /// `not`: the selectors are inverted.
    pub inverted: bool,
    /// Which packets match.
    pub selector: RuleSelector,
    /// `realms`, IPv4 only.
    pub realms: Option<Realms>,
    /// `suppress_prefixlength`.
    pub suppress_prefix_length: Option<u32>,
    /// `suppress_ifgroup`.
    pub suppress_interface_group: Option<u32>,
    /// `protocol`; 18 is keepalived's own.
    pub protocol: u8,
    /// `no_track`: nobody cares when the rule goes away.
    pub no_track: bool,
    /// `track_group` (static rules only).
    pub track_group: Option<String>,
}

/// What a matching packet meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RuleAction {
    /// `table` or `lookup`.
    Table(u32),
    /// `l3mdev`: the table of the packet's VRF device.
    L3mdev,
    /// `goto`: the rule with this preference.
    Goto(u32),
    /// `nop`.
    Nop,
    /// `blackhole`.
    Blackhole,
    /// `prohibit`.
    Prohibit,
    /// `unreachable`.
    Unreachable,
}

/// Which packets match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleSelector {
    /// `from`.
    pub source: Option<Prefix>,
    /// `to`.
    pub destination: Option<Prefix>,
    /// `tos` or `dsfield`.
    pub tos: Option<u8>,
    /// `fwmark`: value and mask.
    pub fwmark: Option<(u32, u32)>,
    /// `iif` or `dev`.
    pub input: Option<InterfaceName>,
    /// `oif`.
    pub output: Option<InterfaceName>,
    /// `tunnel-id`.
    pub tunnel_id: Option<u64>,
    /// `uidrange`.
    pub uids: Option<RangeInclusive<u32>>,
    /// `ipproto`.
    pub ip_protocol: Option<u8>,
    /// `sport`.
    pub source_ports: Option<RangeInclusive<u16>>,
    /// `dport`.
    pub destination_ports: Option<RangeInclusive<u16>>,
}
