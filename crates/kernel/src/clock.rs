//! The clocks: monotonic for every timer, wall for people, time since boot for start-up delays.

use keepalived_types::Instant;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::mem::MaybeUninit;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A date and time of day in the machine's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// With the century.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 is Sunday.
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
    /// 0 to 999 999 999.
    pub nanosecond: u32,
    /// Seconds east of UTC, daylight saving included.
    pub utc_offset: i32,
}

/// What the clock on the wall shows at `time`. The zone is read from the system's database when first needed, so the
/// first call may block. `None` for years that the C library cannot express.
#[must_use]
pub fn local_time(time: SystemTime) -> Option<LocalTime> {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = libc::time_t::try_from(since.as_secs()).ok()?;
    let mut broken_down = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are to live values of the types asked for, and localtime_r may be called by any thread.
    let filled = unsafe { libc::localtime_r(&raw const seconds, broken_down.as_mut_ptr()) };
    if filled.is_null() {
        return None;
    }
    // SAFETY: the call succeeded, so it has filled in the value, which was all zero (a valid tm) before.
    let tm = unsafe { broken_down.assume_init() };
    let small = |number: libc::c_int| u8::try_from(number).ok();
    Some(LocalTime {
        year: i64::from(tm.tm_year) + 1900,
        month: small(tm.tm_mon + 1)?,
        day: small(tm.tm_mday)?,
        weekday: small(tm.tm_wday)?,
        hour: small(tm.tm_hour)?,
        minute: small(tm.tm_min)?,
        second: small(tm.tm_sec)?,
        nanosecond: since.subsec_nanos(),
        utc_offset: i32::try_from(tm.tm_gmtoff).ok()?,
    })
}

/// The monotonic clock (`CLOCK_MONOTONIC`), in nanoseconds since boot without the time spent suspended.
#[must_use]
pub fn now() -> Instant {
    let span = span_of(clock_gettime(ClockId::Monotonic));
    Instant::from_nanos(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
}

/// How long the machine has been up, suspended time included (`CLOCK_BOOTTIME`, the first number in /proc/uptime).
#[must_use]
pub fn uptime() -> Duration {
    span_of(clock_gettime(ClockId::Boottime))
}

/// The wall clock since 1970-01-01 UTC; zero when it is set to an earlier time.
#[must_use]
pub fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The wall-clock time of the boot, as good as the wall clock is.
#[must_use]
pub fn boot_time() -> SystemTime {
    SystemTime::now().checked_sub(uptime()).unwrap_or(UNIX_EPOCH)
}

fn span_of(time: Timespec) -> Duration {
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_the_utc_time_moved_by_its_offset() {
        let day = Duration::from_secs(951_827_696); // 2000-02-29 12:34:56 UTC
        let local = local_time(UNIX_EPOCH + day).expect("a year that fits");
        let of_day = i64::from(local.hour) * 3600 + i64::from(local.minute) * 60 + i64::from(local.second);
        let utc_of_day = 12 * 3600 + 34 * 60 + 56;
        assert_eq!((of_day - i64::from(local.utc_offset)).rem_euclid(86_400), utc_of_day);
        assert_eq!((local.year, local.month), (2000, if local.day == 1 { 3 } else { 2 }));
    }

    #[test]
    fn the_monotonic_clock_moves_forward_and_uptime_is_not_behind_it() {
        let first = now();
        std::thread::sleep(Duration::from_millis(2));
        assert!(now().since(first) >= Duration::from_millis(2));
        assert!(uptime().as_nanos() + 1_000_000 >= u128::from(first.as_nanos()));
        assert!(wall() > Duration::from_secs(1_600_000_000));
        assert!(boot_time() < SystemTime::now());
    }
}
