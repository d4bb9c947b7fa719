//! Where OpenMLS keeps its state: one table of the handset's database, inside the caller's transaction.

mod provider;

use std::cell::RefCell;

use database::rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// The one table that MLS needs, for the handset's migrations.
///
/// `kind` names what a row holds, `grp` the group that it goes with (CBOR null for what goes with none), `key` tells
/// rows of one kind and group apart (CBOR null where there is one only), `val` is the thing itself; the last three are
/// CBOR. The group stands first in the index, so that a group's rows go by one deletion. Lists are read by `id`.
pub const SCHEMA: &str = "CREATE TABLE mls(
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    grp BLOB NOT NULL,
    key BLOB NOT NULL,
    val BLOB NOT NULL,
    UNIQUE(grp, kind, key)
) STRICT;";

/// Why MLS state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// SQLite failed; [`database::failure_of`] says how.
    #[error("{what}: {0}", what = database::failure_of(.0).sentence())]
    Sqlite(#[from] database::rusqlite::Error),
    /// A row does not hold what this program writes. What it holds is a secret, so the error names the kind only.
    #[error("the stored keys of a conversation are unreadable ({kind}): the database is damaged, so restore a copy")]
    Unreadable {
        /// What the row should hold.
        kind: &'static str,
    },
    /// A value has no CBOR form.
    #[error("the keys of a conversation could not be written ({kind}), which is a fault in this program")]
    Unwritable {
        /// What was to be written.
        kind: &'static str,
    },
}

impl StorageError {
    /// A stable name for this error, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sqlite(error) => database::failure_of(error).code(),
            Self::Unreadable { .. } => "mls-state-unreadable",
            Self::Unwritable { .. } => "mls-state-unwritable",
        }
    }
}

/// What OpenMLS is told when its storage failed. The reason waits in [`Storage::take_failure`], since OpenMLS drops or
/// flattens some of the errors that it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the storage failed")]
pub(super) struct Failed;

/// Stands for "no group" or "no key of its own".
pub(super) const NONE: &() = &();

/// The table `mls` on a connection, normally a transaction's.
pub(super) struct Storage<'a> {
    connection: &'a Connection,
    failure: RefCell<Option<StorageError>>,
}

