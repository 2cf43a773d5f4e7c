//! May this advert be believed? A list of checks in order (vrrp reference 2.4, RFC 9568 §7.1).
//!
//! Differs from the reference where that is defective: wrong addresses are reported and used (D3, X8), version 3
//! checksums are verified in every form in use (D9, D10, X1), an interval of 0 and an empty address list are refused
//! (D2, X4, X5). The version is looked at before the length, which cannot be known without it.

use crate::config::{Authentication, ChecksumCompat, InstanceConfig, Transport, UnicastPeer};
use crate::encode::{OLD_CHECKSUM_GROUP, interval_seconds};
use crate::event::Rejection;
use crate::input::Received;
use crate::snapshot::Counters;
use keepalived_types::{Family, Priority, Version};
use keepalived_wire::Malformed;
use keepalived_wire::checksum::PseudoHeader;
use keepalived_wire::vrrp::v2::{self, AuthType};
use keepalived_wire::vrrp::v3::{self, ChecksumStyle};
use keepalived_wire::vrrp::{AUTH_DATA_LEN, Addresses, AuthData, HEADER_LEN, HeaderView, MessageType};
use std::net::IpAddr;
use std::time::Duration;

/// An advert that has been believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Advert {
    /// Who sent it.
    pub(crate) from: IpAddr,
    /// Its priority.
    pub(crate) priority: Priority,
    /// Version 3: the sender's interval.
    pub(crate) interval: Option<Duration>,
    /// How many addresses it lists, when they are not ours.
    pub(crate) other_addresses: Option<usize>,
    /// Version 3 over IPv4: how its checksum was made.
    pub(crate) checksum: Option<ChecksumStyle>,
}

/// A received advert beside the instance it is for.
pub(crate) struct Candidate<'a> {
    /// The instance's configuration.
    pub(crate) config: &'a InstanceConfig,
    /// How many of its virtual addresses it advertises itself.
    pub(crate) advertised: usize,
    /// `skip_check_adv_addr` applies: a backup hears its known master.
    pub(crate) skips_address_check: bool,
    /// What arrived.
    pub(crate) received: &'a Received<'a>,
}

