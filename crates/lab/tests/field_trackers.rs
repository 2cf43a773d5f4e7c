//! Configurations from the field: a service ends, and the address moves to the node where it runs; it returns, and the
//! address comes back.

mod common;

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, SystemTime};

use common::{INTERVAL, PATIENCE, Pair, address_a, all_side_by_side, vip, with_log};
use keepalived_lab::{Classic, Daemon, Node, Program, Result, bounds, elapsed};

/// What everybody writes who runs scripts.
const SCRIPTS: &str = "global_defs {\n    script_user root\n    enable_script_security\n}\n";

/// A service that does nothing: a process of this name. The name ends in our process id, since names are the machine's
/// and others may run the same test.
struct Service {
    name: String,
    program: PathBuf,
    child: Option<Child>,
}

impl Service {
    fn new(label: &str) -> Self {
        let name = format!("{label}{}", std::process::id());
        let directory = std::env::temp_dir().join(format!("lab-service-{name}"));
        std::fs::create_dir_all(&directory).expect("a directory");
        let program = directory.join(&name);
        // Another process writes it: a child that another thread begins meanwhile would inherit our descriptor, and nobody
        // could run what is open for writing.
        let copied = Command::new("cp").arg("/bin/sleep").arg(&program).status().expect("cp exists");
        assert!(copied.success(), "sleep exists");
        let mut service = Self { name, program, child: None };
        service.begin();
        service
    }

    fn begin(&mut self) {
        self.child = Some(Command::new(&self.program).arg("1000").spawn().expect("a copy of sleep"));
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("ours");
            child.wait().expect("ours");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
        let _left_for_the_next_clean_up = self.program.parent().map(std::fs::remove_dir_all);
    }
}

fn moves(from: &Node, to: &Node, within: Duration, daemon: &Daemon) -> Result<()> {
    to.wait_for_address(vip(), within).map_err(|error| with_log(error, daemon))?;
    from.wait_for_no_address(vip(), bounds::SLACK).map(drop).map_err(|error| with_log(error, daemon))
}

/// 3: `vrrp_script` with `/usr/bin/pgrep nginx`, interval 2, weight -50, fall 3, rise 2.
fn a_script_that_looks_for_nginx() -> Result<()> {
    let pair = Pair::new()?;
    let mut nginx = Service::new("nginx");
    let script = format!(
        "{SCRIPTS}vrrp_script chk_nginx {{\n    script \"/usr/bin/pgrep {}\"\n    interval 2\n    weight -50\n    fall 3\n    \
         rise 2\n}}\n",
        nginx.name
    );
    let tracking = Classic::master().line("track_script {").line("    chk_nginx").line("}");
    let a = Daemon::start(&pair.a, Program::under_test(), &format!("{script}{}", tracking.text()))?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let backup = Classic { priority: 120, ..Classic::backup() };
    let b = Daemon::start(&pair.b, Program::Debian, &backup.text())?;
    b.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    std::thread::sleep(INTERVAL * 2);

    let ended = SystemTime::now();
    nginx.end();
    let failed = a.wait_for_log("VRRP_Script(chk_nginx) failed (exited with status 1)", PATIENCE)?;
    let after = elapsed(ended, failed.at);
    assert!(after >= Duration::from_secs(4) - bounds::SLACK, "three failures take longer than {after:?}");
    a.wait_for_log("(VI_1) Changing effective priority from 150 to 100", PATIENCE)?;
    moves(&pair.a, &pair.b, PATIENCE, &a)?;

    nginx.begin();
    a.wait_for_log("VRRP_Script(chk_nginx) succeeded", PATIENCE)?;
    a.wait_for_log("(VI_1) Changing effective priority from 100 to 150", PATIENCE)?;
    moves(&pair.b, &pair.a, PATIENCE, &a)
}

/// How a daemon is started: in the node's namespace, where there are no process events, or so that it enters it itself.
type Start = fn(&Node, Program, &str) -> Result<Daemon>;

