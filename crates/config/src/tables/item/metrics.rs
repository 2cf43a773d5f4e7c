//! Metric values of a route (`RTAX_*` of linux/rtnetlink.h) and what else rides on it.

use super::words::{Dropped, ItemLine};
use crate::line::Word;
use crate::tables::scalar::{ANY_U32, unsigned};
use keepalived_types::Family;
use keepalived_vrrp::config::{Lockable, RouteOptions};
use std::time::Duration;

/// Takes one metric option with its values; `false` when the word is none.
///
/// # Errors
/// When the route cannot be used; the reason has been reported.
pub(super) fn apply<'w>(
    option: Word<'w>,
    options: &mut RouteOptions,
    family: Option<Family>,
    line: &mut ItemLine<'_, 'w, '_>,
) -> Result<bool, Dropped> {
    match option.text {
        "mtu" => options.mtu = Some(lockable(option, "Invalid MTU {} specified for route", line)?),
        "advmss" => options.advmss = Some(lockable(option, "Invalid advmss {} specified for route", line)?),
        "reordering" => {
            options.reordering =
                Some(lockable(option, "Invalid reordering value {} specified for route", line)?);
        }
        "cwnd" => options.cwnd = Some(lockable(option, "Invalid cwnd value {} specified for route", line)?),
        "ssthresh" => {
            options.ssthresh = Some(lockable(option, "Invalid ssthresh value {} specified for route", line)?);
        }
        "hoplimit" => {
            options.hop_limit = Some(number(option, 255, "Invalid hoplimit {} specified for route", line)?)
        }
        "rtt" => options.rtt = Some(time(option, 125, line)?),
        "rttvar" => options.rttvar = Some(time(option, 250, line)?),
        "rto_min" => options.rto_min = Some(time(option, 1000, line)?),
        "window" => options.window = Some(any(option, "Invalid window value {} specified for route", line)?),
        "initcwnd" => {
            options.initcwnd = Some(any(option, "Invalid initcwnd value {} specified for route", line)?)
        }
        "initrwnd" => {
            options.initrwnd = Some(any(option, "Invalid initrwnd value {} specified for route", line)?)
        }
        "quickack" => {
            let on: u8 = number(option, 1, "Invalid quickack value {} specified for route", line)?;
            options.quickack = Some(on == 1);
        }
        "fastopen_no_cookie" => {
            let on: u8 = number(option, 1, "Invalid fastopen_no_cookie value {} specified for route", line)?;
            options.fastopen_no_cookie = Some(on == 1);
        }
        "expires" => {
            let value = line.value(option)?;
            if family == Some(Family::V4) {
                return line.refuse(value, "expires is only valid for IPv6");
            }
            options.expires_s = Some(as_number(
                value,
                u64::from(u32::MAX),
                "Invalid expires time {} specified for route",
                line,
            )?);
        }
        "features" => {
            let value = line.value(option)?;
            if value.text == "ecn" {
                options.ecn = true;
            } else {
                line.complain(value, format!("feature {} not supported", value.text));
            }
        }
        "congctl" => {
            let (value, locked) = lock(option, line)?;
            options.congestion_control = Some(Lockable { value: value.text.to_owned(), locked });
        }
        "pref" => options.preference = Some(preference(option, family, line)?),
        "ttl-propagate" => {
            let value = line.value(option)?;
            options.ttl_propagate = match value.text {
                "enabled" => Some(true),
                "disabled" => Some(false),
                other => line.refuse(value, format!("ttl-propagate value {other} not recognised"))?,
            };
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// The value after an optional `lock`.
fn lock<'w>(option: Word<'w>, line: &mut ItemLine<'_, 'w, '_>) -> Result<(Word<'w>, bool), Dropped> {
    let value = line.value(option)?;
    if value.text == "lock" { Ok((line.value(value)?, true)) } else { Ok((value, false)) }
}

/// `[lock] NUMBER`. `complaint` has `{}` where the value goes.
fn lockable<'w>(
    option: Word<'w>,
    complaint: &str,
    line: &mut ItemLine<'_, 'w, '_>,
) -> Result<Lockable<u32>, Dropped> {
    let (value, locked) = lock(option, line)?;
    Ok(Lockable { value: as_number(value, *ANY_U32.end(), complaint, line)?, locked })
}

/// Any 32-bit number.
fn any<'w>(option: Word<'w>, complaint: &str, line: &mut ItemLine<'_, 'w, '_>) -> Result<u32, Dropped> {
    number(option, *ANY_U32.end(), complaint, line)
}

/// A number up to `limit`.
fn number<'w, T: TryFrom<u64>>(
    option: Word<'w>,
    limit: u64,
    complaint: &str,
    line: &mut ItemLine<'_, 'w, '_>,
) -> Result<T, Dropped> {
    let value = line.value(option)?;
    as_number(value, limit, complaint, line)
}

fn as_number<T: TryFrom<u64>>(
    value: Word<'_>,
    limit: u64,
    complaint: &str,
    line: &mut ItemLine<'_, '_, '_>,
) -> Result<T, Dropped> {
    match unsigned(value, 0..=limit, line.context) {
        Some(number) => Ok(number),
        None => line.refuse(value, complaint.replace("{}", value.text)),
    }
}

/// `[lock] NUMBER[ms|s|sec|secs]`; a bare number counts units of `unit_us` microseconds. The kernel's limits of
/// 0.2 to 120 seconds hold.
fn time<'w>(
    option: Word<'w>,
    unit_us: u64,
    line: &mut ItemLine<'_, 'w, '_>,
) -> Result<Lockable<Duration>, Dropped> {
    let (value, locked) = lock(option, line)?;
    let digits = value.text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = value.text.split_at(digits);
    let unit = match suffix {
        "" => Some(unit_us),
        "ms" | "msec" | "msecs" => Some(1000),
        "s" | "sec" | "secs" => Some(1_000_000),
        _ => None,
    };
    let (Ok(number), Some(unit)) = (number.parse::<u64>(), unit) else {
        line.complain(value, format!("invalid number '{}'", value.text));
        return line.refuse(value, format!("Invalid {} {} for route", option.text, value.text));
    };
    let micros = number.saturating_mul(unit).clamp(200_000, 120_000_000);
    Ok(Lockable { value: Duration::from_micros(micros), locked })
}

/// `low|medium|high|NUMBER` (RFC 4191: 3, 0, 1).
fn preference<'w>(
    option: Word<'w>,
    family: Option<Family>,
    line: &mut ItemLine<'_, 'w, '_>,
) -> Result<u8, Dropped> {
    let value = line.value(option)?;
    if family == Some(Family::V4) {
        return line.refuse(value, "pref is only valid for IPv6");
    }
    match value.text {
        "low" => Ok(3),
        "medium" => Ok(0),
        "high" => Ok(1),
        _ => as_number(value, 255, "Invalid pref value {} specified for route", line),
    }
}
