//! Where each check is: in which virtual server, at which real server, which of its checkers.

use crate::effect::CheckId;

/// Virtual server, real server, checker.
pub(crate) type Place = (usize, usize, usize);

/// The places of all active checks, by check.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Sorted. Half the size of a hash table; it is made anew at a reload and never changes in between.
    all: Box<[(CheckId, [u32; 3])]>,
}

impl Places {
    /// These and no others.
    pub(crate) fn new(places: impl IntoIterator<Item = (CheckId, Place)>) -> Self {
        let small = |number: usize| u32::try_from(number).expect("a configuration of less than 4 GiB");
        let small = |(server, real, checker)| [small(server), small(real), small(checker)];
        let mut all: Vec<_> = places.into_iter().map(|(check, place)| (check, small(place))).collect();
        all.sort_unstable();
        Self { all: all.into_boxed_slice() }
    }

    /// Where the check is; `None` when there is none any more.
    pub(crate) fn get(&self, check: CheckId) -> Option<Place> {
        let found = self.all.binary_search_by_key(&check, |(known, _)| *known).ok()?;
        let (_, [server, real, checker]) = self.all.get(found)?;
        let large = |number: &u32| usize::try_from(*number).unwrap_or(usize::MAX);
        Some((large(server), large(real), large(checker)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_found_whatever_the_order_and_no_other() {
        let places = [(CheckId(9), (0, 0, 0)), (CheckId(4), (0, 1, 0)), (CheckId(7), (3, 2, 1))];
        let known = Places::new(places);
        for (check, place) in places {
            assert_eq!(known.get(check), Some(place));
        }
        assert_eq!(known.get(CheckId(5)), None);
        assert_eq!(Places::default().get(CheckId(4)), None);
    }
}
