//! Taking the option words of an item line.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::line::Word;
use crate::tables::scalar::unsigned;
use keepalived_types::{Family, Prefix};
use keepalived_vrrp::config::Realms;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A problem that has been reported: the line is dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropped;

/// The words of one item line, with the way its mistakes are reported.
pub(crate) struct ItemLine<'a, 'w, 'c> {
    /// The words that are left.
    pub args: &'a mut Args<'w>,
    /// Where problems go.
    pub context: &'a mut Context<'c>,
}

impl<'w> ItemLine<'_, 'w, '_> {
    /// Reports a mistake in `word` that drops the line.
    ///
    /// # Errors
    /// Always: so that callers can `return line.refuse(...)` and use `?`.
    pub(crate) fn refuse<T>(&mut self, word: Word<'_>, message: impl Into<String>) -> Result<T, Dropped> {
        self.context.report(Class::GeneralError, word.span, message);
        Err(Dropped)
    }

    /// Reports a mistake in `word` that costs only that word.
    pub(crate) fn complain(&mut self, word: Word<'_>, message: impl Into<String>) {
        self.context.report(Class::GeneralError, word.span, message);
    }

    /// The value after `option`; a missing one stops the original with status 2.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn value(&mut self, option: Word<'w>) -> Result<Word<'w>, Dropped> {
        if let Some(word) = self.args.next_word() {
            return Ok(word);
        }
        let message = format!(
            "*** Configuration line starting `{}` is missing a parameter after keyword `{}` at word position {}",
            self.args.keyword(),
            option.text,
            self.args.line().len() + 1
        );
        self.context
            .push(Diagnostic::at(Class::MissingParameter, option.span, message).stopping(2).deciding(2));
        Err(Dropped)
    }
}

/// A number from 0 to 255, or a name of one of iproute2's tables.
pub(super) fn named_number(text: &str, table: &str, context: &Context<'_>) -> Option<u8> {
    if let Some(number) = plain_number(text) {
        return u8::try_from(number).ok();
    }
    u8::try_from(context.iproute_name(table, text)?).ok()
}

/// A number as C writes them: decimal, 0x hexadecimal, 0 octal.
pub(super) fn plain_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        None => (text, 10),
    };
    if digits.starts_with('+') { None } else { u64::from_str_radix(digits, radix).ok() }
}

/// `A[/B]` in `realms`: numbers, or names of `rt_realms`.
pub(super) fn realms(text: &str, context: &Context<'_>) -> Option<Realms> {
    let realm = |text: &str| -> Option<u16> {
        if let Some(number) = plain_number(text) {
            return u16::try_from(number).ok();
        }
        u16::try_from(context.iproute_name("rt_realms", text)?).ok()
    };
    match text.split_once('/') {
        Some((from, to)) => Some(Realms { from: realm(from)?, to: realm(to)? }),
        None => Some(Realms { from: 0, to: realm(text)? }),
    }
}

/// A routing table: a number, or a name of `rt_tables`.
pub(super) fn table(text: &str, context: &Context<'_>) -> Option<u32> {
    if let Some(number) = plain_number(text) {
        return u32::try_from(number).ok();
    }
    context.iproute_name("rt_tables", text)
}

/// `default`, `any`, `all` (of `family`, or IPv4), `default6`, or an address with an optional prefix length.
pub(super) fn prefix(word: Word<'_>, family: Option<Family>, context: &mut Context<'_>) -> Option<Prefix> {
    let any = |family| match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    match word.text {
        "default" | "any" | "all" => return Prefix::new(any(family.unwrap_or(Family::V4)), 0).ok(),
        "default6" => {
            let message = "\"default6\" is deprecated - please use \"inet6 default\"";
            context.report(Class::LogOnly, word.span, message);
            return Prefix::new(any(Family::V6), 0).ok();
        }
        _ => {}
    }
    let (text, length) = match word.text.split_once('/') {
        Some((text, length)) => (text, Some(length)),
        None => (word.text, None),
    };
    let Ok(address) = text.parse::<IpAddr>() else {
        let message = format!("VRRP parsed invalid IP {}. skipping IP...", word.text);
        context.report(Class::GeneralError, word.span, message);
        return None;
    };
    let Some(length) = length else { return Some(Prefix::host(address)) };
    let bits = Family::of(address).bits();
    let number = Word { text: length, ..word };
    let length = unsigned::<u8>(number, 0..=u64::from(bits), context).unwrap_or_else(|| {
        let message = format!("Invalid address prefix len {length} for address {} - using {bits}", word.text);
        context.report(Class::GeneralError, word.span, message);
        bits
    });
    Prefix::new(address, length).ok()
}
