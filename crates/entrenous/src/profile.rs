//! A profile: the directory in which one handset keeps its line, used by one process at a time.
//!
//! `key` is the database's random key, wrapped under the passphrase; `handset.db` is the database; `lock` is held by the
//! process that uses them; `restoring` is there while a restore is under way.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use database::DatabaseKey;
use handset::Handset;
use seal::{WrappedKey, draw_database_key};

use crate::exit::Failure;
use crate::files::Files;
use crate::passphrase::Passphrase;
use crate::random::randomness;

/// How often it is tried to take a profile that another process has.
const BLINK: Duration = Duration::from_millis(20);

/// More than a wrapped key ever takes.
const KEY_BYTES: usize = 4096;

/// The name of an empty file that is there while a restore is under way.
const RESTORING: &str = "restoring";

/// A profile that this process holds.
#[derive(Debug)]
pub(crate) struct Profile {
    dir: PathBuf,
    /// Whether this process made the directory.
    made: bool,
    /// Whether it made the lock.
    made_lock: bool,
    _lock: File,
}

impl Profile {
    /// Takes a profile that exists, and waits so long if another process has it: two commands at once are no mistake.
    ///
    /// # Errors
    /// `not-claimed` if there is none, `profile-in-use` if another process keeps it.
    pub(crate) fn open(dir: &Path, patience: Duration) -> Result<Self, Failure> {
        match dir.join("key").try_exists() {
            Ok(true) => Self::hold(dir.to_owned(), false, patience)?.whole(),
            Ok(false) => Err(handset::Error::NotClaimed.into()),
            Err(error) => Err(Failure::file("the profile directory", &error)),
        }
    }

    /// Takes a profile, making its directory if there is none.
    ///
    /// # Errors
    /// `profile-in-use` if another process has it; if it cannot be made.
    pub(crate) fn open_or_make(dir: &Path) -> Result<Self, Failure> {
        let made = !dir.exists();
        if made {
            make_private_dir(dir).map_err(|error| Failure::file("the profile directory", &error))?;
        }
        Self::hold(dir.to_owned(), made, Duration::ZERO)
    }

    /// This profile, unless a restore broke off in it.
    ///
    /// # Errors
    /// `restore-unfinished` if one did.
    pub(crate) fn whole(self) -> Result<Self, Failure> {
        if self.is_half_restored() {
            return Err(Failure::refused(
                "restore-unfinished",
                "a restore broke off in this profile: give the same `restore` once more, or another --profile",
            ));
        }
        Ok(self)
    }

    fn hold(dir: PathBuf, made: bool, patience: Duration) -> Result<Self, Failure> {
        let unusable = |error| Failure::file("the profile directory", &error);
        let made_lock = !dir.join("lock").exists();
        let lock = private_file().create(true).truncate(false).open(dir.join("lock")).map_err(unusable)?;
        let until = Instant::now() + patience;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { dir, made, made_lock, _lock: lock }),
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(BLINK),
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::refused(
                        "profile-in-use",
                        "another process is using this profile: end it, or give another --profile",
                    ));
                }
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
            }
        }
    }

    /// Its directory.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether there is a key and so perhaps a line.
    pub(crate) fn has_key(&self) -> bool {
        self.dir.join("key").exists()
    }

    /// Whether a restore was begun here and broke off before the switchboard took the line: it has to begin anew.
    pub(crate) fn is_half_restored(&self) -> bool {
        self.dir.join(RESTORING).exists()
    }

    /// From here on, until [`Self::end_restore`], what is in the profile counts for nothing.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub(crate) fn begin_restore(&self) -> Result<(), Failure> {
        write_durably(&self.dir, RESTORING, &[]).map_err(|error| Failure::file("the profile directory", &error))
    }

    /// The line is here.
    ///
    /// # Errors
    /// If the file system refuses.
    pub(crate) fn end_restore(&self) -> Result<(), Failure> {
        std::fs::remove_file(self.dir.join(RESTORING))
            .and_then(|()| sync_dir(&self.dir))
            .map_err(|error| Failure::file("the profile directory", &error))
    }

    /// Where the sealed bytes of files are.
    pub(crate) fn files(&self) -> Files {
        Files::in_dir(self.dir.join("files"))
    }

    /// Whether this is its passphrase.
    pub(crate) fn is_opened_by(&self, passphrase: &Passphrase) -> bool {
        let key = std::fs::read(self.dir.join("key")).ok();
        let key = key.and_then(|bytes| protocol::decode::<WrappedKey>(&bytes, KEY_BYTES).ok());
        key.is_some_and(|key| key.unwrap(passphrase).is_ok())
    }

    /// Opens the handset.
    ///
    /// # Errors
    /// `wrong-passphrase`; else if the database does not open.
    pub(crate) fn unlock(&self, passphrase: &Passphrase) -> Result<Handset, Failure> {
        let damaged =
            || Failure::refused("profile-damaged", "the profile's key file is damaged: restore it from a copy");
        let bytes = std::fs::read(self.dir.join("key")).map_err(|error| Failure::file("the profile's key", &error))?;
        let key: WrappedKey = protocol::decode(&bytes, KEY_BYTES).map_err(|error| match error {
            protocol::DecodeError::Version(_) => Failure::refused(
                "profile-newer-version",
                "this profile was made by a newer version of this program: update the program",
            ),
            _ => damaged(),
        })?;
        let key = key.unwrap(passphrase).map_err(|_| {
            Failure::refused("wrong-passphrase", "this is not the passphrase of this profile: try again")
        })?;
        self.open_database(&key)
    }

    /// Draws a key, keeps it under the passphrase, and makes the database, in place of what was begun and broke off.
    ///
    /// # Errors
    /// If the disk does not take them; what was written so far is to be removed then ([`Self::remove`]).
    pub(crate) fn make(&self, passphrase: &Passphrase) -> Result<Handset, Failure> {
        let mut random = randomness();
        let key = draw_database_key(&mut random);
        let wrapped = WrappedKey::wrap(&key, passphrase, &mut random)
            .map_err(|error| Failure::refused("profile-unwritable", error.to_string()))?;
        // Of a claim that was killed before it had written its key, which nothing can open; or of a restore.
        self.remove_database();
        write_durably(&self.dir, "key", &protocol::encode(&wrapped))
            .map_err(|error| Failure::file("the profile's key", &error))?;
        self.open_database(&key)
    }

    /// Removes the profile, as if it had never been made.
    pub(crate) fn remove(self) {
        self.remove_database();
        for name in ["key", RESTORING] {
            let _ = std::fs::remove_file(self.dir.join(name));
        }
        if self.made_lock {
            let _ = std::fs::remove_file(self.dir.join("lock"));
        }
        if self.made {
            // Only if nothing else is in it.
            let _ = std::fs::remove_dir(&self.dir);
        }
    }

    fn remove_database(&self) {
        for name in ["handset.db", "handset.db-wal", "handset.db-shm"] {
            let _ = std::fs::remove_file(self.dir.join(name));
        }
        self.files().remove_unknown(|_| false);
        let _ = std::fs::remove_dir(self.dir.join("files"));
    }

    fn open_database(&self, key: &DatabaseKey) -> Result<Handset, Failure> {
        let database = database::open_encrypted(&self.dir.join("handset.db"), key)?;
        let mut handset = Handset::open(database, randomness())?;
        // What expired while it was closed is gone before anything is shown.
        handset.timeout(crate::clock::now())?;
        Ok(handset)
    }
}

