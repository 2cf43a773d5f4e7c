//! `FILE_CHECK`: what a number in a file means (lvs reference 5.12).

use crate::config::FileCheck;

/// What a value means for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileVerdict {
    /// The server fails.
    Down,
    /// The server is up, and this is added to its weight.
    Up(i64),
}

/// Judges a value, which lies in the range of 32 bits.
pub(crate) fn on_file(check: &FileCheck, value: i32) -> FileVerdict {
    if check.weight == 0 {
        return if (value == 0) == check.reverse { FileVerdict::Down } else { FileVerdict::Up(0) };
    }
    let product = i64::from(value) * i64::from(check.weight);
    let product = if check.reverse { -product } else { product };
    if product <= i64::from(i32::MIN) {
        return FileVerdict::Down;
    }
    FileVerdict::Up(product.min(i64::from(i32::MAX)))
}
