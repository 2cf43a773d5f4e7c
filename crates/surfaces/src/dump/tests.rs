//! Dumps compared with what the original wrote for the same instance (samples/runtime of the reference).

use super::{DumpedInstance, address, json, stats};
use keepalived_types::{Command, Credentials, Family, InterfaceName, Prefix, Priority, Vrid};
use keepalived_vrrp::config::{AddressConfig, Authentication, Broadcast, Config, InstanceConfig};
use keepalived_vrrp::{Counters, Engine, InstanceSnapshot, Start, State};
use std::time::{Duration, SystemTime};

fn command(words: &[&str]) -> Command {
    Command {
        path: words[0].into(),
        argv: words.iter().map(ToString::to_string).collect(),
        run_as: Credentials { uid: 0, gid: 0, groups: None },
        through_shell: false,
    }
}

fn prefix(text: &str, length: u8) -> Prefix {
    Prefix::new(text.parse().expect("a literal address"), length).expect("a literal length")
}

fn instance() -> InstanceConfig {
    let eth0 = InterfaceName::new("eth0").expect("a literal name");
    let mut config = InstanceConfig::new("VI_1", eth0, Vrid::new(51).expect("not 0"), Family::V4);
    config.authentication = Authentication::Password(*b"secret12");
    let mut labelled = AddressConfig::plain(prefix("10.77.0.100", 24));
    labelled.options.label = Some("eth0:v1".to_owned());
    config.virtual_addresses = vec![labelled, AddressConfig::plain(prefix("10.77.0.101", 32))];
    config.notify.master = Some(Box::new(command(&["/run/sc/notify.sh", "master"])));
    config
}

/// The instance as it is after three adverts as MASTER.
fn snapshot(config: &InstanceConfig) -> InstanceSnapshot {
    let now = keepalived_types::Instant::ORIGIN;
    let whole = Config { instances: vec![config.clone()], ..Config::default() };
    let engine = Engine::new(whole, Start { now, uptime: Duration::ZERO });
    let fresh = engine.snapshot(now).instances.remove(0);
    InstanceSnapshot {
        state: State::Master,
        wanted: State::Master,
        addresses_set: true,
        in_state_for: Duration::from_millis(2500),
        base_priority: Priority(100),
        effective_priority: Priority(100),
        counters: Counters { adverts_sent: 3, became_master: 1, releases_sent: 2, ..Counters::default() },
        peer_checksum: None,
        ..fresh
    }
}

#[test]
fn statistics_have_the_labels_that_exporters_read() {
    let config = instance();
    let snapshot = snapshot(&config);
    let text = stats([DumpedInstance { config: &config, snapshot: &snapshot }]);
    let lines: Vec<&str> = text.lines().collect();
    let head = ["VRRP Instance: VI_1", "  Advertisements:", "    Received: 0", "    Sent: 3"];
    assert_eq!(lines[..4], head);
    assert_eq!(lines[4..7], ["  Became master: 1", "  Released master: 0", "  Packet Errors:"]);
    assert_eq!(lines[lines.len() - 3..], ["  Priority Zero:", "    Received: 0", "    Sent: 2"]);
    assert!(text.ends_with('\n'));
}

#[test]
fn json_has_the_originals_members_in_its_order_and_no_password() {
    let config = instance();
    let snapshot = snapshot(&config);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_175_862);
    let dumped = DumpedInstance { config: &config, snapshot: &snapshot };
    let text = json([dumped], &[], now).expect("an instance");
    let beginning = r#"[{"data":{"iname":"VI_1","dont_track_primary":0,"skip_check_adv_addr":0,"strict_mode":0,"vmac_ifname":"","ifp_ifname":"eth0","master_priority":0,"last_transition":1795175859.500000,"garp_delay":5,"garp_refresh":0,"garp_rep":5,"garp_refresh_rep":1,"garp_lower_prio_delay":5,"garp_lower_prio_rep":5,"lower_prio_no_advert":0,"higher_prio_send_advert":0,"vrid":51,"base_priority":100,"effective_priority":100,"vipset":true,"promote_secondaries":false,"adver_int":1,"master_adver_int":1,"accept":1,"nopreempt":false,"preempt_delay":0,"state":2,"wantstate":2,"version":2,"smtp_alert":"#;
    assert!(text.starts_with(beginning), "{text}");
    let middle = r#""script_master":"'\/run\/sc\/notify.sh' 'master'","vips":["10.77.0.100\/24 dev eth0 scope global label eth0:v1 set","10.77.0.101 dev eth0 scope global set"],"auth_type":1,"auth_data":"********"},"stats":{"advert_rcvd":0,"advert_sent":3,"become_master":1,"#;
    assert!(text.contains(middle), "{text}");
    assert!(!text.contains("secret12"));
    assert!(text.ends_with("}}]\n"), "{text}");
    serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON");
    assert_eq!(json([], &[], now), None);
}

#[test]
fn every_option_of_an_address_is_shown() {
    let own = InterfaceName::new("eth0").expect("a literal name");
    let mut address = AddressConfig::plain(prefix("192.0.2.5", 24));
    address.options.broadcast = Some(Broadcast::HostBitsSet);
    address.options.scope = Some(253);
    address.no_track = true;
    assert_eq!(
        address::line(&address, Some(&own), false),
        "192.0.2.5/24 brd 192.0.2.255 dev eth0 scope link no_track"
    );
    let host = AddressConfig::plain(prefix("fe80::66", 128));
    assert_eq!(address::line(&host, Some(&own), true), "fe80::66 dev eth0 scope global deprecated set");
    let network = AddressConfig::plain(prefix("2001:db8:77::100", 64));
    assert_eq!(
        address::line(&network, Some(&own), true),
        "2001:db8:77::100/64 dev eth0 scope global preferred_lft forever set"
    );
}
