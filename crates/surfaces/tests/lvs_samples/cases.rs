//! What happens in each recorded case.

use crate::machine::Answer::{CannotRun, Exit, Fails, Good, Late, Silent, Status};
use crate::machine::Machine;

const REFUSED: crate::machine::Answer = Fails("failed");

fn case(name: &'static str) -> Machine {
    Machine::new(name, "keepalived.conf")
}

#[test]
fn rr_nat_tcp() {
    let mut run = case("rr-nat-tcp");
    run.start().step();
    run.answer("192.168.200.3:1358", REFUSED).answer("192.168.200.4:1358", REFUSED).step();
    run.answer("192.168.200.3:1358", Good).answer("192.168.200.4:1358", Good).step();
    run.answer("192.168.200.3:1358", Silent("timeout")).step();
    run.answer("192.168.200.3:1358", Good).step();
    run.stop().step();
}

#[test]
fn lblc_dr() {
    let mut run = case("lblc-dr");
    // The server whose port was corrected is asked at the corrected port, where nobody listens.
    run.answer("192.168.200.4:80", REFUSED).answer("192.168.200.4:8080", REFUSED);
    run.start().step().step();
    run.answer("192.168.200.3:80", REFUSED).step();
    run.answer("192.168.200.3:80", Good).step();
    run.stop().step();
}

#[test]
fn wlc_tun() {
    let mut run = case("wlc-tun");
    run.start().step();
    run.answer("192.168.200.3:80", REFUSED).step();
    run.answer("192.168.200.3:80", Good).step();
    run.stop().step();
}

#[test]
fn ipv6() {
    let mut run = case("ipv6");
    run.start().step();
    run.answer("[fd00:200::2]:80", REFUSED).answer("[fd00:200::3]:80", REFUSED).step();
    run.answer("[fd00:200::2]:80", Good).step();
    run.stop().step();
}

#[test]
fn quorum_sorry() {
    let mut run = case("quorum-sorry");
    run.start().step().step();
    run.answer("192.168.200.4:80", REFUSED).step();
    run.answer("192.168.200.2:80", REFUSED).step();
    run.answer("192.168.200.3:80", REFUSED).step();
    run.answer("192.168.200.3:80", Good).step();
    run.answer("192.168.200.2:80", Good).step();
    run.answer("192.168.200.2:80", REFUSED).step();
    run.answer("192.168.200.3:80", REFUSED).step();
    run.stop().step();
}

#[test]
fn quorum_sorry_remaining() {
    let mut run = case("quorum-sorry-remaining");
    run.start().step();
    run.answer("192.168.200.4:80", REFUSED).step();
    run.answer("192.168.200.3:80", REFUSED).step();
    run.answer("192.168.200.3:80", Good).step();
    run.answer("192.168.200.4:80", Good).step();
    run.stop().step();
}

#[test]
fn sorry_is_real_server() {
    let mut run = case("sorry-is-real-server");
    run.start().step();
    run.answer("192.168.200.2:80", REFUSED).step();
    run.answer("192.168.200.2:80", Good).step();
    run.stop().step();
}

#[test]
fn inhibit() {
    let mut run = case("inhibit");
    run.start().step();
    run.answer("192.168.200.2:80", REFUSED).step();
    run.answer("192.168.200.3:80", REFUSED).step();
    run.answer("192.168.200.2:80", Good).step();
    run.stop().step();
}

#[test]
fn alpha_omega() {
    let mut run = case("alpha-omega");
    run.start().step();
    run.answer("192.168.200.3:80", REFUSED).answer("192.168.200.4:80", REFUSED).step();
    run.answer("192.168.200.4:80", Good).step();
    run.stop().step();
}

#[test]
fn rs_init_notifies() {
    let mut run = case("rs-init-notifies");
    run.answer("192.168.200.3:80", REFUSED);
    run.start().step().step();
    run.stop().step().step();
    run.restart("keepalived-init.conf").start().step().step();
    run.stop().step();
}

