//! Reading beside the writer: another connection to the same database, each reading short.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::SqliteStore;

/// The reading connection.
#[derive(Debug)]
pub(super) struct Reader(Mutex<SqliteStore>);

impl Reader {
    pub(super) fn new(store: SqliteStore) -> Self {
        Self(Mutex::new(store))
    }

    /// The store, for one reading. Not to be held across an await.
    pub(super) fn store(&self) -> MutexGuard<'_, SqliteStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
