//! Rows of one transaction that are read and changed over and over while many texts go to the same few lines: read once,
//! and written once, before anything else could miss the change, before every mark, and at the latest before the commit.
//!
//! All of this is gone with the transaction: nothing is believed beyond it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::frames::MailboxAddress;
use protocol::{GenerationId, HandsetId, LineId, MailboxId};

use super::{SqliteTx, int, time};
use crate::store::{GenerationRow, HandsetRow, LineState, MailboxRow, Result};

/// Rows by their key.
type Rows<K, T> = BTreeMap<K, Row<T>>;

/// A handset's key.
type Key = (LineId, HandsetId);

/// What is held. Rows that are not there are held as none.
#[derive(Debug, Default)]
pub(super) struct Held {
    states: Rows<LineId, LineState>,
    handsets: Rows<Key, Option<HandsetRow>>,
    handsets_of: BTreeMap<LineId, Vec<HandsetId>>,
    /// Whether deeds of a handset were refused.
    refused: Rows<Key, bool>,
    mailboxes: Rows<MailboxId, Option<MailboxRow>>,
    generations: Rows<GenerationId, Option<GenerationRow>>,
    members: Rows<GenerationId, Vec<MailboxAddress>>,
    /// Envelopes that a removed row named, and maybe no other does.
    unnamed: BTreeSet<i64>,
}

#[derive(Debug, Clone)]
struct Row<T> {
    value: T,
    /// Not written yet.
    is_new: bool,
}

impl<T> Row<T> {
    const fn read(value: T) -> Self {
        Self { value, is_new: false }
    }

    const fn new(value: T) -> Self {
        Self { value, is_new: true }
    }
}

/// The rows that are not written yet, which count as written from now on.
fn take_new<K: Ord + Clone, T: Clone>(rows: &mut Rows<K, T>) -> Vec<(K, T)> {
    let new = |(key, row): (&K, &mut Row<T>)| std::mem::take(&mut row.is_new).then(|| (key.clone(), row.value.clone()));
    rows.iter_mut().filter_map(new).collect()
}

