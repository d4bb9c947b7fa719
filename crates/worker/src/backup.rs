//! Backups: the file format of docs/backup-format.md, with the backup's database beside the handset's in the pool while it
//! is made or read.

use database::rusqlite::Connection;
use database::{DatabaseKey, OpfsPool};
use js_sys::{Array, Uint8Array};
use seal::{BACKUP_HEADING, NotABackup, WrappedKey, backup_heading, backup_key, backup_key_bytes, draw_database_key};
use web_sys::Blob;

use crate::disk::{self, whole};
use crate::failure::{Failure, Result};
use crate::random::randomness;

/// The database of a backup that is being made, or read.
const DATABASE: &str = "backup";
/// Bytes that are copied at a time.
const STRETCH: u64 = 1 << 20;
/// Characters of a passphrase for backups, at least.
pub const SHORTEST: usize = 10;

/// A backup that is being written.
#[derive(Debug)]
pub struct Draft {
    key: DatabaseKey,
}

impl Draft {
    /// An empty database for it.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub async fn begin() -> Result<(Self, Connection)> {
        remove().await;
        let key = draw_database_key(&mut randomness());
        let connection = database::open_opfs(DATABASE, &key).await?;
        Ok((Self { key }, connection))
    }

    /// The whole file, once `verified` has looked into it as a restore would. Nothing else of it stays on the disk.
    ///
    /// # Errors
    /// If it does not read back.
    pub async fn finish(
        self,
        written: Connection,
        passphrase: &str,
        verified: impl FnOnce(&Connection) -> Result<()>,
    ) -> Result<Blob> {
        let file = self.file(written, passphrase).await;
        remove().await;
        let file = file?;
        let reopened = open(&file, passphrase).await?;
        let verified = verified(&reopened);
        drop(reopened);
        remove().await;
        verified.map(|()| file)
    }

    async fn file(&self, written: Connection, passphrase: &str) -> Result<Blob> {
        // The log goes into the file itself.
        written.query_row("PRAGMA journal_mode=DELETE", (), |_| Ok(()))?;
        drop(written);
        let wrapped = WrappedKey::wrap(&self.key, passphrase, &mut randomness()).map_err(|_| damaged())?;
        let parts = Array::of1(&Uint8Array::from(backup_heading(&wrapped).as_slice()).into());
        database::export_opfs(DATABASE, |bytes| {
            // Blobs of a stretch each: the browser may keep those on the disk.
            let part = Array::of1(&Uint8Array::from(bytes).into());
            let part = Blob::new_with_u8_array_sequence(&part)
                .map_err(|_| database::Error::Browser("it does not take the backup's bytes".to_owned()))?;
            parts.push(&part);
            Ok(())
        })
        .await?;
        disk::join(&parts, "application/octet-stream")
    }
}

/// Opens a backup's database, which is copied into the pool, encrypted as it is; to be closed and removed
/// ([`remove`]).
///
/// # Errors
/// `not-a-backup`, `backup-newer-version`, `wrong-backup-passphrase`, `backup-damaged`; if the file cannot be read.
pub async fn open(file: &Blob, passphrase: &str) -> Result<Connection> {
    let size = whole(file.size());
    let mut at = size.min(BACKUP_HEADING as u64);
    let heading = disk::read(file, 0, at).await?;
    let length = backup_key_bytes(&heading).map_err(none)? as u64;
    let wrapped = disk::read(file, at, at + length).await?;
    at += length;
    let key = backup_key(&wrapped).map_err(none)?.unwrap(passphrase).map_err(|_| {
        let sentence =
            "this is not the passphrase of this backup, or the file is damaged: backups have one of their own";
        Failure::new("wrong-backup-passphrase", sentence)
    })?;
    if at >= size {
        return Err(damaged());
    }
    remove().await;
    let pool = OpfsPool::with_room().await?;
    let mut import = pool.import(DATABASE, size - at)?;
    while at < size {
        let bytes = disk::read(file, at, size.min(at + STRETCH)).await?;
        at += bytes.len() as u64;
        import.write(&bytes)?;
    }
    import.finish()?;
    let opened = database::open_opfs(DATABASE, &key).await;
    if opened.is_err() {
        remove().await;
    }
    opened.map_err(|_| damaged())
}

/// Removes the database of a backup that was made or read, or of one that broke off.
pub async fn remove() {
    // What is left of it cannot be opened: the key was in memory only.
    let _ = database::remove_opfs(DATABASE).await;
}

fn none(why: NotABackup) -> Failure {
    match why {
        NotABackup::Other => Failure::new("not-a-backup", "this file is no backup of a line: choose another one"),
        NotABackup::Newer => handset::Error::BackupNewer.into(),
        NotABackup::Damaged => damaged(),
    }
}

fn damaged() -> Failure {
    handset::Error::BackupDamaged.into()
}
