//! What is read beside the writing: on the same store, or on another connection to it.

use protocol::documents::SigningPublic;
use protocol::federation::PeerMessage;
use protocol::frames::{Item, Way};
use protocol::limits::ITEMS_IN_FLIGHT;
use protocol::wake::Subscription;
use protocol::{HandsetId, LineId, QueueId, RestoreId, SwitchboardAddress, Timestamp};

use super::Office;
use super::restored::last_return;
use super::split::{join_item, join_message};
use super::sweep::LAST_SWEEP;
use crate::store::{PeerRow, Standing, Store, StoreError, Tx};

/// A handset as its line's newest list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What it signs with.
    pub signing: SigningPublic,
    /// For its welcome.
    pub welcome: Welcome,
}

/// Where a handset stands when it is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Welcome {
    /// All of its deeds up to this number are done.
    pub done: u64,
    /// The newest item that waits for it; 0 if none does.
    pub newest: u64,
    /// The switchboard's last return to an older copy of its data.
    pub restored: Option<RestoreId>,
}

/// Why a handset is not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotKnown {
    /// The line has no account here.
    Line,
    /// The handset is not on its newest list.
    Handset,
    /// Nor on this one, with which the line was restored on another: it proves itself to the handset.
    Superseded(Vec<u8>),
    /// The operator took it out of service.
    Revoked,
}

/// What waits for a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The queue's incarnation.
    pub queue: QueueId,
    /// What a message's number in the store is ahead of its number in this incarnation.
    pub base: u64,
    /// The last message that the peer has stored, by its number in the store.
    pub stored: u64,
    /// The last message that was ever queued, by its number in the store.
    pub last: u64,
    /// The messages that follow, each with its number in the store.
    pub messages: Vec<(u64, PeerMessage)>,
}

/// A handset that says Hello.
///
/// # Errors
/// [`StoreError`].
pub fn known(
    store: &mut (impl Store + ?Sized),
    line: &LineId,
    handset: &HandsetId,
) -> Result<Result<Known, NotKnown>, StoreError> {
    let mut found = Err(NotKnown::Line);
    store.read(&mut |tx| {
        let Some(row) = tx.line(line)? else { return Ok(()) };
        let list = seal::read_handset_list(&row.list).map_err(|_| StoreError::damaged("a handset list"))?;
        let entry = list.handsets.into_iter().find(|entry| entry.handset == *handset);
        found = match entry {
            Some(_) if tx.handset(line, handset)?.is_some_and(|row| row.revoked_at.is_some()) => Err(NotKnown::Revoked),
            Some(entry) => Ok(Known { signing: entry.signing, welcome: welcome(tx, line, handset)? }),
            None if list.restored > 0 => Err(NotKnown::Superseded(row.list)),
            None => Err(NotKnown::Handset),
        };
        Ok(())
    })?;
    Ok(found)
}

/// Where a handset stands. Not all deeds up to the last one that is done need be done: one before it may have been
/// refused, and must not be claimed.
pub(super) fn welcome(tx: &mut dyn Tx, line: &LineId, handset: &HandsetId) -> Result<Welcome, StoreError> {
    let row = tx.handset(line, handset)?.unwrap_or_default();
    let refused = tx.refused_deeds(line, handset)?.first().copied();
    let done = refused.map_or(row.done, |refused| row.done.min(refused.saturating_sub(1)));
    let newest = tx.newest_item(line)?.filter(|newest| *newest > row.cursor).unwrap_or_default();
    Ok(Welcome { done, newest, restored: last_return(tx)? })
}

/// The items after a number (or after what the handset has acknowledged, if that is more), at most `count`, and no
/// more once `bytes` are exceeded; at least one. None if the handset is not on its line's newest list.
///
/// # Errors
/// [`StoreError`].
pub fn items(
    store: &mut (impl Store + ?Sized),
    line: &LineId,
    handset: &HandsetId,
    after: u64,
    count: usize,
    bytes: usize,
) -> Result<Result<Vec<Item>, NotKnown>, StoreError> {
    let mut found = None;
    store.read(&mut |tx| {
        if let Some(row) = tx.handset(line, handset)?.filter(|row| row.revoked_at.is_none()) {
            let stored = tx.items(line, after.max(row.cursor), count.min(ITEMS_IN_FLIGHT), bytes)?;
            found = Some(stored.into_iter().map(join_item).collect());
        }
        Ok(())
    })?;
    match found {
        Some(items) => Ok(Ok(items)),
        None => Ok(Err(known(store, line, handset)?.err().unwrap_or(NotKnown::Handset))),
    }
}

