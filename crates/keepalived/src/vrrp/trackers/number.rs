//! The number at the start of a tracked file's text (vrrp reference 3.5).

/// More of a file is not looked at, in bytes.
pub(super) const LONGEST: usize = 127;

/// The integer that `text` begins with: decimal, `0x` hexadecimal or `0` octal, with or without a sign, behind any white
/// space. 0 when there is none. `None` when it does not fit 32 bits: the value before stays.
pub(super) fn leading_number(text: &[u8]) -> Option<i32> {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, rest),
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    };
    let mut value: i64 = 0;
    for digit in digits.iter().map_while(|&byte| char::from(byte).to_digit(radix)) {
        // Too large stays too large: the limit is far below that of 64 bits.
        value = value.saturating_mul(i64::from(radix)).saturating_add(i64::from(digit));
    }
    i32::try_from(if negative { -value } else { value }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<i32> {
        leading_number(text.as_bytes())
    }

    #[test]
    fn decimal_hexadecimal_and_octal_numbers_are_read_with_their_sign() {
        for (text, value) in [
            ("10", 10),
            ("-20\n", -20),
            ("+7", 7),
            ("0x10", 16),
            ("-0XfF", -255),
            ("010", 8),
            ("0", 0),
            (" \t\n12", 12),
        ] {
            assert_eq!(number(text), Some(value), "{text:?}");
        }
    }

    #[test]
    fn what_follows_the_number_does_not_matter() {
        for (text, value) in [("12abc", 12), ("3 4", 3), ("1.5", 1), ("08", 0), ("0x", 0), ("0xg", 0)] {
            assert_eq!(number(text), Some(value), "{text:?}");
        }
    }

    #[test]
    fn text_without_a_number_is_0() {
        for text in ["", "abc", "-", "+", "--1", "\u{0}5", "é"] {
            assert_eq!(number(text), Some(0), "{text:?}");
        }
    }

    #[test]
    fn a_number_beyond_32_bits_is_ignored() {
        assert_eq!(number("2147483647"), Some(i32::MAX));
        assert_eq!(number("-2147483648"), Some(i32::MIN));
        for text in ["2147483648", "-2147483649", "0xffffffff", "99999999999999999999999999999999999999"] {
            assert_eq!(number(text), None, "{text:?}");
        }
        assert_eq!(number(&"9".repeat(LONGEST)), None);
        assert_eq!(number(&format!("-{}", "9".repeat(LONGEST))), None);
    }
}
