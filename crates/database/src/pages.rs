//! Deletion that is real: nothing of what was deleted stays in the database's files.

use rusqlite::Connection;

use crate::Error;

/// Makes what was deleted and committed before unreadable on the disk, the key known: copies the
/// write-ahead log's last pages into the database and cuts the log to nothing, since the log keeps
/// earlier versions of pages. The freelist and the pages themselves are overwritten as rows are
/// deleted (`secure_delete`); a full-text index needs its own `secure-delete` option besides.
///
/// Returns whether that is done: `false` means that a reader elsewhere still holds on to the log, so
/// try again later.
///
/// # Errors
///
/// What SQLite says, for instance a full disk.
pub fn erase_deleted(connection: &Connection) -> Result<bool, Error> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))?;
    Ok(busy == 0)
}

/// Whether `needle` is anywhere in the database's pages as decrypted: rows, indexes, unused space,
/// freelist. For tests of deletion: a needle longer than a page, or one that crosses two, goes unseen,
/// and the write-ahead log counts only as far as it holds the newest version of a page.
///
/// # Errors
///
/// What SQLite says.
pub fn pages_contain(connection: &Connection, needle: &[u8]) -> Result<bool, Error> {
    if needle.is_empty() {
        return Ok(true);
    }
    let mut statement = connection.prepare("SELECT data FROM sqlite_dbpage")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let page = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        if page.windows(needle.len()).any(|part| part == needle) {
            return Ok(true);
        }
    }
    Ok(false)
}
