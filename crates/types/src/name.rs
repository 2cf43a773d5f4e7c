//! Interface names.

use core::fmt;
use core::num::NonZeroU8;
use core::ops::Deref;
use serde::{Deserialize, Serialize};

/// The name of a network interface: 1 to 15 bytes, no `/`, no blanks (`dev_valid_name` in the kernel).
///
/// Held in place: every instance and every address may name an interface.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct InterfaceName {
    /// UTF-8, zeros behind it.
    bytes: [u8; LONGEST],
    length: NonZeroU8,
}

/// `IFNAMSIZ` without its final NUL.
const LONGEST: usize = 15;

/// Why a text cannot name an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// No characters at all, or `.` or `..`.
    Empty,
    /// More than 15 bytes (`IFNAMSIZ` is 16 with its final NUL).
    TooLong,
    /// A blank, a `/` or a `:`.
    BadCharacter,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an interface name cannot be empty, `.` or `..`",
            Self::TooLong => "an interface name has at most 15 characters",
            Self::BadCharacter => "an interface name holds no blank, `/` or `:`",
        })
    }
}

impl core::error::Error for NameError {}

impl InterfaceName {
    /// # Errors
    /// [`NameError`] when the kernel could not have an interface of this name.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if name.is_empty() || name == "." || name == ".." {
            return Err(NameError::Empty);
        }
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..name.len()).ok_or(NameError::TooLong)?.copy_from_slice(name.as_bytes());
        if name.chars().any(|c| c.is_whitespace() || c == '/' || c == ':') {
            return Err(NameError::BadCharacter);
        }
        let length = u8::try_from(name.len()).ok().and_then(NonZeroU8::new).ok_or(NameError::Empty)?;
        Ok(Self { bytes, length })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length.get())).unwrap_or(&self.bytes);
        core::str::from_utf8(bytes).expect("it was text when it was put there")
    }
}

impl From<InterfaceName> for String {
    fn from(name: InterfaceName) -> Self {
        name.as_str().to_owned()
    }
}

impl TryFrom<String> for InterfaceName {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(&name)
    }
}

impl fmt::Debug for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InterfaceName").field(&self.as_str()).finish()
    }
}

impl Deref for InterfaceName {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_bytes_are_the_limit() {
        assert!(InterfaceName::new("abcdefghijklmno").is_ok());
        assert_eq!(InterfaceName::new("abcdefghijklmnop"), Err(NameError::TooLong));
        assert_eq!(InterfaceName::new(""), Err(NameError::Empty));
        assert_eq!(InterfaceName::new("eth/0"), Err(NameError::BadCharacter));
    }

    #[test]
    fn names_are_held_in_place_and_ordered_as_texts_are() {
        assert_eq!(size_of::<Option<InterfaceName>>(), 16);
        let name = |text| InterfaceName::new(text).expect("a literal name");
        for text in ["a", "abcdefghijklmno", "brücke"] {
            assert_eq!(&*name(text), text);
            assert_eq!(format!("{:?}", name(text)), format!("InterfaceName({text:?})"));
        }
        assert!(name("eth1") < name("eth10") && name("eth10") < name("eth2"));
    }
}
