//! Points of the checklist (lvs reference 9) that the engine can show, numbered as there. `docs/checklist-lvs.md` has a
//! row for each point. The standard case: one virtual server 10.0.0.1:80, TCP, rr, NAT; real servers .2 and .3 with
//! TCP_CHECK, `delay_loop` 1, `warmup` 0.

use crate::machine::Answer::{Exit, Fails, Good, Silent, Status};
use crate::machine::{Answer, Machine};
use keepalived_lvs::Start;
use keepalived_types::ipvs::{Destination, DestinationKey, ObservedService};

const REFUSED: Answer = Fails("failed");

fn server(last: u8, lines: &str) -> String {
    format!("real_server 10.0.0.{last} 80 {{\n{lines}\n}}\n")
}

fn tcp(lines: &str) -> String {
    format!("TCP_CHECK {{\n{lines}\n}}")
}

fn service(lines: &str, servers: &str) -> String {
    format!(
        "virtual_server 10.0.0.1 80 {{\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\ndelay_loop 1\nwarmup 0\n{lines}\n{servers}\n}}\n"
    )
}

/// The standard case with more lines in its virtual server.
fn standard(lines: &str) -> String {
    service(lines, &format!("{}{}", server(2, &tcp("")), server(3, &tcp(""))))
}

fn new_dest(last: u8, weight: u32) -> String {
    format!("NEW_DEST tcp 10.0.0.1:80 -> 10.0.0.{last}:80 fwd=masq weight={weight}")
}

fn set_dest(last: u8, weight: u32) -> String {
    format!("SET_DEST tcp 10.0.0.1:80 -> 10.0.0.{last}:80 fwd=masq weight={weight}")
}

fn del_dest(last: u8) -> String {
    format!("DEL_DEST tcp 10.0.0.1:80 -> 10.0.0.{last}:80")
}

fn new_service(scheduler: &str) -> String {
    format!(
        "NEW_SERVICE tcp 10.0.0.1:80 sched={scheduler} flags=0x0/0xffffffff timeout=0 netmask=255.255.255.255"
    )
}

/// A running machine whose first checks are over, with nothing left to tell.
fn settled(text: &str) -> Machine {
    let mut machine = Machine::running(text);
    machine.run(1.5);
    machine.operations();
    machine.log();
    machine.told();
    machine.began();
    machine
}

#[test]
fn c01_services_and_servers_are_added_before_any_check() {
    let mut machine = Machine::running(&standard(""));
    assert_eq!(machine.operations(), [new_service("rr"), new_dest(2, 1), new_dest(3, 1)]);
    assert!(machine.began().is_empty());
}

#[test]
fn c02_alpha_servers_wait_for_their_first_success() {
    let mut machine = Machine::running(&standard("alpha"));
    assert_eq!(machine.operations(), [new_service("rr")]);
    machine.run(1.5);
    assert_eq!(machine.operations(), [new_dest(2, 1), new_dest(3, 1)]);
}

#[test]
fn c03_inhibited_alpha_servers_wait_with_weight_0() {
    let mut machine = Machine::running(&standard("alpha\ninhibit_on_failure\nweight 4"));
    assert_eq!(machine.operations(), [new_service("rr"), new_dest(2, 0), new_dest(3, 0)]);
    machine.run(1.5);
    assert_eq!(machine.operations(), [set_dest(2, 4), set_dest(3, 4)]);
}

#[test]
fn c04_a_server_without_checkers_stays_until_the_stop() {
    let mut machine = Machine::running(&service("", &server(2, "")));
    assert_eq!(machine.operations(), [new_service("rr"), new_dest(2, 1)]);
    machine.run(1000.0);
    assert!(machine.operations().is_empty());
    machine.stop();
    assert_eq!(machine.operations(), [del_dest(2), "DEL_SERVICE tcp 10.0.0.1:80".to_owned()]);
}

#[test]
fn c06_the_table_is_emptied_at_start_and_not_at_a_reload() {
    let text = format!("global_defs {{\nlvs_flush\n}}\n{}", standard(""));
    let mut machine = Machine::running(&text);
    assert_eq!(machine.operations()[..2], ["FLUSH".to_owned(), new_service("rr")]);
    machine.reload_text(&text);
    assert!(machine.operations().is_empty());
}

#[test]
fn c23_thresholds_are_sent() {
    let mut machine = Machine::running(&service("", &server(2, "uthreshold 100\nlthreshold 50")));
    assert_eq!(machine.operations()[1], format!("{} uthresh=100 lthresh=50", new_dest(2, 1)));
}

#[test]
fn c24_a_duplicate_is_added_once() {
    let mut machine = Machine::running(&service("", &format!("{}{}", server(2, ""), server(2, ""))));
    assert_eq!(machine.operations(), [new_service("rr"), new_dest(2, 1)]);
}

#[test]
fn c25_a_virtual_server_without_servers_does_nothing() {
    assert!(Machine::running(&service("", "")).operations().is_empty());
}

