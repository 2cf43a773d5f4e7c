//! Randomness that a seed determines: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", OOPSLA 2014). Fast, tiny, and the same on every machine.

use core::fmt;
use core::time::Duration;

/// What a run is made from: the same seed gives the same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self(seed.0)
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `limit`; 0 for a limit of 0. The bias of the remainder does not matter for limits this small.
    pub const fn below(&mut self, limit: u64) -> u64 {
        let bits = self.bits();
        if limit == 0 { 0 } else { bits % limit }
    }

    /// A number below `limit`, as an index.
    pub fn index(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        usize::try_from(self.below(limit)).unwrap_or(0)
    }

    /// True this many times in a thousand.
    pub fn permille(&mut self, odds: u32) -> bool {
        self.below(1000) < u64::from(odds)
    }

    /// A span of time in whole microseconds, from `least` up to and including `most`.
    pub fn span(&mut self, least: Duration, most: Duration) -> Duration {
        let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        let width = micros(most).saturating_sub(micros(least)).saturating_add(1);
        least + Duration::from_micros(self.below(width))
    }

    /// One of these; `None` when there are none.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        let index = self.index(items.len());
        items.get(index).copied()
    }

    /// Puts these in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        let mut random = Random::new(Seed(1_234_567));
        // The first outputs of the reference implementation for this seed.
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
        assert_eq!(random.bits(), 9_817_491_932_198_370_423);
    }

    #[test]
    fn spans_stay_within_their_limits_and_reach_both() {
        let mut random = Random::new(Seed(1));
        let (least, most) = (Duration::from_micros(10), Duration::from_micros(12));
        let spans: Vec<Duration> = (0..100).map(|_| random.span(least, most)).collect();
        assert!(spans.iter().all(|span| (least..=most).contains(span)));
        assert!(spans.contains(&least) && spans.contains(&most));
        assert_eq!(random.span(most, most), most);
    }

    #[test]
    fn shuffling_loses_nothing() {
        let mut items: Vec<u32> = (0..20).collect();
        Random::new(Seed(3)).shuffle(&mut items);
        assert_ne!(items, (0..20).collect::<Vec<u32>>());
        items.sort_unstable();
        assert_eq!(items, (0..20).collect::<Vec<u32>>());
        assert_eq!(Random::new(Seed(3)).pick::<u32>(&[]), None);
    }
}
