//! What only the running process knows, for the operator beside it: a small file in the data directory, written anew each
//! minute and removed at the end. Numbers and peers; no line, no handset.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::{SwitchboardAddress, Timestamp};
use serde::{Deserialize, Serialize};

use super::data::private;

/// More than a report ever takes.
const REPORT_BYTES: usize = 4 << 20;
/// Peers in trouble that are told of.
const PEERS: usize = 10_000;

/// What the running switchboard says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When it said so.
    pub at: Timestamp,
    /// Since when it runs.
    pub since: Timestamp,
    /// Its version.
    pub version: String,
    /// Handsets that are connected.
    pub handsets: u64,
    /// Peers that something is wrong with.
    pub troubles: Vec<(SwitchboardAddress, Trouble)>,
}

/// What is wrong with a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Trouble {
    /// How many times in a row nothing could be handed over.
    pub failures: u32,
    /// Whether it shows another key than the pinned one.
    pub key_differs: bool,
    /// Whether it had more of this switchboard's messages than there are here.
    pub is_ahead: bool,
}

/// Peers that something is wrong with now.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<HashMap<SwitchboardAddress, Trouble>>);

impl Troubles {
    /// How many times in a row nothing could be handed over.
    pub(super) fn failures(&self, peer: &SwitchboardAddress, failures: u32) {
        self.note(peer, |trouble| trouble.failures = failures);
    }

    /// Whether a peer shows another key than the pinned one.
    pub(super) fn key_differs(&self, peer: &SwitchboardAddress, differs: bool) {
        self.note(peer, |trouble| trouble.key_differs = differs);
    }

    /// A peer has had more of this switchboard's messages than there are here; gives whether that was known.
    pub(super) fn is_ahead(&self, peer: &SwitchboardAddress) -> bool {
        let mut was_known = false;
        self.note(peer, |trouble| was_known = std::mem::replace(&mut trouble.is_ahead, true));
        was_known
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> Vec<(SwitchboardAddress, Trouble)> {
        let mut all: Vec<_> = self.map().iter().map(|(peer, trouble)| (peer.clone(), *trouble)).collect();
        all.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        all
    }

    fn note(&self, peer: &SwitchboardAddress, change: impl FnOnce(&mut Trouble)) {
        let mut all = self.map();
        let mut trouble = all.get(peer).copied().unwrap_or_default();
        change(&mut trouble);
        if trouble == Trouble::default() {
            all.remove(peer);
        } else if all.contains_key(peer) || all.len() < PEERS {
            all.insert(peer.clone(), trouble);
        }
    }

    fn map(&self) -> MutexGuard<'_, HashMap<SwitchboardAddress, Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a report, whole or not at all. It need not survive a crash of the machine.
pub(super) fn write(data: &Path, report: &Report) -> io::Result<()> {
    let new = path(data).with_extension("new");
    private().create(true).truncate(true).open(&new)?;
    fs::write(&new, protocol::encode(report))?;
    fs::rename(&new, path(data))
}

/// The last report of a switchboard that has not said goodbye.
pub(super) fn read(data: &Path) -> Option<Report> {
    protocol::decode(&fs::read(path(data)).ok()?, REPORT_BYTES).ok()
}

/// At the end.
pub(super) fn remove(data: &Path) {
    // There may be none.
    let _ = fs::remove_file(path(data));
}

fn path(data: &Path) -> PathBuf {
    data.join("report")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_that_are_over_are_forgotten() {
        let (troubles, peer) = (Troubles::default(), "office.example.org".parse().unwrap());
        troubles.failures(&peer, 3);
        troubles.key_differs(&peer, true);
        assert_eq!(troubles.all(), [(peer.clone(), Trouble { failures: 3, key_differs: true, is_ahead: false })]);
        troubles.failures(&peer, 0);
        troubles.key_differs(&peer, false);
        assert_eq!(troubles.all(), []);
        assert!(!troubles.is_ahead(&peer) && troubles.is_ahead(&peer), "told of once");
        troubles.failures(&peer, 0);
        assert_eq!(troubles.all(), [(peer, Trouble { is_ahead: true, ..Trouble::default() })], "until the next start");
    }

    #[test]
    fn a_report_is_read_back_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let report = Report {
            at: Timestamp::from_millis(2),
            since: Timestamp::from_millis(1),
            version: "1".to_owned(),
            handsets: 3,
            troubles: Vec::new(),
        };
        write(folder.path(), &report).unwrap();
        assert_eq!(read(folder.path()), Some(report.clone()));
        remove(folder.path());
        assert_eq!(read(folder.path()), None);
    }
}
