//! The files that signals ask for: both programs run one configuration, and exporters find the same in their files.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use keepalived_lab::{Daemon, Error, Lan, Program, Result, SecondKernel, Signal};

/// Long enough for the three instances, and for a file.
const PATIENCE: Duration = Duration::from_secs(10);

const CONFIGURATION: &str = "\
global_defs {
    router_id RTR_A
    script_user root
    enable_script_security
}
vrrp_script chk {
    script \"/etc/keepalived/chk.sh one 'two three'\"
    interval 1
    weight -20
}
vrrp_sync_group G1 {
    group {
        VI_1
        VI_2
    }
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass secret12
    }
    virtual_ipaddress {
        10.77.0.100/24 brd + dev eth0 label eth0:v1
        10.77.0.101/32
        10.77.0.102/24 no_track
    }
    virtual_ipaddress_excluded {
        10.77.0.120/24
        fd77::100/64
        fd77::101
    }
    track_interface {
        eth1
    }
    notify_master \"/etc/keepalived/notify.sh master\"
    notify \"/etc/keepalived/notify.sh any\"
    notify_deleted
}
vrrp_instance VI_2 {
    state BACKUP
    interface eth0
    virtual_router_id 52
    priority 100
    version 3
    advert_int 0.5
    nopreempt
    garp_master_refresh 60
    virtual_ipaddress {
        10.77.0.110/24
    }
}
vrrp_instance VI_3 {
    state BACKUP
    interface eth1
    virtual_router_id 53
    priority 120
    advert_int 1
    preempt_delay 7
    track_script {
        chk
    }
    virtual_ipaddress {
        10.78.0.100/24
    }
}
";

/// What the signals left behind.
struct Files {
    stats: String,
    cleared: String,
    json: String,
    json_mode: u32,
}

