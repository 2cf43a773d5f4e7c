//! The classic pair with a client, as most lab tests use it.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod ctl;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use keepalived_lab::{
    Capture, Classic, Client, Daemon, Error, Lan, Node, Program, Responder, Result, bounds,
};

/// The advert interval of the classic configuration.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);
/// Long enough for any single step of a classic pair.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

/// The virtual address.
pub(crate) fn vip() -> IpAddr {
    IpAddr::from([10, 77, 0, 100])
}

/// The preferred master's own address.
pub(crate) fn address_a() -> IpAddr {
    IpAddr::from([10, 77, 0, 1])
}

/// The backup's own address.
pub(crate) fn address_b() -> IpAddr {
    IpAddr::from([10, 77, 0, 2])
}

/// Two nodes, a client, a capture; the daemons are started by [`Pair::start`].
pub(crate) struct Pair {
    pub(crate) lan: Lan,
    pub(crate) a: Node,
    pub(crate) b: Node,
    pub(crate) capture: Capture,
    pub(crate) client: Client,
    c: Node,
    responders: Vec<Responder>,
}

impl Pair {
    /// Builds the LAN; nothing runs yet but the capture and the client.
    pub(crate) fn new() -> Result<Self> {
        let lan = Lan::new()?;
        let a = lan.node("a", &["10.77.0.1/24"])?;
        let b = lan.node("b", &["10.77.0.2/24"])?;
        let c = lan.node("c", &["10.77.0.3/24"])?;
        let capture = lan.capture()?;
        let responders = vec![Responder::start(&a)?, Responder::start(&b)?];
        let client = Client::start(&c, vip(), Duration::from_millis(5))?;
        Ok(Self { lan, a, b, capture, client, c, responders })
    }

    /// Where the client lives: 10.77.0.3.
    pub(crate) fn client_node(&self) -> &Node {
        &self.c
    }

    /// Starts the preferred master, waits until it is, then starts the backup and waits until it listens.
    pub(crate) fn start(&self, master: Program, backup: Program) -> Result<(Daemon, Daemon)> {
        self.start_with(master, &Classic::master(), backup, &Classic::backup())
    }

    /// As [`Pair::start`] with configurations of the caller's.
    pub(crate) fn start_with(
        &self,
        master: Program,
        master_configuration: &Classic,
        backup: Program,
        backup_configuration: &Classic,
    ) -> Result<(Daemon, Daemon)> {
        let a = Daemon::start(&self.a, master, &master_configuration.text())?;
        self.a.wait_for_address(vip(), PATIENCE).map_err(|error| with_log(error, &a))?;
        let b = Daemon::start(&self.b, backup, &backup_configuration.text())?;
        b.wait_for_log("(VI_1) Entering BACKUP STATE", PATIENCE)?;
        // The socket is open a moment later; one advert heard makes the pair settled.
        std::thread::sleep(Duration::from_millis(1200));
        Ok((a, b))
    }

    /// Starts node a again and waits until it has taken its role and the address back from b.
    pub(crate) fn return_of_a(&self, program: Program) -> Result<Daemon> {
        let started = SystemTime::now();
        let a = Daemon::start(&self.a, program, &Classic::master().text())?;
        self.expect_preemption(started).map_err(|error| with_log(error, &a))?;
        Ok(a)
    }

    /// Node a preempts within its master-down interval after `since`, and b lets go.
    pub(crate) fn expect_preemption(&self, since: SystemTime) -> Result<()> {
        let bound = bounds::master_down_v2(150, INTERVAL) + bounds::SLACK;
        self.capture.wait_for("an advert of the returned master", since, bound, |packet| {
            packet.advert().is_some_and(|advert| advert.source == address_a() && advert.priority == 150)
        })?;
        self.a.wait_for_address(vip(), bounds::SLACK)?;
        self.b.wait_for_no_address(vip(), bounds::SLACK)?;
        Ok(())
    }
}

/// An error with a daemon's log below it.
pub(crate) fn with_log(error: Error, daemon: &Daemon) -> Error {
    Error::Unexpected(format!("{error}\nlog of {}:\n{}", daemon.node().name(), daemon.log().text()))
}

