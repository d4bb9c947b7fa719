//! Backups: one file with a moment of the database and the switchboard's key, sealed under a passphrase; made while the
//! switchboard runs.
//!
//! The file is [`MAGIC`], the length of what follows (4 bytes, big-endian), a random key wrapped under the passphrase,
//! and an SQLite database encrypted under that key, with one table more than the switchboard's own.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use database::DatabaseKey;
use database::rusqlite::{Connection, params};
use protocol::Timestamp;
use seal::{SwitchboardKey, WrappedKey, draw_database_key};
use zeroize::Zeroizing;

use super::data::{DataDir, database as database_of, private, read_key, restoring, sync_folder_of};
use super::operator::{LAST_BACKUP, core_on, fault, open, order};
use super::{OperatorError, now, rng};
use crate::core::Work;
use crate::store::{SqliteStore, Store as _, StoreError};

/// What a backup begins with.
const MAGIC: &[u8; 24] = b"entrenous office backup\n";

/// More than a wrapped key ever takes.
const KEY_BYTES: usize = 4096;

/// The table that only the copy has.
const EXTRA: &str = "CREATE TABLE backup (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID";

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// When it was made.
    pub made_at: Timestamp,
    /// Its size.
    pub bytes: u64,
    /// Whether the switchboard's data say that it was made. If they cannot be written, it is a good one all the same.
    pub is_noted: bool,
}

/// Writes a backup to a file that is not there yet: whole and checked, or not at all. Works while the switchboard runs.
///
/// # Errors
/// If there is no switchboard's data, the file is there, the database is damaged, or the disk does not take it.
pub fn backup(data: &Path, out: &Path, passphrase: &str) -> Result<Backup, OperatorError> {
    let mut store = open(data)?;
    let own = read_key(data)?.ok_or_else(|| OperatorError::NoData(data.to_owned()))?;
    if out.exists() {
        return Err(OperatorError::Exists(out.to_owned()));
    }
    let made_at = now();
    let key = draw_database_key(&mut rng());
    let wrapped = WrappedKey::wrap(&key, passphrase, &mut rng()).map_err(|_| fault())?;
    let (body, whole) = (Temporary::beside(out, "body"), Temporary::beside(out, "whole"));
    seal_copy(&store, &body.0, &key, &own, made_at)?;
    let bytes = put_together(&body.0, &whole.0, &protocol::encode(&wrapped)).map_err(unusable(&whole.0))?;
    fs::rename(&whole.0, out).and_then(|()| sync_folder_of(out)).map_err(unusable(out))?;
    let noted = store.write(&mut |tx| tx.put_setting(LAST_BACKUP, &made_at.as_millis().to_be_bytes()));
    Ok(Backup { made_at, bytes, is_noted: noted.is_ok() })
}

/// Makes a data directory from a backup, in an empty place, ready to be started. The switchboard begins again there so
/// that nothing counts twice ([`Work::GoBack`]). The one that the backup was made of must never run again.
///
/// # Errors
/// If the file is no backup or has another passphrase, the place is not empty, or the disk does not take it. Nothing is
/// left there then.
pub fn restore(file: &Path, data: &Path, passphrase: &str) -> Result<Backup, OperatorError> {
    let mut from = BufReader::new(File::open(file).map_err(unusable(file))?);
    let bytes = fs::metadata(file).map_err(unusable(file))?.len();
    let key = read_head(&mut from)?.unwrap(passphrase).map_err(|_| OperatorError::WrongPassphrase)?;
    let was_there = data.exists();
    if was_there && fs::read_dir(data).map_err(unusable(data))?.next().is_some() {
        return Err(OperatorError::NotEmpty(data.to_owned()));
    }
    let place = DataDir::take(data)?;
    let made_at = unpack(&mut from, data, &place, &key);
    if made_at.is_err() {
        drop(place);
        // The directory held nothing but what was just made.
        let _ = if was_there { clear(data) } else { fs::remove_dir_all(data) };
    }
    made_at.map(|made_at| Backup { made_at, bytes, is_noted: true })
}

