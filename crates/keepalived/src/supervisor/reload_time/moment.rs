//! What `reload_time_file` may say: `HH:MM:SS`, `YY-MM-DD HH:MM:SS` or `YYYY-MM-DD HH:MM:SS`, each perhaps with a `Z`.

use crate::log::Calendar;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY: Duration = Duration::from_secs(86_400);

/// When to reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The point in time.
    pub(super) at: SystemTime,
    /// The file named a day; otherwise the moment comes every day.
    pub(super) has_date: bool,
}

/// Why a text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has another form.
    Form,
    /// A number is too large or too small.
    Range,
    /// There is no such day in that month.
    NoSuchDay,
    /// It has passed.
    Past,
}

/// How the clock on the wall shows a point in time.
pub(super) type Wall = fn(SystemTime) -> Calendar;

impl Moment {
    /// Reads the first line of the file. `local` tells the time zone of the machine.
    pub(super) fn read(text: &str, now: SystemTime, local: Wall) -> Result<Self, Refusal> {
        let fields = Fields::split(text).ok_or(Refusal::Form)?;
        let wall = if fields.is_utc { Calendar::utc } else { local };
        let today = wall(now);
        let (year, month, day) = fields.date.unwrap_or((today.year, today.month.into(), today.day.into()));
        let (hour, minute, second) = fields.time;
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return Err(Refusal::Range);
        }
        let of_day = Duration::from_secs(u64::from(hour * 3600 + minute * 60 + second));
        let midnight = midnight(year, month, day).ok_or(Refusal::NoSuchDay)?;
        let has_date = fields.date.is_some();
        let mut at = on_the_wall(midnight + of_day, wall);
        if at <= now && !has_date {
            at = on_the_wall(midnight + DAY + of_day, wall);
        }
        if at <= now {
            return Err(Refusal::Past);
        }
        Ok(Self { at, has_date })
    }

    /// `2026-11-28 23:59:58`, as the log has it: always in the machine's own time.
    pub(super) fn shown(self, local: Wall) -> String {
        let at = local(self.at);
        format!("{}-{:02}-{:02} {:02}:{:02}:{:02}", at.year, at.month, at.day, at.hour, at.minute, at.second)
    }
}

impl Refusal {
    /// The original's two lines about it.
    pub(super) fn lines(self, text: &str) -> [String; 2] {
        let invalid = format!("Invalid reload time '{text}' specified - ignoring");
        match self {
            Self::Form => [format!("Reload time {text} format is incorrect - ignoring"), invalid],
            Self::Range => [format!("Reload date/time {text} invalid - ignoring"), invalid],
            Self::NoSuchDay => [format!("Reload time {text} is not valid - ignoring"), invalid],
            Self::Past => [
                format!("Reload time {text} is in the past - ignoring"),
                "Reload date/time is in the past - ignoring".to_owned(),
            ],
        }
    }
}

/// The numbers of a text.
struct Fields {
    date: Option<(i64, u32, u32)>,
    time: (u32, u32, u32),
    is_utc: bool,
}

impl Fields {
    fn split(text: &str) -> Option<Self> {
        let (text, is_utc) = match text.strip_suffix('Z') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let (date, time) = match text.split_once(' ') {
            Some((date, time)) => (Some(Self::date(date)?), time),
            None => (None, text),
        };
        let [hour, minute, second] = three(time, ':')?;
        Some(Self { date, time: (two(hour)?, two(minute)?, two(second)?), is_utc })
    }

    fn date(text: &str) -> Option<(i64, u32, u32)> {
        let [year, month, day] = three(text, '-')?;
        let year = match year.len() {
            2 => 2000 + two(year)?,
            4 => number(year)?,
            _ => return None,
        };
        Some((i64::from(year), two(month)?, two(day)?))
    }
}

fn three(text: &str, separator: char) -> Option<[&str; 3]> {
    let parts: Vec<&str> = text.split(separator).collect();
    parts.try_into().ok()
}

fn two(text: &str) -> Option<u32> {
    if text.len() == 2 { number(text) } else { None }
}

fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The beginning of a day in UTC; `None` if there is no such day.
fn midnight(year: i64, month: u32, day: u32) -> Option<SystemTime> {
    // From the year's first day that is a Gregorian date at all, days are found by asking the calendar.
    let guess = (year - 1970) * 365 + (year - 1969).div_euclid(4) - (year - 1901).div_euclid(100)
        + (year - 1601).div_euclid(400);
    let first = UNIX_EPOCH + DAY * u32::try_from(guess).ok()?;
    (0..366u32).map(|index| first + DAY * index).find(|&candidate| {
        let shown = Calendar::utc(candidate);
        shown.year == year && u32::from(shown.month) == month && u32::from(shown.day) == day
    })
}

/// The point in time at which the clock on the wall shows what UTC shows at `wanted`. Where a clock is put forward
/// and never shows it, a point just after that.
fn on_the_wall(wanted: SystemTime, wall: Wall) -> SystemTime {
    let mut at = wanted;
    for _ in 0..2 {
        let shown = as_utc(wall(at));
        at = match wanted.duration_since(shown) {
            Ok(behind) => at + behind,
            Err(ahead) => at.checked_sub(ahead.duration()).unwrap_or(UNIX_EPOCH),
        };
    }
    at
}

/// The point in time at which UTC shows this.
fn as_utc(shown: Calendar) -> SystemTime {
    let midnight = midnight(shown.year, shown.month.into(), shown.day.into()).unwrap_or(UNIX_EPOCH);
    let of_day = u64::from(shown.hour) * 3600 + u64::from(shown.minute) * 60 + u64::from(shown.second);
    midnight + Duration::new(of_day, shown.nanosecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Saturday 2026-11-28 21:37:13 UTC.
    fn now() -> SystemTime {
        midnight(2026, 11, 28).expect("a day") + Duration::from_secs(21 * 3600 + 37 * 60 + 13)
    }

    /// A zone two hours ahead of UTC.
    fn east(time: SystemTime) -> Calendar {
        Calendar::utc(time + Duration::from_secs(7200))
    }

    fn shown(text: &str) -> Result<String, Refusal> {
        Moment::read(text, now(), Calendar::utc).map(|moment| moment.shown(Calendar::utc))
    }

    #[test]
    fn the_three_forms_are_understood() {
        assert_eq!(shown("2030-02-03 10:11:12").as_deref(), Ok("2030-02-03 10:11:12"));
        assert_eq!(shown("30-02-03 10:11:12").as_deref(), Ok("2030-02-03 10:11:12"));
        assert_eq!(shown("23:59:58").as_deref(), Ok("2026-11-28 23:59:58"));
        assert_eq!(shown("2028-02-29 00:00:00Z").as_deref(), Ok("2028-02-29 00:00:00"));
    }

    #[test]
    fn a_time_that_has_passed_today_means_tomorrow() {
        assert_eq!(shown("10:00:00").as_deref(), Ok("2026-11-29 10:00:00"));
        assert_eq!(shown("21:37:13").as_deref(), Ok("2026-11-29 21:37:13"));
    }

    #[test]
    fn what_is_refused_is_refused_with_the_originals_reasons() {
        for text in
            ["garbage", "", "2030-02-03 10:11:12 ", " 10:00:00", "1:00:00", "10:00", "2030-2-3 10:00:00"]
        {
            assert_eq!(shown(text), Err(Refusal::Form), "{text:?}");
        }
        assert_eq!(shown("25:00:00"), Err(Refusal::Range));
        assert_eq!(shown("2030-13-01 10:00:00"), Err(Refusal::Range));
        assert_eq!(shown("2030-02-30 10:00:00"), Err(Refusal::NoSuchDay));
        assert_eq!(shown("2020-01-01 10:00:00"), Err(Refusal::Past));
        assert_eq!(
            Refusal::Past.lines("x"),
            ["Reload time x is in the past - ignoring", "Reload date/time is in the past - ignoring"]
        );
    }

    #[test]
    fn a_local_time_is_that_of_the_machine() {
        let moment = Moment::read("23:59:58", now(), east).expect("a time");
        assert_eq!(Calendar::utc(moment.at).hour, 21);
        assert_eq!(moment.shown(east), "2026-11-28 23:59:58");
        let moment = Moment::read("23:59:58Z", now(), east).expect("a time");
        assert_eq!(Calendar::utc(moment.at).hour, 23);
        // It is already the 28th there, and 23:37.
        let moment = Moment::read("23:00:00", now(), east).expect("a time");
        assert_eq!(moment.shown(east), "2026-11-29 23:00:00");
    }
}
