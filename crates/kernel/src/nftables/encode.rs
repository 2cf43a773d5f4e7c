//! A table that marks packets, as messages of a batch.
//!
//! What `nft list ruleset` shows of one with a TCP range and one for every port:
//!
//! ```text
//! table ip keepalived_ipvs {
//!     map tcp_map {
//!         type ipv4_addr . inet_service : mark
//!         flags interval
//!         elements = { 10.0.1.0/24 . 80 : 0x000003e8 }
//!     }
//!     map tcp_any_map { ... elements = { 10.0.2.1 . 0-65535 : 0x000003e9 } }
//!     chain in {
//!         type filter hook input priority filter - 1; policy accept;
//!         meta mark set ip daddr . tcp dport map @tcp_map counter packets 0 bytes 0 return
//!         meta mark set ip daddr . tcp dport map @tcp_any_map counter packets 0 bytes 0 return
//!     }
//! }
//! ```
//!
//! A lookup that finds nothing ends its rule, and the next one has its turn: so a port that is named comes first, as it
//! does in IPVS.

use super::attribute::{
    BATCH_BEGIN, BATCH_END, LIST_ELEMENT, NFTABLES, chain, element, message, rule, set, table,
};
use super::put_text;
use crate::netlink::encode::{ACK, APPEND, CREATE, Encoder};
use keepalived_types::ipvs::Protocol;
use keepalived_types::{Family, MarkedRange};
use std::net::IpAddr;

/// The chain, as the original calls it.
pub(super) const CHAIN: &str = "in";
/// NLA_F_NESTED.
const NESTED: u16 = 0x8000;
/// An attribute holds less than 64 KiB; an element for IPv6 takes 92 bytes.
const ELEMENTS_A_MESSAGE: usize = 500;

/// Messages that the kernel takes together or not at all.
#[derive(Debug, Default)]
pub(super) struct Batch {
    encoder: Encoder,
    /// The sequence number of its beginning.
    pub(super) first: u32,
    /// The messages between beginning and end, each of which is answered.
    pub(super) messages: u32,
    sets: u32,
}

impl Batch {
    pub(super) fn begin(sequence: u32) -> Self {
        let mut batch = Self { first: sequence, ..Self::default() };
        batch.encoder.begin(BATCH_BEGIN, 0, sequence, &[0, 0, 0, NFTABLES]);
        batch
    }

    /// Ends it. Returns what is to be sent, and the next sequence number.
    pub(super) fn end(&mut self) -> (&[u8], u32) {
        let sequence = self.first.wrapping_add(self.messages).wrapping_add(1);
        self.encoder.begin(BATCH_END, 0, sequence, &[0, 0, 0, NFTABLES]);
        (self.encoder.bytes(), sequence.wrapping_add(1))
    }

    /// The table goes.
    pub(super) fn remove(&mut self, family: Family, name: &str) {
        self.message(message::DEL_TABLE, 0, family);
        self.text(table::NAME, name);
    }

