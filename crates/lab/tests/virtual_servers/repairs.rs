//! What happens to the table when somebody else edits it, when a reload changes nothing, and when the checker process
//! dies: connections must not notice.

use std::time::{Duration, Instant, SystemTime};

use keepalived_lab::{Error, Program, Result, Way, WebServers, processes};

use crate::director::{Director, PATIENCE, farm, servers};

const VIRTUAL: &str = "10.10.20.9";

fn configuration() -> String {
    let real = ["192.168.200.2", "192.168.200.3"]
        .map(|address| {
            format!("    real_server {address} 80 {{\n        weight 1\n        TCP_CHECK {{\n        }}\n    }}\n")
        })
        .concat();
    format!(
        "virtual_server {VIRTUAL} 80 {{\n    delay_loop 1\n    lb_algo rr\n    lb_kind NAT\n    protocol TCP\n{real}}}\n"
    )
}

const WANTED: [&str; 3] = [
    "-A -t 10.10.20.9:80 -s rr",
    "-a -t 10.10.20.9:80 -r 192.168.200.2:80 -m -w 1",
    "-a -t 10.10.20.9:80 -r 192.168.200.3:80 -m -w 1",
];

fn start(program: Program) -> Result<(WebServers, Director)> {
    let servers = servers(80, 2)?;
    if !farm().director.has_address(VIRTUAL.parse().expect("literal"))? {
        farm().director.ip(&["link", "add", "vips", "type", "dummy"])?;
        farm().director.add_address("vips", &format!("{VIRTUAL}/32"))?;
        farm().add_route(VIRTUAL, Way::Far)?;
    }
    let director = Director::start(program, &configuration())?;
    director.wait_for_table(&WANTED)?;
    Ok((servers, director))
}

fn ipvsadm(command: &str) -> Result<String> {
    let mut words = vec!["ipvsadm"];
    words.extend(command.split(' '));
    farm().director.namespace().exec(&words)
}

/// How many connections the service has had: it begins anew when it is removed and added again.
fn connections() -> Result<u64> {
    let shown = ipvsadm("-L -n --stats --exact")?;
    let line = shown.lines().find(|line| line.contains("10.10.20.9:80"));
    let number = line.and_then(|line| line.split_whitespace().nth(2)?.parse().ok());
    number.ok_or_else(|| Error::Unexpected(format!("no counters: {shown}")))
}

/// The kernel brings its counters up to date every two seconds.
fn wait_for_connections(wanted: u64) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(6);
    while connections()? != wanted {
        if Instant::now() > deadline {
            return Err(Error::Unexpected(format!("{} connections, not {wanted}", connections()?)));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// When the checkers' pid file was written.
fn pid_file_time() -> Result<SystemTime> {
    let path = farm().director.host_path("/run/checkers.pid")?;
    let time = std::fs::metadata(path).and_then(|file| file.modified());
    time.map_err(|error| Error::Unexpected(format!("checkers.pid: {error}")))
}

/// What `ipvsadm -D` took comes back, and what somebody else added stays.
pub(crate) fn edited(program: Program) -> Result<()> {
    let (_servers, director) = start(program)?;
    let foreign = ["-A -t 10.9.9.9:80 -s wlc", "-a -t 10.9.9.9:80 -r 10.9.9.8:80 -g -w 1"];
    ipvsadm("-A -t 10.9.9.9:80 -s wlc")?;
    ipvsadm("-a -t 10.9.9.9:80 -r 10.9.9.8:80 -g")?;
    let both = [WANTED[0], foreign[0], WANTED[1], WANTED[2], foreign[1]];
    director.wait_for_table(&both)?;
    for damage in [
        "-D -t 10.10.20.9:80",
        "-d -t 10.10.20.9:80 -r 192.168.200.2:80",
        "-e -t 10.10.20.9:80 -r 192.168.200.3:80 -m -w 50",
        "-E -t 10.10.20.9:80 -s wlc",
    ] {
        ipvsadm(damage)?;
        director.wait_for_table(&both)?;
    }
    assert_eq!(director.shares(VIRTUAL, 80, 4)?, [2, 2, 0]);
    ipvsadm("-D -t 10.9.9.9:80")?;
    director.stop()
}

/// A reload that changes nothing sends nothing: the counters go on.
pub(crate) fn reloaded(program: Program) -> Result<()> {
    let (_servers, director) = start(program)?;
    director.shares(VIRTUAL, 80, 4)?;
    wait_for_connections(4)?;
    // Octavia compares its time with the configuration's: a reload leaves it, as the original does.
    let written = pid_file_time()?;
    director.daemon().reload(&configuration())?;
    director.wait_for_log("Reinitializing ipvs")?;
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(pid_file_time()?, written);
    director.wait_for_table(&WANTED)?;
    assert_eq!(director.shares(VIRTUAL, 80, 2)?, [1, 1, 0]);
    wait_for_connections(6)?;
    director.stop()
}

/// A checker process that dies is followed by one that takes the table as it is.
pub(crate) fn adopted(program: Program) -> Result<()> {
    let (_servers, director) = start(program)?;
    director.shares(VIRTUAL, 80, 4)?;
    wait_for_connections(4)?;
    let old = director.daemon().pid_file("/run/checkers.pid")?;
    processes::send(old, keepalived_lab::Signal::Kill)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert_eq!(farm().table()?, WANTED, "nothing leaves the table meanwhile");
        match director.daemon().pid_file("/run/checkers.pid") {
            Ok(new) if new != old => break,
            _ if Instant::now() > deadline => {
                let seen = director.daemon().log().text();
                return Err(Error::TimedOut { waited_for: "a new checker".into(), after: PATIENCE, seen });
            }
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    std::thread::sleep(Duration::from_millis(2500));
    director.wait_for_table(&WANTED)?;
    assert_eq!(director.shares(VIRTUAL, 80, 2)?, [1, 1, 0]);
    wait_for_connections(6)?;
    director.stop()
}
