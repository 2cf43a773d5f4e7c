//! What `genhash -v` shows: bytes in hexadecimal and as text, in the original's layout.

use crate::http::answer::Answer;
use std::fmt::Write;

/// An answer, shown as it comes.
pub(super) struct Verbose {
    answer: Answer,
    taken: usize,
    text: String,
}

impl Default for Verbose {
    fn default() -> Self {
        Self { answer: Answer::new(false), taken: 0, text: String::new() }
    }
}

impl Verbose {
    /// The next piece: of the header, which is shown once it is complete, or of the body.
    pub(super) fn take(&mut self, piece: &[u8]) {
        let had_header = self.answer.header().is_some();
        self.answer.take(piece);
        if had_header {
            self.text.push_str(&hexadecimal(piece));
        } else if let Some(header) = self.answer.header() {
            let body = piece.get(header.len().saturating_sub(self.taken)..).unwrap_or_default();
            self.text
                .push_str("-----------------------[    HTTP Header Buffer    ]-----------------------\n");
            self.text.push_str(&hexadecimal(header));
            self.text
                .push_str("-----------------------[ HTTP Header Ascii Buffer ]-----------------------\n");
            self.text.push_str(&String::from_utf8_lossy(header));
            self.text.push('\n');
            if !body.is_empty() {
                self.text.push_str(
                    "-----------------------[        HTML Buffer        ]-----------------------\n",
                );
                self.text.push_str(&hexadecimal(body));
            }
        }
        self.taken = self.taken.saturating_add(piece.len());
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// The digest as it is shown before it is printed.
pub(super) fn digest(digest: &[u8]) -> String {
    format!(
        "\n-----------------------[    HTML hash resulting    ]-----------------------\n{}\
         -----------------------[ HTML hash final resulting ]-----------------------\n",
        hexadecimal(digest)
    )
}

/// Sixteen bytes a line, with their place in decimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (number, line) in bytes.chunks(16).enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{:04}  ", number * 16);
        for place in 0..16 {
            if place == 8 {
                text.push_str("- ");
            }
            match line.get(place) {
                Some(byte) => drop(write!(text, "{byte:02x} ")),
                None => text.push_str("   "),
            }
        }
        let shown = |byte: Option<&u8>| match byte {
            Some(byte @ b' '..=b'~') => char::from(*byte),
            Some(_) => '.',
            None => ' ',
        };
        text.push_str("  ");
        text.extend((0..16).map(|place| shown(line.get(place))));
        text.push('\n');
    }
    text
}
