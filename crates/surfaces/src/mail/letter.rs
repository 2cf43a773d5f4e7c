//! The message itself: headers, body, and the addresses of its envelope.

use super::Alert;

/// Longest subject, in bytes; the original's figure.
const LONGEST_SUBJECT: usize = 255;
/// Longest body, in bytes; the original's figure.
const LONGEST_BODY: usize = 511;
/// Longest line (RFC 5322 2.1.1), its end not counted. Only a list of very many recipients needs more.
const LONGEST_LINE: usize = 998;

/// What every mail of a process has in common.
#[derive(Clone, Copy, Debug)]
pub struct Letterhead<'a> {
    /// `router_id`, or the host name.
    pub router_id: &'a str,
    /// `notification_email_from`.
    pub from: &'a str,
    /// `notification_email`.
    pub recipients: &'a [String],
}

impl Letterhead<'_> {
    /// The whole message, up to the line that ends it (RFC 5321 4.1.1.4). `date` as RFC 5322 3.3 has it.
    #[must_use]
    pub fn letter(&self, alert: &Alert, date: &str) -> String {
        let subject = format!("[{}] {}", self.router_id, alert.subject);
        let (subject, body) = (line(&subject, LONGEST_SUBJECT), line(&alert.body, LONGEST_BODY));
        let (from, to) = (line(self.from, LONGEST_LINE), self.to());
        format!(
            "Date: {date}\r\nFrom: {from}\r\nSubject: {subject}\r\nX-Mailer: Keepalived\r\nTo: {to}\r\n\r\n{body}\r\n\r\n.\r\n"
        )
    }

    fn to(&self) -> String {
        let mut text = String::new();
        let mut length = "To: ".len();
        for (index, recipient) in self.recipients.iter().enumerate() {
            let recipient = line(recipient, LONGEST_LINE - 3);
            if index > 0 {
                let folds = length + ", ".len() + recipient.len() + ",".len() > LONGEST_LINE;
                text.push_str(if folds { ",\r\n " } else { ", " });
                length = if folds { " ".len() } else { length + ", ".len() };
            }
            length += recipient.len();
            text.push_str(&recipient);
        }
        text
    }
}

/// The mailbox in `Display Name <mailbox>`, or the whole. Nothing in it can end the command that it stands in.
#[must_use]
pub fn envelope_address(configured: &str) -> String {
    let trimmed = configured.trim();
    let within = trimmed.strip_suffix('>').and_then(|rest| Some(rest.rsplit_once('<')?.1));
    line(within.unwrap_or(trimmed), LONGEST_LINE / 2)
}

/// One line of at most this many bytes; control characters, which could begin another line, are left out.
fn line(text: &str, longest: usize) -> String {
    let mut line: String = text.chars().filter(|character| !character.is_control()).collect();
    if line.len() > longest {
        let end = (0..=longest).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
        line.truncate(end);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Fri, 20 Nov 2026 12:33:07 +0000";

    fn alert() -> Alert {
        Alert {
            subject: "Virtualserver FWM 7 - UP".to_owned(),
            body: "=> Starting with quorum up 1+0=1 <= 1 <=".to_owned(),
        }
    }

    #[test]
    fn a_letter_is_the_originals_byte_by_byte() {
        let recipients = ["ops@example.com".to_owned()];
        let head = Letterhead { router_id: "LVS1", from: "ka@example.net", recipients: &recipients };
        let expected = "Date: Fri, 20 Nov 2026 12:33:07 +0000\r\nFrom: ka@example.net\r\nSubject: [LVS1] Virtualserver FWM 7 - UP\r\nX-Mailer: Keepalived\r\nTo: ops@example.com\r\n\r\n=> Starting with quorum up 1+0=1 <= 1 <=\r\n\r\n.\r\n";
        assert_eq!(head.letter(&alert(), DATE), expected);
    }

    #[test]
    fn several_recipients_share_a_line_until_it_is_full() {
        let recipients: Vec<String> =
            (0..100).map(|number| format!("somebody-{number}@example.com")).collect();
        let head = Letterhead { router_id: "r", from: "f", recipients: &recipients };
        let letter = head.letter(&alert(), DATE);
        assert!(letter.contains("\r\nTo: somebody-0@example.com, somebody-1@example.com, "));
        assert!(letter.lines().all(|line| line.len() <= LONGEST_LINE));
        assert!(recipients.iter().all(|recipient| letter.contains(recipient.as_str())));
    }

    #[test]
    fn nothing_configured_can_begin_another_header() {
        let recipients = ["a@b\r\nBcc: c@d".to_owned()];
        let head = Letterhead { router_id: "r\r\n.\r\nQUIT", from: "f\ng", recipients: &recipients };
        let letter = head.letter(&alert(), DATE);
        assert_eq!(letter.matches("\r\n").count(), 9, "{letter}");
        assert_eq!(envelope_address("a@b>\r\nDATA"), "a@b>DATA");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let recipients = ["a@b".to_owned()];
        let head = Letterhead { router_id: &"ä".repeat(300), from: "f", recipients: &recipients };
        let letter = head.letter(&alert(), DATE);
        let subject = letter.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject");
        assert_eq!(subject.len(), 255);
    }

    #[test]
    fn the_envelope_has_the_mailbox_alone() {
        assert_eq!(envelope_address("ka@example.net"), "ka@example.net");
        assert_eq!(envelope_address("Ka Live <ka@example.net>"), "ka@example.net");
        assert_eq!(envelope_address("<ka@example.net>"), "ka@example.net");
        assert_eq!(envelope_address("root"), "root");
        assert_eq!(envelope_address(">"), ">");
    }
}
