//! The words about refused operations, compared with what the original was recorded to log.

use super::*;
use keepalived_types::ipvs::{ConnectionTimeouts, Destination, Protocol, SyncRole, VirtualService};
use keepalived_types::{Family, Forwarding};

fn service(address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address { protocol: Protocol::Tcp, address: address.parse().expect("literal"), port }
}

fn whole(key: ServiceKey) -> VirtualService {
    VirtualService { key, scheduler: "rr".to_owned(), flags: 0, persistence: None }
}

fn server(address: &str, port: u16) -> Destination {
    let key = DestinationKey { address: address.parse().expect("literal"), port };
    let forwarding = Forwarding::Nat;
    Destination { key, forwarding, weight: 1, upper_threshold: 0, lower_threshold: 0 }
}

fn text(operation: TableOperation, errno: i32) -> String {
    let error = NetlinkError { errno, message: None };
    Refusal { operation: &operation, error: &error }.to_string()
}

#[test]
fn lines_are_those_that_were_recorded() {
    let vs = service("10.10.10.2", 80);
    let rs = server("192.168.200.2", 80);
    for (operation, errno, wanted) in [
        (
            TableOperation::AddService(whole(vs)),
            17,
            "IPVS cmd IP_VS_SO_SET_ADD(1154) error: Service already exists(17) (10.10.10.2:tcp:80)",
        ),
        (
            TableOperation::AddService(whole(vs)),
            2,
            "IPVS cmd IP_VS_SO_SET_ADD(1154) error: Scheduler or persistence engine not found(2) (10.10.10.2:tcp:80)",
        ),
        (
            TableOperation::RemoveDestination(vs, rs.key),
            2,
            "IPVS cmd IP_VS_SO_SET_DELDEST(1160) error: No such destination(2) (10.10.10.2:tcp:80 -> 192.168.200.2:80)",
        ),
        (
            // Recorded with ENOENT and its text, which the kernel did not say (D-23).
            TableOperation::AddDestination(vs, rs),
            3,
            "IPVS cmd IP_VS_SO_SET_ADDDEST(1159) error: No such service(3) (10.10.10.2:tcp:80 -> 192.168.200.2:80)",
        ),
    ] {
        assert_eq!(text(operation, errno), wanted);
    }
    assert_eq!(
        text(TableOperation::StopSync(SyncRole::Master, 0), 3),
        "IPVS cmd IP_VS_SO_SET_STOPDAEMON(1164) error: No daemon is running(3)"
    );
}

#[test]
fn every_operation_has_its_number_and_names_what_it_is_about() {
    let fwm = ServiceKey::Mark { mark: 5, family: Family::V6 };
    let six = server("2001:db8::2", 80);
    let einval = "Invalid operation.  Possibly wrong module version, address not unicast, ...(22)";
    for (operation, errno, wanted) in [
        (
            TableOperation::EditService(whole(fwm)),
            22,
            format!("IPVS cmd IP_VS_SO_SET_EDIT(1155) error: {einval} (Fwm 5 inet6)"),
        ),
        (
            TableOperation::RemoveService(fwm),
            1,
            "IPVS cmd IP_VS_SO_SET_DEL(1156) error: Permission denied (you must be root)(1) (Fwm 5 inet6)"
                .into(),
        ),
        (
            TableOperation::Flush,
            12,
            "IPVS cmd IP_VS_SO_SET_FLUSH(1157) error: Memory allocation problem(12)".into(),
        ),
        (
            TableOperation::EditDestination(fwm, six),
            34,
            "IPVS cmd IP_VS_SO_SET_EDITDEST(1161) error: Numerical result out of range(34) \
             (Fwm 5 inet6 -> [2001:db8::2]:80)"
                .into(),
        ),
        (
            TableOperation::SetTimeouts(ConnectionTimeouts::default()),
            22,
            format!("IPVS cmd IP_VS_SO_SET_TIMEOUT(1162) error: {einval}"),
        ),
    ] {
        assert_eq!(text(operation, errno), wanted);
    }
}

#[test]
fn what_leaves_the_table_as_wanted_is_harmless() {
    let vs = service("10.0.0.1", 80);
    let rs = server("10.0.0.2", 80);
    let harmless = |operation: &TableOperation, errno| {
        let error = NetlinkError { errno, message: None };
        Refusal { operation, error: &error }.is_harmless()
    };
    let add = TableOperation::AddDestination(vs, rs);
    let edit = TableOperation::EditDestination(vs, rs);
    let remove = TableOperation::RemoveDestination(vs, rs.key);
    assert!(harmless(&add, libc::EEXIST) && !harmless(&add, libc::ESRCH));
    assert!(harmless(&remove, libc::ENOENT) && harmless(&remove, libc::ESRCH));
    assert!(!harmless(&edit, libc::ENOENT) && !harmless(&remove, libc::EPERM));
    let error = NetlinkError { errno: libc::ENOENT, message: None };
    assert!(Refusal { operation: &edit, error: &error }.wants_addition());
    assert!(!Refusal { operation: &remove, error: &error }.wants_addition());
}
