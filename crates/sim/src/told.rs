//! What the kernel tells processes about interfaces and addresses, and what a process knows from it.

use crate::carrier::{Carrier, Delay};
use keepalived_types::{IfIndex, Instant, InterfaceName};
use keepalived_vrrp::{Link, LinkAddress};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// One message of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// An interface is there, or is like this now.
    Link(Link),
    /// An interface was deleted.
    LinkGone(IfIndex),
    /// An address is there.
    Address(LinkAddress),
    /// An address is gone.
    AddressGone(LinkAddress),
}

/// One interface.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) name: InterfaceName,
    pub(crate) carrier: Carrier,
    pub(crate) addresses: BTreeSet<IpAddr>,
}

/// Everything that a process was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    links: BTreeMap<IfIndex, Known>,
}

impl Told {
    /// The process is told one thing; see [`Carrier::tell`] for `awake`.
    pub(crate) fn tell(&mut self, news: &News, awake: Instant, now: Instant, delay: Delay) {
        match news {
            News::Link(link) => match self.links.get_mut(&link.index) {
                Some(known) => {
                    if known.name != link.name {
                        known.name = link.name.clone();
                        known.carrier.rename(now);
                    }
                    known.carrier.tell(link.is_usable(), awake, now, delay);
                }
                None => {
                    let carrier = Carrier::new(link.is_usable(), now);
                    let known = Known { name: link.name.clone(), carrier, addresses: BTreeSet::new() };
                    self.links.insert(link.index, known);
                }
            },
            News::LinkGone(index) => {
                self.links.remove(index);
            }
            News::Address(address) => {
                if let Some(known) = self.links.get_mut(&address.index) {
                    known.addresses.insert(address.prefix.address());
                }
            }
            News::AddressGone(address) => {
                if let Some(known) = self.links.get_mut(&address.index) {
                    known.addresses.remove(&address.prefix.address());
                }
            }
        }
    }

    /// The interface of this name, if the process knows one.
    pub(crate) fn link(&self, name: &InterfaceName) -> Option<&Known> {
        self.links.values().find(|known| known.name == *name)
    }

    /// Is this address on any interface, as far as the process knows?
    pub(crate) fn has_address(&self, address: IpAddr) -> bool {
        self.links.values().any(|known| known.addresses.contains(&address))
    }

    /// The process was stopped from `awake` to `now`; see [`Carrier::hold`].
    pub(crate) fn hold(&mut self, awake: Instant, now: Instant) {
        self.links.values_mut().for_each(|known| known.carrier.hold(awake, now));
    }

    /// How many delays of interfaces may be running.
    pub(crate) fn pending(&self, now: Instant) -> usize {
        self.links.values().filter(|known| known.carrier.is_pending(now)).count()
    }

    /// The machine slept, and its clock with it.
    pub(crate) fn sleep(&mut self, slept: Duration) {
        self.links.values_mut().for_each(|known| known.carrier.sleep(slept));
    }
}
