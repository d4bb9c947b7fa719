//! Accounts: how a line gets one, and which handsets speak for it.

use std::collections::BTreeSet;

use protocol::codec::{decode, encode};
use protocol::documents::{HandsetList, SigningPublic};
use protocol::limits::SLOT_BYTES;
use protocol::{HandsetId, InvitationSecret, LineId, RefusalCode, Timestamp};

use super::Claim;
use super::deeds::NEARLY_FULL;
use super::reads::{Welcome, welcome};
use super::turn::{Step, Turn, refuse};
use crate::store::{HandsetRow, IntakeState, InvitationRow, LineRow, StoreError};

impl Turn<'_> {
    /// Takes an invitation up; gives the line and where its handset stands.
    ///
    /// A line that has its account claims again freely (an answer was lost, or it comes back): the invitation is spent
    /// only on a new line.
    pub(super) fn claim(&mut self, claim: &Claim) -> Step<(LineId, Welcome)> {
        let line = seal::line_id(&claim.identity);
        let known = self.tx.line(&line)?;
        let invitation = match &claim.invitation {
            Some(secret) => {
                let hash = seal::sha256(secret.as_bytes());
                let Some(row) = self.tx.invitation(&hash)? else { return invalid() };
                // Whoever took it up may come with it again.
                if row.line.is_some_and(|by| by != line) || (row.line.is_none() && !row.is_open(self.now)) {
                    return invalid();
                }
                Some((hash, row))
            }
            None if known.is_none() => {
                return refuse(
                    RefusalCode::LineUnknown,
                    "this line has no account here: ask the office for a claim link, and restore with it",
                );
            }
            None => None,
        };
        let Ok(list) = seal::verify_handset_list(&claim.handsets, &claim.identity) else { return unauthentic() };
        let Some(entry) = list.handsets.iter().find(|entry| entry.handset == claim.handset) else {
            return refuse(RefusalCode::HandsetUnknown, "this handset is not on the line's list");
        };
        if claim.greeting.line != line
            || seal::verify_greeting(&claim.signature, &entry.signing, &claim.greeting).is_err()
        {
            return unauthentic();
        }
        if invitation.is_none() && list.restored == 0 {
            return refuse(RefusalCode::HandsetUnknown, "this list shows no restore");
        }
        if let (None, Some((hash, row))) = (&known, invitation) {
            if self.is_short {
                return refuse(RefusalCode::Unavailable, NEARLY_FULL);
            }
            let row = InvitationRow { line: Some(line), taken_at: Some(self.now), secret: None, ..row };
            self.tx.put_invitation(&hash, &row)?;
        }
        // An account that was left and is come back to may have missed some lists of the chain.
        self.put_list(&line, known.as_ref(), &claim.identity, &claim.handsets, &list, true)?;
        if self.tx.handset(&line, &claim.handset)?.is_some_and(|row| row.revoked_at.is_some()) {
            return Err(super::revoked::refusal().into());
        }
        Ok((line, welcome(self.tx, &line, &claim.handset)?))
    }

    /// The list of a restored line, if it counts before the one that its own signatures of a claim bring.
    pub(super) fn newer_list(&mut self, claim: &Claim) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(known) = self.tx.line(&seal::line_id(&claim.identity))? else { return Ok(None) };
        let Ok(brought) = seal::verify_handset_list(&claim.handsets, &claim.identity) else { return Ok(None) };
        let list = stored_list(&known)?;
        let is_newer = list.restored > 0 && (list.restored, list.number) >= (brought.restored, brought.number);
        Ok((is_newer && known.list != claim.handsets).then_some(known.list))
    }

    /// Puts a newer handset list in place of the older.
    pub(super) fn put_handsets(&mut self, line: &LineId, signed: &[u8]) -> Step {
        let Some(known) = self.tx.line(line)? else {
            return refuse(RefusalCode::LineUnknown, "this line has no account here");
        };
        let identity: SigningPublic =
            decode(&known.identity, SLOT_BYTES).map_err(|_| StoreError::damaged("a line's identity"))?;
        let Ok(list) = seal::verify_handset_list(signed, &identity) else { return unauthentic() };
        self.put_list(line, Some(&known), &identity, signed, &list, false)
    }

    fn put_list(
        &mut self,
        line: &LineId,
        known: Option<&LineRow>,
        identity: &SigningPublic,
        signed: &[u8],
        list: &HandsetList,
        may_skip: bool,
    ) -> Step {
        let list_hash = seal::list_hash(signed);
        if let Some(known) = known {
            if known.list_hash == list_hash {
                return Ok(());
            }
            let last = stored_list(known)?;
            if list.successor != last.successor {
                return unauthentic();
            }
            let is_next = list.number == known.list_number.saturating_add(1)
                && list.previous.as_ref().is_some_and(|previous| previous.as_slice() == known.list_hash);
            let is_later = may_skip && list.number > known.list_number.saturating_add(1);
            let is_restored = may_skip && list.restored > last.restored;
            if list.restored < last.restored || !(is_next || is_later || is_restored) {
                return refuse(RefusalCode::HandsetUnknown, "this is not the line's newest handset list");
            }
            // Whoever has a handset that is out of service has the line's identity key, too, but not its successor's.
            if list.restored == last.restored && self.is_revoked(line)? {
                return Err(super::revoked::refusal().into());
            }
            if list.restored > last.restored {
                self.clear_out(line)?;
            }
        }
        let row = LineRow { identity: encode(identity), list: signed.to_vec(), list_hash, list_number: list.number };
        self.tx.put_line(line, &row)?;
        self.replace_handsets(line, list)
    }

    /// The line was restored: nobody has the keys to what the handsets before had opened here. Its cards are taken back;
    /// its standing intakes are gone, so that they can be put up again under the same ids.
    fn clear_out(&mut self, line: &LineId) -> Step {
        self.tx.remove_mailboxes(line)?;
        for lookup in self.tx.intakes_open(line)? {
            let Some(row) = self.tx.intake(&lookup)? else { continue };
            let is_standing = row.expires_at.is_none();
            self.close_intake(&lookup, row, IntakeState::Revoked)?;
            if is_standing {
                self.tx.remove_intake(&lookup)?;
            }
        }
        Ok(())
    }

    fn replace_handsets(&mut self, line: &LineId, list: &HandsetList) -> Step {
        let listed: BTreeSet<HandsetId> = list.handsets.iter().map(|entry| entry.handset).collect();
        let present: BTreeSet<HandsetId> = self.tx.handsets(line)?.into_iter().map(|(handset, _)| handset).collect();
        for gone in present.difference(&listed) {
            self.tx.remove_handset(line, gone)?;
        }
        // What came before a handset was on the list is not for it: it is in none of the groups.
        let cursor = self.tx.line_state(line)?.last_item;
        for new in listed.difference(&present) {
            self.tx.put_handset(line, new, &HandsetRow { cursor, ..HandsetRow::default() })?;
        }
        self.remove_acknowledged(line)?;
        self.wake_line(line);
        Ok(())
    }

    /// Makes an invitation.
    pub(super) fn invite(
        &mut self,
        keep_secret: bool,
        label: String,
        expires_at: Option<Timestamp>,
    ) -> Result<InvitationSecret, StoreError> {
        let mut bytes = [0; InvitationSecret::LENGTH];
        self.rng.fill_bytes(&mut bytes);
        let secret = InvitationSecret::new(bytes);
        let kept = keep_secret.then(|| secret.clone());
        let row = InvitationRow { secret: kept, made_at: self.now, label, expires_at, ..InvitationRow::default() };
        self.tx.put_invitation(&seal::sha256(secret.as_bytes()), &row)?;
        Ok(secret)
    }

    /// Withdraws an invitation that nobody has taken up.
    pub(super) fn withdraw(&mut self, hash: &[u8; 32]) -> Result<(), StoreError> {
        match self.tx.invitation(hash)? {
            Some(mut row) if row.line.is_none() && row.withdrawn_at.is_none() => {
                row.withdrawn_at = Some(self.now);
                row.secret = None;
                self.tx.put_invitation(hash, &row)
            }
            _ => Ok(()),
        }
    }
}

fn stored_list(row: &LineRow) -> Result<HandsetList, StoreError> {
    seal::read_handset_list(&row.list).map_err(|_| StoreError::damaged("a handset list"))
}

fn invalid<T>() -> Step<T> {
    refuse(
        RefusalCode::InvitationInvalid,
        "this claim link is not valid here, or was used: ask the office for a new one",
    )
}

fn unauthentic<T>() -> Step<T> {
    refuse(RefusalCode::NotAuthentic, "a signature does not hold")
}
