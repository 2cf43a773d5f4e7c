//! Finds the few bytes that mean something among the many that do not.

/// A set of bytes.
pub(super) struct ByteSet([bool; 256]);

impl ByteSet {
    /// The set of these bytes.
    pub(super) const fn of(bytes: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut at = 0;
        while at < bytes.len() {
            set[bytes[at] as usize] = true;
            at += 1;
        }
        Self(set)
    }

    /// Where the first byte of the set stands.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|byte| self.0[usize::from(*byte)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_is_found() {
        let set = ByteSet::of(b"{\xff");
        assert_eq!(set.find(b"a \xff{"), Some(2));
        assert_eq!(set.find(b"a }"), None);
    }
}
