//! Who is told what, in which order, as whom: notify scripts and FIFOs. Both programs run the same configuration through
//! the same events, and what they have told is compared.

mod common;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::{PATIENCE, all_side_by_side, with_log};
use keepalived_lab::{Daemon, Error, Forged, Forger, Lan, Program, Result};

/// What was told, by object, in order: `INSTANCE VI_1` -> `MASTER 100`.
type Told = BTreeMap<String, Vec<String>>;

/// A reader as people write them: it opens the FIFO again when it comes to its end.
struct Reader {
    child: Child,
    told: PathBuf,
}

impl Reader {
    fn start(fifo: &Path, told: PathBuf) -> Self {
        let script = "while :; do [ -p \"$0\" ] && cat \"$0\" >>\"$1\"; sleep 0.02; done";
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(fifo).arg(&told).stdin(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Self { child: command.spawn().expect("a shell"), told }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.told).unwrap_or_default()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // The shell and the cat it waits for.
        let group = format!("-{}", self.child.id());
        let _gone_already = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _reaped = self.child.wait();
    }
}

/// Lines such as `INSTANCE "VI_1" MASTER 100`, with or without the quotes.
fn by_object(text: &str) -> Told {
    let mut told = Told::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [kind, name, rest @ ..] = words.as_slice() {
            let object = format!("{kind} {}", name.trim_matches('"'));
            told.entry(object).or_default().push(rest.join(" "));
        }
    }
    told
}

