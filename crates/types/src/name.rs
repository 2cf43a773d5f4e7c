//! Interface names.

use core::fmt;
use core::ops::Deref;
use serde::{Deserialize, Serialize};

/// The name of a network interface: 1 to 15 bytes, no `/`, no blanks (`dev_valid_name` in the kernel).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InterfaceName(Box<str>);

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
        if name.len() > 15 {
            return Err(NameError::TooLong);
        }
        if name.chars().any(|c| c.is_whitespace() || c == '/' || c == ':') {
            return Err(NameError::BadCharacter);
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for InterfaceName {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
}