    /// In place of a table of this name, if there is one, comes one with these ranges, all of this family.
    pub(super) fn replace(&mut self, family: Family, name: &str, priority: i32, ranges: &[MarkedRange]) {
        self.create(family, name);
        self.remove(family, name);
        self.create(family, name);
        self.message(message::NEW_CHAIN, CREATE, family);
        self.text(chain::TABLE, name);
        self.text(chain::NAME, CHAIN);
        let hook = self.encoder.begin_nest(chain::HOOK | NESTED);
        self.number(chain::HOOK_NUMBER, chain::LOCAL_IN);
        self.encoder.attribute(chain::HOOK_PRIORITY, &priority.to_be_bytes());
        self.encoder.end_nest(hook);
        self.number(chain::POLICY, chain::ACCEPT);
        self.text(chain::TYPE, "filter");
        for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Sctp] {
            for any in [false, true] {
                let those: Vec<MarkedRange> = ranges
                    .iter()
                    .filter(|range| range.protocol == protocol && (range.port == 0) == any)
                    .copied()
                    .collect();
                if !those.is_empty() {
                    self.map(family, name, protocol, any, &those);
                }
            }
        }
    }

    fn create(&mut self, family: Family, name: &str) {
        self.message(message::NEW_TABLE, CREATE, family);
        self.text(table::NAME, name);
    }

    /// A map, the rule that looks into it, and what is in it.
    fn map(&mut self, family: Family, table: &str, protocol: Protocol, any: bool, ranges: &[MarkedRange]) {
        let name = format!("{}{}", name_of(protocol), if any { "_any_map" } else { "_map" });
        self.sets += 1;
        let id = self.sets;
        self.message(message::NEW_SET, CREATE, family);
        self.text(set::TABLE, table);
        self.text(set::NAME, &name);
        self.number(set::FLAGS, set::INTERVAL_MAP_CONCAT);
        let (address, length) = address_type(family);
        self.number(set::KEY_TYPE, address << set::TYPE_BITS | set::SERVICE);
        self.number(set::KEY_LENGTH, length + 4);
        self.number(set::DATA_TYPE, set::MARK);
        self.number(set::DATA_LENGTH, 4);
        self.number(set::ID, id);
        let description = self.encoder.begin_nest(set::DESCRIPTION | NESTED);
        let fields = self.encoder.begin_nest(set::DESCRIPTION_CONCAT | NESTED);
        for length in [length, 2] {
            let field = self.encoder.begin_nest(LIST_ELEMENT | NESTED);
            self.number(set::FIELD_LENGTH, length);
            self.encoder.end_nest(field);
        }
        self.encoder.end_nest(fields);
        self.encoder.end_nest(description);
        let order = set::HOST_ORDER.to_ne_bytes();
        let orders: Vec<u8> =
            set::BYTE_ORDERS.iter().flat_map(|head| head.iter().chain(&order)).copied().collect();
        self.encoder.attribute(set::USER_DATA, &orders);
        self.rule(family, table, protocol, &name, id);
        for ranges in ranges.chunks(ELEMENTS_A_MESSAGE) {
            self.elements(family, table, &name, id, ranges);
        }
    }

    fn rule(&mut self, family: Family, table: &str, protocol: Protocol, map: &str, id: u32) {
        let (offset, behind) = match family {
            Family::V4 => (16, rule::BEHIND_IPV4),
            Family::V6 => (24, rule::BEHIND_IPV6),
        };
        let (_, length) = address_type(family);
        self.message(message::NEW_RULE, CREATE | APPEND, family);
        self.text(rule::TABLE, table);
        self.text(rule::CHAIN, CHAIN);
        let expressions = self.encoder.begin_nest(rule::EXPRESSIONS | NESTED);
        self.expression("meta", |batch| {
            batch.number(rule::META_KEY, rule::PROTOCOL);
            batch.number(rule::META_INTO, rule::REGISTER_1);
        });
        self.expression("cmp", |batch| {
            batch.number(rule::COMPARE_FROM, rule::REGISTER_1);
            batch.number(rule::COMPARE_HOW, rule::EQUAL);
            batch.value(rule::COMPARE_WITH, &[protocol.number()]);
        });
        for (into, base, offset, length) in
            [(rule::REGISTER_1, rule::NETWORK_HEADER, offset, length), (behind, rule::TRANSPORT_HEADER, 2, 2)]
        {
            self.expression("payload", |batch| {
                batch.number(rule::PAYLOAD_INTO, into);
                batch.number(rule::PAYLOAD_BASE, base);
                batch.number(rule::PAYLOAD_OFFSET, offset);
                batch.number(rule::PAYLOAD_LENGTH, length);
            });
        }
        self.expression("lookup", |batch| {
            batch.number(rule::LOOKUP_FROM, rule::REGISTER_1);
            batch.number(rule::LOOKUP_INTO, rule::REGISTER_1);
            batch.text(rule::LOOKUP_SET, map);
            batch.number(rule::LOOKUP_SET_ID, id);
        });
        self.expression("meta", |batch| {
            batch.number(rule::META_KEY, rule::MARK);
            batch.number(rule::META_FROM, rule::REGISTER_1);
        });
        self.expression("counter", |batch| {
            batch.encoder.attribute(rule::COUNTER_BYTES, &[0; 8]);
            batch.encoder.attribute(rule::COUNTER_PACKETS, &[0; 8]);
        });
        self.expression("immediate", |batch| {
            batch.number(rule::IMMEDIATE_INTO, rule::REGISTER_VERDICT);
            let data = batch.encoder.begin_nest(rule::IMMEDIATE_DATA | NESTED);
            let verdict = batch.encoder.begin_nest(element::VERDICT | NESTED);
            batch.encoder.attribute(element::VERDICT_CODE, &element::RETURN.to_be_bytes());
            batch.encoder.end_nest(verdict);
            batch.encoder.end_nest(data);
        });
        self.encoder.end_nest(expressions);
    }

    fn expression(&mut self, name: &str, data: impl FnOnce(&mut Self)) {
        let expression = self.encoder.begin_nest(LIST_ELEMENT | NESTED);
        self.text(rule::NAME, name);
        let nest = self.encoder.begin_nest(rule::DATA | NESTED);
        data(self);
        self.encoder.end_nest(nest);
        self.encoder.end_nest(expression);
    }

    fn elements(&mut self, family: Family, table: &str, map: &str, id: u32, ranges: &[MarkedRange]) {
        self.message(message::NEW_SET_ELEMENT, CREATE, family);
        self.text(element::SET, map);
        self.number(element::SET_ID, id);
        self.text(element::TABLE, table);
        let elements = self.encoder.begin_nest(element::ELEMENTS | NESTED);
        for range in ranges {
            let (low, high) = if range.port == 0 { (0, u16::MAX) } else { (range.port, range.port) };
            let nest = self.encoder.begin_nest(LIST_ELEMENT | NESTED);
            self.value(element::KEY, &key(range.first, low));
            self.value(element::KEY_END, &key(range.last, high));
            self.value(element::DATA, &range.mark.to_ne_bytes());
            self.encoder.end_nest(nest);
        }
        self.encoder.end_nest(elements);
    }

    /// Begins a message with its struct nfgenmsg.
    fn message(&mut self, kind: u8, flags: u16, family: Family) {
        self.messages += 1;
        let sequence = self.first.wrapping_add(self.messages);
        self.encoder.begin(message_type(kind), flags | ACK, sequence, &[family_of(family), 0, 0, 0]);
    }

    fn text(&mut self, kind: u16, text: &str) {
        put_text(kind, text, &mut self.encoder);
    }

    fn number(&mut self, kind: u16, number: u32) {
        self.encoder.attribute(kind, &number.to_be_bytes());
    }

    fn value(&mut self, kind: u16, value: &[u8]) {
        let nest = self.encoder.begin_nest(kind | NESTED);
        self.encoder.attribute(element::VALUE, value);
        self.encoder.end_nest(nest);
    }
}

/// The type of a message of this subsystem.
pub(super) const fn message_type(kind: u8) -> u16 {
    u16::from_be_bytes([NFTABLES, kind])
}

/// NFPROTO_IPV4 and NFPROTO_IPV6.
pub(super) const fn family_of(family: Family) -> u8 {
    match family {
        Family::V4 => 2,
        Family::V6 => 10,
    }
}

/// How `nft` calls addresses of the family, and their length.
const fn address_type(family: Family) -> (u32, u32) {
    match family {
        Family::V4 => (set::IPV4_ADDRESS, 4),
        Family::V6 => (set::IPV6_ADDRESS, 16),
    }
}

const fn name_of(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    }
}

/// An address and a port, each filled up to a register of four bytes.
fn key(address: IpAddr, port: u16) -> Vec<u8> {
    let mut key = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    key.extend(port.to_be_bytes());
    key.extend([0, 0]);
    key
}
