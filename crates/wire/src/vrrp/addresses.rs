//! The virtual addresses in an advertisement: borrowed as received, owned as sent.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::slice::ChunksExact;
use keepalived_types::Family;
use std::sync::Arc;

/// Iterates over the addresses of a received advertisement, in the order of the sender's configuration.
#[derive(Clone, Debug)]
pub struct Addresses<'a>(ChunksExact<'a, u8>);

impl<'a> Addresses<'a> {
    /// `bytes` hold whole addresses of `family`.
    pub(super) fn new(bytes: &'a [u8], family: Family) -> Self {
        debug_assert_eq!(bytes.len() % family.octets(), 0, "the count field was checked against the length");
        Self(bytes.chunks_exact(family.octets()))
    }
}

impl Iterator for Addresses<'_> {
    type Item = IpAddr;

    fn next(&mut self) -> Option<IpAddr> {
        let octets = self.0.next()?;
        if let Ok(octets) = <[u8; 4]>::try_from(octets) {
            return Some(IpAddr::V4(Ipv4Addr::from(octets)));
        }
        <[u8; 16]>::try_from(octets).ok().map(|octets| IpAddr::V6(Ipv6Addr::from(octets)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Addresses<'_> {}

/// The virtual addresses to advertise: of one family, 255 at most. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddressList {
    family: Family,
    addresses: Arc<[IpAddr]>,
}

/// Why addresses cannot be advertised together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressListError {
    /// One of them is of the other family.
    WrongFamily {
        /// The first such address.
        address: IpAddr,
    },
    /// The count field has eight bits.
    TooMany {
        /// How many there are.
        got: usize,
    },
}

impl fmt::Display for AddressListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongFamily { address } => write!(f, "{address} is of the other address family"),
            Self::TooMany { got } => write!(f, "{got} addresses where an advertisement holds 255"),
        }
    }
}

impl core::error::Error for AddressListError {}

impl AddressList {
    /// The addresses in the order given, which is the order on the wire.
    ///
    /// # Errors
    /// [`AddressListError`] for an address that is not of `family`, or more than 255.
    pub fn new(
        family: Family,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<Self, AddressListError> {
        let addresses: Arc<[IpAddr]> = addresses.into_iter().collect();
        if let Some(&address) = addresses.iter().find(|&&address| Family::of(address) != family) {
            return Err(AddressListError::WrongFamily { address });
        }
        if addresses.len() > usize::from(u8::MAX) {
            return Err(AddressListError::TooMany { got: addresses.len() });
        }
        Ok(Self { family, addresses })
    }

    /// What a received advertisement lists: a count of eight bits, and one family throughout.
    pub(super) fn received(family: Family, addresses: Addresses<'_>) -> Self {
        Self { family, addresses: addresses.collect() }
    }

    /// The family of them all, also when there are none.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The addresses in wire order.
    #[must_use]
    pub fn as_slice(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// The number for the count field.
    #[must_use]
    pub fn count(&self) -> u8 {
        u8::try_from(self.addresses.len()).expect("no constructor takes more than 255 addresses")
    }

    /// Bytes that the addresses take in an advertisement.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        self.addresses.len() * self.family.octets()
    }

    /// Appends the addresses to `out`.
    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        for address in self.addresses.iter() {
            match address {
                IpAddr::V4(address) => out.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => out.extend_from_slice(&address.octets()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 100));
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x100));

    #[test]
    fn received_addresses_come_in_wire_order() {
        let bytes = [10, 1, 0, 100, 10, 1, 0, 101];
        let addresses = Addresses::new(&bytes, Family::V4);
        assert_eq!(addresses.len(), 2);
        assert_eq!(addresses.collect::<Vec<_>>(), [V4, IpAddr::V4(Ipv4Addr::new(10, 1, 0, 101))]);
        let IpAddr::V6(v6) = V6 else { unreachable!("the constant is IPv6") };
        assert_eq!(Addresses::new(&v6.octets(), Family::V6).collect::<Vec<_>>(), [V6]);
    }

    #[test]
    fn a_list_has_one_family() {
        assert!(AddressList::new(Family::V4, [V4, V4]).is_ok());
        let error = AddressList::new(Family::V4, [V4, V6]);
        assert_eq!(error, Err(AddressListError::WrongFamily { address: V6 }));
        assert_eq!(AddressList::new(Family::V6, []).map(|list| list.family()), Ok(Family::V6));
    }

    #[test]
    fn a_list_fits_the_count_field() {
        let full = AddressList::new(Family::V4, [V4; 255]).expect("255 addresses fit");
        assert_eq!(full.count(), 255);
        assert_eq!(full.buffer_len(), 1020);
        assert_eq!(AddressList::new(Family::V4, [V4; 256]), Err(AddressListError::TooMany { got: 256 }));
    }
}
