//! What the parent knows about its children, for the case that it dies: who was MASTER, until when a successor can
//! go on as if nothing had happened, and which addresses to remove when there will be none.

use crate::ipc::Adoption;
use crate::vrrp::{route_of, rule_of};
use keepalived_events::{Event, Packed, What};
use keepalived_kernel::netlink::route::RouteOp;
use keepalived_kernel::netlink::rule::RuleOp;
use keepalived_kernel::netlink::{AddressOp, AddressSpec, Done, Link, Request, Requests};
use keepalived_types::{IfIndex, Instant, InterfaceName};
use keepalived_vrrp as vrrp;
use std::collections::BTreeSet;
use std::time::Duration;
use vrrp::config::{AddressConfig, InstanceConfig, RouteConfig, RouteKind};
use vrrp::{Cause, EventKind, PlacedRoute, State, Subject};

/// The roles of the instances, as the VRRP process told them.
#[derive(Debug, Default)]
pub(super) struct Custody {
    masters: BTreeSet<String>,
    /// When the last process that sent adverts died, while no other has taken over.
    orphaned: Option<Instant>,
    /// What the checker process last said of its servers.
    standing: Option<Packed<keepalived_lvs::Snapshot>>,
    /// Instances that gave way to others and stand back.
    given_way: BTreeSet<String>,
    /// An operator keeps this node out.
    pub(super) maintenance: bool,
}

impl Custody {
    /// An instance became MASTER, or ceased to be: its addresses, routes and rules are about to come or go.
    pub(super) fn learn_role(&mut self, instance: String, is_master: bool) {
        if is_master {
            self.masters.insert(instance);
        } else {
            self.masters.remove(&instance);
        }
    }

    /// Notes who gave way.
    pub(super) fn observe(&mut self, event: &Event) {
        let What::Vrrp(vrrp::Event { subject: Subject::Instance(name), kind }) = &event.what else { return };
        match kind {
            EventKind::Entered { state, cause: Cause::Switchover, .. } if *state != State::Master => {
                self.given_way.insert(name.clone());
            }
            EventKind::SwitchoverOver => drop(self.given_way.remove(name)),
            _ => {}
        }
    }

    /// Instances that gave way and were not told to return, nor were needed since.
    pub(super) fn given_way(&self) -> Vec<String> {
        self.given_way.iter().cloned().collect()
    }

    /// After a reload: one that was removed and comes back later is another one.
    pub(super) fn forget_removed(&mut self, config: &vrrp::config::Config) {
        let names: BTreeSet<&str> = config.instances.iter().map(|instance| &*instance.name).collect();
        self.given_way.retain(|name| names.contains(name.as_str()));
    }

    /// Keeps what the checker process says of its servers, for its successor.
    pub(super) fn keep_standing(&mut self, standing: Packed<keepalived_lvs::Snapshot>) {
        self.standing = Some(standing);
    }

    /// What a successor of the checker process has to know; nothing at the first start.
    pub(super) const fn standing(&self) -> Option<&Packed<keepalived_lvs::Snapshot>> {
        self.standing.as_ref()
    }

    /// The process died. A second death before a successor was up does not move the start of the gap.
    pub(super) fn process_died(&mut self, now: Instant) {
        if !self.masters.is_empty() {
            self.orphaned.get_or_insert(now);
        }
    }

    /// A process has taken over: what it says counts from now on.
    pub(super) fn process_took_over(&mut self) {
        self.orphaned = None;
    }

    /// Nobody is MASTER any more: the addresses were removed, here or by a process that stopped in order.
    pub(super) fn forget(&mut self) {
        self.masters.clear();
        self.orphaned = None;
    }

    /// The roles that a new process goes on with.
    pub(super) fn adoptions(&self) -> Vec<Adoption> {
        self.masters.iter().map(|instance| Adoption { instance: instance.clone() }).collect()
    }

    /// When other routers take over, if nobody speaks for our masters until then; `None` while there is no gap.
    /// The configuration is asked for only in a gap.
    pub(super) fn deadline(&self, config: impl FnOnce() -> Option<vrrp::config::Config>) -> Option<Instant> {
        let orphaned = self.orphaned?;
        let shortest = self.instances(&config()?).map(silence_allowed).min()?;
        Some(orphaned + shortest)
    }

    /// Removes the addresses of our masters from the machine. Returns how many are gone.
    pub(super) fn remove_addresses(
        &mut self,
        config: &vrrp::config::Config,
    ) -> keepalived_kernel::Result<usize> {
        if self.masters.is_empty() {
            return Ok(0);
        }
        let removed = remove(self.instances(config));
        self.forget();
        removed
    }

    /// Removes addresses that nobody will go on with: those of instances that were not MASTER. A process that is
    /// killed just after it yielded may have left some. Returns how many there were.
    pub(super) fn remove_stray_addresses(
        &self,
        config: &vrrp::config::Config,
    ) -> keepalived_kernel::Result<usize> {
        remove(config.instances.iter().filter(|instance| !self.masters.contains(&instance.name)))
    }

    fn instances<'a>(&'a self, config: &'a vrrp::config::Config) -> impl Iterator<Item = &'a InstanceConfig> {
        config.instances.iter().filter(|instance| self.masters.contains(&instance.name))
    }
}

/// A lower bound of the others' Master_Down_Interval: it lacks the skew, which depends on their priorities.
fn silence_allowed(instance: &InstanceConfig) -> Duration {
    instance.advert_interval * u32::from(instance.down_timer_adverts)
}

