//! Names that are nearly alike, for "did you mean".

/// The most similar name, if it is similar enough to be meant.
#[must_use]
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = match word.len() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    names
        .filter(|name| name.len().abs_diff(word.len()) <= allowed)
        .map(|name| (distance(word.as_bytes(), name.as_bytes()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters have to be changed, inserted, removed, or swapped with their neighbour.
fn distance(left: &[u8], right: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_swaps_as_one() {
        assert_eq!(distance(b"priority", b"priority"), 0);
        assert_eq!(distance(b"prioirty", b"priority"), 1);
        assert_eq!(distance(b"piority", b"priority"), 1);
        assert_eq!(distance(b"", b"abc"), 3);
    }

    #[test]
    fn only_similar_names_are_suggested() {
        let names = ["priority", "advert_int", "state"];
        assert_eq!(nearest("prioriti", names.into_iter()), Some("priority"));
        assert_eq!(nearest("advertint", names.into_iter()), Some("advert_int"));
        assert_eq!(nearest("foo", names.into_iter()), None);
    }
}
