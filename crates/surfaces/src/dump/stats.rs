//! `keepalived.stats`: the counters of each instance (runtime reference 10.5).

use super::DumpedInstance;
use keepalived_vrrp::Counters;

/// The whole file. Exporters read it by its labels and indentation.
#[must_use]
pub fn stats<'a>(instances: impl IntoIterator<Item = DumpedInstance<'a>>) -> String {
    let mut text = String::new();
    for instance in instances {
        text.push_str(&of_instance(&instance.snapshot.name, &instance.snapshot.counters));
    }
    text
}

fn of_instance(name: &str, counters: &Counters) -> String {
    let Counters { adverts_received, adverts_sent, became_master, released_master, .. } = *counters;
    format!(
        "VRRP Instance: {name}
  Advertisements:
    Received: {adverts_received}
    Sent: {adverts_sent}
  Became master: {became_master}
  Released master: {released_master}
  Packet Errors:
    Length: {}
    TTL: {}
    Invalid Type: {}
    Advertisement Interval: {}
    Address List: {}
  Authentication Errors:
    Invalid Type: {}
    Type Mismatch: {}
    Failure: {}
  Authentication Extension Errors:
    Missing: 0
    Malformed: 0
    Unknown Key: 0
    Invalid HMAC: 0
    Stale: 0
    Replay: 0
  Priority Zero:
    Received: {}
    Sent: {}
",
        counters.length_errors,
        counters.ttl_errors,
        counters.type_errors,
        counters.interval_errors,
        counters.address_list_errors + counters.empty_lists,
        counters.invalid_authentication_type,
        counters.authentication_mismatch,
        counters.authentication_failures,
        counters.releases_received,
        counters.releases_sent,
    )
}
