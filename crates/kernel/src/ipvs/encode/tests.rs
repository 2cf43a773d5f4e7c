//! What we send, compared with what the original was recorded to send.

use super::*;
use crate::netlink::decode::{Attribute, Attributes, Messages};
use keepalived_types::InterfaceName;
use keepalived_types::ipvs::{Protocol, ServicePersistence};
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

const RECORDED: &str = include_str!("../../../tests/data/ipvs/requests.txt");

/// The words of a recorded line, one after the other.
struct Words<'a> {
    plain: Vec<&'a str>,
    named: HashMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    fn of(line: &'a str) -> Self {
        let plain = line.split(' ').filter(|word| !word.contains('=')).collect();
        let named = line.split(' ').filter_map(|word| word.split_once('=')).collect();
        Self { plain, named }
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.named.get(name).map(|text| text.parse().ok().expect("a number"))
    }

    fn service_key(&self) -> ServiceKey {
        let protocol = match self.plain[1] {
            "fwm" => {
                let family = if self.plain.get(3) == Some(&"inet6") { Family::V6 } else { Family::V4 };
                return ServiceKey::Mark { mark: self.plain[2].parse().expect("a mark"), family };
            }
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "sctp" => Protocol::Sctp,
            other => panic!("{other}"),
        };
        let socket: SocketAddr = self.plain[2].parse().expect("an address with a port");
        ServiceKey::Address { protocol, address: socket.ip(), port: socket.port() }
    }

    fn destination_key(&self) -> DestinationKey {
        let socket: SocketAddr = self.plain.last().expect("words").parse().expect("an address with a port");
        DestinationKey { address: socket.ip(), port: socket.port() }
    }

    fn service(&self) -> VirtualService {
        let key = self.service_key();
        let flags = self.named["flags"].strip_suffix("/0xffffffff").expect("the whole mask");
        let flags = u32::from_str_radix(&flags[2..], 16).expect("a number");
        let mask = match key.family() {
            Family::V4 => ClientMask::V4(self.number("netmask").expect("a mask")),
            Family::V6 => ClientMask::V6(self.number("netmask").expect("a length")),
        };
        let persistence = (flags & 1 != 0).then(|| ServicePersistence {
            timeout: Duration::from_secs(self.number("timeout").expect("a time-out")),
            mask,
            engine: self.named.get("pe").map(|&name| name.to_owned()),
        });
        VirtualService { key, scheduler: self.named["sched"].to_owned(), flags: flags & !1, persistence }
    }

    fn destination(&self) -> Destination {
        let forwarding = match self.named["fwd"] {
            "masq" => Forwarding::Nat,
            "dr" => Forwarding::DirectRouting,
            "tun" => {
                let tunnel = match self.named["tun_type"] {
                    "0" => Tunnel::Ipip,
                    "1" => Tunnel::Gue(self.number("tun_port").expect("a port")),
                    "2" => Tunnel::Gre,
                    other => panic!("{other}"),
                };
                let checksum = match self.named.get("tun_flags") {
                    None | Some(&"0") => TunnelChecksum::None,
                    Some(&"1") => TunnelChecksum::Checksum,
                    Some(&"2") => TunnelChecksum::Remote,
                    Some(other) => panic!("{other}"),
                };
                Forwarding::Tunnel(tunnel, checksum)
            }
            other => panic!("{other}"),
        };
        Destination {
            key: self.destination_key(),
            forwarding,
            weight: self.number("weight").expect("a weight"),
            upper_threshold: self.number("uthresh").unwrap_or(0),
            lower_threshold: self.number("lthresh").unwrap_or(0),
        }
    }

    fn role(&self) -> SyncRole {
        if self.named["state"] == "1" { SyncRole::Master } else { SyncRole::Backup }
    }

    fn operation(&self) -> TableOperation {
        let seconds = |name| Duration::from_secs(self.number(name).expect("seconds"));
        match self.plain[0] {
            "NEW_SERVICE" => TableOperation::AddService(self.service()),
            "SET_SERVICE" => TableOperation::EditService(self.service()),
            "DEL_SERVICE" => TableOperation::RemoveService(self.service_key()),
            "NEW_DEST" => TableOperation::AddDestination(self.service_key(), self.destination()),
            "SET_DEST" => TableOperation::EditDestination(self.service_key(), self.destination()),
            "DEL_DEST" => TableOperation::RemoveDestination(self.service_key(), self.destination_key()),
            "FLUSH" => TableOperation::Flush,
            "NEW_DAEMON" => TableOperation::StartSync(SyncDaemon {
                role: self.role(),
                interface: InterfaceName::new(self.named["ifn"]).expect("a name"),
                id: self.number("syncid").expect("an id"),
                max_length: self.number("maxlen"),
                group: self.number("group"),
                port: self.number("port"),
                ttl: self.number("ttl"),
            }),
            "DEL_DAEMON" => TableOperation::StopSync(self.role(), self.number("syncid").expect("an id")),
            "SET_CONFIG" => TableOperation::SetTimeouts(ConnectionTimeouts {
                tcp: seconds("tcp"),
                tcp_fin: seconds("tcpfin"),
                udp: seconds("udp"),
            }),
            other => panic!("{other}"),
        }
    }
}

