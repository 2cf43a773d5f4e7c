//! Repeated lines: `~SEQ`, `~SEQx` and `~LST` (config-language reference 4.4).

use super::definition::name_length;

/// What a repeated line assigns in each of its turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turns {
    /// Numbers for one name.
    Numbers { name: Vec<u8>, next: Option<i64>, end: i64, step: i64, hexadecimal: bool },
    /// Values for one or more names: one row per turn.
    Rows { names: Vec<Vec<u8>>, rows: Vec<Vec<Vec<u8>>>, next: usize },
}

/// A line that starts with `~SEQ(...)`, `~SEQx(...)` or `~LST(...)`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Specification {
    /// `SEQ` or `LST`, for messages.
    pub(super) word: &'static str,
    pub(super) hexadecimal: bool,
    /// The text between the parentheses.
    pub(super) inside: std::ops::Range<usize>,
    /// Where the repeated text starts.
    pub(super) text: usize,
}

/// Recognises the start of a repeated line. `Some(Err)` is one that lacks its parentheses.
pub(super) fn recognise(line: &[u8]) -> Option<Result<Specification, &'static str>> {
    let (word, hexadecimal, start) = if line.starts_with(b"~SEQx") {
        ("SEQ", true, 5)
    } else if line.starts_with(b"~SEQ") {
        ("SEQ", false, 4)
    } else if line.starts_with(b"~LST") {
        ("LST", false, 4)
    } else {
        return None;
    };
    let rest = line.get(start..)?;
    let open = start + rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
    match line.get(open) {
        Some(b'(') => {}
        // `~SEQuence` is an ordinary line.
        Some(_) if open == start => return None,
        _ => return Some(Err(word)),
    }
    let Some(length) = line.get(open + 1..)?.iter().position(|byte| *byte == b')') else {
        return Some(Err(word));
    };
    let inside = open + 1..open + 1 + length;
    Some(Ok(Specification { word, hexadecimal, text: inside.end + 1, inside }))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Reads what stands between the parentheses of `~SEQ` or `~SEQx`.
///
/// # Errors
/// What is wrong with it, in a few words.
pub(super) fn numbers(inside: &[u8], hexadecimal: bool) -> Result<Turns, String> {
    let mut parts = inside.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let name = parts.next().unwrap_or_default();
    if name.is_empty() || name_length(name) != name.len() {
        return Err("no variable name".to_owned());
    }
    let numbers = parts.map(number).collect::<Result<Vec<i64>, String>>()?;
    let (start, step, end) = match numbers[..] {
        [end] => {
            let start = if end < 0 { -1 } else { 1 };
            (start, None, end)
        }
        [start, end] => (start, None, end),
        [start, step, end] => (start, Some(step), end),
        _ => return Err("one to three numbers are expected".to_owned()),
    };
    let step = step.unwrap_or(if end < start { -1 } else { 1 });
    if step == 0 || (end > start && step < 0) || (end < start && step > 0) {
        return Err(format!("step {step} never leads from {start} to {end}"));
    }
    if hexadecimal && (start < 0 || end < 0) {
        return Err("hexadecimal sequences cannot be negative".to_owned());
    }
    Ok(Turns::Numbers { name: name.to_vec(), next: Some(start), end, step, hexadecimal })
}

/// A number as C writes it.
fn number(text: &[u8]) -> Result<i64, String> {
    let text = String::from_utf8_lossy(text);
    let invalid = || format!("invalid number '{text}'");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return Err(invalid());
    }
    let parsed = if let Some(hexadecimal) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        if hexadecimal.starts_with(['+', '-']) {
            return Err(invalid());
        }
        i64::from_str_radix(hexadecimal, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    parsed.map(|number| if negative { -number } else { number }).map_err(|_| invalid())
}

/// Reads what stands between the parentheses of `~LST`.
///
/// # Errors
/// What is wrong with it, in a few words.
pub(super) fn list(inside: &[u8]) -> Result<Turns, String> {
    let mut items = tuples(inside)?.into_iter();
    let names = items.next().unwrap_or_default();
    if names.is_empty() || names.iter().any(|name| name.is_empty() || name_length(name) != name.len()) {
        return Err("no variable name".to_owned());
    }
    let mut rows = Vec::new();
    for mut row in items {
        if row.len() > names.len() {
            return Err(format!("{} values for {} names", row.len(), names.len()));
        }
        row.resize(names.len(), Vec::new());
        rows.push(row);
    }
    if rows.is_empty() {
        return Err("no values".to_owned());
    }
    Ok(Turns::Rows { names, rows, next: 0 })
}