/// Waits for a file, takes it away, and returns its text and mode. Ours appears as a whole; 2.2.7's JSON does not.
fn take(daemon: &Daemon, signal: Signal, path: &str) -> Result<(String, u32)> {
    let host = daemon.node().host_path(path)?;
    daemon.signal(signal)?;
    let deadline = Instant::now() + PATIENCE;
    let text = loop {
        match std::fs::read_to_string(&host) {
            Ok(text) if text.ends_with('\n') => break text,
            Ok(half) => assert_eq!(daemon.program(), Program::Debian, "half a file was seen: {half}"),
            Err(_) if Instant::now() > deadline => {
                let seen = daemon.log().text();
                return Err(Error::TimedOut { waited_for: path.to_owned(), after: PATIENCE, seen });
            }
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let mode = std::fs::metadata(&host).map_err(Error::io(path))?.permissions().mode();
    std::fs::remove_file(&host).map_err(Error::io(path))?;
    Ok((text, mode & 0o777))
}

fn observe(program: Program) -> Result<Files> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    node.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    for script in ["chk.sh", "notify.sh"] {
        node.write_file(&format!("/etc/keepalived/{script}"), "#!/bin/sh\nexit 0\n")?;
    }
    let mut daemon = Daemon::start(&node, program, CONFIGURATION)?;
    for instance in ["VI_1", "VI_2", "VI_3"] {
        daemon.wait_for_log(&format!("({instance}) Entering MASTER STATE"), PATIENCE)?;
    }
    let (stats, _) = take(&daemon, Signal::Usr2, "/tmp/keepalived.stats")?;
    let (json, json_mode) = take(&daemon, Signal::Json, "/tmp/keepalived.json")?;
    take(&daemon, Signal::StatsClear, "/tmp/keepalived.stats")?;
    let (cleared, _) = take(&daemon, Signal::Usr2, "/tmp/keepalived.stats")?;
    daemon.stop()?;
    Ok(Files { stats, cleared, json, json_mode })
}

/// Without what only later releases have, and without numbers that depend on the moment.
fn comparable(stats: &str) -> Vec<String> {
    let mut in_extension = false;
    let mut lines = Vec::new();
    for line in stats.lines() {
        in_extension =
            line == "  Authentication Extension Errors:" || (in_extension && line.starts_with("    "));
        if !in_extension {
            lines.push(if line.starts_with("    Sent: ") {
                "    Sent: N".to_owned()
            } else {
                line.to_owned()
            });
        }
    }
    lines
}

/// Every key and value in the order of the text.
fn members(json: &str) -> Vec<String> {
    let quoted_key =
        |text: &str| text.find("\":").map(|end| text[..end].rsplit('"').next().unwrap_or("").to_owned());
    let mut keys = Vec::new();
    let mut rest = json;
    while let Some(key) = quoted_key(rest) {
        rest = &rest[rest.find("\":").map_or(rest.len(), |at| at + 2)..];
        if !key.starts_with("auth_ext_") {
            keys.push(key);
        }
    }
    keys
}

/// Values that depend on the moment become their type, those that later releases hide become what they show.
fn values(json: &str) -> Result<serde_json::Value> {
    let mut whole: serde_json::Value =
        serde_json::from_str(json).map_err(|error| Error::Unexpected(format!("{error} in {json}")))?;
    for instance in whole.as_array_mut().into_iter().flatten() {
        for (part, key) in [("data", "last_transition"), ("stats", "advert_sent")] {
            assert!(instance[part][key].is_number(), "{part}.{key} in {json}");
            instance[part][key] = "a number".into();
        }
        if let Some(secret) = instance["data"].get_mut("auth_data") {
            *secret = "********".into();
        }
        if let Some(stats) = instance["stats"].as_object_mut() {
            stats.retain(|key, _| !key.starts_with("auth_ext_"));
        }
    }
    Ok(whole)
}

#[test]
fn exporters_find_the_originals_statistics_and_json() -> Result<()> {
    let original = std::thread::spawn(|| observe(Program::Debian));
    let ours = observe(Program::under_test())?;
    let original = original.join().expect("no panic")?;
    assert_eq!(comparable(&ours.stats), comparable(&original.stats));
    assert_eq!(members(&ours.json), members(&original.json), "{}\n{}", ours.json, original.json);
    assert_eq!(values(&ours.json)?, values(&original.json)?);
    assert!(ours.json.contains(r"\/etc\/keepalived\/notify.sh"), "slashes as the original writes them");
    assert_eq!(ours.json_mode, 0o600);
    assert!(ours.stats.contains("Became master: 1"));
    assert!(!ours.cleared.contains("Became master: 1"), "{}", ours.cleared);
    assert!(ours.cleared.contains("Became master: 0"), "{}", ours.cleared);
    Ok(())
}

/// What the data of both programs are compared for: more of everything than statistics know.
const RICH: &str = "\
global_defs {
    router_id RTR_A
    script_user root
    enable_script_security
    vrrp_notify_fifo /tmp/fifo.vrrp
    vrrp_notify_fifo_script \"/etc/keepalived/notify.sh fixedarg\"
    vrrp_garp_master_refresh 60
    max_auto_priority 50
}
vrrp_script chk {
    script \"/etc/keepalived/chk.sh one 'two three'\"
    interval 1
    timeout 2
    weight -20
    rise 2
    fall 2
}
track_file tf {
    file /tmp/tf
    weight 2
    init_file 3
}
vrrp_track_process tp {
    process no-such-process
    weight 5
    quorum 2
    quorum_max 7
    fork_delay 1.5
}
vrrp_sync_group G1 {
    group {
        VI_1
        VI_2
    }
    notify_master \"/etc/keepalived/notify.sh group\"
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 100
    advert_int 1
    nopreempt
    authentication {
        auth_type PASS
        auth_pass secret12
    }
    virtual_ipaddress {
        10.77.0.100/24 brd 10.77.0.255 dev eth0 label eth0:v1
        10.77.0.101/32
    }
    virtual_ipaddress_excluded {
        10.77.0.120/24
    }
    virtual_routes {
        192.168.99.0/24 via 10.77.0.254 dev eth0
        blackhole 192.168.98.0/24
    }
    virtual_rules {
        from 10.77.0.100 lookup 100 priority 5000
    }
    track_interface {
        eth1
    }
    notify \"/etc/keepalived/notify.sh any\"
    notify_backup \"/etc/keepalived/notify.sh backup\"
    notify_deleted
}
vrrp_instance VI_2 {
    interface eth0
    virtual_router_id 52
    priority 100
    version 3
    advert_int 0.5
    mcast_src_ip 10.77.0.1
    garp_master_delay 3
    virtual_ipaddress {
        10.77.0.110/24
    }
}
vrrp_instance VI_3 {
    interface eth1
    virtual_router_id 53
    priority 120
    preempt_delay 7
    track_script {
        chk
    }
    track_file {
        tf
    }
    track_process {
        tp
    }
    virtual_ipaddress {
        10.78.0.100/24
    }
}
vrrp_instance VI_4 {
    interface eth1
    virtual_router_id 54
    native_ipv6
    version 3
    priority 110
    virtual_ipaddress {
        fe80::44
        fd78::44/64
    }
}
vrrp_instance VI_5 {
    interface eth1
    virtual_router_id 55
    version 3
    unicast_src_ip 10.78.0.1
    unicast_peer {
        10.78.0.7
        10.78.0.8
    }
    unicast_ttl 64
    virtual_ipaddress {
        10.78.0.55/24
    }
}
vrrp_instance VI_6 {
    interface eth0
    virtual_router_id 60
    virtual_ipaddress {
        10.77.0.60/24
    }
}
vrrp_instance VI_7 {
    interface eth0
    virtual_router_id 61
    version 3
    virtual_ipaddress {
        10.77.0.61/24
    }
}
";

