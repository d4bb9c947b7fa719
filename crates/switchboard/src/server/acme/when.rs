//! When a certificate is asked for: pure, so that it can be tested.

use std::time::Duration;

use protocol::Timestamp;

use super::leaf::Leaf;
use crate::server::certificate_state::Attempts;

/// After a success, whatever the certificate says of its time: one that looks old as soon as it comes is a clock's fault,
/// theirs or ours, and asking again at once would never end.
const AFTER_SUCCESS: Duration = Duration::from_hours(1);
/// However often it has failed.
const LONGEST: Duration = Duration::from_hours(6);

/// What it depends on.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// The certificate in use, if there is one for our name.
    pub(super) leaf: Option<Leaf>,
    pub(super) attempts: &'a Attempts,
    /// How long to wait after a first failure.
    pub(super) retry: Duration,
    /// Between 0 and 1.
    pub(super) chance: f64,
}

/// When to ask next: when two thirds of the certificate's time are over and a bit by chance, or at once if there is none;
/// after an attempt not before a while has passed.
pub(super) fn due(plan: &Plan<'_>, now: Timestamp) -> Timestamp {
    let wanted = plan.leaf.as_ref().map_or(now, |leaf| {
        let life = leaf.until.since(leaf.from);
        leaf.from.after(life * 2 / 3 + (life / 60).mul_f64(plan.chance))
    });
    let Some(last) = plan.attempts.last else { return wanted };
    let pause = match plan.attempts.failures {
        0 => {
            let third = plan.leaf.as_ref().map(|leaf| leaf.until.since(leaf.from) / 3);
            third.map_or(AFTER_SUCCESS, |third| third.min(AFTER_SUCCESS))
        }
        failures => plan.retry.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST),
    };
    // A clock that was set back since must not make it wait for long.
    wanted.max(last.min(now).after(pause.mul_f64(0.75 + plan.chance / 2.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn hours(hours: u64) -> Timestamp {
        Timestamp::from_millis(hours * HOUR)
    }

    fn at(leaf: Option<Leaf>, failures: u32, last: Option<u64>, chance: f64, now: u64) -> f64 {
        let attempts = Attempts { failures, last: last.map(hours), ..Attempts::default() };
        let plan = Plan { leaf, attempts: &attempts, retry: Duration::from_hours(1), chance };
        let due = due(&plan, hours(now)).as_millis();
        f64::from(u32::try_from(due / 1000).unwrap()) / 3600.0
    }

    fn leaf(from: u64, until: u64) -> Option<Leaf> {
        Some(Leaf { from: hours(from), until: hours(until), names: Vec::new() })
    }

    #[test]
    fn a_certificate_is_renewed_when_two_thirds_of_its_time_are_over_and_one_that_is_missing_at_once() {
        assert!((at(None, 0, None, 0.5, 7) - 7.0).abs() < 0.01);
        assert!((at(leaf(100, 1900), 0, Some(100), 0.0, 200) - 1300.0).abs() < 0.01);
        assert!((at(leaf(100, 1900), 0, Some(100), 1.0, 200) - 1330.0).abs() < 0.01, "by chance a sixtieth later");
        assert!(at(leaf(100, 1900), 0, Some(100), 0.0, 5000) < 5000.0, "over long ago: at once");
    }

    #[test]
    fn after_a_success_it_waits_even_if_the_certificate_looks_old() {
        for chance in [0.0, 1.0] {
            let pause = at(leaf(100, 1900), 0, Some(5000), chance, 5000) - 5000.0;
            assert!((0.7..1.3).contains(&pause), "{pause}");
            let unread = at(None, 0, Some(5000), chance, 5000) - 5000.0;
            assert!((0.7..1.3).contains(&unread), "{unread}");
        }
        let brief = at(leaf(4999, 5001), 0, Some(5000), 0.5, 5000) - 5000.0;
        assert!((0.5..0.7).contains(&brief), "one for two hours: {brief}");
    }

    #[test]
    fn after_failures_it_waits_twice_as_long_each_time_but_never_longer_than_six_hours() {
        for (failures, pause) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 6.0), (99, 6.0), (u32::MAX, 6.0)] {
            assert!((at(None, failures, Some(50), 0.5, 50) - 50.0 - pause).abs() < 0.01, "{failures}");
        }
        assert!(
            (at(None, 1, Some(50), 0.0, 50) - 50.75).abs() < 0.01
                && (at(None, 1, Some(50), 1.0, 50) - 51.25).abs() < 0.01
        );
        assert!((at(None, 1, Some(5000), 0.5, 50) - 51.0).abs() < 0.01, "a clock that was set back");
        assert!(
            (at(leaf(100, 1900), 1, Some(100), 0.0, 200) - 1300.0).abs() < 0.01,
            "no earlier than without failures"
        );
    }
}