#[test]
fn c26_a_server_leaves_after_its_retry() {
    let mut machine = settled(&standard(""));
    machine.answer("10.0.0.3:80", REFUSED).run(1.4);
    assert!(machine.operations().is_empty(), "one failure so far");
    machine.run(0.7);
    assert_eq!(machine.operations(), [del_dest(3)]);
}

#[test]
fn c27_without_retries_the_first_failure_counts() {
    let mut machine = settled(&service("", &server(3, &tcp("retry 0"))));
    machine.answer("10.0.0.3:80", REFUSED).run(1.0);
    assert_eq!(machine.operations(), [del_dest(3)]);
    assert!(machine.log().contains(&"TCP_CHECK on service [10.0.0.3]:tcp:80 failed.".to_owned()));
}

#[test]
fn c28_the_very_first_failure_is_final_except_for_smtp() {
    let checks = [
        (2, "TCP_CHECK {\nretry 3\n}"),
        (3, "UDP_CHECK {\nretry 3\n}"),
        (4, "PING_CHECK {\nretry 3\n}"),
        (5, "HTTP_GET {\nretry 3\nurl {\npath /\n}\n}"),
        (6, "DNS_CHECK {\nretry 3\n}"),
        (7, "MISC_CHECK {\nretry 3\nmisc_path \"/usr/local/bin/chk.sh seven\"\n}"),
        (8, "SMTP_CHECK {\nretry 1\ndelay_before_retry 0.25\n}"),
    ];
    let servers: String = checks.iter().map(|(last, check)| server(*last, check)).collect();
    let mut machine =
        Machine::idle(&format!("global_defs {{\nscript_user root\n}}\n{}", service("", &servers)));
    for last in 2..=8 {
        machine.answer(&format!("10.0.0.{last}:80"), REFUSED);
    }
    machine.answer("seven", Exit("exited with status 1"));
    machine.start();
    machine.operations();
    machine.run(1.1);
    let mut first = machine.operations();
    first.sort();
    assert_eq!(first, [2, 3, 4, 5, 6, 7].map(del_dest));
    machine.run(0.2);
    assert_eq!(machine.operations(), [del_dest(8)]);
}

#[test]
fn c29_one_success_brings_a_server_back_with_its_weight() {
    let mut machine = settled(&service("", &server(3, "weight 7\nTCP_CHECK {\nretry 0\n}")));
    machine.answer("10.0.0.3:80", REFUSED).run(1.0);
    machine.operations();
    machine.answer("10.0.0.3:80", Good).run(1.0);
    assert_eq!(machine.operations(), [new_dest(3, 7)]);
}

#[test]
fn c30_silence_is_a_failure_after_the_time_out() {
    let mut machine = settled(&service("", &server(3, &tcp("retry 0\nconnect_timeout 3"))));
    machine.answer("10.0.0.3:80", Silent("timeout")).run(3.4);
    assert!(machine.operations().is_empty());
    machine.run(0.2);
    assert_eq!(machine.operations(), [del_dest(3)]);
}

#[test]
fn c31_an_inhibiting_server_gets_weight_0() {
    let mut machine = settled(&standard("inhibit_on_failure"));
    machine.answer("10.0.0.3:80", REFUSED).run(3.0);
    assert_eq!(machine.operations(), [set_dest(3, 0)]);
    let line = "Disabling service [10.0.0.3]:tcp:80 of VS [10.0.0.1]:tcp:80".to_owned();
    assert!(machine.log().contains(&line));
}

#[test]
fn c32_a_server_needs_all_of_its_checkers() {
    let two = format!("{}\n{}", tcp("retry 0"), tcp("retry 0\nconnect_port 81"));
    let mut machine = settled(&service("", &server(2, &two)));
    machine.answer("10.0.0.2:80", REFUSED).answer("10.0.0.2:81", REFUSED).run(1.0);
    assert_eq!(machine.operations(), [del_dest(2)]);
    machine.answer("10.0.0.2:80", Good).run(2.0);
    assert!(machine.operations().is_empty());
    machine.answer("10.0.0.2:81", Good).run(1.0);
    assert_eq!(machine.operations(), [new_dest(2, 1)]);
}

#[test]
fn c33_a_check_that_cannot_be_made_changes_nothing() {
    let mut machine = settled(&service("", &server(2, &tcp("bind_if nosuch0"))));
    machine.answer("dev nosuch0", Answer::CannotRun("no such device")).run(3.0);
    assert!(machine.operations().is_empty());
    assert_eq!(machine.log().iter().filter(|line| line.contains("no such device")).count(), 3);
}

#[test]
fn c35_first_checks_are_spread_over_the_warm_up_and_then_keep_their_interval() {
    let servers: String =
        (0..30).map(|n| format!("real_server 10.0.0.2 {} {{\n{}\n}}\n", 8000 + n, tcp(""))).collect();
    let text = format!(
        "virtual_server 10.0.0.1 80 {{\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\ndelay_loop 6\n{servers}\n}}\n"
    );
    let mut machine = Machine::running(&text);
    machine.run(7.0);
    let first = machine.began();
    assert_eq!(first.len(), 30);
    assert!(first.iter().all(|at| (1.0..=7.0).contains(at)), "{first:?}");
    let gaps = first.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.fold(0.0, f64::max) < 0.6, "evenly: {first:?}");
    machine.run(6.0);
    let second = machine.began();
    for (first, second) in first.iter().zip(&second) {
        assert!((second - first - 6.0).abs() < 1e-6);
    }
}

