//! Whole copies of a database, made while others write to it.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rusqlite::Connection;
use zeroize::Zeroizing;

use crate::native::create_private;
use crate::{DatabaseKey, Error};

/// Writes one moment of a database to `path`, encrypted under `key`, readable by its owner alone. There must be nothing
/// there, or an empty file. Whoever writes to the source meanwhile is not held up, and none of that is in the copy. It is
/// on the disk only once the caller has synced it.
///
/// # Errors
///
/// [`Error::File`] when the file cannot be made; else what SQLite says, for instance a full disk.
pub fn copy_encrypted(source: &Connection, path: &Path, key: &DatabaseKey) -> Result<(), Error> {
    let mut way = uri(path)?;
    way.push_str("?cipher=chacha20&key=raw:");
    for byte in key.as_bytes() {
        // Writing to a string cannot fail.
        let _ = write!(way, "{byte:02x}");
    }
    copy(source, path, &way)
}

/// As [`copy_encrypted`], without encryption, whatever the source has.
///
/// # Errors
///
/// As [`copy_encrypted`].
pub fn copy_plain(source: &Connection, path: &Path) -> Result<(), Error> {
    let mut way = uri(path)?;
    way.push_str("?key=");
    copy(source, path, &way)
}

/// Whether every page and index of a database is as it should be.
///
/// # Errors
///
/// What SQLite says when it cannot look.
pub fn is_sound(connection: &Connection) -> Result<bool, Error> {
    let says: String = connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    Ok(says == "ok")
}

fn copy(source: &Connection, path: &Path, way: &str) -> Result<(), Error> {
    create_private(path)?;
    source.execute("VACUUM INTO ?1", [way])?;
    Ok(())
}

/// A path as SQLite reads it in a URI, with room for a key, so that it never moves and leaves a copy behind.
fn uri(path: &Path) -> Result<Zeroizing<String>, Error> {
    let path = std::path::absolute(path)?;
    let bytes = path.as_os_str().as_bytes();
    let mut uri = Zeroizing::new(String::with_capacity(3 * bytes.len() + 256));
    uri.push_str("file:");
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => write!(uri, "{}", char::from(*byte)),
            other => write!(uri, "%{other:02X}"),
        };
    }
    Ok(uri)
}
