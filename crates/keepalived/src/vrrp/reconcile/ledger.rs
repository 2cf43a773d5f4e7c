//! Which routes, or which rules, should be on the machine, and which are.
//!
//! Several may want the same one; it stays until the last of them gives it up.

use super::item::Item;
use super::{Holder, Operation, Progress};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

#[derive(Debug)]
struct Wanted<I> {
    item: I,
    holders: Vec<Holder>,
    progress: Progress,
    /// A refusal was told, and nothing went well since.
    is_told: bool,
    /// When it was wanted first: the kernel looks at routes in the order in which they came.
    order: u64,
}

/// What should be and what is.
#[derive(Debug)]
pub(super) struct Ledger<I: Item> {
    present: HashMap<I::Key, Vec<I::Seen>>,
    wanted: HashMap<I::Key, Vec<Wanted<I>>>,
    /// Keys the kernel has reported something about since the last look for losses.
    touched: HashSet<I::Key>,
    /// How many removals of a key are on their way: what is still there is no longer to be counted on.
    leaving: HashMap<I::Key, u32>,
    /// How many additions are on their way: only the answer to the last one tells how things are.
    adding: HashMap<I, u32>,
    last_order: u64,
}

impl<I: Item> Default for Ledger<I> {
    fn default() -> Self {
        Self {
            present: HashMap::new(),
            wanted: HashMap::new(),
            touched: HashSet::new(),
            leaving: HashMap::new(),
            adding: HashMap::new(),
            last_order: 0,
        }
    }
}

impl<I: Item> Ledger<I> {
    /// Is anything wanted?
    pub(super) fn wants_any(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// The kernel reports it.
    pub(super) fn appeared(&mut self, seen: I::Seen) {
        let key = I::key_of(&seen);
        let there = self.present.entry(key.clone()).or_default();
        there.retain(|old| !I::are_same(old, &seen) && !I::grew_out_of(&seen, old));
        there.push(seen);
        self.touched.insert(key);
    }

    /// The kernel reports that it is gone.
    pub(super) fn vanished(&mut self, gone: &I::Seen) {
        let key = I::key_of(gone);
        if let Some(there) = self.present.get_mut(&key) {
            match there.iter().position(|seen| I::are_same(seen, gone)) {
                Some(position) => drop(there.remove(position)),
                None => *there = there.iter().filter_map(|seen| I::without(seen, gone)).collect(),
            }
            if there.is_empty() {
                self.present.remove(&key);
            }
        }
        self.touched.insert(key);
    }

    /// What the kernel has taken away without a word.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&I::Seen) -> bool) {
        for there in self.present.values_mut() {
            there.retain(|seen| !is_gone(seen));
        }
        self.present.retain(|_, there| !there.is_empty());
    }

    /// Replaces what is known by a fresh listing.
    pub(super) fn relist(&mut self, all: Vec<I::Seen>) {
        self.present.clear();
        for seen in all {
            self.present.entry(I::key_of(&seen)).or_default().push(seen);
        }
        self.touched.extend(self.wanted.keys().cloned());
    }

    fn is_present(present: &HashMap<I::Key, Vec<I::Seen>>, key: &I::Key, item: &I) -> bool {
        present.get(key).is_some_and(|there| there.iter().any(|seen| item.is(seen)))
    }

    /// From now on `holder` wants exactly `wanted` instead of `before`: what has to go, and what has to come.
    pub(super) fn want(
        &mut self,
        holder: Holder,
        before: &[I],
        wanted: &[I],
    ) -> (Vec<Operation>, Vec<Operation>) {
        let kept: HashSet<&I> = wanted.iter().collect();
        let (mut removals, mut additions) = (Vec::new(), Vec::new());
        // The last ones first, as they lean on those before them.
        for item in before.iter().rev().filter(|item| !kept.contains(item)) {
            removals.extend(self.stop_wanting(holder, item));
        }
        for item in wanted {
            additions.extend(self.start_wanting(holder, item));
        }
        (removals, additions)
    }

    fn stop_wanting(&mut self, holder: Holder, item: &I) -> Option<Operation> {
        let key = item.key();
        let list = self.wanted.get_mut(&key)?;
        let position = list.iter().position(|wanted| wanted.item == *item)?;
        let wanted = list.get_mut(position)?;
        wanted.holders.retain(|other| *other != holder);
        if !wanted.holders.is_empty() {
            return None;
        }
        let wanted = list.swap_remove(position);
        if list.is_empty() {
            self.wanted.remove(&key);
        }
        let may_be_there = !matches!(wanted.progress, Progress::Refused | Progress::Postponed)
            || Self::is_present(&self.present, &key, item);
        may_be_there.then(|| {
            *self.leaving.entry(key).or_default() += 1;
            item.removal()
        })
    }

    fn start_wanting(&mut self, holder: Holder, item: &I) -> Option<Operation> {
        let key = item.key();
        let present = Self::is_present(&self.present, &key, item) && !self.leaving.contains_key(&key);
        let list = self.wanted.entry(key).or_default();
        let missing = if let Some(same) = list.iter_mut().find(|wanted| wanted.item == *item) {
            if !same.holders.contains(&holder) {
                same.holders.push(holder);
            }
            // Pending: it is on its way. Set: it is there, or somebody has taken it away and it comes back.
            let missing = same.progress != Progress::Pending && !present;
            same.progress = if missing { Progress::Pending } else { same.progress };
            missing
        } else {
            self.last_order += 1;
            let progress = if present { Progress::Set } else { Progress::Pending };
            let (holders, order) = (vec![holder], self.last_order);
            list.push(Wanted { item: item.clone(), holders, progress, is_told: false, order });
            !present
        };
        missing.then(|| {
            note_addition(&mut self.adding, item);
            item.addition()
        })
    }