/// Attributes by number, nested ones not looked into.
type Fields<'a> = HashMap<u16, Attribute<'a>>;

fn fields<'a>(attributes: Attributes<'a>) -> Fields<'a> {
    attributes.map(|attribute| (attribute.kind, attribute)).collect()
}

fn inside<'a>(fields: &Fields<'a>, kind: u16) -> Fields<'a> {
    fields.get(&kind).map(|nest| super::tests::fields(nest.nested())).unwrap_or_default()
}

fn long(fields: &Fields<'_>, kind: u16) -> u32 {
    let attribute = fields[&kind];
    assert_eq!(attribute.value.len(), 4, "attribute {kind}");
    attribute.u32().expect("four bytes")
}

fn short(fields: &Fields<'_>, kind: u16) -> u16 {
    let attribute = fields[&kind];
    assert_eq!(attribute.value.len(), 2, "attribute {kind}");
    attribute.u16().expect("two bytes")
}

fn socket(fields: &Fields<'_>, family: u16, address: u16, port: u16) -> SocketAddr {
    let bytes: [u8; 16] = fields[&address].value.try_into().expect("room for an IPv6 address");
    let port = u16::from_be(short(fields, port));
    match family {
        2 => {
            assert_eq!(bytes[4..], [0; 12]);
            (Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]), port).into()
        }
        10 => (Ipv6Addr::from(bytes), port).into(),
        other => panic!("family {other}"),
    }
}

/// Reads a request as the recording's decoder did. The numbers here are those of lvs.md (linux/ip_vs.h), written down
/// a second time on purpose.
fn describe(bytes: &[u8]) -> String {
    let messages: Vec<_> = Messages(bytes).collect();
    let [message] = messages[..] else { panic!("{} messages", messages.len()) };
    assert_eq!((message.kind, message.sequence, message.flags), (28, 7, 1));
    let [command, version, 0, 0] = message.payload[..4] else { panic!("no generic header") };
    assert_eq!(version, 1);
    let top = fields(Attributes(&message.payload[4..]));
    let (service, destination, daemon) = (inside(&top, 1), inside(&top, 2), inside(&top, 3));
    let names = [
        "",
        "NEW_SERVICE",
        "SET_SERVICE",
        "DEL_SERVICE",
        "",
        "NEW_DEST",
        "SET_DEST",
        "DEL_DEST",
        "",
        "NEW_DAEMON",
        "DEL_DAEMON",
        "",
        "SET_CONFIG",
        "",
        "",
        "",
        "",
        "FLUSH",
    ];
    let mut text = names[usize::from(command)].to_owned();
    if !service.is_empty() {
        text += &describe_service(&service);
    }
    if !destination.is_empty() {
        text += &describe_destination(&destination);
    }
    if !daemon.is_empty() {
        text += &describe_daemon(&daemon);
    }
    for (kind, name) in [(4, "tcp"), (5, "tcpfin"), (6, "udp")] {
        if top.contains_key(&kind) {
            text += &format!(" {name}={}", long(&top, kind));
        }
    }
    text
}

fn describe_service(service: &Fields<'_>) -> String {
    let family = short(service, 1);
    let mut text = match service.get(&5) {
        Some(_) => format!(" fwm {}{}", long(service, 5), if family == 10 { " inet6" } else { "" }),
        None => {
            let protocol = match short(service, 2) {
                6 => "tcp",
                17 => "udp",
                132 => "sctp",
                other => panic!("protocol {other}"),
            };
            format!(" {protocol} {}", socket(service, family, 3, 4))
        }
    };
    if let Some(scheduler) = service.get(&6) {
        let scheduler = std::str::from_utf8(scheduler.value).expect("text").strip_suffix('\0').expect("NUL");
        let flags = service[&7].value;
        let (flags, mask) = flags.split_at(4);
        let number = |bytes: &[u8]| u32::from_ne_bytes(bytes.try_into().expect("four bytes"));
        text += &format!(" sched={scheduler} flags={:#x}/{:#x}", number(flags), number(mask));
        let mask = long(service, 9);
        let mask =
            if family == 10 { mask.to_string() } else { Ipv4Addr::from(mask.to_ne_bytes()).to_string() };
        text += &format!(" timeout={} netmask={mask}", long(service, 8));
    }
    if let Some(engine) = service.get(&11) {
        text += &format!(" pe={}", std::str::from_utf8(engine.value).expect("text").trim_end_matches('\0'));
    }
    text
}

