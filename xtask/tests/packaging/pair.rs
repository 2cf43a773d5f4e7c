//! Two nodes run the files of the package: the address fails over, and the package's `keepalivedctl` tells why.

use std::time::{Duration, Instant};

use keepalived_lab::{Classic, Error, Lan, Node, Result};

use crate::support::{shell, shown};

/// Long enough for any single step on a machine that does other things, too.
const PATIENCE: Duration = Duration::from_secs(20);

fn start(node: &Node, configuration: &Classic) -> Result<()> {
    node.write_file("/etc/keepalived/keepalived.conf", configuration.text())?;
    let started = shell(node, "systemctl start keepalived")?;
    assert!(started.status.success(), "{}\n{}", shown(&started), log(node));
    Ok(())
}

fn log(node: &Node) -> String {
    node.read_file("/run/daemon.log").unwrap_or_default()
}

fn expect(node: &Node, line: &str, text: &str) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = shown(&shell(node, line)?);
        if said.contains(text) {
            return Ok(());
        }
        if Instant::now() > deadline {
            let seen = format!("{said}\nlog:\n{}", log(node));
            return Err(Error::TimedOut {
                waited_for: format!("{text:?} of {line:?}"),
                after: PATIENCE,
                seen,
            });
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_pair_from_the_package_fails_over() -> Result<()> {
    let lan = Lan::new()?;
    let a = lan.node("a", &["10.77.0.1/24"])?;
    let b = lan.node("b", &["10.77.0.2/24"])?;
    let vip = [10, 77, 0, 100].into();
    start(&a, &Classic::master())?;
    a.wait_for_address(vip, PATIENCE)?;
    start(&b, &Classic::backup())?;
    expect(&b, "keepalivedctl explain VI_1", "because 10.77.0.1 advertises priority 150 and ours is 100")?;
    // The programs of the daemon's own come from the package, too.
    expect(&a, "readlink /proc/$(cat /run/vrrp.pid)/exe", "/usr/libexec/keepalived/vrrp")?;

    // Every process of node a is killed at once; the frozen parent cannot replace anything.
    let kill = "p=$(cat /run/keepalived.pid); kill -STOP $p; kill -KILL $(cat /run/vrrp.pid) $p";
    let killed = shell(&a, kill)?;
    assert!(killed.status.success(), "{}", shown(&killed));
    b.wait_for_address(vip, PATIENCE)?;
    expect(&b, "keepalivedctl history VI_1", "BACKUP -> MASTER")?;

    // Back again: preferred, and so it takes the address; the stop gives it away once more.
    start(&a, &Classic::master())?;
    b.wait_for_no_address(vip, PATIENCE)?;
    a.wait_for_address(vip, PATIENCE)?;
    let stopped = shell(&a, "systemctl stop keepalived")?;
    assert!(stopped.status.success(), "{}\n{}", shown(&stopped), log(&a));
    b.wait_for_address(vip, PATIENCE)?;
    assert!(!a.has_address(vip)?, "the stopped node kept the address");
    Ok(())
}
