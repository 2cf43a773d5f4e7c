//! Conditional lines: `@id rest` and `@^id rest` (config-language reference 5).

/// What a line that starts with `@` comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// The rest of the line counts; it starts at this offset.
    Kept(usize),
    /// It does not, or there is nothing left.
    Dropped,
}

/// Judges a line. `None` when it starts with something else.
pub(super) fn judge(line: &[u8], config_id: &[u8]) -> Option<Condition> {
    let rest = line.strip_prefix(b"@")?;
    let (negated, rest) = match rest.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let end = rest.iter().position(is_blank).unwrap_or(rest.len());
    let tail = rest.get(end..).unwrap_or_default();
    let same = rest.get(..end) == Some(config_id);
    match tail.iter().position(|byte| !is_blank(byte)) {
        Some(blanks) if same != negated => Some(Condition::Kept(line.len() - tail.len() + blanks)),
        _ => Some(Condition::Dropped),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_must_be_equal_or_differ() {
        let judge = |line: &str| judge(line.as_bytes(), b"main");
        assert_eq!(judge("@main  x y"), Some(Condition::Kept(7)));
        assert_eq!(judge("@other x"), Some(Condition::Dropped));
        assert_eq!(judge("@^other x"), Some(Condition::Kept(8)));
        assert_eq!(judge("@^main x"), Some(Condition::Dropped));
        assert_eq!(judge("@main"), Some(Condition::Dropped));
        assert_eq!(judge("@maine x"), Some(Condition::Dropped));
        assert_eq!(judge("x @main y"), None);
        assert_eq!(judge("@main @other x"), Some(Condition::Kept(6)));
    }
}
