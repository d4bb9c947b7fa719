//! The data directory: one switchboard's, readable by its owner only.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{StartError, rng};

/// A data directory that is this process's alone as long as this lives.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    /// The directories that were not there before, outermost last.
    made: Vec<PathBuf>,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if need be, and takes it.
    pub(super) fn take(path: &Path) -> Result<Self, StartError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| StartError::Data { path, error }
        };
        let there = |path: &&Path| path.as_os_str().is_empty() || path.exists();
        let made = path.ancestors().take_while(|path| !there(path)).map(Path::to_owned).collect();
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))?;
        let lock_path = path.join("lock");
        let lock = private().create(true).truncate(false).open(&lock_path).map_err(failed(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), made, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::Running(path.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(&lock_path)(error)),
        }
    }

    /// Whether a process has taken the directory.
    pub(super) fn is_taken(path: &Path) -> bool {
        File::open(path.join("lock")).is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Removes what this process has made, if the directory was not there before: nobody has had to do with it yet.
    pub(super) fn discard(self) {
        let Some((own, around)) = self.made.split_first() else { return };
        // What cannot be removed stays; why the switchboard did not start is what is said.
        let _ = fs::remove_dir_all(own);
        for outer in around {
            let _ = fs::remove_dir(outer);
        }
    }

    /// Refuses a place where a restore was cut off: what is there is no switchboard, and one begun anew would have another
    /// key and no lines.
    pub(super) fn check_whole(&self) -> Result<(), StartError> {
        if restoring(&self.path).exists() { Err(StartError::Restoring(self.path.clone())) } else { Ok(()) }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn database(&self) -> PathBuf {
        database(&self.path)
    }

    /// Where the bytes of blobs are.
    pub(super) fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }

    /// The switchboard's own key, drawn when first asked for.
    pub(super) fn key(&self) -> Result<seal::SwitchboardKey, StartError> {
        if let Some(key) = read_key(&self.path)? {
            return Ok(key);
        }
        let key = seal::SwitchboardKey::generate(&mut rng());
        self.keep_key(key.to_bytes().as_slice())?;
        Ok(key)
    }

    /// Writes the switchboard's own key.
    pub(super) fn keep_key(&self, seed: &[u8]) -> Result<(), StartError> {
        let path = key_of(&self.path);
        keep(&path, seed).map_err(|error| StartError::Data { path, error })
    }
}

/// Writes a small file whole or not at all, readable by its owner only, as the directories are that it needs.
pub(super) fn keep(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let new = path.with_extension("new");
    let mut file = private().create(true).truncate(true).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder_of(path)
}

/// Makes a file's place in its directory last.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

/// What is there while a backup is being restored, and only then.
pub(super) fn restoring(data: &Path) -> PathBuf {
    data.join("restoring")
}

/// Where the database is in a data directory.
pub(super) fn database(data: &Path) -> PathBuf {
    data.join("switchboard.db")
}

fn key_of(data: &Path) -> PathBuf {
    data.join("switchboard.key")
}

/// The key of the switchboard on a data directory, if it was drawn.
pub(super) fn read_key(data: &Path) -> Result<Option<seal::SwitchboardKey>, StartError> {
    let path = key_of(data);
    match fs::read(&path).map(Zeroizing::new) {
        Ok(bytes) => {
            let seed = <&[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| StartError::Key(path))?;
            Ok(Some(seal::SwitchboardKey::from_bytes(seed)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StartError::Data { path, error }),
    }
}

pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_what_was_made_here_is_discarded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outer").join("data");
        let data = DataDir::take(&path).unwrap();
        data.key().unwrap();
        data.discard();
        assert!(!folder.path().join("outer").exists() && folder.path().exists());

        fs::create_dir_all(&path).unwrap();
        assert!(DataDir::take(&path).unwrap().check_whole().is_ok());
        DataDir::take(&path).unwrap().discard();
        assert!(path.join("lock").exists(), "it was there before");
    }

    #[test]
    fn one_process_at_a_time_and_nobody_else_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let data = DataDir::take(&path).unwrap();
        assert!(matches!(DataDir::take(&path), Err(StartError::Running(_))));
        let key = data.key().unwrap();
        assert_eq!(data.key().unwrap().public(), key.public(), "drawn once");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&path.join("switchboard.key"))), (0o700, 0o600));
        drop(data);
        let data = DataDir::take(&path).unwrap();
        fs::write(path.join("switchboard.key"), b"short").unwrap();
        assert!(matches!(data.key(), Err(StartError::Key(_))));
    }
}