/// Copies the database under a key, adds what belongs to it, and looks whether all of it is sound.
fn seal_copy(
    store: &SqliteStore,
    body: &Path,
    key: &DatabaseKey,
    own: &SwitchboardKey,
    made_at: Timestamp,
) -> Result<(), OperatorError> {
    database::copy_encrypted(store.connection(), body, key).map_err(StoreError::from)?;
    let copy = database::open_encrypted(body, key).map_err(StoreError::from)?;
    let extra = [("key", own.to_bytes().to_vec()), ("made_at", made_at.as_millis().to_be_bytes().to_vec())];
    copy.execute(EXTRA, ()).map_err(StoreError::from)?;
    for (name, value) in extra {
        let value = Zeroizing::new(value);
        copy.execute("INSERT INTO backup (name, value) VALUES (?1, ?2)", params![name, *value])
            .map_err(StoreError::from)?;
    }
    let sound = database::is_sound(&copy).and_then(|sound| Ok(sound && database::erase_deleted(&copy)?));
    if sound.map_err(StoreError::from)? { Ok(()) } else { Err(OperatorError::Damaged) }
}

/// Writes head and body into one file, syncs it, and reads it back; gives its length.
fn put_together(body: &Path, whole: &Path, wrapped: &[u8]) -> io::Result<u64> {
    let length = u32::try_from(wrapped.len()).map_err(|_| io::ErrorKind::InvalidData)?.to_be_bytes();
    let mut file = private().create_new(true).open(whole)?;
    file.write_all(&[MAGIC.as_slice(), &length, wrapped].concat())?;
    io::copy(&mut File::open(body)?, &mut file)?;
    file.sync_all()?;
    let mut written = BufReader::new(File::open(whole)?);
    let mut head = vec![0; MAGIC.len() + length.len() + wrapped.len()];
    written.read_exact(&mut head)?;
    if same(BufReader::new(File::open(body)?), written)? {
        Ok(fs::metadata(whole)?.len())
    } else {
        Err(io::Error::other("what was written is not what can be read back"))
    }
}

fn same(one: impl BufRead, other: impl BufRead) -> io::Result<bool> {
    let (mut one, mut other) = (one.bytes(), other.bytes());
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(true),
            (a, b) if a == b => {}
            _ => return Ok(false),
        }
    }
}

