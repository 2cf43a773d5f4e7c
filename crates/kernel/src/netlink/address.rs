//! Interface addresses: as the kernel reports them, and as we ask for them (linux/if_addr.h).

use super::batch::{Done, NetlinkError, Operation};
use super::decode::{Attributes, Message, u32_at};
use super::encode::{CREATE, EXCLUSIVE, Encoder, REPLACE};
use keepalived_types::{Family, IfIndex, Prefix};
use std::net::{IpAddr, Ipv4Addr};

/// The `IFA_F_*` flags (linux/if_addr.h).
pub mod flag {
    /// A secondary address: another one of its subnet is the primary (IPv4), or a temporary one (IPv6).
    pub const SECONDARY: u32 = 0x01;
    /// No duplicate address detection.
    pub const NODAD: u32 = 0x02;
    /// Duplicate address detection without waiting for its end.
    pub const OPTIMISTIC: u32 = 0x04;
    /// Duplicate address detection found another owner.
    pub const DADFAILED: u32 = 0x08;
    /// A Mobile IPv6 home address.
    pub const HOMEADDRESS: u32 = 0x10;
    /// Not for new connections: the preferred lifetime is over.
    pub const DEPRECATED: u32 = 0x20;
    /// Duplicate address detection is under way: not usable yet.
    pub const TENTATIVE: u32 = 0x40;
    /// No lifetime: the address does not expire.
    pub const PERMANENT: u32 = 0x80;
    /// The kernel makes temporary addresses from it.
    pub const MANAGETEMPADDR: u32 = 0x100;
    /// Do not add the subnet's route.
    pub const NOPREFIXROUTE: u32 = 0x200;
    /// Join the multicast group of this address.
    pub const MCAUTOJOIN: u32 = 0x400;
    /// A privacy address whose interface identifier is stable.
    pub const STABLE_PRIVACY: u32 = 0x800;
}

/// A lifetime that does not end.
pub const FOREVER: u32 = u32::MAX;

/// The scope of a routable address (RT_SCOPE_UNIVERSE).
pub const SCOPE_GLOBAL: u8 = 0;
/// The scope of a link-local address (RT_SCOPE_LINK).
pub const SCOPE_LINK: u8 = 253;

/// IFA_PROTO: who put the address there; since Linux 5.18.
const IFA_PROTO: u16 = 11;
/// IFA_FLAGS: all 32 flags; the header has room for eight.
const IFA_FLAGS: u16 = 8;
/// struct ifaddrmsg.
const BODY: usize = 8;

/// An address that an interface has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The interface.
    pub index: IfIndex,
    /// The local address and the length of the subnet's (or the peer's) prefix.
    pub prefix: Prefix,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// See [`flag`].
    pub flags: u32,
    /// IPv4 only: the interface's name, or what was given.
    pub label: Option<String>,
    /// IPv4 only.
    pub broadcast: Option<Ipv4Addr>,
    /// The other end of a point-to-point address.
    pub peer: Option<IpAddr>,
    /// Who put it there; `None` for nobody in particular and before Linux 5.18.
    pub protocol: Option<u8>,
    /// Seconds left until it is deprecated, or [`FOREVER`].
    pub preferred_lifetime: u32,
    /// Seconds left until it goes, or [`FOREVER`].
    pub valid_lifetime: u32,
}

impl Address {
    /// Duplicate address detection has not finished, or has failed: it cannot be used.
    #[must_use]
    pub const fn is_tentative(&self) -> bool {
        self.flags & (flag::TENTATIVE | flag::DADFAILED) != 0 && self.flags & flag::OPTIMISTIC == 0
    }
}