impl SqliteTx<'_> {
    /// Writes all that is held and not written yet.
    pub(super) fn write_held(&mut self) -> Result<()> {
        for (line, state) in take_new(&mut self.held.states) {
            self.run(
                "INSERT OR REPLACE INTO line_states (line, last_item, item_bytes, intake_bytes) VALUES (?1, ?2, ?3, ?4)",
                (line.as_bytes(), int(state.last_item), int(state.item_bytes), int(state.intake_bytes)),
            )?;
        }
        for ((line, handset), row) in take_new(&mut self.held.handsets) {
            let Some(row) = row else { continue };
            self.run(
                "UPDATE handsets SET done = ?3, cursor = ?4, revoked_at = ?5 WHERE line = ?1 AND handset = ?2",
                (line.as_bytes(), handset.as_bytes(), int(row.done), int(row.cursor), row.revoked_at.map(time)),
            )?;
        }
        for (mailbox, row) in take_new(&mut self.held.mailboxes) {
            let Some(row) = row else { continue };
            self.run("UPDATE mailboxes SET last = ?2 WHERE mailbox = ?1", (mailbox.as_bytes(), int(row.last)))?;
        }
        for (generation, row) in take_new(&mut self.held.generations) {
            let Some(row) = row else { continue };
            self.run(
                "UPDATE generations SET epoch = ?2, capability = ?3, last = ?4, last_at = ?5 WHERE generation = ?1",
                (generation.as_bytes(), int(row.epoch), row.capability.as_bytes(), int(row.last), time(row.last_at)),
            )?;
        }
        self.remove_unnamed()
    }

    /// Forgets all that is held, after changes were undone in the database. All of it was written before the mark.
    pub(super) fn forget_held(&mut self) {
        self.held = Held::default();
    }

    /// Removes envelopes that no row names any more.
    fn remove_unnamed(&mut self) -> Result<()> {
        for envelope in std::mem::take(&mut self.held.unnamed) {
            self.run(
                "DELETE FROM envelopes WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM items WHERE envelope = ?1)
                 AND NOT EXISTS (SELECT 1 FROM queued WHERE envelope = ?1)",
                (envelope,),
            )?;
        }
        Ok(())
    }

    /// A row that named an envelope is removed.
    pub(super) fn no_longer_named(&mut self, envelope: i64) {
        self.held.unnamed.insert(envelope);
    }

    /// A row is about to name an envelope, which may be one that no other row names any more.
    pub(super) fn name(&mut self, envelope: i64) -> Result<()> {
        if self.held.unnamed.contains(&envelope) { self.remove_unnamed() } else { Ok(()) }
    }

    /// A value as it is held among these rows, or read by `read` first.
    fn held_or_read<K: Ord + Clone, T: Clone>(
        &mut self,
        rows: impl Fn(&mut Held) -> &mut Rows<K, T>,
        key: &K,
        read: impl FnOnce(&Self) -> Result<T>,
    ) -> Result<T> {
        if let Some(row) = rows(&mut self.held).get(key) {
            return Ok(row.value.clone());
        }
        let value = read(self)?;
        rows(&mut self.held).insert(key.clone(), Row::read(value.clone()));
        Ok(value)
    }

    /// A line's state as it is held, or read by `read` first.
    pub(super) fn held_state(
        &mut self,
        line: &LineId,
        read: impl FnOnce(&Self) -> Result<LineState>,
    ) -> Result<LineState> {
        self.held_or_read(|held| &mut held.states, line, read)
    }

    pub(super) fn hold_state(&mut self, line: &LineId, state: LineState) {
        self.held.states.insert(*line, Row::new(state));
    }

    /// A handset as it is held, or read by `read` first.
    pub(super) fn held_handset(
        &mut self,
        key: Key,
        read: impl FnOnce(&Self) -> Result<Option<HandsetRow>>,
    ) -> Result<Option<HandsetRow>> {
        self.held_or_read(|held| &mut held.handsets, &key, read)
    }

    /// A line's handsets as they are held, or read by `read` first.
    pub(super) fn held_handsets(
        &mut self,
        line: &LineId,
        read: impl FnOnce(&Self) -> Result<Vec<(HandsetId, HandsetRow)>>,
    ) -> Result<Vec<(HandsetId, HandsetRow)>> {
        if !self.held.handsets_of.contains_key(line) {
            let read = read(self)?;
            self.held.handsets_of.insert(*line, read.iter().map(|(handset, _)| *handset).collect());
            for (handset, row) in read {
                // What is held is newer.
                self.held.handsets.entry((*line, handset)).or_insert_with(|| Row::read(Some(row)));
            }
        }
        let listed = self.held.handsets_of.get(line).into_iter().flatten();
        let row = |handset: &HandsetId| self.held.handsets.get(&(*line, *handset)).and_then(|row| row.value);
        Ok(listed.filter_map(|handset| Some((*handset, row(handset)?))).collect())
    }

    /// Holds a change of a handset; gives whether it is known to be there, so that a change is all that has to be written.
    pub(super) fn hold_handset(&mut self, key: Key, row: HandsetRow) -> bool {
        let is_there = matches!(self.held.handsets.get(&key), Some(Row { value: Some(_), .. }));
        if is_there {
            self.held.handsets.insert(key, Row::new(Some(row)));
        } else {
            self.forget_handset(key);
        }
        is_there
    }

    pub(super) fn forget_handset(&mut self, key: Key) {
        self.held.handsets.remove(&key);
        self.held.handsets_of.remove(&key.0);
        self.held.refused.remove(&key);
    }

    /// Whether deeds of a handset were refused, as it is held, or read by `read` first.
    pub(super) fn has_refused(&mut self, key: Key, read: impl FnOnce(&Self) -> Result<bool>) -> Result<bool> {
        self.held_or_read(|held| &mut held.refused, &key, read)
    }

    pub(super) fn forget_refused(&mut self, key: Key) {
        self.held.refused.remove(&key);
    }

    /// A mailbox as it is held, or read by `read` first.
    pub(super) fn held_mailbox(
        &mut self,
        mailbox: &MailboxId,
        read: impl FnOnce(&Self) -> Result<Option<MailboxRow>>,
    ) -> Result<Option<MailboxRow>> {
        self.held_or_read(|held| &mut held.mailboxes, mailbox, read)
    }

    /// Holds a mailbox's last number; gives whether the mailbox is held.
    pub(super) fn hold_last(&mut self, mailbox: &MailboxId, last: u64) -> bool {
        match self.held.mailboxes.get_mut(mailbox) {
            Some(Row { value: Some(row), is_new }) => {
                (row.last, *is_new) = (last, true);
                true
            }
            _ => false,
        }
    }

    pub(super) fn forget_mailbox(&mut self, mailbox: &MailboxId) {
        self.held.mailboxes.remove(mailbox);
    }

    /// A generation as it is held, or read by `read` first.
    pub(super) fn held_generation(
        &mut self,
        generation: &GenerationId,
        read: impl FnOnce(&Self) -> Result<Option<GenerationRow>>,
    ) -> Result<Option<GenerationRow>> {
        self.held_or_read(|held| &mut held.generations, generation, read)
    }

    /// Holds a change of a generation that stays its line's; gives whether it could.
    pub(super) fn hold_generation(&mut self, generation: &GenerationId, row: &GenerationRow) -> bool {
        match self.held.generations.get_mut(generation) {
            Some(Row { value: Some(held), is_new }) if held.line == row.line => {
                held.clone_from(row);
                *is_new = true;
                true
            }
            _ => {
                self.held.generations.remove(generation);
                false
            }
        }
    }

    /// Where a generation delivers as it is held, or read by `read` first.
    pub(super) fn held_members(
        &mut self,
        generation: &GenerationId,
        read: impl FnOnce(&Self) -> Result<Vec<MailboxAddress>>,
    ) -> Result<Vec<MailboxAddress>> {
        self.held_or_read(|held| &mut held.members, generation, read)
    }

    pub(super) fn forget_members(&mut self, generation: &GenerationId) {
        self.held.members.remove(generation);
    }
}
