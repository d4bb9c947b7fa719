//! The file that a backup is kept in: a heading with the wrapped key, then an encrypted database (docs/backup-format.md).

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use database::DatabaseKey;
use database::rusqlite::Connection;
use seal::{BACKUP_HEADING, NotABackup, WrappedKey, backup_heading, backup_key, backup_key_bytes, draw_database_key};

use crate::exit::Failure;
use crate::passphrase::Passphrase;
use crate::profile::private_file;
use crate::random::randomness;

/// A file beside another, removed when dropped.
#[derive(Debug)]
pub(crate) struct Beside(PathBuf);

impl Beside {
    /// One of a name that nobody else gives; of an earlier attempt, if it is there.
    pub(crate) fn of(path: &Path, suffix: &str) -> Self {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(suffix);
        let beside = Self(path.with_file_name(name));
        beside.remove();
        beside
    }

    fn remove(&self) {
        for more in ["", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(more);
            let _ = std::fs::remove_file(name);
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.remove();
    }
}

/// A backup that is being written: its database lies encrypted beside the file that it will be.
#[derive(Debug)]
pub(crate) struct Draft {
    database: Beside,
    key: DatabaseKey,
}

impl Draft {
    /// An empty database for a backup that will be at `path`.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub(crate) fn begin(path: &Path) -> Result<(Self, Connection), Failure> {
        let draft =
            Self { database: Beside::of(path, ".entrenous-database"), key: draw_database_key(&mut randomness()) };
        let connection = database::open_encrypted(&draft.database.0, &draft.key)?;
        Ok((draft, connection))
    }

    /// Puts the whole file in place, once `verified` has looked into it as a restore would. What was there before stays
    /// unless all of that succeeds.
    ///
    /// # Errors
    /// If the disk does not take it, or it does not read back.
    pub(crate) fn finish(
        self,
        written: Connection,
        path: &Path,
        passphrase: &Passphrase,
        verified: impl FnOnce(&Connection) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        // The log goes into the file itself.
        written.query_row("PRAGMA journal_mode=DELETE", (), |_| Ok(())).map_err(database::Error::from)?;
        drop(written);
        let unwritable = |error| Failure::file("the backup file", &error);
        let wrapped = WrappedKey::wrap(&self.key, passphrase, &mut randomness())
            .map_err(|error| Failure::refused("backup-unwritable", error.to_string()))?;
        let whole = Beside::of(path, ".entrenous-new");
        self.write(&whole.0, &backup_heading(&wrapped)).map_err(unwritable)?;
        {
            let (_beside, reopened) = open(&whole.0, passphrase)?;
            verified(&reopened)?;
        }
        std::fs::rename(&whole.0, path).map_err(unwritable)?;
        sync_dir(path).map_err(unwritable)
    }

    fn write(&self, path: &Path, heading: &[u8]) -> std::io::Result<()> {
        let mut file = private_file().create_new(true).open(path)?;
        file.write_all(heading)?;
        std::io::copy(&mut File::open(&self.database.0)?, &mut file)?;
        file.sync_all()
    }
}

/// Opens a backup. Its database is copied, encrypted as it is, to a file beside it that is removed in the end.
///
/// # Errors
/// `not-a-backup`, `backup-newer-version`, `wrong-backup-passphrase`, `backup-damaged`; if the file cannot be read.
pub(crate) fn open(path: &Path, passphrase: &Passphrase) -> Result<(Beside, Connection), Failure> {
    copy_and_open(path, Beside::of(path, ".entrenous-opened"), passphrase)
}

/// As [`open`], with the copy in another directory, since a backup may lie where nothing can be written.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_within(path: &Path, dir: &Path, passphrase: &Passphrase) -> Result<(Beside, Connection), Failure> {
    copy_and_open(path, Beside::of(&dir.join("backup"), ".entrenous-opened"), passphrase)
}

fn copy_and_open(path: &Path, copy: Beside, passphrase: &Passphrase) -> Result<(Beside, Connection), Failure> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => damaged(),
        std::io::ErrorKind::NotFound => {
            Failure::refused("file-unavailable", format!("there is no file {}: look at its name", path.display()))
        }
        _ => Failure::file("the backup file", &error),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut heading = [0; BACKUP_HEADING];
    file.read_exact(&mut heading).map_err(unreadable)?;
    let mut wrapped = vec![0; backup_key_bytes(&heading).map_err(none)?];
    file.read_exact(&mut wrapped).map_err(unreadable)?;
    let wrapped = backup_key(&wrapped).map_err(none)?;
    let key = wrapped.unwrap(passphrase).map_err(|_| {
        Failure::refused(
            "wrong-backup-passphrase",
            "this is not the passphrase of this backup, or the file is damaged: backups have one of their own",
        )
    })?;
    let mut into = private_file().create_new(true).open(&copy.0).map_err(unreadable)?;
    if std::io::copy(&mut file, &mut into).map_err(unreadable)? == 0 {
        return Err(damaged());
    }
    drop(into);
    let connection = database::open_encrypted(&copy.0, &key).map_err(|_| damaged())?;
    Ok((copy, connection))
}

fn none(why: NotABackup) -> Failure {
    match why {
        NotABackup::Other => {
            Failure::refused("not-a-backup", "this file is no backup of a line: give one that `backup` wrote")
        }
        NotABackup::Newer => handset::Error::BackupNewer.into(),
        NotABackup::Damaged => damaged(),
    }
}

fn damaged() -> Failure {
    handset::Error::BackupDamaged.into()
}

fn sync_dir(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_file_opens_with_its_passphrase_and_in_one_piece_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("line.backup");
        let passphrase = Zeroizing::new("a long voyage".to_owned());
        let (draft, connection) = Draft::begin(&path).unwrap();
        connection.execute_batch("CREATE TABLE word (word); INSERT INTO word VALUES ('orchard');").unwrap();
        draft.finish(connection, &path, &passphrase, |_| Ok(())).unwrap();
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["line.backup"], "nothing else is left");
        let word = |path: &Path, passphrase: &str| -> Result<String, String> {
            let (_copy, db) = open(path, &Zeroizing::new(passphrase.to_owned())).map_err(|f| f.code.into_owned())?;
            db.query_row("SELECT word FROM word", (), |row| row.get(0)).map_err(|_| "unreadable".to_owned())
        };
        assert_eq!(word(&path, "a long voyage"), Ok("orchard".to_owned()));
        assert_eq!(word(&path, "a short voyage"), Err("wrong-backup-passphrase".to_owned()));
        let whole = std::fs::read(&path).unwrap();
        assert!(!whole.windows(7).any(|part| part == b"orchard"));
        for (bytes, code) in [
            (&whole[..12], "backup-damaged"),
            (&whole[..30], "backup-damaged"),
            (&whole[..whole.len() / 2], "backup-damaged"),
            (&[&b"something else entirely"[..], &whole[..]].concat(), "not-a-backup"),
            (&[&whole[..16], &[9], &whole[17..]].concat(), "backup-newer-version"),
        ] {
            let path = dir.path().join("other");
            std::fs::write(&path, bytes).unwrap();
            let opened = word(&path, "a long voyage");
            assert!(opened == Err(code.to_owned()) || opened == Err("unreadable".to_owned()), "{code}: {opened:?}");
        }
    }
}
