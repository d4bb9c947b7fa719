//! The store on SQLite: one writer, any number of readers beside it (write-ahead log).

mod accounts;
mod blobs;
mod conversations;
mod held;
mod intakes;
mod queues;
mod restored;
mod revoked;
mod wakes;

#[cfg(not(target_family = "wasm"))]
use std::path::Path;

use database::rusqlite::types::FromSql;
use database::rusqlite::{Connection, OptionalExtension, Params, Row, TransactionBehavior};
use protocol::{SwitchboardAddress, Timestamp};

use super::{Inventory, Lines as _, Result, Store, StoreError, Tx};

/// `entS` in ASCII: what tells a switchboard's database from any other.
const APPLICATION_ID: u32 = 0x656e_7453;
const STEPS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
    include_str!("schema_8.sql"),
    include_str!("schema_9.sql"),
    include_str!("schema_10.sql"),
];

/// A switchboard's SQLite database.
#[derive(Debug)]
pub struct SqliteStore(Connection);

impl SqliteStore {
    /// Opens the database at `path`, or makes it, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError`]: foreign, damaged, busy, or not reachable.
    #[cfg(not(target_family = "wasm"))]
    pub fn open(path: &Path) -> Result<Self> {
        Self::on(database::open_plain(path)?)
    }

    /// A database in memory, gone when dropped.
    ///
    /// # Errors
    /// [`StoreError`] if SQLite cannot allocate it.
    pub fn in_memory() -> Result<Self> {
        Self::on(database::open_memory()?)
    }

    /// A database that is open already, wherever it is; brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError`]: foreign or damaged.
    pub fn on(mut connection: Connection) -> Result<Self> {
        database::migrate(&mut connection, APPLICATION_ID, STEPS)?;
        Ok(Self(connection))
    }

    /// The connection, for tests that look at what is on the disk or set limits.
    pub fn connection(&self) -> &Connection {
        &self.0
    }
}

impl Store for SqliteStore {
    fn write(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()> {
        // Dropped uncommitted (an error, a panic), a transaction is rolled back.
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut tx = SqliteTx::on(&transaction);
        work(&mut tx)?;
        tx.write_held()?;
        Ok(transaction.commit()?)
    }

    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()> {
        let transaction = self.0.transaction()?;
        work(&mut SqliteTx::on(&transaction))
    }
}

/// One transaction on SQLite.
struct SqliteTx<'c> {
    db: &'c Connection,
    held: held::Held,
}

impl Tx for SqliteTx<'_> {
    fn mark(&mut self) -> Result<()> {
        self.write_held()?;
        self.run("SAVEPOINT mark", ()).map(drop)
    }

    fn undo(&mut self) -> Result<()> {
        self.forget_held();
        self.run("ROLLBACK TO mark", ())?;
        self.run("RELEASE mark", ()).map(drop)
    }

    fn keep(&mut self) -> Result<()> {
        self.run("RELEASE mark", ()).map(drop)
    }

    fn inventory(&mut self, now: Timestamp) -> Result<Inventory> {
        self.write_held()?;
        Ok(Inventory {
            lines: self.number("SELECT count(*) FROM lines", ())?,
            mailboxes: self.number("SELECT count(*) FROM mailboxes", ())?,
            items: self.number("SELECT count(*) FROM items", ())?,
            item_bytes: self.number("SELECT coalesce(sum(item_bytes), 0) FROM line_states", ())?,
            invitations: self.count_open_invitations(now)?,
            blob_bytes: self.number("SELECT coalesce(sum(size), 0) FROM blobs", ())?,
        })
    }

    fn go_back(&mut self, item: u64) -> Result<()> {
        self.forget_what_moved(item)
    }
}

impl<'c> SqliteTx<'c> {
    fn on(db: &'c Connection) -> Self {
        Self { db, held: held::Held::default() }
    }

    /// Runs a statement; gives the rows changed.
    fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        Ok(self.db.prepare_cached(sql)?.execute(params)?)
    }

    /// The one row, if there is one.
    fn one<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<Option<T>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        rows.next()?.map(read).transpose()
    }

    /// All rows.
    fn many<T>(&self, sql: &str, params: impl Params, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    /// A number from a statement that always gives one row.
    fn number(&self, sql: &str, params: impl Params) -> Result<u64> {
        self.one(sql, params, |row| number(row, 0)).map(Option::unwrap_or_default)
    }

    /// A sum that every change of a row keeps up.
    fn sum(&self, kind: i64, who: &[u8]) -> Result<u64> {
        self.number("SELECT max(bytes, 0) FROM sums WHERE kind = ?1 AND who = ?2", (kind, who))
    }

    /// One column of the one row.
    fn value<T: FromSql>(&self, sql: &str, params: impl Params) -> Result<Option<T>> {
        Ok(self.db.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()?)
    }
}

/// SQLite's integers are signed; a number that does not fit is one that nobody will ever reach.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn time(at: Timestamp) -> i64 {
    int(at.as_millis())
}

fn number(row: &Row<'_>, column: usize) -> Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| StoreError::damaged("a negative number"))
}

fn timestamp(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    number(row, column).map(Timestamp::from_millis)
}

fn optional_time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    match row.get_ref(column)? {
        database::rusqlite::types::ValueRef::Null => Ok(None),
        _ => timestamp(row, column).map(Some),
    }
}

/// A column of fixed length, read by an id's `from_slice`.
fn id<T>(row: &Row<'_>, column: usize, from_slice: impl FnOnce(&[u8]) -> Option<T>) -> Result<T> {
    let value = row.get_ref(column)?;
    value.as_blob().ok().and_then(from_slice).ok_or_else(|| StoreError::damaged("an id of wrong length"))
}

fn optional_id<T>(row: &Row<'_>, column: usize, from_slice: impl FnOnce(&[u8]) -> Option<T>) -> Result<Option<T>> {
    match row.get_ref(column)? {
        database::rusqlite::types::ValueRef::Null => Ok(None),
        _ => id(row, column, from_slice).map(Some),
    }
}

fn address(row: &Row<'_>, column: usize) -> Result<SwitchboardAddress> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| StoreError::damaged("an address"))
}

fn bytes32(slice: &[u8]) -> Option<[u8; 32]> {
    slice.try_into().ok()
}
