//! A small server farm: a director, real servers and a client on one LAN, each in a namespace, for connections that go
//! through IPVS.
//!
//! The client has two addresses. Servers reach the far one by way of the director only, as NAT needs it, and the near
//! one directly, as DR and TUN need it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::web::{WebServer, ask};
use crate::{Error, Lan, Node, Result};

/// How long a client waits for each part of a connection. A guest on a busy host can be slow.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a client connects from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// 172.16.0.2 and fd00:172::2: answers come through the director.
    Far,
    /// 192.168.200.9 and fd00:200::9: answers come straight from the server.
    Near,
}

/// The farm: 192.168.200.0/24 and fd00:200::/64, the director .254 and ::fe, servers `rs1` .2, `rs2` .3, ...
#[derive(Debug)]
pub struct Farm {
    /// Forwards, and has the virtual addresses.
    pub director: Node,
    /// Connects.
    pub client: Node,
    /// The real servers.
    pub servers: Vec<Node>,
    /// For further nodes and captures.
    pub lan: Lan,
}

impl Farm {
    /// A farm of so many servers; nothing listens on them yet.
    ///
    /// # Errors
    /// As [`Lan::new`].
    pub fn new(servers: u8) -> Result<Self> {
        let lan = Lan::new()?;
        let director = lan.node("director", &["192.168.200.254/24", "fd00:200::fe/64"])?;
        for (key, value) in [
            ("ipv4/ip_forward", "1"),
            ("ipv6/conf/all/forwarding", "1"),
            ("ipv4/conf/all/send_redirects", "0"),
            ("ipv4/conf/eth0/send_redirects", "0"),
        ] {
            director.namespace().set_sysctl(key, value)?;
        }
        director.ip(&["route", "add", "172.16.0.2", "dev", "eth0"])?;
        director.ip(&["-6", "route", "add", "fd00:172::2", "dev", "eth0"])?;
        let client = ["192.168.200.9/24", "172.16.0.2/32", "fd00:200::9/64", "fd00:172::2/128"];
        let client = lan.node("client", &client)?;
        let servers = (1..=servers).map(|number| Self::server(&lan, number)).collect::<Result<_>>()?;
        Ok(Self { director, client, servers, lan })
    }

    fn server(lan: &Lan, number: u8) -> Result<Node> {
        let host = u16::from(number) + 1;
        let addresses = [format!("192.168.200.{host}/24"), format!("fd00:200::{host:x}/64")];
        let server = lan.node(&format!("rs{number}"), &[&addresses[0], &addresses[1]])?;
        // The director would tell it of the shorter way to the client, and answers would pass it by.
        server.namespace().set_sysctl("ipv6/conf/eth0/accept_redirects", "0")?;
        server.ip(&["route", "add", "default", "via", "192.168.200.254"])?;
        server.ip(&["-6", "route", "add", "default", "via", "fd00:200::fe"])?;
        Ok(server)
    }

    /// Gives the director a virtual address; one that it has stays.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn add_virtual_address(&self, address: &str) -> Result<()> {
        let mut command = vec!["addr", "replace", address, "dev", "lo"];
        if address.contains(':') {
            command.push("nodad");
        }
        self.director.ip(&command).map(drop)
    }

    /// Lets the client reach a virtual address, whoever has it, through the director.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn add_route(&self, address: &str, way: Way) -> Result<()> {
        let command = match (address.contains(':'), way) {
            (false, Way::Far) => ["-4", "192.168.200.254", "172.16.0.2"],
            (false, Way::Near) => ["-4", "192.168.200.254", "192.168.200.9"],
            (true, Way::Far) => ["-6", "fd00:200::fe", "fd00:172::2"],
            (true, Way::Near) => ["-6", "fd00:200::fe", "fd00:200::9"],
        };
        let [family, director, source] = command;
        self.client.ip(&[family, "route", "replace", address, "via", director, "src", source]).map(drop)
    }

    /// Makes the servers take packets for a virtual address: directly (DR), and out of IP in IP tunnels (TUN).
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn let_servers_answer_for(&self, address: &str) -> Result<()> {
        for server in &self.servers {
            if server.ip(&["link", "show", "tunl0"]).is_err() {
                server.ip(&["link", "add", "tunl0", "type", "ipip"])?;
                server.ip(&["link", "set", "tunl0", "up"])?;
            }
            server.ip(&["addr", "replace", &format!("{address}/32"), "dev", "tunl0"])?;
        }
        Ok(())
    }

    /// Connects from the client, `count` times one after the other. Returns who answered.
    ///
    /// # Errors
    /// When a connection or an answer fails.
    pub fn connect(&self, address: &str, port: u16, count: usize) -> Result<Vec<String>> {
        let ip: IpAddr = address.parse().map_err(|_| Error::Unexpected(format!("{address}: no address")))?;
        let to = SocketAddr::new(ip, port);
        let work = move || (0..count).map(|_| ask(to, PATIENCE)).collect::<io::Result<Vec<String>>>();
        let answers = self.client.namespace().thread(work)?.join();
        let answers = answers.map_err(|_| Error::Unexpected("the client panicked".into()))??;
        answers.map_err(Error::io(format!("connecting to {to}")))
    }

    /// The IPVS table as `ipvsadm -Sn` has it on the director, sorted.
    ///
    /// # Errors
    /// When ipvsadm fails.
    pub fn table(&self) -> Result<Vec<String>> {
        let text = self.director.namespace().exec(&["ipvsadm", "-S", "-n"])?;
        let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.sort();
        Ok(lines)
    }

    /// Waits until the table is as `wanted` says.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the table.
    pub fn wait_for_table(
        &self,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&[String]) -> bool,
    ) -> Result<()> {
        let begin = Instant::now();
        loop {
            let table = self.table()?;
            if wanted(&table) {
                return Ok(());
            }
            if begin.elapsed() > patience {
                let (waited_for, seen) = (what.to_owned(), table.join("\n"));
                return Err(Error::TimedOut { waited_for, after: patience, seen });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Web servers on a port of the first servers of a farm, each of which can go and come back. They are numbered from 0.
#[derive(Debug)]
pub struct WebServers {
    port: u16,
    nodes: Vec<Node>,
    running: Vec<Option<WebServer>>,
}

impl WebServers {
    /// Starts so many.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(farm: &Farm, port: u16, count: usize) -> Result<Self> {
        let nodes: Vec<Node> = farm.servers.iter().take(count).cloned().collect();
        let running =
            nodes.iter().map(|node| WebServer::start(node, port).map(Some)).collect::<Result<_>>()?;
        Ok(Self { port, nodes, running })
    }

    /// From now on its connections are refused.
    pub fn stop(&mut self, at: usize) {
        self.running[at] = None;
    }

    /// It listens (again), and tells its node's name.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn restart(&mut self, at: usize) -> Result<()> {
        self.stop(at);
        self.running[at] = Some(WebServer::start(&self.nodes[at], self.port)?);
        Ok(())
    }

    /// It listens (again), and answers this.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn say(&mut self, at: usize, text: &str) -> Result<()> {
        self.stop(at);
        self.running[at] = Some(WebServer::saying(&self.nodes[at], self.port, text)?);
        Ok(())
    }
}
