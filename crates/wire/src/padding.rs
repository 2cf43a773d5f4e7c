//! When surplus bytes are Ethernet's padding and not somebody's data.

use crate::ethernet::MIN_PAYLOAD;

/// Does a packet whose header implies `implied` bytes fit `received` bytes?
///
/// It does when they are equal. It also does when the packet was too short for Ethernet and the link filled it up
/// to 46 bytes; since VRRP packets are a multiple of 4 long, such a surplus leaves 2 over 4.
/// Both lengths count the IP header for IPv4 and leave it out for IPv6.
pub(crate) const fn fits(implied: usize, received: usize) -> bool {
    match received.checked_sub(implied) {
        Some(0) => true,
        Some(surplus) => implied < MIN_PAYLOAD && surplus % 4 == 2,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_filled_up_to_46_bytes_fit() {
        for implied in [28, 32, 36, 40, 44] {
            assert!(fits(implied, implied));
            assert!(fits(implied, 46), "{implied}");
        }
    }

    #[test]
    fn other_surplus_does_not_fit() {
        assert!(!fits(44, 45));
        assert!(!fits(44, 48));
        assert!(!fits(48, 50), "nothing from 46 bytes on is padded");
        assert!(!fits(44, 43), "and nothing may be missing");
    }
}