    /// The kernel's answer to an addition. True when it is not the answer that was told last, and somebody still wants
    /// to know.
    pub(super) fn added(&mut self, item: &I, succeeded: bool) -> bool {
        if !is_last(&mut self.adding, item) {
            return false;
        }
        let list = self.wanted.get_mut(&item.key());
        let Some(wanted) = list.and_then(|list| list.iter_mut().find(|wanted| wanted.item == *item)) else {
            return false;
        };
        wanted.progress = if succeeded { Progress::Set } else { Progress::Refused };
        std::mem::replace(&mut wanted.is_told, !succeeded) == succeeded
    }

    /// A removal is over.
    pub(super) fn removed(&mut self, gone: &I::Seen) {
        is_last(&mut self.leaving, &I::key_of(gone));
    }

    /// What is wanted and was removed by somebody else since the last call. The kernel tells us of nothing that does
    /// not carry our mark, so that is never missed.
    pub(super) fn losses(&mut self) -> Vec<(Holder, I)> {
        let mut lost = Vec::new();
        for key in std::mem::take(&mut self.touched) {
            for wanted in self.wanted.get(&key).into_iter().flatten() {
                let is_lost = wanted.progress == Progress::Set
                    && wanted.item.is_marked()
                    && !Self::is_present(&self.present, &key, &wanted.item);
                if is_lost {
                    lost.extend(
                        wanted.holders.iter().map(|holder| (wanted.order, *holder, wanted.item.clone())),
                    );
                }
            }
        }
        lost.sort_unstable_by_key(|(order, holder, _)| (*order, *holder));
        lost.into_iter().map(|(_, holder, item)| (holder, item)).collect()
    }

    /// Puts one back that was lost, unless nobody minds.
    pub(super) fn restore(&mut self, item: &I) -> Option<Operation> {
        if item.is_left_alone() {
            return None;
        }
        let list = self.wanted.get_mut(&item.key())?;
        let wanted = list.iter_mut().find(|wanted| wanted.item == *item)?;
        if wanted.progress == Progress::Pending {
            return None;
        }
        wanted.progress = Progress::Pending;
        note_addition(&mut self.adding, item);
        Some(item.addition())
    }

    /// One that was lost comes back with the next repair, and until then nothing is tried.
    pub(super) fn postpone(&mut self, item: &I) {
        let list = self.wanted.get_mut(&item.key());
        if let Some(wanted) = list.and_then(|list| list.iter_mut().find(|wanted| wanted.item == *item)) {
            wanted.progress = Progress::Postponed;
        }
    }

    /// Adds again what is wanted but not there, as far as it is concerned.
    pub(super) fn repairs(&mut self, is_concerned: impl Fn(&I) -> bool) -> Vec<Operation> {
        let present = &self.present;
        add_again(&mut self.wanted, &mut self.adding, |key, wanted| {
            is_concerned(&wanted.item) && !Self::is_present(present, key, &wanted.item)
        })
    }

    /// Tries again what the kernel refused.
    pub(super) fn retries(&mut self) -> Vec<Operation> {
        add_again(&mut self.wanted, &mut self.adding, |_, wanted| wanted.progress == Progress::Refused)
    }

    /// What is left behind: present and not wanted, or configured without our mark and not wanted.
    pub(super) fn leftovers(&self, configured: &[I]) -> Vec<Operation> {
        let is_wanted = |key: &I::Key, seen: &I::Seen| {
            self.wanted.get(key).is_some_and(|list| list.iter().any(|wanted| wanted.item.is(seen)))
        };
        let present = self.present.iter().flat_map(|(key, there)| there.iter().map(move |seen| (key, seen)));
        let stray = present.filter(|(key, seen)| !is_wanted(key, seen)).map(|(_, seen)| I::removal_of(seen));
        let is_held = |item: &I| {
            self.wanted.get(&item.key()).is_some_and(|list| list.iter().any(|wanted| wanted.item == *item))
        };
        let unmarked = configured.iter().filter(|item| !item.is_marked() && !is_held(item));
        stray.chain(unmarked.map(Item::removal)).collect()
    }
}

/// What is due and not on its way already is added again, in the order in which it was wanted.
fn add_again<I: Item>(
    wanted: &mut HashMap<I::Key, Vec<Wanted<I>>>,
    adding: &mut HashMap<I, u32>,
    is_due: impl Fn(&I::Key, &Wanted<I>) -> bool,
) -> Vec<Operation> {
    let mut due = Vec::new();
    for (key, list) in wanted {
        for wanted in list.iter_mut().filter(|wanted| wanted.progress != Progress::Pending) {
            if is_due(key, wanted) {
                wanted.progress = Progress::Pending;
                note_addition(adding, &wanted.item);
                due.push((wanted.order, wanted.item.addition()));
            }
        }
    }
    due.sort_unstable_by_key(|(order, _)| *order);
    due.into_iter().map(|(_, operation)| operation).collect()
}

fn note_addition<I: Item>(adding: &mut HashMap<I, u32>, item: &I) {
    *adding.entry(item.clone()).or_default() += 1;
}

/// Requests that there is room for all the time.
const ROOM_KEPT: usize = 64;

/// One of the requests about this has been answered. Was it the last one on its way?
pub(super) fn is_last<K: Eq + Hash>(under_way: &mut HashMap<K, u32>, key: &K) -> bool {
    match under_way.get_mut(key) {
        Some(count) if *count > 1 => {
            *count -= 1;
            false
        }
        _ => {
            under_way.remove(key);
            if under_way.is_empty() && under_way.capacity() > ROOM_KEPT {
                // Thousands of instances that became MASTER together.
                *under_way = HashMap::new();
            }
            true
        }
    }
}
