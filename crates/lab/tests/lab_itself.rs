//! The lab keeps its promises: it cleans up after panics and after dead runs, and its cables behave like cables.

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use keepalived_lab::{Client, Lan, Responder, Result, sweep};

fn namespaces() -> String {
    let output = Command::new("ip").args(["netns", "list"]).output().expect("ip is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_panic_leaves_nothing_behind() {
    let panicked = std::thread::spawn(|| {
        let lan = Lan::new().expect("a LAN");
        let node = lan.node("gone", &["10.77.0.1/24"]).expect("a node");
        let name = node.namespace().name().to_owned();
        assert!(namespaces().contains(&name));
        std::panic::panic_any(name);
    })
    .join();
    let name = panicked.expect_err("it panicked").downcast::<String>().expect("the name");
    assert!(!namespaces().contains(&*name), "{name} is still there");
}

#[test]
fn a_dead_run_is_swept_with_its_processes() -> Result<()> {
    let mut dead = Command::new("true").spawn().expect("true exists");
    dead.wait().expect("it ends");
    let name = format!("kalab-{}-0-dead", dead.id());
    assert!(Command::new("ip").args(["netns", "add", &name]).status().expect("ip is installed").success());
    let mut inside = Command::new("ip")
        .args(["netns", "exec", &name, "sleep", "60"])
        .stdout(Stdio::null())
        .spawn()
        .expect("ip is installed");
    while !String::from_utf8_lossy(
        &Command::new("ip").args(["netns", "pids", &name]).output().expect("ip is installed").stdout,
    )
    .contains(&inside.id().to_string())
    {
        std::thread::sleep(Duration::from_millis(5));
    }
    let swept = sweep();
    if swept.is_err() {
        inside.kill().expect("it runs");
    }
    assert!(!inside.wait().expect("it was killed").success());
    assert!(swept?.contains(&name));
    assert!(!namespaces().contains(&name));
    Ok(())
}

#[test]
fn a_client_measures_a_cut_of_the_cable() -> Result<()> {
    let lan = Lan::new()?;
    let server = lan.node("s", &["10.77.0.1/24"])?;
    let client = lan.node("c", &["10.77.0.3/24"])?;
    let _responder = Responder::start(&server)?;
    let probe = Client::start(&client, [10, 77, 0, 1].into(), Duration::from_millis(5))?;
    probe.wait_for_answer(SystemTime::UNIX_EPOCH, Duration::from_secs(3))?;
    std::thread::sleep(Duration::from_millis(200));
    let cut = SystemTime::now();
    server.cut_link("eth0")?;
    std::thread::sleep(Duration::from_millis(500));
    server.restore_link("eth0")?;
    let restored = SystemTime::now();
    probe.wait_for_answer(restored, Duration::from_secs(3))?;
    let outage = probe.longest_outage(cut).expect("answers before and after");
    assert!(outage.length() >= Duration::from_millis(450), "{outage:?}");
    assert_eq!(outage.to.node, "s");
    Ok(())
}

#[test]
fn a_cut_cable_takes_the_carrier_and_a_partition_does_not() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let up = |node: &keepalived_lab::Node| -> Result<bool> {
        Ok(node.ip(&["link", "show", "dev", "eth0"])?.contains("LOWER_UP"))
    };
    assert!(up(&node)?);
    node.cut_link("eth0")?;
    assert!(!up(&node)?);
    node.restore_link("eth0")?;
    assert!(up(&node)?);

    let other = lan.node("o", &["10.77.0.2/24"])?;
    let _responder = Responder::start(&node)?;
    let probe = Client::start(&other, [10, 77, 0, 1].into(), Duration::from_millis(5))?;
    probe.wait_for_answer(SystemTime::UNIX_EPOCH, Duration::from_secs(3))?;
    lan.partition(&[&node])?;
    assert!(up(&node)?);
    std::thread::sleep(Duration::from_millis(100));
    let since = SystemTime::now();
    assert!(
        probe.wait_for_answer(since, Duration::from_millis(200)).is_err(),
        "a partition lets nothing through"
    );
    lan.heal(&[&node])?;
    probe.wait_for_answer(SystemTime::now(), Duration::from_secs(3))?;
    Ok(())
}

#[test]
fn nodes_have_their_own_run_and_tmp() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &[])?;
    node.write_file("/run/here", "x")?;
    assert_eq!(node.read_file("/run/here")?, "x");
    assert!(!std::path::Path::new("/run/here").exists());
    assert!(node.write_file("/var/elsewhere", "x").is_err());
    Ok(())
}
