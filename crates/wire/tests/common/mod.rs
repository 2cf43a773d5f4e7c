//! Captures: as much of the pcap format as tcpdump's files and tshark's input need.

use std::path::Path;

/// The magic number of a little-endian file with microseconds; all files here are of this kind.
const MAGIC: [u8; 4] = [0xd4, 0xc3, 0xb2, 0xa1];
const LINK_TYPE_ETHERNET: u32 = 1;
const FILE_HEADER_LEN: usize = 24;
const RECORD_HEADER_LEN: usize = 16;

/// The frames of `tests/captures/NAME.pcap`, in order.
#[allow(dead_code, reason = "not every test binary reads captures")]
pub(crate) fn capture(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(name).with_extension("pcap");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(bytes[..4], MAGIC, "{name} has another format");
    assert_eq!(word(&bytes, 20), LINK_TYPE_ETHERNET, "{name} is not from Ethernet");
    let mut frames = Vec::new();
    let mut offset = FILE_HEADER_LEN;
    while offset < bytes.len() {
        let captured = word(&bytes, offset + 8);
        assert_eq!(captured, word(&bytes, offset + 12), "{name} holds a frame that was cut");
        let start = offset + RECORD_HEADER_LEN;
        offset = start + usize::try_from(captured).expect("a frame fits memory");
        frames.push(bytes[start..offset].to_vec());
    }
    assert!(!frames.is_empty(), "{name} is empty");
    frames
}

/// A pcap file that holds `frames`, one a second.
#[allow(dead_code, reason = "not every test binary writes captures")]
pub(crate) fn pcap_of(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend([2, 0, 4, 0]);
    for field in [0, 0, 65535, LINK_TYPE_ETHERNET] {
        out.extend(field.to_le_bytes());
    }
    for (second, frame) in (1_u32..).zip(frames) {
        let length = u32::try_from(frame.len()).expect("a frame is short");
        for field in [second, 0, length, length] {
            out.extend(field.to_le_bytes());
        }
        out.extend(frame);
    }
    out
}

fn word(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().expect("four bytes"))
}