fn describe_destination(destination: &Fields<'_>) -> String {
    let mut text = format!(" -> {}", socket(destination, short(destination, 11), 1, 2));
    if destination.contains_key(&3) {
        let method = ["masq", "local", "tun", "dr"][usize::try_from(long(destination, 3)).expect("small")];
        text += &format!(" fwd={method} weight={}", long(destination, 4));
        for (kind, name) in [(5, "uthresh"), (6, "lthresh")] {
            if long(destination, kind) != 0 {
                text += &format!(" {name}={}", long(destination, kind));
            }
        }
    }
    if let Some(kind) = destination.get(&13) {
        assert_eq!(kind.value.len(), 1);
        text += &format!(" tun_type={}", kind.value[0]);
    }
    if destination.contains_key(&14) {
        text += &format!(" tun_port={}", u16::from_be(short(destination, 14)));
    }
    if destination.contains_key(&15) {
        text += &format!(" tun_flags={}", short(destination, 15));
    }
    text
}

fn describe_daemon(daemon: &Fields<'_>) -> String {
    let mut text = format!(" state={}", long(daemon, 1));
    if let Some(name) = daemon.get(&2) {
        text += &format!(" ifn={}", std::str::from_utf8(name.value).expect("text").trim_end_matches('\0'));
    }
    text += &format!(" syncid={}", long(daemon, 3));
    if daemon.contains_key(&4) {
        text += &format!(" maxlen={}", short(daemon, 4));
    }
    for kind in [5, 6] {
        if let Some(group) = daemon.get(&kind) {
            text += &format!(" group={}", group.address().expect("an address"));
        }
    }
    if daemon.contains_key(&7) {
        text += &format!(" port={}", short(daemon, 7));
    }
    if let Some(ttl) = daemon.get(&8) {
        text += &format!(" ttl={}", ttl.value[0]);
    }
    text
}

fn encoded(operation: &TableOperation) -> Vec<u8> {
    let mut encoder = Encoder::default();
    Request { family: 28, operation: operation.clone() }.encode(7, &mut encoder);
    encoder.bytes().to_vec()
}

#[test]
fn every_recorded_request_is_sent_as_the_original_sent_it() {
    let mut compared = 0;
    for line in RECORDED.lines().filter(|line| !line.starts_with('#')) {
        // A question, and a defect of the original (D-12 in lvs.md: an interface without a name).
        if line == "GET_CONFIG" || line.contains(" ifn= ") {
            continue;
        }
        assert_eq!(describe(&encoded(&Words::of(line).operation())), line);
        compared += 1;
    }
    assert_eq!(compared, 434, "of 436 lines");
}

#[test]
fn requests_are_these_bytes() {
    let key = ServiceKey::Mark { mark: 5, family: Family::V6 };
    let address = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2).into();
    let key_of_destination = DestinationKey { address, port: 80 };
    let bytes = encoded(&TableOperation::RemoveDestination(key, key_of_destination));
    // Little-endian machines only; the numbers with a byte order of their own are the same everywhere.
    if cfg!(target_endian = "little") {
        let wanted = [
            &[80, 0, 0, 0, 28, 0, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0][..],
            &[20, 0, 1, 0, 6, 0, 1, 0, 10, 0, 0, 0, 8, 0, 5, 0, 5, 0, 0, 0],
            &[40, 0, 2, 0, 20, 0, 1, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
            &[6, 0, 2, 0, 0, 80, 0, 0, 6, 0, 11, 0, 10, 0, 0, 0],
        ];
        assert_eq!(bytes, wanted.concat());
    }
}

#[test]
fn what_the_vocabulary_allows_beyond_the_recordings_is_sent_whole() {
    let line = "NEW_DEST tcp 10.0.0.1:80 -> 10.0.0.2:80 fwd=tun weight=2147483647 uthresh=100 lthresh=50 tun_type=1 \
                tun_port=6080 tun_flags=2";
    assert_eq!(describe(&encoded(&Words::of(line).operation())), line);
    let line = "NEW_DAEMON state=2 ifn=eth0 syncid=255 maxlen=65507 group=ff05::51 port=65535 ttl=255";
    assert_eq!(describe(&encoded(&Words::of(line).operation())), line);
    let service = VirtualService {
        key: ServiceKey::Mark { mark: u32::MAX, family: Family::V4 },
        scheduler: "rr".to_owned(),
        // The bit for persistence belongs to `persistence` alone.
        flags: 0x5,
        persistence: None,
    };
    let described = describe(&encoded(&TableOperation::AddService(service)));
    assert!(described.ends_with("flags=0x4/0xffffffff timeout=0 netmask=255.255.255.255"), "{described}");
}
