//! What the kernel says over netlink about interfaces, addresses, routes, rules, IPVS and nftables: whole datagrams, and
//! single messages of each kind, whose header is as it should be.
#![no_main]

use keepalived_kernel::answers;
use libfuzzer_sys::fuzz_target;

/// Errors, ends of dumps, the controller of generic netlink, links, addresses, routes, rules, a table, a rule, elements and
/// the generation of nftables, and a number that IPVS may get.
const KINDS: [u16; 16] = [2, 3, 16, 17, 20, 21, 24, 25, 28, 32, 33, 0x0a00, 4, 0x0a06, 0x0a0c, 0x0a0f];

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (kind, flags, payload) = input;
    assert!(answers::read(payload) <= payload.len());
    let mut message = u32::try_from(payload.len() + 16).expect("inputs are small").to_ne_bytes().to_vec();
    message.extend(KINDS[usize::from(kind) % KINDS.len()].to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([0; 8]);
    message.extend(payload);
    assert!(answers::read(&message) <= message.len());
});
