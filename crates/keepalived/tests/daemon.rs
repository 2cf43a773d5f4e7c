//! The life of a daemon: start, pid files, background, signals, stop (runtime reference 4 to 6, 9, 13.6).

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use support::{ONE_INSTANCE, QUICK_INSTANCE, Sandbox, assert_order, is_running, signal, wait_until};

/// Moves both interfaces: the namespace they leave ends when the daemon leaves it, too.
const MOVE_TO_NAMESPACE: &str = "mkdir /run/netns && ip netns add lan && ip link set eth0 netns lan && \
    ip link set eth1 netns lan && ip -n lan address add 10.77.0.1/24 dev eth0 && ip -n lan link set eth0 up && \
    ip -n lan link set eth1 up";

#[test]
fn a_start_and_a_stop_leave_the_lines_of_the_original_and_no_files() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    let parent = daemon.pid_in("/run/keepalived.pid").expect("a pid file");
    let child = daemon.pid_in("/run/vrrp.pid").expect("a pid file");
    assert_eq!(parent, daemon.pid());
    assert!(is_running(child));
    let mode = fs::metadata(daemon.file("/run/vrrp.pid")).expect("a pid file").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    assert_eq!(daemon.stop(), Some(0));
    assert!(!is_running(child));
    assert_order(
        &daemon.text(),
        &[
            ": Starting Keepalived v",
            ": Running on Linux",
            ": Command line: '",
            ": Opening file '",
            ": Configuration file ",
            ": NOTICE: setting config option max_auto_priority",
            &format!(": Starting VRRP child process, pid={child}"),
            ": Startup complete",
            ": Stopping",
            ": CPU usage (self/children) user: ",
            ": Stopped Keepalived v",
        ],
    );
}

#[test]
fn every_process_is_called_keepalived_and_has_the_original_arguments() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    let child = daemon.pid_in("/run/vrrp.pid").expect("a pid file");
    assert!(daemon.pid() < child);
    let arguments = |pid: i32| fs::read(format!("/proc/{pid}/cmdline")).expect("a living process");
    assert_eq!(arguments(daemon.pid()), arguments(child));
    for pid in [daemon.pid(), child] {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).expect("a living process");
        assert_eq!(name, "keepalived\n");
    }
}

#[test]
fn pid_files_can_be_named_and_stale_ones_are_replaced() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let names = ["p.pid", "r.pid", "c.pid"].map(|name| sandbox.path(name));
    for name in &names {
        // No process has this number.
        fs::write(name, "4194305\n").expect("written");
    }
    let options: Vec<String> = ["-p", "-r", "-c"]
        .iter()
        .zip(&names)
        .flat_map(|(option, name)| [(*option).to_owned(), name.display().to_string()])
        .collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut daemon = sandbox.foreground(&options);
    daemon.expect("Startup complete");
    let [parent, vrrp, checkers] = &names;
    assert_eq!(fs::read_to_string(parent).expect("there"), format!("{}\n", daemon.pid()));
    assert!(is_running(fs::read_to_string(vrrp).expect("there").trim().parse().expect("a number")));
    assert!(!checkers.exists(), "there is no such process");
    assert_eq!(daemon.stop(), Some(0));
    assert!(!parent.exists() && !vrrp.exists());
}

#[test]
fn a_second_daemon_with_the_same_pid_file_ends_with_status_0() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let pid_file = sandbox.path("k.pid").display().to_string();
    let first = sandbox.foreground(&["-p", &pid_file]);
    first.expect("Startup complete");
    let mut second = sandbox.foreground(&["-p", &pid_file]);
    assert_eq!(second.wait().code(), Some(0));
    first.expect("daemon is already running");
    assert!(first.text().contains(&format!("Another process has pid file {pid_file} locked")));
    assert!(is_running(first.pid()));
    assert_eq!(fs::read_to_string(&pid_file).expect("there"), format!("{}\n", first.pid()));
}

#[test]
fn the_launcher_ends_when_the_pid_file_names_the_daemon() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let (pid_file, log) = (sandbox.path("k.pid"), sandbox.path("daemon.log"));
    let (name, log_option) = (pid_file.display().to_string(), format!("-g{}", log.display()));
    let vrrp_file = sandbox.path("v.pid").display().to_string();
    let options = ["-D", "-G", &log_option, "--flush-log-file", "-p", &name, "-r", &vrrp_file];
    let mut launcher = sandbox.start(&options, |_| {});
    assert_eq!(launcher.wait().code(), Some(0));
    let daemon: i32 =
        fs::read_to_string(&pid_file).expect("written by now").trim().parse().expect("a number");
    assert_ne!(daemon, launcher.pid());
    assert!(is_running(daemon));
    assert_eq!(fs::read_link(format!("/proc/{daemon}/cwd")).expect("alive"), std::path::Path::new("/"));
    let text = || fs::read_to_string(&log).unwrap_or_default();
    wait_until(|| text().contains("Startup complete"), text);
    signal(daemon, libc::SIGTERM);
    wait_until(|| !is_running(daemon), || "the end of the daemon".into());
    assert!(text().contains("Stopped Keepalived v"));
    assert!(!pid_file.exists());
}

