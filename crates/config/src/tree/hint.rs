//! "Did you mean": what an unknown keyword may have been meant to be.

use crate::keyword::Grammar;
use std::collections::HashMap;

/// Looking for neighbours costs time in proportion to all keywords; a file may hold a million unknown ones.
const MAX_HINTS: usize = 200;
/// Tables may contain themselves.
const MAX_DEPTH: usize = 8;

/// All keywords with the blocks they belong into. Collected when the first hint is wanted.
pub(super) struct Hints {
    root: &'static dyn Grammar,
    blocks: Option<HashMap<&'static str, Vec<&'static str>>>,
    left: usize,
}

impl Hints {
    pub(super) fn new(root: &'static dyn Grammar) -> Self {
        Self { root, blocks: None, left: MAX_HINTS }
    }

    /// Sentences about a word that `here` does not know.
    pub(super) fn unknown(&mut self, word: &str, here: &'static dyn Grammar) -> Option<String> {
        self.left = self.left.checked_sub(1)?;
        let root = self.root;
        let blocks = self.blocks.get_or_insert_with(|| {
            let mut blocks = HashMap::new();
            collect(root, None, 0, &mut blocks);
            blocks
        });
        if let Some(places) = blocks.get(word) {
            return Some(format!("`{word}` belongs into {}", in_words(places)));
        }
        let rows = here.rows();
        if let Some(near) = nearest(word, rows.iter().map(|row| row.name)) {
            return Some(format!("did you mean `{near}`?"));
        }
        let mut all: Vec<&'static str> = blocks.keys().copied().collect();
        all.sort_unstable();
        let near = nearest(word, all.into_iter())?;
        Some(format!("did you mean `{near}`, which belongs into {}?", in_words(blocks.get(near)?)))
    }
}

fn collect(
    grammar: &'static dyn Grammar,
    block: Option<&'static str>,
    depth: usize,
    blocks: &mut HashMap<&'static str, Vec<&'static str>>,
) {
    if depth > MAX_DEPTH {
        return;
    }
    for row in grammar.rows() {
        let places = blocks.entry(row.name).or_default();
        let place = block.unwrap_or("the top level");
        if !places.contains(&place) {
            places.push(place);
        }
        if let Some(nested) = row.block {
            collect(nested, Some(row.name), depth + 1, blocks);
        }
    }
}

fn in_words(places: &[&str]) -> String {
    match places {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} or {other}"),
        [one, other, ..] => format!("{one}, {other} and others"),
    }
}

/// The most similar name, if it is similar enough to be meant.
fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
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
