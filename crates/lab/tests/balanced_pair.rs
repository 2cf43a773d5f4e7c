//! Load balancing together with VRRP: two directors, of which one has the virtual addresses, in a kernel with IPVS.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use keepalived_lab::second_kernel::{GuestTest, run_tests};
use keepalived_lab::{Daemon, Error, IpvsRequests, Lan, Node, Program, Result, SecondKernel, WebServer};

/// A guest's processes start slowly, and its host may be busy.
const PATIENCE: Duration = Duration::from_secs(40);
const SERVICE: [u8; 4] = [172, 16, 0, 100];

fn main() -> ExitCode {
    let mut tests = vec![
        GuestTest::new("c83_the_sync_daemon_has_the_role_of_its_instance_ours", || {
            sync_follows(Program::Ours)
        }),
        GuestTest::new("c83_the_sync_daemon_has_the_role_of_its_instance_debian", || {
            sync_follows(Program::Debian)
        }),
        GuestTest::new("a_reload_changes_or_ends_the_sync_daemon", sync_reloaded),
        GuestTest::new("a_killed_vrrp_process_leaves_the_sync_daemon_running", sync_adopted),
        GuestTest::new("connections_are_known_to_the_backup", connections_are_synchronised),
    ];
    for program in Program::BOTH {
        tests.push(GuestTest::new(
            format!("the_table_is_on_both_nodes_and_ha_suspend_checks_on_one_{program}"),
            move || fail_over(program),
        ));
        tests.push(GuestTest::new(
            format!("net_namespace_ipvs_without_a_name_is_where_we_were_started_{program}"),
            move || namespace_of_the_start(program),
        ));
    }
    tests.push(GuestTest::new("c64_group_0_may_ping_while_there_is_a_ping_check", ping_range));
    run_tests(&SecondKernel::new().time_limit(Duration::from_secs(900)), &tests)
}

/// Two directors, two web servers behind them, a client. The directors' VRRP instance has the service's address and the
/// servers' way out.
struct Pair {
    lan: Lan,
    a: Node,
    b: Node,
    client: Node,
    servers: [Node; 2],
}

impl Pair {
    fn new() -> Result<Self> {
        let lan = Lan::new()?;
        let director = |name: &str, last: u8| -> Result<Node> {
            let addresses = [format!("10.77.0.{last}/24"), format!("172.16.0.{last}/24")];
            let node = lan.node(name, &[&addresses[0], &addresses[1]])?;
            for (key, value) in [
                ("ipv4/ip_forward", "1"),
                ("ipv4/conf/all/send_redirects", "0"),
                ("ipv4/conf/eth0/send_redirects", "0"),
            ] {
                node.namespace().set_sysctl(key, value)?;
            }
            Ok(node)
        };
        let (a, b) = (director("a", 251)?, director("b", 252)?);
        let client = lan.node("client", &["172.16.0.2/24"])?;
        let server = |name: &str, last: u8| -> Result<Node> {
            let node = lan.node(name, &[&format!("10.77.0.{last}/24")])?;
            node.ip(&["route", "add", "default", "via", "10.77.0.254"])?;
            Ok(node)
        };
        let servers = [server("rs2", 2)?, server("rs3", 3)?];
        Ok(Self { lan, a, b, client, servers })
    }

    fn start(&self, node: &Node, program: Program, priority: u8, globals: &str) -> Result<Daemon> {
        Daemon::start(node, program, &configuration(priority, globals))
    }