/// The neighbour that two of those instances are backups of.
const NEIGHBOUR: &str = "\
vrrp_instance VI_6 {
    interface eth0
    virtual_router_id 60
    priority 200
    virtual_ipaddress {
        10.77.0.60/24
    }
}
vrrp_instance VI_7 {
    interface eth0
    virtual_router_id 61
    version 3
    priority 201
    advert_int 0.5
    virtual_ipaddress {
        10.77.0.61/24
    }
}
";

/// The data of one program: the parent's and the VRRP process's, and what `--dump-conf` put into the log.
struct Data {
    parent: Vec<String>,
    vrrp: Vec<String>,
    log: Vec<String>,
}

fn observe_data(program: Program) -> Result<Data> {
    let lan = Lan::new()?;
    let neighbour = lan.node("m", &["10.77.0.2/24"])?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    node.add_interface("eth1", "br1", &["10.78.0.1/24"])?;
    for (interface, mac) in [("eth0", "02:00:00:00:00:01"), ("eth1", "02:00:00:00:00:02")] {
        node.ip(&["link", "set", interface, "down"])?;
        node.ip(&["link", "set", interface, "address", mac, "up"])?;
    }
    for script in ["chk.sh", "notify.sh"] {
        node.write_file(&format!("/etc/keepalived/{script}"), "#!/bin/sh\nexit 0\n")?;
    }
    let mut master = Daemon::start(&neighbour, Program::Debian, NEIGHBOUR)?;
    for instance in ["VI_6", "VI_7"] {
        master.wait_for_log(&format!("({instance}) Entering MASTER STATE"), PATIENCE)?;
    }
    let mut daemon = Daemon::start_with(&node, program, RICH, &["-d"])?;
    for instance in ["VI_1", "VI_2", "VI_3", "VI_4", "VI_5"] {
        daemon.wait_for_log(&format!("({instance}) Entering MASTER STATE"), PATIENCE)?;
    }
    daemon.wait_for_log("VRRP_Script(chk) succeeded", PATIENCE)?;
    let (parent, _) = take(&daemon, Signal::Usr1, "/tmp/keepalived_parent.data")?;
    let (vrrp, mode) = take(&daemon, Signal::Usr1, "/tmp/keepalived.data")?;
    assert_eq!(mode, 0o600, "{program}");
    let log = dumped_lines(&daemon);
    daemon.stop()?;
    master.stop()?;
    Ok(Data { parent: steady(&parent), vrrp: steady(&vrrp), log: steady(&log.join("\n")) })
}

/// What `--dump-conf` logged: banners, and lines that are set in; the other process may say something in between.
fn dumped_lines(daemon: &Daemon) -> Vec<String> {
    let lines = daemon.log().lines().into_iter().map(|line| line.message);
    let is_dumped = |line: &String| line.starts_with("------<") || line.starts_with(' ');
    lines.skip_while(|line| !line.starts_with("------<")).filter(is_dumped).collect()
}

/// Times and descriptors become their kind; secrets, which 2.2.7 shows, are hidden.
fn steady(text: &str) -> Vec<String> {
    let time = |line: &str| {
        line.find(" = ").filter(|_| line.ends_with(')') && line.contains(" (") && line.contains(':')).map(
            |at| {
                let (label, _) = line.split_at(at);
                format!("{label} = TIME")
            },
        )
    };
    let line = |line: &str| {
        if let Some(line) =
            time(line).filter(|_| line.contains("Last transition") || line.contains("Read timeout"))
        {
            return line;
        }
        let first = line.trim_start();
        let indent = &line[..line.len() - first.len()];
        if let Some(at) = line.find("Last checked") {
            return format!("{}Last checked TIME", &line[..at]);
        }
        if first.starts_with("fd_in ") {
            return format!("{indent}fd_in N");
        }
        if first.starts_with("Password = ") {
            return format!("{indent}Password = ********");
        }
        line.to_owned()
    };
    text.lines().map(line).collect()
}

