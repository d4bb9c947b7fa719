//! How a switchboard is, seen from beside it: from its database, its files, and what it last said of itself.

use std::fs;
use std::path::Path;

use protocol::{SwitchboardAddress, Timestamp};

use super::certificate_state::{CertificateState, certificate_state};
use super::data::{DataDir, database};
use super::operator::{LAST_BACKUP, PUBLIC_URL, open, setting};
use super::report::{self, Report, Trouble};
use super::{OperatorError, now};
use crate::store::{Inventory, PeerRow, Standing, Store as _};

/// How a switchboard is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeStatus {
    /// Where it is reached. With plain http it has no certificate.
    pub public_url: String,
    /// What is known of its certificate, and of how obtaining it goes.
    pub certificate: Option<CertificateState>,
    /// Whether a process runs on the data.
    pub is_running: bool,
    /// What a running process said last; none if it stopped in order, or has not said anything yet.
    pub report: Option<Report>,
    /// Sums over its lines.
    pub inventory: Inventory,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Bytes that are free where the database is.
    pub free_bytes: Option<u64>,
    /// When the last backup was made.
    pub last_backup: Option<Timestamp>,
    /// Its peers.
    pub peers: Vec<PeerStatus>,
}

/// What an operator sees of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// The peer.
    pub address: SwitchboardAddress,
    /// What the operator has said about it.
    pub standing: Standing,
    /// Whether a key is pinned for it.
    pub is_pinned: bool,
    /// Whether the key that it shows is another than the pinned one, as the running switchboard last saw it.
    pub key_differs: bool,
    /// Whether it had more of this switchboard's messages than there are here, as the running switchboard saw: then it
    /// was started on an older copy of its data.
    pub is_ahead: bool,
    /// Messages that wait for it.
    pub waiting: u64,
    /// Bytes that wait for it.
    pub waiting_bytes: u64,
    /// Since when the oldest of them waits.
    pub waiting_since: Option<Timestamp>,
    /// When it last confirmed that it has stored something.
    pub confirmed_at: Option<Timestamp>,
    /// How many times in a row nothing could be handed over to it, as the running switchboard last knew.
    pub failures: u32,
}

/// How a switchboard is. Works while it runs, and when it does not.
///
/// # Errors
/// [`OperatorError::NoData`] if no switchboard was ever started on this directory; what the database says.
pub fn status(data: &Path) -> Result<OfficeStatus, OperatorError> {
    let mut store = open(data)?;
    let public_url = setting(&mut store, PUBLIC_URL)?.ok_or_else(|| OperatorError::NoData(data.to_owned()))?;
    let (mut inventory, mut last_backup) = (Inventory::default(), None);
    store.read(&mut |tx| {
        inventory = tx.inventory(now())?;
        last_backup = tx.setting(LAST_BACKUP)?.and_then(|millis| <[u8; 8]>::try_from(millis).ok());
        Ok(())
    })?;
    let path = database(data);
    let wal = path.with_extension("db-wal");
    Ok(OfficeStatus {
        certificate: certificate_state(data).filter(|_| public_url.starts_with("https:")),
        public_url,
        is_running: DataDir::is_taken(data),
        report: report::read(data),
        inventory,
        database_bytes: [&path, &wal]
            .into_iter()
            .filter_map(|file| fs::metadata(file).ok())
            .map(|file| file.len())
            .sum(),
        free_bytes: free_bytes(data),
        last_backup: last_backup.map(|millis| Timestamp::from_millis(u64::from_be_bytes(millis))),
        peers: peers(data)?,
    })
}

/// All peers that this switchboard has had to do with.
///
/// # Errors
/// As [`status`].
pub fn peers(data: &Path) -> Result<Vec<PeerStatus>, OperatorError> {
    let troubles = report::read(data).map(|report| report.troubles).unwrap_or_default();
    let trouble = |peer: &SwitchboardAddress| {
        troubles.iter().find(|(of, _)| of == peer).map_or_else(Trouble::default, |(_, trouble)| *trouble)
    };
    let mut found = Vec::new();
    open(data)?.read(&mut |tx| {
        for (address, row) in tx.peers()? {
            let waiting_since = tx.oldest_queued(&address)?;
            let trouble = trouble(&address);
            found.push(peer_status(address, &row, waiting_since, trouble));
        }
        Ok(())
    })?;
    Ok(found)
}

fn peer_status(
    address: SwitchboardAddress,
    row: &PeerRow,
    waiting_since: Option<Timestamp>,
    trouble: Trouble,
) -> PeerStatus {
    PeerStatus {
        address,
        standing: row.standing,
        is_pinned: row.key.is_some(),
        // A key that the operator has forgotten since differs from none.
        key_differs: trouble.key_differs && row.key.is_some(),
        is_ahead: trouble.is_ahead,
        waiting: row.last.saturating_sub(row.stored),
        waiting_bytes: row.bytes,
        waiting_since,
        confirmed_at: row.confirmed_at,
        failures: trouble.failures,
    }
}

/// What is free on the disk of a directory.
pub fn free_bytes(at: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(at).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
