//! How long somebody who gave wrong passphrases has to wait before the next one is tried.

use serde::{Deserialize, Serialize};
use talk::Millis;

/// So many may be wrong before there is any wait.
const FREE: u32 = 3;
/// The first wait, doubled with every one that is wrong, and the longest.
const FIRST: Millis = 5_000;
const LONGEST: Millis = 300_000;

/// What is remembered of passphrases that were wrong, across reloads too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    wrong: u32,
    not_before: Millis,
}

impl Patience {
    /// When the next one may be tried, if not now. A clock that was set back makes nobody wait longer than the longest.
    pub fn not_before(&self, now: Millis) -> Option<Millis> {
        (self.not_before > now).then(|| self.not_before.min(now.saturating_add(LONGEST)))
    }

    /// Counts a passphrase as wrong. To be kept before it is tried: whoever ends the app meanwhile gains nothing.
    #[must_use]
    pub fn one_more(self, now: Millis) -> Self {
        let wrong = self.wrong.saturating_add(1);
        let wait = match wrong.checked_sub(FREE) {
            None => 0,
            Some(doublings) => FIRST.saturating_mul(1 << doublings.min(10)).min(LONGEST),
        };
        Self { wrong, not_before: if wait == 0 { 0 } else { now.saturating_add(wait) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_are_free_and_then_each_takes_twice_as_long_up_to_five_minutes() {
        let mut patience = Patience::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            patience = patience.one_more(1_000);
            waits.push(patience.not_before(1_000).map_or(0, |at| (at - 1_000) / 1000));
        }
        assert_eq!(waits, [0, 0, 5, 10, 20, 40, 80, 160, 300, 300, 300, 300]);
        assert_eq!(patience.not_before(301_000), None);
    }

    #[test]
    fn a_clock_that_was_set_back_ends_no_patience() {
        let patience = (0..9).fold(Patience::default(), |patience, _| patience.one_more(9_000_000));
        assert_eq!(patience.not_before(1_000_000), Some(1_000_000 + LONGEST));
    }
}
