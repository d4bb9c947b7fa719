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
    takes_files: bool,
}

/// What files leave free of a disk for texts, and for what makes room, when so much is to stay free in any case.
pub(super) fn floor_of_files(floor: u64) -> u64 {
    floor.saturating_mul(2)
}

impl Disk {
    /// The disk of this directory, of which so many bytes are to stay free.
    pub(super) fn new(path: PathBuf, floor: u64) -> Self {
        Self { path, floor, asked: None, is_short: false, takes_files: true }
    }

    /// Whether less is free than ought to be. A disk that does not say is not short.
    pub(super) fn is_short(&mut self, now: Instant) -> bool {
        if self.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= HOLDS) {
            self.asked = Some(now);
            let free = free_bytes(&self.path).filter(|_| self.floor > 0);
            let is_short = free.is_some_and(|free| free < self.floor);
            self.takes_files = free.is_none_or(|free| free >= floor_of_files(self.floor));
            if is_short != self.is_short {
                self.is_short = is_short;
                self.say();
            }
        }
        self.is_short
    }

    /// Whether there was room for files when it was asked last.
    pub(super) fn takes_files(&self) -> bool {
        self.takes_files
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
        assert!(!disk.is_short(start + 2 * HOLDS) && disk.takes_files(), "no floor, no end");
    }

    #[test]
    fn files_stop_while_there_is_room_for_texts() {
        let folder = tempfile::tempdir().unwrap();
        let free = free_bytes(folder.path()).unwrap();
        let mut disk = Disk::new(folder.path().to_owned(), free / 4 * 3);
        assert!(!disk.is_short(Instant::now()) && !disk.takes_files());
        let mut disk = Disk::new(folder.path().to_owned(), free / 4);
        assert!(!disk.is_short(Instant::now()) && disk.takes_files());
    }
}
