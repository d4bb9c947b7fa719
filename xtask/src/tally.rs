//! Counting tests, and reading how many ran out of what the test runners print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed or could not be run.
    pub(crate) failed: u64,
}

impl Tally {
    /// One check that passed or did not, such as the formatting.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed) }
    }

    /// The sum over every summary that `cargo test` or `cargo nextest run` printed. A run that failed without a failed
    /// test (it did not compile, or a runner died) counts as one failure.
    pub(crate) fn of_run(text: &str, success: bool) -> Self {
        // nextest shows what a failed test printed, which is one more of libtest's summaries.
        let by_nextest = text.lines().any(|line| nextest(line).is_some());
        let read = if by_nextest { nextest } else { libtest };
        let mut tally = Self::default();
        for found in text.lines().filter_map(read) {
            tally += found;
        }
        if !success && tally.failed == 0 {
            tally.failed = 1;
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// `test result: ok. 3 passed; 0 failed; 0 ignored; ...`
fn libtest(line: &str) -> Option<Tally> {
    let counts = line.trim().strip_prefix("test result: ")?.split_once(". ")?.1;
    Some(Tally { passed: before(counts, " passed")?, failed: before(counts, " failed")? })
}

/// `Summary [   0.123s] 10 tests run: 8 passed (1 slow), 1 failed, 1 timed out, 0 skipped`, or, when it was
/// interrupted, `4/10 tests run: ...`.
fn nextest(line: &str) -> Option<Tally> {
    let (head, counts) = line.trim().strip_prefix("Summary [")?.split_once(" run: ")?;
    let asked = head.split_whitespace().rev().nth(1)?.rsplit('/').next()?.parse::<u64>().ok()?;
    let passed = before(counts, " passed").unwrap_or(0);
    Some(Tally { passed, failed: asked.saturating_sub(passed) })
}

/// The number that stands just before `word`.
fn before(text: &str, word: &str) -> Option<u64> {
    let head = &text[..text.find(word)?];
    head.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtest_summaries_add_up() {
        let text = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                    test result: FAILED. 12 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(Tally::of_run(text, false), Tally { passed: 15, failed: 2 });
    }

    #[test]
    fn nextest_summaries_are_read() {
        let text = "     Summary [   0.123s] 10 tests run: 8 passed (1 slow), 1 failed, 1 timed out, 4 skipped\n";
        assert_eq!(Tally::of_run(text, false), Tally { passed: 8, failed: 2 });
        let text = "     Summary [   0.004s] 1 test run: 1 passed, 0 skipped\n";
        assert_eq!(Tally::of_run(text, true), Tally { passed: 1, failed: 0 });
    }

    #[test]
    fn a_failed_test_that_nextest_shows_counts_once() {
        let text = "test result: FAILED. 0 passed; 1 failed; 0 ignored\n\
                    \x20    Summary [ 298.728s] 17 tests run: 16 passed, 1 failed, 0 skipped\n";
        assert_eq!(Tally::of_run(text, false), Tally { passed: 16, failed: 1 });
    }

    #[test]
    fn tests_that_an_interrupted_run_never_reached_are_not_passed() {
        let text = "     Summary [   2.000s] 4/10 tests run: 3 passed, 1 failed, 0 skipped\n";
        assert_eq!(Tally::of_run(text, false), Tally { passed: 3, failed: 7 });
    }

    #[test]
    fn a_run_that_did_not_compile_is_a_failure() {
        assert_eq!(Tally::of_run("error: could not compile\n", false), Tally::one(false));
    }

    #[test]
    fn a_run_without_tests_counts_nothing() {
        assert_eq!(Tally::of_run("", true), Tally::default());
    }
}
