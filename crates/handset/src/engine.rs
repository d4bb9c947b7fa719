//! The engine's outside: opening, inputs, outputs, and the one transaction around each call.

use std::collections::VecDeque;

use database::rusqlite::{Connection, TransactionBehavior};
use protocol::{BlobId, ContentId, Refusal, Timestamp};
use rand_core::CryptoRng;
use seal::mls::{self, Mls};

use crate::context::{Groups, Rng, Work};
use crate::error::Error;
use crate::own::Own;
use crate::session::Session;

/// "Entr" in ASCII: what a handset's database calls itself.
const APPLICATION_ID: u32 = 0x456e_7472;

/// How many steps have led to the database's tables.
pub(crate) const VERSION: u32 = 9;

/// Memory for pages of the database, at most.
const CACHE_KIB: u32 = 16 * 1024;

/// A handset: one line's presence on one device.
pub struct Handset {
    db: Connection,
    groups: Groups,
    rng: Rng,
    pub(crate) session: Session,
    outputs: VecDeque<Output>,
    /// Something was deleted that is still in the log.
    unerased: bool,
}

/// What the caller is to do; taken with [`Handset::poll_output`] after every call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this frame over the connection.
    Send(Vec<u8>),
    /// Close the connection, and connect again not before some seconds.
    Close,
    /// Something happened that the caller may want to show.
    Event(Event),
}

/// What happened; what it changed is in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The switchboard took the claim: the handset has its line.
    Claimed,
    /// The switchboard did not: nothing was kept, but for a line that was restored.
    ClaimRefused(Refusal),
    /// The switchboard does not let the handset in.
    TurnedAway(Refusal),
    /// All that waited at the switchboard when the handset connected is here.
    CaughtUp,
    /// A card is stored at the switchboard, or was not and is gone.
    CardStored(String),
    /// A card could not be put up: nothing was kept.
    CardRefused(String, Refusal),
    /// Somebody became a contact, by taking up our card or we theirs.
    ContactAdded {
        /// The contact.
        person: String,
        /// The redemption that led to it, if it was ours.
        redemption: Option<i64>,
    },
    /// Taking up a card came to nothing: nothing was kept.
    AcceptRefused {
        /// The redemption.
        redemption: i64,
        /// What its issuer was to be called here.
        petname: Option<String>,
        /// A stable code.
        code: &'static str,
        /// One sentence.
        sentence: String,
    },
    /// Somebody asks to become a contact.
    Requested(String),
    /// Content arrived.
    Arrived {
        /// Who wrote it.
        person: String,
        /// Its id.
        id: ContentId,
    },
    /// Something about a person or a message of theirs or to them changed.
    Changed {
        /// The person.
        person: String,
    },
    /// There is a ticket: what [`Handset::transfers`] lists can be carried.
    Carrying,
    /// A file is no more: its sealed bytes are to be removed.
    FileGone(BlobId),
    /// A file of ours does not go to our switchboard: there is no room for it, or its bytes are not here.
    FileRefused {
        /// Whom it was for.
        person: String,
        /// What it is called.
        name: String,
    },
    /// The handset's clock differs from the switchboard's by so many seconds (positive: the handset is ahead).
    ClockOff {
        /// Seconds.
        seconds: i64,
    },
    /// Something about being woken changed, or was asked and answered: see [`Handset::wake`].
    WakeChanged,
    /// The switchboard took the line that was restored on this handset.
    Restored,
    /// The line was restored on another handset: this one is off for good.
    RestoredElsewhere {
        /// When, by that handset's clock.
        at: Timestamp,
    },
}

impl std::fmt::Debug for Handset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handset")
    }
}

