//! "Did you mean": what an unknown keyword may have been meant to be.

use crate::keyword::Grammar;
use crate::nearest::nearest;
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
