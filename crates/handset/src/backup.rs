//! Backups: what of a line goes into one, and what becomes of the successor key.
//!
//! A backup is a database of its own, which the caller opens, encrypts and puts into a file (docs/backup-format.md). In
//! it are the line's keys, its contacts and what was said; never what belongs to this handset alone: its signing and KEM
//! keys, pairings, MLS state, generations and what is on its way. A handset that is restored has those anew.

use database::rusqlite::types::Value;
use database::rusqlite::{Connection, params_from_iter};
use protocol::{Timestamp, decode, encode, limits};
use seal::{SigningKey, WrappedKey};

use crate::context::Work;
use crate::engine::Handset;
use crate::error::Error;
use crate::own::Own;

/// "EntB" in ASCII: what a backup's database calls itself.
pub(crate) const APPLICATION_ID: u32 = 0x456e_7442;

/// A row of `own` without what is the handset's alone.
pub(crate) const OWN_LEFT_OUT: &[&str] = &[
    "id",
    "successor",
    "successor_wrapped",
    "handset",
    "signing",
    "kem",
    "cursor",
    "invitation",
    "previous",
    "previous_scheme",
    "previous_cursor",
    "claimed",
    "backup_at",
    "restored_from",
    "restoring",
    "superseded",
];

/// The tables in a backup, in an order in which references hold, each without these columns.
pub(crate) const TABLES: &[(&str, &[&str])] = &[
    ("card", &[]),
    ("card_use", &[]),
    ("forgotten", &[]),
    (
        "contact",
        &[
            "own_encapsulated",
            "own_secret",
            "peer_secret",
            "status_due",
            "seen_due",
            "refound_at",
            "refound_tries",
            "reservation",
            "gap_ask_at",
            "resume_at",
            "announced",
        ],
    ),
    ("heard", &[]),
    ("heard_beyond", &[]),
    ("message", &["flight_generation"]),
    ("file", &[]),
    ("notice", &[]),
];

/// Rows between two reports of how far it is.
const STRIDE: u64 = 256;

/// Told how many rows of how many are done.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// A backup that was written and is not kept yet.
#[derive(Debug)]
pub struct BackupMade {
    made_at: Timestamp,
    /// The successor key under the backup's passphrase.
    wrapped: Vec<u8>,
    /// Contacts in it.
    pub people: u64,
    /// Contents in it.
    pub texts: u64,
    /// Files of others that are on this handset, and whose bytes are not in it.
    pub files: u64,
}

/// What is in a backup, as far as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupView {
    /// When it was made.
    pub made_at: Timestamp,
    /// Contacts in it.
    pub people: u64,
    /// Contents in it.
    pub texts: u64,
    /// Files of others that are on this handset, and whose bytes are not in it.
    pub files: u64,
}

impl Handset {
    /// Writes a backup into an empty database. Once it is where it shall stay, say so with [`Self::keep_backup`].
    ///
    /// The first backup takes the successor key along: from then on its private half is here under `passphrase` alone,
    /// and later backups need the same one, or the `old` one to change it.
    ///
    /// # Errors
    /// If there is no line, the passphrase is not that of earlier backups, or storage fails.
    pub fn write_backup(
        &mut self,
        now: Timestamp,
        into: &Connection,
        passphrase: &str,
        old: Option<&str>,
        progress: Progress<'_>,
    ) -> Result<BackupMade, Error> {
        self.transact(now, |work| {
            let own = work.own()?;
            let (successor, wrapped) = work.successor(&own, passphrase, old)?;
            let transaction = into.unchecked_transaction()?;
            let counts = work.write_backup(into, &successor, &wrapped, progress)?;
            transaction.commit()?;
            Ok(BackupMade { made_at: now, wrapped, people: counts.0, texts: counts.1, files: received(into)? })
        })
    }

    /// A backup is where it shall stay: the successor key goes from here, but for its wrapped form.
    ///
    /// # Errors
    /// If storage fails.
    pub fn keep_backup(&mut self, now: Timestamp, made: &BackupMade) -> Result<(), Error> {
        self.transact(now, |work| {
            work.run(
                "UPDATE own SET successor = x'', successor_wrapped = ?1, backup_at = ?2",
                (&made.wrapped, made.made_at.as_millis()),
            )?;
            Ok(())
        })?;
        self.erase_deleted()
    }

    /// When the last backup was made; none if none was.
    ///
    /// # Errors
    /// If storage fails.
    pub fn last_backup(&self) -> Result<Option<Timestamp>, Error> {
        Ok(Own::load(self.db())?.and_then(|own| own.backup_at))
    }
}

