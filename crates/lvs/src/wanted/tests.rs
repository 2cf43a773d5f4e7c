//! Who shares an entry of the table keeps it.

use super::*;
use keepalived_types::Forwarding;
use keepalived_types::ipvs::Protocol;

fn key() -> ServiceKey {
    ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: "10.0.0.1".parse().expect("a literal address"),
        port: 80,
    }
}

fn service() -> VirtualService {
    VirtualService { key: key(), scheduler: "rr".to_owned(), flags: 0, persistence: None }
}

fn destination(weight: u32) -> Destination {
    Destination {
        key: DestinationKey { address: "10.0.0.2".parse().expect("a literal address"), port: 80 },
        forwarding: Forwarding::Nat,
        weight,
        upper_threshold: 0,
        lower_threshold: 0,
    }
}

#[test]
fn a_service_goes_with_its_last_user() {
    let mut wanted = Wanted::default();
    assert!(wanted.apply(TableOperation::AddService(service())).is_some());
    assert!(wanted.apply(TableOperation::AddService(service())).is_none());
    assert!(wanted.apply(TableOperation::RemoveService(key())).is_none());
    assert!(wanted.apply(TableOperation::RemoveService(key())).is_some());
    assert!(wanted.apply(TableOperation::RemoveService(key())).is_none());
}

#[test]
fn a_server_goes_with_its_last_user_and_says_only_what_is_new() {
    let mut wanted = Wanted::default();
    wanted.apply(TableOperation::AddService(service()));
    let add = |weight| TableOperation::AddDestination(key(), destination(weight));
    assert_eq!(wanted.apply(add(1)), Some(add(1)));
    assert_eq!(wanted.apply(add(1)), None);
    let edit = TableOperation::EditDestination(key(), destination(4));
    assert_eq!(wanted.apply(edit.clone()), Some(edit.clone()));
    assert_eq!(wanted.apply(edit), None, "it is so already");
    let remove = TableOperation::RemoveDestination(key(), destination(0).key);
    assert_eq!(wanted.apply(remove.clone()), None);
    assert_eq!(wanted.apply(remove.clone()), Some(remove));
}

#[test]
fn what_the_kernel_refused_is_tried_again_when_it_changes() {
    let mut wanted = Wanted::default();
    wanted.apply(TableOperation::AddService(service()));
    let add = TableOperation::AddDestination(key(), destination(1));
    wanted.apply(add.clone());
    wanted.refuse(&add);
    assert!(wanted.services()[0].destinations().is_empty());
    wanted.apply(TableOperation::EditDestination(key(), destination(2)));
    assert_eq!(wanted.services()[0].destinations(), [destination(2)]);
}