#[test]
fn c36_without_a_sorry_server_the_empty_service_stays() {
    let text = format!(
        "global_defs {{\nscript_user root\n}}\n{}",
        service("quorum_down \"/usr/local/bin/ev.sh down\"", &server(2, &tcp("retry 0")))
    );
    let mut machine = settled(&text);
    machine.answer("10.0.0.2:80", REFUSED).run(1.0);
    assert_eq!(machine.operations(), [del_dest(2)]);
    assert!(machine.log().contains(&"Lost quorum 1-0=1 > 0 for VS [10.0.0.1]:tcp:80".to_owned()));
    assert!(machine.told().contains(&"/usr/local/bin/ev.sh|down".to_owned()));
}

fn weighted(lines: &str) -> String {
    let weights = [(2, 2), (3, 2), (4, 1)];
    let servers: String = weights
        .iter()
        .map(|(last, weight)| server(*last, &format!("weight {weight}\n{}", tcp("retry 0"))))
        .collect();
    service(lines, &servers)
}

fn fail(machine: &mut Machine, lasts: &[u8]) {
    for last in lasts {
        machine.answer(&format!("10.0.0.{last}:80"), REFUSED);
    }
}

#[test]
fn c37_hysteresis_keeps_the_quorum() {
    let mut machine = settled(&weighted("quorum 3\nhysteresis 1"));
    fail(&mut machine, &[2, 4]);
    machine.run(1.0);
    assert!(!machine.log().iter().any(|line| line.starts_with("Lost")), "2 are left");
    fail(&mut machine, &[3]);
    machine.run(1.0);
    assert!(machine.log().contains(&"Lost quorum 3-1=2 > 0 for VS [10.0.0.1]:tcp:80".to_owned()));
}

#[test]
fn c38_and_asks_for_more_to_come_back() {
    let mut machine = settled(&weighted("quorum 3\nhysteresis 1"));
    fail(&mut machine, &[2, 3, 4]);
    machine.run(1.0);
    machine.log();
    machine.answer("10.0.0.2:80", Good).run(1.0);
    assert!(!machine.log().iter().any(|line| line.starts_with("Gained")), "2 are back");
    machine.answer("10.0.0.3:80", Good).run(1.0);
    assert!(machine.log().contains(&"Gained quorum 3+1=4 <= 4 for VS [10.0.0.1]:tcp:80".to_owned()));
}

fn three_with_sorry() -> Machine {
    let servers: String = [2, 3, 4].iter().map(|last| server(*last, &tcp("retry 0"))).collect();
    settled(&service("quorum 3\nsorry_server 10.0.0.9 80", &servers))
}

#[test]
fn c39_the_sorry_server_comes_when_the_pool_is_empty() {
    let mut machine = three_with_sorry();
    fail(&mut machine, &[3]);
    machine.run(1.0);
    assert_eq!(machine.operations(), [del_dest(3), del_dest(2), del_dest(4), new_dest(9, 1)]);
}

#[test]
fn c40_while_it_stands_in_servers_come_and_go_unseen() {
    let mut machine = three_with_sorry();
    fail(&mut machine, &[3]);
    machine.run(1.0);
    machine.operations();
    machine.told();
    fail(&mut machine, &[4]);
    machine.run(1.0);
    machine.answer("10.0.0.3:80", Good).run(1.0);
    assert!(machine.operations().is_empty());
    assert_eq!(
        machine.told(),
        ["RS [10.0.0.4]:tcp:80 [10.0.0.1]:tcp:80 DOWN", "RS [10.0.0.3]:tcp:80 [10.0.0.1]:tcp:80 UP"]
    );
}

#[test]
fn c41_with_the_quorum_the_pool_is_filled_again_in_order() {
    let mut machine = three_with_sorry();
    fail(&mut machine, &[3]);
    machine.run(1.0);
    machine.operations();
    machine.answer("10.0.0.3:80", Good).run(1.0);
    assert_eq!(machine.operations(), [del_dest(9), new_dest(2, 1), new_dest(3, 1), new_dest(4, 1)]);
}

#[test]
fn c42_alpha_servers_start_behind_the_sorry_server() {
    let mut machine = Machine::running(&standard("alpha\nsorry_server 10.0.0.9 80"));
    assert_eq!(machine.operations(), [new_service("rr"), new_dest(9, 1)]);
    assert!(machine.log().iter().any(|line| line.starts_with("Starting with quorum down 1-0=1 > 0")));
}