/// Lines of one text that the other does not have, in their order: `- original`, `+ ours`.
fn differing(ours: &[String], original: &[String]) -> Vec<String> {
    // The longest common subsequence of the ends that begin at each pair of lines.
    let mut common = vec![vec![0u32; original.len() + 1]; ours.len() + 1];
    for (i, line) in ours.iter().enumerate().rev() {
        for (j, other) in original.iter().enumerate().rev() {
            common[i][j] =
                if line == other { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut report) = (0, 0, Vec::new());
    while i < ours.len() || j < original.len() {
        if i < ours.len() && j < original.len() && ours[i] == original[j] {
            (i, j) = (i + 1, j + 1);
        } else if j < original.len() && (i == ours.len() || common[i][j + 1] >= common[i + 1][j]) {
            report.push(format!("- {}", original[j].trim_start()));
            j += 1;
        } else {
            report.push(format!("+ {}", ours[i].trim_start()));
            i += 1;
        }
    }
    report
}

/// Lines of `tests/compat/differences-dumps.txt` for one file: `FILE: [-+] LINE: REASON`.
fn listed(file: &str) -> Result<Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/compat/differences-dumps.txt");
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let of_file = |line: &str| {
        let (difference, reason) = line.strip_prefix(file)?.strip_prefix(": ")?.split_once(" # ")?;
        assert!(!reason.trim().is_empty(), "no reason for {difference}");
        Some(difference.to_owned())
    };
    Ok(text.lines().filter_map(of_file).collect())
}

/// Differences that are not listed, and listed ones that are none.
fn compared(file: &str, ours: &[String], original: &[String]) -> Result<String> {
    // The original compared with itself shows that the lab is steady, not that differences are gone.
    let is_ours = Program::under_test() == Program::Ours;
    let mut expected = if is_ours { listed(file)? } else { Vec::new() };
    let mut report = String::new();
    for line in differing(ours, original) {
        match expected.iter().position(|listed| *listed == line) {
            Some(at) => drop(expected.remove(at)),
            None => report.push_str(&format!("{file}: {line} # not listed\n")),
        }
    }
    for line in expected {
        report.push_str(&format!("{file}: {line} # listed, but no difference\n"));
    }
    Ok(report)
}

#[test]
fn data_are_the_originals_line_by_line() -> Result<()> {
    let original = std::thread::spawn(|| observe_data(Program::Debian));
    let ours = observe_data(Program::under_test())?;
    let original = original.join().expect("no panic")?;
    let mut report = String::new();
    for (file, ours, original) in [
        ("keepalived_parent.data", &ours.parent, &original.parent),
        ("keepalived.data", &ours.vrrp, &original.vrrp),
        ("dump-conf", &ours.log, &original.log),
    ] {
        report.push_str(&compared(file, ours, original)?);
    }
    assert!(report.is_empty(), "{report}\nours:\n{}", ours.vrrp.join("\n"));
    Ok(())
}

#[test]
fn files_go_where_the_configuration_says() -> Result<()> {
    let lan = Lan::new()?;
    let node = lan.node("n", &["10.77.0.1/24"])?;
    node.write_file("/tmp/dumps/placeholder", "")?;
    let configuration = "\
global_defs {
    state_dump_file /tmp/dumps/foo.zz.txt
    stats_dump_file /proc/nowhere/
    json_dump_file /tmp/dumps/
    json_version 2
    config_save_dir /run/saved
}
vrrp_track_process tp {
    process no-such-process
    weight 1
}
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress {
        10.77.0.100/24
    }
    track_process {
        tp
    }
}
";
    let mut daemon = Daemon::start(&node, Program::Ours, configuration)?;
    daemon.wait_for_log("(VI_1) Entering MASTER STATE", PATIENCE)?;
    let (parent, _) = take(&daemon, Signal::Usr1, "/tmp/dumps/foo_parent.zz.txt")?;
    assert!(parent.contains(" state dump file = /tmp/dumps/foo.zz.txt\n"), "{parent}");
    let asked = Instant::now();
    let (data, _) = take(&daemon, Signal::Usr1, "/tmp/dumps/foo.zz.txt")?;
    assert!(asked.elapsed() < Duration::from_secs(5), "people's scripts wait no longer");
    assert!(data.contains(" VRRP Instance = VI_1\n") && data.contains("   State = MASTER\n"), "{data}");
    let (json, mode) = take(&daemon, Signal::Json, "/tmp/dumps/keepalived.json")?;
    assert_eq!(mode, 0o600);
    let json: serde_json::Value =
        serde_json::from_str(&json).map_err(|error| Error::Unexpected(format!("{error} in {json}")))?;
    assert_eq!(json["vrrp"][0]["data"]["iname"], "VI_1");
    assert_eq!(json["track_process"][0]["process"], "no-such-process");
    assert_eq!(json["track_process"][0]["have_quorum"], false);
    // A file that cannot be written costs a line of the log and nothing else.
    daemon.signal(Signal::Usr2)?;
    daemon.wait_for_log("Can't open dump file /proc/nowhere/keepalived.stats", PATIENCE)?;
    daemon.reload(&configuration.replace("virtual_router_id 51", "virtual_router_id 51\n    priority 99"))?;
    daemon.wait_for_log("Reload complete", PATIENCE)?;
    let vrrp = daemon.vrrp_pid()?;
    for (when, priority) in [("pre", 100), ("post", 99)] {
        let path = format!("/run/saved/keepalived_vrrp.{vrrp}.1.{when}");
        let text = wait_for_file(&daemon, &path)?;
        assert!(text.contains(&format!("   Priority = {priority}\n")), "{when}: {text}");
    }
    daemon.stop()?;
    Ok(())
}

