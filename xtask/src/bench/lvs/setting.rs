//! What the virtual servers of a measurement look like.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use keepalived_types::ipvs::{Protocol, ServiceKey};

/// Real servers of one virtual server.
const POOL: usize = 100;
/// Where nginx answers in clear.
pub(super) const WEB: u16 = 80;
/// Where another nginx does, which can die by itself.
pub(super) const OTHER_WEB: u16 = 81;
/// Where nginx speaks TLS.
pub(super) const TLS: u16 = 443;

/// How servers are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `TCP_CHECK`.
    Tcp,
    /// `HTTP_GET`.
    Http,
    /// `SSL_GET`.
    Ssl,
}

impl Kind {
    const fn keyword(self) -> &'static str {
        match self {
            Self::Tcp => "TCP_CHECK",
            Self::Http => "HTTP_GET",
            Self::Ssl => "SSL_GET",
        }
    }

    /// Where the real servers of this kind listen.
    pub(super) const fn port(self) -> u16 {
        match self {
            Self::Tcp | Self::Http => WEB,
            Self::Ssl => TLS,
        }
    }

    fn options(self) -> &'static str {
        match self {
            Self::Tcp => "",
            Self::Http | Self::Ssl => "            url {\n                path /\n            }\n",
        }
    }
}

/// So many real servers, each checked once in an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) kind: Kind,
    pub(super) servers: usize,
    pub(super) interval: Duration,
    /// The second half of the servers listens on [`OTHER_WEB`].
    pub(super) halved: bool,
}

impl Setting {
    pub(super) const fn new(kind: Kind, servers: usize, seconds: u64) -> Self {
        Self { kind, servers, interval: Duration::from_secs(seconds), halved: false }
    }

    /// The same with the second half of the servers on another port.
    pub(super) const fn halved(self) -> Self {
        Self { halved: true, ..self }
    }

    /// `TCP_CHECK, 1000 servers every 2 s`
    pub(super) fn name(self) -> String {
        format!("{}, {} servers every {} s", self.kind.keyword(), self.servers, self.interval.as_secs())
    }

    /// Checks a second.
    pub(super) fn rate(self) -> f64 {
        f64::from(u32::try_from(self.servers).unwrap_or(u32::MAX)) / self.interval.as_secs_f64()
    }

    /// The configuration. A failure counts at once; `last_weight` is that of the very last server.
    pub(super) fn configuration(self, last_weight: u32) -> String {
        let mut text = String::new();
        for server in 0..self.servers {
            if server % POOL == 0 {
                self.begin_service(server / POOL, &mut text);
            }
            let is_last = server + 1 == self.servers;
            let weight = if is_last { last_weight } else { 1 };
            // Writing to a String cannot fail.
            let _ok = writeln!(
                text,
                "    real_server {} {} {{\n        weight {weight}\n        {} {{\n            retry 0\n{}        }}\n    }}",
                address(server),
                self.port(server),
                self.kind.keyword(),
                self.kind.options()
            );
            if is_last || (server + 1) % POOL == 0 {
                text.push_str("}\n");
            }
        }
        text
    }

    fn begin_service(self, number: usize, text: &mut String) {
        let _ok = writeln!(
            text,
            "virtual_server {} 80 {{\n    delay_loop {}\n    lvs_sched rr\n    lvs_method NAT\n    protocol TCP",
            service_address(number),
            self.interval.as_secs()
        );
    }

    fn port(self, server: usize) -> u16 {
        if self.halved && server >= self.servers / 2 { OTHER_WEB } else { self.kind.port() }
    }

    /// What the log says when the last service has its servers.
    pub(super) fn last_quorum(self) -> String {
        let number = self.servers.saturating_sub(1) / POOL;
        format!("for VS [{}]:tcp:80", service_address(number))
    }

    /// The last service, and how many servers it has: when these are there, all are.
    pub(super) fn last_service(self) -> (ServiceKey, usize) {
        let number = self.servers.saturating_sub(1) / POOL;
        (service_key(number), self.servers - number * POOL)
    }
}

/// A service of the kernel's table.
fn service_key(number: usize) -> ServiceKey {
    let address = IpAddr::V4(service_address(number));
    ServiceKey::Address { protocol: Protocol::Tcp, address, port: 80 }
}

fn service_address(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 60, byte(number / 250), byte(number % 250 + 1))
}

/// A real server's.
pub(super) fn address(server: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 50, byte(server / 250), byte(server % 250 + 1))
}

/// Numbers of servers are small by construction.
fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_distinct_and_pools_are_closed() {
        let text = Setting::new(Kind::Http, 250, 2).halved().configuration(7);
        assert_eq!(text.matches("virtual_server").count(), 3);
        assert_eq!(text.matches('{').count(), text.matches('}').count());
        assert_eq!(text.matches(" 81 {").count(), 125);
        assert_eq!(text.matches("weight 7").count(), 1);
        assert_eq!(Setting::new(Kind::Tcp, 250, 2).last_service().1, 50);
        assert_ne!(address(9_999), address(9_998));
    }
}
