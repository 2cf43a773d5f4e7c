//! Track files that cannot be followed: the item goes, the report says why, and its users are not blamed as well.

use keepalived_config::host::FakeHost;
use keepalived_config::load::{LoadOptions, load};
use keepalived_config::{render, status};

#[test]
fn a_file_on_a_file_system_that_tells_nothing_is_refused_with_its_trackers() {
    let text = "track_file up {\nfile /proc/uptime\n}\ntrack_file ok {\nfile /run/number\n}\nvrrp_instance A {\ninterface eth0\n\
                virtual_router_id 51\nvirtual_ipaddress { 192.0.2.10 }\ntrack_file {\nup\nok\n}\n}\n";
    let host = FakeHost::new()
        .with_file("/test.conf", text)
        .with_untrackable("/proc/uptime", "is on a proc file system");
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    let loaded = load("/test.conf", &options, &host);
    let report = render::plain(&loaded.report, &loaded.sources);
    let lines: Vec<&str> = report.lines().filter(|line| !line.starts_with("note:")).collect();
    let expected = "track_file up: /proc/uptime is on a proc file system - ignoring";
    assert!(lines.len() == 1 && lines[0].ends_with(expected), "{report}");
    assert_eq!(status::of_test(&loaded.report), 5);
    let config = loaded.config.expect("the rest is good");
    assert_eq!(config.vrrp.files.len(), 1);
    let tracked: Vec<&str> =
        config.vrrp.instances[0].trackers.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(tracked, ["ok"]);
}
