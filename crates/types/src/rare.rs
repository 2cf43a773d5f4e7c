//! Parts of a configuration that hardly anybody sets.

use core::ops::{Deref, DerefMut};
use serde::{Deserialize, Serialize};

/// A value that thousands have as it usually is: those take a pointer and nothing behind it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rare<T>(Option<Box<T>>);

/// A type that has a usual value.
pub trait Usual: Clone + PartialEq + 'static {
    /// How it is unless somebody says otherwise.
    const USUAL: &'static Self;
}

impl<T: Clone + PartialEq + 'static> Usual for Vec<T> {
    const USUAL: &'static Self = &Self::new();
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Usual> From<T> for Rare<T> {
    fn from(value: T) -> Self {
        Self((value != *T::USUAL).then(|| Box::new(value)))
    }
}

impl<T: Usual> Deref for Rare<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::USUAL)
    }
}

impl<T: Usual> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_with(|| Box::new(T::USUAL.clone()))
    }
}

impl<T: Usual> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Usual + Eq> Eq for Rare<T> {}

impl<T: Usual + core::hash::Hash> core::hash::Hash for Rare<T> {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Delay {
        seconds: u8,
    }

    impl Usual for Delay {
        const USUAL: &'static Self = &Self { seconds: 5 };
    }

    #[test]
    fn what_is_usual_takes_a_pointer_only() {
        assert_eq!(size_of::<Rare<[u64; 99]>>(), size_of::<usize>());
        assert!(Rare::from(Delay { seconds: 5 }).0.is_none());
        assert_eq!(Rare::<Delay>::default().seconds, 5);
        assert_eq!(Rare::from(Delay { seconds: 6 }).seconds, 6);
    }

    #[test]
    fn a_value_set_back_to_the_usual_one_is_the_usual_one() {
        let mut delay = Rare::from(Delay { seconds: 5 });
        delay.seconds = 9;
        assert_ne!(delay, Rare::default());
        assert_eq!(delay.clone().seconds, 9);
        delay.seconds = 5;
        assert_eq!(delay, Rare::default());
    }
}
