//! `cargo xtask demo lvs`: requests over three real servers in a kernel with IPVS; one dies, nobody notices once it has
//! been found out, it comes back.

use std::time::{Duration, SystemTime};

use keepalived_lab::{Balanced, Request, SecondKernel, elapsed};

use crate::timeline::Timeline;
use crate::{Error, Result, setup, step};

/// What the part inside the second kernel is called on the command line.
pub(super) const INSIDE: &str = "lvs-inside";
/// Between an answer and the next request.
const PAUSE: Duration = Duration::from_millis(15);
/// A guest's processes start slowly.
const PATIENCE: Duration = Duration::from_secs(20);
/// `delay_loop` 1 s, one retry after 0.2 s, and what a guest's clock may be late.
const DETECTION: Duration = Duration::from_millis(1200 + 800);

/// On the host: builds, boots the second kernel, and plays in it.
pub(super) fn run() -> Result<()> {
    setup::run()?;
    step::run(&mut step::cargo(&["build", "--quiet", "--package", "keepalived", "--bins"])?)?;
    println!("Booting a second kernel (user-mode-linux), for this one need not have IPVS.\n");
    let program = std::env::current_exe().map_err(Error::io("finding the running executable"))?;
    let program = program.to_str().ok_or_else(|| Error::Failed("a path that is no text".into()))?;
    let ended = SecondKernel::new().run(&[program, "demo", INSIDE])?;
    print!("{}", ended.stdout);
    eprint!("{}", ended.stderr);
    if ended.status == 0 {
        return Ok(());
    }
    Err(Error::Failed(format!("the demo ended with status {}", ended.status)))
}

/// In the second kernel.
pub(super) fn play() -> Result<()> {
    let mut balanced = Balanced::new()?;
    println!("A director, three web servers behind it (NAT), and a client that asks without a pause.\n");
    println!("{}", balanced.configuration());
    let mut daemon = balanced.daemon(&balanced.configuration())?;
    daemon.wait_for_log("TCP connection to [192.168.200.4]:tcp:80 success.", PATIENCE)?;
    println!("{}\n", balanced.farm.table()?.join("\n"));
    let client = balanced.ask(PAUSE)?;
    std::thread::sleep(Duration::from_secs(1));

    let died = balanced.kill(3);
    let removed = daemon.wait_for_log("Removing service [192.168.200.4]:tcp:80", PATIENCE)?.at;
    std::thread::sleep(Duration::from_secs(2));
    let revived = balanced.revive(3)?;
    let added = daemon.wait_for_log("Adding service [192.168.200.4]:tcp:80", PATIENCE)?.at;
    std::thread::sleep(Duration::from_secs(1));

    let mut timeline = Timeline::new(died);
    timeline.add(died, "demo", "the web server on rs3 dies");
    timeline.add(removed, "log", "Removing service [192.168.200.4]:tcp:80");
    timeline.add(revived, "demo", "the web server on rs3 is started again");
    timeline.add(added, "log", "Adding service [192.168.200.4]:tcp:80");
    let requests = client.requests();
    let failures: Vec<&Request> = requests.iter().filter(|request| request.answer.is_err()).collect();
    for failure in failures.iter().take(3) {
        let why = failure.answer.as_ref().err().map_or("", String::as_str);
        timeline.add(failure.begun, "client", format!("request failed: {why}"));
    }
    println!("{}", timeline.text());
    print_counts("before", requests.iter().filter(|request| request.begun < died));
    print_counts("until it was found out", requests.iter().filter(|r| r.begun >= died && r.begun < removed));
    print_counts("without rs3", requests.iter().filter(|r| r.begun >= removed && r.begun < added));
    print_counts("with rs3 again", requests.iter().filter(|r| r.begun >= added));
    daemon.stop()?;
    verdict(&failures, died, removed)
}

fn print_counts<'a>(when: &str, requests: impl Iterator<Item = &'a Request>) {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for request in requests {
        *counts.entry(request.answer.as_ref().map_or("failed", String::as_str)).or_default() += 1;
    }
    let text: Vec<String> = counts.iter().map(|(who, count)| format!("{who} {count}")).collect();
    println!("{when:>24}: {}", text.join(", "));
}

/// An error when a request failed that began after the server was found out, or when that took too long.
fn verdict(failures: &[&Request], died: SystemTime, removed: SystemTime) -> Result<()> {
    let took = elapsed(died, removed);
    println!("\nFound out after {} ms; no request failed after that.", took.as_millis());
    if failures.iter().any(|request| request.begun > removed || request.begun < died) {
        return Err(Error::Failed("a request failed although all servers in the table were alive".into()));
    }
    if took > DETECTION {
        return Err(Error::Failed(format!("that is more than {} ms", DETECTION.as_millis())));
    }
    Ok(())
}
