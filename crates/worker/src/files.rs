//! The sealed bytes of files, in a folder beside the handset's database, each under its blob's name; sealing into it, and
//! opening out of it, piece by piece.

use js_sys::{Array, Uint8Array};
use protocol::files::{PIECE_BYTES, TAG_BYTES};
use protocol::{BlobId, FileKey};
use seal::FileSeal;
use web_sys::{Blob, File};
use zeroize::Zeroizing;

use crate::clock::sleep;
use crate::disk::{self, Folder, Writing, whole};
use crate::failure::{Failure, Result};

/// Pieces that are read, sealed or opened before anything else gets its turn.
const PIECES: u32 = 16;

/// Where sealed files are.
#[derive(Debug, Clone)]
pub struct Files(Folder);

impl Files {
    /// In this folder.
    pub fn within(folder: Folder) -> Self {
        Self(folder)
    }

    /// How many bytes of a blob are here.
    ///
    /// # Errors
    /// The browser's.
    pub async fn length(&self, blob: &BlobId) -> Result<u64> {
        self.0.length(&blob.to_text()).await
    }

    /// A blob's sealed bytes.
    ///
    /// # Errors
    /// The browser's.
    pub async fn sealed(&self, blob: &BlobId) -> Result<Option<File>> {
        self.0.file(&blob.to_text()).await
    }

    /// A file to which a blob's bytes are written.
    ///
    /// # Errors
    /// The browser's.
    pub async fn write(&self, blob: &BlobId) -> Result<Writing> {
        self.0.write(&blob.to_text()).await
    }

    /// Seals a file of `length` bytes, and makes that last; `progress` hears of every few pieces' bytes. What was written
    /// is removed if it does not come to an end.
    ///
    /// # Errors
    /// The browser's; if the file has another length by now.
    pub async fn seal(
        &self,
        source: &Blob,
        blob: &BlobId,
        key: &FileKey,
        length: u64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let sealed = self.seal_into(source, blob, key, length, progress).await;
        if sealed.is_err() {
            let _ = self.remove(blob).await;
        }
        sealed
    }

    async fn seal_into(
        &self,
        source: &Blob,
        blob: &BlobId,
        key: &FileKey,
        length: u64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        if whole(source.size()) != length {
            return Err(changed());
        }
        let seal = FileSeal::new(key, length);
        let file = self.write(blob).await?;
        file.truncate(0)?;
        let (mut at, mut from) = (0, 0);
        for first in (0..seal.pieces()).step_by(PIECES as usize) {
            let to = length.min(from + u64::from(PIECES) * PIECE_BYTES as u64);
            let plain = Zeroizing::new(disk::read(source, from, to).await?);
            let mut rest = plain.as_slice();
            for piece in first..seal.pieces().min(first.saturating_add(PIECES)) {
                let (bytes, others) = rest.split_at_checked(seal.plain_bytes(piece)).ok_or_else(changed)?;
                let sealed = seal.seal(piece, bytes).map_err(|_| changed())?;
                file.write_at(at, &sealed)?;
                at += sealed.len() as u64;
                rest = others;
            }
            from = to;
            progress(from);
        }
        file.flush()
    }

    /// Opens a file; `take` gets its bytes, some pieces at a time.
    ///
    /// # Errors
    /// The browser's; `file-spoiled` if the bytes are not what they should be.
    pub async fn open(
        &self,
        blob: &BlobId,
        key: &FileKey,
        length: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let sealed = self.sealed(blob).await?.ok_or_else(missing)?;
        let seal = FileSeal::new(key, length);
        if whole(sealed.size()) != protocol::files::sealed(length) {
            return Err(spoiled());
        }
        let stride = u64::from(PIECES) * (PIECE_BYTES + TAG_BYTES) as u64;
        for (turn, first) in (0..seal.pieces()).step_by(PIECES as usize).enumerate() {
            let from = turn as u64 * stride;
            let bytes = disk::read(&sealed, from, from.saturating_add(stride)).await?;
            let mut rest = bytes.as_slice();
            let mut plain = Zeroizing::new(Vec::with_capacity(PIECES as usize * PIECE_BYTES));
            for piece in first..seal.pieces().min(first.saturating_add(PIECES)) {
                let (one, others) = rest.split_at_checked(seal.sealed_bytes(piece)).ok_or_else(spoiled)?;
                plain.extend_from_slice(&Zeroizing::new(seal.open(piece, one).map_err(|_| spoiled())?));
                rest = others;
            }
            take(&plain)?;
            // Reading gives others their turn only if the browser has to wait for the disk.
            sleep(0).await;
        }
        Ok(())
    }

    /// Opens a file as a Blob, of a media type that a browser may act by.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn blob(&self, blob: &BlobId, key: &FileKey, length: u64, media_type: &str) -> Result<Blob> {
        // Blobs of some pieces each: the browser may keep those on the disk, and none of it is whole in our memory.
        let parts = Array::new();
        self.open(blob, key, length, &mut |bytes| {
            let part = Array::of1(&Uint8Array::from(bytes).into());
            parts.push(&Blob::new_with_u8_array_sequence(&part)?.into());
            Ok(())
        })
        .await?;
        disk::join(&parts, harmless_type(media_type))
    }

    /// Removes a blob's bytes; none does nothing.
    ///
    /// # Errors
    /// The browser's.
    pub async fn remove(&self, blob: &BlobId) -> Result<()> {
        self.0.remove(&blob.to_text()).await
    }

    /// All blobs of which bytes are here.
    ///
    /// # Errors
    /// The browser's.
    pub async fn all(&self) -> Result<Vec<BlobId>> {
        Ok(self.0.names().await?.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// How many bytes there are in all.
    ///
    /// # Errors
    /// The browser's.
    pub async fn bytes(&self) -> Result<u64> {
        let mut sum = 0_u64;
        for name in self.0.names().await? {
            sum = sum.saturating_add(self.0.length(&name).await?);
        }
        Ok(sum)
    }
}

/// A media type under which a browser may open somebody else's bytes in our own name: what it only shows or plays.
pub(crate) fn harmless_type(media_type: &str) -> &str {
    const SHOWN: [&str; 17] = [
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/bmp",
        "audio/webm",
        "audio/ogg",
        "audio/mp4",
        "audio/mpeg",
        "audio/wav",
        "audio/x-wav",
        "audio/aac",
        "video/webm",
        "video/mp4",
        "video/ogg",
        "video/quicktime",
    ];
    let bare = media_type.split(';').next().unwrap_or_default().trim();
    let is_shown = SHOWN.iter().any(|shown| shown.eq_ignore_ascii_case(bare));
    if is_shown { media_type } else { "application/octet-stream" }
}

fn changed() -> Failure {
    Failure::new("file-unavailable", "this file changed while it was read: choose it again; nothing was sent")
}

/// Bytes that are not what was sealed.
fn spoiled() -> Failure {
    Failure::new("file-spoiled", "this file's bytes are not what was sent: have it sent again")
}

fn missing() -> Failure {
    Failure::new("unknown-file", "this file is not on this handset: fetch it first")
}

/// Whether a failure says that the bytes are wrong for good.
pub(crate) fn is_spoiled(failure: &Failure) -> bool {
    failure.0.code == "file-spoiled"
}
