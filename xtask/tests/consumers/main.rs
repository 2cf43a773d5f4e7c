//! Programs that write configurations for keepalived and rely on what it does, by their own code as PyPI has it: OpenStack
//! Neutron's HA routers, OpenStack Octavia's amphorae. `produce.py` asks that code.

mod rows;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use keepalived_lab::{Daemon, Error, Lan, Node, Program, Result, config_test, processes};

/// What is asked, in the versions it is known in, and what it stands on.
const PUBLISHED: [&str; 6] = [
    "neutron==29.0.0",
    "octavia==19.0.0",
    "octavia-lib==3.12.0",
    "netaddr==1.3.0",
    "Jinja2==3.1.6",
    "MarkupSafe==3.0.4",
];

/// Debian's, which has pip beside it.
const PYTHON: &str = "/usr/bin/python3";

/// Long enough for any single step on a machine that does other things, too.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the consumers' code said.
fn produced() -> &'static serde_json::Value {
    static PRODUCED: OnceLock<serde_json::Value> = OnceLock::new();
    PRODUCED.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/consumers/produce.py");
        let daemon = Program::Ours.path().expect("a built daemon");
        let directory = daemon.parent().expect("a directory").to_string_lossy().into_owned();
        let mut ask = Command::new(PYTHON);
        // The daemon is looked for in PATH, as they do.
        ask.arg(script).env("PYTHONPATH", published()).env("PATH", format!("{directory}:/usr/sbin:/usr/bin"));
        serde_json::from_str(&said(&mut ask)).expect("JSON")
    })
}

/// Where their packages are. They stay in the build directory.
fn published() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_xtask")).ancestors().nth(2).expect("target/PROFILE/xtask");
    let directory = target.join("consumers").join(PUBLISHED.join("_"));
    if !directory.exists() {
        let draft = directory.with_extension(std::process::id().to_string());
        // pip tries again what does not answer, and in the end it says what that was; it may not try for ever.
        let mut install = Command::new("timeout");
        // None of their own dependencies: most of OpenStack would come along.
        install
            .args(["--kill-after=5", "300", PYTHON, "-m", "pip", "install", "--quiet", "--no-deps"])
            .args(["--retries", "4", "--timeout", "20", "--target"])
            .arg(&draft)
            .args(PUBLISHED);
        said(&mut install);
        // Another run may have been quicker; what it has is as good.
        if std::fs::rename(&draft, &directory).is_err() {
            let _removed = std::fs::remove_dir_all(&draft);
        }
    }
    directory
}

fn said(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{complaint}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn text<'a>(of: &'a serde_json::Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("{name} is no text in {of}"))
}

/// A node with the interfaces of a router of Neutron's.
fn router(lan: &Lan, name: &str, own: &str) -> Result<Node> {
    let node = lan.node(name, &[])?;
    node.add_interface("ha-1", "ha", &[own])?;
    node.add_interface("qr-1", "inner", &[])?;
    node.add_interface("qg-1", "outer", &[])?;
    Ok(node)
}

/// An executable that succeeds, in the place of the amphora agent's check.
fn check_script(node: &Node) -> Result<()> {
    node.write_file("/etc/keepalived/check.sh", "#!/bin/sh\nexit 0\n")
}

/// What a configuration test of both programs says. An answer of ours may not be worse, and has the same status.
fn same_verdict(node: &Node, configuration: &str) -> Result<()> {
    let ours = config_test(node, Program::Ours, configuration)?;
    let original = config_test(node, Program::Debian, configuration)?;
    assert_eq!(ours.status, original.status, "ours: {}\noriginal: {}", ours.stderr, original.stderr);
    let said = original.complaints();
    for line in ours.complaints() {
        assert!(said.contains(&line), "ours says {line:?}, the original: {said:?}");
    }
    Ok(())
}

/// Row 1.1: Neutron asks for the version before it writes `no_track`.
#[test]
fn neutron_reads_our_version() {
    let neutron = &produced()["neutron"];
    let version: Vec<u64> =
        neutron["version"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_u64).collect();
    assert!(version.as_slice() >= [2, 2, 7].as_slice(), "{version:?}");
    assert_eq!(neutron["no_track"], true);
}

/// Row 1.7: what they write is judged as the original judges it.
#[test]
fn configurations_of_openstack_get_the_originals_verdict() -> Result<()> {
    let lan = Lan::new()?;
    let node = router(&lan, "n", "169.254.192.1/18")?;
    check_script(&node)?;
    let octavia = &produced()["octavia"];
    for configuration in [text(&produced()["neutron"], "configuration"), text(octavia, "udp")] {
        same_verdict(&node, configuration)?;
    }
    for half in octavia["pair"].as_array().expect("two amphorae") {
        same_verdict(&node, half.as_str().expect("a configuration"))?;
    }
    Ok(())
}