#[test]
fn first_failure() {
    let mut run = case("first-failure");
    for last in [2, 3] {
        run.answer(&format!("192.168.200.{last}:80"), Fails("HTTP status code error to"));
    }
    for last in [4, 5] {
        run.answer(&format!("192.168.200.{last}:80"), Fails("Bad greeting banner from"));
    }
    run.answer("192.168.200.6:80", REFUSED).answer("192.168.200.7:80", Silent("timeout"));
    // Ours tells about the alpha HTTP server, too (D-24), and answers of one moment come in the order of the checks.
    let log = [
        (
            "TCP_CHECK on service [192.168.200.6]:tcp:80 failed.",
            "HTTP_CHECK on service [192.168.200.2]:tcp:80 failed after 2 retries.",
        ),
        (
            "Removing service [192.168.200.6]:tcp:80 from VS [10.10.10.2]:tcp:80",
            "Removing service [192.168.200.2]:tcp:80 from VS [10.10.10.2]:tcp:80",
        ),
        (
            "HTTP_CHECK on service [192.168.200.2]:tcp:80 failed after 2 retries.",
            "HTTP_CHECK on service [192.168.200.3]:tcp:80 failed after 2 retries.",
        ),
        (
            "Removing service [192.168.200.2]:tcp:80 from VS [10.10.10.2]:tcp:80",
            "TCP_CHECK on service [192.168.200.6]:tcp:80 failed.",
        ),
        (
            "TCP_CHECK on service [192.168.200.7]:tcp:80 failed.",
            "Removing service [192.168.200.6]:tcp:80 from VS [10.10.10.2]:tcp:80",
        ),
        (
            "SMTP_CHECK Bad greeting banner from server [192.168.200.5]:80",
            "TCP_CHECK on service [192.168.200.7]:tcp:80 failed.",
        ),
        (
            "Lost quorum 1-0=1 > 0 for VS [10.10.10.2]:tcp:80",
            "Lost quorum 1-0=1 > 0 for VS [10.10.10.2]:tcp:80",
        ),
        ("", "SMTP_CHECK Bad greeting banner from server [192.168.200.5]:80"),
    ];
    let operations = [
        ("DEL_DEST tcp 10.10.10.2:80 -> 192.168.200.6:80", "DEL_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80"),
        ("DEL_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80", "DEL_DEST tcp 10.10.10.2:80 -> 192.168.200.6:80"),
    ];
    run.start().step_except(&log, &operations);
    run.stop().step();
}

#[test]
fn fwmark() {
    let mut run = case("fwmark");
    run.start().step();
    run.answer("192.168.200.2:8080", REFUSED).step();
    run.answer("192.168.200.2:8080", Good).step();
    run.stop().step();
}

#[test]
fn group() {
    let mut run = case("group");
    run.start().step();
    run.answer("192.168.200.2:80", REFUSED).step();
    run.answer("192.168.200.3:80", REFUSED).step();
    run.answer("192.168.200.3:80", Good).step();
    run.reload("keepalived-reload.conf").step();
    // The service of the mark goes with its last user (D-3).
    run.stop().step_except(&[], &[("", "DEL_SERVICE fwm 9")]);
}

#[test]
fn group_shared() {
    let mut run = case("group-shared");
    run.start().step();
    run.stop().step();
}

#[test]
fn group_range() {
    let mut run = Machine::new("group-range", "keepalived-1.conf");
    run.start().step();
    run.stop().step();
    run.restart("keepalived-2.conf").start().step();
    run.stop().step();
    run.restart("keepalived-3.conf").start().step();
    run.stop().step();
}

#[test]
fn persistence() {
    let mut run = case("persistence");
    run.start().step();
    run.stop().step();
}

#[test]
fn sched_flags() {
    let mut run = case("sched-flags");
    // A service that the kernel refused is said once, and when the whole batch has been answered.
    let refused = "IPVS cmd IP_VS_SO_SET_ADD(1154) error: Scheduler or persistence engine not found(2) (10.10.11.17:tcp:80)";
    let gained = "Gained quorum 1+0=1 <= 1 for VS [10.10.11.17]:tcp:80";
    let follow_up = "IPVS cmd IP_VS_SO_SET_ADDDEST(1159) error: No such file or directory(2) (10.10.11.17:tcp:80 -> 192.168.200.2:80)";
    let log = [(refused, gained), (gained, refused), (follow_up, "")];
    run.start().step_except(&log, &[]);
    // The kernel says that there is no such service (D-23).
    let log = [
        (
            "IPVS cmd IP_VS_SO_SET_DELDEST(1160) error: No such destination(2) (10.10.11.17:tcp:80 -> 192.168.200.2:80)",
            "IPVS cmd IP_VS_SO_SET_DELDEST(1160) error: No such service(3) (10.10.11.17:tcp:80 -> 192.168.200.2:80)",
        ),
        (
            "IPVS cmd IP_VS_SO_SET_DEL(1156) error: No such file or directory(2) (10.10.11.17:tcp:80)",
            "IPVS cmd IP_VS_SO_SET_DEL(1156) error: No such service(3) (10.10.11.17:tcp:80)",
        ),
    ];
    run.stop().step_except(&log, &[]);
}

