//! The order of a generation: who may send, what comes after what, and where it goes.

use protocol::federation::PeerMessage;
use protocol::frames::{Delivery, MailboxAddress, Outcome, Routing, Submission};
use protocol::limits::{ENVELOPE_BYTES, MAILBOXES};
use protocol::wake::Urgency;
use protocol::{CapabilityHash, GenerationId, LineId, Refusal, RefusalCode, SwitchboardAddress};
use serde_bytes::ByteBuf;

use super::split::Kept;
use super::turn::{Step, Turn, refuse};
use crate::store::{GenerationRow, StoreError};

impl Turn<'_> {
    /// Makes this switchboard a generation's sequencer.
    pub(super) fn found(
        &mut self,
        line: &LineId,
        generation: &GenerationId,
        epoch: u64,
        capability: CapabilityHash,
        members: &[MailboxAddress],
    ) -> Step {
        if let Some(row) = self.tx.generation(generation)? {
            if row.line == *line && row.last == 0 && row.epoch == epoch && row.capability == capability {
                return Ok(());
            }
            return refuse(RefusalCode::Malformed, "this generation was founded before");
        }
        if members.is_empty() || members.len() > MAILBOXES || has_double(members) {
            return refuse(
                RefusalCode::Malformed,
                "a conversation has at least one mailbox, at most 64, and each once",
            );
        }
        if self.tx.count_generations(line)? >= self.limits.generations_per_line {
            return refuse(
                RefusalCode::AtLimit,
                "this line has founded more conversations than this switchboard keeps",
            );
        }
        for member in members {
            self.require_allowed(&member.address)?;
        }
        let row = GenerationRow { line: *line, epoch, capability, last: 0, last_at: self.now };
        self.tx.put_generation(generation, &row)?;
        for member in members {
            self.tx.add_member(generation, member)?;
        }
        Ok(())
    }

    /// Gives an envelope its place and sends it to every member, or says why not.
    pub(super) fn sequence(
        &mut self,
        from: &SwitchboardAddress,
        submission: Submission,
        envelope: &mut Kept,
    ) -> Result<(), StoreError> {
        match self.checked(&submission, envelope)? {
            Ok((row, members)) => self.fan_out(row, members, submission, envelope),
            Err(outcome) => {
                let of = seal::envelope_hash(envelope.bytes());
                self.answer(from, &submission.reply_to, of, outcome)
            }
        }
    }

    /// The generation and its members, if this submission has a place in it.
    #[allow(clippy::type_complexity, reason = "a failure, a verdict, and what was found")]
    fn checked(
        &mut self,
        submission: &Submission,
        envelope: &Kept,
    ) -> Result<Result<(GenerationRow, Vec<MailboxAddress>), Outcome>, StoreError> {
        let Some(row) = self.tx.generation(&submission.generation)? else {
            return Ok(Err(Outcome::GenerationUnknown));
        };
        if submission.epoch != row.epoch {
            return Ok(Err(Outcome::Stale { epoch: row.epoch }));
        }
        if !seal::capability_matches(&submission.capability, &row.capability) {
            return Ok(Err(refused(RefusalCode::NotAuthentic, "this proves no membership in the conversation")));
        }
        if envelope.bytes().len() > ENVELOPE_BYTES {
            return Ok(Err(refused(RefusalCode::TooLarge, "this is larger than an envelope may be")));
        }
        if names_too_many(submission) {
            let sentence = "a commit names at most 64 mailboxes that join, and 64 that leave";
            return Ok(Err(refused(RefusalCode::TooLarge, sentence)));
        }
        let members = self.tx.members(&submission.generation)?;
        if let Some(routing) = &submission.commit {
            let after = members_after(&members, routing);
            if after.is_empty() || after.len() > MAILBOXES {
                return Ok(Err(refused(
                    RefusalCode::AtLimit,
                    "a conversation has at least one mailbox and at most 64",
                )));
            }
            if has_double(&after) {
                return Ok(Err(refused(RefusalCode::Malformed, "a mailbox joins that is a member already")));
            }
        }
        Ok(Ok((row, members)))
    }

    fn fan_out(
        &mut self,
        mut row: GenerationRow,
        members: Vec<MailboxAddress>,
        submission: Submission,
        envelope: &mut Kept,
    ) -> Result<(), StoreError> {
        row.last += 1;
        row.last_at = self.now;
        if let Some(routing) = submission.commit {
            row.epoch = row.epoch.saturating_add(1);
            row.capability = routing.capability;
            for mailbox in &routing.remove {
                self.tx.remove_member(&submission.generation, mailbox)?;
            }
            for member in &routing.add {
                self.tx.add_member(&submission.generation, member)?;
            }
        }
        self.tx.put_generation(&submission.generation, &row)?;
        // What a peer's line says here waits on behalf of the line that founded the conversation: a commit may name
        // whomever it likes.
        let payer = self.payer;
        self.payer = payer.or(Some(row.line));
        // To the members of before: a commit is for those who were in the epoch that it ends.
        for MailboxAddress { address, mailbox } in members {
            // Nobody is woken by their own words.
            let urgent = if mailbox == submission.reply_to { Urgency::Quiet } else { submission.urgent };
            let delivery = Delivery { mailbox, number: row.last, at: self.now, urgent, envelope: ByteBuf::new() };
            self.send(&address, PeerMessage::Deliver(delivery), envelope)?;
        }
        self.payer = payer;
        Ok(())
    }
}

/// Whether a commit names more mailboxes than a conversation can have.
pub(super) fn names_too_many(submission: &Submission) -> bool {
    submission.commit.as_ref().is_some_and(|routing| routing.add.len().max(routing.remove.len()) > MAILBOXES)
}

/// The members once a commit holds: what it removes goes, what it adds comes.
fn members_after(members: &[MailboxAddress], routing: &Routing) -> Vec<MailboxAddress> {
    let stays = |member: &&MailboxAddress| !routing.remove.contains(&member.mailbox);
    members.iter().filter(stays).chain(&routing.add).cloned().collect()
}

fn has_double(members: &[MailboxAddress]) -> bool {
    members
        .iter()
        .enumerate()
        .any(|(i, member)| members.iter().skip(i + 1).any(|other| other.mailbox == member.mailbox))
}

fn refused(code: RefusalCode, sentence: &str) -> Outcome {
    Outcome::Refused(Refusal::new(code, sentence))
}
