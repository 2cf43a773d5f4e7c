//! The difference between what should be and what is.

use super::super::{Lost, Reconciler};
use super::*;
use keepalived_types::Prefix;
use keepalived_vrrp::InstanceId;

const A: Holder = Holder::Instance(InstanceId(1));
const B: Holder = Holder::Instance(InstanceId(2));

fn index(number: u32) -> IfIndex {
    IfIndex::new(number).expect("not zero")
}

fn key(address: &str, length: u8) -> Key {
    let address = address.parse().expect("a literal address");
    Key { index: index(2), prefix: Prefix::new(address, length).expect("a literal length") }
}

fn network(keys: &[Key]) -> Arc<WantedNetwork> {
    let addresses = keys.iter().map(|key| (key.index, AddressConfig::plain(key.prefix))).collect();
    Arc::new(WantedNetwork { addresses, ..WantedNetwork::default() })
}

fn add(key: Key) -> Operation {
    Operation::Add(key, AddressConfig::plain(key.prefix))
}

/// Performs operations as the kernel would, reports included.
fn perform(reconciler: &mut Reconciler, operations: &[Operation]) {
    for operation in operations {
        match operation {
            Operation::Add(key, _) => reconciler.appeared(*key, true, None),
            Operation::Remove(key, _) => reconciler.vanished(*key),
            _ => {}
        }
        let _is_news = reconciler.finished(operation, true);
    }
}

#[test]
fn addresses_come_with_the_wish_and_go_with_it() {
    let mut reconciler = Reconciler::default();
    let (one, two) = (key("10.0.0.1", 32), key("10.0.0.2", 32));
    let operations = reconciler.want(A, network(&[one, two]));
    assert_eq!(operations, [add(one), add(two)]);
    perform(&mut reconciler, &operations);
    assert!(reconciler.want(A, network(&[one, two])).is_empty(), "nothing to do twice");
    let operations = reconciler.want(A, network(&[two]));
    assert_eq!(operations, [Operation::Remove(one, None)]);
    perform(&mut reconciler, &operations);
    assert_eq!(reconciler.want(A, network(&[])), [Operation::Remove(two, None)]);
    assert!(reconciler.losses().is_empty());
}

#[test]
fn an_address_that_is_there_already_is_taken_over_without_touching_it() {
    let mut reconciler = Reconciler::default();
    let one = key("10.0.0.1", 24);
    reconciler.appeared(one, true, None);
    assert!(reconciler.want(A, network(&[one])).is_empty());
    assert!(reconciler.leftovers(&HashSet::new()).is_empty());
    assert_eq!(reconciler.want(A, network(&[])), [Operation::Remove(one, None)]);
}

#[test]
fn a_point_to_point_address_is_removed_with_its_other_end() {
    let mut reconciler = Reconciler::default();
    let one = key("10.0.0.1", 32);
    let mut address = AddressConfig::plain(one.prefix);
    address.options.peer = Some("10.0.0.2".parse().expect("a literal address"));
    let operations = reconciler.want(
        A,
        Arc::new(WantedNetwork { addresses: vec![(one.index, address.clone())], ..WantedNetwork::default() }),
    );
    perform(&mut reconciler, &operations);
    assert_eq!(reconciler.want(A, network(&[])), [Operation::Remove(one, address.options.peer)]);
}

#[test]
fn leftovers_are_what_carries_our_mark_or_is_configured_but_not_wanted() {
    let mut reconciler = Reconciler::default();
    let (ours, configured, foreign) = (key("10.0.0.1", 32), key("10.0.0.2", 32), key("10.0.0.3", 24));
    reconciler.appeared(ours, true, None);
    reconciler.appeared(configured, false, None);
    reconciler.appeared(foreign, false, None);
    let names = HashSet::from([configured.prefix.address()]);
    assert_eq!(
        reconciler.leftovers(&names),
        [Operation::Remove(ours, None), Operation::Remove(configured, None)]
    );
}

#[test]
fn a_removal_by_somebody_else_is_a_loss_and_our_own_is_not() {
    let mut reconciler = Reconciler::default();
    let one = key("10.0.0.1", 32);
    let operations = reconciler.want(A, network(&[one]));
    perform(&mut reconciler, &operations);
    assert!(reconciler.losses().is_empty());
    reconciler.vanished(one);
    assert_eq!(reconciler.losses(), [(A, Lost::Address(one))]);
    assert!(reconciler.losses().is_empty(), "told once");
    assert_eq!(reconciler.repairs(None, true), [add(one)]);
    let operations = reconciler.want(A, network(&[]));
    perform(&mut reconciler, &operations);
    assert!(reconciler.losses().is_empty());
}