/// Reads RTM_NEWADDR or RTM_DELADDR. `None` for families other than IPv4 and IPv6, and without an address.
pub(super) fn decode(message: Message<'_>) -> Option<Address> {
    let payload = message.payload;
    let [family, length, flags, scope] = *payload.first_chunk::<4>()?;
    let index = u32_at(payload, 4).and_then(IfIndex::new)?;
    let (mut local, mut other) = (None, None);
    let mut address = Address {
        index,
        prefix: Prefix::host(Ipv4Addr::UNSPECIFIED.into()),
        scope,
        flags: u32::from(flags),
        label: None,
        broadcast: None,
        peer: None,
        protocol: None,
        preferred_lifetime: FOREVER,
        valid_lifetime: FOREVER,
    };
    for attribute in Attributes(payload.get(BODY..)?) {
        match attribute.kind {
            libc::IFA_LOCAL => local = attribute.address(),
            libc::IFA_ADDRESS => other = attribute.address(),
            libc::IFA_LABEL => address.label = attribute.text(),
            libc::IFA_BROADCAST => {
                address.broadcast = match attribute.address() {
                    Some(IpAddr::V4(broadcast)) => Some(broadcast),
                    _ => None,
                }
            }
            libc::IFA_CACHEINFO => {
                address.preferred_lifetime = attribute.u32().unwrap_or(FOREVER);
                address.valid_lifetime = u32_at(attribute.value, 4).unwrap_or(FOREVER);
            }
            IFA_FLAGS => address.flags = attribute.u32().unwrap_or(address.flags),
            IFA_PROTO => address.protocol = attribute.u8().filter(|&protocol| protocol != 0),
            _ => {}
        }
    }
    // IPv4 always has both; IPv6 has IFA_LOCAL only beside a peer, IFA_ADDRESS being the address otherwise.
    let own = local.or(other)?;
    address.prefix = Prefix::new(own, length).ok()?;
    address.peer = other.filter(|&other| other != own);
    (i32::from(family) == family_number(address.prefix.family())).then_some(address)
}

/// AF_INET or AF_INET6.
pub(crate) const fn family_number(family: Family) -> i32 {
    match family {
        Family::V4 => libc::AF_INET,
        Family::V6 => libc::AF_INET6,
    }
}

/// An IPv4 address label: 1 to 15 bytes without NUL. `ifconfig` wants it to begin with the interface's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label(String);

impl Label {
    /// `None` when the kernel would refuse or cut it.
    #[must_use]
    pub fn new(label: &str) -> Option<Self> {
        let fits = (1..=15).contains(&label.len()) && !label.contains('\0');
        fits.then(|| Self(label.to_owned()))
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address that an interface should have, or have no longer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddressSpec {
    /// The interface.
    pub index: IfIndex,
    /// The address and the length of its subnet's prefix.
    pub prefix: Prefix,
    /// The other end of a point-to-point address, of the same family.
    pub peer: Option<IpAddr>,
    /// IPv4 only; not sent when removing.
    pub broadcast: Option<Ipv4Addr>,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// See [`flag`].
    pub flags: u32,
    /// IPv4 only.
    pub label: Option<Label>,
    /// IPv6: seconds until the address is deprecated; 0: at once, so that it is never chosen as a source.
    pub preferred_lifetime: u32,
    /// Who puts it there: keepalived is 18 (RTPROT_KEEPALIVED). Kernels before 5.18 ignore it.
    pub protocol: Option<u8>,
}

impl AddressSpec {
    /// Just the address, with what upstream gives one that is configured without options: link scope for an IPv6
    /// link-local address, else global; no duplicate address detection for IPv6.
    #[must_use]
    pub fn new(index: IfIndex, prefix: Prefix) -> Self {
        let link_local = matches!(prefix.address(), IpAddr::V6(v6) if v6.is_unicast_link_local());
        Self {
            index,
            prefix,
            peer: None,
            broadcast: None,
            scope: if link_local { SCOPE_LINK } else { SCOPE_GLOBAL },
            flags: if prefix.family() == Family::V6 { flag::NODAD } else { 0 },
            label: None,
            preferred_lifetime: FOREVER,
            protocol: None,
        }
    }
}

/// One step of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressOp {
    /// Add it. One that is there already is left as it is.
    Add(AddressSpec),
    /// Add it, or give the one that is there these flags and lifetimes.
    Replace(AddressSpec),
    /// Remove it.
    Remove(AddressSpec),
}

impl AddressOp {
    /// The address it is about.
    #[must_use]
    pub const fn spec(&self) -> &AddressSpec {
        match self {
            Self::Add(spec) | Self::Replace(spec) | Self::Remove(spec) => spec,
        }
    }
}

impl Operation for AddressOp {
    /// About 45 microseconds each, so some 1.5 ms before timers get their turn again.
    const CHUNK: usize = 32;

