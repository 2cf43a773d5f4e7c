//! `keepalivedctl` and a running pair: what the daemon is doing, why, and what becomes of a reload.

mod common;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use common::ctl::{Said, answer, ctl, socket};
use common::{INTERVAL, PATIENCE, Pair, address_a, instance, vip, with_log};
use keepalived_lab::{Classic, Daemon, Error, Program, Result};

#[test]
fn an_operator_sees_who_is_master_and_why() -> Result<()> {
    let pair = Pair::new()?;
    let (mut a, b) = pair.start(Program::Ours, Program::Ours)?;

    let status = answer(&a, &["status"])?;
    assert!(status.contains("VI_1") && status.contains("MASTER") && status.contains("this node"), "{status}");
    let status = answer(&b, &["status", "VI_1"])?;
    assert!(status.contains("BACKUP") && status.contains("10.77.0.1 (150)"), "{status}");
    let why = answer(&b, &["explain", "VI_1"])?;
    assert!(why.contains("because 10.77.0.1 advertises priority 150 and ours is 100"), "{why}");
    assert!(why.contains("becomes MASTER when 10.77.0.1 is silent for 3.6 s"), "{why}");
    let json: serde_json::Value = serde_json::from_str(&answer(&a, &["status", "--json"])?)
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    assert_eq!(json["snapshot"]["vrrp"]["instances"][0]["state"], "Master");
    assert_eq!(json["pid"], a.pid());

    let unknown = ctl(&a, &[], &["explain", "VI_9"])?;
    assert_eq!(unknown.status, Some(1));
    assert!(
        unknown.err.contains("there is no instance, sync group or virtual server VI_9; there are VI_1"),
        "{}",
        unknown.err
    );
    assert_eq!(ctl(&a, &[], &["levitate"])?.status, Some(2));
    let unknown = ctl(&a, &[], &["history", "VI_9"])?;
    assert_eq!((unknown.status, unknown.out.as_str()), (Some(1), ""));
    let events: serde_json::Value = serde_json::from_str(&answer(&a, &["history", "VI_1", "--json"])?)
        .map_err(|error| Error::Unexpected(error.to_string()))?;
    assert!(events.as_array().is_some_and(|events| !events.is_empty()), "{events}");
    let nowhere = ctl(&a, &[], &["check", "/nowhere/keepalived.conf"])?;
    assert_eq!((nowhere.status, nowhere.out.as_str()), (Some(1), ""));

    a.stop()?;
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    let history = answer(&b, &["history", "VI_1"])?;
    let last = history.lines().last().unwrap_or_default();
    assert!(
        last.contains("VI_1: BACKUP -> MASTER, priority 100, because 10.77.0.1 gave up the role"),
        "{history}"
    );
    let gone = ctl(&a, &[], &["status"])?;
    assert_eq!(gone.status, Some(1));
    assert!(gone.err.contains("is keepalived running"), "{}", gone.err);
    assert!(!socket(&a)?.exists(), "the socket goes with the daemon");
    Ok(())
}

#[test]
fn a_reload_says_how_it_ended() -> Result<()> {
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;

    let worse = Classic::master().text().replace("virtual_router_id 51", "virtual_router_id 300");
    pair.a.write_file("/etc/keepalived/keepalived.conf", worse)?;
    let refused = ctl(&a, &[], &["reload"])?;
    assert_eq!(refused.status, Some(1), "{}", refused.out);
    assert!(refused.err.contains("keepalived.conf") && refused.err.contains("300"), "{}", refused.err);
    assert!(refused.err.contains("the old one is running"), "{}", refused.err);

    let better = Classic::master().text().replace("priority 150", "priority 160");
    pair.a.write_file("/etc/keepalived/keepalived.conf", better)?;
    assert_eq!(answer(&a, &["reload"])?, "The new configuration runs.\n");
    let status = answer(&a, &["status"])?;
    assert!(status.contains("MASTER") && status.contains("160"), "{status}");

    // What a value out of range has become is not left to the log alone.
    let odd = Classic::master().text().replace("priority 150", "priority 999");
    pair.a.write_file("/etc/keepalived/keepalived.conf", odd)?;
    let odd = ctl(&a, &[], &["reload"])?;
    assert_eq!((odd.status, odd.out.as_str()), (Some(0), "The new configuration runs, but see above.\n"));
    assert!(odd.err.contains("keepalived.conf:") && odd.err.contains("999"), "{}", odd.err);
    Ok(())
}

