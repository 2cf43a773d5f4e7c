//! `UDP_CHECK`.

use super::common::{Network, network_table, usable};
use super::draft::{ActiveDraft, CheckerDraft, ProbeDraft};
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::keyword::{Keyword, Section, Status};
use crate::tables::lvs::draft::RealServerDraft;
use crate::tables::lvs::values;
use crate::tables::row::{acted, block};
use keepalived_lvs::config::{Nibble, ReplyPattern};

/// `UDP_CHECK`.
pub(in crate::tables::lvs) const UDP_CHECK: Keyword<RealServerDraft> = block(
    Status::Acted,
    "UDP_CHECK",
    "{ ... }",
    "Sends a datagram; fails when it is refused or when a required reply stays away. There may be several.",
    &SECTION,
);

struct Udp {
    payload: Option<Vec<u8>>,
    reply: Option<ReplyPattern>,
    min_reply_length: u16,
    max_reply_length: u16,
}

impl Default for Udp {
    fn default() -> Self {
        Self { payload: None, reply: None, min_reply_length: 0, max_reply_length: 255 }
    }
}

static SECTION: Section<RealServerDraft, Network<Udp>> = Section {
    keywords: network_table![
        "that of the real server, else 1", "that of the real server, else 1";
        acted("payload", "<hex digits>", "a text of the daemon's", "What is sent. Blanks are allowed; a digit before a blank is a byte by itself.", payload),
        acted("require_reply", "[<hex digits, x for any>]", "no reply is needed", "A reply has to come and to begin with this.", require_reply),
        acted("min_reply_length", "<int 0..65535>", "0", "The shortest reply that is accepted.", |check, args, context| length(&mut check.probe.min_reply_length, "min", args, context)),
        acted("max_reply_length", "<int 0..65535>", "255", "The longest reply that is accepted.", |check, args, context| length(&mut check.probe.max_reply_length, "max", args, context)),
    ],
    open,
    close,
};

fn open(
    server: &mut RealServerDraft,
    args: &mut Args<'_>,
    _context: &mut Context<'_>,
) -> Option<Network<Udp>> {
    Some(Network::of(server, args))
}

fn close(server: &mut RealServerDraft, mut check: Network<Udp>, context: &mut Context<'_>) {
    let Udp { min_reply_length, max_reply_length, .. } = check.probe;
    if min_reply_length > max_reply_length {
        let message = format!(
            "UDP_CHECK min_reply length {min_reply_length} > max_reply_length {max_reply_length} - will always fail"
        );
        context.report(Class::GeneralError, check.connection.span, message);
    }
    if !usable(&mut check.connection, context) {
        return;
    }
    let Network { connection, schedule, probe } = check;
    let Udp { payload, reply, .. } = probe;
    let probe = ProbeDraft::Udp { payload, reply, min_reply_length, max_reply_length };
    server.checkers.push(CheckerDraft::Active(Box::new(ActiveDraft {
        schedule,
        connection: Some(connection),
        probe,
    })));
}

fn length(slot: &mut u16, which: &str, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain =
        |text: &str| format!("UDP_CHECK {which} length {text} not valid - must be between 0 & 65535");
    if let Some(length) = values::exact(args, 0..=65_535, context, complain) {
        *slot = u16::try_from(length).unwrap_or(u16::MAX);
    }
}

fn payload(check: &mut Network<Udp>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(text) = rest(args) else {
        return context.report(Class::GeneralError, args.span(), "UDP_CHECK payload requires a payload");
    };
    match nibbles(&text, false).and_then(|nibbles| bytes(&nibbles)) {
        Some(payload) => check.probe.payload = Some(payload),
        None => context.report(Class::GeneralError, args.span(), "Invalid hex string for UDP_CHECK payload"),
    }
}

fn require_reply(check: &mut Network<Udp>, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(text) = rest(args) else {
        check.probe.reply = Some(ReplyPattern::default());
        return;
    };
    match nibbles(&text, true) {
        Some(nibbles) => check.probe.reply = Some(ReplyPattern { nibbles }),
        None => context.report(Class::GeneralError, args.span(), "Invalid hex string for UDP_CHECK reply"),
    }
}

/// The words that are left, with blanks between them.
fn rest(args: &mut Args<'_>) -> Option<String> {
    let mut text = args.next_word()?.text.to_owned();
    while let Some(word) = args.next_word() {
        text.push(' ');
        text.push_str(word.text);
    }
    Some(text)
}

/// Hex digits, two per byte; a digit alone before a blank or at the end is the low half of a byte.
fn nibbles(text: &str, wildcards: bool) -> Option<Vec<Nibble>> {
    let mut nibbles = Vec::new();
    for word in text.split_whitespace() {
        let mut digits = Vec::with_capacity(word.len());
        for c in word.chars() {
            digits.push(match c {
                'x' | 'X' if wildcards => Nibble::Any,
                _ => Nibble::Exactly(u8::try_from(c.to_digit(16)?).ok()?),
            });
        }
        if digits.len() % 2 == 1 {
            let last = digits.len().saturating_sub(1);
            digits.insert(last, Nibble::Exactly(0));
        }
        nibbles.append(&mut digits);
    }
    Some(nibbles)
}

fn bytes(nibbles: &[Nibble]) -> Option<Vec<u8>> {
    nibbles
        .chunks(2)
        .map(|pair| match pair {
            [Nibble::Exactly(high), Nibble::Exactly(low)] => Some(high << 4 | low),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_alone_is_a_byte() {
        let nibbles = nibbles("Ab12f 3 456", false).expect("all of them are hex digits");
        assert_eq!(bytes(&nibbles), Some(vec![0xab, 0x12, 0x0f, 0x03, 0x45, 0x06]));
    }

    #[test]
    fn x_stands_for_any_digit_of_a_reply_but_not_of_a_payload() {
        assert_eq!(nibbles("0X", true), Some(vec![Nibble::Exactly(0), Nibble::Any]));
        assert_eq!(nibbles("0x", false), None);
    }
}