#[test]
fn port_defaults() {
    let mut run = case("port-defaults");
    run.answer("192.168.200.2:80", REFUSED).answer("192.168.200.4:80", REFUSED);
    // Without a written port the service's is asked (D-5), where in this network .4 would answer; that it is refused
    // here only keeps the rest of the case the same.
    run.start().step();
    run.stop().step();
}

#[test]
fn several_checkers() {
    let mut run = case("several-checkers");
    run.start().step();
    run.answer("192.168.200.2:80", REFUSED).step();
    run.answer("192.168.200.2:81", REFUSED).step();
    run.answer("192.168.200.2:81", Good).step();
    run.answer("192.168.200.2:80", Good).step();
    run.stop().step();
}

#[test]
fn connection_options() {
    let mut run = case("connection-options");
    run.answer("dev nosuch0", CannotRun("Checker can't bind to device nosuch0: No such device"));
    run.answer("10.99.99.1:80", REFUSED);
    run.start().step();
    run.step();
    run.stop().step();
}

#[test]
fn http_get() {
    let mut run = case("http-get");
    run.start().step().step();
    run.answer("192.168.200.2:80/a", Fails("MD5 digest error to")).step();
    run.step();
    run.answer("192.168.200.2:80/a", Good).step();
    run.answer("192.168.200.2:80/b", Fails("HTTP status code error to")).step();
    run.answer("192.168.200.2:80/b", Good).step();
    run.answer("192.168.200.2:80/c", Fails("Regex match failed")).step();
    run.answer("192.168.200.3:80/c", Fails("Read, no data received from ")).step();
    run.answer("192.168.200.3:80/c", Good).step();
    run.stop().step();
}

#[test]
fn smtp_check() {
    const SERVER: &str = "192.168.200.2:25";
    let mut run = case("smtp-check");
    run.start().step().step();
    let failures = [
        Fails("Bad greeting banner from"),
        Silent("Read timeout from"),
        Silent("Read timeout from"),
        Fails("Bad HELO response from"),
        Fails("Bad HELO response from"),
        Fails("Bad greeting banner from"),
    ];
    for failure in failures {
        run.answer(SERVER, failure).step();
        run.answer(SERVER, Good).step();
    }
    run.answer(SERVER, Fails("Could not connect to")).step();
    run.stop().step();
}

#[test]
fn misc_dynamic() {
    let mut run = case("misc-dynamic");
    let succeeded = |last: u8| {
        format!(
            "Misc check for [[192.168.200.{last}]:tcp:80 VS [10.10.10.2]:tcp:80] by [/usr/local/bin/chk.sh] succeeded."
        )
    };
    let (two, three) = (succeeded(2), succeeded(3));
    // Programs of one moment end in the order of the checks.
    run.start().step_except(&[(&three, &two), (&two, &three)], &[]);
    for status in [12, 42, 2, 255] {
        run.answer("1", Status(status)).step();
    }
    run.answer("1", Good).step();
    run.answer("1", Exit("exited with status 1")).step();
    run.answer("1", Status(22)).step();
    // A program that was killed does not leave its weight behind (D-8).
    let weight_20 = "NEW_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80 fwd=masq weight=20";
    let weight_10 = "NEW_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80 fwd=masq weight=10";
    run.answer("1", Silent("timeout")).step();
    run.answer("1", Good).step_except(&[], &[(weight_20, weight_10)]);
    run.answer("1", Exit("due to signal 15")).step();
    run.answer("1", Good).step_except(&[], &[(weight_20, weight_10)]);
    run.answer("2", Exit("exited with status 2")).step();
    run.answer("2", Good).step();
    run.stop().step();
}

