//! Alert mails of instances and sync groups: to a real mail server, from the original and from ours; and what a mail
//! server that is dead or hostile costs, which is nothing.

mod common;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime};

use common::{INTERVAL, PATIENCE, Pair, address_a, expect_log, instance, vip, with_log};
use keepalived_lab::{Classic, Daemon, Error, Lan, MailServer, Message, Node, Program, Result};

/// Where mails go.
const PORT: u16 = 2525;
/// Both programs, a busy machine, python.
const LONG: Duration = Duration::from_secs(30);

fn globals(more: &str) -> String {
    format!(
        "global_defs {{\n    router_id RTR_A\n    notification_email {{\n        ops@example.com second@example.com\n        \
         third@example.com\n    }}\n    notification_email_from ka@example.net\n    smtp_server 10.77.0.9 {PORT}\n    \
         smtp_connect_timeout 5\n    {more}\n}}\n"
    )
}

/// A node with a second interface, which can be cut without cutting mails off, and a mail server.
fn node_and_server(lan: &Lan) -> Result<(Node, MailServer)> {
    let node = lan.node("a", &["10.77.0.1/24"])?;
    node.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    let mx = lan.node("mx", &["10.77.0.9/24"])?;
    Ok((node, MailServer::start(&mx, "10.77.0.9", PORT)?))
}

/// Every different mail, in no order: the original sends several at the same time.
fn taken(server: &MailServer) -> Result<BTreeSet<Message>> {
    Ok(server.messages()?.into_iter().map(Message::without_date).collect())
}

/// An instance in a group and one that does not mail, through every state.
fn life_of_an_instance(program: Program) -> Result<BTreeSet<Message>> {
    let lan = Lan::new()?;
    let (node, server) = node_and_server(&lan)?;
    let configuration = globals("smtp_alert on")
        + "vrrp_sync_group G1 {\n    group {\n        VI_1\n        VI_2\n    }\n}\n"
        + &instance(
            "VI_1",
            &[
                "virtual_router_id 51",
                "priority 100",
                "track_interface {",
                "eth1",
                "}",
                "virtual_ipaddress {",
                "10.77.0.100",
                "}",
            ],
        )
        + &instance(
            "VI_2",
            &["virtual_router_id 52", "smtp_alert off", "virtual_ipaddress {", "10.77.0.101", "}"],
        );
    let mut daemon = Daemon::start(&node, program, &configuration)?;
    let expect = |subjects: &[&str]| {
        server.wait_for_subjects(subjects, LONG).map_err(|error| with_log(error, &daemon))
    };
    expect(&["[RTR_A] VRRP Instance VI_1 - Entering BACKUP state"])?;
    expect(&[
        "[RTR_A] VRRP Instance VI_1 - Entering MASTER state",
        "[RTR_A] VRRP Group G1 - Entering MASTER state",
    ])?;
    node.cut_link("eth1")?;
    expect(&[
        "[RTR_A] VRRP Instance VI_1 - Entering FAULT state",
        "[RTR_A] VRRP Group G1 - Entering FAULT state",
    ])?;
    node.restore_link("eth1")?;
    // Back to MASTER: whatever may be mailed on the way has been.
    common::expect_address(&daemon, vip())?;
    expect(&["[RTR_A] VRRP Group G1 - Entering BACKUP state"])?;
    let mails = taken(&server)?;
    daemon.stop()?;
    Ok(mails)
}

#[test]
fn mails_are_the_originals_byte_by_byte() -> Result<()> {
    let original = life_of_an_instance(Program::Debian)?;
    let ours = life_of_an_instance(Program::Ours)?;
    assert_eq!(ours, original);
    for mail in &ours {
        assert_eq!(mail.to, ["ops@example.com", "second@example.com", "third@example.com"]);
        assert!(!mail.text.contains("VI_2"), "smtp_alert off: {}", mail.text);
    }
    Ok(())
}