#[test]
fn c43_an_inhibited_sorry_server_is_always_there() {
    let mut machine = Machine::running(&service(
        "sorry_server 10.0.0.9 80\nsorry_server_inhibit",
        &server(2, &tcp("retry 0")),
    ));
    assert_eq!(machine.operations(), [new_service("rr"), new_dest(2, 1), new_dest(9, 0)]);
    machine.run(1.5).answer("10.0.0.2:80", REFUSED).run(1.0);
    assert_eq!(machine.operations(), [del_dest(2), set_dest(9, 1)]);
    machine.answer("10.0.0.2:80", Good).run(1.0);
    assert_eq!(machine.operations(), [set_dest(9, 0), new_dest(2, 1)]);
}

fn misc(lines: &str) -> String {
    let check = format!("weight 10\nMISC_CHECK {{\nmisc_path \"/usr/local/bin/chk.sh one\"\n{lines}\n}}");
    format!("global_defs {{\nscript_user root\n}}\n{}", service("lvs_sched wrr", &server(2, &check)))
}

#[test]
fn c45_a_program_chooses_the_weight() {
    let mut machine = settled(&misc("misc_dynamic"));
    for (status, weight) in [(42, 40), (2, 0), (255, 253)] {
        machine.answer("one", Status(status)).run(1.0);
        assert_eq!(machine.operations(), [set_dest(2, weight)]);
    }
    machine.answer("one", Good).run(1.0);
    assert_eq!(machine.operations(), [set_dest(2, 10)]);
    machine.answer("one", Exit("exited with status 1")).run(1.0);
    assert_eq!(machine.operations(), [del_dest(2)]);
}

#[test]
fn c46_a_server_comes_back_with_the_weight_that_its_program_says() {
    let mut machine = settled(&misc("misc_dynamic"));
    machine.answer("one", Exit("exited with status 1")).run(1.0);
    machine.operations();
    machine.answer("one", Status(22)).run(1.0);
    assert_eq!(machine.operations(), [new_dest(2, 20)]);
}

#[test]
fn c47_a_reload_keeps_the_configured_weight_after_status_0() {
    let text = misc("misc_dynamic");
    let mut machine = settled(&text);
    machine.reload_text(&text);
    assert!(machine.operations().is_empty());
}

#[test]
fn c48_a_killed_program_leaves_no_weight_behind() {
    let mut machine = settled(&misc("misc_dynamic"));
    machine.answer("one", Status(42)).run(1.0);
    machine.answer("one", Exit("due to signal 9")).run(1.0);
    machine.operations();
    machine.answer("one", Good).run(1.0);
    assert_eq!(machine.operations(), [new_dest(2, 10)]);
}

#[test]
fn c49_a_file_changes_the_weight() {
    let check = "weight 10\nFILE_CHECK {\ntrack_file tf\nweight 1\n}";
    let text = format!("track_file tf {{\nfile /run/tf\n}}\n{}", service("", &server(2, check)));
    let mut machine = Machine::running(&text);
    machine.operations();
    for (value, expected) in [
        (5, set_dest(2, 15)),
        (-4, set_dest(2, 6)),
        (-20, set_dest(2, 0)),
        (-2_147_483_648, del_dest(2)),
        (0, new_dest(2, 10)),
    ] {
        machine.act(|engine, now| engine.handle_file("tf", value, now));
        assert_eq!(machine.operations(), [expected], "{value}");
    }
}

fn web(lines: &str) -> String {
    let urls: String = ["/a", "/b", "/c"].iter().map(|path| format!("url {{\npath {path}\n}}\n")).collect();
    service("", &server(2, &format!("HTTP_GET {{\nretry 0\n{lines}\n{urls}\n}}")))
}

#[test]
fn c55_all_urls_must_pass_after_a_failure() {
    let mut machine = Machine::running(&web(""));
    machine.run(4.5);
    machine.operations();
    machine.answer("10.0.0.2:80/b", REFUSED).run(2.0);
    assert_eq!(machine.operations(), [del_dest(2)]);
    machine.log();
    // delay_before_retry is 3 s by default, and more than delay_loop.
    machine.answer("10.0.0.2:80/b", Good).run(2.0);
    assert_eq!(machine.log(), ["HTTP status code success to [10.0.0.2]:tcp:80 url(/b)"]);
    machine.run(3.0);
    assert_eq!(machine.operations(), [new_dest(2, 1)]);
}

#[test]
fn c56_fast_recovery_does_not_wait() {
    let mut machine = Machine::running(&web("fast_recovery"));
    machine.run(1.1);
    assert!(machine.log().contains(&"Remote Web server [10.0.0.2]:tcp:80 succeed on service.".to_owned()));
    machine.answer("10.0.0.2:80/b", REFUSED).run(3.0);
    machine.operations();
    machine.answer("10.0.0.2:80/b", Good).run(3.1);
    assert_eq!(machine.operations(), [new_dest(2, 1)]);
}

#[test]
fn c66_an_unchanged_configuration_does_nothing() {
    let mut machine = settled(&standard(""));
    machine.reload_text(&standard(""));
    assert!(machine.operations().is_empty());
    assert!(machine.log().is_empty());
    machine.run(1.0);
    assert_eq!(machine.began().len(), 2, "checks go on at their times");
}

