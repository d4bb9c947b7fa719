//! Whether the disk is nearly full.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::status::free_bytes;

/// How long an answer holds.
const HOLDS: Duration = Duration::from_secs(1);

/// The disk that a data directory is on.
#[derive(Debug)]
pub(super) struct Disk {
    path: PathBuf,
    floor: u64,
    asked: Option<Instant>,
    is_short: bool,
}

impl Disk {
    /// The disk of this directory, of which so many bytes are to stay free.
    pub(super) fn new(path: PathBuf, floor: u64) -> Self {
        Self { path, floor, asked: None, is_short: false }
    }

    /// Whether less is free than ought to be. A disk that does not say is not short.
    pub(super) fn is_short(&mut self, now: Instant) -> bool {
        if self.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= HOLDS) {
            self.asked = Some(now);
            let is_short = self.floor > 0 && free_bytes(&self.path).is_some_and(|free| free < self.floor);
            if is_short != self.is_short {
                self.is_short = is_short;
                self.say();
            }
        }
        self.is_short
    }

    fn say(&self) {
        if self.is_short {
            tracing::error!(
                code = "disk-nearly-full",
                "less disk is free than is to stay free: nothing new is taken, and nothing is lost, until there is more"
            );
        } else {
            tracing::info!("there is disk enough again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_asked_once_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let (start, mut disk) = (Instant::now(), Disk::new(folder.path().to_owned(), u64::MAX));
        assert!(disk.is_short(start));
        disk.floor = 1;
        assert!(disk.is_short(start + Duration::from_millis(999)));
        assert!(!disk.is_short(start + HOLDS));
        disk.floor = 0;
        assert!(!disk.is_short(start + 2 * HOLDS), "no floor, no end");
    }
}
