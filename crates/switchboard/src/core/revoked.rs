//! Handsets that the operator takes out of service, and how contacts learn of it.
//!
//! What is revoked is the handset, not the line: one that is restored for the line afterwards, by the successor key, is let
//! in. The order comes from another process on the same database, which knows neither who may be dealt with nor how to
//! wake anybody; so the contacts are told by the running switchboard ([`super::Work::Announce`]).
//!
//! The word goes from the line's switchboard to the sequencer of each conversation, which alone knows the other members,
//! and from there to theirs. Each believes only whom it would take envelopes from.

use protocol::federation::PeerMessage;
use protocol::frames::{ItemBody, MailboxAddress};
use protocol::{GenerationId, LineId, MailboxId, Refusal, RefusalCode, SwitchboardAddress, Timestamp};

use super::split::Kept;
use super::turn::Turn;
use crate::store::StoreError;

/// Generations that one mailbox may be a member of and that are told; a handset never uses one for two.
const GENERATIONS: usize = 8;

/// Words about one member that another switchboard has us pass on in a day: out of service, back, and both once more.
const WORDS: u64 = 4;
/// Words that one parcel of another switchboard's has us pass on: many more than one line has contacts.
const WORDS_OF_PARCEL: usize = 4096;
/// In milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// What a handset is told that is out of service.
pub(super) fn refusal() -> Refusal {
    let sentence = "your office has taken this handset out of service: ask its operator, or restore your backup on another handset";
    Refusal::new(RefusalCode::HandsetRevoked, sentence)
}

impl Turn<'_> {
    /// Takes all handsets that are on a line's list now out of service.
    pub(super) fn revoke(&mut self, line: &LineId) -> Result<(), StoreError> {
        let mut is_new = false;
        for (handset, mut row) in self.tx.handsets(line)? {
            if row.revoked_at.is_none() {
                row.revoked_at = Some(self.now);
                self.tx.put_handset(line, &handset, &row)?;
                is_new = true;
            }
        }
        if is_new {
            self.tx.put_unannounced(line, self.now, false)?;
            self.wake_line(line);
        }
        Ok(())
    }

    /// Lets a line's handsets back in. Whoever was not told that they were out of service takes no note of it.
    pub(super) fn reinstate(&mut self, line: &LineId) -> Result<(), StoreError> {
        if self.is_revoked(line)? {
            self.tx.put_unannounced(line, self.now, true)?;
        }
        for (handset, row) in self.tx.handsets(line)? {
            self.tx.put_handset(line, &handset, &crate::store::HandsetRow { revoked_at: None, ..row })?;
        }
        Ok(())
    }

    /// Whether a line's handsets are out of service, so that none of them may say which one is on its list.
    pub(super) fn is_revoked(&mut self, line: &LineId) -> Result<bool, StoreError> {
        Ok(self.tx.handsets(line)?.iter().any(|(_, row)| row.revoked_at.is_some()))
    }

    /// Says of each line that is newly out of service, or back, so to the sequencers of all its conversations. It is the
    /// operator's own order, so that no queue is too full for it.
    pub(super) fn announce(&mut self) -> Result<(), StoreError> {
        for (line, at, is_back) in self.tx.unannounced()? {
            for (mailbox, sequencer) in self.tx.mailboxes_of(&line)? {
                let message = match is_back {
                    false => PeerMessage::OutOfService { mailbox, at },
                    true => PeerMessage::BackInService { mailbox, at },
                };
                self.send_order(&sequencer, message)?;
            }
            self.tx.remove_unannounced(&line)?;
        }
        Ok(())
    }

    /// As the sequencer: tells the other members, if the mailbox is a member at the switchboard that says so.
    pub(super) fn service_changed(
        &mut self,
        from: &SwitchboardAddress,
        mailbox: MailboxId,
        at: Timestamp,
        is_back: bool,
    ) -> Result<(), StoreError> {
        let meant = MailboxAddress { address: from.clone(), mailbox };
        let generations = self.tx.generations_with(&meant, GENERATIONS)?;
        if generations.is_empty() {
            self.drop_message();
        }
        for generation in generations {
            let members = self.tx.members(&generation)?;
            if *from != self.office.address && !self.may_tell(&generation, &meant.mailbox, members.len())? {
                self.drop_message();
                continue;
            }
            // On behalf of the line that founded the conversation, as its envelopes.
            self.payer = self.tx.generation(&generation)?.map(|row| row.line);
            for MailboxAddress { address, mailbox } in members {
                if mailbox != meant.mailbox {
                    let message = match is_back {
                        false => PeerMessage::DeliverOutOfService { mailbox, at },
                        true => PeerMessage::DeliverBackInService { mailbox, at },
                    };
                    self.send(&address, message, &mut Kept::nothing())?;
                }
            }
            self.payer = None;
        }
        Ok(())
    }

    /// Whether another switchboard's word about a member is passed on: each costs us one for every other member.
    fn may_tell(&mut self, generation: &GenerationId, mailbox: &MailboxId, members: usize) -> Result<bool, StoreError> {
        self.words = self.words.saturating_add(members);
        let day_ago = Timestamp::from_millis(self.now.as_millis().saturating_sub(DAY));
        Ok(self.words <= WORDS_OF_PARCEL && self.tx.count_word(generation, mailbox, day_ago, self.now)? <= WORDS)
    }

    /// As a member's switchboard: puts it into the line's items, if it comes from the mailbox's sequencer.
    pub(super) fn deliver_service_changed(
        &mut self,
        from: &SwitchboardAddress,
        mailbox: MailboxId,
        at: Timestamp,
        is_back: bool,
    ) -> Result<(), StoreError> {
        let row = self.tx.mailbox(&mailbox)?.filter(|row| row.from == *from);
        let is_kept = match row {
            Some(row) => {
                let body = match is_back {
                    false => ItemBody::OutOfService { mailbox, at },
                    true => ItemBody::BackInService { mailbox, at },
                };
                self.add_item(from, &row.line, body, &mut Kept::nothing())?
            }
            None => false,
        };
        if !is_kept {
            self.drop_message();
        }
        Ok(())
    }
}