    /// Asks from the client until somebody answers. Returns who.
    fn ask(&self) -> Result<String> {
        let client =
            keepalived_lab::WebClient::start(&self.client, SERVICE.into(), 80, Duration::from_millis(50))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = client.requests().into_iter().find_map(|request| request.answer.ok()) {
                return Ok(answer);
            }
            if Instant::now() > deadline {
                return Err(Error::Unexpected("nobody answers".into()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn configuration(priority: u8, globals: &str) -> String {
    let servers: String = [2, 3]
        .map(|last| {
            format!(
                "    real_server 10.77.0.{last} 80 {{\n        TCP_CHECK {{\n            connect_timeout 2\n        }}\n    }}\n"
            )
        })
        .concat();
    format!(
        "global_defs {{\n{globals}}}\n\
         vrrp_instance VI_1 {{\n    state BACKUP\n    interface eth0\n    virtual_router_id 51\n    priority {priority}\n    \
         advert_int 1\n    virtual_ipaddress {{\n        172.16.0.100/24\n        10.77.0.254/24\n    }}\n}}\n\
         virtual_server 172.16.0.100 80 {{\n    delay_loop 1\n    lvs_sched rr\n    lvs_method NAT\n    protocol TCP\n    \
         ha_suspend\n    warmup 0\n    retry 1\n    delay_before_retry 0.5\n{servers}}}\n"
    )
}

/// Waits until what `look` sees is as wanted.
fn wait_for(what: &str, look: impl Fn() -> Result<String>, wanted: impl Fn(&str) -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look()?;
        if wanted(&seen) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Error::TimedOut { waited_for: what.to_owned(), after: PATIENCE, seen });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn table(node: &Node) -> Result<String> {
    node.namespace().exec(&["ipvsadm", "-S", "-n"])
}

fn daemons(node: &Node) -> Result<String> {
    node.namespace().exec(&["ipvsadm", "-L", "--daemon"])
}

fn wait_for_daemon(node: &Node, role: &str, id: u8) -> Result<()> {
    let (begin, there) = (format!("{role} sync daemon (mcast=eth0, syncid={id},"), "sync daemon");
    wait_for(
        &format!("{begin} on {}", node.name()),
        || daemons(node),
        |seen| seen.contains(&begin) && seen.matches(there).count() == 1,
    )
}

fn wait_for_no_daemon(node: &Node) -> Result<()> {
    wait_for("no sync daemon", || daemons(node), |seen| !seen.contains("sync daemon"))
}

fn servers_in(table: &str) -> usize {
    table.lines().filter(|line| line.starts_with("-a")).count()
}

const SYNC: &str = "    lvs_sync_daemon eth0 inst VI_1 id 9\n";

/// MASTER sends, BACKUP receives; a stop ends what we have started.
fn sync_follows(program: Program) -> Result<()> {
    let pair = Pair::new()?;
    let b = pair.start(&pair.b, program, 100, SYNC)?;
    b.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
    wait_for_daemon(&pair.b, "master", 9)?;
    let mut a = pair.start(&pair.a, program, 150, SYNC)?;
    a.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
    wait_for_daemon(&pair.a, "master", 9)?;
    wait_for_daemon(&pair.b, "backup", 9)?;
    a.stop()?;
    wait_for_no_daemon(&pair.a)?;
    wait_for_daemon(&pair.b, "master", 9)
}

/// Another id is another daemon; the same configuration is none; without one it ends.
fn sync_reloaded() -> Result<()> {
    let pair = Pair::new()?;
    let a = pair.start(&pair.a, Program::Ours, 150, SYNC)?;
    wait_for_daemon(&pair.a, "master", 9)?;
    let requests = IpvsRequests::record(&pair.a)?;
    a.reload(&configuration(150, SYNC))?;
    a.wait_for_log("Reload complete", PATIENCE)?;
    a.reload(&configuration(150, "    lvs_sync_daemon eth0 inst VI_1\n"))?;
    wait_for_daemon(&pair.a, "master", 51)?;
    a.reload(&configuration(150, ""))?;
    wait_for_no_daemon(&pair.a)?;
    let asked = requests.names()?;
    let about_daemons: Vec<&str> = asked.into_iter().filter(|name| name.ends_with("DAEMON")).collect();
    assert_eq!(about_daemons, ["DEL_DAEMON", "NEW_DAEMON", "DEL_DAEMON"], "an unchanged one is left alone");
    Ok(())
}

/// Whoever follows a killed process finds the daemon as it should be, and leaves it.
fn sync_adopted() -> Result<()> {
    let pair = Pair::new()?;
    let a = pair.start(&pair.a, Program::Ours, 150, SYNC)?;
    wait_for_daemon(&pair.a, "master", 9)?;
    let requests = IpvsRequests::record(&pair.a)?;
    let old = a.vrrp_pid()?;
    keepalived_lab::processes::send(old, keepalived_lab::Signal::Kill)?;
    a.wait_for_new_vrrp_pid(old, PATIENCE)?;
    let asked = || a.node().namespace().exec(&["ipvsadm", "-L", "--daemon"]);
    let log = || -> Result<String> { Ok(a.log().text()) };
    let takes_over = |log: &str| log.matches("(VI_1) Entering MASTER STATE").count() >= 2;
    wait_for("the successor's role", log, takes_over)?;
    assert!(asked()?.contains("master sync daemon (mcast=eth0, syncid=9,"), "{}", asked()?);
    let about_daemons = requests.names()?.into_iter().filter(|name| name.ends_with("DAEMON")).count();
    assert_eq!(about_daemons, 0, "it went on all the time");
    Ok(())
}

/// What goes over the MASTER's table is in the BACKUP's table of connections, too.
fn connections_are_synchronised() -> Result<()> {
    let pair = Pair::new()?;
    let _web = [WebServer::start(&pair.servers[0], 80)?, WebServer::start(&pair.servers[1], 80)?];
    let a = pair.start(&pair.a, Program::Ours, 150, SYNC)?;
    a.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
    let b = pair.start(&pair.b, Program::Ours, 100, SYNC)?;
    b.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
    wait_for_daemon(&pair.a, "master", 9)?;
    wait_for_daemon(&pair.b, "backup", 9)?;
    pair.ask()?;
    let known = || pair.b.namespace().exec(&["ipvsadm", "-L", "-n", "-c"]);
    wait_for(
        "the connection on the backup",
        || {
            pair.ask()?;
            known()
        },
        |seen| seen.lines().any(|line| line.contains("172.16.0.2:") && line.contains("172.16.0.100:80")),
    )
}

/// Both nodes have the table; with `ha_suspend` only the one with the address checks, and the other begins when it takes
/// over.
fn fail_over(program: Program) -> Result<()> {
    let pair = Pair::new()?;
    let mut web =
        [Some(WebServer::start(&pair.servers[0], 80)?), Some(WebServer::start(&pair.servers[1], 80)?)];
    let mut a = pair.start(&pair.a, program, 150, "")?;
    a.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
    let b = pair.start(&pair.b, program, 100, "")?;
    b.wait_for_log("Deactivating healthchecker for service [10.77.0.3]:tcp:80", PATIENCE)?;
    for node in [&pair.a, &pair.b] {
        wait_for("two servers", || table(node), |seen| servers_in(seen) == 2)?;
    }
    assert!(["rs2", "rs3"].contains(&pair.ask()?.as_str()));
    web[0] = None;
    wait_for("one server", || table(&pair.a), |seen| servers_in(seen) == 1)?;
    assert_eq!(servers_in(&table(&pair.b)?), 2, "the backup does not check, and knows nothing of it");
    // The cable is pulled: the other has to take over, addresses and checks alike.
    pair.a.cut_link("eth0")?;
    b.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
    b.wait_for_log("Activating healthchecker for service [10.77.0.2]:tcp:80", PATIENCE)?;
    wait_for("one server", || table(&pair.b), |seen| servers_in(seen) == 1)?;
    assert_eq!(pair.ask()?, "rs3");
    web[0] = Some(WebServer::start(&pair.servers[0], 80)?);
    wait_for("two servers", || table(&pair.b), |seen| servers_in(seen) == 2)?;
    a.kill_all()?;
    let _whole_until_here = &pair.lan;
    Ok(())
}

/// With `net_namespace` the daemon leaves the namespace that it was started in. Its table does not, with
/// `net_namespace_ipvs` and no name.
fn namespace_of_the_start(program: Program) -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    let _web = WebServer::start(&node, 80)?;
    let configuration = "net_namespace_ipvs\n\
        virtual_server 10.9.0.1 80 {\n    delay_loop 1\n    lvs_sched rr\n    lvs_method NAT\n    protocol TCP\n    warmup 0\n    \
        real_server 10.77.0.1 80 {\n        TCP_CHECK {\n        }\n    }\n}\n";
    let mut daemon = Daemon::start_outside(&node, program, configuration)?;
    let here = || -> Result<String> {
        let output = std::process::Command::new("ipvsadm").args(["-S", "-n"]).output();
        let output = output.map_err(|error| Error::Unexpected(error.to_string()))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    wait_for("the table where it was started", here, |seen| seen.contains("10.77.0.1:80"))?;
    daemon.wait_for_log("TCP connection to [10.77.0.1]:tcp:80 success.", PATIENCE)?;
    assert_eq!(servers_in(&table(&node)?), 0, "and none where it went");
    daemon.stop()?;
    wait_for("nothing", here, |seen| servers_in(seen) == 0)
}

/// `PING_CHECK` needs group 0 among those that may ping; at the end it is as it was.
fn ping_range() -> Result<()> {
    let lan = Lan::new()?;
    let (node, server) = (lan.node("n", &["10.77.0.1/24"])?, lan.node("rs2", &["10.77.0.2/24"])?);
    node.namespace().set_sysctl("ipv4/ping_group_range", "1 0")?;
    let range = || node.namespace().exec(&["cat", "/proc/sys/net/ipv4/ping_group_range"]);
    let is = |seen: &str, first: &str| seen.split_whitespace().next() == Some(first);
    let configuration = "virtual_server 10.9.0.1 80 {\n    delay_loop 1\n    lvs_sched rr\n    lvs_method NAT\n    \
        protocol TCP\n    warmup 0\n    real_server 10.77.0.2 80 {\n        PING_CHECK {\n            retry 0\n        }\n    }\n}\n";
    let mut daemon = Daemon::start(&node, Program::under_test(), configuration)?;
    daemon.wait_for_log("ICMP connection to [10.77.0.2]:tcp:80 success.", PATIENCE)?;
    assert!(is(&range()?, "0"), "{}", range()?);
    server.cut_link("eth0")?;
    daemon.wait_for_log("Removing service [10.77.0.2]:tcp:80", PATIENCE)?;
    daemon.stop()?;
    assert!(is(&range()?, "1"), "{}", range()?);
    Ok(())
}
