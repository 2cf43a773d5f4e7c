//! Deaths of the VRRP process (runtime reference 5.3), and what becomes of its addresses.

mod support;

use support::{ONE_INSTANCE, QUICK_INSTANCE, Sandbox, assert_order, is_running, signal, wait_until};

#[test]
fn a_killed_child_is_started_again_with_growing_delays() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    let mut children = Vec::new();
    for delay in [0, 1] {
        let child = daemon.pid_in("/run/vrrp.pid").expect("a pid file");
        signal(child, libc::SIGKILL);
        daemon.expect(&format!("Restart of VRRP process delayed {delay} seconds to limit respawn rate"));
        wait_until(
            || daemon.pid_in("/run/vrrp.pid").is_some_and(|pid| pid != child && is_running(pid)),
            || daemon.text(),
        );
        children.push(child);
    }
    assert_eq!(daemon.stop(), Some(0));
    let [first, second] = [children[0], children[1]];
    assert_order(
        &daemon.text(),
        &[
            &format!("pid {first} exited due to signal 9 (Killed) - has rlimit_rttime been exceeded?"),
            &format!("VRRP child process({first}) died: Respawning"),
            "Restart of VRRP process delayed 0 seconds to limit respawn rate",
            &format!("Starting VRRP child process, pid={second}"),
            &format!("pid {second} exited due to signal 9 (Killed)"),
            "Stopping",
        ],
    );
    assert_eq!(daemon.text().matches("Startup complete").count(), 1);
}

#[test]
fn with_dont_respawn_a_dead_child_ends_the_daemon_with_status_0() {
    let sandbox = Sandbox::new(QUICK_INSTANCE);
    let mut daemon = sandbox.foreground(&["-R"]);
    wait_until(|| daemon.addresses().contains("10.77.0.100/24"), || daemon.text());
    let child = daemon.pid_in("/run/vrrp.pid").expect("a pid file");
    signal(child, libc::SIGKILL);
    assert_eq!(daemon.wait().code(), Some(0));
    assert_order(
        &daemon.text(),
        &[&format!("VRRP child process({child}) died: Exiting"), "Stopping", "Stopped Keepalived"],
    );
}

#[test]
fn the_address_stays_through_the_crash_of_a_master() {
    let sandbox = Sandbox::new(QUICK_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    wait_until(|| daemon.addresses().contains("10.77.0.100/24"), || daemon.text());
    // The event that says so has to reach the parent.
    daemon.expect("(A) Entering MASTER STATE");
    let child = daemon.pid_in("/run/vrrp.pid").expect("a pid file");
    signal(child, libc::SIGKILL);
    wait_until(
        || {
            assert!(daemon.addresses().contains("10.77.0.100/24"), "the address was gone for a moment");
            daemon.pid_in("/run/vrrp.pid").is_some_and(|pid| pid != child && is_running(pid))
        },
        || daemon.text(),
    );
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn addresses_are_removed_when_the_restart_would_come_too_late() {
    let sandbox = Sandbox::new(QUICK_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    for times in 1..=3 {
        daemon.expect_times("Starting VRRP child process", times);
        wait_until(|| daemon.addresses().contains("10.77.0.100/24"), || daemon.text());
        daemon.expect("(A) Entering MASTER STATE");
        let child = daemon.pid_in("/run/vrrp.pid").expect("a pid file");
        signal(child, libc::SIGKILL);
        wait_until(|| !is_running(child), || "the child to die".into());
    }
    // The third restart waits for two seconds, the others take over after 0.3.
    wait_until(|| !daemon.addresses().contains("10.77.0.100"), || daemon.text());
    assert!(daemon.text().contains("Restart of VRRP process delayed 2 seconds"));
    assert_eq!(daemon.text().matches("Starting VRRP child process").count(), 3, "it was the parent");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_crash_is_followed_by_what_a_report_about_it_needs() {
    let sandbox = Sandbox::new(QUICK_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    let child = daemon.pid_in("/run/vrrp.pid").expect("a pid file");
    // The runtime takes the first one for a stack that may have overflowed, and lets the next one be deadly.
    signal(child, libc::SIGSEGV);
    std::thread::sleep(std::time::Duration::from_millis(200));
    signal(child, libc::SIGSEGV);
    daemon.expect_times("Starting VRRP child process", 2);
    assert_eq!(daemon.stop(), Some(0));
    assert_order(
        &daemon.text(),
        &[
            &format!("pid {child} exited due to segmentation fault (SIGSEGV)."),
            "  Source version ",
            "  Command line: '",
            &format!("VRRP child process({child}) died: Respawning"),
            "  and include a full copy of your keepalived configuration files, and",
            "Restart of VRRP process delayed 0 seconds",
        ],
    );
}