fn wait_until(what: &str, daemon: &Daemon, mut condition: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        if Instant::now() > deadline {
            return Err(with_log(Error::Unexpected(format!("waited in vain for {what}")), daemon));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A sync group, an instance with a tracked number, and one that a reload removes.
fn configuration(extra: &str, with_third: bool) -> String {
    let instance = |name: &str, vrid: u8, more: &str| {
        format!(
            "vrrp_instance {name} {{\n    state BACKUP\n    interface eth0\n    virtual_router_id {vrid}\n    priority \
             100\n    advert_int 1\n    virtual_ipaddress {{\n        10.77.0.{vrid}\n    }}\n    {more}\n}}\n"
        )
    };
    let third = if with_third { instance("VI_3", 103, extra) } else { String::new() };
    format!(
        "global_defs {{\n    script_user root\n    enable_script_security\n    notify_fifo /run/all.fifo\n    \
         vrrp_notify_fifo /run/vrrp.fifo nobody\n    vrrp_notify_priority_changes\n}}\n\
         track_file number {{\n    file /run/number\n    weight 1\n}}\n\
         vrrp_sync_group G {{\n    group {{\n        VI_1\n        VI_2\n    }}\n    \
         sync_group_tracking_weight\n}}\n{}{}{third}",
        instance("VI_1", 101, "track_file {\n        number\n    }"),
        instance("VI_2", 102, ""),
    )
}

/// What the FIFO's reader got from the start to the stop, through a change of priority, a lower advert, a lost cable and
/// a reload that removes an instance.
fn life_on_fifos(program: Program, extra: &str) -> Result<Told> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let third = lan.node("f", &["10.77.0.9/24"])?;
    node.write_file("/run/number", "0\n")?;
    let mut daemon = Daemon::start(&node, program, &configuration(extra, true))?;
    let fifo = node.host_path("/run/all.fifo")?;
    let of_vrrp = node.host_path("/run/vrrp.fifo")?;
    let owner =
        |fifo: &Path| std::fs::metadata(fifo).map(|found| std::os::unix::fs::MetadataExt::uid(&found));
    wait_until("the FIFO", &daemon, || fifo.exists())?;
    // It is made first and given away then.
    wait_until("vrrp.fifo to belong to nobody", &daemon, || matches!(owner(&of_vrrp), Ok(65534)))?;
    let reader = Reader::start(&fifo, node.host_path("/run/told")?);
    let other = Reader::start(&of_vrrp, node.host_path("/run/told.vrrp")?);
    let is_told = |line: &str| reader.text().lines().any(|told| told == line);
    let wait_for = |line: &str, daemon: &Daemon| wait_until(line, daemon, || is_told(line));
    for line in ["INSTANCE \"VI_3\" MASTER 100", "GROUP \"G\" MASTER 0", "INSTANCE \"VI_2\" MASTER 100"] {
        wait_for(line, &daemon)?;
    }
    for (number, line) in [("5", "MASTER_PRIORITY 105"), ("0", "MASTER_PRIORITY 100")] {
        node.write_file("/run/number", number)?;
        wait_for(&format!("INSTANCE \"VI_1\" {line}"), &daemon)?;
    }
    {
        let lower = lower_advert();
        let _forger = Forger::start(&third, Ipv4Addr::new(10, 77, 0, 9), lower, Duration::from_secs(60))?;
        daemon.wait_for_log("(VI_3) Received advert from 10.77.0.9 with lower priority 50", PATIENCE)?;
    }
    node.cut_link("eth0")?;
    wait_for("GROUP \"G\" FAULT 0", &daemon)?;
    wait_for("INSTANCE \"VI_3\" FAULT 100", &daemon)?;
    node.restore_link("eth0")?;
    let masters = |text: &str| text.matches("MASTER 100").count() + text.matches("\"G\" MASTER 0").count();
    wait_until("everybody to be MASTER again", &daemon, || masters(&reader.text()) >= 8)?;
    daemon.reload(&configuration(extra, false))?;
    let gone = if extra.contains("notify_deleted") { "DELETED" } else { "FAULT" };
    wait_until("the removal", &daemon, || {
        by_object(&reader.text()).get("INSTANCE VI_3").and_then(|told| told.last().cloned())
            == Some(format!("{gone} 100"))
    })?;
    wait_until("the reload", &daemon, || daemon.log().contains("Reload complete"))?;
    // The readers have to find the FIFOs of the original anew.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(daemon.stop()?.code(), Some(0));
    std::thread::sleep(Duration::from_millis(200));
    assert!(!fifo.exists() && !of_vrrp.exists(), "what it made it removes");
    assert_eq!(by_object(&reader.text()), by_object(&other.text()), "both FIFOs are told the same");
    Ok(by_object(&reader.text()))
}

/// An advert of VI_3's virtual router with priority 50.
fn lower_advert() -> Forged {
    let mut advert = Forged::version_2(103, 50, Ipv4Addr::new(10, 77, 0, 103), "");
    // No authentication.
    advert = advert.with_byte(4, 0);
    for at in 12..20 {
        advert = advert.with_byte(at, 0);
    }
    advert.with_checksum()
}

fn both_tell(extra: &str) -> Result<()> {
    let (ours, original) = std::thread::scope(|scope| {
        let ours = scope.spawn(|| life_on_fifos(Program::under_test(), extra));
        (ours.join().expect("told above"), life_on_fifos(Program::Debian, extra))
    });
    let (ours, original) = (ours?, original?);
    for (object, told) in &original {
        println!("{object}: {}", told.join(", "));
    }
    assert_eq!(ours, original);
    Ok(())
}

fn fifos_with_notify_deleted() -> Result<()> {
    both_tell("notify_deleted")
}

fn fifos_without_notify_deleted() -> Result<()> {
    both_tell("")
}

/// A script that tells its arguments and its user.
const TELL: &str = "#!/bin/sh\necho \"$(id -u):$(id -g):$(id -G) $*\" >>/tmp/told\n";
/// A reader of a FIFO that does, too, and copies what it reads.
const READ: &str = "#!/bin/sh\necho \"$(id -u) $*\" >/tmp/reader\nexec cat \"$2\" >>/tmp/read\n";

/// 11: notify_master, notify_backup, notify_fault and notify_stop with arguments, `notify`, and a FIFO with a reader.
fn life_with_scripts(program: Program) -> Result<(Vec<String>, Vec<String>, String, Told)> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    node.write_file("/etc/keepalived/tell.sh", TELL)?;
    node.write_file("/etc/keepalived/read.sh", READ)?;
    for file in ["/tmp/told", "/tmp/reader", "/tmp/read"] {
        node.write_file(file, "")?;
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        std::fs::set_permissions(node.host_path(file)?, all).expect("ours");
    }
    let tell = "/etc/keepalived/tell.sh";
    let text = format!(
        "global_defs {{\n    script_user nobody nogroup\n    enable_script_security\n    vrrp_notify_fifo /run/fifo\n    \
         vrrp_notify_fifo_script \"/etc/keepalived/read.sh one\"\n}}\nvrrp_instance VI_1 {{\n    state MASTER\n    \
         interface eth0\n    virtual_router_id 51\n    priority 150\n    advert_int 1\n    virtual_ipaddress {{\n        \
         10.77.0.100\n    }}\n    notify_master \"{tell} master 'two words' $HOME\"\n    notify_backup \"{tell} backup\" \
         daemon\n    notify_fault \"{tell} fault\" root\n    notify_stop \"{tell} stop\"\n    notify {tell}\n}}\n"
    );
    let mut daemon = Daemon::start(&node, program, &text)?;
    // The original's scripts run side by side: each change is told by two before the next.
    let told = |changes: usize| {
        let lines = || node.read_file("/tmp/told").map_or(0, |text| text.lines().count());
        wait_until(&format!("what is told of {changes} changes"), &daemon, || lines() == 2 * changes)
    };
    // BACKUP and MASTER follow each other by the protocol's own seconds.
    told(2)?;
    node.cut_link("eth0")?;
    told(3)?;
    node.restore_link("eth0")?;
    told(5)?;
    daemon.stop()?;
    wait_until("what is told of the stop", &daemon, || {
        node.read_file("/tmp/told").is_ok_and(|text| text.lines().count() == 12)
    })?;
    let told: Vec<String> = node.read_file("/tmp/told")?.lines().map(str::to_owned).collect();
    let (general, own) = told.into_iter().partition(|line| line.contains("INSTANCE"));
    let read = by_object(&node.read_file("/tmp/read")?);
    Ok((own, general, node.read_file("/tmp/reader")?, read))
}

