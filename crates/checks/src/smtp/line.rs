//! Lines of a mail server, out of whatever pieces come. No sockets.

/// The longest line that is kept, its line feed not counted.
const LONGEST: usize = 511;

/// Cuts what comes into lines, which end at a line feed.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    overflowed: bool,
}

impl Lines {
    /// The next bytes. A line longer than 511 bytes starts over: what came of it so far is thrown away.
    pub fn push(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let begun = self.bytes.iter().rev().take_while(|byte| **byte != b'\n').count();
            let room = LONGEST.saturating_sub(begun);
            if part.len() <= room {
                self.bytes.extend_from_slice(part);
                continue;
            }
            self.overflowed = true;
            self.bytes.truncate(self.bytes.len() - begun);
            // Of the part itself, what a buffer that starts over again and again would still have.
            let tail = part.len() % (LONGEST + 1);
            self.bytes.extend_from_slice(part.get(part.len() - tail..).unwrap_or_default());
        }
    }

    /// Some line was too long.
    #[must_use]
    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }
}

impl Iterator for Lines {
    type Item = Vec<u8>;

    /// The next complete line without its end.
    fn next(&mut self) -> Option<Vec<u8>> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n')?;
        let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(line)
    }
}

/// Does the line begin with this code and then a space, or end there? `220-` is the first of several lines, and does
/// not count.
#[must_use]
pub fn has_code(line: &[u8], code: &[u8]) -> bool {
    line.strip_prefix(code).is_some_and(|rest| matches!(rest.first(), None | Some(b' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        for piece in pieces {
            lines.push(piece);
        }
        lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
    }

    #[test]
    fn lines_end_at_a_line_feed_however_they_come() {
        assert_eq!(lines(&[b"220 a\r\n250 b\nrest"]), ["220 a", "250 b"]);
        assert_eq!(lines(&[b"22", b"0 ", b"a\r", b"\n", b"2"]), ["220 a"]);
        assert_eq!(lines(&[b"\n\r\n"]), ["", ""]);
        assert_eq!(lines(&[b"220 no end"]), [""; 0]);
    }

    #[test]
    fn a_line_of_more_than_511_bytes_starts_over_and_is_bounded() {
        let mut lines = Lines::default();
        for _ in 0..10_000 {
            lines.push(&[b'x'; 100]);
        }
        assert!(lines.has_overflowed());
        assert!(lines.bytes.len() <= LONGEST + 1, "{} bytes kept", lines.bytes.len());
        let mut one = Lines::default();
        one.push(&[&[b'x'; 511 - 1][..], b"\n"].concat());
        assert!(!one.has_overflowed());
        assert_eq!(one.next().map(|line| line.len()), Some(510));
    }

    #[test]
    fn c60_a_code_ends_with_a_space_or_the_line() {
        for (line, good) in [
            ("220 x", true),
            ("220", true),
            ("220-x", false),
            ("2200", false),
            ("22", false),
            ("554 x", false),
            ("", false),
        ] {
            assert_eq!(has_code(line.as_bytes(), b"220"), good, "{line:?}");
        }
    }
}