#[test]
fn diff_tells_what_a_reload_would_change() -> Result<()> {
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    a.wait_for_log("Entering MASTER STATE", PATIENCE)?;
    let mut other = Classic::master().password("2222");
    other.priority = 120;
    other.virtual_address = "10.77.0.101".into();
    pair.a.write_file("/etc/keepalived/next.conf", other.text())?;
    pair.a.write_file("/etc/keepalived/broken.conf", "vrrp_instance VI_1 {\n    interface nowhere0\n}\n")?;
    let file = |name: &str| -> Result<String> {
        Ok(pair.a.host_path(&format!("/etc/keepalived/{name}"))?.to_string_lossy().into_owned())
    };
    // The interfaces of the file are those of the daemon's namespace.
    let inside = ["ip", "netns", "exec", pair.a.namespace().name()];
    let said = ctl(&a, &inside, &["diff", &file("next.conf")?])?;
    assert_eq!(said.status, Some(0), "{}", said.err);
    for line in [
        "~ vrrp_instance VI_1",
        "    priority: 150 -> 120",
        "    authentication: ******** -> ********",
        "virtual address 10.77.0.100 would leave this machine if it is MASTER",
    ] {
        assert!(said.out.lines().any(|found| found == line), "{line} not in\n{}", said.out);
    }
    let same = ctl(&a, &inside, &["diff", &file("keepalived.conf")?])?;
    assert_eq!(same.out, "A reload would change nothing.\n");
    let json = ctl(&a, &inside, &["diff", "--json", &file("next.conf")?])?;
    let json: serde_json::Value = serde_json::from_str(&json.out)
        .map_err(|error| Error::Unexpected(format!("{error}: {}", json.out)))?;
    assert_eq!(json["addresses_leaving"], serde_json::json!(["10.77.0.100"]));
    assert_eq!(json["instances"]["changed"]["VI_1"].as_array().map(Vec::len), Some(3), "{json}");
    let broken = ctl(&a, &inside, &["diff", &file("broken.conf")?])?;
    assert_eq!(broken.status, Some(1), "{}", broken.out);
    assert!(broken.err.contains("a reload would be refused"), "{}", broken.err);
    Ok(())
}

#[test]
fn strangers_may_not_ask_and_the_group_may_only_look() -> Result<()> {
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    a.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    let path = socket(&a)?;
    // The directories above the node's /run belong to root alone; a copy of the socket's name outside of them stands in.
    let open = tempfile::Builder::new().prefix("lab-ctl-").tempdir().map_err(Error::io("a directory"))?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(open.path(), mode).map_err(Error::io("chmod"))?;
    let link = open.path().join("keepalived.sock");
    std::fs::hard_link(&path, &link).map_err(Error::io("linking the socket"))?;
    let stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let run = |arguments: &[&str]| -> Result<Said> {
        let program = open.path().join("keepalivedctl");
        if !program.exists() {
            let built = Program::Ours.path()?.with_file_name("keepalivedctl");
            std::fs::copy(built, &program).map_err(Error::io("copying keepalivedctl"))?;
        }
        let output = Command::new(stranger[0])
            .args(&stranger[1..])
            .arg(&program)
            .arg("--socket")
            .arg(&link)
            .args(arguments)
            .output()
            .map_err(Error::io("keepalivedctl as nobody"))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Said { status: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) })
    };
    let kept_out = run(&["status"])?;
    assert_eq!(kept_out.status, Some(1));
    assert!(kept_out.err.contains("Permission denied"), "{}", kept_out.err);
    std::os::unix::fs::chown(&path, None, Some(65534)).map_err(Error::io("chown"))?;
    let let_in = run(&["status"])?;
    assert_eq!(let_in.status, Some(0), "{}", let_in.err);
    let refused = run(&["reload"])?;
    assert_eq!(refused.status, Some(1));
    assert!(refused.err.contains("only root may do that"), "{}", refused.err);
    for change in [&["maintenance", "on"][..], &["switchover", "VI_1"], &["switchover", "--return"]] {
        let refused = run(change)?;
        assert_eq!(refused.status, Some(1), "{change:?}");
        assert!(refused.err.contains("only root may do that"), "{}", refused.err);
    }
    Ok(())
}

