//! The demo's cast: node a with our daemon, node b with the peer, node c with the client.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use keepalived_lab::{
    Capture, Classic, Client, Daemon, Frr, Lan, LogLine, Node, Outage, Program, Responder, VirtualRouter,
};

use crate::{Error, Result};

/// Node a's own address.
pub(super) const ADDRESS_A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1));
/// Node b's own address.
pub(super) const ADDRESS_B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 2));
/// The address that must never be away for long.
pub(super) const VIRTUAL_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 100));
/// The backup's priority.
pub(super) const PRIORITY_B: u8 = 100;
/// The advertisement interval.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// What runs on node b.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Ours,
    Keepalived,
    Frr,
}

impl Peer {
    /// From the command line's word.
    pub(super) fn from_name(name: &str) -> Result<Self> {
        match name {
            "ours" => Ok(Self::Ours),
            "keepalived" => Ok(Self::Keepalived),
            "frr" => Ok(Self::Frr),
            _ => Err(Error::Usage(format!("--peer {name}: keepalived or frr"))),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ours => "the same program",
            Self::Keepalived => "the distribution's keepalived",
            Self::Frr => "FRR's vrrpd (VRRP version 3)",
        })
    }
}

/// Node a's keepalived.conf. FRR speaks version 3 only, which has no passwords.
pub(super) fn configuration_a(peer: Peer) -> String {
    match peer {
        Peer::Ours | Peer::Keepalived => Classic::master().text(),
        Peer::Frr => "\
global_defs {
    vrrp_version 3
}
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 150
    advert_int 1
    virtual_ipaddress {
        10.77.0.100
    }
}
"
        .to_owned(),
    }
}

/// Node b's configuration, in its own program's language.
pub(super) fn configuration_b(peer: Peer) -> String {
    match peer {
        Peer::Ours | Peer::Keepalived => Classic::backup().text(),
        Peer::Frr => Frr::configuration(&virtual_router()),
    }
}

fn virtual_router() -> VirtualRouter {
    VirtualRouter { vrid: 51, priority: PRIORITY_B, interval: INTERVAL, address: VIRTUAL_ADDRESS, prefix: 32 }
}

/// What runs on b; dropped last, it ends.
enum Second {
    Keepalived(Daemon),
    Frr(Frr),
}

/// Everything that runs. Fields drop in this order: programs before their nodes.
pub(super) struct Nodes {
    first: Daemon,
    second: Second,
    pub(super) capture: Capture,
    client: Client,
    _responders: [Responder; 2],
    a: Node,
    b: Node,
    peer: Peer,
    _lan: Lan,
}

impl Nodes {
    /// Builds the LAN and starts everybody, the master first.
    pub(super) fn start(peer: Peer) -> Result<Self> {
        let lan = Lan::new()?;
        let a = lan.node("a", &["10.77.0.1/24"])?;
        let b = lan.node("b", &["10.77.0.2/24"])?;
        let c = lan.node("c", &["10.77.0.3/24"])?;
        let capture = lan.capture()?;
        let responders = [Responder::start(&a)?, Responder::start(&b)?];
        let client = Client::start(&c, VIRTUAL_ADDRESS, Duration::from_millis(5))?;
        let first = Daemon::start(&a, Program::under_test(), &configuration_a(peer))?;
        a.wait_for_address(VIRTUAL_ADDRESS, super::PATIENCE)
            .map_err(|error| Error::Failed(format!("{error}\nlog of node a:\n{}", first.log().text())))?;
        let second = match peer {
            Peer::Ours => {
                Second::Keepalived(Daemon::start(&b, Program::under_test(), &configuration_b(peer))?)
            }
            Peer::Keepalived => {
                Second::Keepalived(Daemon::start(&b, Program::Debian, &configuration_b(peer))?)
            }
            Peer::Frr => {
                let frr = Frr::start(&b, &virtual_router())?;
                frr.log().wait_for("Initialize -> Backup", super::PATIENCE)?;
                Second::Frr(frr)
            }
        };
        Ok(Self { first, second, capture, client, _responders: responders, a, b, peer, _lan: lan })
    }