/// Splits at commas outside braces; an item without braces is a tuple of one.
fn tuples(inside: &[u8]) -> Result<Vec<Vec<Vec<u8>>>, String> {
    let mut items = Vec::new();
    let mut rest = inside.trim_ascii();
    loop {
        let end = if let Some(tuple) = rest.strip_prefix(b"{") {
            let close = tuple.iter().position(|byte| *byte == b'}').ok_or("'}' is missing")?;
            items.push(members(tuple.get(..close).unwrap_or_default())?);
            let after = tuple.get(close + 1..).unwrap_or_default();
            let comma = after.iter().position(|byte| *byte == b',');
            if !after.get(..comma.unwrap_or(after.len())).unwrap_or_default().trim_ascii().is_empty() {
                return Err("',' is missing after '}'".to_owned());
            }
            comma.map(|comma| close + 2 + comma)
        } else {
            let comma = rest.iter().position(|byte| *byte == b',');
            items.push(members(rest.get(..comma.unwrap_or(rest.len())).unwrap_or_default())?);
            comma
        };
        let Some(comma) = end else { return Ok(items) };
        rest = rest.get(comma + 1..).unwrap_or_default().trim_ascii();
    }
}

fn members(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let members: Vec<Vec<u8>> =
        text.split(|byte| *byte == b',').map(|member| member.trim_ascii().to_vec()).collect();
    let odd = |byte: &u8| is_blank(*byte) || matches!(byte, b'{' | b'}');
    if members.iter().flatten().any(odd) {
        return Err("values cannot contain blanks or braces".to_owned());
    }
    Ok(members)
}

impl Turns {
    /// The assignments of the next turn.
    pub(super) fn advance(&mut self) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
        match self {
            Self::Numbers { name, next, end, step, hexadecimal } => {
                let number = (*next)?;
                let beyond = |next: &i64| if *step > 0 { *next > *end } else { *next < *end };
                *next = number.checked_add(*step).filter(|next| !beyond(next));
                let value = if *hexadecimal { format!("{number:x}") } else { number.to_string() };
                Some(vec![(name.clone(), value.into_bytes())])
            }
            Self::Rows { names, rows, next } => {
                let row = rows.get(*next)?;
                *next += 1;
                Some(names.iter().cloned().zip(row.iter().cloned()).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(inside: &str) -> Result<Vec<String>, String> {
        let mut turns = numbers(inside.as_bytes(), false)?;
        let values = std::iter::from_fn(|| turns.advance());
        Ok(values.map(|turn| String::from_utf8_lossy(&turn[0].1).into_owned()).collect())
    }

    #[test]
    fn numbers_run_from_start_to_end() {
        assert_eq!(values("I, 3").expect("valid"), ["1", "2", "3"]);
        assert_eq!(values("E,0").expect("valid"), ["1", "0"]);
        assert_eq!(values("E,-3").expect("valid"), ["-1", "-2", "-3"]);
        assert_eq!(values("I,5,7").expect("valid"), ["5", "6", "7"]);
        assert_eq!(values("I,7,5").expect("valid"), ["7", "6", "5"]);
        assert_eq!(values("I,1,3,8").expect("valid"), ["1", "4", "7"]);
        assert_eq!(values("I,0x10,010,0x20").expect("valid"), ["16", "24", "32"]);
        assert_eq!(values("I,9223372036854775806,9223372036854775807").expect("valid").len(), 2);
    }

    #[test]
    fn what_never_ends_is_refused() {
        for inside in ["I,1,0,3", "I,1,-1,3", "I,3,1,1", "I", "I,a", "I,1,2,3,4", "1,2", "", "I,,3"] {
            assert!(values(inside).is_err(), "{inside}");
        }
        assert!(numbers(b"I,-1,3", true).is_err());
    }

    fn rows(inside: &str) -> Result<Vec<Vec<String>>, String> {
        let mut turns = list(inside.as_bytes())?;
        let text = |turn: Vec<(Vec<u8>, Vec<u8>)>| {
            turn.iter().map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
        };
        Ok(std::iter::from_fn(|| turns.advance()).map(text).collect())
    }

    #[test]
    fn lists_hold_values_or_tuples() {
        assert_eq!(rows("v, a, b").expect("valid"), [["a"], ["b"]]);
        assert_eq!(rows("{a,b},{1,2},{3}").expect("valid"), [["1", "2"], ["3", ""]]);
        for inside in ["", "v", "{a,b},{1,2,3}", "{a", "v,a b", "{a}x,{b}"] {
            assert!(rows(inside).is_err(), "{inside}");
        }
    }

    #[test]
    fn only_the_documented_words_repeat() {
        assert_eq!(recognise(b"~SEQ (I,3) x").and_then(Result::ok).map(|found| found.text), Some(10));
        assert!(recognise(b"~seq(I,3) x").is_none());
        assert!(recognise(b"~SEQuence").is_none());
        assert_eq!(recognise(b"~LST(v,1 x"), Some(Err("LST")));
        assert_eq!(recognise(b"~SEQ"), Some(Err("SEQ")));
    }
}
