//! Files that go with texts: which there are, how far each is, and what is to be carried next.
//!
//! The engine touches no bytes. Its caller seals a file before it is sent ([`seal::FileSeal`]), keeps sealed bytes under
//! the blob's name, and carries what [`Handset::transfers`] lists, each from where it stopped, until it can say
//! [`Handset::file_brought`] or [`Handset::file_fetched`]. Sealed bytes whose blob [`Handset::knows_file`] does not know
//! are to be removed.

use database::rusqlite::{Connection, OptionalExtension as _, Row, params};
use protocol::content::{FilePart, Voice};
use protocol::frames::{Answer, Deed, Question};
use protocol::{BlobId, FileKey, Refusal, SwitchboardAddress, Ticket, Timestamp};

use crate::context::Work;
use crate::deeds::Concern;
use crate::engine::{Event, Handset};
use crate::error::Error;
use crate::session::Asked;

/// A file that was sealed here, to go with a text.
#[derive(Debug, Clone)]
pub struct SealedFile {
    /// Drawn by [`Handset::draw_file`].
    pub blob: BlobId,
    /// What it is sealed under.
    pub key: FileKey,
    /// What it is called.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its length, unsealed, in bytes.
    pub size: u64,
    /// What is known of a voice note.
    pub voice: Option<Voice>,
}

/// How far a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// Ours, on this handset, until our switchboard has room for it.
    Sealed,
    /// Ours, being brought to our switchboard.
    Opened,
    /// Ours, at our switchboard.
    Stored,
    /// Ours; our switchboard does not take it.
    Refused,
    /// Theirs, not asked for.
    Offered,
    /// Theirs, to be fetched.
    Wanted,
    /// Theirs, on this handset.
    Here,
    /// Theirs, and not to be had any more.
    Lost,
}

impl FileState {
    const ALL: [Self; 8] =
        [Self::Sealed, Self::Opened, Self::Stored, Self::Refused, Self::Offered, Self::Wanted, Self::Here, Self::Lost];

    /// As shown and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Opened => "opened",
            Self::Stored => "stored",
            Self::Refused => "refused",
            Self::Offered => "offered",
            Self::Wanted => "wanted",
            Self::Here => "here",
            Self::Lost => "lost",
        }
    }
}

impl FileState {
    /// Whether it has still to be carried, one way or the other.
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Sealed | Self::Opened | Self::Wanted)
    }

    fn parse(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(Error::Corrupt("file"))
    }
}

/// A file as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// Which blob it is.
    pub blob: BlobId,
    /// What its sender calls it: not to be used as a path as it is.
    pub name: String,
    /// Its media type, as its sender says.
    pub media_type: String,
    /// Its length in bytes.
    pub size: u64,
    /// What is known of a voice note.
    pub voice: Option<Voice>,
    /// How far it is.
    pub state: FileState,
}

/// Sealed bytes to be carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transfer {
    /// To our switchboard.
    Bring {
        /// The blob.
        blob: BlobId,
        /// Sealed, in bytes.
        size: u64,
    },
    /// From a switchboard, through ours.
    Fetch {
        /// The blob.
        blob: BlobId,
        /// Where it lies.
        at: SwitchboardAddress,
        /// Sealed, in bytes.
        size: u64,
    },
}

impl Transfer {
    /// The blob that is carried.
    pub const fn blob(&self) -> &BlobId {
        match self {
            Self::Bring { blob, .. } | Self::Fetch { blob, .. } => blob,
        }
    }
}

impl Handset {
    /// Draws the name and the key of a file that is to be sealed.
    pub fn draw_file(&mut self) -> (BlobId, FileKey) {
        (BlobId::new(self.draw()), FileKey::new(self.draw()))
    }