    /// Which attributes go where: `inet_rtm_newaddr` and `inet6_rtm_newaddr` in the kernel.
    fn encode(&self, sequence: u32, to: &mut Encoder) {
        let spec = self.spec();
        let family = spec.prefix.family();
        // The header has room for the low eight flags only; IFA_FLAGS repeats them all.
        let [low_flags, ..] = spec.flags.to_le_bytes();
        let mut body = [0; BODY];
        body[0] = u8::try_from(family_number(family)).unwrap_or(0);
        body[1] = spec.prefix.length();
        body[2] = low_flags;
        body[3] = spec.scope;
        body[4..].copy_from_slice(&spec.index.get().to_ne_bytes());
        let (kind, flags) = match self {
            Self::Add(_) => (libc::RTM_NEWADDR, CREATE | EXCLUSIVE),
            Self::Replace(_) => (libc::RTM_NEWADDR, CREATE | REPLACE),
            Self::Remove(_) => (libc::RTM_DELADDR, 0),
        };
        to.begin(kind, flags, sequence, &body);
        put_address(to, libc::IFA_LOCAL, spec.prefix.address());
        match (spec.peer, family) {
            (Some(peer), _) => put_address(to, libc::IFA_ADDRESS, peer),
            // Without it an IPv4 address of another prefix length could be the one removed.
            (None, Family::V4) => put_address(to, libc::IFA_ADDRESS, spec.prefix.address()),
            (None, Family::V6) => {}
        }
        if kind == libc::RTM_NEWADDR {
            spec.encode_details(to);
        }
    }

    fn outcome(&self, errno: i32, message: Option<String>) -> Result<Done, NetlinkError> {
        let adds = !matches!(self, Self::Remove(_));
        match errno {
            0 => Ok(Done::Done),
            libc::EEXIST if adds => Ok(Done::Already),
            libc::EADDRNOTAVAIL if !adds => Ok(Done::Gone),
            _ => Err(NetlinkError { errno, message }),
        }
    }
}

impl AddressSpec {
    /// The attributes that only an addition carries.
    fn encode_details(&self, to: &mut Encoder) {
        let family = self.prefix.family();
        to.attribute(IFA_FLAGS, &self.flags.to_ne_bytes());
        if family == Family::V4 {
            if let Some(broadcast) = self.broadcast {
                to.attribute(libc::IFA_BROADCAST, &broadcast.octets());
            }
            if let Some(label) = &self.label {
                let mut text = [0; 16];
                text[..label.0.len()].copy_from_slice(label.0.as_bytes());
                to.attribute(libc::IFA_LABEL, &text[..=label.0.len()]);
            }
        }
        if family == Family::V6 && self.preferred_lifetime != FOREVER {
            // struct ifa_cacheinfo: preferred, valid, created, updated.
            let mut cache = [0; 16];
            cache[..4].copy_from_slice(&self.preferred_lifetime.to_ne_bytes());
            cache[4..8].copy_from_slice(&FOREVER.to_ne_bytes());
            to.attribute(libc::IFA_CACHEINFO, &cache);
        }
        if let Some(protocol) = self.protocol {
            to.attribute(IFA_PROTO, &[protocol]);
        }
    }
}

pub(super) fn put_address(to: &mut Encoder, kind: u16, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => to.attribute(kind, &v4.octets()),
        IpAddr::V6(v6) => to.attribute(kind, &v6.octets()),
    }
}
