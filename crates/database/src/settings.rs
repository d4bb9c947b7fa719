//! What every connection is set to, wherever its pages live.

use std::time::Duration;

use rusqlite::Connection;

use crate::{DatabaseKey, Error};

/// How long a statement waits for another connection before it fails as busy.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a database that lives in memory and goes with its connection: for tests and the simulator.
///
/// # Errors
///
/// When SQLite cannot allocate it.
pub fn open_memory() -> Result<Connection, Error> {
    let connection = Connection::open_in_memory()?;
    set_common(&connection)?;
    Ok(connection)
}

/// Keys a connection before anything else touches it, and shows that the key opens the file.
pub(crate) fn set_key(connection: &Connection, key: &DatabaseKey) -> Result<(), Error> {
    // Named, so that no build's own default cipher decides the file format.
    connection.execute_batch("PRAGMA cipher='chacha20'")?;
    connection.execute_batch(&key.pragma())?;
    // The key is checked only when the first page is read.
    match connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(())) {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => Err(Error::WrongKey),
        other => Ok(other?),
    }
}

/// Sets what holds for every connection; `synchronous=FULL` is SQLite's default, set all the same
/// because rule 2 rests on it.
pub(crate) fn set_common(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(
        "PRAGMA synchronous=FULL;
         PRAGMA foreign_keys=ON;
         PRAGMA temp_store=MEMORY;
         PRAGMA secure_delete=ON;
         PRAGMA trusted_schema=OFF;",
    )?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(())
}

/// Turns the write-ahead log on, which the file then remembers.
pub(crate) fn set_wal(connection: &Connection) -> Result<(), Error> {
    connection.query_row("PRAGMA journal_mode=WAL", (), |_| Ok(()))?;
    Ok(())
}
