//! Numbers, fractions and booleans, and the complaints about them.

use super::*;
use crate::diagnostic::Report;
use crate::host::FakeHost;
use crate::span::{FileId, Span};

const HERE: Span = Span { file: FileId(0), line: 1, column: 1, length: 1, expansion: None };

fn word(text: &str) -> Word<'_> {
    Word { text, span: HERE, quoted: false }
}

/// The value and the messages of one reading.
fn reading<T>(read: impl FnOnce(&mut Context<'_>) -> T) -> (T, Vec<String>) {
    let host = FakeHost::new();
    let mut report = Report::default();
    let value = read(&mut Context::new(&host, &mut report, true));
    let messages = report.diagnostics().iter().map(|found| found.message.clone());
    (value, messages.collect())
}

fn number(text: &str) -> (Option<u64>, Vec<String>) {
    reading(|context| unsigned(word(text), 1..=255, context))
}

#[test]
fn a_number_may_have_a_plus_and_leading_blanks() {
    assert_eq!(number("+10"), (Some(10), vec![]));
    assert_eq!(number(" 10"), (Some(10), vec![]));
    assert_eq!(number("010"), (Some(10), vec![]));
}

#[test]
fn what_is_no_number_is_named() {
    for text in ["5x", "0x10", "", "-", "+", "5 ", "٣"] {
        let (value, messages) = number(text);
        assert_eq!(value, None, "{text}");
        assert_eq!(messages.len(), 1, "{text}");
    }
    assert_eq!(number("5x").1, ["invalid number '5x'"]);
    assert_eq!(number("-5").1, ["negative number '-5'"]);
}

#[test]
fn a_daemon_uses_the_number_that_a_word_begins_with() {
    let daemon = |text: &'static str, exactly: bool| {
        let host = FakeHost::new();
        let mut report = Report::default();
        let mut context = Context::new(&host, &mut report, false);
        let read = if exactly { exact } else { unsigned };
        (read(word(text), 1..=255, &mut context), report.diagnostics().len())
    };
    for text in ["10;", "10s", "10,20", "+10;", " 10.5"] {
        assert_eq!(daemon(text, false), (Some(10), 1), "{text}");
        assert_eq!(daemon(text, true), (None, 1), "{text}");
        assert_eq!(number(text).0, None, "a configuration test refuses {text}");
    }
    for text in ["x10", ".5", "-10;", "+;", "300;", "0x10", ";", "٣"] {
        assert_eq!(daemon(text, false), (None, 1), "{text}");
    }
    assert_eq!(daemon("10", false), (Some(10), 0));
}

#[test]
fn a_daemon_calls_a_bad_number_a_warning() {
    let host = FakeHost::new();
    let mut report = Report::default();
    let mut context = Context::new(&host, &mut report, false);
    unsigned(word("10;"), 1..=255, &mut context);
    seconds(word("-1"), Duration::ZERO..=Duration::MAX, 6, &mut context);
    exact(word("10;"), 1..=255, &mut context);
    let messages: Vec<&str> = report.diagnostics().iter().map(|found| found.message.as_str()).collect();
    assert_eq!(
        messages,
        ["WARNING - invalid number '10;'", "WARNING - negative number '-1'", "invalid number '10;'"]
    );
}

#[test]
fn an_empty_word_is_zero() {
    assert_eq!(number("").1, ["number '' outside range [1, 255]"]);
    assert_eq!(reading(|context| unsigned(word(""), 0..=9, context)), (Some(0), vec![]));
}

#[test]
fn out_of_range_names_the_range_and_out_of_type_the_type() {
    assert_eq!(number("300").1, ["number '300' outside range [1, 255]"]);
    let long = "9".repeat(20);
    assert_eq!(number(&long).1, [format!("number '{long}' outside unsigned integer range")]);
    let longer = "9".repeat(500);
    assert_eq!(number(&longer).1, [format!("number '{longer}' outside unsigned integer range")]);
    let (_, messages) = reading(|context| signed(word("-300"), -253..=253, context));
    assert_eq!(messages, ["number '-300' outside range [-253, 253]"]);
    let (_, messages) = reading(|context| signed(word("3000000000"), -253..=253, context));
    assert_eq!(messages, ["number '3000000000' outside integer range"]);
}

#[test]
fn c_notation_knows_hexadecimal_and_octal() {
    let c = |text: &str| reading(|context| unsigned_in(word(text), 0..=4095, Notation::C, context)).0;
    assert_eq!(c("0x1F"), Some(31));
    assert_eq!(c("017"), Some(15));
    assert_eq!(c("17"), Some(17));
    assert_eq!(c("0"), Some(0));
    assert_eq!(c("08"), None);
    assert_eq!(c("0x"), None);
}

fn fraction(text: &str) -> (Option<Duration>, Vec<String>) {
    let range = Duration::from_millis(1)..=Duration::from_micros(4_294_967_295);
    reading(|context| seconds(word(text), range, 6, context))
}

#[test]
fn fractions_need_no_digit_on_one_side_of_the_point() {
    assert_eq!(fraction("3").0, Some(Duration::from_secs(3)));
    assert_eq!(fraction("3.").0, Some(Duration::from_secs(3)));
    assert_eq!(fraction(".5").0, Some(Duration::from_millis(500)));
    assert_eq!(fraction("2.71828").0, Some(Duration::from_micros(2_718_280)));
}

#[test]
fn surplus_decimals_are_reported_and_rounded() {
    let (value, messages) = fraction("1.1234567");
    assert_eq!(value, Some(Duration::from_micros(1_123_457)));
    assert_eq!(messages, ["number '1.1234567' has too many decimal places"]);
}

#[test]
fn bounds_are_printed_with_all_decimals() {
    assert_eq!(fraction("0").1, ["number '0' outside range [0.001000, 4294.967295]"]);
    assert_eq!(fraction("5000000000").1, ["number '5000000000' outside range [0.001000, 4294.967295]"]);
    let endless = "1".repeat(900);
    assert_eq!(fraction(&endless).1, [format!("number '{endless}' outside range [0.001000, 4294.967295]")]);
}

#[test]
fn a_fraction_with_a_unit_sign_or_exponent_is_refused() {
    for text in ["2s", "0.1s", "1e3", "1,5", "1.2.3", ".", "", "abc"] {
        assert_eq!(fraction(text), (None, vec![format!("invalid number '{text}'")]));
    }
    assert_eq!(fraction("-1").1, ["negative number '-1'"]);
}

#[test]
fn booleans_are_lower_case_words() {
    let read = |text: &str| reading(|context| boolean(word(text), "accept", context));
    assert_eq!(read("yes").0, Some(true));
    assert_eq!(read("off").0, Some(false));
    assert_eq!(read("1"), (None, vec!["invalid accept specified - 1".to_owned()]));
    assert_eq!(read("On").0, None);
}
