//! Recorded cases about what checks say on the wire, what connections do, and odd configurations: what the engine has
//! to do with them. The bytes themselves are compared in crate `checks`, the reader's messages in crate `config`,
//! connections over the table in crate `lab`.

use crate::machine::Answer::{Fails, Good, Silent};
use crate::machine::Machine;
use keepalived_types::IfIndex;
use std::path::PathBuf;

const REFUSED: crate::machine::Answer = Fails("failed");

fn case(name: &'static str) -> Machine {
    Machine::new(name, "keepalived.conf")
}

#[test]
fn data_plane() {
    let mut run = Machine::new("data-plane", "keepalived-nat.conf");
    run.start().step();
    run.answer("192.168.200.3:80", REFUSED).step();
    run.answer("192.168.200.2:80", REFUSED).step();
    run.answer("192.168.200.2:80", Good).step();
    run.stop().step();
    run.answer("192.168.200.3:80", Good);
    run.restart("keepalived-dr.conf").start().step();
    run.answer("192.168.200.2:80", REFUSED).step();
    run.stop().step();
    run.answer("192.168.200.2:80", Good);
    run.restart("keepalived-tun.conf").start().step();
    run.stop().step();
}

#[test]
fn ssl_get() {
    let mut run = case("ssl-get");
    run.answer("192.168.200.4:443", Silent("SSL handshake/communication error connecting to"));
    run.start().step().step();
    for last in [2, 3] {
        run.answer(&format!("192.168.200.{last}:443"), Fails("MD5 digest error to"));
    }
    run.step();
    for last in [2, 3] {
        run.answer(&format!("192.168.200.{last}:443"), Good);
    }
    run.step();
    // What OpenSSL says comes out of a real connection, which crate `checks` has.
    let said = "SSL error 'error:0A000126:SSL routines::unexpected eof while reading' at ../ssl/record/rec_layer_s3.c:318 (ssl3_read_n) data '' flags 0x1";
    run.step_except(&[(said, ""), (said, "")], &[]);
    run.stop().step();
}

/// Which answer means what is decided in crate `checks`; here the table and the log follow from it.
#[test]
fn http_answers() {
    let mut run = case("http-answers");
    let recorded = std::fs::read_to_string(
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lvs_samples/http-answers/transcript-2.4.3.txt"),
    );
    let recorded = recorded.expect("the case has a transcript");
    let results = recorded.lines().skip_while(|line| *line != "== summary").skip(1);
    let results: Vec<bool> = results.map(|line| line.ends_with("PASS")).collect();
    assert_eq!(results.len(), 29);
    for (port, _) in (9000..).zip(&results).filter(|(_, passes)| !**passes) {
        run.answer(&format!("192.168.200.2:{port}"), Fails("HTTP status code error to"));
    }
    // The remarks about Content-Length come out of real answers, which crate `checks` has.
    run.start().step_in_any_order(|line| !line.starts_with("http_check for RS"));
    run.stop().step_in_any_order(|_| true);
}

/// The times of first connections, which are all of the recording: where the original's fall at random, ours are spread
/// evenly.
#[test]
fn warmup() {
    let recorded = std::fs::read_to_string(
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/lvs_samples/warmup/transcript-2.4.3.txt"),
    );
    let recorded = recorded.expect("the case has a transcript");
    let times = |line: &str| line.split(' ').map(str::parse::<f64>).collect::<Result<Vec<f64>, _>>().ok();
    let recorded_times = recorded.lines().find_map(times).expect("a line of times");
    assert_eq!(recorded_times.len(), 30);
    let mut run = case("warmup");
    let first = run.start().run(7.001).began();
    assert_eq!(first.len(), 30, "{first:?}");
    // The program had been running for a moment when its checkers were scheduled.
    let moment = 0.5;
    for time in recorded_times.iter().map(|time| time - moment).chain(first.iter().copied()) {
        assert!((1.0..=7.0).contains(&time), "{time}");
    }
    let widest = first.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    assert!(widest < 0.5, "evenly over six seconds: {first:?}");
    let later = run.run(6.0).began();
    let gaps: Vec<f64> = first.iter().zip(&later).map(|(one, two)| two - one).collect();
    assert_eq!(gaps.len(), 30);
    assert!(gaps.iter().all(|gap| (gap - 6.0).abs() < 0.001), "as recorded, 6.00: {gaps:?}");
}