impl Handset {
    /// Opens the engine over its database, new or not. Before anything of it is shown, [`Self::timeout`] lets go of what
    /// expired since it was closed.
    ///
    /// # Errors
    /// If the database is another program's, of a newer version, or fails.
    pub fn open(mut db: Connection, rng: impl CryptoRng + Send + 'static) -> Result<Self, Error> {
        let first = format!("{}{}", include_str!("schema.sql"), mls::SCHEMA);
        let steps: [&str; VERSION as usize] = [
            &first,
            include_str!("schema_2.sql"),
            include_str!("schema_3.sql"),
            include_str!("schema_4.sql"),
            include_str!("schema_5.sql"),
            include_str!("schema_6.sql"),
            include_str!("schema_7.sql"),
            include_str!("schema_8.sql"),
            include_str!("schema_9.sql"),
        ];
        database::migrate(&mut db, APPLICATION_ID, &steps)?;
        // What a screen shows lies on many pages, and each would be read and decrypted again.
        db.execute_batch(&format!("PRAGMA cache_size = -{CACHE_KIB}"))?;
        let filling = db.transaction()?;
        crate::search::fill(&filling)?;
        filling.commit()?;
        // Of a process that was killed between deleting something and cutting the log.
        let unerased = !database::erase_deleted(&db)?;
        Ok(Self {
            unerased,
            db,
            groups: Groups::new(),
            rng: Box::new(rng),
            session: Session::default(),
            outputs: VecDeque::new(),
        })
    }

    /// Gives the database back, to be closed.
    pub fn close(self) -> Connection {
        self.db
    }

    /// Where to connect: the URL of the switchboard's WebSocket; none before a claim, or once the line was restored on
    /// another handset.
    ///
    /// # Errors
    /// If the database fails.
    pub fn switchboard_url(&self) -> Result<Option<String>, Error> {
        Ok(Own::load(&self.db)?.filter(|own| own.superseded.is_none()).map(|own| {
            let scheme = if own.scheme == "http" { "ws" } else { "wss" };
            format!("{scheme}://{}{}", own.switchboard, protocol::frames::LINE_PATH)
        }))
    }

    /// The next thing to do, in order; none when there is nothing until the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether the handset is connected and known to its switchboard.
    pub fn session_state(&self) -> crate::session::SessionState {
        self.session.state()
    }

    /// The connection to the switchboard is there.
    pub fn connected(&mut self) {
        self.session = Session::connected();
    }

    /// The connection is gone.
    pub fn disconnected(&mut self) {
        self.session = Session::default();
    }

    /// A frame arrived.
    ///
    /// # Errors
    /// If the frame is not what a switchboard may send now (close the connection), or the database fails. Nothing of
    /// the frame was taken then; the switchboard sends it again.
    pub fn receive(&mut self, now: Timestamp, frame: &[u8]) -> Result<(), Error> {
        let frame = protocol::decode(frame, protocol::limits::FRAME_BYTES)?;
        self.transact(now, |work| work.frame(frame))
    }

    /// The time that [`Self::next_timeout`] named has come.
    ///
    /// # Errors
    /// If the database fails.
    pub fn timeout(&mut self, now: Timestamp) -> Result<(), Error> {
        self.transact(now, |work| {
            work.session.look_again();
            work.pump()
        })
    }

    /// When to call [`Self::timeout`], if nothing else happens before; changes with every call.
    ///
    /// # Errors
    /// If the database fails.
    pub fn next_timeout(&self) -> Result<Option<Timestamp>, Error> {
        let due = [crate::progress::next_timeout(&self.db, &self.session)?, crate::vanish::next_end(&self.db)?];
        Ok(due.into_iter().flatten().min())
    }

    /// Bytes from the caller's randomness.
    pub(crate) fn draw<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// The database, for tests that look at what is in it.
    pub const fn database(&self) -> &Connection {
        &self.db
    }

    /// The database, for views.
    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    /// Runs a step in one transaction; its outputs are queued once that is committed. A step that fails has changed
    /// nothing, in the database or in memory.
    pub(crate) fn transact<T>(
        &mut self,
        now: Timestamp,
        step: impl FnOnce(&mut Work<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let session = self.session.clone();
        let mut outputs = Vec::new();
        let mut erased = false;
        let result = (|| {
            let transaction = database::rusqlite::Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
            let mut work = Work {
                db: &transaction,
                mls: Mls::new(&transaction),
                groups: &mut self.groups,
                rng: &mut self.rng,
                session: &mut self.session,
                now,
                outputs: &mut outputs,
                erased: &mut erased,
            };
            work.expire()?;
            let value = step(&mut work)?;
            transaction.commit()?;
            Ok(value)
        })();
        match &result {
            Ok(_) => {
                self.outputs.extend(outputs);
                self.unerased |= erased;
                if self.unerased {
                    // It is committed, whatever becomes of the log; tried again with the next call.
                    self.unerased = !database::erase_deleted(&self.db).unwrap_or(false);
                }
            }
            Err(_) => {
                self.groups.clear();
                self.session = session;
            }
        }
        result
    }
}
