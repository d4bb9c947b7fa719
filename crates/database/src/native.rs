//! Databases in files of the operating system.

use std::fs::{File, OpenOptions};
use std::path::Path;

use rusqlite::Connection;

use crate::settings::{set_common, set_key, set_wal};
use crate::{DatabaseKey, Error};

/// Opens the encrypted database at `path`, or makes it there, readable by its owner alone.
///
/// # Errors
///
/// [`Error::WrongKey`] when the key does not open the file (a plain database is refused so, too);
/// [`Error::File`] when the file cannot be made; else what SQLite says.
pub fn open_encrypted(path: &Path, key: &DatabaseKey) -> Result<Connection, Error> {
    let connection = open_file(path)?;
    // Wipe what SQLite frees; a setting of the process, so plain databases share it from here on.
    connection.query_row("PRAGMA memory_security=fill", (), |_| Ok(()))?;
    set_key(&connection, key)?;
    set_common(&connection)?;
    set_wal(&connection)?;
    Ok(connection)
}

/// Opens the unencrypted database at `path`, or makes it there, readable by its owner alone: what a
/// switchboard stores is sealed already.
///
/// # Errors
///
/// [`Error::File`] when the file cannot be made; else what SQLite says.
pub fn open_plain(path: &Path) -> Result<Connection, Error> {
    let connection = open_file(path)?;
    set_common(&connection)?;
    set_wal(&connection)?;
    Ok(connection)
}

/// Makes the file itself, because SQLite would make it readable by everybody that the umask admits;
/// its log and index inherit the file's permissions.
fn open_file(path: &Path) -> Result<Connection, Error> {
    create_private(path)?;
    Ok(Connection::open(path)?)
}

pub(crate) fn create_private(path: &Path) -> Result<File, std::io::Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