#[test]
fn c67_a_changed_weight_is_one_change() {
    let before = service("", &format!("{}{}", server(2, &tcp("")), server(3, &tcp(""))));
    let after =
        service("", &format!("{}{}", server(2, &format!("weight 5\n{}", tcp(""))), server(3, &tcp(""))));
    let mut machine = settled(&before);
    machine.reload_text(&after);
    assert_eq!(machine.operations(), [set_dest(2, 5)]);
}

#[test]
fn c68_a_changed_scheduler_is_one_change() {
    let mut machine = settled(&standard(""));
    machine.reload_text(&standard("lvs_sched wlc"));
    assert_eq!(machine.operations(), [new_service("wlc").replace("NEW", "SET")]);
    machine.reload_text(&standard("lvs_sched wlc\npersistence_timeout 50"));
    assert_eq!(machine.operations().len(), 1);
}

#[test]
fn c69_who_leaves_goes_before_who_comes() {
    let mut machine = settled(&standard(""));
    machine.reload_text(&service("", &format!("{}{}", server(4, &tcp("")), server(3, &tcp("")))));
    assert_eq!(machine.operations(), [del_dest(2), new_dest(4, 1)]);
}

#[test]
fn c70_a_removed_virtual_server_takes_its_servers_along() {
    let other = standard("").replace("10.0.0.1 80", "10.0.0.1 81");
    let mut machine = settled(&format!("{}{other}", standard("")));
    machine.reload_text(&other);
    assert_eq!(machine.operations(), [del_dest(2), del_dest(3), "DEL_SERVICE tcp 10.0.0.1:80".to_owned()]);
}

#[test]
fn c71_a_changed_method_is_one_change() {
    let mut machine = settled(&standard(""));
    let direct = format!("lvs_method DR\n{}", tcp(""));
    machine.reload_text(&service("", &format!("{}{}", server(2, &direct), server(3, &tcp("")))));
    assert_eq!(machine.operations(), [set_dest(2, 1).replace("masq", "dr")]);
}

#[test]
fn c72_a_server_that_is_down_stays_out_unannounced() {
    let mut machine = settled(&standard(""));
    machine.answer("10.0.0.3:80", REFUSED).run(3.0);
    machine.operations();
    machine.told();
    machine.reload_text(&standard(""));
    machine.run(3.0);
    assert!(machine.operations().is_empty());
    assert!(machine.told().is_empty());
}

#[test]
fn c73_inhibit_on_failure_can_change_while_a_server_is_down() {
    let mut machine = settled(&standard(""));
    machine.answer("10.0.0.3:80", REFUSED).run(3.0);
    machine.operations();
    machine.reload_text(&standard("inhibit_on_failure"));
    assert_eq!(machine.operations(), [new_dest(3, 0)]);
    machine.reload_text(&standard(""));
    assert_eq!(machine.operations(), [del_dest(3)]);
}

#[test]
fn c74_a_removed_sorry_server_gives_the_pool_back() {
    let servers = format!("{}{}", server(2, &tcp("")), server(3, &tcp("retry 0")));
    let mut machine = settled(&service("quorum 2\nsorry_server 10.0.0.9 80", &servers));
    machine.answer("10.0.0.3:80", REFUSED).run(1.0);
    machine.operations();
    machine.reload_text(&service("quorum 2", &servers));
    assert_eq!(machine.operations(), [del_dest(9), new_dest(2, 1)]);
}

#[test]
fn c75_a_smaller_quorum_is_gained_at_once() {
    let servers = format!("{}{}", server(2, &tcp("")), server(3, &tcp("retry 0")));
    let mut machine = settled(&service("quorum 2\nsorry_server 10.0.0.9 80", &servers));
    machine.answer("10.0.0.3:80", REFUSED).run(1.0);
    machine.operations();
    machine.reload_text(&service("quorum 1\nsorry_server 10.0.0.9 80", &servers));
    assert_eq!(machine.operations(), [del_dest(9), new_dest(2, 1)]);
}

fn grouped(entries: &str, services: &[&str]) -> String {
    let services: String = services
        .iter()
        .map(|protocol| {
            format!(
                "virtual_server group g {{\nprotocol {protocol}\nlvs_sched rr\nlvs_method NAT\nreal_server 10.0.0.2 80 {{\n}}\n}}\n"
            )
        })
        .collect();
    format!("virtual_server_group g {{\n{entries}\n}}\n{services}")
}

#[test]
fn c76_a_removed_entry_takes_its_services_unless_they_are_shared() {
    let mut machine = settled(&grouped("10.0.1.1 80\n10.0.1.2 80", &["TCP", "TCP"]));
    machine.reload_text(&grouped("10.0.1.1 80", &["TCP", "TCP"]));
    assert_eq!(
        machine.operations(),
        ["DEL_DEST tcp 10.0.1.2:80 -> 10.0.0.2:80", "DEL_SERVICE tcp 10.0.1.2:80"]
    );
    machine.reload_text(&grouped("10.0.1.1 80", &["TCP"]));
    assert!(machine.operations().is_empty(), "the other one still uses them");
}