/// Rows 1.4, 1.5, 1.8 and 2 (Neutron): its command line, its look into /proc, the addresses with exactly the prefix that is
/// configured, the routes, the end within five seconds.
#[test]
fn a_router_of_neutrons_gets_its_addresses() -> Result<()> {
    let neutron = &produced()["neutron"];
    let lan = Lan::new()?;
    let node = router(&lan, "n", "169.254.192.1/18")?;
    let uuid = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    let file = format!("/etc/keepalived/{uuid}/keepalived.conf");
    let configuration = text(neutron, "configuration");
    node.write_file(&file, configuration)?;
    let pid_file = format!("/run/{uuid}.pid");
    let vrrp_pid_file = format!("{pid_file}-vrrp");
    let options = ["-P", "-f", &file, "-p", &pid_file, "-r", &vrrp_pid_file];
    let mut daemon = Daemon::start_with(&node, Program::under_test(), configuration, &options)?;
    let expected = [
        (text(neutron, "primary"), "ha-1"),
        ("192.0.2.1/24", "qr-1"),
        ("198.51.100.7/24", "qg-1"),
        ("fe80::1:2/64", "qr-1"),
    ];
    for (address, interface) in expected {
        wait_for_line(&node, &["-o", "address", "show", "dev", interface], address, &daemon)?;
    }
    // Its routes, which bear the mark that Neutron gave them.
    let written = configuration.lines().filter(|line| line.contains(" no_track protocol static")).count();
    assert_eq!(written, 2, "{configuration}");
    for route in ["default via 198.51.100.1 dev qg-1 proto static", "203.0.113.0/24 dev qg-1 proto static"] {
        wait_for_line(&node, &["-o", "route", "show"], route, &daemon)?;
    }
    // `no_track`: who takes such a route away costs the router nothing, and it does not come back by itself.
    node.ip(&["route", "del", "203.0.113.0/24", "dev", "qg-1"])?;
    std::thread::sleep(Duration::from_millis(500));
    assert!(!node.ip(&["route", "show"])?.contains("203.0.113.0/24"), "a route of no_track came back");
    assert!(
        node.has_address(IpAddr::from([192, 0, 2, 1]))?,
        "the router is MASTER still\n{}",
        daemon.log().text()
    );
    for path in [&pid_file, &vrrp_pid_file] {
        let command_line = processes::command_line(daemon.pid_file(path)?).join(" ");
        assert!(command_line.contains(uuid), "{command_line}");
    }
    daemon.signal(keepalived_lab::Signal::Term)?;
    daemon.wait_exit(Duration::from_secs(5))?;
    assert!(!node.has_address(IpAddr::from([192, 0, 2, 1]))?, "an address stayed behind");
    assert_eq!(node.ip(&["route", "show", "proto", "static"])?, "", "a route stayed behind");
    Ok(())
}

/// Row 2 (Octavia): two amphorae; the address is on the one with the higher priority, and on the other one when that is gone.
#[test]
fn a_pair_of_amphorae_fails_over() -> Result<()> {
    let pair = produced()["octavia"]["pair"].as_array().expect("two amphorae");
    let lan = Lan::new()?;
    let a = lan.node("a", &["10.77.0.1/24"])?;
    let b = lan.node("b", &["10.77.0.2/24"])?;
    check_script(&a)?;
    check_script(&b)?;
    let vip = IpAddr::from([10, 77, 0, 100]);
    let program = Program::under_test();
    let mut active = Daemon::start(&a, program, pair[0].as_str().expect("a configuration"))?;
    a.wait_for_address(vip, PATIENCE)?;
    let standby = Daemon::start(&b, program, pair[1].as_str().expect("a configuration"))?;
    standby.wait_for_log("Entering BACKUP STATE", PATIENCE)?;
    active.kill_all()?;
    b.wait_for_address(vip, PATIENCE)?;
    Ok(())
}

fn wait_for_line(node: &Node, arguments: &[&str], text: &str, daemon: &Daemon) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = node.ip(arguments)?;
        if format!(" {seen}").replace('\n', "\n ").contains(&format!(" {text} ")) {
            return Ok(());
        }
        if Instant::now() > deadline {
            let seen = format!("{seen}\n{}", daemon.log().text());
            return Err(Error::TimedOut { waited_for: text.to_owned(), after: PATIENCE, seen });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
