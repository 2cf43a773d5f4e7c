//! Questions to a capture.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use crate::frame::{Advert, Body, Packet};

/// Captured packets in the order of their time stamps.
#[derive(Debug, Clone, Default)]
pub struct Trace(Vec<Packet>);

/// An advert and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedAdvert<'a> {
    /// The kernel's time stamp.
    pub at: SystemTime,
    /// The advert.
    pub advert: &'a Advert,
}

impl Trace {
    /// A trace of these packets.
    #[must_use]
    pub fn new(mut packets: Vec<Packet>) -> Self {
        packets.sort_by_key(|packet| packet.at);
        Self(packets)
    }

    /// All packets.
    #[must_use]
    pub fn packets(&self) -> &[Packet] {
        &self.0
    }

    /// All adverts.
    pub fn adverts(&self) -> impl Iterator<Item = TimedAdvert<'_>> {
        self.0.iter().filter_map(|packet| Some(TimedAdvert { at: packet.at, advert: packet.advert()? }))
    }

    /// The adverts one node sent.
    pub fn adverts_from(&self, source: IpAddr) -> impl Iterator<Item = TimedAdvert<'_>> {
        self.adverts().filter(move |timed| timed.advert.source == source)
    }

    /// A node's first advert that is not older than `from`.
    #[must_use]
    pub fn first_advert(&self, source: IpAddr, from: SystemTime) -> Option<TimedAdvert<'_>> {
        self.adverts_from(source).find(|timed| timed.at >= from)
    }

    /// A node's last advert before `until`.
    #[must_use]
    pub fn last_advert(&self, source: IpAddr, until: SystemTime) -> Option<TimedAdvert<'_>> {
        self.adverts_from(source).take_while(|timed| timed.at < until).last()
    }

    /// The longest time between two neighbouring adverts in the window, whoever sent them. None with fewer than two.
    #[must_use]
    pub fn longest_gap(&self, from: SystemTime, until: SystemTime) -> Option<Duration> {
        let times: Vec<SystemTime> =
            self.adverts().map(|timed| timed.at).filter(|&at| at >= from && at <= until).collect();
        times.windows(2).map(|pair| elapsed(pair[0], pair[1])).max()
    }

    /// The longest time between two neighbouring adverts from one router since then. None with fewer than two.
    #[must_use]
    pub fn longest_gap_of(&self, source: IpAddr, since: SystemTime) -> Option<Duration> {
        let times: Vec<SystemTime> =
            self.adverts_from(source).map(|timed| timed.at).filter(|&at| at >= since).collect();
        times.windows(2).map(|pair| elapsed(pair[0], pair[1])).max()
    }

    /// When an address was announced by gratuitous ARP or an unsolicited neighbour advertisement.
    pub fn announcements(&self, address: IpAddr) -> impl Iterator<Item = &Packet> {
        self.0.iter().filter(move |packet| match packet.body {
            Body::GratuitousArp { address: announced, .. } => address == announced,
            Body::NeighbourAdvertisement { target, .. } => address == target,
            _ => false,
        })
    }

    /// The adverts since `from`, one a line, for messages.
    #[must_use]
    pub fn describe(&self, from: SystemTime) -> String {
        let line = |timed: TimedAdvert<'_>| {
            let TimedAdvert { at, advert } = timed;
            let Advert { source, version, vrid, priority, .. } = advert;
            let after = elapsed(from, at).as_secs_f64();
            format!("{after:+.4} s: {source} VRRPv{version} vrid {vrid} priority {priority}")
        };
        self.adverts().filter(|timed| timed.at >= from).map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The time from one moment to a later one; nothing when they are the other way round.
#[must_use]
pub fn elapsed(from: SystemTime, to: SystemTime) -> Duration {
    to.duration_since(from).unwrap_or_default()
}

#[cfg(test)]
mod tests;
