//! A checker of a real server as it is now.

use crate::alike::{OneOfMany, Pool};
use crate::config::{self, Probe};
use crate::effect::CheckId;
use crate::event::CheckLabel;
use crate::outcome::Remark;
use keepalived_types::{Instant, Rare};
use std::net::SocketAddr;
use std::sync::Arc;

/// A checker.
#[derive(Debug)]
pub(crate) struct Checker {
    pub(crate) id: CheckId,
    pub(crate) what: What,
    pub(crate) is_up: bool,
    /// It has reported at least once.
    pub(crate) has_run: bool,
    /// Others are equal to it, and one makes the attempts of all (`shared.rs`).
    pub(crate) is_shared: bool,
    /// What it adds to its server's weight.
    pub(crate) contribution: i64,
    pub(crate) progress: Progress,
    /// Oddities that were told.
    pub(crate) remarks: Rare<Vec<Remark>>,
}

/// What a checker does.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// One that is run again and again.
    Active(OneOfMany),
    /// `FILE_CHECK`.
    File(config::FileCheck),
    /// `BFD_CHECK`.
    Bfd(config::BfdCheck),
}

/// Where a checker is between two reports.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// Failures in a row so far.
    pub(crate) failures: u32,
    /// Nothing is known yet, and one failure is enough.
    pub(crate) first: bool,
    /// `HTTP_GET`: the url that is asked next.
    pub(crate) url: usize,
    /// `HTTP_GET`: the url that is asked next failed the check, and has not passed since.
    pub(crate) url_failed: bool,
    /// `MISC_CHECK`: the status that a dynamic weight comes from.
    pub(crate) status: Option<u8>,
    /// When the attempt that runs began.
    pub(crate) running_since: Option<Instant>,
    /// When the next attempt begins; what the agenda says about other times does not count.
    pub(crate) due: Option<Instant>,
}

impl Checker {
    /// A checker at start: presumed up unless it is alpha, and one failure is enough.
    pub(crate) fn new(id: CheckId, config: config::Checker, pool: &mut Pool) -> Self {
        let what = match config {
            config::Checker::Active(check) => What::Active(pool.one_of_many(check)),
            config::Checker::File(check) => What::File(check),
            config::Checker::Bfd(check) => What::Bfd(check),
        };
        let mut checker = Self {
            id,
            is_up: true,
            // A file has a value from the start.
            has_run: matches!(what, What::File(_)),
            is_shared: false,
            contribution: 0,
            remarks: Rare::default(),
            progress: Progress { first: true, ..Progress::default() },
            what,
        };
        checker.is_up = !checker.is_alpha();
        checker
    }

    /// Down until it succeeds.
    pub(crate) fn is_alpha(&self) -> bool {
        match &self.what {
            What::Active(check) => check.common.schedule.alpha,
            What::File(_) => false,
            What::Bfd(check) => check.alpha,
        }
    }

    /// What messages call it.
    pub(crate) fn label(&self) -> CheckLabel {
        match &self.what {
            What::Active(check) => label(check),
            What::File(check) => CheckLabel::File(check.file.clone()),
            What::Bfd(check) => CheckLabel::Bfd(check.session.clone()),
        }
    }

    /// Is the other one the same as far as the state is concerned (lvs reference 5)?
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.what, &other.what) {
            (What::Active(one), What::Active(other)) => {
                one.destination == other.destination
                    && (Arc::ptr_eq(&one.common, &other.common)
                        || is_same_probe(&one.common.probe, &other.common.probe))
            }
            (What::File(one), What::File(other)) => one.file == other.file,
            (What::Bfd(one), What::Bfd(other)) => one.session == other.session,
            _ => false,
        }
    }
}

fn label(check: &OneOfMany) -> CheckLabel {
    match &check.common.probe {
        Probe::Tcp(_) => CheckLabel::Tcp,
        Probe::Ping(_) => CheckLabel::Ping,
        Probe::Udp(_) => CheckLabel::Udp,
        Probe::Http(_) => CheckLabel::Http,
        Probe::Ssl(_) => CheckLabel::Ssl,
        Probe::Smtp(smtp) => {
            let destination = check.destination.unwrap_or(smtp.connection.destination);
            CheckLabel::Smtp(without_scope(destination))
        }
        Probe::Dns(_) => CheckLabel::Dns,
        Probe::Misc(check) => CheckLabel::Misc(check.command.argv.first().cloned().unwrap_or_default()),
    }
}

fn without_scope(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port())
}

/// Their destinations are left out.
fn is_same_probe(one: &Probe, other: &Probe) -> bool {
    match (one, other) {
        (Probe::Tcp(one), Probe::Tcp(other)) | (Probe::Ping(one), Probe::Ping(other)) => one == other,
        // What is sent and expected may change without the server's state being in doubt.
        (Probe::Udp(one), Probe::Udp(other)) => one.connection == other.connection,
        (Probe::Http(one), Probe::Http(other)) | (Probe::Ssl(one), Probe::Ssl(other)) => {
            one.connection == other.connection
                && one.virtualhost == other.virtualhost
                && one.verification == other.verification
                && sni_name(&one.sni) == sni_name(&other.sni)
                && one.urls.len() == other.urls.len()
                && one.urls.iter().zip(&other.urls).all(|(one, other)| is_same_url(one, other))
        }
        (Probe::Smtp(one), Probe::Smtp(other)) => one == other,
        (Probe::Dns(one), Probe::Dns(other)) => one == other,
        (Probe::Misc(one), Probe::Misc(other)) => {
            one.command == other.command && one.dynamic == other.dynamic
        }
        _ => false,
    }
}

fn sni_name(sni: &config::Sni) -> Option<&str> {
    match sni {
        config::Sni::Name(name) => Some(name),
        config::Sni::Off | config::Sni::VirtualHost => None,
    }
}

fn is_same_url(one: &config::Url, other: &config::Url) -> bool {
    let key = |url: &config::Url| {
        (url.path.clone(), url.digest, url.status_codes.clone(), url.virtualhost.clone(), url.regex.clone())
    };
    key(one) == key(other)
}
