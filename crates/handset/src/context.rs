//! What everything inside one transaction works with.

use std::collections::BTreeMap;

use database::rusqlite::{self, Connection, Params, Row};
use protocol::{GenerationId, Timestamp};
use rand_core::CryptoRng;
use seal::mls::{Group, Mls};

use crate::engine::{Event, Output};
use crate::error::Error;
use crate::own::Own;
use crate::session::Session;

/// The caller's randomness.
pub(crate) type Rng = Box<dyn CryptoRng + Send>;

/// MLS groups in memory. Whoever rolls back drops them, since they may be ahead of the database then.
pub(crate) type Groups = BTreeMap<GenerationId, Group>;

/// One transaction: the database within it, and what else a step needs.
pub(crate) struct Work<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) mls: Mls<'a>,
    pub(crate) groups: &'a mut Groups,
    pub(crate) rng: &'a mut Rng,
    pub(crate) session: &'a mut Session,
    pub(crate) now: Timestamp,
    /// Leave the engine only after the commit.
    pub(crate) outputs: &'a mut Vec<Output>,
    /// Whether something was deleted that must not stay in the log.
    pub(crate) erased: &'a mut bool,
}

impl Work<'_> {
    /// This handset's line, as long as it is this handset's.
    pub(crate) fn own(&self) -> Result<Own, Error> {
        let own = Own::taken(self.db)?;
        if own.superseded.is_some() { Err(Error::RestoredElsewhere) } else { Ok(own) }
    }

    /// Runs a statement, compiled once for all its uses; gives the rows changed.
    pub(crate) fn run(&self, sql: &str, values: impl Params) -> rusqlite::Result<usize> {
        self.db.prepare_cached(sql)?.execute(values)
    }

    /// The one row that a statement gives, compiled once for all its uses.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.db.prepare_cached(sql)?.query_row(values, read)
    }

    /// Says something to the caller, once this transaction is committed.
    pub(crate) fn event(&mut self, event: Event) {
        self.outputs.push(Output::Event(event));
    }

    /// Bytes from the caller's randomness.
    pub(crate) fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// Runs a step that may fail through somebody else's fault, undoing what it did if it does.
    pub(crate) fn attempt<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.run("SAVEPOINT step", ())?;
        let outputs = self.outputs.len();
        match step(self) {
            Ok(value) => {
                self.run("RELEASE step", ())?;
                Ok(value)
            }
            Err(error) => {
                self.run("ROLLBACK TO step", ())?;
                self.run("RELEASE step", ())?;
                self.groups.clear();
                self.outputs.truncate(outputs);
                Err(error)
            }
        }
    }
}
