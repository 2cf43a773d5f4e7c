//! Reads the capture files tcpdump writes here: little-endian pcap with nanoseconds, Ethernet or, from the interface
//! `any`, "Linux cooked"; from a tap on netlink the frames come as they are.

use std::time::{Duration, SystemTime};

use crate::{Error, Result};

const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
const LINK_ETHERNET: u32 = 1;
/// LINKTYPE_LINUX_SLL2 (tcpdump.org's list of link-layer header types).
const LINK_COOKED: u32 = 276;
/// LINKTYPE_NETLINK.
const LINK_NETLINK: u32 = 253;
/// Protocol, reserved, interface, ARPHRD, packet type, address length, address of 8 bytes.
const COOKED_HEADER: usize = 20;
const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

/// One captured frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The kernel's time stamp.
    pub(crate) at: SystemTime,
    /// The bytes, from the destination address on.
    pub(crate) bytes: Vec<u8>,
}

/// The frames of a file that may still be growing: a last, incomplete record is left for the next reading.
///
/// # Errors
/// When the file is of another kind.
pub(crate) fn frames(file: &[u8]) -> Result<Vec<Frame>> {
    if file.len() < FILE_HEADER {
        return Ok(Vec::new());
    }
    let is_cooked = word(file, 20) == Some(LINK_COOKED);
    let is_known = is_cooked || matches!(word(file, 20), Some(LINK_ETHERNET | LINK_NETLINK));
    if word(file, 0) != Some(MAGIC_NANOSECONDS) || !is_known {
        return Err(Error::Unexpected("the capture is neither Ethernet nor cooked with nanoseconds".into()));
    }
    let mut rest = &file[FILE_HEADER..];
    let mut frames = Vec::new();
    while let Some((mut frame, after)) = record(rest) {
        rest = after;
        if is_cooked {
            frame.bytes = uncooked(&frame.bytes);
        }
        frames.push(frame);
    }
    Ok(frames)
}

/// An Ethernet frame again; the destination address is not in the file.
fn uncooked(bytes: &[u8]) -> Vec<u8> {
    let Some((header, payload)) = bytes.split_at_checked(COOKED_HEADER) else {
        return Vec::new();
    };
    let mut frame = vec![0; 6];
    frame.extend(&header[12..18]);
    frame.extend(&header[..2]);
    frame.extend(payload);
    frame
}

fn record(bytes: &[u8]) -> Option<(Frame, &[u8])> {
    let since_epoch = Duration::new(u64::from(word(bytes, 0)?), word(bytes, 4)?);
    let length = usize::try_from(word(bytes, 8)?).ok()?;
    let body = bytes.get(RECORD_HEADER..)?;
    let frame = Frame { at: SystemTime::UNIX_EPOCH + since_epoch, bytes: body.get(..length)?.to_vec() };
    Some((frame, &body[length..]))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(records: &[&[u8]]) -> Vec<u8> {
        let mut file = MAGIC_NANOSECONDS.to_le_bytes().to_vec();
        file.extend([0; 16]);
        file.extend(LINK_ETHERNET.to_le_bytes());
        for record in records {
            let length = u32::try_from(record.len()).expect("small");
            for word in [7, 8, length, length] {
                file.extend(word.to_le_bytes());
            }
            file.extend(*record);
        }
        file
    }

    #[test]
    fn frames_come_with_their_times() {
        let frames = frames(&file(&[b"one", b"three"])).expect("well formed");
        assert_eq!(frames.len(), 2);
        assert_eq!(frames[1].bytes, b"three");
        assert_eq!(frames[0].at, SystemTime::UNIX_EPOCH + Duration::new(7, 8));
    }

    #[test]
    fn every_truncation_yields_whole_frames_only() {
        let whole = file(&[b"one", b"three"]);
        for length in 0..whole.len() {
            let count = frames(&whole[..length]).expect("a prefix is not malformed").len();
            assert!(count < 2, "{length}");
        }
    }

    #[test]
    fn a_cooked_frame_becomes_an_ethernet_frame() {
        let cooked = [8, 6, 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 7, 0, 0, b'a', b'r', b'p'];
        let mut file = file(&[&cooked, b"short"]);
        file[20..24].copy_from_slice(&LINK_COOKED.to_le_bytes());
        let frames = frames(&file).expect("well formed");
        assert_eq!(frames[0].bytes, [0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 7, 8, 6, b'a', b'r', b'p']);
        assert!(frames[1].bytes.is_empty());
    }

    #[test]
    fn another_format_is_refused() {
        assert!(frames(&[0; 64]).is_err());
    }
}
