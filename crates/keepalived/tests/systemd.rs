//! What the service manager is told (runtime reference 8).

mod support;

use std::os::unix::net::UnixDatagram;
use std::time::Duration;
use support::{ONE_INSTANCE, Sandbox};

/// The datagrams until one holds `last`.
fn until(manager: &UnixDatagram, last: &str) -> Vec<String> {
    let mut told = Vec::new();
    let mut buffer = [0; 1024];
    while !told.last().is_some_and(|text: &String| text.contains(last)) {
        let length = manager.recv(&mut buffer).unwrap_or_else(|_| panic!("no {last} after {told:?}"));
        told.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
    }
    told
}

fn manager(sandbox: &Sandbox) -> UnixDatagram {
    let manager = UnixDatagram::bind(sandbox.path("notify")).expect("bound");
    manager.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    manager
}

#[test]
fn the_manager_hears_of_start_reload_and_stop() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let manager = manager(&sandbox);
    let socket = sandbox.path("notify");
    let mut daemon = sandbox.start(&["-n", "-l", "-G"], |command| {
        command.env("NOTIFY_SOCKET", socket);
    });
    let ready = until(&manager, "READY=1");
    assert!(ready[0].starts_with(&format!("READY=1\nMAINPID={}", daemon.pid())), "{ready:?}");
    daemon.signal(libc::SIGHUP);
    let reload = until(&manager, "READY=1");
    assert!(reload[0].starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reload:?}");
    daemon.signal(libc::SIGTERM);
    until(&manager, "STOPPING=1");
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn a_start_that_fails_tells_its_errno() {
    let sandbox = Sandbox::new(&ONE_INSTANCE.replace("eth0", "nosuch0"));
    let manager = manager(&sandbox);
    let socket = sandbox.path("notify");
    let mut daemon = sandbox.start(&["-n", "-l", "-G"], |command| {
        command.env("NOTIFY_SOCKET", socket);
    });
    until(&manager, "ERRNO=22");
    assert_eq!(daemon.wait().code(), Some(2));
}

#[test]
fn a_watchdog_gets_signs_of_life() {
    let sandbox = Sandbox::new("global_defs {\n}\n");
    let manager = manager(&sandbox);
    let socket = sandbox.path("notify");
    let mut daemon = sandbox.start(&["-n", "-l", "-G"], |command| {
        command.env("NOTIFY_SOCKET", socket).env("WATCHDOG_USEC", "200000");
    });
    until(&manager, "WATCHDOG=1");
    until(&manager, "WATCHDOG=1");
    assert_eq!(daemon.stop(), Some(0));
}