#[test]
fn c77_a_range_goes_across_octets() {
    let mut machine = Machine::running(&grouped("10.0.0.254-10.0.1.1 80", &["TCP"]));
    let services: Vec<String> =
        machine.operations().into_iter().filter(|operation| operation.starts_with("NEW_SERVICE")).collect();
    let addresses: Vec<&str> =
        services.iter().filter_map(|operation| operation.split_whitespace().nth(2)).collect();
    assert_eq!(addresses, ["10.0.0.254:80", "10.0.0.255:80", "10.0.1.0:80", "10.0.1.1:80"]);
}

#[test]
fn c78_a_stop_takes_out_what_we_put_in() {
    let mut machine = settled(&standard(""));
    machine.answer("10.0.0.3:80", REFUSED).run(3.0);
    machine.operations();
    machine.stop();
    assert_eq!(machine.operations(), [del_dest(2), "DEL_SERVICE tcp 10.0.0.1:80".to_owned()]);
}

#[test]
fn c79_flushing_at_a_stop() {
    let with = |value| format!("global_defs {{\nlvs_flush_on_stop{value}\n}}\n{}", standard(""));
    let mut machine = settled(&with(""));
    machine.stop();
    assert_eq!(machine.operations(), ["FLUSH"]);
    let mut machine = settled(&with(" VS"));
    machine.stop();
    assert_eq!(machine.operations(), ["DEL_SERVICE tcp 10.0.0.1:80"]);
}

#[test]
fn c80_only_omega_tells_at_a_stop() {
    let mut machine = settled(&standard(""));
    machine.stop();
    assert!(machine.told().is_empty());
    let mut machine = settled(&standard("omega"));
    machine.stop();
    assert_eq!(
        machine.told(),
        [
            "RS [10.0.0.2]:tcp:80 [10.0.0.1]:tcp:80 DOWN",
            "RS [10.0.0.3]:tcp:80 [10.0.0.1]:tcp:80 DOWN",
            "VS [10.0.0.1]:tcp:80 DOWN"
        ]
    );
}

#[test]
fn c81_the_table_can_be_left_as_it_is() {
    let mut machine = settled(&standard("omega"));
    machine.act(|engine, _| engine.stop(true));
    assert!(machine.operations().is_empty());
}

#[test]
fn c82_time_outs_are_set_and_put_back() {
    let mut machine =
        Machine::running(&format!("global_defs {{\nlvs_timeouts tcp 1000\n}}\n{}", standard("")));
    assert_eq!(machine.operations()[0], "SET_CONFIG tcp=1000 tcpfin=120 udp=300");
    machine.stop();
    assert_eq!(
        machine.operations().last().map(String::as_str),
        Some("SET_CONFIG tcp=900 tcpfin=120 udp=300")
    );
}

#[test]
fn c84_a_sync_daemon_that_a_reload_removes_ends() {
    let mut machine =
        Machine::running(&format!("global_defs {{\nlvs_sync_daemon br0 id 7\n}}\n{}", standard("")));
    assert!(machine.operations().contains(&"NEW_DAEMON state=1 ifn=br0 syncid=7".to_owned()));
    machine.reload_text(&standard(""));
    assert_eq!(machine.operations(), ["DEL_DAEMON state=1 syncid=0", "DEL_DAEMON state=2 syncid=0"]);
}

#[test]
fn c85_real_servers_are_told_about_before_the_quorum_they_cost() {
    let mut machine = settled(&service("", &server(3, &tcp("retry 0"))));
    machine.answer("10.0.0.3:80", REFUSED).run(1.0);
    assert_eq!(machine.told(), ["RS [10.0.0.3]:tcp:80 [10.0.0.1]:tcp:80 DOWN", "VS [10.0.0.1]:tcp:80 DOWN"]);
}

#[test]
fn c86_real_servers_are_told_about_at_start_on_request() {
    assert_eq!(Machine::running(&standard("")).told(), ["VS [10.0.0.1]:tcp:80 UP"]);
    let text = format!("global_defs {{\nrs_init_notifies\n}}\n{}", standard(""));
    assert_eq!(
        Machine::running(&text).told(),
        [
            "RS [10.0.0.2]:tcp:80 [10.0.0.1]:tcp:80 UP",
            "RS [10.0.0.3]:tcp:80 [10.0.0.1]:tcp:80 UP",
            "VS [10.0.0.1]:tcp:80 UP"
        ]
    );
}

#[test]
fn c87_a_script_gets_what_is_configured_and_nothing_else() {
    let lines = format!("notify_down \"/usr/local/bin/ev.sh 'two words'\"\n{}", tcp("retry 0"));
    let mut machine =
        settled(&format!("global_defs {{\nscript_user root\n}}\n{}", service("", &server(3, &lines))));
    machine.answer("10.0.0.3:80", REFUSED).run(1.0);
    assert_eq!(machine.told()[0], "/usr/local/bin/ev.sh|two words");
}

