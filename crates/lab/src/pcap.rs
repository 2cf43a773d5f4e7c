//! Reads the capture files tcpdump writes here: little-endian pcap with nanoseconds, Ethernet.

use std::time::{Duration, SystemTime};

use crate::{Error, Result};

const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;
const LINK_ETHERNET: u32 = 1;
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
    if word(file, 0) != Some(MAGIC_NANOSECONDS) || word(file, 20) != Some(LINK_ETHERNET) {
        return Err(Error::Unexpected("the capture is not Ethernet with nanoseconds".into()));
    }
    let mut rest = &file[FILE_HEADER..];
    let mut frames = Vec::new();
    while let Some((frame, after)) = record(rest) {
        frames.push(frame);
        rest = after;
    }
    Ok(frames)
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
    fn another_format_is_refused() {
        assert!(frames(&[0; 64]).is_err());
    }
}
