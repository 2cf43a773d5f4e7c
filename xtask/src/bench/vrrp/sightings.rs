//! Questions to a capture: who sent which advert when.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use keepalived_lab::{Body, Trace, elapsed};

use super::figures::ms;

/// A virtual router as the wire shows it: the cable, which is the third octet of the source, and the VRID.
type Place = (u8, u8);

/// The adverts of one node (the last octet of their source), times by virtual router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sightings(BTreeMap<Place, Vec<SystemTime>>);

impl Sightings {
    /// The adverts that node 1 (`a`) or 2 (`b`) sent; releases are none.
    pub(super) fn of(trace: &Trace, node: u8) -> Self {
        let mut times: BTreeMap<Place, Vec<SystemTime>> = BTreeMap::new();
        for timed in trace.adverts().filter(|timed| timed.advert.priority > 0) {
            if let IpAddr::V4(source) = timed.advert.source
                && source.octets()[3] == node
            {
                times.entry((source.octets()[2], timed.advert.vrid)).or_default().push(timed.at);
            }
        }
        Self(times)
    }

    /// Virtual routers seen.
    pub(super) fn routers(&self) -> usize {
        self.0.len()
    }

    /// When each was first seen.
    pub(super) fn firsts(&self) -> impl Iterator<Item = SystemTime> {
        self.0.values().filter_map(|times| times.first().copied())
    }

    /// By how many milliseconds each advert missed its interval.
    pub(super) fn deviations_ms(&self, interval: Duration) -> Vec<f64> {
        self.gaps().map(|gap| ms(gap.abs_diff(interval))).collect()
    }

    /// The longest time between two adverts of one virtual router.
    pub(super) fn longest_gap(&self) -> Option<Duration> {
        self.gaps().max()
    }

    fn gaps(&self) -> impl Iterator<Item = Duration> {
        self.0.values().flat_map(|times| times.windows(2)).map(|pair| elapsed(pair[0], pair[1]))
    }

    /// For each virtual router of the former master: from its last advert to the first one of these afterwards.
    pub(super) fn takeovers(&self, former: &Self) -> Vec<Duration> {
        let after = |(place, times): (&Place, &Vec<SystemTime>)| {
            let last = *times.last()?;
            let first = self.0.get(place)?.iter().find(|at| **at > last)?;
            Some(elapsed(last, *first))
        };
        former.0.iter().filter_map(after).collect()
    }

    /// How often a virtual router began to speak: adverts that follow none within two intervals.
    pub(super) fn beginnings(&self, interval: Duration) -> usize {
        let pauses = self.gaps().filter(|gap| *gap > interval * 2).count();
        self.routers() + pauses
    }
}

/// From the first advert of node `b` to the first announcement of the last of these many addresses; `None` when some
/// are missing.
pub(super) fn advert_to_last_announcement(trace: &Trace, addresses: usize) -> Option<Duration> {
    let mut firsts: BTreeMap<IpAddr, SystemTime> = BTreeMap::new();
    let advert = Sightings::of(trace, 2).firsts().min()?;
    for packet in trace.packets() {
        if let Body::GratuitousArp { address, .. } = packet.body {
            firsts.entry(address.into()).or_insert(packet.at);
        }
    }
    (firsts.len() >= addresses).then(|| firsts.values().max().map(|last| elapsed(advert, *last)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sightings(times: &[(Place, &[u64])]) -> Sightings {
        let at = |ms: &u64| SystemTime::UNIX_EPOCH + Duration::from_millis(*ms);
        Sightings(times.iter().map(|(place, times)| (*place, times.iter().map(at).collect())).collect())
    }

    #[test]
    fn deviations_are_from_the_interval_either_way() {
        let seen = sightings(&[((0, 1), &[0, 100, 190, 300])]);
        assert_eq!(seen.deviations_ms(Duration::from_millis(100)), [0.0, 10.0, 10.0]);
        assert_eq!(seen.longest_gap(), Some(Duration::from_millis(110)));
    }

    #[test]
    fn a_takeover_is_counted_from_the_last_advert_of_the_former_master() {
        let former = sightings(&[((0, 1), &[0, 1_000]), ((0, 2), &[500])]);
        let after = sightings(&[((0, 1), &[900, 4_000])]);
        assert_eq!(after.takeovers(&former), [Duration::from_millis(3_000)]);
    }

    #[test]
    fn a_pause_is_another_beginning() {
        let seen = sightings(&[((0, 1), &[0, 100, 400, 500]), ((0, 2), &[0])]);
        assert_eq!(seen.beginnings(Duration::from_millis(100)), 3);
        assert_eq!(Sightings::default().beginnings(Duration::from_millis(100)), 0);
    }
}