#[test]
fn reload_misc_dynamic() {
    let mut run = case("reload-misc-dynamic");
    let succeeded = "Misc check for [[192.168.200.2]:tcp:80 VS [10.10.10.2]:tcp:80] by [/usr/local/bin/chk.sh] succeeded.";
    let changing =
        "Changing weight from 10 to 30 for active service [192.168.200.3]:tcp:80 of VS [10.10.10.2]:tcp:80";
    let other = "Misc check for [[192.168.200.3]:tcp:80 VS [10.10.10.2]:tcp:80] by [/usr/local/bin/chk.sh] succeeded.";
    run.answer("2", Status(32));
    run.start().step_except(&[(changing, succeeded), (other, changing), (succeeded, other)], &[]);
    // Status 0 means the configured weight, at a reload as well (D-7).
    let to_nothing =
        "Changing weight from 10 to 0 for active service [192.168.200.2]:tcp:80 of VS [10.10.10.2]:tcp:80";
    let nothing = "SET_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80 fwd=masq weight=0";
    run.reload("keepalived.conf").step_except(&[(to_nothing, "")], &[(nothing, "")]);
    let to_20 =
        "Changing weight from 10 to 20 for active service [192.168.200.2]:tcp:80 of VS [10.10.10.2]:tcp:80";
    let twenty = "SET_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80 fwd=masq weight=20";
    run.reload("keepalived-2.conf").step_except(&[("", to_20)], &[("", twenty)]);
    run.stop().step();
}

#[test]
fn dns_check() {
    const SERVER: &str = "192.168.200.2:53";
    let mut run = case("dns-check");
    run.start().step().step();
    run.answer(SERVER, Fails("read error occurred. (rcode = 2)")).step();
    run.answer(SERVER, Good).step();
    run.answer(SERVER, Fails("read error occurred. (rcode = 3)")).step();
    run.answer(SERVER, Good).step();
}

#[test]
fn udp_check() {
    const SERVER: &str = "192.168.200.2:5000";
    let mut run = case("udp-check");
    run.answer("192.168.200.4:5000", REFUSED);
    run.answer("192.168.200.3:5000", Late);
    run.start().step().step();
    run.answer(SERVER, Fails("reply data mismatch")).step();
    run.answer(SERVER, Good).step().step().step();
    for _ in 0..2 {
        run.answer(SERVER, Fails("reply data mismatch")).step();
        run.answer(SERVER, Good).step();
    }
    run.answer(SERVER, Silent("timeout")).step();
    run.answer(SERVER, Good).step();
    run.stop().step();
}

#[test]
fn ping_and_file_check() {
    let mut run = case("ping-and-file-check");
    // A file that holds 0 means failure for .6 from the start (D-15).
    let six = "[192.168.200.6]:tcp:80";
    let add_six = "NEW_DEST tcp 10.10.10.2:80 -> 192.168.200.6:80 fwd=masq weight=10";
    let vs = "[10.10.10.2]:tcp:80";
    run.start().step_except(
        &[(
            &format!("Gained quorum 1+0=1 <= 50 for VS {vs}"),
            &format!("Gained quorum 1+0=1 <= 40 for VS {vs}"),
        )],
        &[(add_six, "")],
    );
    run.answer("192.168.200.2:80", Silent("timeout")).step();
    run.answer("192.168.200.2:80", Good).step();
    let file = |value| move |engine: &mut keepalived_lvs::Engine, now| engine.handle_file("tf", value, now);
    run.act(file(5)).step_except(&[("", &format!("Adding service {six} to VS {vs}"))], &[("", add_six)]);
    run.act(file(-4)).step();
    run.act(file(-20)).step();
    run.act(file(2_147_483_647)).step();
    run.act(file(-2_147_483_648)).step();
    run.act(file(0)).step();
    run.step();
    run.act(file(16)).step();
    run.act(file(0)).step();
    run.stop().step();
}

#[test]
fn bfd_check() {
    let mut run = case("bfd-check");
    let session = |up| move |engine: &mut keepalived_lvs::Engine, now| engine.handle_bfd("b2", up, now);
    run.start().act(session(false)).step();
    run.act(session(true)).step();
    run.act(session(false)).step();
    run.act(session(true)).step();
    run.stop().step();
}

#[test]
fn ha_suspend() {
    let address = "10.10.10.9".parse().expect("a literal address");
    let interface = keepalived_types::IfIndex::new(3).expect("3 is not 0");
    let mut run = case("ha-suspend");
    run.start().step().step();
    run.act(|engine, now| engine.handle_address_added(interface, address, now)).step();
    run.answer("192.168.200.2:80", REFUSED);
    run.act(|engine, now| engine.handle_address_removed(interface, address, now)).step();
    run.act(|engine, now| engine.handle_address_added(interface, address, now)).step();
    run.stop().step();
}

