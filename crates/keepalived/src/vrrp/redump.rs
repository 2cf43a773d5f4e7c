//! When to list links and addresses, or routes and rules, anew after reports were lost or something went in silence.
//!
//! A storm of changes loses reports again and again, and each listing costs milliseconds: they are spaced, further apart
//! while the storm lasts, so that adverts stay on time.

use keepalived_types::Instant;
use std::time::Duration;

/// The least time between two listings.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
/// The most, while no listing finds a quiet moment.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// Losses within this long after one that was told are not told again.
const SILENCE: Duration = Duration::from_secs(10);

/// The next listing.
#[derive(Debug)]
pub(super) struct Redump {
    due: Option<Instant>,
    not_before: Instant,
    pause: Duration,
    quiet_until: Instant,
    overruns: u64,
}

impl Default for Redump {
    fn default() -> Self {
        Self {
            due: None,
            not_before: Instant::ORIGIN,
            pause: SHORTEST_PAUSE,
            quiet_until: Instant::ORIGIN,
            overruns: 0,
        }
    }
}

impl Redump {
    /// Reports were lost. True when this is worth telling.
    pub(super) fn ask(&mut self, now: Instant) -> bool {
        self.overruns += 1;
        self.due = Some(self.due.unwrap_or(now.max(self.not_before)));
        let is_news = now >= self.quiet_until;
        if is_news {
            self.quiet_until = now + SILENCE;
        }
        is_news
    }

    /// When a listing is due.
    #[must_use]
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// It is time.
    #[must_use]
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// A listing was made. One that was disturbed is made again.
    pub(super) fn done(&mut self, now: Instant, is_steady: bool) {
        self.pause = if is_steady { SHORTEST_PAUSE } else { (self.pause * 2).min(LONGEST_PAUSE) };
        self.not_before = now + self.pause;
        self.due = (!is_steady).then_some(self.not_before);
    }

    /// How often reports were lost.
    #[must_use]
    pub(super) const fn overruns(&self) -> u64 {
        self.overruns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ORIGIN + Duration::from_secs(100) + Duration::from_millis(millis)
    }

    #[test]
    fn the_first_loss_is_told_and_listed_at_once_and_the_next_ones_are_spaced() {
        let mut redump = Redump::default();
        assert!(!redump.is_due(at(0)));
        assert!(redump.ask(at(0)));
        assert!(redump.is_due(at(0)));
        redump.done(at(0), true);
        assert_eq!(redump.deadline(), None);
        assert!(!redump.ask(at(10)), "told ten milliseconds ago");
        assert!(!redump.is_due(at(10)));
        assert_eq!(redump.deadline(), Some(at(200)));
        assert!(redump.is_due(at(200)));
        redump.done(at(200), true);
        assert!(redump.ask(at(10_000)), "a new storm");
        assert_eq!(redump.overruns(), 3);
    }

    #[test]
    fn a_disturbed_listing_is_made_again_later_and_later() {
        let mut redump = Redump::default();
        redump.ask(at(0));
        redump.done(at(0), false);
        assert_eq!(redump.deadline(), Some(at(400)));
        redump.done(at(400), false);
        assert_eq!(redump.deadline(), Some(at(1_200)));
        for step in 0..10 {
            redump.done(at(2_000 + step), false);
        }
        assert_eq!(redump.deadline(), Some(at(2_009) + LONGEST_PAUSE));
        redump.done(at(5_100), true);
        assert_eq!(redump.deadline(), None);
    }
}
