//! A director, three real servers and a client on one LAN: the classic balanced web service. Needs a kernel with IPVS.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant, SystemTime};

use crate::daemon::Daemon;
use crate::lan::Lan;
use crate::node::Node;
use crate::program::Program;
use crate::web::{WebClient, WebServer};
use crate::{Error, Result};

/// What clients connect to.
pub const SERVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 16, 0, 100));
/// The port of the service and of the servers.
pub const PORT: u16 = 80;

/// The nodes. Real servers answer through the director (NAT).
#[derive(Debug)]
pub struct Balanced {
    /// Where keepalived runs.
    pub director: Node,
    /// Who asks.
    pub client: Node,
    /// Who answers: rs2, rs3 and rs4 with 10.77.0.2 to 10.77.0.4.
    pub servers: Vec<Node>,
    running: Vec<Option<WebServer>>,
    _lan: Lan,
}

impl Balanced {
    /// Makes the nodes, and starts the web servers.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn new() -> Result<Self> {
        let lan = Lan::new()?;
        let service = format!("{SERVICE}/32");
        let director = lan.node("director", &["10.77.0.1/24", "172.16.0.1/24", &service])?;
        director.namespace().set_sysctl("ipv4/ip_forward", "1")?;
        // Answers have to come back through us, although client and servers share a wire here.
        director.namespace().set_sysctl("ipv4/conf/all/send_redirects", "0")?;
        director.namespace().set_sysctl("ipv4/conf/eth0/send_redirects", "0")?;
        let client = lan.node("client", &["172.16.0.2/24"])?;
        let mut balanced = Self { director, client, servers: Vec::new(), running: Vec::new(), _lan: lan };
        for last in 2..=4 {
            let address = format!("10.77.0.{last}/24");
            let server = balanced._lan.node(&format!("rs{last}"), &[&address])?;
            server.ip(&["route", "add", "default", "via", "10.77.0.1"])?;
            balanced.running.push(Some(WebServer::start(&server, PORT)?));
            balanced.servers.push(server);
        }
        Ok(balanced)
    }

    /// A configuration for these nodes: round robin, NAT, a TCP check a second.
    #[must_use]
    pub fn configuration(&self) -> String {
        let servers: String = (2..=4)
            .map(|last| {
                format!(
                    "    real_server 10.77.0.{last} {PORT} {{\n        TCP_CHECK {{\n            connect_timeout 1\n        }}\n    }}\n"
                )
            })
            .collect();
        format!(
            "virtual_server {SERVICE} {PORT} {{\n    delay_loop 1\n    lvs_sched rr\n    lvs_method NAT\n    protocol TCP\n    \
             warmup 0\n    retry 1\n    delay_before_retry 0.2\n{servers}}}\n"
        )
    }

    /// Starts the program under test on the director.
    ///
    /// # Errors
    /// When it does not start.
    pub fn daemon(&self, configuration: &str) -> Result<Daemon> {
        Daemon::start(&self.director, Program::under_test(), configuration)
    }

    /// Starts a client that asks the service.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn ask(&self, pause: Duration) -> Result<WebClient> {
        WebClient::start(&self.client, SERVICE, PORT, pause)
    }

    /// The web server on rs`last` dies: connections are refused from now on.
    ///
    /// # Errors
    /// When there is no such server.
    pub fn kill(&mut self, last: usize) -> Result<SystemTime> {
        *self.slot(last)? = None;
        Ok(SystemTime::now())
    }

    /// The web server on rs`last` is started again.
    ///
    /// # Errors
    /// When its port is taken.
    pub fn revive(&mut self, last: usize) -> Result<SystemTime> {
        let server = self.servers.get(last - 2).ok_or_else(|| missing(last))?.clone();
        *self.slot(last)? = Some(WebServer::start(&server, PORT)?);
        Ok(SystemTime::now())
    }

    fn slot(&mut self, last: usize) -> Result<&mut Option<WebServer>> {
        self.running.get_mut(last - 2).ok_or_else(|| missing(last))
    }

    /// The kernel's table, as `ipvsadm -Sn` prints it.
    ///
    /// # Errors
    /// When there is no IPVS.
    pub fn table(&self) -> Result<String> {
        self.director.namespace().exec(&["ipvsadm", "-Sn"])
    }

    /// Waits until the table is as `wanted` says.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the table.
    pub fn wait_for_table(
        &self,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<()> {
        let begin = Instant::now();
        loop {
            let table = self.table()?;
            if wanted(&table) {
                return Ok(());
            }
            if begin.elapsed() > patience {
                return Err(Error::TimedOut { waited_for: what.to_owned(), after: patience, seen: table });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn missing(last: usize) -> Error {
    Error::Unexpected(format!("there is no rs{last}"))
}
