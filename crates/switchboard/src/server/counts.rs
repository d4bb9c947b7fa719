//! How much of something each of many holds at the moment: connections, bytes, what is under way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counts of all who hold something.
#[derive(Debug)]
pub(super) struct Counts<K>(Arc<Mutex<HashMap<K, u64>>>);

/// A part of one's count, given back when dropped.
#[derive(Debug)]
pub(super) struct Counted<K: Hash + Eq> {
    counts: Counts<K>,
    key: K,
    amount: u64,
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Hash + Eq + Clone> Counts<K> {
    /// Counts one for `key`, unless it has `most` already.
    pub(super) fn take(&self, key: K, most: u64) -> Option<Counted<K>> {
        let mut counted = self.nothing(key);
        counted.grow(1, most).then_some(counted)
    }

    /// Counts nothing for `key` yet.
    pub(super) fn nothing(&self, key: K) -> Counted<K> {
        Counted { counts: Self(Arc::clone(&self.0)), key, amount: 0 }
    }
}

impl<K: Hash + Eq + Clone> Counted<K> {
    /// Counts more, unless `most` would be exceeded; gives whether it was counted.
    pub(super) fn grow(&mut self, amount: u64, most: u64) -> bool {
        let mut all = locked(&self.counts.0);
        let count = all.get(&self.key).copied().unwrap_or_default().saturating_add(amount);
        if count > most {
            return false;
        }
        all.insert(self.key.clone(), count);
        self.amount += amount;
        true
    }
}

impl<K: Hash + Eq> Drop for Counted<K> {
    fn drop(&mut self) {
        let mut all = locked(&self.counts.0);
        if let Some(count) = all.get_mut(&self.key) {
            *count = count.saturating_sub(self.amount);
            if *count == 0 {
                all.remove(&self.key);
            }
        }
    }
}

/// A count stays usable after a panic elsewhere.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_so_much_until_it_gives_something_back() {
        let counts = Counts::default();
        let mut first = counts.take("one", 2).unwrap();
        let second = counts.take("one", 2).unwrap();
        assert!(counts.take("one", 2).is_none() && counts.take("other", 2).is_some());
        drop(second);
        assert!(!first.grow(2, 2) && first.grow(1, 2) && !first.grow(1, 2));
        drop(counts.nothing("one"));
        drop(first);
        assert!(locked(&counts.0).is_empty(), "and nothing is remembered");
    }
}
