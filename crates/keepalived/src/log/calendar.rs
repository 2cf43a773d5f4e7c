//! Wall-clock times as the log lines show them, without locale.

use keepalived_kernel::clock::local_time;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// A local date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
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
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

impl Calendar {
    /// The date and time in the zone of the machine.
    #[must_use]
    pub fn local(time: SystemTime) -> Self {
        let Some(local) = local_time(time) else { return Self::utc(time) };
        Self {
            year: local.year,
            month: local.month,
            day: local.day,
            weekday: local.weekday,
            hour: local.hour,
            minute: local.minute,
            second: local.second,
            nanosecond: local.nanosecond,
        }
    }

    /// The date and time in UTC.
    #[must_use]
    pub fn utc(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        // All below are remainders of small numbers.
        let small = |number: i64| u8::try_from(number).unwrap_or(0);
        Self {
            year,
            month,
            day,
            weekday: small((days + 4).rem_euclid(7)),
            hour: small(rest / 3600),
            minute: small(rest / 60 % 60),
            second: small(rest % 60),
            nanosecond: since.subsec_nanos(),
        }
    }

    fn month_name(self) -> &'static str {
        MONTHS.get(usize::from(self.month).saturating_sub(1)).copied().unwrap_or("???")
    }

    fn day_name(self) -> &'static str {
        DAYS.get(usize::from(self.weekday)).copied().unwrap_or("???")
    }
}

/// The Gregorian date of a day since 1970-01-01: years are counted from March, so that leap days come last.
fn date_of(days: i64) -> (i64, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
}

/// `Fri Nov 20 12:03:20 2026`: `%c` of the C locale.
#[must_use]
pub fn asctime(at: Calendar) -> String {
    format!(
        "{} {} {:>2} {:02}:{:02}:{:02} {}",
        at.day_name(),
        at.month_name(),
        at.day,
        at.hour,
        at.minute,
        at.second,
        at.year
    )
}

/// `Fri Nov 20 11:57:39.621223 2026`: the same with microseconds, as dumps have it.
#[must_use]
pub fn asctime_micros(at: Calendar) -> String {
    let (text, micros) = (asctime(at), at.nanosecond / 1_000);
    match text.rsplit_once(' ') {
        Some((before, year)) => format!("{before}.{micros:06} {year}"),
        None => text,
    }
}

/// `Fri Nov 20 12:39:40.451055304 2026`: the same with nanoseconds, as log files have it.
#[must_use]
pub fn asctime_nanos(at: Calendar) -> String {
    format!(
        "{} {} {:>2} {:02}:{:02}:{:02}.{:09} {}",
        at.day_name(),
        at.month_name(),
        at.day,
        at.hour,
        at.minute,
        at.second,
        at.nanosecond,
        at.year
    )
}

/// `Fri, 20 Nov 2026 12:33:07 +0000`: the date of a mail (RFC 5322 3.3), in the zone of the machine.
#[must_use]
pub fn rfc5322(time: SystemTime) -> String {
    let offset = local_time(time).map_or(0, |local| i64::from(local.utc_offset) / 60);
    let at = Calendar::local(time);
    format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} {}{:02}{:02}",
        at.day_name(),
        at.day,
        at.month_name(),
        at.year,
        at.hour,
        at.minute,
        at.second,
        if offset < 0 { '-' } else { '+' },
        offset.abs() / 60,
        offset.abs() % 60
    )
}

/// `2026-11-20 12:11:07`.
#[must_use]
pub fn iso(at: Calendar) -> String {
    format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", at.year, at.month, at.day, at.hour, at.minute, at.second)
}

/// `Nov 20 12:03:20 `: the time stamp of the syslog protocol between programs of one machine (RFC 3164 4.1.2).
pub(super) fn syslog_stamp(text: &mut String, at: Calendar) {
    // Writing to a String cannot fail.
    let _ =
        write!(text, "{} {:>2} {:02}:{:02}:{:02} ", at.month_name(), at.day, at.hour, at.minute, at.second);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn dates_are_gregorian() {
        let at = |seconds: u64| iso(Calendar::utc(UNIX_EPOCH + Duration::from_secs(seconds)));
        assert_eq!(at(0), "1970-01-01 00:00:00");
        assert_eq!(at(951_827_696), "2000-02-29 12:34:56");
        assert_eq!(at(1_709_251_199), "2024-02-29 23:59:59");
        assert_eq!(at(4_102_444_800), "2100-01-01 00:00:00");
    }

    #[test]
    fn local_times_differ_from_utc_by_their_offset_only() {
        let at = UNIX_EPOCH + Duration::new(1_795_177_180, 7);
        let offset = i64::from(local_time(at).expect("a year that fits").utc_offset);
        let moved = u64::try_from(1_795_177_180 + offset).expect("after 1970");
        assert_eq!(Calendar::local(at), Calendar::utc(UNIX_EPOCH + Duration::new(moved, 7)));
    }

    #[test]
    fn formats_are_those_of_the_original() {
        let at = Calendar::utc(UNIX_EPOCH + Duration::new(1_795_177_180, 451_055_304));
        assert_eq!(asctime(at), "Fri Nov 20 12:19:40 2026");
        assert_eq!(asctime_nanos(at), "Fri Nov 20 12:19:40.451055304 2026");
        let first = Calendar::utc(UNIX_EPOCH);
        assert_eq!(asctime(first), "Thu Jan  1 00:00:00 1970");
    }
}
