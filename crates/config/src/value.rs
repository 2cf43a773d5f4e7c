//! Numbers, fractions and booleans as the original reads them (config-language reference 6.1, 6.2).

use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::line::Word;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How the digits of an integer are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// Decimal only.
    Decimal,
    /// As in C: `0x` is hexadecimal, a leading `0` octal.
    C,
    /// Hexadecimal, with or without `0x`.
    Hexadecimal,
}

/// A signed decimal number. With a range that holds no negative number, the reports are those for unsigned ones.
pub fn signed(word: Word<'_>, range: RangeInclusive<i64>, context: &mut Context<'_>) -> Option<i64> {
    integer(word, range, Notation::Decimal, context)
}

/// An unsigned decimal number.
pub fn unsigned(word: Word<'_>, range: RangeInclusive<u64>, context: &mut Context<'_>) -> Option<u64> {
    unsigned_in(word, range, Notation::Decimal, context)
}

/// An unsigned number in another notation.
pub fn unsigned_in(
    word: Word<'_>,
    range: RangeInclusive<u64>,
    notation: Notation,
    context: &mut Context<'_>,
) -> Option<u64> {
    judge(word, &range.map_ends(i128::from), notation, context).and_then(|number| u64::try_from(number).ok())
}

/// An unsigned decimal number for the keywords that take nothing else. For others the original uses, but for its
/// configuration test, the number that a word begins with: `weight 10;` is 10.
pub fn exact(word: Word<'_>, range: RangeInclusive<u64>, context: &mut Context<'_>) -> Option<u64> {
    match check(word, word.text, &range.map_ends(i128::from), Notation::Decimal) {
        Ok(number) => u64::try_from(number).ok(),
        Err(complaint) => {
            context.push(*complaint);
            None
        }
    }
}

/// A signed number in the given notation.
pub fn integer(
    word: Word<'_>,
    range: RangeInclusive<i64>,
    notation: Notation,
    context: &mut Context<'_>,
) -> Option<i64> {
    judge(word, &range.map_ends(i128::from), notation, context).and_then(|number| i64::try_from(number).ok())
}

/// Both ends of a range, converted.
trait MapEnds<T> {
    fn map_ends<U>(self, convert: impl Fn(T) -> U) -> RangeInclusive<U>;
}

impl<T> MapEnds<T> for RangeInclusive<T> {
    fn map_ends<U>(self, convert: impl Fn(T) -> U) -> RangeInclusive<U> {
        let (start, end) = self.into_inner();
        convert(start)..=convert(end)
    }
}

/// The number, if it is one and in range; else the report.
///
/// But for a configuration test, what stands behind a decimal number is reported and left out.
fn judge(
    word: Word<'_>,
    range: &RangeInclusive<i128>,
    notation: Notation,
    context: &mut Context<'_>,
) -> Option<i128> {
    match check(word, word.text, range, notation) {
        Ok(number) => return Some(number),
        Err(complaint) => push(*complaint, context),
    }
    if context.test_mode || notation != Notation::Decimal {
        return None;
    }
    check(word, leading_number(word.text)?, range, notation).ok()
}

/// Reports what is wrong with a number. Outside of a configuration test the original calls that a warning.
fn push(mut complaint: Diagnostic, context: &mut Context<'_>) {
    if !context.test_mode {
        complaint.message.insert_str(0, "WARNING - ");
    }
    context.push(complaint);
}

/// The number that a text begins with, when more follows.
fn leading_number(text: &str) -> Option<&str> {
    let text = text.trim_start_matches([' ', '\t']);
    let digits = text.trim_start_matches(['+', '-']);
    let end = text.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = text.get(..end)?;
    (end < text.len() && number.ends_with(|c: char| c.is_ascii_digit())).then_some(number)
}

/// The number that `text` is, or what is wrong with it. `word` is what the file says.
fn check(
    word: Word<'_>,
    text: &str,
    range: &RangeInclusive<i128>,
    notation: Notation,
) -> Result<i128, Box<Diagnostic>> {
    let unsigned = *range.start() >= 0;
    let text = text.trim_start_matches([' ', '\t']);
    let message = match parse(text, notation) {
        _ if unsigned && text.starts_with('-') => format!("negative number '{}'", word.text),
        Parsed::Number(number) if range.contains(&number) => return Ok(number),
        Parsed::Number(number) if exceeds_int(number, range) => beyond(word, unsigned),
        Parsed::Number(_) => out_of_range(word, range.start(), range.end()),
        Parsed::TooLarge => beyond(word, unsigned),
        Parsed::Invalid => format!("invalid number '{}'", word.text),
    };
    let mut diagnostic = Diagnostic::at(Class::InvalidNumber, word.span, message);
    if unsigned && text.len() > 1 && !text.starts_with(|first: char| first.is_ascii_digit() || first == '+') {
        diagnostic = diagnostic.label("a number is expected here");
    } else {
        diagnostic = diagnostic.label(format!("must be between {} and {}", range.start(), range.end()));
    }
    Err(Box::new(diagnostic))
}

