//! Values that are kept in the form in which they are sent: a fraction of the size, for whoever rarely looks.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// A `T`, packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed<T> {
    bytes: Box<[u8]>,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Packed<T> {
    /// Packs a value, which has to be plain data.
    #[must_use]
    pub fn new(value: &T) -> Self {
        let bytes = postcard::to_stdvec(value).expect("plain data, of which every length is known");
        Self { bytes: bytes.into_boxed_slice(), of: PhantomData }
    }

    /// The value. Takes about a millisecond for each thousand instances or real servers.
    ///
    /// # Errors
    /// When the bytes were packed by somebody else and are no `T`.
    pub fn unpack(&self) -> Result<T, postcard::Error> {
        postcard::from_bytes(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back_also_through_a_socket() {
        let value = vec![("192.0.2.1".to_owned(), Some(80_u16)), (String::new(), None)];
        let packed = Packed::new(&value);
        assert_eq!(packed.unpack(), Ok(value.clone()));
        let sent = postcard::to_stdvec(&packed).expect("plain data");
        let arrived: Packed<Vec<(String, Option<u16>)>> = postcard::from_bytes(&sent).expect("the same");
        assert_eq!(arrived.unpack(), Ok(value));
    }

    #[test]
    fn bytes_that_are_something_else_are_an_error() {
        let packed: Packed<u64> = Packed { bytes: Box::new([0xff]), of: PhantomData };
        assert!(packed.unpack().is_err());
    }
}
