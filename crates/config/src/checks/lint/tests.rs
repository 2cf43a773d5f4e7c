//! Each lint: where it speaks, and where it keeps silent.

use crate::diagnostic::Class;
use crate::host::FakeHost;
use crate::load::{LoadOptions, load};
use crate::status;

/// The remarks about `text` on a machine whose eth0 has 192.0.2.1/24.
fn remarks(text: &str) -> Vec<String> {
    let host = FakeHost::new()
        .with_file("/test.conf", text)
        .with_ethernet("eth0", &[("192.0.2.1".parse().expect("literal"), 24)])
        .with_ethernet("eth1", &[])
        .with_script("/bin/true");
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    let loaded = load("/test.conf", &options, &host);
    let notes = loaded.report.diagnostics().iter().filter(|diagnostic| diagnostic.class == Class::Note);
    let notes: Vec<String> = notes.map(|diagnostic| diagnostic.message.clone()).collect();
    if notes.len() == loaded.report.diagnostics().len() {
        assert_eq!(status::of_test(&loaded.report), 0, "remarks never change the status");
    }
    notes
}

fn instance(lines: &str) -> Vec<String> {
    remarks(&format!("vrrp_instance A {{\ninterface eth0\nvirtual_router_id 51\n{lines}\n}}\n"))
}

#[track_caller]
fn says(remarks: &[String], words: &str) {
    assert!(remarks.iter().any(|remark| remark.contains(words)), "{words} in {remarks:?}");
}

#[test]
fn a_sensible_instance_gets_no_remark() {
    assert_eq!(instance("priority 150\nvirtual_ipaddress { 192.0.2.10 }"), Vec::<String>::new());
}

#[test]
fn priority_255_wants_an_address_of_its_own() {
    says(&instance("priority 255\nvirtual_ipaddress { 192.0.2.10 }"), "priority is 255, but none");
    says(&instance("state MASTER\nvirtual_ipaddress { 192.0.2.10 }"), "without a priority");
    assert!(instance("priority 255\nvirtual_ipaddress { 192.0.2.1 }").is_empty());
}

#[test]
fn nopreempt_wants_state_backup() {
    let lines = "priority 150\nnopreempt\nvirtual_ipaddress { 192.0.2.10 }";
    says(&instance(&format!("state MASTER\n{lines}")), "nopreempt has no effect with state MASTER");
    assert!(instance(&format!("state BACKUP\n{lines}")).is_empty());
}

#[test]
fn an_address_outside_every_network_of_its_link_is_remarked() {
    says(
        &instance("virtual_ipaddress { 192.0.3.10 }"),
        "192.0.3.10 lies in no network that eth0 is connected to",
    );
    assert!(instance("virtual_ipaddress { 192.0.3.10/24 }").is_empty(), "it brings its network along");
    assert!(instance("virtual_ipaddress { 192.0.3.10 dev eth1 }").is_empty(), "nothing is known of eth1");
}

#[test]
fn strict_mode_makes_addresses_unreachable() {
    let lines = "strict_mode\nvirtual_ipaddress { 192.0.2.10 }";
    says(&instance(lines), "strict mode: the virtual addresses will not answer");
    assert!(instance(&format!("{lines}\nno_accept")).is_empty());
    assert!(instance(&format!("{lines}\nversion 3\naccept")).is_empty());
}

#[test]
fn a_weight_beyond_the_range_of_priorities_is_remarked() {
    let weight = |priority: u8, weight: &str| {
        instance(&format!(
            "priority {priority}\nvirtual_ipaddress {{ 192.0.2.10 }}\ntrack_interface {{\neth1 weight {weight}\n}}"
        ))
    };
    says(&weight(254, "10"), "weight 10 of eth1 can never change the priority");
    says(&weight(1, "-10"), "weight -10 of eth1 can never change the priority");
    assert!(weight(254, "-10").is_empty());
    assert!(weight(100, "10").is_empty());
}

#[test]
fn one_vrid_in_two_groups_is_remarked() {
    let two = |group: &str| {
        remarks(&format!(
            "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {{ 192.0.2.10 }}\n}}\n\
             vrrp_instance B {{\ninterface eth0\nvirtual_router_id {group}\nvirtual_ipaddress {{ 192.0.2.11 }}\n}}\n"
        ))
    };
    says(&two("51\nmcast_dst_ip 224.0.0.20"), "VRID 51 is also used by A on eth0");
    assert!(two("52\nmcast_dst_ip 224.0.0.20").is_empty());
}