/// 5, first half: `vrrp_track_process` haproxy with `delay 1` and no weight: its end is a FAULT, a second later.
fn haproxy(label: &str, start: Start, program: Program) -> Result<()> {
    let pair = Pair::new()?;
    let mut haproxy = Service::new(label);
    let process = format!("vrrp_track_process chk {{\n    process {}\n    delay 1\n}}\n", haproxy.name);
    let tracking = Classic::master().line("track_process {").line("    chk").line("}");
    let a = start(&pair.a, program, &format!("{process}{}", tracking.text()))?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let b = Daemon::start(&pair.b, Program::Debian, &Classic::backup().text())?;
    b.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    std::thread::sleep(INTERVAL * 2);

    // A restart within the delay changes nothing.
    let mark = a.log().mark();
    haproxy.end();
    haproxy.begin();
    std::thread::sleep(INTERVAL * 3);
    assert_eq!(a.log().count_since(mark, "FAULT"), 0, "{}", a.log().text());

    let ended = SystemTime::now();
    haproxy.end();
    let fault = a.wait_for_log("(VI_1) Entering FAULT STATE", PATIENCE)?;
    let after = elapsed(ended, fault.at);
    assert!(after >= INTERVAL && after < INTERVAL * 2 + bounds::SLACK, "FAULT after {after:?}");
    moves(&pair.a, &pair.b, PATIENCE, &a)?;
    haproxy.begin();
    moves(&pair.b, &pair.a, PATIENCE * 2, &a)
}

fn haproxy_of_ours_without_process_events() -> Result<()> {
    // The original cannot track processes from inside a namespace, so there is nothing to run it for.
    haproxy("haproxyf", Daemon::start, Program::Ours)
}

fn haproxy_with_process_events() -> Result<()> {
    haproxy("haproxye", Daemon::start_outside, Program::under_test())
}

/// 5, second half: apache2 with `weight 10`, 95 against 100: it runs here, so the address is here.
fn apache() -> Result<()> {
    let pair = Pair::new()?;
    let mut apache = Service::new("apache2");
    let process = format!("vrrp_track_process chk {{\n    process {}\n    weight 10\n}}\n", apache.name);
    let tracking = Classic { priority: 95, ..Classic::master() };
    let tracking = tracking.line("track_process {").line("    chk").line("}");
    let b = Daemon::start(&pair.b, Program::Debian, &Classic::backup().text())?;
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    let a = Daemon::start_outside(&pair.a, Program::under_test(), &format!("{process}{}", tracking.text()))?;
    moves(&pair.b, &pair.a, PATIENCE, &a)?;
    apache.end();
    a.wait_for_log("Quorum lost for tracked process chk", PATIENCE)?;
    a.wait_for_log("(VI_1) Changing effective priority from 105 to 95", PATIENCE)?;
    moves(&pair.a, &pair.b, PATIENCE, &a)?;
    let mark = a.log().mark();
    apache.begin();
    a.log().wait_for_since(mark, "Quorum gained for tracked process chk", PATIENCE)?;
    a.log().wait_for_since(mark, "(VI_1) Changing effective priority from 95 to 105", PATIENCE)?;
    moves(&pair.b, &pair.a, PATIENCE, &a)
}

/// c99: `quorum_max 0`: the process must not run at all; with `terminate_delay 2` its end counts two seconds later.
fn c99_a_process_that_must_not_run() -> Result<()> {
    let pair = Pair::new()?;
    let mut rescue = Service::new("rescue");
    let process = format!(
        "vrrp_track_process chk {{\n    process {}\n    quorum_max 0\n    terminate_delay 2\n}}\n",
        rescue.name
    );
    rescue.end();
    let tracking = Classic::master().line("track_process {").line("    chk").line("}");
    let a = Daemon::start_outside(&pair.a, Program::under_test(), &format!("{process}{}", tracking.text()))?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    rescue.begin();
    a.wait_for_log("(VI_1) Entering FAULT STATE", bounds::SLACK)?;
    let mark = a.log().mark();
    let ended = SystemTime::now();
    rescue.end();
    let recovered = a.log().wait_for_since(mark, "(VI_1) Entering BACKUP STATE", PATIENCE)?;
    let after = elapsed(ended, recovered.at);
    assert!(after >= Duration::from_secs(2) && after < Duration::from_secs(2) + bounds::SLACK, "{after:?}");
    pair.a.wait_for_address(vip(), PATIENCE).map(drop).map_err(|error| with_log(error, &a))
}