/// Whatever comes in at the socket: the adverts leave on time, and who asks properly is answered.
#[test]
fn hostile_clients_cost_nothing() -> Result<()> {
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let path = socket(&a)?;
    let began = SystemTime::now();
    let connect = || UnixStream::connect(&path).map_err(Error::io("connecting"));
    // Some stay and say nothing, some say half, some never read, some send without end.
    let silent: Vec<UnixStream> = (0..20).map(|_| connect()).collect::<Result<_>>()?;
    let mut noise: u64 = 0x9e37_79b9_7f4a_7c15;
    for number in 0..300_u32 {
        let Ok(mut stream) = connect() else { continue };
        let mut bytes = Vec::new();
        for _ in 0..number * 7 % 6000 {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            bytes.push(noise.to_le_bytes()[7]);
        }
        bytes.extend(match number % 4 {
            0 => &b"\n"[..],
            1 => b"\"status\"",
            2 => b"{\"status\":{\"a\":[[[[[[[[\n",
            _ => b"",
        });
        // The daemon may have hung up already.
        let _refused = stream.write_all(&bytes);
        if number % 10 == 0 {
            let _nothing = stream.set_read_timeout(Some(Duration::from_millis(50)));
            let _whatever = stream.read(&mut [0; 256]);
        }
    }
    drop(silent);
    let deadline = Instant::now() + PATIENCE;
    while ctl(&a, &[], &["status"])?.status != Some(0) {
        assert!(Instant::now() < deadline, "nobody is answered any more:\n{}", a.log().text());
    }
    std::thread::sleep(INTERVAL * 2);
    let trace = pair.capture.trace()?;
    let longest = trace.longest_gap_of(address_a(), began);
    assert!(longest.is_some_and(|gap| gap < INTERVAL * 3 / 2), "the longest gap is {longest:?}");
    Ok(())
}

/// Who closes its side after the question (`echo '"status"' | nc -NU`) is answered.
#[test]
fn a_client_may_close_its_side_when_it_has_asked() -> Result<()> {
    let pair = Pair::new()?;
    let a = Daemon::start(&pair.a, Program::Ours, &Classic::master().text())?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let path = socket(&a)?;
    let connect = || UnixStream::connect(&path).map_err(Error::io("connecting"));
    for question in [&b"\"status\"\n"[..], b"\"reload\"\n"] {
        let mut stream = connect()?;
        stream.write_all(question).map_err(Error::io("asking"))?;
        stream.shutdown(std::net::Shutdown::Write).map_err(Error::io("closing one side"))?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(Error::io("a time-out"))?;
        let mut said = String::new();
        stream.read_to_string(&mut said).map_err(Error::io("reading"))?;
        assert!(said.ends_with('\n') && !said.starts_with("{\"error"), "{said:?}");
    }
    Ok(())
}

/// A resident set in KiB.
fn resident(pid: u32) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).map_err(Error::io("status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let number = line.split_whitespace().next().and_then(|word| word.parse().ok());
    number.ok_or_else(|| Error::Unexpected(format!("no VmRSS in {text}")))
}

/// Clients that ask on and on and never read: others are answered, and the parent does not grow without end.
#[test]
fn clients_that_ask_on_and_on_without_reading_cost_little() -> Result<()> {
    let pair = Pair::new()?;
    let member = |number: u32| {
        let name = format!("VI_{number}_{}", "x".repeat(200));
        let (vrid, address) = (format!("virtual_router_id {number}"), format!("10.77.1.{number}"));
        instance(&name, &[&vrid, "virtual_ipaddress {", &address, "}"])
    };
    let text: String = (1..=250).map(member).collect();
    let a = Daemon::start(&pair.a, Program::Ours, &text)?;
    a.wait_for_log("Startup complete", PATIENCE)?;
    answer(&a, &["status"])?;
    let (path, before) = (socket(&a)?, resident(a.pid())?);
    let mut unread = Vec::new();
    let until = Instant::now() + Duration::from_secs(8);
    let mut rounds = 0;
    while Instant::now() < until {
        for _ in 0..40 {
            let Ok(mut stream) = UnixStream::connect(&path) else { continue };
            // Asked twice: nobody looks at the second one. The daemon may have hung up already.
            let _asked = stream.write_all(b"\"status\"\n\"history\"\n");
            unread.push(stream);
        }
        let asked = Instant::now();
        answer(&a, &["status"])?;
        assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
        rounds += 1;
        unread.drain(..unread.len().saturating_sub(200));
    }
    let grown = resident(a.pid())?.saturating_sub(before);
    assert!(grown < 48 << 10, "{grown} KiB more after {rounds} rounds");
    assert!(rounds > 3, "{rounds}");
    Ok(())
}
