//! The clock that engines are given.

use core::fmt;
use core::num::NonZeroU64;
use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;
use serde::{Deserialize, Serialize};

/// A point on the monotonic clock (`CLOCK_MONOTONIC`), in nanoseconds since an origin that only its source knows.
///
/// Engines never ask for the time; they are told. So the daemon, the simulator and the tests drive the same code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub struct Instant(
    /// One more than the nanoseconds: `Option<Instant>`, of which thousands of timers have several, takes no more room.
    NonZeroU64,
);

impl Instant {
    /// The origin: the first instant there is.
    pub const ORIGIN: Self = Self(NonZeroU64::MIN);

    /// The instant `nanos` nanoseconds after the origin.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(nanos))
    }

    /// Nanoseconds since the origin.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0.get() - 1
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }
}

/// Saturates at the end of the clock, 584 years after its origin.
impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, delay: Duration) {
        *self = *self + delay;
    }
}

/// Saturates at the origin.
impl Sub<Duration> for Instant {
    type Output = Self;
    fn sub(self, delay: Duration) -> Self {
        Self::from_nanos(self.as_nanos().saturating_sub(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl From<u64> for Instant {
    fn from(nanos: u64) -> Self {
        Self::from_nanos(nanos)
    }
}

impl From<Instant> for u64 {
    fn from(instant: Instant) -> Self {
        instant.as_nanos()
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instant").field(&self.as_nanos()).finish()
    }
}

/// Seconds with six decimals.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.as_nanos();
        write!(f, "{}.{:06}", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let second = Duration::from_secs(1);
        assert_eq!(Instant::ORIGIN - second, Instant::ORIGIN);
        assert_eq!(Instant::from_nanos(u64::MAX) + second, Instant::from_nanos(u64::MAX));
        assert_eq!(Instant::ORIGIN.since(Instant::ORIGIN + second), Duration::ZERO);
        assert_eq!((Instant::ORIGIN + second).since(Instant::ORIGIN), second);
    }
}
