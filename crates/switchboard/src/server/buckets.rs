//! Token buckets: so many at once, so many in the long run.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// One bucket.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    /// Tokens that are left.
    level: f64,
    at: Instant,
}

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    per_second: f64,
    burst: f64,
}

impl Rate {
    pub(super) fn per_second(count: u32, burst: u32) -> Self {
        Self { per_second: f64::from(count), burst: f64::from(burst.max(1)) }
    }

    pub(super) fn per_minute(count: u32) -> Self {
        Self { per_second: f64::from(count) / 60.0, burst: f64::from(count.max(1)) }
    }
}

impl Bucket {
    /// A full one.
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { level: rate.burst, at: now }
    }

    fn fill(&mut self, rate: Rate, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * rate.per_second;
        self.level = (self.level + gained).min(rate.burst);
        self.at = now;
    }

    /// Takes a token if there is one.
    pub(super) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        self.fill(rate, now);
        let has = self.level >= 1.0;
        if has {
            self.level -= 1.0;
        }
        has
    }

    /// Takes a token that may have to be waited for; gives how long.
    pub(super) fn wait(&mut self, rate: Rate, now: Instant) -> Duration {
        self.fill(rate, now);
        self.level -= 1.0;
        if self.level >= 0.0 {
            Duration::ZERO
        } else {
            Duration::from_secs_f64(-self.level / rate.per_second.max(1e-3))
        }
    }
}

/// A bucket for each of many, of which only those that are not full are kept.
#[derive(Debug)]
pub(super) struct Buckets<K> {
    rate: Rate,
    each: HashMap<K, Bucket>,
    /// Entries at which full ones are thrown away.
    next_prune: usize,
}

/// Entries that are kept in any case.
const FEW: usize = 1024;

impl<K: Hash + Eq> Buckets<K> {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, each: HashMap::new(), next_prune: FEW }
    }

    /// Takes a token of `key`'s if there is one.
    pub(super) fn take(&mut self, key: K, now: Instant) -> bool {
        let rate = self.rate;
        self.of(key, now).take(rate, now)
    }

    /// Takes a token of `key`'s that may have to be waited for; gives how long.
    pub(super) fn wait(&mut self, key: K, now: Instant) -> Duration {
        let rate = self.rate;
        self.of(key, now).wait(rate, now)
    }

    fn of(&mut self, key: K, now: Instant) -> &mut Bucket {
        let rate = self.rate;
        if self.each.len() >= self.next_prune {
            self.each.retain(|_, bucket| {
                bucket.fill(rate, now);
                bucket.level < rate.burst
            });
            self.next_prune = FEW.max(self.each.len() * 2);
        }
        self.each.entry(key).or_insert_with(|| Bucket::new(rate, now))
    }

    /// Gives a token back.
    pub(super) fn give_back(&mut self, key: &K) {
        if let Some(bucket) = self.each.get_mut(key) {
            bucket.level = (bucket.level + 1.0).min(self.rate.burst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_the_rate() {
        let start = Instant::now();
        let mut buckets = Buckets::new(Rate::per_second(2, 3));
        let taken = |buckets: &mut Buckets<&str>, millis| {
            (0..10).filter(|_| buckets.take("one", start + Duration::from_millis(millis))).count()
        };
        assert_eq!(taken(&mut buckets, 0), 3);
        assert_eq!(taken(&mut buckets, 499), 0);
        assert_eq!(taken(&mut buckets, 1000), 2);
        assert!(buckets.take("other", start));
        buckets.give_back(&"one");
        assert_eq!(taken(&mut buckets, 1000), 1);
    }

    #[test]
    fn waiting_grows_by_the_rate() {
        let start = Instant::now();
        let rate = Rate::per_second(10, 1);
        let mut bucket = Bucket::new(rate, start);
        let waits: Vec<u128> = (0..3).map(|_| bucket.wait(rate, start).as_millis()).collect();
        assert_eq!(waits, [0, 100, 200]);
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let start = Instant::now();
        let mut buckets = Buckets::new(Rate::per_second(1000, 1));
        for key in 0..5000 {
            buckets.take(key, start + Duration::from_millis(key));
        }
        assert!(buckets.each.len() < 2 * FEW, "{}", buckets.each.len());
    }
}
