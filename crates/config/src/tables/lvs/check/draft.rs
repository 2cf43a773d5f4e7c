//! What checker blocks say, before inheritance is resolved.

use crate::span::Span;
use crate::tables::lvs::draft::RealServerDraft;
use keepalived_lvs::config::{DnsType, HttpVersion, ReplyPattern, Sni, Url, Verification};
use keepalived_types::{Command, InterfaceName};
use std::net::IpAddr;
use std::time::Duration;

/// One checker.
pub(in crate::tables::lvs) enum CheckerDraft {
    Active(Box<ActiveDraft>),
    /// `FILE_CHECK`; without a weight, that of the file holds.
    File {
        file: String,
        weight: Option<(i32, bool)>,
    },
    /// `BFD_CHECK`.
    Bfd {
        session: String,
        span: Span,
        alpha: Option<bool>,
    },
}

/// A checker that is run again and again.
pub(in crate::tables::lvs) struct ActiveDraft {
    pub schedule: ScheduleDraft,
    /// None for `MISC_CHECK`.
    pub connection: Option<ConnectionDraft>,
    pub probe: ProbeDraft,
}

/// What it does.
pub(in crate::tables::lvs) enum ProbeDraft {
    Tcp,
    Ping,
    Udp {
        payload: Option<Vec<u8>>,
        reply: Option<ReplyPattern>,
        min_reply_length: u16,
        max_reply_length: u16,
    },
    Http(Box<HttpDraft>),
    Ssl(Box<HttpDraft>),
    Smtp {
        helo_name: String,
    },
    Dns {
        query: DnsType,
        name: String,
    },
    Misc {
        command: Box<Command>,
        timeout: Option<Duration>,
        dynamic: bool,
    },
}

/// `retry` and the like.
#[derive(Clone, Copy, Default)]
pub(in crate::tables::lvs) struct ScheduleDraft {
    pub retry: Option<u32>,
    pub delay_before_retry: Option<Duration>,
    pub delay_loop: Option<Duration>,
    pub warmup: Option<Duration>,
    pub alpha: Option<bool>,
    pub log_all_failures: bool,
}

/// `connect_ip` and the like.
#[derive(Clone)]
pub(in crate::tables::lvs) struct ConnectionDraft {
    pub span: Span,
    /// `connect_ip`, else the real server's address.
    pub address: IpAddr,
    /// `connect_port`.
    pub port: Option<u16>,
    pub bind_to: Option<(IpAddr, Span)>,
    pub bind_port: Option<u16>,
    pub interface: Option<InterfaceName>,
    pub timeout: Option<Duration>,
    pub mark: u32,
    /// Some keyword of the connection was given.
    pub given: bool,
}

/// `HTTP_GET` and `SSL_GET`.
#[derive(Default)]
pub(in crate::tables::lvs) struct HttpDraft {
    /// With what each says about `tls_compliant` itself.
    pub urls: Vec<(Url, Option<bool>)>,
    pub version: HttpVersion,
    pub virtualhost: Option<String>,
    pub sni: Sni,
    pub fast_recovery: bool,
    pub tls_compliant: bool,
    pub verification: Verification,
}

impl ConnectionDraft {
    pub(super) fn to(server: &RealServerDraft, span: Span) -> Self {
        Self {
            span,
            address: server.address,
            port: None,
            bind_to: None,
            bind_port: None,
            interface: None,
            timeout: None,
            mark: 0,
            given: false,
        }
    }
}
