//! VRRPv2 authentication data: the simple password (RFC 2338 §5.3.10).

use super::AUTH_DATA_LEN;
use core::fmt;
use core::hint::black_box;

/// The eight authentication bytes of a VRRPv2 advertisement. All zero unless the type is a simple password.
///
/// `==` takes the same time wherever two values differ, and `Debug` does not show the bytes.
#[derive(Clone, Copy)]
pub struct AuthData([u8; AUTH_DATA_LEN]);

impl AuthData {
    /// What stands there without a password.
    pub const ZERO: Self = Self([0; AUTH_DATA_LEN]);

    /// The bytes as they are on the wire.
    #[must_use]
    pub const fn new(bytes: [u8; AUTH_DATA_LEN]) -> Self {
        Self(bytes)
    }

    /// A configured password: its first eight bytes, padded with zeros.
    #[must_use]
    pub fn from_password(password: &[u8]) -> Self {
        let mut bytes = [0; AUTH_DATA_LEN];
        for (byte, &given) in bytes.iter_mut().zip(password) {
            *byte = given;
        }
        Self(bytes)
    }

    /// The bytes as they are on the wire.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; AUTH_DATA_LEN] {
        &self.0
    }
}

impl PartialEq for AuthData {
    fn eq(&self, other: &Self) -> bool {
        // Every pair is looked at, and `black_box` keeps the compiler from leaving the loop early, so that the time
        // taken does not tell how much of a guess was right.
        let difference =
            self.0.iter().zip(&other.0).fold(0, |difference, (a, b)| black_box(difference | (a ^ b)));
        difference == 0
    }
}

impl Eq for AuthData {}

impl fmt::Debug for AuthData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::ZERO { "AuthData(zero)" } else { "AuthData(hidden)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_cut_or_padded_to_eight_bytes() {
        assert_eq!(AuthData::from_password(b"secret12").as_bytes(), b"secret12");
        assert_eq!(AuthData::from_password(b"secret1234").as_bytes(), b"secret12");
        assert_eq!(AuthData::from_password(b"abc").as_bytes(), b"abc\0\0\0\0\0");
        assert_eq!(AuthData::from_password(b""), AuthData::ZERO);
    }

    #[test]
    fn a_difference_in_any_bit_counts() {
        let password = AuthData::from_password(b"secret12");
        assert_eq!(password, AuthData::new(*b"secret12"));
        for bit in 0..64 {
            let mut other = *b"secret12";
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(password, AuthData::new(other), "bit {bit}");
        }
    }

    #[test]
    fn debug_output_hides_the_password() {
        assert_eq!(format!("{:?}", AuthData::from_password(b"secret12")), "AuthData(hidden)");
    }
}