    /// What is to be carried now.
    ///
    /// # Errors
    /// If the database fails.
    pub fn transfers(&self) -> Result<Vec<Transfer>, Error> {
        let mut due = self.db().prepare_cached(
            "SELECT blob, mine, at, size FROM file WHERE state IN ('opened', 'wanted') ORDER BY size, blob",
        )?;
        let mut rows = due.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let (blob, size) = (blob_of(row, 0)?, protocol::files::sealed(row.get(3)?));
            all.push(match row.get(1)? {
                true => Transfer::Bring { blob, size },
                false => Transfer::Fetch { blob, at: address(row, 2)?, size },
            });
        }
        Ok(all)
    }

    /// Files that have still to be carried, ours and those of theirs that are wanted.
    ///
    /// # Errors
    /// If the database fails.
    pub fn files_under_way(&self) -> Result<Vec<FileView>, Error> {
        files(
            self.db(),
            "SELECT blob, name, media_type, size, duration, waveform, state FROM file
             WHERE state IN ('sealed', 'opened', 'wanted') ORDER BY message, place",
            [],
        )
    }

    /// What shows our switchboard that it is us who carry; none while there is none on this connection.
    pub fn ticket(&self) -> Option<&Ticket> {
        self.session.ticket()
    }

    /// Our switchboard has all of a file.
    ///
    /// # Errors
    /// If the database fails.
    pub fn file_brought(&mut self, now: Timestamp, blob: &BlobId) -> Result<(), Error> {
        self.transact(now, |work| {
            work.run("UPDATE file SET brought = 1 WHERE blob = ?1 AND state = 'opened'", [blob.as_bytes()])?;
            work.set_file(blob, FileState::Opened, FileState::Stored)
        })
    }

    /// All of a file is here, and opened as it should.
    ///
    /// # Errors
    /// If the database fails.
    pub fn file_fetched(&mut self, now: Timestamp, blob: &BlobId) -> Result<(), Error> {
        self.transact(now, |work| {
            let at: Option<String> = work
                .row("SELECT at FROM file WHERE blob = ?1 AND state = 'wanted'", [blob.as_bytes()], |row| row.get(0))
                .optional()?;
            let Some(at) = at else { return Ok(()) };
            let at = at.parse().map_err(|_| Error::Corrupt("file"))?;
            work.set_file(blob, FileState::Wanted, FileState::Here)?;
            work.deed(Deed::ReleaseBlob { at, blob: *blob }, Concern::default())
        })
    }

    /// A file cannot be carried, now or later.
    ///
    /// # Errors
    /// If the database fails.
    pub fn file_failed(&mut self, now: Timestamp, blob: &BlobId) -> Result<(), Error> {
        self.transact(now, |work| {
            let is_open = "SELECT EXISTS (SELECT 1 FROM file WHERE blob = ?1 AND state = 'opened')";
            if work.row(is_open, [blob.as_bytes()], |row| row.get(0))? {
                // It must not keep room for what never comes.
                work.deed(Deed::RemoveBlob { blob: *blob }, Concern::default())?;
                return work.not_brought(blob, FileState::Opened);
            }
            work.set_file(blob, FileState::Wanted, FileState::Lost)
        })
    }

    /// The switchboard does not take the ticket any more: another one is asked for.
    ///
    /// # Errors
    /// If the database fails.
    pub fn ticket_refused(&mut self, now: Timestamp) -> Result<(), Error> {
        self.session.forget_ticket();
        self.transact(now, |work| work.pump())
    }

    /// Has a file of theirs fetched; one that could not be had is tried once more.
    ///
    /// # Errors
    /// If it is a blocked person's, or the database fails.
    pub fn want_file(&mut self, now: Timestamp, blob: &BlobId) -> Result<(), Error> {
        self.transact(now, |work| {
            let blocked: Option<String> = work
                .row(
                    "SELECT person FROM contact JOIN message ON message.contact = contact.id
                        JOIN file ON file.message = message.row WHERE blob = ?1 AND contact.state = 'blocked'",
                    [blob.as_bytes()],
                    |row| row.get(0),
                )
                .optional()?;
            if let Some(person) = blocked {
                return Err(Error::Blocked(person));
            }
            work.set_file(blob, FileState::Offered, FileState::Wanted)?;
            work.set_file(blob, FileState::Lost, FileState::Wanted)?;
            work.pump()
        })
    }

    /// What a file's sealed bytes are opened with: its key and its length.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn file_key(&self, blob: &BlobId) -> Result<(FileKey, u64), Error> {
        let found: Option<(Vec<u8>, u64)> = self
            .db()
            .prepare_cached("SELECT key, size FROM file WHERE blob = ?1")?
            .query_row([blob.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (key, size) = found.ok_or(Error::UnknownFile)?;
        Ok((FileKey::from_slice(&key).ok_or(Error::Corrupt("file"))?, size))
    }

    /// How far a file is; none if no text here has it.
    ///
    /// # Errors
    /// If the database fails.
    pub fn file_state(&self, blob: &BlobId) -> Result<Option<FileState>, Error> {
        let state: Option<String> = self
            .db()
            .prepare_cached("SELECT state FROM file WHERE blob = ?1")?
            .query_row([blob.as_bytes()], |row| row.get(0))
            .optional()?;
        state.map(|state| FileState::parse(&state)).transpose()
    }

    /// Whether a text here has this file. Sealed bytes of any other are of no use to anybody.
    ///
    /// # Errors
    /// If the database fails.
    pub fn knows_file(&self, blob: &BlobId) -> Result<bool, Error> {
        Ok(self
            .db()
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM file WHERE blob = ?1)")?
            .query_row([blob.as_bytes()], |row| row.get(0))?)
    }
}

