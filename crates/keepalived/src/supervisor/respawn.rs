//! When a child that died is started again: at once, then after 1, 2, 4 ... 60 seconds.

use std::time::Duration;

/// A child that lived this long is well: it is started again at once, and delays begin anew.
const HEALTHY: Duration = Duration::from_secs(60);
/// The longest delay.
const LONGEST: Duration = Duration::from_secs(60);

/// The delays of one child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Respawn {
    next: Duration,
}

impl Respawn {
    /// How long to wait after the death of a child that had been up for `uptime`.
    pub(super) fn delay_after(&mut self, uptime: Duration) -> Duration {
        if uptime >= HEALTHY {
            self.next = Duration::ZERO;
        }
        let delay = self.next;
        self.next = match delay {
            Duration::ZERO => Duration::from_secs(1),
            delay if delay * 2 < LONGEST => delay * 2,
            _ => LONGEST,
        };
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_minute() {
        let mut respawn = Respawn::default();
        let delays: Vec<u64> =
            (0..10).map(|_| respawn.delay_after(Duration::from_secs(3)).as_secs()).collect();
        assert_eq!(delays, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_child_that_lived_for_a_minute_starts_the_sequence_again() {
        let mut respawn = Respawn::default();
        for _ in 0..5 {
            respawn.delay_after(Duration::ZERO);
        }
        assert_eq!(respawn.delay_after(Duration::from_secs(60)), Duration::ZERO);
        assert_eq!(respawn.delay_after(Duration::from_secs(1)), Duration::from_secs(1));
    }
}