#[test]
fn defaults_are_made_of_the_machines_name_and_the_switches_are_obeyed() -> Result<()> {
    let lan = Lan::new()?;
    let (node, server) = node_and_server(&lan)?;
    let globals = format!(
        "global_defs {{\n    notification_email {{\n        \"Ops Team <ops@example.com>\"\n        \"no mailbox\"\n    }}\n    \
         smtp_server 10.77.0.9 {PORT}\n    smtp_alert_vrrp on\n    no_email_faults\n}}\n"
    );
    let lines = [
        "virtual_router_id 51",
        "notify_deleted",
        "track_interface {",
        "eth1",
        "}",
        "virtual_ipaddress {",
        "10.77.0.100",
        "}",
    ];
    let daemon = Daemon::start(&node, Program::Ours, &format!("{globals}{}", instance("VI_1", &lines)))?;
    let expect = |name: &str, what: &str| {
        let name = format!("[{name}] VRRP Instance VI_1 - {what}");
        server.wait_for_subjects(&[&name], LONG).map_err(|error| with_log(error, &daemon))
    };
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").map_err(Error::io("the name"))?;
    expect_log(&daemon, "(VI_1) Entering MASTER STATE")?;
    let deadline = Instant::now() + LONG;
    while server.messages()?.len() < 2 {
        assert!(Instant::now() < deadline, "{}", daemon.log().text());
        std::thread::sleep(Duration::from_millis(20));
    }
    let first = server.messages()?.remove(0);
    assert!(first.helo.starts_with(name.trim()), "{first:?}");
    assert_eq!(first.from, format!("root@{}", first.helo));
    assert_eq!(
        first.to,
        ["ops@example.com"],
        "a recipient that the server refuses does not cost the others their mail"
    );
    assert_eq!(first.header("To"), Some("Ops Team <ops@example.com>, no mailbox"));
    node.cut_link("eth1")?;
    expect_log(&daemon, "(VI_1) Entering FAULT STATE")?;
    node.restore_link("eth1")?;
    common::expect_address(&daemon, vip())?;
    daemon.reload(&format!(
        "{globals}{}",
        instance("VI_2", &["virtual_router_id 52", "virtual_ipaddress {", "10.77.0.102", "}"])
    ))?;
    expect(&first.helo, "Deleted")?;
    assert!(server.messages()?.iter().all(|mail| !mail.text.contains("FAULT")), "no_email_faults");
    Ok(())
}

/// The last mails go out although the daemon stops.
#[test]
fn a_stop_gives_mails_their_time() -> Result<()> {
    let lan = Lan::new()?;
    let (node, server) = node_and_server(&lan)?;
    let lines = ["virtual_router_id 51", "virtual_ipaddress {", "10.77.0.100", "}"];
    let text = format!("{}{}", globals("smtp_alert"), instance("VI_1", &lines));
    let mut daemon = Daemon::start(&node, Program::Ours, &text)?;
    common::expect_address(&daemon, vip())?;
    server.wait_for_subjects(&["[RTR_A] VRRP Instance VI_1 - Entering MASTER state"], LONG)?;
    assert!(daemon.stop()?.success());
    let stopping = "[RTR_A] VRRP Instance VI_1 - Stopping";
    server.wait_for_subjects(&[stopping], PATIENCE).map_err(|error| with_log(error, &daemon))
}

/// A mail server that takes the connection and says nothing, for as long as it is asked.
fn silent_server(node: &Node) -> Result<TcpListener> {
    let listen = node.namespace().thread(|| TcpListener::bind(("10.77.0.3", PORT)))?.join();
    let listener = listen.map_err(|_| Error::Unexpected("binding panicked".into()))??;
    listener.map_err(Error::io("listening"))
}

#[test]
fn a_mail_server_that_never_answers_costs_no_advert_and_a_second_at_stop() -> Result<()> {
    let pair = Pair::new()?;
    let c = pair.client_node();
    let _silent = silent_server(c)?;
    let text =
        format!("{}{}", globals("smtp_alert").replace("10.77.0.9", "10.77.0.3"), Classic::master().text());
    let mut a = Daemon::start(&pair.a, Program::Ours, &text)?;
    pair.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
    let b = Daemon::start(&pair.b, Program::Ours, &Classic::backup().text())?;
    expect_log(&b, "(VI_1) Entering BACKUP STATE")?;
    let began = SystemTime::now();
    let late = "SMTP alert not sent: SMTP server [10.77.0.3]:2525: it does not answer in time";
    let deadline = Instant::now() + LONG;
    // One mail after the other: that about BACKUP, then that about MASTER.
    while a.log().count_since(0, late) < 2 {
        assert!(Instant::now() < deadline, "{}", a.log().text());
        std::thread::sleep(Duration::from_millis(50));
    }
    let trace = pair.capture.trace()?;
    let longest = trace.longest_gap_of(address_a(), began);
    assert!(longest.is_some_and(|gap| gap < INTERVAL * 3 / 2), "the longest gap is {longest:?}");
    let stopping = Instant::now();
    assert!(a.stop()?.success());
    let took = stopping.elapsed();
    assert!(took < Duration::from_secs(5), "the end took {took:?}\n{}", a.log().text());
    assert!(a.log().text().contains("SMTP alerts were not sent before the end"), "{}", a.log().text());
    pair.b.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &b))?;
    Ok(())
}