impl Work<'_> {
    /// The successor key, and its form under the passphrase that counts from now on.
    fn successor(&mut self, own: &Own, passphrase: &str, old: Option<&str>) -> Result<(SigningKey, Vec<u8>), Error> {
        let (key, kept) = match &own.successor_wrapped {
            None => (Own::successor(self.db)?, None),
            Some(wrapped) => {
                let kept: WrappedKey = decode(wrapped, limits::SLOT_BYTES).map_err(|_| Error::Corrupt("successor"))?;
                let key = kept.unwrap_signing(old.unwrap_or(passphrase)).map_err(|_| Error::WrongBackupPassphrase)?;
                (key, old.is_none().then(|| wrapped.clone()))
            }
        };
        let wrapped = match kept {
            Some(wrapped) => wrapped,
            None => encode(&WrappedKey::wrap_signing(&key, passphrase, self.rng)?),
        };
        Ok((key, wrapped))
    }

    fn write_backup(
        &mut self,
        into: &Connection,
        successor: &SigningKey,
        wrapped: &[u8],
        progress: Progress<'_>,
    ) -> Result<(u64, u64), Error> {
        let version: u32 = self.row("PRAGMA user_version", [], |row| row.get(0))?;
        into.execute_batch(&format!(
            "CREATE TABLE about (made_at INTEGER NOT NULL);
             CREATE TABLE successor (seed BLOB NOT NULL, wrapped BLOB NOT NULL);
             CREATE TABLE newest (contact INTEGER NOT NULL, number INTEGER NOT NULL);
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {version};"
        ))?;
        into.execute("INSERT INTO about VALUES (?1)", [self.now.as_millis()])?;
        into.execute("INSERT INTO successor VALUES (?1, ?2)", (successor.to_seed().as_slice(), wrapped))?;
        let mut meter = Meter::of(self.db, progress)?;
        copy_out(self.db, into, "own", OWN_LEFT_OUT, &mut meter)?;
        for (table, left_out) in TABLES {
            copy_out(self.db, into, table, left_out, &mut meter)?;
        }
        // Whether their standing intake is known shows here in a secret that is not in the backup.
        let mut met = self.db.prepare("SELECT id FROM contact WHERE peer_secret IS NOT NULL")?;
        let mut rows = met.query([])?;
        while let Some(row) = rows.next()? {
            into.execute("UPDATE contact SET met = 1 WHERE id = ?1", [row.get::<_, i64>(0)?])?;
        }
        let mut newest = self.db.prepare("SELECT contact, max(number) FROM generation GROUP BY contact")?;
        let mut rows = newest.query([])?;
        while let Some(row) = rows.next()? {
            into.execute("INSERT INTO newest VALUES (?1, ?2)", (row.get::<_, i64>(0)?, row.get::<_, u64>(1)?))?;
        }
        Ok((count(into, "contact")?, count(into, "message")?))
    }
}

/// How many rows a table has.
pub(crate) fn count(db: &Connection, table: &str) -> Result<u64, Error> {
    Ok(db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
}

/// How many files of others were fetched.
pub(crate) fn received(db: &Connection) -> Result<u64, Error> {
    Ok(db.query_row("SELECT count(*) FROM file WHERE mine = 0 AND state = 'here'", [], |row| row.get(0))?)
}

/// The columns of a table.
pub(crate) fn columns(db: &Connection, table: &str) -> Result<Vec<String>, Error> {
    let mut all = db.prepare(&format!("PRAGMA table_info({table})"))?;
    Ok(all.query_map([], |row| row.get("name"))?.collect::<Result<_, _>>()?)
}

/// Copies columns of a table from one database to another.
pub(crate) fn copy(
    from: &Connection,
    into: &Connection,
    table: &str,
    columns: &[String],
    meter: &mut Meter<'_>,
) -> Result<(), Error> {
    let places: Vec<String> = (1..=columns.len()).map(|at| format!("?{at}")).collect();
    let (names, places) = (columns.join(", "), places.join(", "));
    let mut all = from
        .prepare(&format!("SELECT {names} FROM {table} ORDER BY rowid"))
        // Some tables have no row numbers.
        .or_else(|_| from.prepare(&format!("SELECT {names} FROM {table}")))?;
    let mut insert = into.prepare(&format!("INSERT INTO {table} ({names}) VALUES ({places})"))?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let values = (0..columns.len()).map(|at| row.get::<_, Value>(at)).collect::<Result<Vec<_>, _>>()?;
        insert.execute(params_from_iter(values))?;
        meter.one();
    }
    Ok(())
}

fn copy_out(
    from: &Connection,
    into: &Connection,
    table: &str,
    left_out: &[&str],
    meter: &mut Meter<'_>,
) -> Result<(), Error> {
    let mut names = columns(from, table)?;
    names.retain(|name| !left_out.contains(&name.as_str()));
    into.execute_batch(&format!("CREATE TABLE {table} ({})", names.join(", ")))?;
    copy(from, into, table, &names, meter)
}

/// Counts rows, and tells how far it is.
pub(crate) struct Meter<'a> {
    done: u64,
    total: u64,
    progress: Progress<'a>,
}

impl<'a> Meter<'a> {
    /// For all tables of a backup, as they are in this database.
    pub(crate) fn of(db: &Connection, progress: Progress<'a>) -> Result<Self, Error> {
        let counts = TABLES.iter().map(|(table, _)| count(db, table)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { done: 0, total: counts.iter().sum(), progress })
    }

    fn one(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(STRIDE) {
            (self.progress)(self.done.min(self.total), self.total);
        }
    }
}
