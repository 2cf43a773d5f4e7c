//! What a process may believe of a link while `interface_up_down_delays` run: the watch's own model, written from the
//! reference (2.9) and not from the engine.
//!
//! A change counts after its delay and is forgotten when it is reversed before. How far the delay was cut short is not
//! always known from outside, so there is a span of time in which either is right.

use keepalived_types::Instant;
use std::time::Duration;

/// The delay of a change, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delay {
    /// Sooner than this it does not count.
    pub(crate) least: Duration,
    /// Later than this it does.
    pub(crate) most: Duration,
}

/// What a process was told of a link, and what it makes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carrier {
    told: bool,
    since: Instant,
    delay: Delay,
    /// What counted before it was told so; `None` when that cannot be known.
    before: Option<bool>,
    /// The first time that it can be used is never delayed.
    was_usable: bool,
}

impl Carrier {
    /// A link that the process has not known before.
    pub(crate) const fn new(usable: bool, now: Instant) -> Self {
        let delay = Delay { least: Duration::ZERO, most: Duration::ZERO };
        Self { told: usable, since: now, delay, before: Some(usable), was_usable: usable }
    }

    /// The process is told. It let its timers run out up to `awake`, which is before `now` only after a pause.
    pub(crate) fn tell(&mut self, usable: bool, awake: Instant, now: Instant, delay: Delay) {
        if usable == self.told {
            return;
        }
        let (may_be_up, may_be_down) = (self.may_be(true, awake), self.may_be(false, awake));
        self.before = if may_be_up && may_be_down { None } else { Some(may_be_up) };
        self.delay = if usable && !self.was_usable { Delay::default() } else { delay };
        self.was_usable |= usable;
        (self.told, self.since) = (usable, now);
    }

    /// The process was stopped up to `now`, and its timers run out only after it has heard what happened meanwhile.
    pub(crate) fn hold(&mut self, awake: Instant, now: Instant) {
        if self.is_pending(awake) {
            let held = now.since(self.since) + Duration::from_nanos(1);
            self.delay.most = self.delay.most.max(held);
        }
    }

    /// It has another name now, and so perhaps other delays: a change that is under way may count at once.
    pub(crate) fn rename(&mut self, now: Instant) {
        if self.is_pending(now) {
            self.before = None;
            self.delay.least = Duration::ZERO;
        }
    }

    /// May the process take the link for usable, or for unusable?
    pub(crate) fn may_be(&self, usable: bool, now: Instant) -> bool {
        let is_new = usable == self.told && (now >= self.since + self.delay.least || self.before.is_none());
        let is_old = now < self.since + self.delay.most && self.before.is_none_or(|before| before == usable);
        is_new || is_old || (self.before == Some(self.told) && usable == self.told)
    }

    /// Is a deadline set for it, as far as can be known?
    pub(crate) fn is_pending(&self, now: Instant) -> bool {
        self.before != Some(self.told) && now < self.since + self.delay.most
    }

    /// The machine slept, and its clock with it.
    pub(crate) fn sleep(&mut self, slept: Duration) {
        self.since += slept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Delay = Delay { least: Duration::from_millis(400), most: Duration::from_millis(500) };

    fn at(millis: u64) -> Instant {
        Instant::ORIGIN + Duration::from_millis(millis)
    }

    fn may_be(carrier: &Carrier, millis: u64) -> (bool, bool) {
        (carrier.may_be(true, at(millis)), carrier.may_be(false, at(millis)))
    }

    #[test]
    fn a_change_counts_after_its_delay() {
        let mut carrier = Carrier::new(true, at(0));
        carrier.tell(false, at(1000), at(1000), DELAY);
        assert_eq!(may_be(&carrier, 1399), (true, false));
        assert_eq!(may_be(&carrier, 1450), (true, true), "within what is known of the delay");
        assert_eq!(may_be(&carrier, 1500), (false, true));
        assert!(carrier.is_pending(at(1499)) && !carrier.is_pending(at(1500)));
    }

    #[test]
    fn a_change_that_is_reversed_in_time_never_counts() {
        let mut carrier = Carrier::new(true, at(0));
        carrier.tell(false, at(1000), at(1000), DELAY);
        carrier.tell(true, at(1300), at(1300), DELAY);
        assert_eq!(may_be(&carrier, 1301), (true, false));
        assert!(!carrier.is_pending(at(1301)));
        carrier.tell(false, at(1350), at(1350), DELAY);
        assert_eq!(may_be(&carrier, 1749), (true, false), "the delay begins anew");
    }

    #[test]
    fn a_change_that_may_have_counted_leaves_both_open_for_a_delay() {
        let mut carrier = Carrier::new(true, at(0));
        carrier.tell(false, at(1000), at(1000), DELAY);
        carrier.tell(true, at(1450), at(1450), DELAY);
        assert_eq!(may_be(&carrier, 1500), (true, true));
        assert_eq!(may_be(&carrier, 1950), (true, false));
    }

    #[test]
    fn a_process_that_was_stopped_let_no_delay_run_out() {
        let mut carrier = Carrier::new(true, at(0));
        carrier.tell(false, at(1000), at(1000), DELAY);
        carrier.tell(true, at(1100), at(9000), DELAY);
        assert_eq!(may_be(&carrier, 9000), (true, false));
    }

    #[test]
    fn the_first_up_counts_at_once_and_a_second_one_does_not() {
        let mut carrier = Carrier::new(false, at(0));
        assert_eq!(may_be(&carrier, 0), (false, true));
        carrier.tell(true, at(10), at(10), DELAY);
        assert_eq!(may_be(&carrier, 10), (true, false));
        carrier.tell(false, at(1000), at(1000), DELAY);
        carrier.tell(true, at(2000), at(2000), DELAY);
        assert_eq!(may_be(&carrier, 2399), (false, true));
    }

    #[test]
    fn under_another_name_a_change_may_count_at_once() {
        let mut carrier = Carrier::new(true, at(0));
        carrier.tell(false, at(1000), at(1000), DELAY);
        carrier.rename(at(1010));
        assert_eq!(may_be(&carrier, 1010), (true, true));
        assert_eq!(may_be(&carrier, 1500), (false, true));
    }
}
