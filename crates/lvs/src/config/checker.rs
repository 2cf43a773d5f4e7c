//! Health checks: what each kind is told.

use super::HttpCheck;
use keepalived_types::{Command, InterfaceName};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

/// A check of a real server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Checker {
    /// One that is run again and again.
    Active(Box<ActiveCheck>),
    /// `FILE_CHECK`: follows a file.
    File(FileCheck),
    /// `BFD_CHECK`: follows a BFD session.
    Bfd(BfdCheck),
}

/// When to check, and what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ActiveCheck {
    /// When.
    pub schedule: Schedule,
    /// What.
    pub probe: Probe,
}

/// When a check runs and how often it may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Schedule {
    /// `retry`: attempts after the first failed one, until the server counts as down.
    pub retry: u32,
    /// `delay_before_retry`.
    pub delay_before_retry: Duration,
    /// `delay_loop`: from the end of one check to the next, more than zero.
    pub delay_loop: Duration,
    /// `warmup`: the most by which the first check is put off at random.
    pub warmup: Duration,
    /// `alpha`: down until it succeeds.
    pub alpha: bool,
    /// `log_all_failures`.
    pub log_all_failures: bool,
}

/// What is done at each check.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Probe {
    /// `TCP_CHECK`: can a connection be opened?
    Tcp(Connection),
    /// `PING_CHECK`: does an ICMP echo come back?
    Ping(Connection),
    /// `UDP_CHECK`.
    Udp(UdpCheck),
    /// `HTTP_GET`.
    Http(HttpCheck),
    /// `SSL_GET`.
    Ssl(HttpCheck),
    /// `SMTP_CHECK`.
    Smtp(SmtpCheck),
    /// `DNS_CHECK`.
    Dns(DnsCheck),
    /// `MISC_CHECK`.
    Misc(MiscCheck),
}

impl Probe {
    /// Where it connects to and from, unless it runs a program.
    pub(crate) const fn connection_mut(&mut self) -> Option<&mut Connection> {
        match self {
            Self::Tcp(connection) | Self::Ping(connection) => Some(connection),
            Self::Udp(check) => Some(&mut check.connection),
            Self::Http(check) | Self::Ssl(check) => Some(&mut check.connection),
            Self::Smtp(check) => Some(&mut check.connection),
            Self::Dns(check) => Some(&mut check.connection),
            Self::Misc(_) => None,
        }
    }
}

/// Where to connect to and from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Connection {
    /// `connect_ip` and `connect_port`, else the real server's; port 0 when nobody names one.
    pub destination: SocketAddr,
    /// `bindto` and `bind_port` (0 for any), of the destination's family.
    pub source: Option<SocketAddr>,
    /// `bind_if`; always there for a link-local destination.
    pub interface: Option<InterfaceName>,
    /// `connect_timeout`, more than zero.
    pub timeout: Duration,
    /// `fwmark`: the mark of outgoing packets; 0 for none.
    pub mark: u32,
}

/// `SMTP_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SmtpCheck {
    /// Where to.
    pub connection: Connection,
    /// `helo_name`.
    pub helo_name: String,
}

/// `DNS_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DnsCheck {
    /// Where to.
    pub connection: Connection,
    /// `type`.
    pub query: DnsType,
    /// `name`, as configured; `.` is the root.
    pub name: String,
}

/// A DNS record type that can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DnsType {
    /// RFC 1035.
    A,
    /// RFC 1035.
    Ns,
    /// RFC 1035.
    Cname,
    /// RFC 1035.
    #[default]
    Soa,
    /// RFC 1035.
    Mx,
    /// RFC 1035.
    Txt,
    /// RFC 3596.
    Aaaa,
    /// RFC 4034.
    Rrsig,
    /// RFC 4034.
    Dnskey,
}

impl DnsType {
    /// Every type with its name.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::A, "A"),
        (Self::Ns, "NS"),
        (Self::Cname, "CNAME"),
        (Self::Soa, "SOA"),
        (Self::Mx, "MX"),
        (Self::Txt, "TXT"),
        (Self::Aaaa, "AAAA"),
        (Self::Rrsig, "RRSIG"),
        (Self::Dnskey, "DNSKEY"),
    ];

    /// The type of this name, whatever its case.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(kind, _)| kind)
    }

    /// The number of the record type (IANA DNS parameters).
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::A => 1,
            Self::Ns => 2,
            Self::Cname => 5,
            Self::Soa => 6,
            Self::Mx => 15,
            Self::Txt => 16,
            Self::Aaaa => 28,
            Self::Rrsig => 46,
            Self::Dnskey => 48,
        }
    }
}

/// `UDP_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UdpCheck {
    /// Where to.
    pub connection: Connection,
    /// `payload`; `None` sends a text of ours.
    pub payload: Option<Vec<u8>>,
    /// `require_reply`: without it, silence is fine.
    pub reply: Option<ReplyPattern>,
    /// `min_reply_length`.
    pub min_reply_length: u16,
    /// `max_reply_length`.
    pub max_reply_length: u16,
}

/// `require_reply`: what the reply has to begin with; empty accepts any reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReplyPattern {
    /// Two per byte, the high one first.
    pub nibbles: Vec<Nibble>,
}

/// Four bits of an expected reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Nibble {
    /// Must be these, 0 to 15.
    Exactly(u8),
    /// `x`: may be anything.
    Any,
}

/// `MISC_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MiscCheck {
    /// `misc_path`, `user`.
    pub command: Command,
    /// `misc_timeout`; zero for none.
    pub timeout: Duration,
    /// `misc_dynamic`: exit status 2 to 255 sets the weight to status - 2.
    pub dynamic: bool,
}

/// `FILE_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileCheck {
    /// `track_file`: a name in [`Config::files`](super::Config::files).
    pub file: String,
    /// `weight`, else the file's: what the file's number is multiplied with; 0 makes any other number than 0 a failure.
    pub weight: i32,
    /// The product is negated; with weight 0, 0 is the failure.
    pub reverse: bool,
}

/// `BFD_CHECK`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BfdCheck {
    /// `name`: an existing `bfd_instance`.
    pub session: String,
    /// `alpha`: down until the session is up.
    pub alpha: bool,
}
