//! A small server farm: a director, real servers and a client on one LAN, each in a namespace, for connections that go
//! through IPVS.
//!
//! The client has two addresses. Servers reach the far one by way of the director only, as NAT needs it, and the near
//! one directly, as DR and TUN need it.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::worker::Worker;
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
        let work = move || (0..count).map(|_| ask(to)).collect::<io::Result<Vec<String>>>();
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
}

fn ask(to: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&to, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"who are you?\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Something that listens on a TCP port of a node, and tells who it is: the node's name, or that as a web page when it
/// was asked by HTTP. When it is dropped, connections are refused.
#[derive(Debug)]
pub struct Listener {
    _worker: Worker,
}

impl Listener {
    /// Listens on this port of every address of the node, also of those that come later.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(node: &Node, port: u16) -> Result<Self> {
        Self::saying(node, port, node.name())
    }

    /// The same with another text for the node's name.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn saying(node: &Node, port: u16, text: &str) -> Result<Self> {
        let name = text.to_owned();
        let open = move || {
            let listener = TcpListener::bind(SocketAddr::from(([0_u16; 8], port)));
            let what = format!("listening on port {port}");
            let listener = listener.map_err(Error::io(what.clone()))?;
            listener.set_nonblocking(true).map_err(Error::io(what))?;
            Ok(listener)
        };
        let work = move |listener: TcpListener, stop: Arc<AtomicBool>| {
            while !stop.load(Ordering::Relaxed) {
                let mut fds = [PollFd::new(&listener, PollFlags::IN)];
                let _looked_at_below = poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 50_000_000 }));
                while let Ok((stream, _)) = listener.accept() {
                    let _the_client_counts = answer(stream, &name);
                }
            }
        };
        Ok(Self { _worker: Worker::start(node, open, work)? })
    }
}

fn answer(mut stream: TcpStream, name: &str) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut question = [0; 1024];
    let length = stream.read(&mut question)?;
    if question[..length].starts_with(b"GET ") {
        let length = name.len();
        write!(stream, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n")?;
    }
    stream.write_all(name.as_bytes())
}
