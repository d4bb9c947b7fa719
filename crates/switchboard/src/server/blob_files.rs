//! The bytes of blobs: one file each beside the database.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use protocol::BlobId;
use tokio::fs::{File, OpenOptions};

use super::counts::{Counted, Counts};
use super::status::free_bytes;
use crate::store::{SqliteStore, Store as _, StoreError};

/// The directory with the blobs' bytes.
#[derive(Debug)]
pub(super) struct BlobFiles {
    dir: PathBuf,
    under_way: Counts<BlobId>,
}

impl BlobFiles {
    /// The directory at `dir`, made if need be.
    pub(super) fn open(dir: PathBuf) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        Ok(Self { dir, under_way: Counts::default() })
    }

    /// Removes bytes whose blob the database does not know: the process ended between the two.
    pub(super) fn remove_strays(&self, store: &mut SqliteStore) -> Result<(), StoreError> {
        let Ok(entries) = fs::read_dir(&self.dir) else { return Ok(()) };
        for entry in entries.flatten() {
            let blob = entry.file_name().to_str().and_then(|name| name.parse::<BlobId>().ok());
            let mut is_known = false;
            if let Some(blob) = &blob {
                store.read(&mut |tx| {
                    is_known = tx.blob(blob)?.is_some();
                    Ok(())
                })?;
            }
            if !is_known {
                remove(&entry.path());
            }
        }
        Ok(())
    }

    /// Removes a blob's bytes; none does nothing.
    pub(super) fn remove(&self, blob: &BlobId) {
        remove(&self.path(blob));
    }

    /// The one who writes a blob at a time; none if somebody does already.
    pub(super) fn take(&self, blob: &BlobId) -> Option<Counted<BlobId>> {
        self.under_way.take(*blob, 1)
    }

    /// How many bytes of a blob are here.
    pub(super) async fn length(&self, blob: &BlobId) -> io::Result<u64> {
        match tokio::fs::metadata(self.path(blob)).await {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// A blob's bytes, to be written on.
    pub(super) async fn write(&self, blob: &BlobId) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.path(blob)).await
    }

    /// Whether the disk has less room than this left, in bytes.
    pub(super) fn is_short(&self, floor: u64) -> bool {
        floor > 0 && free_bytes(&self.dir).is_some_and(|free| free < floor)
    }

    /// A blob's bytes, to be read.
    pub(super) async fn read(&self, blob: &BlobId) -> io::Result<File> {
        File::open(self.path(blob)).await
    }

    /// Makes a blob's bytes last, and its place in the directory.
    pub(super) async fn keep(&self, file: &File) -> io::Result<()> {
        file.sync_all().await?;
        File::open(&self.dir).await?.sync_all().await
    }

    fn path(&self, blob: &BlobId) -> PathBuf {
        self.dir.join(blob.to_text())
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            // The next start removes it.
            tracing::warn!("the bytes of a blob that is over cannot be removed: {}", error.kind());
        }
        _ => {}
    }
}
