//! The classic balanced web service on a farm of three: round robin, NAT, a TCP check a second. Needs a kernel with IPVS.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use crate::Result;
use crate::daemon::Daemon;
use crate::farm::{Farm, Way, WebServers};
use crate::program::Program;
use crate::web::WebClient;

/// What clients connect to.
pub const SERVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 16, 0, 100));
/// The port of the service and of the servers.
pub const PORT: u16 = 80;

/// The farm and its web servers rs1, rs2 and rs3, which are 192.168.200.2 to .4 and answer through the director.
#[derive(Debug)]
pub struct Balanced {
    /// The nodes.
    pub farm: Farm,
    servers: WebServers,
}

impl Balanced {
    /// Makes the nodes, and starts the web servers.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn new() -> Result<Self> {
        let farm = Farm::new(3)?;
        farm.add_virtual_address(&format!("{SERVICE}/32"))?;
        farm.add_route(&SERVICE.to_string(), Way::Far)?;
        let servers = WebServers::start(&farm, PORT, farm.servers.len())?;
        Ok(Self { farm, servers })
    }

    /// A configuration for these nodes.
    #[must_use]
    pub fn configuration(&self) -> String {
        let servers: String = (2..=4)
            .map(|last| {
                format!(
                    "    real_server 192.168.200.{last} {PORT} {{\n        TCP_CHECK {{\n            \
                     connect_timeout 1\n        }}\n    }}\n"
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
        Daemon::start(&self.farm.director, Program::under_test(), configuration)
    }

    /// Starts a client that asks the service.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub fn ask(&self, pause: Duration) -> Result<WebClient> {
        WebClient::start(&self.farm.client, SERVICE, PORT, pause)
    }

    /// The web server on rs`number` dies: connections are refused from now on.
    pub fn kill(&mut self, number: usize) -> SystemTime {
        self.servers.stop(number - 1);
        SystemTime::now()
    }

    /// The web server on rs`number` is started again.
    ///
    /// # Errors
    /// When its port is taken.
    pub fn revive(&mut self, number: usize) -> Result<SystemTime> {
        self.servers.restart(number - 1)?;
        Ok(SystemTime::now())
    }
}
