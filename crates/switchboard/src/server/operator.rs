//! What an operator orders beside the running switchboard, from another process, on the same database.

use std::io::ErrorKind;
use std::path::Path;

use protocol::{SwitchboardAddress, Timestamp};

use super::data::database;
use super::{OperatorError, now, rng};
use crate::core::{Core, Done, Federation, Office, Work};
use crate::limits::Limits;
use crate::store::{SqliteStore, Standing, Store as _, StoreError, StoreFailure};

/// The setting that holds the public URL of the last start.
pub(super) const PUBLIC_URL: &str = "public_url";

/// The setting that holds when the last backup was made, in milliseconds.
pub(super) const LAST_BACKUP: &str = "last_backup";

/// Forgets a peer's pinned key, so that the one that it shows next is pinned.
///
/// # Errors
/// [`OperatorError::NoData`], [`OperatorError::PeerUnknown`]; what the database says.
pub fn forget_peer(data: &Path, peer: &SwitchboardAddress) -> Result<(), OperatorError> {
    let mut core = core(data)?;
    let mut is_known = false;
    core.store().read(&mut |tx| {
        is_known = tx.peer(peer)?.is_some();
        Ok(())
    })?;
    if !is_known {
        return Err(OperatorError::PeerUnknown);
    }
    order(&mut core, Work::Forget { peer: peer.clone() }).map(drop)
}

/// Allows or blocks a peer, or leaves it to the rule again. Nothing waits for one that is blocked.
///
/// # Errors
/// [`OperatorError::NoData`]; what the database says.
pub fn set_peer_standing(data: &Path, peer: &SwitchboardAddress, standing: Standing) -> Result<(), OperatorError> {
    let mut core = core(data)?;
    order(&mut core, Work::SetStanding { peer: peer.clone(), standing })?;
    while let Done::Swept(1..) = order(&mut core, Work::Discard { peer: peer.clone() })? {}
    Ok(())
}

pub(super) fn order(core: &mut Core<SqliteStore>, work: Work) -> Result<Done, OperatorError> {
    let at: Timestamp = now();
    Ok(core.apply(at, vec![work])?.done.pop().ok_or_else(fault)?)
}

pub(super) fn core(data: &Path) -> Result<Core<SqliteStore>, OperatorError> {
    core_on(open(data)?, data)
}

/// The database of a switchboard that was started at least once.
pub(super) fn open(data: &Path) -> Result<SqliteStore, OperatorError> {
    let path = database(data);
    match std::fs::metadata(&path) {
        Ok(file) if file.is_file() => Ok(SqliteStore::open(&path)?),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(OperatorError::Denied(data.to_owned())),
        _ => Err(OperatorError::NoData(data.to_owned())),
    }
}

pub(super) fn core_on(mut store: SqliteStore, data: &Path) -> Result<Core<SqliteStore>, OperatorError> {
    let no_data = || OperatorError::NoData(data.to_owned());
    let url = setting(&mut store, PUBLIC_URL)?.ok_or_else(no_data)?;
    let address = SwitchboardAddress::from_url(&url).map_err(|_| no_data())?;
    let plain_http = url.starts_with("http://");
    let office =
        Office { address, name: String::new(), federation: Federation::Open, loopback_only: false, plain_http };
    Ok(Core::new(store, office, Limits::default(), Box::new(rng())))
}

/// A setting that is text.
pub(super) fn setting(store: &mut SqliteStore, name: &str) -> Result<Option<String>, StoreError> {
    let mut found = None;
    store.read(&mut |tx| {
        found = tx.setting(name)?;
        Ok(())
    })?;
    Ok(found.and_then(|bytes| String::from_utf8(bytes).ok()))
}

pub(super) fn fault() -> StoreError {
    StoreError::new(StoreFailure::Fault, "a fault in this program: please report it")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn what_may_not_be_read_is_not_said_to_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert!(matches!(open(&data), Err(OperatorError::NoData(_))));
        std::fs::create_dir(&data).unwrap();
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o000)).unwrap();
        let is_root = std::fs::read_dir(&data).is_ok();
        let refused = open(&data).unwrap_err();
        assert_eq!(refused.code(), if is_root { "no-data" } else { "permission-denied" });
    }
}
