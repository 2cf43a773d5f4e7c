//! ICMP echo requests and replies (RFC 792, RFC 4443 §4). No sockets.

/// The length of an ICMP header.
const HEADER: usize = 8;

/// Which ICMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// ICMP.
    V4,
    /// ICMPv6.
    V6,
}

/// How a socket delivers packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// ICMP alone, and only replies to us: the kernel chose our identifier.
    Bare,
    /// Everything of the protocol; over IPv4 with the IP header in front.
    Raw,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Which ICMP.
    pub family: Family,
    /// What the socket delivers.
    pub framing: Framing,
    /// Our identifier; the kernel replaces it on bare sockets.
    pub id: u16,
    /// The sequence number.
    pub sequence: u16,
}

impl Echo {
    /// The packet to send.
    #[must_use]
    pub fn request(&self, text: &[u8]) -> Vec<u8> {
        let kind = match self.family {
            Family::V4 => 8,
            Family::V6 => 128,
        };
        let [id_high, id_low] = self.id.to_be_bytes();
        let [sequence_high, sequence_low] = self.sequence.to_be_bytes();
        let mut packet = vec![kind, 0, 0, 0, id_high, id_low, sequence_high, sequence_low];
        packet.extend_from_slice(text);
        // The kernel fills in that of ICMPv6, which covers addresses as well.
        if self.family == Family::V4 {
            let sum = checksum(&packet).to_be_bytes();
            for (field, byte) in packet.iter_mut().skip(2).zip(sum) {
                *field = byte;
            }
        }
        packet
    }

    /// Whether a packet is the reply to this request.
    #[must_use]
    pub fn is_answered_by(&self, packet: &[u8]) -> bool {
        let icmp = match (self.family, self.framing) {
            (Family::V4, Framing::Raw) => behind_ip_header(packet),
            _ => Some(packet),
        };
        let header = icmp.and_then(<[u8]>::first_chunk::<HEADER>);
        let Some([kind, code, _, _, id_high, id_low, sequence_high, sequence_low]) = header else {
            return false;
        };
        let id = u16::from_be_bytes([*id_high, *id_low]);
        let sequence = u16::from_be_bytes([*sequence_high, *sequence_low]);
        let reply = match self.family {
            Family::V4 => 0,
            Family::V6 => 129,
        };
        let is_for_us = self.framing == Framing::Bare || id == self.id;
        *kind == reply && *code == 0 && is_for_us && sequence == self.sequence
    }
}

/// What follows an IPv4 header of whatever length.
fn behind_ip_header(packet: &[u8]) -> Option<&[u8]> {
    let words = usize::from(packet.first()? & 0x0f);
    packet.get(words * 4..)
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or_default()])))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    u16::try_from(!folded & 0xffff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Echo = Echo { family: Family::V4, framing: Framing::Bare, id: 7, sequence: 1 };

    #[test]
    fn a_request_has_a_checksum_that_adds_up() {
        let packet = BARE.request(b"odd");
        assert_eq!((packet[0], packet[1], packet.len()), (8, 0, 11));
        assert_eq!(checksum(&packet), 0);
        let v6 = Echo { family: Family::V6, ..BARE }.request(b"");
        assert_eq!(v6, [128, 0, 0, 0, 0, 7, 0, 1]);
    }

    #[test]
    fn only_the_reply_to_this_request_counts() {
        let reply = |kind, id, sequence| vec![kind, 0, 0xff, 0xff, 0, id, 0, sequence, b'x'];
        assert!(BARE.is_answered_by(&reply(0, 99, 1)), "the kernel has replaced the identifier");
        assert!(!BARE.is_answered_by(&reply(8, 7, 1)), "a request");
        assert!(!BARE.is_answered_by(&reply(3, 7, 1)), "unreachable");
        assert!(!BARE.is_answered_by(&reply(0, 7, 2)), "another number");
        assert!(!BARE.is_answered_by(&[0, 0, 0, 0, 0, 7, 0]), "short");
        assert!(!BARE.is_answered_by(&[]));
        let v6 = Echo { family: Family::V6, ..BARE };
        assert!(v6.is_answered_by(&reply(129, 7, 1)) && !v6.is_answered_by(&reply(0, 7, 1)));
    }

    #[test]
    fn a_raw_socket_hears_others() {
        let raw = Echo { framing: Framing::Raw, ..BARE };
        let ip = |words: u8, rest: &[u8]| {
            let mut packet = vec![0; usize::from(words) * 4];
            packet[0] = 0x40 | words;
            packet.extend_from_slice(rest);
            packet
        };
        assert!(raw.is_answered_by(&ip(5, &[0, 0, 0, 0, 0, 7, 0, 1])));
        assert!(raw.is_answered_by(&ip(6, &[0, 0, 0, 0, 0, 7, 0, 1])), "with an IP option");
        assert!(!raw.is_answered_by(&ip(5, &[0, 0, 0, 0, 0, 8, 0, 1])), "somebody else's");
        assert!(!raw.is_answered_by(&[0x4f; 20]), "a header longer than the packet");
    }
}