/// Waits for a file that appears as a whole.
fn wait_for_file(daemon: &Daemon, path: &str) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match daemon.node().read_file(path) {
            Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(10)),
            found => return found,
        }
    }
}

/// What the data of both checker processes are compared for.
const SERVERS: &str = "\
global_defs {
    router_id LVS1
    script_user root
    enable_script_security
}
virtual_server_group grp {
    10.90.0.5 80
    10.90.0.6-8 443
    fwmark 9
}
virtual_server 10.90.0.1 80 {
    delay_loop 60
    lb_algo rr
    lb_kind NAT
    persistence_timeout 50
    persistence_granularity 255.255.255.0
    protocol TCP
    omega
    retry 2
    delay_before_retry 1.5
    warmup 0
    quorum 2
    hysteresis 1
    virtualhost www.example.com
    quorum_up \"/bin/true qup\"
    sorry_server 127.0.0.9 80
    real_server 127.0.0.2 80 {
        weight 2
        notify_up \"/bin/true rsup\"
        uthreshold 100
        lthreshold 50
        PING_CHECK {
            retry 1
        }
    }
    real_server 127.0.0.3 80 {
        inhibit_on_failure
        TCP_CHECK {
            bindto 127.0.0.1
            connect_port 81
            retry 0
        }
    }
}
virtual_server fwmark 7 {
    lb_algo sh
    sh-port
    lb_kind DR
    real_server 127.0.0.4 0 {
    }
}
virtual_server group grp {
    delay_loop 5
    lb_algo mh
    mh-fallback
    lb_kind TUN type gue port 6080
    protocol UDP
    ops
    real_server 127.0.0.6 0 {
        weight 3
        lvs_method TUN type gre
    }
}
";

/// The data of a checker process in a kernel with IPVS, once both checks have run.
fn observe_servers(program: Program) -> Result<Vec<String>> {
    let path = program.path()?;
    let script = format!(
        "unset TMPDIR
ip link set lo up
cat > /tmp/servers.conf <<'END'
{SERVERS}END
{} -n -l -D -G -f /tmp/servers.conf > /tmp/servers.log 2>&1 &
wait_for() {{ for _ in $(seq 300); do \"$@\" && return; sleep 0.1; done; cat /tmp/servers.log >&2; exit 1; }}
wait_for grep -q 'ICMP connection to .127.0.0.2.:tcp:80 success' /tmp/servers.log
wait_for grep -q 'TCP_CHECK on service .127.0.0.3.:tcp:80 failed' /tmp/servers.log
kill -USR1 $!
wait_for test -s /tmp/keepalived_check.data
cat /tmp/keepalived_check.data",
        path.display()
    );
    let ended = SecondKernel::new().run(&["sh", "-c", &script])?;
    if ended.status != 0 {
        return Err(Error::Unexpected(format!("{program}: status {}: {}", ended.status, ended.stderr)));
    }
    Ok(ended.stdout.lines().map(str::to_owned).collect())
}

#[test]
fn checker_data_are_the_originals_line_by_line() -> Result<()> {
    let original = std::thread::spawn(|| observe_servers(Program::Debian));
    let ours = observe_servers(Program::under_test())?;
    let original = original.join().expect("no panic")?;
    let report = compared("keepalived_check.data", &ours, &original)?;
    assert!(report.is_empty(), "{report}\nours:\n{}", ours.join("\n"));
    Ok(())
}
