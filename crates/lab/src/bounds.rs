//! How long the protocol allows a take-over to last, so that tests compare with the RFC and not with a habit.

use std::time::Duration;

/// What a loaded two-core machine may add to a time: scheduling, starting `ip`, writing captures.
pub const SLACK: Duration = Duration::from_millis(1500);

/// Skew_Time of VRRPv2: (256 - priority) / 256 seconds (RFC 3768 §6.1).
#[must_use]
pub fn skew_v2(priority: u8) -> Duration {
    Duration::from_secs(1) * (256 - u32::from(priority)) / 256
}

/// Master_Down_Interval of VRRPv2: 3 x advert interval + skew (RFC 3768 §6.1).
#[must_use]
pub fn master_down_v2(priority: u8, advert_interval: Duration) -> Duration {
    advert_interval * 3 + skew_v2(priority)
}

/// Skew_Time of VRRPv3: (256 - priority) x the master's interval / 256 (RFC 9568 §6.1).
#[must_use]
pub fn skew_v3(priority: u8, advert_interval: Duration) -> Duration {
    advert_interval * (256 - u32::from(priority)) / 256
}

/// Active_Down_Interval of VRRPv3: 3 x the master's interval + skew (RFC 9568 §6.1).
#[must_use]
pub fn master_down_v3(priority: u8, advert_interval: Duration) -> Duration {
    advert_interval * 3 + skew_v3(priority, advert_interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfc_formulas_hold_for_the_classic_pair() {
        assert_eq!(skew_v2(150), Duration::from_micros(414_062) + Duration::from_nanos(500));
        assert_eq!(master_down_v2(100, Duration::from_secs(1)), Duration::from_micros(3_609_375));
        assert_eq!(skew_v3(100, Duration::from_secs(1)), skew_v2(100));
        assert_eq!(master_down_v3(255, Duration::from_millis(100)), Duration::from_nanos(300_390_625));
    }
}
