//! Words that are numbers, times or switches, fitted to the type that keeps them.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::line::Word;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A whole number of seconds that still fits 32 bits of microseconds.
pub(crate) const SECONDS_IN_MICROS: RangeInclusive<u64> = 0..=4294;

/// Any unsigned 32-bit number.
pub(crate) const ANY_U32: RangeInclusive<u64> = 0..=4_294_967_295;

/// Any positive signed 32-bit number.
pub(crate) const POSITIVE_I32: RangeInclusive<u64> = 1..=2_147_483_647;

/// An unsigned number in `range`, as `T`. What is wrong with it has been reported when there is none.
pub(crate) fn unsigned<T: TryFrom<u64>>(
    word: Word<'_>,
    range: RangeInclusive<u64>,
    context: &mut Context<'_>,
) -> Option<T> {
    T::try_from(crate::value::unsigned(word, range, context)?).ok()
}

/// An unsigned number in `range` with nothing behind it, as `T`.
pub(crate) fn exact<T: TryFrom<u64>>(
    word: Word<'_>,
    range: RangeInclusive<u64>,
    context: &mut Context<'_>,
) -> Option<T> {
    T::try_from(crate::value::exact(word, range, context)?).ok()
}

/// A signed number in `range`, as `T`.
pub(crate) fn signed<T: TryFrom<i64>>(
    word: Word<'_>,
    range: RangeInclusive<i64>,
    context: &mut Context<'_>,
) -> Option<T> {
    T::try_from(crate::value::signed(word, range, context)?).ok()
}

/// Seconds with up to six decimals.
pub(crate) fn seconds(
    word: Word<'_>,
    range: RangeInclusive<Duration>,
    context: &mut Context<'_>,
) -> Option<Duration> {
    crate::value::seconds(word, range, 6, context)
}

/// From `micros` to the longest time that fits 32 bits of microseconds.
pub(crate) const fn from_micros(micros: u64) -> RangeInclusive<Duration> {
    Duration::from_micros(micros)..=Duration::from_micros(4_294_967_295)
}

/// A switch: nothing is on. `complain` says what the original does about another word.
pub(crate) fn switch(
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    complain: impl FnOnce(&str) -> String,
) -> Option<bool> {
    let Some(word) = args.next_word() else { return Some(true) };
    match word.text {
        "on" | "true" | "yes" => Some(true),
        "off" | "false" | "no" => Some(false),
        other => {
            context.report(Class::GeneralError, word.span, complain(other));
            None
        }
    }
}

/// Reports that the line lacks something the original does not insist on.
pub(crate) fn lacking(args: &Args<'_>, context: &mut Context<'_>, message: impl Into<String>) {
    context.report(Class::GeneralError, args.span(), message);
}

/// Reports a mistake in `word`.
pub(crate) fn mistaken(word: Word<'_>, context: &mut Context<'_>, message: impl Into<String>) {
    context.report(Class::GeneralError, word.span, message);
}