#[test]
fn c88_an_alpha_server_that_fails_at_first_is_told_about_once() {
    for check in [tcp("alpha"), "HTTP_GET {\nalpha\nurl {\npath /\n}\n}".to_owned()] {
        let mut machine = Machine::idle(&service("", &server(3, &check)));
        machine.answer("10.0.0.3:80", REFUSED).start().run(20.0);
        assert_eq!(machine.told(), ["RS [10.0.0.3]:tcp:80 [10.0.0.1]:tcp:80 DOWN"], "{check}");
    }
}

#[test]
fn c89_checks_wait_for_the_address() {
    let address = "10.0.0.1".parse().expect("a literal address");
    let interface = keepalived_types::IfIndex::new(2).expect("2 is not 0");
    let mut machine = Machine::running(&standard("ha_suspend"));
    machine.operations();
    machine.run(10.0);
    assert!(machine.began().is_empty());
    machine.act(|engine, now| engine.handle_address_added(interface, address, now)).run(1.0);
    assert_eq!(machine.began().len(), 2);
    assert!(machine.operations().is_empty());
}

#[test]
fn c90_names_of_services() {
    let mark = "virtual_server fwmark 7 {\nlvs_sched rr\nlvs_method NAT\nreal_server 10.0.0.2 80 {\n}\n}\n";
    let text = format!("{mark}{}", grouped("10.0.1.1 80", &["TCP", "UDP"]));
    let names: Vec<String> = Machine::running(&text)
        .engine()
        .snapshot()
        .virtual_servers
        .into_iter()
        .map(|server| server.name)
        .collect();
    assert_eq!(names, ["FWM 7", "[g]:0", "[g]:1"]);
}

#[test]
fn a_table_that_is_right_already_is_left_alone_at_start() {
    let table: Vec<ObservedService> = Machine::running(&standard("")).engine().wanted_table();
    let mut machine = Machine::idle(&standard(""));
    machine.act(|engine, now| engine.start(Start { observed: Some(table), ..Start::default() }, now));
    assert!(machine.operations().is_empty());
}

#[test]
fn a_successor_leaves_dead_servers_out_and_removes_what_nobody_wants() {
    let mut before = settled(&standard(""));
    before.answer("10.0.0.3:80", REFUSED).run(3.0);
    let table = before.engine().wanted_table();
    let snapshot = before.engine().snapshot();
    let mut after = Machine::idle(&standard(""));
    let start =
        Start { observed: Some(table.clone()), successor_of: Some(snapshot.clone()), ..Start::default() };
    after.answer("10.0.0.3:80", REFUSED).act(|engine, now| engine.start(start, now)).run(10.0);
    assert!(after.operations().is_empty(), "the dead server is not tried on clients again");
    after.answer("10.0.0.3:80", Good).run(1.0);
    assert_eq!(after.operations(), [new_dest(3, 1)]);

    let mut other = Machine::idle(&service("", &server(3, &tcp(""))));
    let start = Start { observed: Some(table), successor_of: Some(snapshot), ..Start::default() };
    other.act(|engine, now| engine.start(start, now));
    assert_eq!(other.operations(), [del_dest(2)]);
}

#[test]
fn what_somebody_else_removed_comes_back_and_what_is_foreign_stays() {
    let mut machine = settled(&standard(""));
    let mut table = machine.engine().wanted_table();
    let foreign = table[0].destinations.pop().expect("there are two");
    table[0].destinations.push(Destination { key: DestinationKey { port: 99, ..foreign.key }, ..foreign });
    machine.act(|engine, _| engine.handle_table(&table));
    assert_eq!(machine.operations(), [new_dest(3, 1)]);
}

#[test]
fn ten_thousand_servers_start_and_reload_in_no_time() {
    let servers: String = (0..10_000)
        .map(|n| format!("real_server 10.1.{}.{} 80 {{\n{}\n}}\n", n / 250, n % 250 + 1, tcp("")))
        .collect();
    let text = service("", &servers);
    let mut machine = settled(&text);
    let begin = std::time::Instant::now();
    machine.reload_text(&text);
    machine.run(1.0);
    assert!(machine.operations().is_empty());
    assert_eq!(machine.began().len(), 10_000);
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
}

/// While nobody says how the session is, a server is as it starts (`docs/differences.md`).
#[test]
fn a_server_with_only_a_bfd_check_stays_as_it_starts() {
    let session = "bfd_instance b {\nneighbor_ip 10.0.0.9\n}\n";
    let follows = |last, line: &str| server(last, &format!("BFD_CHECK {{\nname b\n{line}\n}}"));
    let text = [session.to_owned(), service("", &[follows(2, ""), follows(3, "alpha")].concat())].concat();
    let mut machine = Machine::running(&text);
    assert_eq!(machine.operations(), [new_service("rr"), new_dest(2, 1)]);
    machine.run(1000.0);
    assert!(machine.operations().is_empty());
    machine.reload_text(&text);
    assert!(machine.operations().is_empty());
    machine.act(|engine, now| engine.handle_bfd("b", true, now));
    assert_eq!(machine.operations(), [new_dest(3, 1)]);
}

