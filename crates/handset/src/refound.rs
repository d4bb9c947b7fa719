//! Founding a conversation again, when its generation cannot go on: through the contact's standing intake.

use std::time::Duration;

use database::rusqlite::{OptionalExtension as _, params};
use protocol::frames::{Answer, Question};
use protocol::{Refusal, ReservationId};
use seal::IntakeKeys;

use crate::contacts::{Contact, ContactState};
use crate::context::Work;
use crate::error::Error;
use crate::generations::OpenSlot;
use crate::redeem::open_slot;
use crate::session::Asked;

/// How long to wait before the next attempt, by how many came to nothing.
const PATIENCE: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(60 * 60),
    LONGEST,
];

/// ... and the longest of these.
pub(crate) const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);

impl Work<'_> {
    /// Has a conversation founded again as soon as patience allows.
    pub(crate) fn refound_soon(&mut self, contact: i64) -> Result<(), Error> {
        let tries: usize = self.row("SELECT refound_tries FROM contact WHERE id = ?1", [contact], |row| row.get(0))?;
        let wait = PATIENCE.get(tries).or(PATIENCE.last()).copied().unwrap_or_default();
        self.run(
            "UPDATE contact SET refound_at = coalesce(refound_at, ?2), refound_tries = refound_tries + 1
             WHERE id = ?1 AND state <> 'blocked' AND refound_at IS NULL",
            params![contact, self.now.after(wait).as_millis()],
        )?;
        Ok(())
    }

    /// Asks for the slots of conversations whose time to be founded again has come.
    pub(crate) fn ask_for_refoundings(&mut self) -> Result<(), Error> {
        let mut due = self
            .db
            .prepare_cached("SELECT id FROM contact WHERE refound_at <= ?1 AND state <> 'blocked' ORDER BY id")?;
        let due: Vec<i64> = due.query_map([self.now.as_millis()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for id in due {
            if self.session.is_asking(&Asked::Refounding(id)) {
                continue;
            }
            let contact = Contact::by_id(self.db, id)?;
            let Some(intake) = contact.peer_intake else {
                // No way in is known: they have to come to us.
                self.run("UPDATE contact SET refound_at = NULL WHERE id = ?1", [id])?;
                continue;
            };
            let reservation = self.refounding_reservation(id)?;
            let lookup = IntakeKeys::of(&intake.token).lookup();
            self.ask(Asked::Refounding(id), Question::FetchSlot { at: intake.address, lookup, reservation });
        }
        Ok(())
    }

    pub(crate) fn refounding_answered(&mut self, id: i64, answer: Result<Answer, Refusal>) -> Result<(), Error> {
        let due: Option<bool> =
            self.row("SELECT refound_at IS NOT NULL FROM contact WHERE id = ?1", [id], |row| row.get(0)).optional()?;
        // It may have been removed, or founded again from the other side, meanwhile.
        if due != Some(true) {
            return Ok(());
        }
        let contact = Contact::by_id(self.db, id)?;
        if contact.state == ContactState::Blocked {
            return Ok(());
        }
        let result = match answer {
            Ok(Answer::Slot(fetched)) => self.attempt(|work| {
                let own = work.own()?;
                let intake = contact.peer_intake.clone().ok_or(Error::Corrupt("intake"))?;
                let keys = IntakeKeys::of(&intake.token);
                let (slot, who, _) = open_slot(&keys, &fetched)?;
                if who.list.line != contact.line {
                    return Err(Error::CardNotAuthentic);
                }
                work.renew_handsets(&contact, &who)?;
                let contact = Contact::by_id(work.db, id)?;
                let reservation = work.refounding_reservation(id)?;
                work.found(&own, &contact, OpenSlot { slot, intake: &intake, keys: &keys, reservation })
            }),
            Ok(_) => Err(Error::PeerMisbehaved),
            Err(refusal) => Err(Error::Refused(refusal)),
        };
        match result {
            Err(error) if error.fault() == crate::Fault::Fatal => Err(error),
            Err(error) => {
                self.run("UPDATE contact SET refound_at = NULL, reservation = NULL WHERE id = ?1", [id])?;
                match error {
                    Error::Refused(refusal) => self.no_way_in(id, &refusal),
                    _ => self.refound_soon(id),
                }
            }
            Ok(()) => Ok(()),
        }
    }

    /// The reservation under which the slot for the next founding is fetched; the same one until it is used.
    fn refounding_reservation(&mut self, contact: i64) -> Result<ReservationId, Error> {
        let new = self.random::<16>();
        self.run("UPDATE contact SET reservation = ?2 WHERE id = ?1 AND reservation IS NULL", params![contact, new])?;
        let kept: Vec<u8> = self.row("SELECT reservation FROM contact WHERE id = ?1", [contact], |row| row.get(0))?;
        ReservationId::from_slice(&kept).ok_or(Error::Corrupt("reservation"))
    }
}
