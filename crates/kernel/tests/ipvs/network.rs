//! A director, two servers and a client on one LAN, each in a namespace: connections that go through IPVS.
//!
//! The client has two addresses. Servers reach 172.16.0.2 by way of the director only, as NAT needs it, and
//! 192.168.200.9 directly, as DR and TUN need it.

use keepalived_kernel::ipvs::{Ipvs, Place};
use keepalived_lab::{Error, Lan, Node, Result};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

/// The address that the client of NAT services has.
pub(crate) const FAR_CLIENT: &str = "172.16.0.2";
/// The address that the client of the others has.
pub(crate) const NEAR_CLIENT: &str = "192.168.200.9";
pub(crate) const SERVERS: [&str; 2] = ["192.168.200.2", "192.168.200.3"];
pub(crate) const SERVERS_V6: [&str; 2] = ["fd00:200::2", "fd00:200::3"];

pub(crate) struct Network {
    pub(crate) director: Node,
    pub(crate) client: Node,
    pub(crate) servers: Vec<Node>,
    pub(crate) lan: Lan,
}

/// Made once: a guest takes its time to start the many processes that this needs. It goes with the guest.
static SHARED: LazyLock<Network> = LazyLock::new(|| Network::new().expect("the guest has all that it takes"));

impl Network {
    /// The one network of all tests. Each brings a virtual address of its own.
    pub(crate) fn shared() -> &'static Self {
        &SHARED
    }

    /// The LAN with the director's forwarding and the servers' listeners; no virtual address yet.
    fn new() -> Result<Self> {
        let lan = Lan::new()?;
        let director = lan.node("director", &["192.168.200.254/24", "fd00:200::fe/64"])?;
        director.namespace().set_sysctl("ipv4/ip_forward", "1")?;
        director.namespace().set_sysctl("ipv6/conf/all/forwarding", "1")?;
        director.namespace().set_sysctl("ipv4/conf/all/send_redirects", "0")?;
        director.namespace().set_sysctl("ipv4/conf/eth0/send_redirects", "0")?;
        director.ip(&["route", "add", FAR_CLIENT, "dev", "eth0"])?;
        director.ip(&["-6", "route", "add", "fd00:172::2", "dev", "eth0"])?;
        let near = format!("{NEAR_CLIENT}/24");
        let far = format!("{FAR_CLIENT}/32");
        let client = lan.node("client", &[&near, &far, "fd00:200::9/64", "fd00:172::2/128"])?;
        let mut servers = Vec::new();
        for (four, six) in SERVERS.iter().zip(SERVERS_V6) {
            let name = format!("rs{}", servers.len() + 1);
            let server = lan.node(&name, &[&format!("{four}/24"), &format!("{six}/64")])?;
            // The director would tell them of the shorter way to the client, and answers would pass it by.
            server.namespace().set_sysctl("ipv6/conf/eth0/accept_redirects", "0")?;
            server.ip(&["route", "add", "default", "via", "192.168.200.254"])?;
            server.ip(&["-6", "route", "add", "default", "via", "fd00:200::fe"])?;
            listen(&server)?;
            servers.push(server);
        }
        Ok(Self { director, client, servers, lan })
    }

    /// The director's table.
    pub(crate) fn ipvs(&self) -> Ipvs {
        let name = self.director.namespace().name().to_owned();
        Ipvs::open(&Place::Named(name)).expect("the guest has IPVS")
    }

    /// Gives the director a virtual address, and the client a route to it from one of its own addresses.
    pub(crate) fn virtual_address(&self, address: &str, client: &str) -> Result<()> {
        if address.contains(':') {
            self.director.ip(&["addr", "add", &format!("{address}/128"), "dev", "lo", "nodad"])?;
            let route = ["-6", "route", "add", address, "via", "fd00:200::fe", "src", client];
            return self.client.ip(&route).map(drop);
        }
        self.director.ip(&["addr", "add", &format!("{address}/32"), "dev", "lo"])?;
        let route = ["route", "add", address, "via", "192.168.200.254", "src", client];
        self.client.ip(&route).map(drop)
    }

    /// Connects from the client, `count` times one after the other. Returns who answered.
    pub(crate) fn connect(&self, address: &str, port: u16, count: usize) -> Result<Vec<String>> {
        let to = SocketAddr::new(address.parse::<IpAddr>().expect("literal"), port);
        let thread = self
            .client
            .namespace()
            .thread(move || (0..count).map(|_| ask(to)).collect::<std::io::Result<Vec<String>>>())?;
        let answers = thread.join().map_err(|_| Error::Unexpected("the client panicked".into()))??;
        answers.map_err(Error::io(format!("connecting to {to}")))
    }
}

fn ask(to: SocketAddr) -> std::io::Result<String> {
    let patience = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&to, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(b"who are you?\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Answers every connection on port 80 of a node with the node's name, as long as the guest lives.
fn listen(node: &Node) -> Result<()> {
    let opened = node.namespace().thread(|| TcpListener::bind("[::]:80"))?.join();
    let listener = opened.map_err(|_| Error::Unexpected("opening a socket panicked".into()))??;
    let listener = listener.map_err(Error::io("listening on port 80"))?;
    let name = node.name().to_owned();
    std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, &name)));
    Ok(())
}

fn answer(mut stream: TcpStream, name: &str) {
    let mut question = [0; 64];
    let _the_client_counts = stream
        .set_read_timeout(Some(Duration::from_secs(2)))
        .and_then(|()| stream.read(&mut question))
        .and_then(|_| stream.write_all(name.as_bytes()));
}