fn scripts_and_a_reader() -> Result<()> {
    let (ours, original) = std::thread::scope(|scope| {
        let ours = scope.spawn(|| life_with_scripts(Program::under_test()));
        (ours.join().expect("told above"), life_with_scripts(Program::Debian))
    });
    let (ours, original) = (ours?, original?);
    assert_eq!((&ours.0, &ours.1, &ours.2), (&original.0, &original.1, &original.2));
    let master = "65534:65534:65534 master two words $HOME";
    let steps = ["1:1:1 backup", master, "0:0:0 fault", "1:1:1 backup", master, "65534:65534:65534 stop"];
    assert_eq!(ours.0, steps);
    assert_eq!(ours.2.trim(), "65534 one /run/fifo");
    let states = ["BACKUP 150", "MASTER 150", "FAULT 150", "BACKUP 150", "MASTER 150", "STOP 150"];
    assert_eq!(ours.3["INSTANCE VI_1"], states);
    // The original ends its reader before the last line.
    assert_eq!(original.3["INSTANCE VI_1"][..5], states[..5]);
    Ok(())
}

/// `fifo_write_vrrp_states_on_reload`: a reload tells every state once more.
fn states_after_a_reload() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    node.write_file("/run/number", "0\n")?;
    let text = configuration("", true)
        .replace("global_defs {", "global_defs {\n    fifo_write_vrrp_states_on_reload");
    let daemon = Daemon::start(&node, Program::under_test(), &text)?;
    let fifo = node.host_path("/run/all.fifo")?;
    wait_until("the FIFO", &daemon, || fifo.exists())?;
    let reader = Reader::start(&fifo, node.host_path("/run/told")?);
    let count = |line: &str, told: &str| told.matches(line).count();
    let masters = |told: &str| count("MASTER 100", told) + count("\"G\" MASTER 0", told);
    wait_until("everybody to be MASTER", &daemon, || masters(&reader.text()) == 4)?;
    daemon.reload(&text)?;
    wait_until("everybody to be told again", &daemon, || masters(&reader.text()) == 8)
}

#[test]
fn both_programs_tell_the_same() -> Result<()> {
    all_side_by_side(&[
        ("FIFOs, a removed instance is FAULT", fifos_without_notify_deleted),
        ("FIFOs, a removed instance is DELETED", fifos_with_notify_deleted),
        ("11: scripts with arguments and a reader", scripts_and_a_reader),
        ("states after a reload", states_after_a_reload),
    ])
}