#[test]
fn http_requests() {
    let mut run = case("http-requests");
    // Answers of one moment come in the order of the checks.
    let line = |server: &str| format!("Remote Web server {server} succeed on service.");
    let at = |port: u16| match port {
        8005 => line("[fd00:200::3]:tcp:8005"),
        port => line(&format!("[192.168.200.2]:tcp:{port}")),
    };
    let recorded = [8004, 8003, 8002, 8005, 8001];
    let pairs: Vec<(String, String)> =
        recorded.into_iter().zip(8001..).map(|(theirs, ours)| (at(theirs), at(ours))).collect();
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(theirs, ours)| (theirs.as_str(), ours.as_str())).collect();
    run.start().step_except(&pairs, &[]);
    run.step();
    run.stop().step();
}

/// Where the original never checks (D-6), ours does.
#[test]
fn ha_suspend_group() {
    let mut run = case("ha-suspend-group");
    run.start().step();
    let interface = IfIndex::new(3).expect("3 is not 0");
    let address = "10.10.10.2".parse().expect("a literal address");
    let reported = "Netlink reflector reports IP 10.10.10.2 added";
    let activating = "Activating healthchecker for service [192.168.200.2]:tcp:80 for VS [g]:0";
    let success = "TCP connection to [192.168.200.2]:tcp:80 success.";
    run.act(|engine, now| engine.handle_address_added(interface, address, now))
        .step_except(&[("", reported), ("", activating), ("", success)], &[]);
    run.stop().step();
}

#[test]
fn legacy_keywords() {
    let mut run = case("legacy-keywords");
    run.step();
    // The order of first checks is up to chance: only what comes before them is compared.
    let later = [
        // 2.4.3 makes a third checker of an SMTP_CHECK with two hosts; 2.2.7 and ours do not.
        "Activating healthchecker for service [192.168.200.2]:tcp:80 for VS [10.10.10.2]:tcp:80",
        "HTTP_CHECK on service [192.168.200.2]:tcp:80 failed after 3 retries.",
        "Disabling service [192.168.200.2]:tcp:80 of VS [10.10.10.2]:tcp:80",
        "Lost quorum 1-0=1 > 0 for VS [10.10.10.2]:tcp:80",
        "Adding sorry server [192.168.200.200]:tcp:1358 to VS [10.10.10.2]:tcp:80",
        "Removing alive servers from the pool for VS [10.10.10.2]:tcp:80",
    ];
    let operations = [
        "SET_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80 fwd=masq weight=0",
        "NEW_DEST tcp 10.10.10.2:80 -> 192.168.200.200:1358 fwd=masq weight=1",
    ];
    run.start().step_except(&later.map(|line| (line, "")), &operations.map(|operation| (operation, "")));
}

#[test]
fn odd_configurations() {
    let mut run = case("odd-configurations");
    run.step();
    let of_the_reader = [
        "Invalid regex: '(' at offset 1: missing closing parenthesis",
        "Script user 'keepalived_script' does not exist",
        "Virtual server group nosuch specified but not configured - ignoring virtual server [nosuch]:0",
        "VS [10.10.10.2]:tcp:80: real server [192.168.200.2]:tcp:80 is duplicated - removing second rs",
        "Script /nosuch/script cannot be accessed - No such file or directory",
        "Disabling misc script '/nosuch/script' since not found/accessible",
    ];
    run.start().step_except(&of_the_reader.map(|line| (line, "")), &[]);
    run.stop().step();
}

/// Point 44 of the checklist.
#[test]
fn c44_a_quorum_beyond_the_weights_is_their_sum() {
    let server = |last: u8, weight: u8| format!("real_server 10.0.0.{last} 80 {{\nweight {weight}\n}}\n");
    let servers = [server(2, 2), server(3, 2), server(4, 1)].concat();
    let text = format!(
        "virtual_server 10.0.0.1 80 {{\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\nquorum 9\n{servers}}}\n"
    );
    let said = crate::machine::remarks(&text);
    let warning = "Warning - quorum 9 for [10.0.0.1]:tcp:80 exceeds total weight of real servers 5, reducing quorum to 5";
    assert!(said.iter().any(|line| line == warning), "{said:?}");
    let gained = "Gained quorum 5+0=5 <= 5 for VS [10.0.0.1]:tcp:80".to_owned();
    assert!(Machine::running(&text).log().contains(&gained));
}