#[test]
fn wishing_again_for_an_address_that_somebody_removed_brings_it_back() {
    let mut reconciler = Reconciler::default();
    let one = key("10.0.0.1", 32);
    let operations = reconciler.want(A, network(&[one]));
    assert!(reconciler.want(A, network(&[one])).is_empty(), "it is on its way");
    perform(&mut reconciler, &operations);
    reconciler.vanished(one);
    assert_eq!(reconciler.want(A, network(&[one])), [add(one)]);
}

#[test]
fn a_dump_after_lost_reports_finds_what_is_missing() {
    let mut reconciler = Reconciler::default();
    let (one, two) = (key("10.0.0.1", 32), key("10.0.0.2", 32));
    let operations = reconciler.want(A, network(&[one, two]));
    perform(&mut reconciler, &operations);
    reconciler.start_over();
    reconciler.appeared(two, true, None);
    assert_eq!(reconciler.losses(), [(A, Lost::Address(one))]);
}

#[test]
fn other_options_mean_remove_and_add() {
    let mut reconciler = Reconciler::default();
    let one = key("10.0.0.1", 32);
    let operations = reconciler.want(A, network(&[one]));
    perform(&mut reconciler, &operations);
    let mut labelled = AddressConfig::plain(one.prefix);
    labelled.options.label = Some("eth0:1".to_owned());
    let wish = Arc::new(WantedNetwork {
        addresses: vec![(one.index, labelled.clone())],
        ..WantedNetwork::default()
    });
    assert_eq!(reconciler.want(A, wish), [Operation::Remove(one, None), Operation::Add(one, labelled)]);
}

#[test]
fn an_address_that_moves_between_instances_stays_where_it_is() {
    let mut reconciler = Reconciler::default();
    let one = key("10.0.0.1", 32);
    let operations = reconciler.want(A, network(&[one]));
    perform(&mut reconciler, &operations);
    assert!(reconciler.want(B, network(&[one])).is_empty());
    assert!(reconciler.want(A, network(&[])).is_empty());
    assert_eq!(reconciler.want(B, network(&[])), [Operation::Remove(one, None)]);
}

#[test]
fn a_refused_address_is_tried_again_when_its_interface_changes() {
    let mut reconciler = Reconciler::default();
    let one = key("2001:db8::1", 64);
    let operations = reconciler.want(A, network(&[one]));
    reconciler.finished(&operations[0], false);
    assert!(reconciler.losses().is_empty());
    assert!(reconciler.repairs(Some(index(9)), true).is_empty());
    assert_eq!(reconciler.repairs(Some(one.index), true), [add(one)]);
}

#[test]
fn an_interface_takes_its_addresses_along() {
    let mut reconciler = Reconciler::default();
    let one = key("10.0.0.1", 32);
    let operations = reconciler.want(A, network(&[one]));
    perform(&mut reconciler, &operations);
    reconciler.link_vanished(one.index);
    assert!(reconciler.losses().is_empty());
    assert!(reconciler.want(A, network(&[])).is_empty());
}

/// Requests of two turns as MASTER are on their way together: answers to the first say nothing about the second.
#[test]
fn only_the_answer_to_the_last_request_counts() {
    let mut reconciler = Reconciler::default();
    let one = key("10.0.0.1", 32);
    let remove = || Operation::Remove(one, None);
    let turns = [true, false, true, false, true]
        .map(|is_wanted| reconciler.want(A, if is_wanted { network(&[one]) } else { network(&[]) }));
    assert_eq!(turns.concat(), [add(one), remove(), add(one), remove(), add(one)]);
    for turn in &turns {
        perform(&mut reconciler, turn);
        assert!(reconciler.losses().is_empty());
    }
    assert!(reconciler.want(A, network(&[one])).is_empty());
}

#[test]
fn an_address_that_is_wanted_again_while_it_is_removed_is_added_again() {
    let mut reconciler = Reconciler::default();
    let one = key("10.0.0.1", 32);
    perform(&mut reconciler, &[add(one)]);
    let there = reconciler.want(A, network(&[one]));
    assert!(there.is_empty());
    let removals = reconciler.want(A, network(&[]));
    let additions = reconciler.want(A, network(&[one]));
    assert_eq!([removals.clone(), additions.clone()].concat(), [Operation::Remove(one, None), add(one)]);
    perform(&mut reconciler, &removals);
    perform(&mut reconciler, &additions);
    assert!(reconciler.losses().is_empty());
}