#[test]
fn a_tracker_without_a_user_is_remarked() {
    let process = "vrrp_track_process p {\nprocess haproxy\n}\n";
    says(&remarks(process), "vrrp_track_process p is tracked by nobody");
    let used = format!(
        "{process}vrrp_instance A {{\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {{ 192.0.2.10 }}\n\
         track_process {{\np\n}}\n}}\n"
    );
    assert!(remarks(&used).is_empty());
}

#[test]
fn a_script_that_cannot_run_is_remarked() {
    let script = |path: &str| {
        remarks(&format!(
            "global_defs {{\nenable_script_security\nscript_user root\n}}\nvrrp_instance A {{\ninterface eth0\n\
             virtual_router_id 51\nvirtual_ipaddress {{ 192.0.2.10 }}\nnotify_master {path}\n}}\n"
        ))
    };
    says(&script("/nowhere/to/be/found"), "notify_master: the script cannot be run");
    assert!(script("/bin/true").is_empty());
}

#[test]
fn addresses_outside_one_network_are_remarked_once() {
    let some = instance("virtual_ipaddress {\n192.0.3.10\n192.0.3.11\n}");
    says(&some, "192.0.3.10 and 192.0.3.11 lie in no network");
    let many = instance("virtual_ipaddress {\n192.0.3.10\n192.0.3.11\n192.0.3.12\n192.0.2.9\n}");
    says(&many, "192.0.3.10 and 2 more addresses lie in no network");
    assert_eq!((some.len(), many.len()), (1, 1));
}

#[test]
fn addresses_of_two_marked_groups_are_remarked_where_the_later_one_has_them() {
    let text = |global: &str, second: &str, protocol: &str| {
        format!(
            "global_defs {{\n{global}\n}}\nvirtual_server_group one {{\n10.0.0.1-9 80\n10.0.0.3 80\n}}\n\
             virtual_server_group two {{\n10.0.0.30 80\n{second}\n}}\n\
             virtual_server group one {{\nprotocol TCP\nlvs_sched rr\nreal_server 192.0.2.7 80 {{\n}}\n}}\n\
             virtual_server group two {{\nprotocol {protocol}\nlvs_sched rr\nreal_server 192.0.2.8 80 {{\n}}\n}}\n"
        )
    };
    let said = remarks(&text("nftables_ipvs", "10.0.0.5-20 80", "TCP"));
    let wanted = "virtual_server_group two: packets to 10.0.0.5-10.0.0.9 port 80 (TCP) go to group one, which has these \
                  addresses, too, and comes first";
    assert_eq!(said, [wanted]);
    let one = remarks(&text("nftables_ipvs", "10.0.0.4", "TCP"));
    assert!(one.is_empty(), "a port that is named comes before every port: {one:?}");
    assert!(remarks(&text("nftables_ipvs", "10.0.0.10-20 80", "TCP")).is_empty(), "side by side");
    assert!(remarks(&text("nftables_ipvs", "10.0.0.5-20 81", "TCP")).is_empty(), "another port");
    assert!(remarks(&text("nftables_ipvs", "10.0.0.5-20 80", "UDP")).is_empty(), "another protocol");
    assert!(remarks(&text("", "10.0.0.5-20 80", "TCP")).is_empty(), "no marks");
}

#[test]
fn an_address_of_two_marked_groups_is_shown_in_both() {
    let text = "global_defs {\nnftables_ipvs\n}\nvirtual_server_group a {\n2001:db8::1\n}\nvirtual_server_group b {\n\
                2001:db8::1\n}\nvirtual_server group a {\nlvs_sched rr\nprotocol UDP\nreal_server fd00::7 53 {\n}\n}\n\
                virtual_server group b {\nlvs_sched rr\nprotocol UDP\nreal_server fd00::8 53 {\n}\n}\n";
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    let loaded = load("/test.conf", &options, &FakeHost::new().with_file("/test.conf", text));
    let mut diagnostics = loaded.report.diagnostics().iter();
    let remark = diagnostics.find(|found| found.class == Class::Note).expect("a remark");
    assert!(
        remark.message.contains("packets to 2001:db8::1 any port (UDP) go to group a"),
        "{}",
        remark.message
    );
    assert!(remark.logged_always);
    let place = |span| loaded.sources.place(span).to_string();
    assert_eq!(remark.span.map(place).as_deref(), Some("/test.conf:8:1"));
    assert_eq!(remark.related.first().map(|(span, _)| place(*span)).as_deref(), Some("/test.conf:5:1"));
}