#[test]
fn a_reload_leaves_the_real_server_alone_that_stands_in_as_sorry_server() {
    let text = service("sorry_server 10.0.0.2 80", &server(2, &tcp("retry 0")));
    let mut machine = Machine::running(&text);
    machine.answer("10.0.0.2:80", REFUSED).run(1.5);
    machine.operations();
    machine.reload_text(&text);
    assert!(machine.operations().is_empty());
}

#[test]
fn a_reload_that_replaces_a_server_or_asks_for_less_does_not_empty_the_pool() {
    let before = service("quorum 2\nsorry_server 10.0.0.9 80", &(server(2, "") + &server(3, "")));
    for after in [
        service("quorum 2\nsorry_server 10.0.0.9 80", &(server(2, "") + &server(4, ""))),
        service("quorum 1\nsorry_server 10.0.0.9 80", &server(2, "")),
    ] {
        let mut machine = Machine::running(&before);
        machine.operations();
        machine.told();
        machine.reload_text(&after);
        let operations = machine.operations();
        assert_eq!(operations[0], del_dest(3));
        assert!(operations[1..].iter().all(|operation| *operation == new_dest(4, 1)), "{operations:?}");
        assert!(!machine.told().iter().any(|told| told.starts_with("VS")));
    }
}

#[test]
fn a_service_that_somebody_removed_comes_back_whole() {
    let mut machine = Machine::running(&standard(""));
    machine.operations();
    // The kernel says so when something in it is to be changed,
    machine.answer("10.0.0.2:80", REFUSED);
    let gone = format!("SET_SERVICE {}", &new_service("wrr")["NEW_SERVICE ".len()..]);
    machine.refuse(&del_dest(2), 3).refuse(&gone, 3).run(1.5);
    machine.reload_text(&standard("").replace("lvs_sched rr", "lvs_sched wrr"));
    machine.operations();
    // and it is found missing when the table is read.
    machine.act(|engine, _| engine.handle_table(&[]));
    assert_eq!(machine.operations(), [new_service("wrr"), new_dest(3, 1)]);
}

#[test]
fn a_successor_stands_in_with_the_sorry_server_and_tells_nobody() {
    let text = service("sorry_server 10.0.0.9 80", &server(2, &tcp("retry 0\n")));
    let mut before = Machine::running(&text);
    before.answer("10.0.0.2:80", REFUSED).run(1.5);
    let mut after = Machine::succeeding(&text, &before);
    let (observed, snapshot) = (before.engine().wanted_table(), before.engine().snapshot());
    let start = Start { observed: Some(observed), successor_of: Some(snapshot), ..Start::default() };
    after.act(|engine, now| engine.start(start, now));
    assert!(after.operations().is_empty());
    assert!(after.told().is_empty());
    assert!(
        after.engine().snapshot().virtual_servers[0].sorry_server.as_ref().is_some_and(|sorry| sorry.alive)
    );
}

#[test]
fn a_sorry_server_that_a_killed_process_left_is_taken_out() {
    // Everything was killed while it stood in: nobody knows more than the table.
    let text = service("sorry_server 10.0.0.9 80", &server(2, &tcp("retry 0\n")));
    let mut killed = Machine::running(&text);
    killed.answer("10.0.0.2:80", REFUSED).run(1.5);
    let mut machine = Machine::idle(&text);
    let start = Start { observed: Some(killed.engine().wanted_table()), ..Start::default() };
    machine.act(|engine, now| engine.start(start, now));
    assert_eq!(machine.operations(), [new_dest(2, 1), del_dest(9)]);
}

#[test]
fn a_sorry_server_that_another_method_puts_at_another_port_leaves_the_first_one() {
    let text = |method: &str| {
        format!(
            "virtual_server fwmark 7 {{\nlvs_sched rr\nlvs_method {method}\ndelay_loop 1\nwarmup 0\n\
             sorry_server 10.0.0.9 80\nsorry_server_inhibit\n{}}}\n",
            server(2, "")
        )
    };
    let mut machine = Machine::running(&text("NAT"));
    machine.operations();
    machine.reload_text(&text("DR"));
    let operations = machine.operations();
    let of_sorry: Vec<&String> =
        operations.iter().filter(|operation| operation.contains("10.0.0.9")).collect();
    assert_eq!(
        of_sorry,
        ["DEL_DEST fwm 7 -> 10.0.0.9:80", "NEW_DEST fwm 7 -> 10.0.0.9:0 fwd=dr weight=0"],
        "{operations:?}"
    );
}

#[test]
fn who_was_out_for_a_sorry_server_that_a_reload_replaces_comes_back_when_there_are_enough() {
    let text = |quorum: u8, sorry: u8| {
        let servers = server(2, "") + &server(3, &tcp("retry 0"));
        service(&format!("quorum {quorum}\nsorry_server 10.0.0.{sorry} 80"), &servers)
    };
    let mut machine = Machine::running(&text(2, 9));
    machine.answer("10.0.0.3:80", REFUSED).run(1.5);
    machine.operations();
    machine.reload_text(&text(1, 8));
    assert_eq!(machine.operations(), [del_dest(9), new_dest(2, 1)]);
}
