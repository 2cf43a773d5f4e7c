//! Names to ask for, and datagrams that come back.
#![no_main]

use keepalived_checks::dns::message::{Query, Reply};
use keepalived_lvs::config::DnsType;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &str, &[u8])| {
    let (id, name, datagram) = input;
    let Ok(query) = Query::new(id, DnsType::Txt, name) else { return };
    assert!(query.bytes().len() <= 12 + 255 + 4);
    assert_eq!(query.read(query.bytes()), Reply::Ignored, "a query is no response");
    if let Reply::Code(rcode) = query.read(datagram) {
        assert!(rcode < 16 && datagram.len() >= 12 && datagram[..2] == id.to_be_bytes());
    }
});