impl Work<'_> {
    /// Writes the files of a text that is kept now. Ours are opened at our switchboard.
    pub(crate) fn insert_files(&mut self, message: i64, mine: bool, files: &[FilePart]) -> Result<(), Error> {
        for (place, file) in files.iter().enumerate() {
            let (duration, waveform) = match &file.voice {
                Some(voice) => (Some(voice.duration), Some(voice.waveform.as_slice())),
                None => (None, None),
            };
            let state = if mine { FileState::Sealed } else { FileState::Offered };
            self.run(
                "INSERT INTO file (blob, message, mine, place, name, media_type, size, at, key, duration, waveform, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                 -- Names are drawn: one that is known already was taken from another text, and must not keep the words.
                 ON CONFLICT (blob) DO NOTHING",
                params![
                    file.blob.as_bytes(),
                    message,
                    mine,
                    u64::try_from(place).unwrap_or(u64::MAX),
                    file.name,
                    file.media_type,
                    file.size,
                    file.at.as_str(),
                    file.key.as_bytes(),
                    duration,
                    waveform,
                    state.as_str(),
                ],
            )?;
            if mine {
                // One line fetches it: conversations have two.
                let open = Deed::OpenBlob { blob: file.blob, size: protocol::files::sealed(file.size), copies: 1 };
                self.deed(open, Concern { blob: Some(file.blob), ..Concern::default() })?;
            }
        }
        Ok(())
    }

    /// Our switchboard has room for a file, or has not.
    pub(crate) fn file_opened(&mut self, blob: &BlobId, refusal: Option<&Refusal>) -> Result<(), Error> {
        match refusal {
            None => self.set_file(blob, FileState::Sealed, FileState::Opened),
            Some(_) => self.not_brought(blob, FileState::Sealed),
        }
    }

    /// A file of ours does not go to our switchboard, or not again.
    fn not_brought(&mut self, blob: &BlobId, from: FileState) -> Result<(), Error> {
        let found: Option<(bool, String, String)> = self
            .row(
                "SELECT brought, person, file.name FROM file JOIN message ON message.row = file.message
                    JOIN contact ON contact.id = message.contact WHERE blob = ?1 AND file.state = ?2",
                params![blob.as_bytes(), from.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        let Some((was_there, person, name)) = found else { return Ok(()) };
        if was_there {
            return self.set_file(blob, from, FileState::Stored);
        }
        self.set_file(blob, from, FileState::Refused)?;
        self.event(Event::FileRefused { person, name });
        Ok(())
    }

    /// Forgets the files of a text that is no more; ours also where they wait to be fetched.
    pub(crate) fn forget_files(&mut self, message: i64) -> Result<(), Error> {
        let mut gone = self.db.prepare_cached("DELETE FROM file WHERE message = ?1 RETURNING blob, mine")?;
        let gone: Vec<(Vec<u8>, bool)> =
            gone.query_map([message], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (blob, mine) in gone {
            let blob = BlobId::from_slice(&blob).ok_or(Error::Corrupt("file"))?;
            if mine {
                self.deed(Deed::RemoveBlob { blob }, Concern::default())?;
            }
            self.event(Event::FileGone(blob));
        }
        Ok(())
    }

    /// Forgets the files of all texts with a contact.
    pub(crate) fn forget_files_with(&mut self, contact: i64) -> Result<(), Error> {
        let mut with = self
            .db
            .prepare_cached("SELECT DISTINCT message FROM file JOIN message ON row = message WHERE contact = ?1")?;
        let with: Vec<i64> = with.query_map([contact], |row| row.get(0))?.collect::<Result<_, _>>()?;
        with.into_iter().try_for_each(|message| self.forget_files(message))
    }

    /// Fetches nothing more of a contact's: their office would see it.
    pub(crate) fn fetch_no_files_of(&mut self, contact: i64) -> Result<(), Error> {
        self.run(
            "UPDATE file SET state = 'offered' WHERE state = 'wanted'
                AND message IN (SELECT row FROM message WHERE contact = ?1)",
            [contact],
        )?;
        Ok(())
    }

    /// Our files that are not at our switchboard yet will not come there any more.
    pub(crate) fn bring_no_files(&mut self) -> Result<(), Error> {
        self.run("UPDATE file SET state = 'refused' WHERE mine = 1 AND state IN ('sealed', 'opened')", [])?;
        Ok(())
    }

    /// Asks for a ticket if there is something to carry and none was asked for.
    pub(crate) fn ask_for_ticket(&mut self) -> Result<(), Error> {
        if self.session.has_or_lacks_ticket() || self.session.is_asking(&Asked::Ticket) {
            return Ok(());
        }
        let is_due: bool =
            self.row("SELECT EXISTS (SELECT 1 FROM file WHERE state IN ('opened', 'wanted'))", [], |row| row.get(0))?;
        if is_due {
            self.ask(Asked::Ticket, Question::Ticket);
        }
        Ok(())
    }

    /// The answer to that.
    pub(crate) fn ticket_answered(&mut self, answer: Result<Answer, Refusal>) -> Result<(), Error> {
        match answer {
            Ok(Answer::Ticket(ticket)) => {
                self.session.keep_ticket(ticket);
                self.event(Event::Carrying);
                Ok(())
            }
            Ok(_) => Err(Error::PeerMisbehaved),
            Err(_) => {
                self.session.lack_ticket();
                Ok(())
            }
        }
    }

    /// Moves a file from one state to another; in any other it is left.
    fn set_file(&mut self, blob: &BlobId, from: FileState, to: FileState) -> Result<(), Error> {
        let changed = self.run(
            "UPDATE file SET state = ?3 WHERE blob = ?1 AND state = ?2",
            params![blob.as_bytes(), from.as_str(), to.as_str()],
        )?;
        if changed > 0 {
            let person = self.row(
                "SELECT person FROM contact JOIN message ON message.contact = contact.id
                    JOIN file ON file.message = message.row WHERE blob = ?1",
                [blob.as_bytes()],
                |row| row.get(0),
            )?;
            self.event(Event::Changed { person });
        }
        Ok(())
    }
}

/// The files of a text, in their order.
pub(crate) fn files_of(db: &Connection, message: i64) -> Result<Vec<FileView>, Error> {
    files(
        db,
        "SELECT blob, name, media_type, size, duration, waveform, state FROM file WHERE message = ?1 ORDER BY place",
        [message],
    )
}

fn files(db: &Connection, query: &str, values: impl database::rusqlite::Params) -> Result<Vec<FileView>, Error> {
    let mut files = db.prepare_cached(query)?;
    let mut rows = files.query(values)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let state: String = row.get(6)?;
        let voice = match (row.get(4)?, row.get(5)?) {
            (Some(duration), Some(waveform)) => Some(Voice { duration, waveform }),
            _ => None,
        };
        all.push(FileView {
            blob: blob_of(row, 0)?,
            name: row.get(1)?,
            media_type: row.get(2)?,
            size: row.get(3)?,
            voice,
            state: FileState::parse(&state)?,
        });
    }
    Ok(all)
}

fn blob_of(row: &Row<'_>, column: usize) -> Result<BlobId, Error> {
    BlobId::from_slice(&row.get::<_, Vec<u8>>(column)?).ok_or(Error::Corrupt("file"))
}

fn address(row: &Row<'_>, column: usize) -> Result<SwitchboardAddress, Error> {
    row.get::<_, String>(column)?.parse().map_err(|_| Error::Corrupt("file"))
}
