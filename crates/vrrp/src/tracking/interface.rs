//! Tracked interfaces: up when they can be used, and so can the base of a macvlan (vrrp reference 3.3).

use crate::links::Links;
use keepalived_types::InterfaceName;

/// Is the interface there and usable? One that was deleted counts as down, whatever its weight (vrrp reference D18).
pub(super) fn is_up(name: &InterfaceName, links: &Links) -> bool {
    links.index(name).is_some_and(|index| links.is_usable(index))
}
