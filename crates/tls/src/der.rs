//! A session without the certificate of its peer: a tenth of the size, and as good for resuming.

/// `peer` of OpenSSL's `SSL_SESSION_ASN1`: context specific, constructed, number 3.
const PEER: u8 = 0xa3;
/// A sequence.
const SEQUENCE: u8 = 0x30;

/// Leaves the peer's certificate out of an encoded session (i2d_SSL_SESSION(3)). `None` for what is no such thing.
pub(crate) fn without_certificate(session: &[u8]) -> Option<Vec<u8>> {
    let (SEQUENCE, mut rest, []) = split(session)?.parts() else {
        return None;
    };
    let mut kept = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let element = split(rest)?;
        if element.tag != PEER {
            kept.extend_from_slice(rest.get(..rest.len() - element.rest.len())?);
        }
        rest = element.rest;
    }
    let mut encoded = header(SEQUENCE, kept.len());
    encoded.reserve_exact(kept.len());
    encoded.extend(kept);
    Some(encoded)
}

/// An element of DER (X.690 §8.1) and what follows it.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Element<'a> {
    const fn parts(self) -> (u8, &'a [u8], &'a [u8]) {
        (self.tag, self.content, self.rest)
    }
}

/// Takes the first element apart from the rest. Tags of one byte are all there are here.
fn split(bytes: &[u8]) -> Option<Element<'_>> {
    let (tag, bytes) = bytes.split_first()?;
    let (first, bytes) = bytes.split_first()?;
    let (length, bytes) = if *first < 0x80 {
        (usize::from(*first), bytes)
    } else {
        let (octets, bytes) = bytes.split_at_checked(usize::from(*first & 0x7f))?;
        if octets.len() > size_of::<u32>() {
            return None;
        }
        (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), bytes)
    };
    let (content, rest) = bytes.split_at_checked(length)?;
    Some(Element { tag: *tag, content, rest })
}

/// Tag and length.
fn header(tag: u8, length: usize) -> Vec<u8> {
    let octets = length.to_be_bytes();
    let significant = octets.iter().skip_while(|octet| **octet == 0).copied();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => vec![tag, short],
        _ => {
            let count = u8::try_from(significant.clone().count()).unwrap_or(0);
            [tag, 0x80 | count].into_iter().chain(significant).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_goes_and_everything_else_stays() {
        let session = [0x30, 11, 0x02, 1, 1, 0xa3, 3, 0x30, 1, 9, 0xa4, 1, 7];
        assert_eq!(without_certificate(&session), Some(vec![0x30, 6, 0x02, 1, 1, 0xa4, 1, 7]));
    }

    #[test]
    fn long_elements_keep_their_lengths() {
        let ticket: Vec<u8> = [0xaa, 0x82, 1, 0x2c].into_iter().chain([5; 300]).collect();
        let peer: Vec<u8> = [0xa3, 0x81, 200].into_iter().chain([6; 200]).collect();
        let length = u16::try_from(ticket.len() + peer.len()).expect("some hundreds").to_be_bytes();
        let session = [&[0x30, 0x82, length[0], length[1]], &peer[..], &ticket[..]].concat();
        let length = u16::try_from(ticket.len()).expect("some hundreds").to_be_bytes();
        let expected = [&[0x30, 0x82, length[0], length[1]], &ticket[..]].concat();
        assert_eq!(without_certificate(&session), Some(expected));
    }

    #[test]
    fn what_is_no_session_is_refused() {
        for garbage in
            [&[][..], &[0x30], &[0x30, 5, 1], &[0x31, 0], &[0x30, 0, 1], &[0x30, 0x85, 0, 0, 0, 0, 0]]
        {
            assert_eq!(without_certificate(garbage), None, "{garbage:?}");
        }
    }
}