/// Too large for the C type behind a keyword whose own range fits that type.
fn exceeds_int(number: i128, range: &RangeInclusive<i128>) -> bool {
    let type_range = if *range.start() >= 0 {
        0..=i128::from(u32::MAX)
    } else {
        i128::from(i32::MIN)..=i128::from(i32::MAX)
    };
    type_range.contains(range.end()) && !type_range.contains(&number)
}

fn beyond(word: Word<'_>, unsigned: bool) -> String {
    let kind = if unsigned { "unsigned " } else { "" };
    format!("number '{}' outside {kind}integer range", word.text)
}

fn out_of_range(word: Word<'_>, start: impl std::fmt::Display, end: impl std::fmt::Display) -> String {
    format!("number '{}' outside range [{start}, {end}]", word.text)
}

#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    Number(i128),
    TooLarge,
    Invalid,
}

/// Reads sign and digits. Unlike `strtol`, nothing may follow and at least one digit must be there.
fn parse(text: &str, notation: Notation) -> Parsed {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let (radix, digits) = match (notation, hexadecimal) {
        (Notation::C | Notation::Hexadecimal, Some(rest)) => (16, rest),
        (Notation::Hexadecimal, None) => (16, digits),
        (Notation::C, None) if digits.len() > 1 && digits.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    if text.is_empty() {
        // An empty word counts as zero, as it does for strtoul().
        return Parsed::Number(0);
    }
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return Parsed::Invalid;
    }
    match i128::from_str_radix(digits, radix) {
        Ok(number) if negative => Parsed::Number(-number),
        Ok(number) => Parsed::Number(number),
        Err(_) => Parsed::TooLarge,
    }
}

/// A fraction of seconds: digits and at most one point. Surplus decimals are reported, then rounded away. A unit is
/// refused: the original scales it wrongly.
pub fn seconds(
    word: Word<'_>,
    range: RangeInclusive<Duration>,
    decimals: u32,
    context: &mut Context<'_>,
) -> Option<Duration> {
    let decimals = decimals.min(9);
    let scale = 10_i128.pow(9 - decimals);
    let units = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX) / scale;
    let units = decimal(word, range.map_ends(units), decimals, context)?;
    u64::try_from(units * scale).ok().map(Duration::from_nanos)
}

/// A fraction with a fixed number of decimals, as a whole number of its smallest unit: `1.5` with 3 decimals is 1500.
pub fn decimal(
    word: Word<'_>,
    range: RangeInclusive<i128>,
    decimals: u32,
    context: &mut Context<'_>,
) -> Option<i128> {
    let text = word.text.trim_start_matches([' ', '\t']);
    if text.starts_with('-') {
        push(
            Diagnostic::at(Class::InvalidNumber, word.span, format!("negative number '{}'", word.text)),
            context,
        );
        return None;
    }
    let Some((value, surplus)) = parse_decimal(text.strip_prefix('+').unwrap_or(text), decimals) else {
        let mut diagnostic =
            Diagnostic::at(Class::InvalidNumber, word.span, format!("invalid number '{}'", word.text));
        if text.starts_with(|first: char| first.is_ascii_digit()) && text.ends_with('s') {
            diagnostic = diagnostic.help("write the number without a unit");
        }
        push(diagnostic, context);
        return None;
    };
    if surplus {
        let message = format!("number '{}' has too many decimal places", word.text);
        push(Diagnostic::at(Class::InvalidNumber, word.span, message), context);
    }
    if range.contains(&value) {
        return Some(value);
    }
    let message = out_of_range(word, fixed(*range.start(), decimals), fixed(*range.end(), decimals));
    push(Diagnostic::at(Class::InvalidNumber, word.span, message), context);
    None
}

/// The value in units of the last decimal, and whether decimals had to be rounded away.
fn parse_decimal(text: &str, decimals: u32) -> Option<(i128, bool)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let places = usize::try_from(decimals).ok()?;
    let kept = fraction.get(..places.min(fraction.len()))?;
    // Something beyond any range stays beyond it.
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(i128::from(u64::MAX)) };
    let whole = whole.min(i128::from(u64::MAX));
    let mut value = whole * 10_i128.pow(decimals);
    if !kept.is_empty() {
        value += kept.parse::<i128>().ok()? * 10_i128.pow(decimals - u32::try_from(kept.len()).ok()?);
    }
    let surplus = fraction.as_bytes().get(places);
    if surplus.is_some_and(|digit| *digit >= b'5') {
        value += 1;
    }
    Some((value, surplus.is_some()))
}

/// With all decimals, as the original prints bounds: `0.001000`.
fn fixed(value: i128, decimals: u32) -> String {
    if decimals == 0 {
        return value.to_string();
    }
    let scale = 10_i128.pow(decimals);
    let width = usize::try_from(decimals).unwrap_or(0);
    format!("{}.{:0width$}", value / scale, value % scale)
}

/// `on true yes` or `off false no`.
pub fn boolean(word: Word<'_>, keyword: &str, context: &mut Context<'_>) -> Option<bool> {
    match word.text {
        "on" | "true" | "yes" => Some(true),
        "off" | "false" | "no" => Some(false),
        other => {
            let message = format!("invalid {keyword} specified - {other}");
            context.push(
                Diagnostic::at(Class::GeneralError, word.span, message)
                    .label("one of on, true, yes, off, false, no, in lower case"),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests;
