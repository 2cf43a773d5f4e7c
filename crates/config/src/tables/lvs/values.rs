//! Values that several LVS keywords share, with the complaint that the original adds to the general one.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::line::Word;
use crate::tables::scalar;
use crate::value;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The longest `delay_loop` and the like: 64 bits of microseconds less one.
pub(super) const LONGEST_PAUSE: Duration = Duration::new(18_446_744_073_709, 551_614_000);
/// The longest `connect_timeout`: 32 bits of microseconds.
pub(super) const LONGEST_TIMEOUT: Duration = Duration::new(4_294, 967_295_000);
/// The shortest time that is not zero.
pub(super) const MICROSECOND: Duration = Duration::from_micros(1);

/// A mandatory number; `complain` words what the original says besides the general complaint.
pub(super) fn unsigned(
    args: &mut Args<'_>,
    range: RangeInclusive<u32>,
    context: &mut Context<'_>,
    complain: impl FnOnce(&str) -> String,
) -> Option<u32> {
    number(args, range, context, complain, scalar::unsigned)
}

/// A mandatory number with nothing behind it; otherwise as [`unsigned`].
pub(super) fn exact(
    args: &mut Args<'_>,
    range: RangeInclusive<u32>,
    context: &mut Context<'_>,
    complain: impl FnOnce(&str) -> String,
) -> Option<u32> {
    number(args, range, context, complain, scalar::exact)
}

/// How a number is read from a word.
type Reader = fn(Word<'_>, RangeInclusive<u64>, &mut Context<'_>) -> Option<u32>;

fn number(
    args: &mut Args<'_>,
    range: RangeInclusive<u32>,
    context: &mut Context<'_>,
    complain: impl FnOnce(&str) -> String,
    read: Reader,
) -> Option<u32> {
    let word = args.required(context)?;
    let range = u64::from(*range.start())..=u64::from(*range.end());
    let number = read(word, range, context);
    if number.is_none() {
        context.report(Class::GeneralError, word.span, complain(word.text));
    }
    number
}

/// A mandatory port, 1 to 65535.
pub(super) fn port(
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    complain: impl FnOnce(&str) -> String,
) -> Option<u16> {
    let port = unsigned(args, 1..=65_535, context, complain)?;
    u16::try_from(port).ok()
}

/// A mandatory time in seconds. A word that begins like a number gets just the general complaint, as in the original.
pub(super) fn seconds(
    args: &mut Args<'_>,
    range: RangeInclusive<Duration>,
    context: &mut Context<'_>,
    complain: impl FnOnce(&str) -> String,
) -> Option<Duration> {
    let word = args.required(context)?;
    let time = micros(word, range, context);
    if time.is_none() && !(is_garbage(word.text) && word.text.starts_with(|c: char| c.is_ascii_digit())) {
        context.report(Class::GeneralError, word.span, complain(word.text));
    }
    time
}

/// A mandatory pause, zero allowed. What is no number at all gets just the general complaint, as in the original.
pub(super) fn pause(
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    complain: impl FnOnce(&str) -> String,
) -> Option<Duration> {
    let word = args.required(context)?;
    let time = micros(word, Duration::ZERO..=LONGEST_PAUSE, context);
    if time.is_none() && !is_garbage(word.text) {
        context.report(Class::GeneralError, word.span, complain(word.text));
    }
    time
}

/// Seconds with six decimals, up to 64 bits of microseconds.
fn micros(word: Word<'_>, range: RangeInclusive<Duration>, context: &mut Context<'_>) -> Option<Duration> {
    let whole = |time: &Duration| i128::try_from(time.as_micros()).unwrap_or(i128::MAX);
    let micros = value::decimal(word, whole(range.start())..=whole(range.end()), 6, context)?;
    u64::try_from(micros).ok().map(Duration::from_micros)
}

fn is_garbage(text: &str) -> bool {
    text.trim_start_matches(['+', '-']).chars().any(|c| !c.is_ascii_digit() && c != '.')
}

/// A string that the original only asks for: a missing one is reported and survived.
pub(super) fn text(args: &mut Args<'_>, context: &mut Context<'_>, missing: &str) -> Option<String> {
    let Some(word) = args.next_word() else {
        context.report(Class::GeneralError, args.span(), missing);
        return None;
    };
    Some(word.text.to_owned())
}

/// Exactly one word, as `snmp_name` wants it.
pub(super) fn only_word(args: &mut Args<'_>, context: &mut Context<'_>, complaint: &str) -> Option<String> {
    if args.remaining() != 1 {
        context.report(Class::GeneralError, args.span(), complaint);
        return None;
    }
    args.next_word().map(|word| word.text.to_owned())
}

/// An address as the original reads one: what follows a `-`, else a `/`, is cut off. We say so.
pub(in crate::tables) fn cut_address(word: Word<'_>, context: &mut Context<'_>) -> Option<IpAddr> {
    let end = word.text.find('-').or_else(|| word.text.find('/'));
    let (address, rest) = word.text.split_at(end.unwrap_or(word.text.len()));
    let address = address.parse().ok()?;
    if !rest.is_empty() {
        let message = format!("`{rest}` after the address is ignored: one address is expected here");
        context.report(Class::Note, word.span, message);
    }
    Some(address)
}

/// A port where `0` means none: the optional second word of servers and group entries. `Err` when it is bad, which
/// has been reported.
pub(super) fn optional_port(word: Option<Word<'_>>, context: &mut Context<'_>) -> Result<u16, ()> {
    let Some(word) = word else { return Ok(0) };
    if !word.text.is_empty() && word.text.bytes().all(|byte| byte == b'0') {
        return Ok(0);
    }
    scalar::unsigned(word, 1..=65_535, context).ok_or(())
}