    /// Waits until the client hears a node by name.
    pub(super) fn wait_for_answer_by(&self, name: &str, since: SystemTime, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        while Instant::now() < deadline {
            let answers = self.client.answers();
            if answers
                .iter()
                .rev()
                .take_while(|answer| answer.received >= since)
                .any(|answer| answer.node == name)
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Error::Failed(format!("node {name} did not answer the client within {timeout:?}")))
    }

    /// Waits until the client hears another node than before; the time between the last answer of the one and the
    /// first of the other is its outage.
    pub(super) fn wait_for_hand_over(
        &self,
        to: &str,
        since: SystemTime,
        timeout: Duration,
    ) -> Result<Outage> {
        self.wait_for_answer_by(to, since, timeout)?;
        let outage = self.client.hand_over_to(to, since);
        outage.ok_or_else(|| Error::Failed(format!("the client heard only {to}")))
    }

    /// All processes of a die at once and its cable is dead. Returns their pids.
    pub(super) fn power_off_a(&mut self) -> Result<Vec<u32>> {
        let pids = self.first.kill_all()?;
        self.a.cut_link("eth0")?;
        Ok(pids)
    }

    /// A machine that boots has no virtual address left; then the cable and the daemon come up.
    pub(super) fn power_on_a(&mut self) -> Result<()> {
        if self.a.has_address(VIRTUAL_ADDRESS)? {
            self.a.ip(&["addr", "flush", "dev", "eth0", "to", &VIRTUAL_ADDRESS.to_string()])?;
        }
        self.a.restore_link("eth0")?;
        self.first = Daemon::start(&self.a, Program::under_test(), &configuration_a(self.peer))?;
        Ok(())
    }

    /// Who holds the address, and who answers the client.
    pub(super) fn status(&self) -> Result<String> {
        let holds = |node: &Node| -> Result<&'static str> {
            Ok(if node.has_address(VIRTUAL_ADDRESS)? { "has" } else { "does not have" })
        };
        let answered = self.client.answers().last().map_or("nobody".to_owned(), |answer| answer.node.clone());
        let b = match self.peer {
            // vrrpd keeps the address on its own interface and takes the carrier away instead.
            Peer::Frr => format!("node b {}", self.frr_role()?),
            Peer::Ours | Peer::Keepalived => format!("node b {} it", holds(&self.b)?),
        };
        let a =
            if self.first.is_running() { format!("{} it", holds(&self.a)?) } else { "is dead".to_owned() };
        Ok(format!("\n    {VIRTUAL_ADDRESS}: node a {a}; {b}; the client hears {answered}\n"))
    }

    fn frr_role(&self) -> Result<&'static str> {
        let link = self.b.ip(&["link", "show", "dev", "vrrp4-2-51"])?;
        Ok(if link.contains("protodown on") { "is backup" } else { "is master" })
    }

    /// What a logged since a moment, without the start-up's banner.
    pub(super) fn log_a_since(&self, since: SystemTime) -> Vec<LogLine> {
        telling(self.first.log().lines(), since)
    }

    /// What b logged since a moment.
    pub(super) fn log_b_since(&self, since: SystemTime) -> Vec<LogLine> {
        match &self.second {
            Second::Keepalived(daemon) => telling(daemon.log().lines(), since),
            Second::Frr(frr) => telling(frr.log().lines(), since),
        }
    }
}

/// The lines about the instance's role.
fn telling(lines: Vec<LogLine>, since: SystemTime) -> Vec<LogLine> {
    let tells = ["(VI_1) Entering", "(VI_1) Receive advertisement timeout", "(VI_1) Master received", "->"];
    let wanted = |line: &LogLine| line.at >= since && tells.iter().any(|text| line.message.contains(text));
    lines.into_iter().filter(wanted).collect()
}