#[test]
fn a_missing_configuration_file_has_status_6() {
    let sandbox = Sandbox::new("");
    fs::remove_file(sandbox.path("keepalived.conf")).expect("removed");
    let mut daemon = sandbox.foreground(&[]);
    assert_eq!(daemon.wait().code(), Some(6));
    assert!(daemon.text().contains(": Config files missing '"), "{}", daemon.text());
    assert!(daemon.text().contains(": Stopped Keepalived v"));
}

#[test]
fn a_configuration_that_cannot_run_has_status_2() {
    let sandbox = Sandbox::new(&ONE_INSTANCE.replace("eth0", "nosuch0"));
    let mut daemon = sandbox.foreground(&[]);
    assert_eq!(daemon.wait().code(), Some(2));
    assert_order(
        &daemon.text(),
        &["WARNING - interface nosuch0 for vrrp_instance A doesn't exist", "Stopped Keepalived v"],
    );
}

#[test]
fn without_configuration_the_parent_stays_alone() {
    let sandbox = Sandbox::new("global_defs {\n}\n");
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Warning - keepalived has no configuration to run");
    assert!(!daemon.text().contains("Startup complete"));
    // A reload brings the instance, and with it the child.
    sandbox.configure(ONE_INSTANCE);
    daemon.signal(libc::SIGHUP);
    daemon.expect("Starting VRRP child process, pid=");
    daemon.expect("Reload complete");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn an_instance_name_gives_idents_and_pid_files_of_its_own() {
    let sandbox = Sandbox::new(&format!("instance blue\n{ONE_INSTANCE}"));
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    assert!(daemon.text().contains("Changing syslog ident to Keepalived_blue"));
    assert_eq!(daemon.pid_in("/run/keepalived/keepalived_blue.pid"), Some(daemon.pid()));
    assert!(daemon.pid_in("/run/keepalived/vrrp_blue.pid").is_some());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_network_namespace_is_entered_and_has_pid_files_of_its_own() {
    let sandbox = Sandbox::new(&format!("net_namespace lan\n{ONE_INSTANCE}"));
    let mut daemon = sandbox.start(&["-n", "-l", "-D", "-G"], |command| {
        command.env("PREPARE", MOVE_TO_NAMESPACE);
    });
    daemon.expect("Startup complete");
    assert!(daemon.text().contains("Changing syslog ident to Keepalived_lan"));
    assert!(daemon.addresses().contains("10.77.0.1/24"), "{}{}", daemon.addresses(), daemon.text());
    // Inside, the directory of this namespace has the usual name.
    assert_eq!(daemon.pid_in("/run/keepalived/keepalived.pid"), Some(daemon.pid()));
    assert!(daemon.pid_in("/run/keepalived/vrrp.pid").is_some());
    assert_eq!(daemon.stop(), Some(0));
    assert!(daemon.text().contains("Stopped Keepalived v"));
}

#[test]
fn the_command_line_beats_the_configuration() {
    let text = ONE_INSTANCE.replace("global_defs {", "global_defs {\n    umask 022");
    let sandbox = Sandbox::new(&format!("net_namespace wan\n{text}"));
    let mut daemon = sandbox.start(&["-n", "-l", "-D", "-G", "-s", "lan", "-u", "077"], |command| {
        command.env("PREPARE", MOVE_TO_NAMESPACE);
    });
    daemon.expect("Startup complete");
    let text = daemon.text();
    assert!(
        text.contains("Overriding config net_namespace 'wan' with command line namespace 'lan'"),
        "{text}"
    );
    assert!(text.contains("umask command line option specified, ignoring config option"), "{text}");
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("alive");
    assert!(status.contains("Umask:\t0077"), "{status}");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn an_unknown_network_namespace_ends_the_start_with_status_0() {
    let sandbox = Sandbox::new(&format!("net_namespace nosuch\n{ONE_INSTANCE}"));
    let mut daemon = sandbox.foreground(&[]);
    assert_eq!(daemon.wait().code(), Some(0));
    assert_order(
        &daemon.text(),
        &[
            "Failed to open /run/netns/nosuch",
            "Unable to set network namespace nosuch - exiting",
            "Stopped Keepalived",
        ],
    );
}

#[test]
fn interrupts_stop_unless_they_are_ignored() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    for number in [libc::SIGQUIT, libc::SIGALRM, libc::SIGPIPE] {
        daemon.signal(number);
    }
    daemon.signal(libc::SIGINT);
    assert_eq!(daemon.wait().code(), Some(0));

    let sandbox = Sandbox::new(ONE_INSTANCE);
    let mut daemon = sandbox.foreground(&["--ignore-sigint"]);
    daemon.expect("Startup complete");
    daemon.signal(libc::SIGINT);
    daemon.signal(libc::SIGUSR1);
    daemon.expect(&format!("Printing parent data for process({}) on signal", daemon.pid()));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn scripts_run_before_the_first_child_and_after_the_last() {
    let sandbox = Sandbox::new("");
    let script = sandbox.script("around.sh", "#!/bin/sh\necho $1 $(id -u) $(pwd) >>$2\nexit $3\n");
    let out = sandbox.path("out");
    let (script, out_name) = (script.display(), out.display());
    sandbox.configure(&format!(
        "global_defs {{\n script_user root\n enable_script_security\n startup_script \"{script} start {out_name} 0\"\n \
         shutdown_script \"{script} stop {out_name} 3\"\n}}\n{}",
        ONE_INSTANCE.trim_start_matches("global_defs {\n}\n")
    ));
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    assert_eq!(daemon.stop(), Some(0));
    assert_order(
        &daemon.text(),
        &[
            "Running startup script ",
            "startup script script succeeded",
            "Starting VRRP child process",
            "Stopping",
            "Running shutdown script ",
            "shutdown script script failed, status 3",
            "Stopped Keepalived",
        ],
    );
    let lines = fs::read_to_string(&out).expect("written by the script");
    assert!(lines.starts_with("start 0 ") && lines.contains("\nstop 0 "), "{lines}");
}

#[test]
fn a_startup_script_that_hangs_is_ended_with_its_children() {
    let sandbox = Sandbox::new("");
    let script =
        sandbox.script("hang.sh", "#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho $! >$1\nwait\nsleep 1000\n");
    let out = sandbox.path("out");
    sandbox.configure(&format!(
        "global_defs {{\n script_user root\n enable_script_security\n startup_script \"{} {}\"\n \
         startup_script_timeout 1\n}}\n{}",
        script.display(),
        out.display(),
        ONE_INSTANCE.trim_start_matches("global_defs {\n}\n")
    ));
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    assert_order(&daemon.text(), &["startup script timed out", "Starting VRRP child process"]);
    let sleeper: i32 = fs::read_to_string(out).expect("written").trim().parse().expect("a number");
    wait_until(|| !is_running(sleeper), || "the script's child to end".into());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_child_stops_in_order_when_the_parent_is_killed() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    let child = daemon.pid_in("/run/vrrp.pid").expect("a pid file");
    daemon.signal(libc::SIGKILL);
    daemon.wait();
    wait_until(|| !is_running(child), || "the child to end".into());
}

#[test]
fn a_late_timer_raises_the_priority_where_that_is_allowed() {
    let automatic = QUICK_INSTANCE.replace(
        "global_defs {",
        "global_defs {\n    max_auto_priority 50\n    min_auto_priority_delay 200000",
    );
    let sandbox = Sandbox::new(&automatic);
    let mut daemon = sandbox.foreground(&[]);
    wait_until(|| daemon.addresses().contains("10.77.0.100/24"), || daemon.text());
    assert!(!daemon.text().contains("NOTICE: setting config option max_auto_priority"));
    let child = daemon.pid_in("/run/vrrp.pid").expect("a pid file");
    signal(child, libc::SIGSTOP);
    std::thread::sleep(std::time::Duration::from_millis(500));
    signal(child, libc::SIGCONT);
    // Where the machine lets nobody have a real-time priority, that is said instead.
    wait_until(
        || {
            ["Set realtime priority 1", "The priority stays as it is: "]
                .iter()
                .any(|said| daemon.text().contains(said))
        },
        || daemon.text(),
    );
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn using_up_half_of_the_cpu_time_at_once_is_told() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    signal(daemon.pid_in("/run/vrrp.pid").expect("a pid file"), libc::SIGXCPU);
    daemon.expect("VRRP process has used too much CPU time, vrrp_rlimit_rttime may need to be increased");
    assert_eq!(daemon.stop(), Some(0));
}