fn remove<'a>(instances: impl Iterator<Item = &'a InstanceConfig>) -> keepalived_kernel::Result<usize> {
    let mut requests = Requests::open()?;
    let links = requests.dump_links()?;
    let (mut routing, mut addresses) = (Vec::new(), Vec::new());
    for instance in instances {
        routing.extend(routing_of(instance, &links));
        addresses.extend(addresses_of(instance, &links).map(AddressOp::Remove));
    }
    // Routes and rules lean on the addresses. What is gone already is gone.
    requests.execute(&routing)?;
    let outcomes = requests.execute(&addresses)?;
    Ok(outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Done::Done))).count())
}

/// Removes the rules and routes of an instance.
fn routing_of(instance: &InstanceConfig, links: &[Link]) -> Vec<Request> {
    let rules = instance.virtual_rules.iter().map(|rule| RuleOp::Remove(rule_of(rule)).into());
    let routes = instance.virtual_routes.iter().filter_map(|route| placed(route, links));
    let routes = routes.map(|placed| RouteOp::Remove(route_of(&placed)).into());
    rules.chain(routes).collect()
}

/// What the names in a route mean now; `None` while one of them is missing.
fn placed(route: &RouteConfig, links: &[Link]) -> Option<PlacedRoute> {
    let named = |name: &InterfaceName| links.iter().find(|link| link.name == name.as_str());
    let index = |hop: &vrrp::config::Hop| -> Option<Option<IfIndex>> {
        hop.interface.as_ref().map_or(Some(None), |name| Some(Some(named(name)?.index)))
    };
    let table = match (route.table, &route.vrf) {
        (Some(table), _) => table,
        (None, Some(vrf)) => named(vrf)?.vrf_table?,
        (None, None) => RouteKind::TABLE_MAIN,
    };
    Some(PlacedRoute {
        route: route.clone(),
        interfaces: route.hops().map(index).collect::<Option<_>>()?,
        table,
    })
}

fn addresses_of<'a>(
    instance: &'a InstanceConfig,
    links: &'a [Link],
) -> impl Iterator<Item = AddressSpec> + 'a {
    let own = instance.interface.as_ref();
    let all = instance.virtual_addresses.iter().chain(&instance.excluded_addresses);
    all.filter_map(move |address| spec_of(address, own, links))
}

fn spec_of(address: &AddressConfig, own: Option<&InterfaceName>, links: &[Link]) -> Option<AddressSpec> {
    let name = address.interface.as_ref().or(own)?;
    let link = links.iter().find(|link| link.name == name.as_str())?;
    let mut spec = AddressSpec::new(link.index, address.prefix);
    spec.peer = address.options.peer;
    Some(spec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::Priority;
    use std::time::SystemTime;

    fn entered(name: &str, state: State) -> Event {
        let kind = EventKind::Entered {
            state,
            from: State::Backup,
            cause: Cause::Start,
            priority: Priority::DEFAULT,
        };
        Event {
            sequence: 1,
            wall: SystemTime::UNIX_EPOCH,
            at: Instant::ORIGIN,
            what: What::Vrrp(vrrp::Event { subject: Subject::Instance(name.into()), kind }),
        }
    }

    #[test]
    fn only_masters_are_handed_on() {
        let mut custody = Custody::default();
        custody.learn_role("A".into(), true);
        custody.learn_role("B".into(), true);
        custody.learn_role("A".into(), false);
        assert_eq!(custody.adoptions(), [Adoption { instance: "B".into() }]);
        // What is told of this late changes nothing.
        custody.observe(&entered("A", State::Master));
        assert_eq!(custody.adoptions().len(), 1);
        custody.forget();
        assert!(custody.adoptions().is_empty());
    }

    #[test]
    fn who_gave_way_is_handed_on_until_that_is_over() {
        let mut gave_way = entered("A", State::Backup);
        let mut over = gave_way.clone();
        if let What::Vrrp(vrrp::Event { kind: EventKind::Entered { cause, .. }, .. }) = &mut gave_way.what {
            *cause = Cause::Switchover;
        }
        if let What::Vrrp(event) = &mut over.what {
            event.kind = EventKind::SwitchoverOver;
        }
        let mut custody = Custody::default();
        custody.observe(&gave_way);
        assert_eq!((custody.given_way(), custody.adoptions()), (vec!["A".to_owned()], vec![]));
        // Its successor, or a fault.
        custody.forget();
        custody.observe(&entered("A", State::Backup));
        assert_eq!(custody.given_way(), ["A"]);
        custody.observe(&over);
        assert!(custody.given_way().is_empty());
        custody.observe(&gave_way);
        custody.forget_removed(&vrrp::config::Config::default());
        assert!(custody.given_way().is_empty());
    }

    #[test]
    fn without_masters_there_is_no_deadline() {
        let mut custody = Custody::default();
        custody.process_died(Instant::ORIGIN);
        assert_eq!(custody.deadline(|| Some(vrrp::config::Config::default())), None);
        assert!(custody.orphaned.is_none());
    }

    #[test]
    fn a_second_death_does_not_move_the_start_of_the_gap() {
        let mut custody = Custody::default();
        custody.learn_role("A".into(), true);
        custody.process_died(Instant::from_nanos(5));
        custody.process_died(Instant::from_nanos(9));
        assert_eq!(custody.orphaned, Some(Instant::from_nanos(5)));
        custody.process_took_over();
        assert!(custody.orphaned.is_none());
        assert_eq!(custody.adoptions().len(), 1);
    }
}
