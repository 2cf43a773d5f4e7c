//! One question and what is needed of its answer (RFC 1035 §4). No sockets.

use keepalived_lvs::config::DnsType;
use std::fmt;

/// The length of a message's header.
const HEADER: usize = 12;
/// RFC 1035 §2.3.4.
const LONGEST_LABEL: usize = 63;
/// RFC 1035 §2.3.4: the encoded name, its root included.
const LONGEST_NAME: usize = 255;
/// Flags: a standard query, recursion desired.
const RECURSION_DESIRED: [u8; 2] = [0x01, 0x00];
/// In the third byte: this is a response.
const RESPONSE: u8 = 0x80;
/// IN.
const CLASS: [u8; 2] = [0, 1];

/// A question, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    id: u16,
    bytes: Vec<u8>,
}

/// A name that cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// Two dots in a row, or one in front.
    EmptyLabel,
    /// More than 63 bytes between dots.
    LongLabel,
    /// More than 255 bytes in all.
    TooLong,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyLabel => "it has an empty label",
            Self::LongLabel => "a label is longer than 63 bytes",
            Self::TooLong => "it is longer than 255 bytes",
        })
    }
}

/// What a datagram means to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Too short, not a response, or to another question: waiting goes on.
    Ignored,
    /// The response code (RCODE); 0 is success, whatever the answer section holds.
    Code(u8),
}

impl Query {
    /// Asks for records of this type; one question of class IN, no EDNS. `.` and nothing at all are the root.
    ///
    /// # Errors
    /// When no DNS name is spelt like this.
    pub fn new(id: u16, kind: DnsType, name: &str) -> Result<Self, BadName> {
        let mut bytes = Vec::with_capacity(HEADER + name.len() + 6);
        bytes.extend_from_slice(&id.to_be_bytes());
        bytes.extend_from_slice(&RECURSION_DESIRED);
        // One question; no answers, authorities, additional records.
        bytes.extend_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
        encode_name(name, &mut bytes)?;
        bytes.extend_from_slice(&kind.number().to_be_bytes());
        bytes.extend_from_slice(&CLASS);
        Ok(Self { id, bytes })
    }

    /// The datagram.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether a datagram answers this query, and how.
    #[must_use]
    pub fn read(&self, datagram: &[u8]) -> Reply {
        let Some([id_high, id_low, flags, more_flags, ..]) = datagram.first_chunk::<HEADER>() else {
            return Reply::Ignored;
        };
        let is_ours = u16::from_be_bytes([*id_high, *id_low]) == self.id && flags & RESPONSE != 0;
        if is_ours { Reply::Code(more_flags & 0x0f) } else { Reply::Ignored }
    }
}

fn encode_name(name: &str, bytes: &mut Vec<u8>) -> Result<(), BadName> {
    let start = bytes.len();
    let name = name.strip_suffix('.').unwrap_or(name);
    if !name.is_empty() {
        for label in name.split('.') {
            let length = match u8::try_from(label.len()) {
                Ok(0) => return Err(BadName::EmptyLabel),
                Ok(length) if label.len() <= LONGEST_LABEL => length,
                _ => return Err(BadName::LongLabel),
            };
            bytes.push(length);
            bytes.extend_from_slice(label.as_bytes());
        }
    }
    bytes.push(0);
    if bytes.len() - start > LONGEST_NAME { Err(BadName::TooLong) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str) -> Result<Vec<u8>, BadName> {
        Query::new(0x1234, DnsType::A, name).map(|query| query.bytes()[2..].to_vec())
    }

    #[test]
    fn queries_are_those_of_the_recording() {
        let www = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01";
        assert_eq!(question("www.example.org").as_deref(), Ok(&www[..]));
        assert_eq!(question("www.example.org.").as_deref(), Ok(&www[..]));
        let root = Query::new(0, DnsType::Soa, ".").expect("the root");
        assert_eq!(root.bytes()[2..], *b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x06\x00\x01");
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        let label = |length| "a".repeat(length);
        assert_eq!(question("a..b"), Err(BadName::EmptyLabel));
        assert_eq!(question(".a"), Err(BadName::EmptyLabel));
        assert!(question(&label(63)).is_ok());
        assert_eq!(question(&label(64)), Err(BadName::LongLabel));
        assert_eq!(question(&label(300)), Err(BadName::LongLabel));
        assert_eq!(question(&vec![label(63); 4].join(".")), Err(BadName::TooLong));
        assert!(question(&[label(63), label(63), label(63), label(61)].join(".")).is_ok());
    }

    #[test]
    fn c61_only_a_response_to_this_question_counts() {
        let query = Query::new(0x1234, DnsType::A, "a").expect("a name");
        let reply = |id: [u8; 2], flags: [u8; 2], rest: usize| {
            query.read(&[&id[..], &flags[..], &vec![0; rest]].concat())
        };
        let ours = [0x12, 0x34];
        assert_eq!(reply(ours, [0x81, 0x80], 8), Reply::Code(0));
        assert_eq!(reply(ours, [0x81, 0x82], 8), Reply::Code(2));
        assert_eq!(reply(ours, [0x81, 0x83], 100), Reply::Code(3));
        assert_eq!(reply([0x12, 0x35], [0x81, 0x80], 8), Reply::Ignored, "another id");
        assert_eq!(reply(ours, [0x01, 0x00], 8), Reply::Ignored, "a query");
        assert_eq!(reply(ours, [0x81, 0x80], 4), Reply::Ignored, "eight bytes");
        assert_eq!(reply(ours, [0x81, 0x80], 7), Reply::Ignored, "eleven bytes");
        assert_eq!(query.read(&[]), Reply::Ignored);
    }
}