/// The message behind the headers, of the instance's version.
#[derive(Clone, Copy)]
enum Message<'a> {
    V2(v2::AdvertisementView<'a>),
    V3(v3::AdvertisementView<'a>),
}

type EnvelopeCheck = fn(&Candidate<'_>, &HeaderView<'_>) -> Result<(), Rejection>;
type MessageCheck = fn(&Candidate<'_>, &Message<'_>) -> Result<(), Rejection>;

/// What can be told without knowing the format.
const ENVELOPE_CHECKS: [EnvelopeCheck; 4] = [destination, authentication_header, ttl, version];

/// What follows once the length is right.
const MESSAGE_CHECKS: [MessageCheck; 8] =
    [authentication, v2_interval, message_type, v3_interval, address_count, checksum, owner_ignores, peer];

/// Runs all checks.
pub(crate) fn judge(candidate: &Candidate<'_>) -> Result<Advert, Rejection> {
    let received = candidate.received;
    let header = HeaderView::new_checked(received.payload).map_err(|_| Rejection::TooShort)?;
    for check in ENVELOPE_CHECKS {
        check(candidate, &header)?;
    }
    let message = message(candidate, &header)?;
    for check in MESSAGE_CHECKS {
        check(candidate, &message)?;
    }
    Ok(Advert {
        from: received.source,
        priority: header.priority(),
        interval: match message {
            Message::V2(_) => None,
            Message::V3(view) => view.interval().map(keepalived_types::Centis::duration),
        },
        other_addresses: (!candidate.skips_address_check && lists_other_addresses(candidate, &message))
            .then(|| usize::from(header.address_count())),
        checksum: checksum_style(candidate, &message),
    })
}

/// Multicast and unicast routers do not listen to each other.
fn destination(candidate: &Candidate<'_>, _: &HeaderView<'_>) -> Result<(), Rejection> {
    let is_multicast = matches!(candidate.config.transport, Transport::Multicast { .. });
    let to = candidate.received.destination;
    let is_ours = Family::of(to) == candidate.config.family && to.is_multicast() == is_multicast;
    if is_ours { Ok(()) } else { Err(Rejection::WrongDestination(to)) }
}

/// An IP authentication header belongs to `auth_type AH`, and nowhere else.
fn authentication_header(candidate: &Candidate<'_>, _: &HeaderView<'_>) -> Result<(), Rejection> {
    let expected = matches!(candidate.config.authentication, Authentication::Header(_));
    if candidate.received.has_authentication_header == expected {
        Ok(())
    } else {
        Err(Rejection::AuthenticationHeader)
    }
}

/// Nothing that crossed a router is believed (RFC 9568 §7.1). Unicast peers have limits of their own.
fn ttl(candidate: &Candidate<'_>, _: &HeaderView<'_>) -> Result<(), Rejection> {
    match (&candidate.config.transport, candidate.received.ttl) {
        (Transport::Multicast { .. }, Some(ttl)) if ttl != 255 => Err(Rejection::Ttl(ttl)),
        _ => Ok(()),
    }
}

fn version(candidate: &Candidate<'_>, header: &HeaderView<'_>) -> Result<(), Rejection> {
    let expected = candidate.config.version.number();
    let received = header.version_number();
    if expected == received { Ok(()) } else { Err(Rejection::Version { expected, received }) }
}

/// Checks the length against what the header implies and what the IP header claimed.
fn message<'a>(candidate: &Candidate<'a>, header: &HeaderView<'_>) -> Result<Message<'a>, Rejection> {
    let payload = candidate.received.payload;
    let family = candidate.config.family;
    let trailer = match (candidate.config.version, family) {
        (Version::V2, Family::V4) => AUTH_DATA_LEN,
        _ => 0,
    };
    let expected = HEADER_LEN + usize::from(header.address_count()) * family.octets() + trailer;
    if let Some(claimed) = candidate.received.claimed_length
        && claimed != expected
    {
        return Err(Rejection::Length { expected, received: claimed });
    }
    let malformed = |_: Malformed| Rejection::Length { expected, received: payload.len() };
    match candidate.config.version {
        Version::V2 => {
            v2::AdvertisementView::new_checked(payload, family).map(Message::V2).map_err(malformed)
        }
        Version::V3 => {
            v3::AdvertisementView::new_checked(payload, family).map(Message::V3).map_err(malformed)
        }
    }
}

/// RFC 2338 §7.1: the type is known, is ours, and the password is right.
fn authentication(candidate: &Candidate<'_>, message: &Message<'_>) -> Result<(), Rejection> {
    let Message::V2(view) = message else { return Ok(()) };
    let (expected, password) = match candidate.config.authentication {
        Authentication::None => (AuthType::None, None),
        Authentication::Password(password) => (AuthType::Pass, Some(AuthData::new(password))),
        Authentication::Header(_) => (AuthType::Ah, None),
    };
    let received = view.auth_type();
    if let AuthType::Unknown(number) = received {
        return Err(Rejection::InvalidAuthenticationType(number));
    }
    if received != expected {
        let (expected, received) = (expected.into(), received.into());
        return Err(Rejection::AuthenticationMismatch { expected, received });
    }
    match password {
        Some(password) if password != view.auth_data() => Err(Rejection::WrongPassword),
        _ => Ok(()),
    }
}

/// RFC 3768 §7.1: version 2 routers have to agree on the interval.
fn v2_interval(candidate: &Candidate<'_>, message: &Message<'_>) -> Result<(), Rejection> {
    let Message::V2(view) = message else { return Ok(()) };
    let expected = interval_seconds(candidate.config.advert_interval);
    let received = view.interval_seconds();
    if expected == received { Ok(()) } else { Err(Rejection::Interval { expected, received }) }
}

fn message_type(_: &Candidate<'_>, message: &Message<'_>) -> Result<(), Rejection> {
    let kind = match message {
        Message::V2(view) => view.message_type(),
        Message::V3(view) => view.message_type(),
    };
    match kind {
        MessageType::Advertisement => Ok(()),
        MessageType::Unknown(number) => Err(Rejection::Type(number)),
    }
}

/// RFC 9568 §5.2.7 and its erratum 8301: 0 is no interval.
fn v3_interval(_: &Candidate<'_>, message: &Message<'_>) -> Result<(), Rejection> {
    match message {
        Message::V3(view) if view.interval().is_none() => Err(Rejection::ZeroInterval),
        _ => Ok(()),
    }
}

/// RFC 9568 erratum 8299: an advert is about at least one address. Routers that were all configured without any,
/// which version 2 tolerates, still understand each other.
fn address_count(candidate: &Candidate<'_>, message: &Message<'_>) -> Result<(), Rejection> {
    let count = match message {
        Message::V2(view) => view.address_count(),
        Message::V3(view) => view.address_count(),
    };
    if count == 0 && candidate.advertised > 0 { Err(Rejection::NoAddresses) } else { Ok(()) }
}

/// Over IPv6 the kernel has verified it already (`IPV6_CHECKSUM`, RFC 3542 §3.1).
fn checksum(candidate: &Candidate<'_>, message: &Message<'_>) -> Result<(), Rejection> {
    let received = candidate.received;
    let ends = PseudoHeader::new(received.source, received.destination).ok_or(Rejection::Checksum)?;
    if ends.family() == Family::V6 {
        return Ok(());
    }
    let is_right = match message {
        Message::V2(view) => view.verify_checksum(ends),
        Message::V3(_) => checksum_style(candidate, message).is_some(),
    };
    if is_right { Ok(()) } else { Err(Rejection::Checksum) }
}

/// The form in which a version 3 checksum over IPv4 is right, among those the instance accepts.
fn checksum_style(candidate: &Candidate<'_>, message: &Message<'_>) -> Option<ChecksumStyle> {
    let Message::V3(view) = message else { return None };
    let ends = PseudoHeader::new(candidate.received.source, candidate.received.destination)?;
    let accepted: &[ChecksumStyle] = match &candidate.config.transport {
        Transport::Unicast { checksum: ChecksumCompat::Automatic, .. } => {
            &[ChecksumStyle::PseudoHeader, ChecksumStyle::GroupPseudoHeader, ChecksumStyle::PduOnly]
        }
        Transport::Unicast { checksum: ChecksumCompat::Old, .. } => {
            &[ChecksumStyle::GroupPseudoHeader, ChecksumStyle::PduOnly]
        }
        Transport::Unicast { checksum: ChecksumCompat::Never, .. } | Transport::Multicast { .. } => {
            &[ChecksumStyle::PseudoHeader, ChecksumStyle::PduOnly]
        }
    };
    let is_right = |style: &ChecksumStyle| view.verify_checksum(style.coverage(ends, OLD_CHECKSUM_GROUP));
    accepted.iter().copied().find(is_right)
}

/// RFC 9568 §7.1: the owner of the addresses need not listen to anybody.
fn owner_ignores(candidate: &Candidate<'_>, _: &Message<'_>) -> Result<(), Rejection> {
    let config = candidate.config;
    let ignores = config.priority.is_owner() && config.owner_ignores_adverts;
    if ignores { Err(Rejection::OwnerIgnores) } else { Ok(()) }
}

/// `check_unicast_src`, `min_ttl` and `max_ttl`.
fn peer(candidate: &Candidate<'_>, _: &Message<'_>) -> Result<(), Rejection> {
    let Transport::Unicast { peers, check_source: true, .. } = &candidate.config.transport else {
        return Ok(());
    };
    let peer = peers.iter().find(|peer| peer.address == candidate.received.source);
    let UnicastPeer { min_ttl: min, max_ttl: max, .. } = *peer.ok_or(Rejection::NotAPeer)?;
    match candidate.received.ttl {
        Some(received) if received < min || received > max => Err(Rejection::PeerTtl { received, min, max }),
        _ => Ok(()),
    }
}

/// RFC 9568 §7.1 lets a receiver compare; a difference is a fault of configuration, not a reason to fight.
fn lists_other_addresses(candidate: &Candidate<'_>, message: &Message<'_>) -> bool {
    let listed = || -> Addresses<'_> {
        match message {
            Message::V2(view) => view.addresses(),
            Message::V3(view) => view.addresses(),
        }
    };
    let ours = candidate.config.virtual_addresses.iter().take(candidate.advertised);
    let mut ours = ours.map(|address| address.prefix.address());
    // Routers configured alike list them in the same order: look further only when they do not.
    if ours.clone().eq(listed()) {
        return false;
    }
    listed().len() != candidate.advertised || ours.any(|address| listed().all(|other| other != address))
}

