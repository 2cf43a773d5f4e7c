//! What happened to one often happened to many at the same time: it is kept once.

use std::collections::VecDeque;
use std::sync::Arc;

/// So many different things are remembered, the last ones.
const REMEMBERED: usize = 16;

/// Gives out values that are kept, equal ones in one place as long as they come close together.
#[derive(Clone, Debug)]
pub(crate) struct Shared<T> {
    last: VecDeque<Arc<T>>,
}

impl<T: Clone + PartialEq> Shared<T> {
    pub(crate) const fn new() -> Self {
        Self { last: VecDeque::new() }
    }

    /// This value, to be kept.
    pub(crate) fn keep(&mut self, value: &T) -> Arc<T> {
        if let Some(known) = self.last.iter().find(|known| ***known == *value) {
            return Arc::clone(known);
        }
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        let new = Arc::new(value.clone());
        self.last.push_back(Arc::clone(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_until_many_others_came() {
        let mut shared = Shared::new();
        let first = shared.keep(&0);
        assert!(Arc::ptr_eq(&first, &shared.keep(&0)));
        for other in 1..=REMEMBERED {
            assert_eq!(*shared.keep(&other), other);
        }
        assert!(!Arc::ptr_eq(&first, &shared.keep(&0)), "no more than the last ones are searched");
    }
}
