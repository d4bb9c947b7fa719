//! What an operator orders beside the running switchboard, from another process, on the same database.

use std::path::Path;

use protocol::{SwitchboardAddress, Timestamp};

use super::data::database;
use super::{OperatorError, now, rng};
use crate::core::{Core, Done, Federation, Office, Work};
use crate::limits::Limits;
use crate::store::{SqliteStore, Standing, Store as _, StoreError, StoreFailure};

/// The setting that holds the public URL of the last start.
pub(super) const PUBLIC_URL: &str = "public_url";

/// What an operator sees of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// The peer.
    pub address: SwitchboardAddress,
    /// What the operator has said about it.
    pub standing: Standing,
    /// Whether a key is pinned for it.
    pub is_pinned: bool,
    /// Messages that wait for it.
    pub waiting: u64,
    /// Bytes that wait for it.
    pub waiting_bytes: u64,
}

/// Makes an invitation for one more line; gives its claim link. Works while the switchboard runs.
///
/// # Errors
/// [`OperatorError::NoData`] if no switchboard was ever started on this directory; what the database says.
pub fn invite(data: &Path) -> Result<String, OperatorError> {
    let mut core = core(data)?;
    match order(&mut core, Work::Invite { keep_secret: false })? {
        Done::Invited(secret) => Ok(core.office().claim_url(&secret)),
        _ => Err(fault().into()),
    }
}

/// All peers that this switchboard has had to do with.
///
/// # Errors
/// As [`invite`].
pub fn peers(data: &Path) -> Result<Vec<PeerStatus>, OperatorError> {
    let mut found = Vec::new();
    core(data)?.store().read(&mut |tx| {
        let status = |(address, row): (_, crate::store::PeerRow)| PeerStatus {
            address,
            standing: row.standing,
            is_pinned: row.key.is_some(),
            waiting: row.last.saturating_sub(row.stored),
            waiting_bytes: row.bytes,
        };
        found = tx.peers()?.into_iter().map(status).collect();
        Ok(())
    })?;
    Ok(found)
}

/// Forgets a peer's pinned key, so that the one that it shows next is pinned.
///
/// # Errors
/// As [`invite`]; [`OperatorError::PeerUnknown`].
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

/// Allows or blocks a peer, or leaves it to the rule again.
///
/// # Errors
/// As [`invite`].
pub fn set_peer_standing(data: &Path, peer: &SwitchboardAddress, standing: Standing) -> Result<(), OperatorError> {
    order(&mut core(data)?, Work::SetStanding { peer: peer.clone(), standing }).map(drop)
}

fn order(core: &mut Core<SqliteStore>, work: Work) -> Result<Done, OperatorError> {
    let at: Timestamp = now();
    Ok(core.apply(at, vec![work])?.done.pop().ok_or_else(fault)?)
}

fn core(data: &Path) -> Result<Core<SqliteStore>, OperatorError> {
    let no_data = || OperatorError::NoData(data.to_owned());
    let path = database(data);
    if !path.is_file() {
        return Err(no_data());
    }
    let mut store = SqliteStore::open(&path)?;
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

fn fault() -> StoreError {
    StoreError::new(StoreFailure::Fault, "a fault in this program: please report it")
}
