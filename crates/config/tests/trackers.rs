//! Trackers that cannot be used: they go, the report says why, and their users are not blamed as well.

use keepalived_config::host::FakeHost;
use keepalived_config::load::{LoadOptions, load};
use keepalived_config::render;
use keepalived_vrrp::config::{Config, ParameterMatch, Track};

#[test]
fn a_file_on_a_file_system_that_tells_nothing_is_refused_with_its_trackers() {
    let text = "track_file up {\nfile /proc/uptime\n}\ntrack_file ok {\nfile /run/number\n}\nvrrp_instance A {\ninterface eth0\n\
                virtual_router_id 51\nvirtual_ipaddress { 192.0.2.10 }\ntrack_file {\nup\nok\n}\n}\n";
    let host = FakeHost::new().with_untrackable("/proc/uptime", "is on a proc file system");
    let (config, report) = loaded(host, text);
    let expected = "track_file up: /proc/uptime is on a proc file system - ignoring";
    assert!(report.len() == 1 && report[0].ends_with(expected), "{report:?}");
    assert_eq!(config.files.len(), 1);
    assert_eq!(names(&config.instances[0].trackers.files), ["ok"]);
}

#[test]
fn c101_weights_on_the_trackers_of_an_owner_are_reported_and_ignored() {
    let text = "vrrp_script s {\nscript /ok\nweight 5\n}\ntrack_file f {\nfile /run/f\nweight 3\n}\n\
                vrrp_track_process p {\nprocess nginx\nweight 7\n}\nvrrp_instance A {\nstate MASTER\ninterface eth0\n\
                priority 255\nvirtual_router_id 51\nvirtual_ipaddress { 192.0.2.10 }\ntrack_script {\ns\n}\ntrack_file \
                {\nf\n}\ntrack_process {\np\n}\ntrack_interface {\neth1 weight 9\n}\n}\n";
    let (config, report) = loaded(FakeHost::new().with_script("/ok"), text);
    for expected in [
        "(A) ignoring eth1 tracked interface due to address owner",
        "(A) ignoring tracked script s with weights due to address_owner",
        "(A) ignoring tracked file f with weight 3 due to address_owner",
    ] {
        assert!(report.iter().any(|line| line.ends_with(expected)), "{expected}: {report:?}");
    }
    let trackers = &config.instances[0].trackers;
    assert_eq!(names(&trackers.scripts), [""; 0]);
    assert_eq!(names(&trackers.files), [""; 0]);
    assert_eq!(names(&trackers.processes), [""; 0]);
    assert!(trackers.interfaces.is_empty());
}

#[test]
fn the_parameters_of_a_process_are_compared_as_the_block_says() {
    use ParameterMatch::{Exact, Initial, Partial};
    let cases = [
        ("process nginx", false, Partial),
        ("process nginx\nfull_command", true, Partial),
        ("process nginx\nparam_match", true, Exact),
        ("process nginx\nparam_match initial", true, Exact),
        ("process nginx -g x", true, Exact),
        ("process nginx -g x\nparam_match partial", true, Partial),
        ("process nginx -g x\nparam_match initial", true, Initial),
    ];
    for (lines, full_command, parameters) in cases {
        let text = format!(
            "vrrp_track_process p {{\n{lines}\n}}\nvrrp_instance A {{\ninterface eth0\nvirtual_router_id 51\n\
             virtual_ipaddress {{ 192.0.2.10 }}\ntrack_process {{\np\n}}\n}}\n"
        );
        let (config, _) = loaded(FakeHost::new(), &text);
        let process = &config.processes[0];
        assert_eq!((process.full_command, process.parameters), (full_command, parameters), "{lines}");
    }
}

/// The VRRP part, and the lines of the report that `-t` has.
fn loaded(host: FakeHost, text: &str) -> (Config, Vec<String>) {
    let host = host.with_file("/test.conf", text);
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    let loaded = load("/test.conf", &options, &host);
    let report = render::plain(&loaded.report, &loaded.sources);
    let lines = report.lines().filter(|line| !line.starts_with("note:")).map(str::to_owned).collect();
    (loaded.config.expect("it can run").vrrp, lines)
}

fn names(trackers: &[(String, Track)]) -> Vec<&str> {
    trackers.iter().map(|(name, _)| name.as_str()).collect()
}
