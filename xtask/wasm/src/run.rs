//! Which phase of which test comes next, and what came of those before.

use std::time::{Duration, Instant};

/// A run: first the page is asked for the list of tests, then for each phase of each.
#[derive(Default)]
pub(crate) struct Run {
    /// `None` until the page has given the list.
    tests: Option<Vec<Test>>,
    /// The test that is next or under way, and its phase.
    at: (usize, usize),
    /// Whether the page was loaded anew for that phase already.
    reloaded: bool,
    started: Option<Instant>,
    took: Duration,
    passed: usize,
    failed: usize,
    /// Why there was no list.
    broken: bool,
}

struct Test {
    name: String,
    /// For each phase, whether the page is loaded anew first.
    phases: Vec<bool>,
}

impl Run {
    /// What the page is to do: `list`, `reload`, `run`, name and phase separated by tabs, or `end`.
    pub(crate) fn task(&mut self) -> String {
        let (number, phase) = self.at;
        let Some(tests) = &self.tests else { return "list".to_owned() };
        let Some(test) = tests.get(number) else { return "end".to_owned() };
        if test.phases[phase] && !self.reloaded {
            self.reloaded = true;
            return "reload".to_owned();
        }
        self.started = Some(Instant::now());
        format!("run\t{}\t{phase}", test.name)
    }

    /// What came of the last task.
    pub(crate) fn result(&mut self, said: &str) {
        let failure = said.strip_prefix("failed: ");
        let Some(tests) = &self.tests else {
            match failure {
                None => self.tests = Some(said.lines().filter_map(parse).collect()),
                Some(why) => {
                    println!("FAILED to list the tests: {why}");
                    self.broken = true;
                }
            }
            return;
        };
        let (number, phase) = self.at;
        let Some(test) = tests.get(number) else { return };
        self.took += self.started.take().map_or(Duration::ZERO, |started| started.elapsed());
        self.reloaded = false;
        match failure {
            None if phase + 1 < test.phases.len() => {
                self.at = (number, phase + 1);
                return;
            }
            None => {
                println!("ok      {} ({} ms)", test.name, self.took.as_millis());
                self.passed += 1;
            }
            Some(why) => {
                println!("FAILED  {}, phase {} of {}: {why}", test.name, phase + 1, test.phases.len());
                self.failed += 1;
            }
        }
        self.took = Duration::ZERO;
        self.at = (number + 1, 0);
    }

    /// Counts what has not ended as failed.
    pub(crate) fn give_up(&mut self, why: &str) {
        let Some(tests) = &self.tests else {
            self.broken = true;
            return;
        };
        for test in tests.iter().skip(self.at.0) {
            println!("FAILED  {}: {why}", test.name);
            self.failed += 1;
        }
        self.at = (tests.len(), 0);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.broken || self.tests.as_ref().is_some_and(|tests| self.at.0 >= tests.len())
    }

    /// How many tests passed and failed.
    pub(crate) fn totals(&self) -> (usize, usize) {
        (self.passed, self.failed + usize::from(self.broken))
    }
}

/// `NAME<tab>PHASES`, one letter each: `r` loads the page anew first.
fn parse(line: &str) -> Option<Test> {
    let (name, phases) = line.split_once('\t')?;
    (!phases.is_empty()).then(|| Test { name: name.to_owned(), phases: phases.chars().map(|c| c == 'r').collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed() -> Run {
        let mut run = Run::default();
        assert_eq!(run.task(), "list");
        run.result("first\twr\nsecond\tw\n");
        run
    }

    #[test]
    fn phases_run_in_order_and_reload_once() {
        let mut run = listed();
        for expected in ["run\tfirst\t0", "reload", "run\tfirst\t1", "run\tsecond\t0"] {
            assert!(!run.is_over());
            assert_eq!(run.task(), expected);
            if expected.starts_with("run") {
                run.result("ok");
            }
        }
        assert!(run.is_over());
        assert_eq!((run.task().as_str(), run.totals()), ("end", (2, 0)));
    }

    #[test]
    fn a_failed_phase_ends_its_test() {
        let mut run = listed();
        run.task();
        run.result("failed: it broke");
        assert_eq!(run.task(), "run\tsecond\t0");
        run.result("ok");
        assert_eq!(run.totals(), (1, 1));
    }

    #[test]
    fn what_never_ran_has_failed() {
        let mut run = listed();
        run.give_up("gone");
        assert!(run.is_over());
        assert_eq!(run.totals(), (0, 2));
        let mut run = Run::default();
        run.give_up("gone");
        assert_eq!(run.totals(), (0, 1));
    }

    #[test]
    fn a_module_without_tests_passes_nothing() {
        let mut run = Run::default();
        run.result("");
        assert!(run.is_over());
        assert_eq!(run.totals(), (0, 0));
    }
}
