//! Being woken while not connected: by the browser's push service, which our switchboard asks to.
//!
//! The app makes a subscription for the switchboard's key and hands it in here; it reaches the switchboard like any deed.

use database::rusqlite::{Connection, OptionalExtension as _, params};
use protocol::frames::{Answer, Deed, Question};
use protocol::wake::{PushOutcome, Pushed, Subscription, Wake};
use protocol::{Refusal, Timestamp};
use serde_bytes::ByteBuf;

use crate::context::Work;
use crate::deeds::Concern;
use crate::engine::{Event, Handset};
use crate::error::Error;
use crate::session::Asked;

/// How it stands with being woken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WakeView {
    /// The switchboard's key, for which a browser makes a subscription; none if it was not asked yet, or wakes nobody.
    pub key: Option<Vec<u8>>,
    /// There is a subscription.
    pub is_set: bool,
    /// The switchboard has it, as far as it said; of none, that it has none any more.
    pub is_stored: bool,
    /// When the switchboard last tried to wake this handset, and what came of it.
    pub last: Option<Pushed>,
}

impl Handset {
    /// How it stands with being woken, as far as is known here.
    ///
    /// # Errors
    /// If the database fails.
    pub fn wake(&self) -> Result<WakeView, Error> {
        view(self.db())
    }

    /// The switchboard's key, for which a browser makes a subscription; none if it was not asked yet, or wakes nobody.
    ///
    /// # Errors
    /// If the database fails.
    pub fn wake_key(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.wake()?.key)
    }

    /// Has the switchboard wake this handset here from now on, or not any more. [`Event::WakeChanged`] follows when it has
    /// taken note.
    ///
    /// # Errors
    /// If there is no line, or this is no subscription.
    pub fn set_wake(&mut self, now: Timestamp, subscription: Option<&Subscription>) -> Result<(), Error> {
        if subscription.is_some_and(|subscription| !subscription.is_sound()) {
            return Err(Error::NoSubscription);
        }
        self.transact(now, |work| {
            work.own()?;
            let parts = subscription.map(|s| (s.endpoint.as_str(), s.p256dh.as_slice(), s.auth.as_slice()));
            work.run(
                "INSERT INTO wake (id, endpoint, p256dh, auth) VALUES (1, ?1, ?2, ?3)
                    ON CONFLICT (id) DO UPDATE SET endpoint = ?1, p256dh = ?2, auth = ?3, stored = 0",
                params![parts.map(|p| p.0), parts.map(|p| p.1), parts.map(|p| p.2)],
            )?;
            // It is a secret between the switchboard and the push service.
            *work.erased = true;
            work.say_where_to_wake()
        })
    }

    /// Asks the switchboard how it stands with waking this handset, if it is connected: [`Event::WakeChanged`] follows.
    /// Gives whether it is asked.
    ///
    /// # Errors
    /// If the database fails.
    pub fn ask_about_wake(&mut self, now: Timestamp) -> Result<bool, Error> {
        self.transact(now, |work| Ok(work.ask_about_wake(false)))
    }

    /// Has the switchboard wake this handset once, now, to see whether that works; for the rest as
    /// [`Self::ask_about_wake`]. That the message came only the app can notice.
    ///
    /// # Errors
    /// If the database fails.
    pub fn test_wake(&mut self, now: Timestamp) -> Result<bool, Error> {
        self.transact(now, |work| Ok(work.ask_about_wake(true)))
    }
}

fn view(db: &Connection) -> Result<WakeView, Error> {
    let mut found = db.prepare_cached(
        "SELECT key, endpoint IS NOT NULL, stored AND NOT EXISTS (SELECT 1 FROM deed WHERE wake = 1), last_at, last_outcome
         FROM wake",
    )?;
    let found = found.query_row([], |row| {
        let at: Option<u64> = row.get(3)?;
        let outcome: Option<String> = row.get(4)?;
        let last = at.zip(outcome.as_deref().and_then(PushOutcome::parse));
        let last = last.map(|(at, outcome)| Pushed { at: Timestamp::from_millis(at), outcome });
        Ok(WakeView { key: row.get(0)?, is_set: row.get(1)?, is_stored: row.get(2)?, last })
    });
    Ok(found.optional()?.unwrap_or_default())
}

impl Work<'_> {
    fn say_where_to_wake(&mut self) -> Result<(), Error> {
        let subscription = self
            .row("SELECT endpoint, p256dh, auth FROM wake WHERE endpoint IS NOT NULL", [], |row| {
                Ok(Subscription {
                    endpoint: row.get(0)?,
                    p256dh: ByteBuf::from(row.get::<_, Vec<u8>>(1)?),
                    auth: ByteBuf::from(row.get::<_, Vec<u8>>(2)?),
                })
            })
            .optional()?;
        self.deed(Deed::SetWake { subscription }, Concern { wake: true, ..Concern::default() })
    }

    /// The switchboard went back to an older copy, or lost all: it wakes nobody until it is told again.
    pub(crate) fn say_where_to_wake_again(&mut self) -> Result<(), Error> {
        let is_set = self.run("UPDATE wake SET stored = 0 WHERE endpoint IS NOT NULL", [])? > 0;
        if is_set { self.say_where_to_wake() } else { Ok(()) }
    }

    /// The line is at another switchboard now: what was made for the other's key is of no use.
    pub(crate) fn forget_wake(&mut self) -> Result<(), Error> {
        *self.erased |= self.run("DELETE FROM wake", [])? > 0;
        Ok(())
    }

    /// The switchboard took note of where this handset is woken, or did not.
    pub(crate) fn wake_is_set(&mut self, is_taken: bool) -> Result<(), Error> {
        self.run("UPDATE wake SET stored = ?1", [is_taken])?;
        self.event(Event::WakeChanged);
        Ok(())
    }

    fn ask_about_wake(&mut self, tries: bool) -> bool {
        let may_ask = self.session.may_do() && !self.session.is_asking(&Asked::Wake);
        if may_ask {
            self.ask(Asked::Wake, if tries { Question::TryWake } else { Question::Wake });
        }
        may_ask
    }

    /// The answer to that.
    pub(crate) fn wake_answered(&mut self, answer: Result<Answer, Refusal>) -> Result<(), Error> {
        match answer {
            Ok(Answer::Wake(Wake { key, stored, last })) => {
                self.run(
                    "INSERT INTO wake (id, key, stored, last_at, last_outcome) VALUES (1, ?1, ?2, ?3, ?4)
                        ON CONFLICT (id) DO UPDATE SET key = ?1, last_at = ?3, last_outcome = ?4,
                            -- Of one that is still on its way it knows nothing.
                            stored = CASE WHEN EXISTS (SELECT 1 FROM deed WHERE wake = 1) THEN stored
                                WHEN endpoint IS NULL THEN NOT ?2 ELSE ?2 END",
                    params![
                        key.map(ByteBuf::into_vec),
                        stored,
                        last.map(|last| last.at.as_millis()),
                        last.map(|last| last.outcome.as_str())
                    ],
                )?;
            }
            Ok(_) => return Err(Error::PeerMisbehaved),
            // Too often, or it cannot be read now.
            Err(_) => {}
        }
        self.event(Event::WakeChanged);
        Ok(())
    }
}