#[test]
fn reload() {
    let mut run = Machine::new("reload", "keepalived-1.conf");
    run.start().step().step();
    run.reload("keepalived-1.conf").step();
    for number in 2..=5 {
        run.reload(&format!("keepalived-{number}.conf")).step();
    }
    // Thresholds are noticed (D-13).
    let thresholds =
        "SET_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80 fwd=masq weight=5 uthresh=100 lthresh=50";
    run.reload("keepalived-6.conf").step_except(&[], &[("", thresholds)]);
    let without = "SET_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80 fwd=masq weight=5";
    let other_dropped = "DEL_DEST tcp 10.10.10.2:81 -> 192.168.200.2:81";
    let other = "DEL_SERVICE tcp 10.10.10.2:81";
    run.reload("keepalived-7.conf")
        .step_except(&[], &[(other_dropped, without), (other, other_dropped), ("", other)]);
    run.answer("192.168.200.5:80", REFUSED).answer("192.168.200.5:8080", REFUSED).step();
    run.reload("keepalived-7.conf").step();
    run.reload("keepalived-8.conf").step();
    run.reload("keepalived-7.conf").step();
    run.reload("keepalived-9.conf").step();
    run.answer("192.168.200.6:80", REFUSED);
    run.reload("keepalived-10.conf").step();
    run.stop().step();
}

#[test]
fn reload_alpha() {
    let mut run = Machine::new("reload-alpha", "keepalived-1.conf");
    run.start().step();
    run.reload("keepalived-2.conf").step().step();
    run.reload("keepalived-3.conf").step();
    run.stop().step();
}

#[test]
fn reload_sorry() {
    let mut run = Machine::new("reload-sorry", "keepalived-1.conf");
    run.start().step();
    run.answer("192.168.200.3:80", REFUSED).step();
    // Only what is in the table is taken out of it (D-14).
    let error = "IPVS cmd IP_VS_SO_SET_DELDEST(1160) error: No such destination(2) (10.10.10.2:tcp:80 -> 192.168.200.2:80)";
    let needless = "DEL_DEST tcp 10.10.10.2:80 -> 192.168.200.2:80";
    run.reload("keepalived-2.conf").step_except(&[(error, "")], &[(needless, "")]);
    for number in 3..=6 {
        run.reload(&format!("keepalived-{number}.conf")).step();
    }
    run.stop().step();
}

#[test]
fn flush() {
    let mut run = Machine::new("flush", "keepalived-1.conf");
    // Refusals come when the whole batch has been answered.
    let exists = "IPVS cmd IP_VS_SO_SET_ADD(1154) error: Service already exists(17) (10.10.10.2:tcp:80)";
    let gained = "Gained quorum 1+0=1 <= 1 for VS [10.10.10.2]:tcp:80";
    let activating = "Activating healthchecker for service [192.168.200.2]:tcp:80 for VS [10.10.10.2]:tcp:80";
    run.start().step_except(&[(exists, gained), (gained, activating), (activating, exists)], &[]);
    run.stop().step();
    run.restart("keepalived-2.conf").start().step();
    run.reload("keepalived-2.conf").step();
    run.stop().step();
    run.restart("keepalived-3.conf").start().step();
    run.stop().step();
    run.restart("keepalived-4.conf").start().step();
}

#[test]
fn sync_daemon() {
    let mut run = Machine::new("sync-daemon", "keepalived-1.conf");
    run.start().step();
    // One request sets the time-outs anew, and only when they differ.
    let former = "SET_CONFIG tcp=900 tcpfin=120 udp=300";
    run.reload("keepalived-2.conf").step_except(&[], &[(former, "")]);
    // What is unchanged is left alone (D-12).
    let error = "IPVS cmd IP_VS_SO_SET_STARTDAEMON(1163) error: Daemon has already run(17)";
    let (master, backup) = ("NEW_DAEMON state=1 ifn=br0 syncid=8", "NEW_DAEMON state=2 ifn=br0 syncid=8");
    run.reload("keepalived-3.conf")
        .step_except(&[(error, ""), (error, "")], &[(former, ""), (master, ""), (backup, "")]);
    // What is gone ends (D-12).
    run.reload("keepalived-4.conf").step_except(
        &[],
        &[(former, "DEL_DAEMON state=1 syncid=0"), (former, "DEL_DAEMON state=2 syncid=0")],
    );
    run.stop().step_except(&[], &[(former, "")]);
}
