//! Messages that are odd, truncated, or garbage.

use super::super::address::{self, AddressOp, AddressSpec, Label, flag};
use super::super::batch::Operation;
use super::super::encode::Encoder;
use super::super::link;
use super::*;
use crate::testing::Noise;
use keepalived_types::{IfIndex, Prefix};

/// A datagram with an address, a link and an error message, as the kernel would send them.
fn sample() -> Vec<u8> {
    let mut encoder = Encoder::default();
    let index = IfIndex::new(3).expect("not 0");
    let prefix = Prefix::new("192.0.2.7".parse().expect("literal"), 24).expect("a length");
    let mut spec = AddressSpec::new(index, prefix);
    spec.label = Label::new("eth0:1");
    spec.broadcast = Some("192.0.2.255".parse().expect("literal"));
    spec.flags = flag::NOPREFIXROUTE;
    spec.protocol = Some(18);
    AddressOp::Add(spec).encode(7, &mut encoder);
    let mut body = [0; 16];
    body[2..4].copy_from_slice(&1_u16.to_ne_bytes());
    body[4..8].copy_from_slice(&5_u32.to_ne_bytes());
    body[8..12].copy_from_slice(&0x11043_u32.to_ne_bytes());
    encoder.begin(libc::RTM_NEWLINK, 0, 0, &body);
    encoder.attribute(libc::IFLA_IFNAME, b"vrrp.51\0");
    encoder.attribute(libc::IFLA_MTU, &1500_u32.to_ne_bytes());
    encoder.attribute(libc::IFLA_LINK, &2_u32.to_ne_bytes());
    encoder.attribute(libc::IFLA_ADDRESS, &[0, 0, 0x5e, 0, 1, 51]);
    // IFLA_LINKINFO with IFLA_INFO_KIND inside, nested flag set.
    encoder.attribute(libc::IFLA_LINKINFO | 0x8000, b"\x0c\0\x01\0macvlan\0");
    let mut body = [0; 20];
    body[..4].copy_from_slice(&(-17_i32).to_ne_bytes());
    body[4..8].copy_from_slice(&16_u32.to_ne_bytes());
    encoder.begin(ERROR, CAPPED | ACK_ATTRIBUTES, 9, &body);
    encoder.attribute(ERROR_TEXT, b"already there\0");
    encoder.bytes().to_vec()
}

/// Everything that reads what comes from outside; none of it may panic.
fn read_all(bytes: &[u8]) -> usize {
    let count = |bytes| Attributes(bytes).map(|attribute| attribute.nested().count() + 1).sum::<usize>();
    let mut read = 0;
    for message in Messages(bytes) {
        read += usize::from(link::decode(message).is_some());
        read += usize::from(address::decode(message).is_some());
        read += usize::from(outcome_of(message).is_some());
        // The attributes begin behind an ifaddrmsg, an ifinfomsg or an nlmsgerr.
        read += [8, 16, 20].iter().filter_map(|&body| message.payload.get(body..)).map(count).sum::<usize>();
    }
    read
}

#[test]
fn a_whole_datagram_is_read() {
    let bytes = sample();
    let messages: Vec<_> = Messages(&bytes).collect();
    assert_eq!(messages.len(), 3);
    let address = address::decode(messages[0]).expect("an address");
    assert_eq!(address.prefix.to_string(), "192.0.2.7/24");
    assert_eq!(address.label.as_deref(), Some("eth0:1"));
    assert_eq!((address.flags, address.protocol, address.peer), (flag::NOPREFIXROUTE, Some(18), None));
    let link = link::decode(messages[1]).expect("a link");
    assert_eq!((link.name.as_str(), link.kind.as_deref(), link.mtu), ("vrrp.51", Some("macvlan"), 1500));
    assert_eq!((link.parent, link.hardware_address), (IfIndex::new(2), Some([0, 0, 0x5e, 0, 1, 51])));
    assert!(link.is_up() && link.is_running() && link.is_multicast() && link.is_broadcast());
    assert!(!link.is_noarp() && !link.is_loopback());
    assert_eq!(outcome_of(messages[2]), Some((17, Some("already there".to_owned()))));
}

#[test]
fn a_datagram_cut_anywhere_gives_only_whole_messages() {
    let bytes = sample();
    for end in 0..bytes.len() {
        assert!(Messages(&bytes[..end]).count() < 3);
        read_all(&bytes[..end]);
    }
}

#[test]
fn changed_and_random_bytes_do_no_harm() {
    let mut noise = Noise::new();
    let whole = sample();
    let mut read = 0;
    for _ in 0..20_000 {
        read += read_all(&noise.spoil(&whole));
        read += read_all(&noise.bytes(200));
    }
    assert!(read > 200_000, "much of it is still readable: {read}");
}

#[test]
fn an_odd_attribute_is_ignored_and_the_others_count() {
    let mut encoder = Encoder::default();
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&5_u32.to_ne_bytes());
    encoder.begin(libc::RTM_NEWLINK, 0, 0, &body);
    encoder.attribute(libc::IFLA_MTU, &[1]);
    encoder.attribute(libc::IFLA_ADDRESS, &[1, 2, 3]);
    encoder.attribute(0x3ff0, &[0; 100]);
    encoder.attribute(libc::IFLA_IFNAME, b"eth\xff");
    let message = Messages(encoder.bytes()).next().expect("a message");
    let link = link::decode(message).expect("a link");
    assert_eq!((link.mtu, link.hardware_address, link.name.as_str()), (0, None, "eth\u{fffd}"));
}

#[test]
fn a_bridge_port_message_is_not_about_the_interface() {
    let mut encoder = Encoder::default();
    let mut body = [0; 16];
    body[0] = u8::try_from(libc::AF_BRIDGE).expect("small");
    body[4..8].copy_from_slice(&5_u32.to_ne_bytes());
    encoder.begin(libc::RTM_DELLINK, 0, 0, &body);
    let message = Messages(encoder.bytes()).next().expect("a message");
    assert_eq!(link::index_of(message), None);
}