impl<'a> Storage<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self { connection, failure: RefCell::new(None) }
    }

    /// The first failure since the last time somebody asked.
    pub(super) fn take_failure(&self) -> Option<StorageError> {
        self.failure.take()
    }

    /// Writes the one value under group and key; a row that exists keeps its place in the order.
    pub(super) fn put(
        &self,
        kind: &'static str,
        group: &impl Serialize,
        key: &impl Serialize,
        value: &impl Serialize,
    ) -> Result<(), Failed> {
        self.noting(|| {
            let value = encode(kind, value)?;
            self.connection
                .prepare_cached(
                    "INSERT INTO mls(kind, grp, key, val) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT(grp, kind, key) DO UPDATE SET val = excluded.val",
                )?
                .execute(params![kind, *encode(kind, group)?, *encode(kind, key)?, *value])?;
            Ok(())
        })
    }

    /// Adds a value at the end of a group's list.
    pub(super) fn append(
        &self,
        kind: &'static str,
        group: &impl Serialize,
        value: &impl Serialize,
    ) -> Result<(), Failed> {
        self.noting(|| {
            // Such a list only grows or goes as a whole, so its length tells the next row from the others.
            self.connection
                .prepare_cached(
                    "INSERT INTO mls(kind, grp, key, val)
                     SELECT ?1, ?2, CAST(count(*) AS BLOB), ?3 FROM mls WHERE grp = ?2 AND kind = ?1",
                )?
                .execute(params![kind, *encode(kind, group)?, *encode(kind, value)?])?;
            Ok(())
        })
    }

    /// The value under group and key.
    pub(super) fn get<V: DeserializeOwned>(
        &self,
        kind: &'static str,
        group: &impl Serialize,
        key: &impl Serialize,
    ) -> Result<Option<V>, Failed> {
        self.noting(|| {
            let value = self
                .connection
                .prepare_cached("SELECT val FROM mls WHERE grp = ?2 AND kind = ?1 AND key = ?3")?
                .query_row(params![kind, *encode(kind, group)?, *encode(kind, key)?], |row| {
                    row.get::<_, Vec<u8>>(0).map(Zeroizing::new)
                })
                .optional()?;
            value.map(|value| decode(kind, &value)).transpose()
        })
    }

    /// A group's values of one kind, in the order in which they were first written.
    pub(super) fn list<V: DeserializeOwned>(
        &self,
        kind: &'static str,
        group: &impl Serialize,
    ) -> Result<Vec<V>, Failed> {
        self.noting(|| {
            let mut statement =
                self.connection.prepare_cached("SELECT val FROM mls WHERE grp = ?2 AND kind = ?1 ORDER BY id")?;
            let mut rows = statement.query(params![kind, *encode(kind, group)?])?;
            let mut values = Vec::new();
            while let Some(row) = rows.next()? {
                values.push(decode(kind, &Zeroizing::new(row.get::<_, Vec<u8>>(0)?))?);
            }
            Ok(values)
        })
    }

    /// Deletes the row under group and key, if there is one.
    pub(super) fn remove(
        &self,
        kind: &'static str,
        group: &impl Serialize,
        key: &impl Serialize,
    ) -> Result<(), Failed> {
        self.noting(|| {
            self.connection
                .prepare_cached("DELETE FROM mls WHERE grp = ?2 AND kind = ?1 AND key = ?3")?
                .execute(params![kind, *encode(kind, group)?, *encode(kind, key)?])?;
            Ok(())
        })
    }

    /// Deletes a group's rows of one kind.
    pub(super) fn remove_kind(&self, kind: &'static str, group: &impl Serialize) -> Result<(), Failed> {
        self.noting(|| {
            self.connection
                .prepare_cached("DELETE FROM mls WHERE grp = ?2 AND kind = ?1")?
                .execute(params![kind, *encode(kind, group)?])?;
            Ok(())
        })
    }

    /// Deletes everything that goes with a group. `MlsGroup::delete` would leave epoch keys behind.
    pub(super) fn remove_group(&self, group: &impl Serialize) -> Result<(), Failed> {
        self.noting(|| {
            self.connection
                .prepare_cached("DELETE FROM mls WHERE grp = ?1")?
                .execute(params![*encode("group", group)?])?;
            Ok(())
        })
    }

    /// Does all of it or, on an error, nothing.
    pub(super) fn whole<T, E>(&self, act: impl FnOnce() -> Result<T, E>) -> Result<Result<T, E>, Failed> {
        let batch = |sql| self.noting(|| Ok(self.connection.execute_batch(sql)?));
        batch("SAVEPOINT mls")?;
        let result = act();
        if result.is_err() {
            batch("ROLLBACK TO mls")?;
        }
        batch("RELEASE mls")?;
        Ok(result)
    }

    /// Keeps the first failure for [`Self::take_failure`].
    fn noting<T>(&self, act: impl FnOnce() -> Result<T, StorageError>) -> Result<T, Failed> {
        act().map_err(|error| {
            self.failure.borrow_mut().get_or_insert(error);
            Failed
        })
    }
}

fn encode(kind: &'static str, value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, StorageError> {
    let mut bytes = Zeroizing::new(Vec::new());
    ciborium::into_writer(value, &mut *bytes).map_err(|_| StorageError::Unwritable { kind })?;
    Ok(bytes)
}

fn decode<V: DeserializeOwned>(kind: &'static str, bytes: &[u8]) -> Result<V, StorageError> {
    ciborium::from_reader(bytes).map_err(|_| StorageError::Unreadable { kind })
}
