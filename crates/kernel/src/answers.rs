//! Every reader of what the kernel says over netlink, for bytes that need not be from it: the way in of the fuzzer.

use crate::netlink::decode::{Messages, outcome_of};
use crate::{ipvs, netlink, nftables};

/// Reads a datagram with each reader there is. Returns how many things were found in it.
#[must_use]
pub fn read(datagram: &[u8]) -> usize {
    Messages(datagram)
        .map(|message| {
            usize::from(outcome_of(message).is_some())
                + usize::from(netlink::change_of(message).is_some())
                + ipvs::found_in(message)
                + usize::from(nftables::generation_of(message).is_some())
                + usize::from(nftables::part_of(message).is_some())
        })
        .sum()
}