/// A test of two programs, the preferred master and its backup.
pub(crate) type PairTest = fn(Program, Program) -> Result<()>;

/// The pairings that matter: ours alone, and on either side of the original.
pub(crate) fn pairings() -> [(Program, Program); 3] {
    let ours = Program::under_test();
    [(ours, ours), (ours, Program::Debian), (Program::Debian, ours)]
}

/// A lab with a name.
pub(crate) type NamedLab<'a> = (String, Box<dyn FnOnce() -> Result<()> + Send + 'a>);

/// Runs labs side by side, since they mostly wait, and names those that fail.
pub(crate) fn side_by_side(labs: Vec<NamedLab<'_>>) -> Result<()> {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = labs.into_iter().map(|(name, lab)| (name, scope.spawn(lab))).collect();
        let outcome = |(name, lab): (String, std::thread::ScopedJoinHandle<'_, Result<()>>)| match lab.join()
        {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{name}: {error}")),
            Err(_) => Some(format!("{name}: it panicked, see above")),
        };
        running.into_iter().filter_map(outcome).collect()
    });
    if failures.is_empty() { Ok(()) } else { Err(Error::Unexpected(failures.join("\n\n"))) }
}

/// A lab that is a plain function, with its name.
pub(crate) type PlainLab<'a> = (&'a str, fn() -> Result<()>);

/// The same for labs that are plain functions.
pub(crate) fn all_side_by_side(labs: &[PlainLab<'_>]) -> Result<()> {
    let boxed = |&(name, lab): &PlainLab<'_>| -> NamedLab<'static> { (name.to_owned(), Box::new(lab)) };
    side_by_side(labs.iter().map(boxed).collect())
}

/// Runs a test for every pairing at the same time.
pub(crate) fn for_every_pairing(test: PairTest) -> Result<()> {
    let lab = |(master, backup): (Program, Program)| -> NamedLab<'static> {
        (format!("{master} then {backup}"), Box::new(move || test(master, backup)))
    };
    side_by_side(pairings().into_iter().map(lab).collect())
}

/// One instance of these lines, on eth0 unless they say otherwise.
pub(crate) fn instance(name: &str, lines: &[&str]) -> String {
    let placed = lines.iter().any(|line| line.starts_with("interface ") || *line == "no interface");
    let mut text = format!("vrrp_instance {name} {{\n");
    if !placed {
        text.push_str("    interface eth0\n");
    }
    for line in lines.iter().filter(|line| **line != "no interface") {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    text.push_str("}\n");
    text
}

/// The daemon is expected to log this.
pub(crate) fn expect_log(daemon: &Daemon, text: &str) -> Result<keepalived_lab::LogLine> {
    daemon.wait_for_log(text, PATIENCE)
}

/// Waits until a node has the address, with the daemon's log where it does not come.
pub(crate) fn expect_address(daemon: &Daemon, address: IpAddr) -> Result<SystemTime> {
    daemon.node().wait_for_address(address, PATIENCE).map_err(|error| with_log(error, daemon))
}

/// Waits until the instance `VI_1` is MASTER, told and with its address: a log line may come after the address it tells of.
pub(crate) fn expect_master(daemon: &Daemon, address: IpAddr) -> Result<()> {
    expect_log(daemon, "(VI_1) Entering MASTER STATE")?;
    expect_address(daemon, address).map(drop)
}

/// Waits until a node does not have the address.
pub(crate) fn expect_no_address(daemon: &Daemon, address: IpAddr) -> Result<SystemTime> {
    daemon.node().wait_for_no_address(address, PATIENCE).map_err(|error| with_log(error, daemon))
}

/// An address of the LAN: `host(7)` is 10.77.0.7.
pub(crate) fn host(number: u8) -> IpAddr {
    IpAddr::from([10, 77, 0, number])
}

/// Power cut: the cable is out and every process is dead. What the node's kernel holds stays.
pub(crate) fn power_off(daemon: &mut Daemon) -> Result<()> {
    daemon.node().cut_link("eth0")?;
    daemon.kill_all().map(drop)
}