/// Counts an advert that was not used: every one is counted somewhere.
pub(crate) const fn count(counters: &mut Counters, rejection: &Rejection) {
    let counter = match rejection {
        Rejection::TooShort | Rejection::Length { .. } => &mut counters.length_errors,
        Rejection::Ttl(_) | Rejection::PeerTtl { .. } => &mut counters.ttl_errors,
        Rejection::Version { .. } => &mut counters.version_errors,
        Rejection::InvalidAuthenticationType(_) => &mut counters.invalid_authentication_type,
        Rejection::AuthenticationHeader | Rejection::AuthenticationMismatch { .. } => {
            &mut counters.authentication_mismatch
        }
        Rejection::WrongPassword => &mut counters.authentication_failures,
        Rejection::Interval { .. } | Rejection::ZeroInterval => &mut counters.interval_errors,
        Rejection::Type(_) => &mut counters.type_errors,
        Rejection::Checksum => &mut counters.checksum_errors,
        Rejection::NoAddresses => &mut counters.empty_lists,
        Rejection::WrongDestination(_) => &mut counters.destination_errors,
        Rejection::OwnerIgnores => &mut counters.owner_ignored,
        Rejection::NotAPeer => &mut counters.peer_errors,
    };
    *counter += 1;
}

/// The kind of a rejection: each is reported once until the state changes. Below 24.
pub(crate) const fn kind(rejection: &Rejection) -> u32 {
    match rejection {
        Rejection::TooShort => 0,
        Rejection::WrongDestination(_) => 1,
        Rejection::AuthenticationHeader => 2,
        Rejection::Length { .. } => 3,
        Rejection::Ttl(_) => 4,
        Rejection::Version { .. } => 5,
        Rejection::InvalidAuthenticationType(_) => 6,
        Rejection::AuthenticationMismatch { .. } => 7,
        Rejection::WrongPassword => 8,
        Rejection::Interval { .. } => 9,
        Rejection::ZeroInterval => 10,
        Rejection::Type(_) => 11,
        Rejection::Checksum => 12,
        Rejection::NoAddresses => 13,
        Rejection::OwnerIgnores => 14,
        Rejection::NotAPeer => 15,
        Rejection::PeerTtl { .. } => 16,
    }
}

const _: () = assert!(remark::LOWER < u32::BITS, "every kind has a bit of its own");

/// Kinds of remarks about adverts that were used; numbers that [`kind`] does not give.
pub(crate) mod remark {
    /// Another address list.
    pub(crate) const ADDRESSES: u32 = 24;
    /// Another interval.
    pub(crate) const INTERVAL: u32 = 25;
    /// A second address owner.
    pub(crate) const OWNER: u32 = 26;
    /// Somebody else with our address and priority.
    pub(crate) const OWN_ADDRESS: u32 = 27;
    /// A backup heard a lower priority.
    pub(crate) const LOWER: u32 = 28;
}
