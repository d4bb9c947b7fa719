//! What arrives in the line's stream: envelopes, outcomes, introductions.

use database::rusqlite::{OptionalExtension as _, params};
use protocol::content::{Content, What};
use protocol::expiry::{Expires, ExpiryWord, Term};
use protocol::frames::{Delivery, Item, ItemBody, Outcome, ToSwitchboard};
use protocol::inside::{Inside, Numbered};
use protocol::wake::Urgency;
use protocol::{ContentId, EnvelopeHash, GenerationId, MailboxId, RefusalCode, encode};
use seal::mls::{MlsError, Processed};
use seal::{content_id, envelope_hash};

use crate::contacts::Contact;
use crate::context::Work;
use crate::engine::{Event, Output};
use crate::error::{Error, Fault};
use crate::expiry;
use crate::generations::{Generation, TROUBLES, group};
use crate::vanish::Over;

/// Envelopes kept for one mailbox that cannot be read yet.
const HELD: u32 = 200;

/// One of our envelopes that has not come back numbered.
struct Flight {
    generation: GenerationId,
    message: Option<i64>,
    kind: String,
}

impl Work<'_> {
    /// Takes items in order and acknowledges them, all in this transaction. What a stranger spoiled is dropped; what
    /// our own storage spoiled undoes everything.
    pub(crate) fn items(&mut self, items: Vec<Item>) -> Result<(), Error> {
        let mut cursor = self.own()?.cursor;
        for item in items {
            if item.number <= cursor {
                continue;
            }
            cursor = item.number;
            match self.attempt(|work| work.item(item.body)) {
                Err(error) if error.fault() == Fault::Fatal => return Err(error),
                Err(_) | Ok(()) => {}
            }
        }
        self.run("UPDATE own SET cursor = ?1", [cursor])?;
        self.outputs.push(Output::Send(encode(&ToSwitchboard::Ack { through: cursor })));
        Ok(())
    }

    fn item(&mut self, body: ItemBody) -> Result<(), Error> {
        match body {
            ItemBody::Envelope(delivery) => self.envelope(&delivery),
            ItemBody::Outcome { of, outcome, .. } => self.outcome(&of, outcome),
            ItemBody::Introduction { lookup, mailbox, from, sealed } => {
                self.introduced(lookup, mailbox, &from, &sealed)
            }
            ItemBody::OutOfService { mailbox, at } => self.out_of_service(mailbox, at),
            ItemBody::BackInService { mailbox, at } => self.back_in_service(mailbox, at),
        }
    }

    fn envelope(&mut self, delivery: &Delivery) -> Result<(), Error> {
        let Some(generation) = self.generation_of_mailbox(delivery.mailbox)? else {
            return self.hold(delivery, true);
        };
        self.note_gap(&generation, delivery.number)?;
        let hash = envelope_hash(&delivery.envelope);
        if let Some(flight) = self.end_flight(&hash)? {
            return self.came_back(&generation, &flight, delivery);
        }
        match self.decrypt(generation.id, delivery) {
            Ok(Processed::Message { sender: _, plaintext }) => self.inside(&generation, delivery, &plaintext),
            Ok(Processed::Commit { epoch }) => self.epoch_begun(&generation, epoch),
            Err(Error::Mls(MlsError::Own | MlsError::Duplicate)) => Ok(()),
            Err(Error::Mls(MlsError::Stale { message, group })) if message < group => Ok(()),
            // A commit is missing, or one that the sequencer numbered was not one that may count.
            Err(Error::Mls(MlsError::Stale { .. } | MlsError::NotAllowed(_))) => self.lost(&generation, delivery),
            Err(Error::Mls(MlsError::Invalid(_))) => self.trouble(&generation, delivery),
            Err(error) => Err(error),
        }
    }

    /// Numbers of a mailbox follow one by one. Where some are missing (our switchboard had no room, say), our own
    /// envelopes may be among them: contents go out once more, so that each gets a place on both sides.
    fn note_gap(&mut self, generation: &Generation, number: u64) -> Result<(), Error> {
        let id = generation.id.as_bytes();
        let follows: bool =
            self.row("SELECT last + 1 >= ?2 FROM generation WHERE id = ?1", params![id, number], |row| row.get(0))?;
        self.run("UPDATE generation SET last = max(last, ?2) WHERE id = ?1", params![id, number])?;
        if !follows {
            self.run(
                "UPDATE message SET flight_generation = NULL WHERE row IN
                    (SELECT message FROM flight WHERE generation = ?1 AND kind = 'content')",
                [id],
            )?;
            self.run("DELETE FROM flight WHERE generation = ?1 AND kind IN ('content', 'status')", [id])?;
            self.run("UPDATE contact SET status_due = 1 WHERE id = ?1", [generation.contact])?;
        }
        Ok(())
    }

    /// Decrypts, undoing what a failed attempt changed.
    fn decrypt(&mut self, id: GenerationId, delivery: &Delivery) -> Result<Processed, Error> {
        self.run("SAVEPOINT decrypt", ())?;
        let result = group(self.groups, &self.mls, id)?.process(&self.mls, &delivery.envelope);
        match result {
            Ok(processed) => {
                self.run("RELEASE decrypt", ())?;
                Ok(processed)
            }
            Err(error) => {
                self.run("ROLLBACK TO decrypt", ())?;
                self.run("RELEASE decrypt", ())?;
                self.groups.remove(&id);
                Err(error.into())
            }
        }
    }

    /// Our own envelope, numbered.
    fn came_back(&mut self, generation: &Generation, flight: &Flight, delivery: &Delivery) -> Result<(), Error> {
        match flight.kind.as_str() {
            "commit" => {
                let group = group(self.groups, &self.mls, generation.id)?;
                group.confirm(&self.mls)?;
                let epoch = group.epoch();
                self.run(
                    "UPDATE generation SET updated_at = ?2 WHERE id = ?1",
                    params![generation.id.as_bytes(), self.now.as_millis()],
                )?;
                // Once a day: what was said last may have been lost, and nobody would ever miss it.
                self.run("UPDATE contact SET status_due = 1 WHERE id = ?1", [generation.contact])?;
                self.epoch_begun(generation, epoch)
            }
            _ => {
                if let Some(row) = flight.message {
                    self.place(row, generation, delivery.number)?;
                    let contact = Contact::by_id(self.db, generation.contact)?;
                    self.event(Event::Changed { person: contact.person });
                }
                Ok(())
            }
        }
    }

    /// A message's place is that of its newest numbered copy, which both sides see alike.
    fn place(&mut self, row: i64, generation: &Generation, place: u64) -> Result<(), Error> {
        self.run(
            "UPDATE message SET generation_number = ?2, rank = ?3, place = ?4, generation = ?5, doubtful = 0,
                    state = CASE state WHEN 'waiting' THEN 'sent' ELSE state END
                 WHERE row = ?1 AND (generation_number IS NULL OR (generation_number, rank, place) < (?2, ?3, ?4))",
            params![row, generation.number, generation.rank(), place, generation.id.as_bytes()],
        )?;
        Ok(())
    }

    /// A new epoch: what was encrypted in an older one and has not come back never will, and is encrypted again, in
    /// order, without waiting to be told that it was stale.
    fn epoch_begun(&mut self, generation: &Generation, epoch: u64) -> Result<(), Error> {
        self.run("UPDATE generation SET commit_hash = NULL, troubled = 0 WHERE id = ?1", [generation.id.as_bytes()])?;
        let mut stale = self.db.prepare_cached("SELECT envelope FROM flight WHERE generation = ?1 AND epoch < ?2")?;
        let stale: Vec<Vec<u8>> =
            stale.query_map(params![generation.id.as_bytes(), epoch], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for envelope in stale {
            let hash = EnvelopeHash::from_slice(&envelope).ok_or(Error::Corrupt("flight"))?;
            self.not_taken(&hash)?;
        }
        Ok(())
    }

    /// The switchboard stored an envelope of ours.
    pub(crate) fn stored(&mut self, envelope: &EnvelopeHash) -> Result<(), Error> {
        self.run(
            "UPDATE message SET state = 'sent' WHERE state = 'waiting'
                    AND row = (SELECT message FROM flight WHERE envelope = ?1)",
            [envelope.as_bytes()],
        )?;
        Ok(())
    }

    /// An envelope of ours came to nothing: what it said has to be said again.
    pub(crate) fn not_taken(&mut self, envelope: &EnvelopeHash) -> Result<(), Error> {
        let Some(flight) = self.end_flight(envelope)? else { return Ok(()) };
        let id = flight.generation.as_bytes().as_slice();
        match flight.kind.as_str() {
            "content" => self.run(
                "UPDATE message SET flight_generation = NULL WHERE row = ?1 AND flight_generation = ?2",
                params![flight.message, id],
            )?,
            "status" => self.run(
                "UPDATE contact SET status_due = 1 WHERE id = (SELECT contact FROM generation WHERE id = ?1)",
                [id],
            )?,
            "vouch" => self.run("UPDATE generation SET vouch_due = 1 WHERE id = ?1", [id])?,
            "commit" => {
                let group = group(self.groups, &self.mls, flight.generation)?;
                if group.has_pending() {
                    group.discard(&self.mls)?;
                }
                self.run("UPDATE generation SET commit_hash = NULL WHERE id = ?1", [id])?
            }
            _ => 0,
        };
        Ok(())
    }

    fn end_flight(&mut self, envelope: &EnvelopeHash) -> Result<Option<Flight>, Error> {
        self.row(
            "DELETE FROM flight WHERE envelope = ?1 RETURNING generation, message, kind",
            [envelope.as_bytes()],
            |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?
        .map(|(generation, message, kind)| {
            let generation = GenerationId::from_slice(&generation).ok_or(Error::Corrupt("flight"))?;
            Ok(Flight { generation, message, kind })
        })
        .transpose()
    }

    /// What became of an envelope or introduction that did not simply come back.
    fn outcome(&mut self, of: &EnvelopeHash, outcome: Outcome) -> Result<(), Error> {
        let flight: Option<(Vec<u8>, String)> = self
            .row("SELECT generation, kind FROM flight WHERE envelope = ?1", [of.as_bytes()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((generation, kind)) = flight else { return Ok(()) };
        let generation = GenerationId::from_slice(&generation).ok_or(Error::Corrupt("flight"))?;
        let generation = self.generation(generation)?;
        self.not_taken(of)?;
        let Some(Generation { id, contact, current, .. }) = generation else { return Ok(()) };
        match (outcome, kind.as_str()) {
            (Outcome::Introduced, _) => Ok(()),
            (Outcome::Refused(refusal), "introduction") => self.not_introduced(contact, id, &refusal),
            (Outcome::Refused(refusal), kind) if refusal.code.is_passing() => {
                if kind == "content" {
                    // Our switchboard had it, and has it no longer.
                    self.run(
                        "UPDATE message SET state = 'waiting' WHERE contact = ?1 AND mine = 1 AND state = 'sent'
                            AND flight_generation IS NULL",
                        [contact],
                    )?;
                }
                self.pause(contact)
            }
            // The commit that made an envelope stale comes before this, and would have ended its flight: as it did not,
            // it never came, or the sequencer has gone back behind it.
            (Outcome::Stale { .. } | Outcome::GenerationUnknown | Outcome::Refused(_), _) => {
                self.run("UPDATE generation SET lost = 1 WHERE id = ?1", [id.as_bytes()])?;
                if current { self.refound_soon(contact) } else { Ok(()) }
            }
        }
    }

    /// An introduction was refused. If it was the first, nobody became a contact after all; a new card mends it.
    pub(crate) fn not_introduced(
        &mut self,
        id: i64,
        generation: GenerationId,
        refusal: &protocol::Refusal,
    ) -> Result<(), Error> {
        // Nobody else will ever be in that generation; another may count.
        self.run(
            "UPDATE generation SET trusted = 0, current = 0, retired_at = ?2 WHERE id = ?1 AND vouched = 0",
            params![generation.as_bytes(), self.now.as_millis()],
        )?;
        self.settle(id)?;
        let works: Option<bool> = self
            .row(
                "SELECT lost = 0 AND troubled < ?2 FROM generation WHERE contact = ?1 AND current = 1",
                params![id, TROUBLES],
                |row| row.get(0),
            )
            .optional()?;
        if works == Some(true) {
            return Ok(());
        }
        self.no_way_in(id, refusal)
    }

    /// A way to a contact was refused: tried again if that may help, else shown. A new card mends it.
    pub(crate) fn no_way_in(&mut self, id: i64, refusal: &protocol::Refusal) -> Result<(), Error> {
        let met: bool =
            self.row("SELECT peer_secret IS NOT NULL OR met FROM contact WHERE id = ?1", [id], |row| row.get(0))?;
        if met || refusal.code.is_passing() || refusal.code == RefusalCode::ReservationLapsed {
            return self.refound_soon(id);
        }
        let contact = Contact::by_id(self.db, id)?;
        self.run("UPDATE contact SET state = 'refused' WHERE id = ?1 AND state <> 'blocked'", [id])?;
        self.notice(id, refusal.code.as_str())?;
        self.event(Event::Changed { person: contact.person });
        Ok(())
    }

    /// Undecrypted ciphertext of a lost generation is kept, and the conversation founded again.
    fn lost(&mut self, generation: &Generation, delivery: &Delivery) -> Result<(), Error> {
        self.hold(delivery, false)?;
        self.run("UPDATE generation SET lost = 1 WHERE id = ?1", [generation.id.as_bytes()])?;
        if generation.current { self.refound_soon(generation.contact) } else { Ok(()) }
    }

    fn trouble(&mut self, generation: &Generation, delivery: &Delivery) -> Result<(), Error> {
        self.hold(delivery, false)?;
        let troubled: u32 = self.row(
            "UPDATE generation SET troubled = troubled + 1 WHERE id = ?1 RETURNING troubled",
            [generation.id.as_bytes()],
            |row| row.get(0),
        )?;
        self.run("UPDATE contact SET status_due = 1 WHERE id = ?1", [generation.contact])?;
        if troubled >= TROUBLES && generation.current { self.refound_soon(generation.contact) } else { Ok(()) }
    }

    /// Keeps an envelope that cannot be read now. For a mailbox without generation only while a request waits there.
    fn hold(&mut self, delivery: &Delivery, for_request: bool) -> Result<(), Error> {
        self.run(
            "INSERT OR IGNORE INTO held (mailbox, number, at, envelope)
             SELECT ?1, ?2, ?3, ?4 WHERE (SELECT count(*) FROM held WHERE mailbox = ?1) < ?5
                AND (?6 = 0 OR EXISTS (SELECT 1 FROM request WHERE mailbox = ?1))",
            params![
                delivery.mailbox.as_bytes(),
                delivery.number,
                delivery.at.as_millis(),
                delivery.envelope.as_slice(),
                HELD,
                for_request
            ],
        )?;
        Ok(())
    }

    /// Reads what was held for a mailbox whose generation is joined now.
    pub(crate) fn take_held(&mut self, mailbox: MailboxId) -> Result<(), Error> {
        let mut held = self.db.prepare_cached("DELETE FROM held WHERE mailbox = ?1 RETURNING number, at, envelope")?;
        let mut held: Vec<Delivery> = held
            .query_map([mailbox.as_bytes()], |row| {
                Ok(Delivery {
                    mailbox,
                    number: row.get(0)?,
                    at: protocol::Timestamp::from_millis(row.get(1)?),
                    urgent: Urgency::Quiet,
                    envelope: row.get::<_, Vec<u8>>(2)?.into(),
                })
            })?
            .collect::<Result<_, _>>()?;
        held.sort_by_key(|delivery| delivery.number);
        for delivery in held {
            match self.attempt(|work| work.envelope(&delivery)) {
                Err(error) if error.fault() == Fault::Fatal => return Err(error),
                Err(_) | Ok(()) => {}
            }
        }
        Ok(())
    }

    fn inside(&mut self, generation: &Generation, delivery: &Delivery, plaintext: &[u8]) -> Result<(), Error> {
        let contact = Contact::by_id(self.db, generation.contact)?;
        match Inside::from_padded(plaintext)? {
            Inside::Vouch { handset, pairing, intake, name } if handset == contact.handset => {
                self.vouch_arrived(generation, &pairing, &intake, &name)
            }
            Inside::Status(status) if generation.trusted => self.status_arrived(&contact, &status),
            Inside::Content(numbered) if numbered.handset == contact.handset => {
                if generation.trusted {
                    self.content_arrived(&contact, generation, delivery, &numbered)
                } else {
                    // Not vouched for: not shown, but asked for again once it is. Until then anybody may have said it.
                    self.run(
                        "UPDATE generation SET said = max(said, ?2) WHERE id = ?1",
                        params![generation.id.as_bytes(), numbered.number],
                    )?;
                    Ok(())
                }
            }
            _ => Err(seal::NotAuthentic.into()),
        }
    }

    fn content_arrived(
        &mut self,
        contact: &Contact,
        generation: &Generation,
        delivery: &Delivery,
        numbered: &Numbered,
    ) -> Result<(), Error> {
        if !numbered.mimi.is_empty() {
            let content = Content::from_bytes(&numbered.mimi)?;
            let id = content_id(&numbered.mimi, &content.salt, &contact.line, &contact.conversation);
            let known: Option<i64> = self
                .row(
                    "SELECT row FROM message WHERE id = ?1 AND contact = ?2",
                    params![id.as_bytes(), contact.id],
                    |row| row.get(0),
                )
                .optional()?;
            let row = match known {
                Some(row) => Some(row),
                // What was taken back, or went with a contact that was removed, may still come by an older way.
                None if self.has_heard(contact.id, numbered.handset, numbered.number)? => None,
                None => Some(self.keep_content(contact, delivery, numbered, &content, id)?),
            };
            if let Some(row) = row {
                self.place(row, generation, delivery.number)?;
            }
        } else {
            // Taken back before it was sent again: if the words came earlier, their place is now this one on both sides.
            let known: Option<i64> = self
                .row(
                    "SELECT row FROM message WHERE contact = ?1 AND mine = 0 AND handset = ?2 AND number = ?3",
                    params![contact.id, numbered.handset.as_bytes(), numbered.number],
                    |row| row.get(0),
                )
                .optional()?;
            if let Some(row) = known {
                self.place(row, generation, delivery.number)?;
                self.let_go_with_them(contact, row)?;
            }
        }
        self.heard(contact.id, numbered.handset, numbered.number)
    }

    fn keep_content(
        &mut self,
        contact: &Contact,
        delivery: &Delivery,
        numbered: &Numbered,
        content: &Content,
        id: ContentId,
    ) -> Result<i64, Error> {
        // A clock that is ahead must not put words into the future.
        let sent_at = numbered.sent_at.min(delivery.at).min(self.now);
        // Only what could have been agreed: nobody makes words vanish at once. Reactions end with what they are to.
        let is_agreeable =
            |expires: &Expires| expires.relative && expires.time > 0 && Term::from_seconds(expires.time).is_some();
        let is_text = matches!(content.what, What::Text(_));
        let expires = content.expires.filter(|expires| !is_text || is_agreeable(expires));
        let over = expires.map(|expires| Over::of_theirs(expires, numbered.sent_at, delivery.at, self.now));
        // What is over before it came leaves no words to decide about later.
        let over = match over {
            Some(Over { at, after: Some(term) })
                if is_text && at <= self.now && !self.was_agreed(contact.id, term)? =>
            {
                None
            }
            other => other,
        };
        let row = self.insert_message(&NewMessage {
            id,
            contact: contact.id,
            mine: false,
            handset: numbered.handset,
            number: numbered.number,
            content,
            sent_at,
            mimi: &numbered.mimi,
            state: "delivered",
            over,
        })?;
        if over.is_none_or(|over| over.at > self.now) {
            self.event(Event::Arrived { person: contact.person.clone(), id });
        } else if is_text {
            self.came_too_late(contact.id)?;
        }
        if matches!(content.what, What::Expiry(_)) {
            self.expiry_arrived(contact)?;
        }
        Ok(row)
    }

    /// Writes a content's row, ours or theirs, and what it does to others.
    pub(crate) fn insert_message(&mut self, new: &NewMessage<'_>) -> Result<i64, Error> {
        let in_reply_to = new.content.in_reply_to;
        let (kind, text, target) = match &new.content.what {
            What::Text(text) => ("text", text.clone(), in_reply_to),
            What::Reaction(emoji) => ("reaction", emoji.clone(), in_reply_to),
            What::Retraction => ("retraction", String::new(), new.content.replaces),
            What::Expiry(word @ ExpiryWord::Propose { .. }) => ("expiry", expiry::stored(*word), None),
            What::Expiry(word) => ("expiry", expiry::stored(*word), Some(in_reply_to.ok_or(seal::NotAuthentic)?)),
            What::Unknown => ("unknown", String::new(), in_reply_to),
        };
        // What was agreed and taken back stays so.
        let over = new.over.filter(|_| !matches!(kind, "retraction" | "expiry"));
        // What comes when it is over, or answers what is, leaves its number alone.
        let expired = over.is_some_and(|over| over.at <= self.now) || (kind == "reaction" && self.is_over(target)?);
        let (text, target, mimi) = if expired { (String::new(), None, &[][..]) } else { (text, target, new.mimi) };
        self.run(
            "INSERT INTO message (id, contact, mine, handset, number, kind, text, target, sent_at, mimi, state,
                    expires_in, expires_at, expired, gone)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14)",
            params![
                new.id.as_bytes(),
                new.contact,
                new.mine,
                new.handset.as_bytes(),
                new.number,
                kind,
                text,
                target.as_ref().map(|t| t.as_bytes().as_slice()),
                new.sent_at.as_millis(),
                mimi,
                new.state,
                over.and_then(|over| over.after),
                over.map(|over| over.at.as_millis()),
                expired,
            ],
        )?;
        let row = self.db.last_insert_rowid();
        if kind == "text" && !expired {
            self.index(row, new.contact, &text)?;
        }
        if !expired {
            self.insert_files(row, new.mine, &new.content.files)?;
        }
        // A retraction may come before what it retracts.
        let retracted: Vec<i64> = self
            .db
            .prepare_cached(
                "SELECT said.row FROM message taken JOIN message said
                    ON said.id = taken.target AND said.contact = taken.contact AND said.mine = taken.mine
                 WHERE taken.row = ?1 AND taken.kind = 'retraction' AND said.gone = 0
                 UNION ALL
                 SELECT said.row FROM message said JOIN message taken
                    ON taken.target = said.id AND taken.contact = said.contact AND taken.mine = said.mine
                 WHERE said.row = ?1 AND taken.kind = 'retraction' AND said.gone = 0",
            )?
            .query_map([row], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for row in retracted {
            self.erase(row)?;
        }
        Ok(row)
    }
}

/// A content's row to be.
pub(crate) struct NewMessage<'a> {
    pub(crate) id: ContentId,
    pub(crate) contact: i64,
    pub(crate) mine: bool,
    pub(crate) handset: protocol::HandsetId,
    pub(crate) number: u64,
    pub(crate) content: &'a Content,
    pub(crate) sent_at: protocol::Timestamp,
    pub(crate) mimi: &'a [u8],
    pub(crate) state: &'a str,
    pub(crate) over: Option<Over>,
}