/// The messages for a peer after a number (or after what it has stored, if that is more), at most `count`, and no more
/// once `bytes` are exceeded; at least one. None if nothing was ever sent to it, or it is not allowed now.
///
/// # Errors
/// [`StoreError`].
pub fn waiting(
    store: &mut (impl Store + ?Sized),
    office: &Office,
    peer: &SwitchboardAddress,
    after: u64,
    count: usize,
    bytes: usize,
) -> Result<Option<Waiting>, StoreError> {
    let mut found = None;
    store.read(&mut |tx| {
        let allowed = tx.peer(peer)?.filter(|row| office.allows(peer, row.standing));
        if let Some(PeerRow { queue, base, stored, last, .. }) = allowed {
            let rows = tx.queued(peer, after.max(stored), count, bytes)?;
            let messages = rows.into_iter().map(|row| (row.number, join_message(row))).collect();
            found = Some(Waiting { queue, base, stored, last, messages });
        }
        Ok(())
    })?;
    Ok(found)
}

/// Peers that something waits for and that are allowed now.
///
/// # Errors
/// [`StoreError`].
pub fn peers_waiting(
    store: &mut (impl Store + ?Sized),
    office: &Office,
) -> Result<Vec<SwitchboardAddress>, StoreError> {
    let mut found = Vec::new();
    store.read(&mut |tx| {
        for peer in tx.peers_waiting()? {
            let standing = tx.peer(&peer)?.map_or(Standing::Unknown, |row| row.standing);
            if office.allows(&peer, standing) {
                found.push(peer);
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// When the last sweep was, by the clock of then.
///
/// # Errors
/// [`StoreError`].
pub fn last_sweep(store: &mut (impl Store + ?Sized)) -> Result<Option<Timestamp>, StoreError> {
    let mut found = None;
    store.read(&mut |tx| {
        found = tx.setting(LAST_SWEEP)?.and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
        Ok(())
    })?;
    Ok(found.map(|bytes| Timestamp::from_millis(u64::from_be_bytes(bytes))))
}

/// What is known of a peer, and whether it is allowed.
///
/// # Errors
/// [`StoreError`].
pub fn peer(
    store: &mut (impl Store + ?Sized),
    office: &Office,
    peer: &SwitchboardAddress,
) -> Result<(Option<PeerRow>, bool), StoreError> {
    let mut found = None;
    store.read(&mut |tx| {
        found = tx.peer(peer)?;
        Ok(())
    })?;
    let standing = found.as_ref().map_or(Standing::Unknown, |row| row.standing);
    Ok((found, office.allows(peer, standing)))
}

/// Messages for a peer that are looked through for a line's.
const LOOKED_THROUGH: usize = 4096;

/// How what a line sent to a peer gets on. That something of others waits there, or was confirmed, is not told to a line
/// that nothing of waits.
///
/// # Errors
/// [`StoreError`].
pub fn way(store: &mut (impl Store + ?Sized), line: &LineId, to: &SwitchboardAddress) -> Result<Way, StoreError> {
    let mut way = Way::default();
    store.read(&mut |tx| {
        way.waits_since = tx.oldest_queued_of(to, line, LOOKED_THROUGH)?;
        if way.waits_since.is_some() {
            way.confirmed_at = tx.peer(to)?.and_then(|row| row.confirmed_at);
        }
        Ok(())
    })?;
    Ok(way)
}

/// Handsets of a line that do not have this item yet, and where each is woken.
///
/// # Errors
/// [`StoreError`].
pub fn to_wake(
    store: &mut (impl Store + ?Sized),
    line: &LineId,
    item: u64,
) -> Result<Vec<(HandsetId, Subscription)>, StoreError> {
    let mut found = Vec::new();
    store.read(&mut |tx| {
        for (handset, row) in tx.handsets(line)? {
            if row.cursor < item
                && row.revoked_at.is_none()
                && let Some(subscription) = tx.wake(line, &handset)?
            {
                found.push((handset, subscription));
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// Where one handset is woken.
///
/// # Errors
/// [`StoreError`].
pub fn wake(
    store: &mut (impl Store + ?Sized),
    line: &LineId,
    handset: &HandsetId,
) -> Result<Option<Subscription>, StoreError> {
    let mut found = None;
    store.read(&mut |tx| {
        found = tx.wake(line, handset)?;
        Ok(())
    })?;
    Ok(found)
}

/// Handsets that are out of service, and whether their contacts are still to be told.
///
/// # Errors
/// [`StoreError`].
pub fn revoked(store: &mut (impl Store + ?Sized)) -> Result<(Vec<(LineId, HandsetId)>, bool), StoreError> {
    let mut found = (Vec::new(), false);
    store.read(&mut |tx| {
        found = (tx.handsets_revoked()?, !tx.unannounced()?.is_empty());
        Ok(())
    })?;
    Ok(found)
}
