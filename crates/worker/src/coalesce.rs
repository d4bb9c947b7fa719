//! News, told at most so often: what changed ten times meanwhile is told once.

use std::collections::{BTreeMap, BTreeSet};

use talk::{Millis, News};

/// Between two tellings, in milliseconds.
const PAUSE: Millis = 100;
/// Between two words on how far a file is.
const CARRIED_PAUSE: Millis = 200;
/// Between two announcements of what arrived, and how many people at a time.
const ARRIVED_PAUSE: Millis = 500;
const ARRIVED: usize = 8;

/// What is still to be told.
#[derive(Debug, Default)]
pub struct Coalesced {
    people: bool,
    persons: BTreeSet<i64>,
    carried: BTreeMap<String, (u64, u64)>,
    arrived: Vec<News>,
    told_at: Millis,
    carried_at: Millis,
    arrived_at: Millis,
}

impl Coalesced {
    /// Takes something in; gives it back if it is to be told at once.
    pub fn add(&mut self, news: News) -> Option<News> {
        match news {
            News::Person(person) => {
                self.persons.insert(person);
            }
            News::People => self.people = true,
            News::Carried { blob, done, of } => {
                self.carried.insert(blob, (done, of));
            }
            News::Arrived { person, .. } => {
                // The newest of each person is enough, and a few people of a crowd.
                self.arrived.retain(|other| !matches!(other, News::Arrived { person: of, .. } if *of == person));
                self.arrived.push(news);
                if self.arrived.len() > ARRIVED {
                    self.arrived.remove(0);
                }
            }
            other => return Some(other),
        }
        None
    }

    /// When there is something to tell, if there is.
    pub fn due(&self) -> Option<Millis> {
        let changes = (self.people || !self.persons.is_empty()).then(|| self.told_at + PAUSE);
        let carried = (!self.carried.is_empty()).then(|| self.carried_at + CARRIED_PAUSE);
        let arrived = (!self.arrived.is_empty()).then(|| self.arrived_at + ARRIVED_PAUSE);
        [changes, carried, arrived].into_iter().flatten().min()
    }

    /// What is to be told now.
    pub fn take(&mut self, now: Millis) -> Vec<News> {
        let mut all = Vec::new();
        // A clock that was set back keeps nothing back.
        let is_over = |at: Millis, pause: Millis| now >= at + pause || now < at;
        if (self.people || !self.persons.is_empty()) && is_over(self.told_at, PAUSE) {
            self.told_at = now;
            if std::mem::take(&mut self.people) {
                all.push(News::People);
            }
            all.extend(std::mem::take(&mut self.persons).into_iter().map(News::Person));
        }
        if !self.carried.is_empty() && is_over(self.carried_at, CARRIED_PAUSE) {
            self.carried_at = now;
            let carried = std::mem::take(&mut self.carried);
            all.extend(carried.into_iter().map(|(blob, (done, of))| News::Carried { blob, done, of }));
        }
        if !self.arrived.is_empty() && is_over(self.arrived_at, ARRIVED_PAUSE) {
            self.arrived_at = now;
            all.append(&mut self.arrived);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(person: i64, beginning: &str) -> News {
        News::Arrived { person, name: "Tomas".to_owned(), beginning: beginning.to_owned() }
    }

    #[test]
    fn a_burst_is_told_once_and_not_again_before_its_time() {
        let mut news = Coalesced::default();
        for _ in 0..50 {
            assert_eq!(news.add(News::Person(2)), None);
            assert_eq!(news.add(News::Person(1)), None);
            assert_eq!(news.add(News::People), None);
        }
        assert_eq!(news.take(1_000), [News::People, News::Person(1), News::Person(2)]);
        assert_eq!((news.due(), news.take(2_000)), (None, vec![]));
        news.add(News::Person(1));
        assert_eq!(news.due(), Some(1_100));
        assert_eq!(news.take(1_050), []);
        assert_eq!(news.take(1_100), [News::Person(1)]);
    }

    #[test]
    fn of_what_arrived_and_of_a_file_the_newest_is_told() {
        let mut news = Coalesced::default();
        for done in 0..9 {
            news.add(News::Carried { blob: "b".to_owned(), done, of: 9 });
            news.add(arrived(1, &done.to_string()));
        }
        assert_eq!(news.take(1_000), [News::Carried { blob: "b".to_owned(), done: 8, of: 9 }, arrived(1, "8")]);
        for person in 0..20 {
            news.add(arrived(person, "x"));
        }
        assert_eq!(news.take(9_000).len(), ARRIVED);
        assert_eq!(news.add(News::ClockOff(3)), Some(News::ClockOff(3)), "what is told once is told at once");
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nothing_back() {
        let mut news = Coalesced::default();
        news.add(News::People);
        news.take(9_000_000);
        news.add(News::People);
        assert_eq!(news.take(1_000), [News::People]);
    }
}
