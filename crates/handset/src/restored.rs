//! When our switchboard went back to an older copy of its data.
//!
//! It may lack whatever it confirmed after that copy was made: mailboxes, cards, texts. So we first take what waits there
//! (its items are older than anything that is lost), and then, in one transaction, put up again what it has to have, and
//! found our conversations again. What either side lacks of the other's running numbers is asked for in them.

use std::time::Duration;

use database::rusqlite::params;
use protocol::frames::Deed;
use protocol::{BlobId, MailboxId, RestoreId, Timestamp, Token};
use seal::IntakeKeys;

use crate::context::Work;
use crate::deeds::Concern;
use crate::error::Error;
use crate::own::Own;

/// How often a conversation is founded again for this.
const AT_MOST_EVERY: Duration = Duration::from_hours(1);

/// How long ago, at the most, a file was sent that is brought again.
const AGAIN: Duration = Duration::from_hours(7 * 24);

/// So many bytes of files are brought again: nobody fetches most of them, and they lie until their time is over.
const AGAIN_BYTES: u64 = 512 << 20;

/// A card that can still be taken up.
struct OpenCard {
    id: String,
    token: Token,
    ask: bool,
    uses: usize,
    expires_at: Timestamp,
}

impl Work<'_> {
    /// What the switchboard said of a return, if we have not made up for it. Whoever `claims` is new there: the return was
    /// before.
    pub(crate) fn not_made_up_for(&mut self, claims: bool) -> Result<Option<RestoreId>, Error> {
        let Some(said) = *self.session.restored() else { return Ok(None) };
        let known: Option<Vec<u8>> = self.row("SELECT restored FROM own", [], |row| row.get(0))?;
        if claims {
            self.run("UPDATE own SET restored = ?1", [said.as_bytes()])?;
        }
        let is_known = claims || known.as_deref() == Some(said.as_bytes().as_slice());
        Ok((!is_known).then_some(said))
    }

    /// Puts up again whatever the switchboard may lack. Only once all that waited there has been taken.
    pub(crate) fn make_up_for_return(&mut self) -> Result<(), Error> {
        let Some(restored) = self.session.restored().take() else { return Ok(()) };
        let own = self.own()?;
        // Deeds that wait were meant for what is no more; what they were for is decided anew below.
        self.db.execute_batch(
            // What never came back numbered goes again even if it was delivered, so that it gets one place on both sides.
            "UPDATE message SET flight_generation = NULL WHERE mine = 1
                AND (state IN ('waiting', 'sent') OR row IN (SELECT message FROM flight WHERE kind = 'content'));
             DELETE FROM deed;
             DELETE FROM flight;
             UPDATE generation SET lost = 1, commit_hash = NULL;
             UPDATE contact SET refound_tries = 0, reservation = NULL;",
        )?;
        // Whoever says again and again that it went back has nothing founded more often than that.
        self.run(
            "UPDATE contact SET refound_at = max(?1, min(?1 + ?2, coalesce(
                (SELECT max(retired_at) FROM generation WHERE contact = contact.id) + ?2, 0))) WHERE state = 'open'",
            params![self.now.as_millis(), u64::try_from(AT_MOST_EVERY.as_millis()).unwrap_or(u64::MAX)],
        )?;
        self.run("UPDATE own SET restored = ?1", [restored.as_bytes()])?;
        self.put_up_standing_again(&own)?;
        self.put_up_cards_again(&own)?;
        // Whoever waits to be admitted goes on writing there.
        let mut waiting = self.db.prepare_cached("SELECT mailbox, origin FROM request ORDER BY id")?;
        let waiting: Vec<(Vec<u8>, String)> =
            waiting.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (mailbox, from) in waiting {
            let mailbox = MailboxId::from_slice(&mailbox).ok_or(Error::Corrupt("mailbox"))?;
            let from = from.parse().map_err(|_| Error::Corrupt("origin"))?;
            self.deed(Deed::OpenMailbox { mailbox, from }, Concern::default())?;
        }
        self.say_where_to_wake_again()?;
        self.open_files_again(&own)
    }

    /// The switchboard has no bytes of files any more: those that were under way are brought, and the newest that were
    /// there are brought again, since nobody knows here whether they were fetched.
    fn open_files_again(&mut self, own: &Own) -> Result<(), Error> {
        let since = self.now.as_millis().saturating_sub(u64::try_from(AGAIN.as_millis()).unwrap_or(u64::MAX));
        let mut ours = self.db.prepare_cached(
            "SELECT blob, size, file.state FROM file JOIN message ON message.row = file.message
             WHERE file.mine = 1 AND at = ?1 AND (file.state IN ('sealed', 'opened') OR (file.state = 'stored' AND sent_at > ?2))
             ORDER BY file.state = 'stored', message DESC, file.place",
        )?;
        let ours: Vec<(Vec<u8>, u64, String)> = ours
            .query_map(params![own.switchboard.as_str(), since], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let mut room = AGAIN_BYTES;
        for (blob, size, state) in ours {
            if state == "stored" {
                let Some(left) = room.checked_sub(size) else { continue };
                room = left;
            }
            let blob = BlobId::from_slice(&blob).ok_or(Error::Corrupt("file"))?;
            self.run("UPDATE file SET state = 'sealed' WHERE blob = ?1", [blob.as_bytes()])?;
            let open = Deed::OpenBlob { blob, size: protocol::files::sealed(size), copies: 1 };
            self.deed(open, Concern { blob: Some(blob), ..Concern::default() })?;
        }
        Ok(())
    }

    /// The ways in that contacts know.
    fn put_up_standing_again(&mut self, own: &Own) -> Result<(), Error> {
        let mut known = self.db.prepare_cached("SELECT id, own_intake FROM contact WHERE own_intake IS NOT NULL")?;
        let known: Vec<(i64, Vec<u8>)> =
            known.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (contact, token) in known {
            let token = Token::from_slice(&token).ok_or(Error::Corrupt("token"))?;
            self.take_down(&IntakeKeys::of(&token))?;
            self.put_up_standing(own, contact, &token)?;
        }
        Ok(())
    }

    /// Cards that are good still, with the uses that they have left. All others stay gone.
    fn put_up_cards_again(&mut self, own: &Own) -> Result<(), Error> {
        let mut open = self.db.prepare_cached(
            "SELECT id, token, ask, uses - (SELECT count(*) FROM slot WHERE slot.lookup = card.lookup AND used = 1),
                    expires_at FROM card
             WHERE revoked = 0 AND expires_at > ?1 ORDER BY made_at, id",
        )?;
        let open: Vec<OpenCard> = open
            .query_map([self.now.as_millis()], |row| {
                let token = Token::from_slice(&row.get::<_, Vec<u8>>(1)?);
                let uses = usize::try_from(row.get::<_, i64>(3)?).unwrap_or_default();
                Ok(token.map(|token| (row.get(0), token, row.get(2), uses, row.get(4))))
            })?
            .map(|row| {
                let (id, token, ask, uses, expires_at) = row?.ok_or(Error::Corrupt("token"))?;
                Ok(OpenCard { id: id?, token, ask: ask?, uses, expires_at: Timestamp::from_millis(expires_at?) })
            })
            .collect::<Result<_, Error>>()?;
        for card in open.into_iter().filter(|card| card.uses > 0) {
            let keys = IntakeKeys::of(&card.token);
            self.take_down(&keys)?;
            self.keep_intake(&keys, &card.token, Some(&card.id), None)?;
            // The slots that were used are forgotten, and so must the uses be.
            self.run("UPDATE card SET uses = ?2 WHERE id = ?1", params![card.id, card.uses])?;
            self.open_card(own, &card.id, &keys, card.uses, card.ask, card.expires_at)?;
        }
        Ok(())
    }

    /// Forgets an intake of ours with its slots and their keys.
    fn take_down(&mut self, keys: &IntakeKeys) -> Result<(), Error> {
        let lookup = keys.lookup();
        let mut unused = self.db.prepare_cached("SELECT key_package FROM slot WHERE lookup = ?1 AND used = 0")?;
        let unused: Vec<Vec<u8>> =
            unused.query_map([lookup.as_bytes()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        unused.iter().try_for_each(|reference| self.mls.forget_key_package(reference))?;
        self.run("DELETE FROM intake WHERE lookup = ?1", [lookup.as_bytes()])?;
        Ok(())
    }
}