fn read_head(from: &mut impl Read) -> Result<WrappedKey, OperatorError> {
    let mut read = || {
        let (mut magic, mut length) = ([0; MAGIC.len()], [0; 4]);
        from.read_exact(&mut magic)?;
        from.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if magic != *MAGIC || length > KEY_BYTES {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        let mut wrapped = vec![0; length];
        from.read_exact(&mut wrapped)?;
        Ok(wrapped)
    };
    let wrapped = read().map_err(|_| OperatorError::NotABackup)?;
    protocol::decode(&wrapped, KEY_BYTES).map_err(|_| OperatorError::NotABackup)
}

/// Fills an empty data directory; gives when the backup was made.
fn unpack(from: &mut impl Read, data: &Path, place: &DataDir, key: &DatabaseKey) -> Result<Timestamp, OperatorError> {
    // Whoever starts a switchboard here before it is gone is refused, also after a loss of power.
    let body = Temporary(restoring(data));
    let mut file = private().create_new(true).open(&body.0).map_err(unusable(&body.0))?;
    sync_folder_of(&body.0).and_then(|()| io::copy(from, &mut file)).map_err(unusable(&body.0))?;
    let altered = |error| match error {
        database::Error::Sqlite(_) | database::Error::WrongKey => OperatorError::NotABackup,
        other => StoreError::from(other).into(),
    };
    let copy = database::open_encrypted(&body.0, key).map_err(altered)?;
    if !database::is_sound(&copy).map_err(altered)? {
        return Err(OperatorError::NotABackup);
    }
    let own = extra(&copy, "key").and_then(|seed| <[u8; 32]>::try_from(seed.as_slice()).ok().map(Zeroizing::new));
    let made_at = extra(&copy, "made_at").and_then(|millis| <[u8; 8]>::try_from(millis.as_slice()).ok());
    let (Some(own), Some(made_at)) = (own, made_at) else { return Err(OperatorError::NotABackup) };
    // The key must not lie in the pages of a database that is not encrypted.
    copy.execute("DROP TABLE backup", ()).map_err(StoreError::from)?;
    let new = Temporary(data.join("restored"));
    database::copy_plain(&copy, &new.0).map_err(StoreError::from)?;
    drop(copy);
    let mut core = core_on(SqliteStore::open(&new.0)?, data)?;
    order(&mut core, Work::GoBack)?;
    if !database::erase_deleted(core.store().connection()).map_err(StoreError::from)? {
        return Err(fault().into());
    }
    drop(core);
    place.keep_key(own.as_slice())?;
    let database = database_of(data);
    File::open(&new.0).and_then(|file| file.sync_all()).map_err(unusable(&new.0))?;
    fs::rename(&new.0, &database).and_then(|()| sync_folder_of(&database)).map_err(unusable(&database))?;
    Ok(Timestamp::from_millis(u64::from_be_bytes(made_at)))
}

fn extra(copy: &Connection, name: &str) -> Option<Zeroizing<Vec<u8>>> {
    copy.query_row("SELECT value FROM backup WHERE name = ?1", [name], |row| row.get(0)).map(Zeroizing::new).ok()
}

/// A file, with those that SQLite makes beside it, that is gone when this is.
struct Temporary(PathBuf);

impl Temporary {
    /// Under a name that nobody else gives a file. What a run before this one left there when it was killed goes.
    fn beside(path: &Path, end: &str) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".entrenous-unfinished-{end}"));
        let new = Self(PathBuf::from(name));
        new.remove();
        new
    }

    fn remove(&self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.0.as_os_str().to_owned();
            name.push(end);
            // Most are never there.
            let _ = fs::remove_file(PathBuf::from(name));
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Empties a directory.
fn clear(folder: &Path) -> io::Result<()> {
    fs::read_dir(folder)?.try_for_each(|entry| fs::remove_file(entry?.path()))
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> OperatorError {
    let path = path.to_owned();
    move |error| OperatorError::File { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_touches_no_file_of_the_operators_and_leaves_none_but_itself() {
        let folder = tempfile::tempdir().unwrap();
        let (data, out) = (folder.path().join("data"), folder.path().join("backup"));
        DataDir::take(&data).unwrap().key().unwrap();
        let mut store = SqliteStore::open(&database_of(&data)).unwrap();
        store.write(&mut |tx| tx.put_setting(super::super::operator::PUBLIC_URL, b"https://a.example")).unwrap();
        for mine in ["backup.body", "backup.new"] {
            fs::write(folder.path().join(mine), "mine").unwrap();
        }
        fs::write(folder.path().join("backup.entrenous-unfinished-whole"), "of a run that was killed").unwrap();
        let made = backup(&data, &out, "a long evening").unwrap();
        assert!(made.is_noted && made.bytes == fs::metadata(&out).unwrap().len());
        assert_eq!(fs::read_to_string(folder.path().join("backup.body")).unwrap(), "mine");
        assert_eq!(fs::read_to_string(folder.path().join("backup.new")).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "data, backup, and the operator's two");

        // What cannot be noted is no reason to do without the backup.
        store
            .connection()
            .execute_batch("CREATE TRIGGER no BEFORE INSERT ON settings BEGIN SELECT RAISE (ABORT, 'no'); END")
            .unwrap();
        let made = backup(&data, &folder.path().join("second"), "a long evening").unwrap();
        assert!(!made.is_noted && folder.path().join("second").exists());
    }
}
