//! `max_auto_priority`: a thread whose timers run late takes a real-time priority, and a higher one each time they do.

use keepalived_config::model::{AutoPriority as Settings, ProcessSettings};
use std::time::Duration;

/// Decides; the driver asks the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AutoPriority {
    settings: Settings,
    /// The ceiling; 0 is off.
    max: u8,
    /// What the thread has now; 0 is none.
    current: u8,
}

impl AutoPriority {
    /// Begins with the priority of `vrrp_rt_priority`, or none.
    pub(super) fn new(settings: Settings, process: &ProcessSettings) -> Self {
        Self {
            settings,
            max: u8::try_from(settings.max).unwrap_or(0),
            current: process.rt_priority.unwrap_or(0),
        }
    }

    /// Was it made from these settings?
    pub(super) fn is(&self, settings: Settings) -> bool {
        self.settings == settings
    }

    /// A timer ran out so late. Returns the priority to take, if it is to be raised.
    pub(super) fn raise_after(&mut self, late: Duration) -> Option<u8> {
        if late < self.settings.min_delay || self.current >= self.max {
            return None;
        }
        self.current += 1;
        Some(self.current)
    }

    /// The kernel refused: it will refuse again.
    pub(super) const fn give_up(&mut self) {
        self.max = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn automatic(max: i8, rt_priority: Option<u8>) -> AutoPriority {
        let settings = Settings { max, min_delay: Duration::from_millis(10) };
        AutoPriority::new(settings, &ProcessSettings { rt_priority, ..ProcessSettings::default() })
    }

    #[test]
    fn each_late_timer_raises_the_priority_up_to_the_ceiling() {
        let mut priority = automatic(2, None);
        assert_eq!(priority.raise_after(Duration::from_millis(9)), None);
        let raised: Vec<_> = (0..3).map(|_| priority.raise_after(Duration::from_millis(10))).collect();
        assert_eq!(raised, [Some(1), Some(2), None]);
    }

    #[test]
    fn it_goes_on_from_the_configured_priority_and_can_be_switched_off() {
        assert_eq!(automatic(50, Some(20)).raise_after(Duration::from_secs(1)), Some(21));
        for off in [0, -1] {
            assert_eq!(automatic(off, None).raise_after(Duration::from_secs(1)), None);
        }
        let mut refused = automatic(50, None);
        refused.give_up();
        assert_eq!(refused.raise_after(Duration::from_secs(1)), None);
    }
}
