//! Skew_Time and Master_Down_Interval (RFC 9568 §6.1, RFC 3768 §6.1), to the microsecond as the routers beside us
//! count them.

use keepalived_types::{Priority, Version};
use std::time::Duration;

/// Skew_Time: how much later a router of this priority takes over than a perfect one.
///
/// Version 3 scales it by the master's interval; version 2 always counts parts of one second.
pub(crate) fn skew_time(version: Version, priority: Priority, master_adver_interval: Duration) -> Duration {
    let distance = 256 - u64::from(priority.get());
    let micros = match version {
        // Multiplied before divided: 10 000 us per centisecond over 256 is 625 over 16.
        Version::V3 => distance * centis(master_adver_interval) * 625 / 16,
        Version::V2 => distance * 1_000_000 / 256,
    };
    Duration::from_micros(micros)
}

/// Master_Down_Interval: so much silence makes a backup take over.
pub(crate) fn master_down_interval(
    version: Version,
    priority: Priority,
    master_adver_interval: Duration,
    adverts: u8,
) -> Duration {
    master_adver_interval * u32::from(adverts) + skew_time(version, priority, master_adver_interval)
}

/// Whole centiseconds, at most a minute's worth.
fn centis(interval: Duration) -> u64 {
    u64::try_from(interval.as_millis() / 10).unwrap_or(u64::MAX).min(6000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_150_at_one_second_waits_3_414_062_us_in_either_version() {
        for version in [Version::V2, Version::V3] {
            let down = master_down_interval(version, Priority(150), Duration::from_secs(1), 3);
            assert_eq!(down.as_micros(), 3_414_062, "{version}");
        }
    }

    #[test]
    fn version_3_scales_the_skew_with_the_masters_interval() {
        let half = master_down_interval(Version::V3, Priority(100), Duration::from_millis(500), 3);
        assert_eq!(half.as_micros(), 1_804_687);
        let three = master_down_interval(Version::V3, Priority(150), Duration::from_secs(3), 3);
        assert_eq!(three.as_micros(), 10_242_187);
        assert_eq!(skew_time(Version::V2, Priority(100), Duration::from_secs(9)).as_micros(), 609_375);
    }

    #[test]
    fn the_largest_interval_does_not_overflow() {
        let down = master_down_interval(Version::V3, Priority(1), Duration::from_millis(40_950), 100);
        assert_eq!(down, Duration::from_micros(4_095_000_000 + 255 * 4095 * 625 / 16));
    }
}