/// 6: `track_file` with 5, weight 1, priority 244: 249 is advertised; 6 makes it 250.
fn a_number_in_a_file() -> Result<()> {
    let pair = Pair::new()?;
    pair.a.write_file("/run/number", "5\n")?;
    let file = "vrrp_track_file number {\n    file /run/number\n    weight 1\n}\n";
    let tracking = Classic { priority: 244, ..Classic::master() };
    let tracking = tracking.line("track_file {").line("    number").line("}");
    let started = SystemTime::now();
    let a = Daemon::start(&pair.a, Program::under_test(), &format!("{file}{}", tracking.text()))?;
    let advertises = |priority: u8, from: SystemTime| {
        let wanted = format!("an advert with priority {priority}");
        let seen = pair.capture.wait_for(&wanted, from, PATIENCE, |packet| {
            packet.advert().is_some_and(|advert| advert.source == address_a() && advert.priority == priority)
        });
        seen.map_err(|error| with_log(error, &a))
    };
    let first = advertises(249, started)?;
    let trace = pair.capture.trace()?;
    let before = trace.adverts_from(address_a()).find(|timed| timed.advert.priority != 249);
    assert!(before.is_none(), "the first advert has the number already:\n{}", trace.describe(started));
    pair.a.write_file("/run/number", "6\n")?;
    advertises(250, first.at)?;
    a.wait_for_log("(VI_1) Changing effective priority from 249 to 250", PATIENCE)?;
    Ok(())
}

/// 9: equal priorities, `pidof haproxy` with weight 20: who has the check OK holds the address; at a tie it stays.
fn two_equals_and_a_check() -> Result<()> {
    let pair = Pair::new()?;
    let (mut on_a, mut on_b) = (Service::new("haproxya"), Service::new("haproxyb"));
    let globals =
        "global_defs {\n    script_user root\n    enable_script_security\n    max_auto_priority 10\n}\n";
    let configuration = |program: Program, service: &Service| {
        // 2.2.7 runs what a symbolic link leads to under that name, so that it would run pidof as killall5.
        let look_for = if program == Program::Debian { "/usr/bin/pgrep" } else { "/usr/bin/pidof" };
        let script = format!(
            "vrrp_script chk {{\n    script \"{look_for} {}\"\n    interval 1\n    weight 20\n}}\n",
            service.name
        );
        let instance = Classic::backup().line("track_script {").line("    chk").line("}");
        format!("{globals}{script}{}", instance.text())
    };
    let a = Daemon::start(&pair.a, Program::under_test(), &configuration(Program::under_test(), &on_a))?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    a.wait_for_log("(VI_1) Changing effective priority from 100 to 120", PATIENCE)?;
    let b = Daemon::start(&pair.b, Program::Debian, &configuration(Program::Debian, &on_b))?;
    b.wait_for_log("(VI_1) Changing effective priority from 100 to 120", PATIENCE)?;
    let stays = |node: &Node| -> Result<()> {
        std::thread::sleep(INTERVAL * 5);
        assert!(node.has_address(vip())?, "at a tie it stays\n{}\n{}", a.log().text(), b.log().text());
        Ok(())
    };
    stays(&pair.a)?;
    on_a.end();
    moves(&pair.a, &pair.b, PATIENCE, &a)?;
    let mark = a.log().mark();
    on_a.begin();
    a.log().wait_for_since(mark, "VRRP_Script(chk) succeeded", PATIENCE)?;
    stays(&pair.b)?;
    on_b.end();
    moves(&pair.b, &pair.a, PATIENCE, &a)
}

#[test]
fn the_address_is_where_the_service_is() -> Result<()> {
    all_side_by_side(&[
        ("3: pgrep nginx", a_script_that_looks_for_nginx),
        ("5: haproxy, delay 1, without process events", haproxy_of_ours_without_process_events),
        ("5: haproxy, delay 1, with process events", haproxy_with_process_events),
        ("5: apache2, weight 10", apache),
        ("c99: quorum_max 0", c99_a_process_that_must_not_run),
        ("6: a number in a file", a_number_in_a_file),
        ("9: two equals and a check", two_equals_and_a_check),
    ])
}
