//! `UDP_CHECK`: sends a datagram and looks at what comes back, if anything must (lvs reference 5.10).

use crate::attempt::{PASSED, failed, timed_out, words};
use crate::connect;
use crate::context::Context;
use keepalived_lvs::Outcome;
use keepalived_lvs::config::{Nibble, ReplyPattern, UdpCheck};
use tokio::time::timeout;

/// What is sent when nothing is configured, repeated and cut to the length that is needed.
const TEXT: &[u8] = b"keepalived check - ";
/// How much of it a datagram has.
const TEXT_LENGTH: usize = 32;

/// Sends the payload and waits. Without `require_reply`, silence passes; ICMP's "unreachable" fails in any case.
pub(crate) async fn check(check: &UdpCheck, context: &Context) -> Outcome {
    let socket = match connect::datagrams(&check.connection) {
        Ok(socket) => socket,
        Err(why) => return why.outcome("failed", "failed"),
    };
    let payload = check.payload.clone().unwrap_or_else(|| filling(TEXT_LENGTH));
    let exchange = async {
        connect::send(&socket, &payload).await?;
        let mut matches = false;
        let read = |reply: &[u8]| matches = expected(reply, check);
        connect::receive(&socket, context.scratch(), read).await?;
        Ok::<bool, std::io::Error>(matches)
    };
    match timeout(check.connection.timeout, exchange).await {
        Err(_silence) if check.reply.is_none() => PASSED,
        Err(_silence) => timed_out("failed"),
        Ok(Err(error)) => failed("failed", Some(words(&error))),
        Ok(Ok(true)) => PASSED,
        Ok(Ok(false)) => failed("reply data mismatch", None),
    }
}

/// So many bytes of the text that fills packets.
pub(crate) fn filling(length: usize) -> Vec<u8> {
    TEXT.iter().copied().cycle().take(length).collect()
}

fn expected(reply: &[u8], check: &UdpCheck) -> bool {
    let Some(pattern) = check.reply.as_ref().filter(|pattern| !pattern.nibbles.is_empty()) else {
        return true;
    };
    let bounds = usize::from(check.min_reply_length)..=usize::from(check.max_reply_length);
    bounds.contains(&reply.len()) && begins_with(reply, pattern)
}

/// Do the bytes and the pattern agree as far as both go?
fn begins_with(reply: &[u8], pattern: &ReplyPattern) -> bool {
    let nibbles = reply.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    nibbles.zip(&pattern.nibbles).all(|(got, wanted)| match wanted {
        Nibble::Any => true,
        Nibble::Exactly(wanted) => got == *wanted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_lvs::config::Connection;
    use std::time::Duration;

    /// `require_reply ab 1x f`, 3 to 16 bytes.
    fn check() -> UdpCheck {
        let any = "127.0.0.1:1".parse().expect("an address");
        let exactly = Nibble::Exactly;
        UdpCheck {
            connection: Connection {
                destination: any,
                source: None,
                interface: None,
                timeout: Duration::from_secs(1),
                mark: 0,
            },
            payload: None,
            reply: Some(ReplyPattern {
                nibbles: vec![exactly(0xa), exactly(0xb), exactly(1), Nibble::Any, exactly(0), exactly(0xf)],
            }),
            min_reply_length: 3,
            max_reply_length: 16,
        }
    }

    #[test]
    fn c63_replies_are_compared_as_far_as_both_go_within_the_lengths() {
        let long = [&[0xab, 0x1c, 0x0f][..], &[0; 20]].concat();
        for (reply, good) in [
            (&[0xab, 0x1c, 0x0f][..], true),
            (&[0xab, 0x10, 0x0f, 0x99], true),
            (&[0xab, 0x99, 0x0f], false),
            (&[0xab], false),
            (&long, false),
            (&[], false),
        ] {
            assert_eq!(expected(reply, &check()), good, "{reply:02x?}");
        }
        let short_allowed = UdpCheck { min_reply_length: 0, ..check() };
        assert!(expected(&[0xab], &short_allowed));
        let anything = UdpCheck { reply: Some(ReplyPattern::default()), ..check() };
        assert!(
            expected(&[], &anything) && expected(&long, &anything),
            "without a pattern lengths do not matter"
        );
    }

    #[test]
    fn the_text_is_that_of_the_recording() {
        assert_eq!(filling(TEXT_LENGTH), b"keepalived check - keepalived ch");
    }
}