/// Where a profile is unless the person says otherwise.
///
/// # Errors
/// If the environment names no home directory.
pub(crate) fn default_dir() -> Result<PathBuf, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || variable("HOME");
    let data = if cfg!(windows) {
        variable("APPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        variable("XDG_DATA_HOME").or_else(|| home().map(|home| home.join(".local/share")))
    };
    data.map(|data| data.join("entrenous")).ok_or_else(|| {
        Failure::misuse("no-profile", "there is no home directory to keep a profile in: give --profile DIR")
    })
}

/// Makes a directory that only its owner can look into.
///
/// # Errors
/// If the file system refuses.
pub(crate) fn make_private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Options for a file that only its owner can read.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes what was put into a directory, or taken out of it, last.
///
/// # Errors
/// If the file system refuses.
pub(crate) fn sync_dir(dir: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    Ok(())
}

/// Puts a file in place whole or not at all, even if the power fails.
fn write_durably(dir: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = dir.join(format!("{name}.new"));
    let written = (|| {
        let mut file = private_file().create(true).truncate(true).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, dir.join(name))?;
        sync_dir(dir)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Zeroizing::new(text.to_owned())
    }

    #[test]
    fn a_profile_opens_with_its_passphrase_only_and_for_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("profile");
        assert_eq!(Profile::open(&dir, Duration::ZERO).unwrap_err().code, "not-claimed");
        let profile = Profile::open_or_make(&dir).unwrap();
        drop(profile.make(&passphrase("a long evening")).unwrap());
        assert_eq!(Profile::open(&dir, Duration::ZERO).unwrap_err().code, "profile-in-use");
        drop(profile);
        let profile = Profile::open(&dir, Duration::ZERO).unwrap();
        assert_eq!(profile.unlock(&passphrase("a long morning")).unwrap_err().code, "wrong-passphrase");
        assert!(profile.unlock(&passphrase("a long evening")).is_ok());
        std::fs::write(dir.join("key"), [9, 9, 9]).unwrap();
        assert_eq!(profile.unlock(&passphrase("a long evening")).unwrap_err().code, "profile-newer-version");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_look_into_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("a/profile");
        let profile = Profile::open_or_make(&dir).unwrap();
        drop(profile.make(&passphrase("p")).unwrap());
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        for name in ["key", "lock", "handset.db"] {
            assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
        }
    }

    #[test]
    fn a_removed_profile_leaves_nothing_of_its_own_and_everything_else() {
        let outside = tempfile::tempdir().unwrap();
        let dir = outside.path().join("profile");
        let profile = Profile::open_or_make(&dir).unwrap();
        drop(profile.make(&passphrase("p")).unwrap());
        profile.remove();
        assert!(!dir.exists());
        std::fs::create_dir(outside.path().join("files")).unwrap();
        for name in ["letter", "lock", "files/photograph"] {
            std::fs::write(outside.path().join(name), "mine").unwrap();
        }
        let profile = Profile::open_or_make(outside.path()).unwrap();
        drop(profile.make(&passphrase("p")).unwrap());
        profile.remove();
        let left = |dir: &Path| -> std::collections::BTreeSet<_> {
            std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect()
        };
        assert_eq!(left(outside.path()), ["files", "letter", "lock"].map(Into::into).into());
        assert_eq!(left(&outside.path().join("files")), ["photograph"].map(Into::into).into());
    }
}
