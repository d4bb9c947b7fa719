//! Blobs: sealed files that lines bring here for those they write to. What is here are the rows; the bytes are the edge's.

use protocol::federation::PeerMessage;
use protocol::files::sealed;
use protocol::limits::{FILE_BYTES, MAILBOXES};
use protocol::{BlobId, LineId, RefusalCode, SwitchboardAddress};

use super::split::Kept;
use super::turn::{Step, Turn, refuse};
use crate::store::{BlobRow, StoreError};

/// What is said when no more files fit, on the disk or by the limit.
const NO_ROOM: &str = "this switchboard has no room for more files at the moment: tell your office's operator";

impl Turn<'_> {
    /// Makes room for a blob.
    pub(super) fn open_blob(&mut self, line: &LineId, blob: &BlobId, size: u64, copies: u16) -> Step {
        if let Some(known) = self.tx.blob(blob)? {
            if known.line == *line && known.size == size {
                return Ok(());
            }
            return refuse(RefusalCode::Malformed, "this blob is there already");
        }
        if !self.takes_files {
            return refuse(RefusalCode::AtLimit, NO_ROOM);
        }
        if size > sealed(FILE_BYTES) {
            return refuse(RefusalCode::TooLarge, "a file may have at most 100 MiB");
        }
        if size == 0 || copies == 0 || usize::from(copies) > MAILBOXES {
            return refuse(RefusalCode::Malformed, "a blob has a size, and lines that fetch it");
        }
        let (count, bytes) = self.tx.blobs_of(line)?;
        if count >= self.limits.blobs_per_line || bytes.saturating_add(size) > self.limits.blob_bytes_per_line {
            let sentence = "too many files of this line wait to be fetched: take some back, or wait until they are";
            return refuse(RefusalCode::AtLimit, sentence);
        }
        let (_, all) = self.tx.blobs()?;
        if all.saturating_add(size) > self.limits.blob_bytes {
            return refuse(RefusalCode::AtLimit, NO_ROOM);
        }
        let row = BlobRow { line: *line, size, copies, complete: false, made_at: self.now };
        Ok(self.tx.put_blob(blob, &row)?)
    }

    /// All bytes of a blob are on the disk.
    pub(super) fn blob_is_complete(&mut self, blob: &BlobId) -> Result<(), StoreError> {
        match self.tx.blob(blob)? {
            Some(row) => self.tx.put_blob(blob, &BlobRow { complete: true, ..row }),
            None => Ok(()),
        }
    }

    /// A line here has a blob and needs it no more where it is.
    pub(super) fn release_blob(&mut self, at: &SwitchboardAddress, blob: &BlobId) -> Step {
        self.require_allowed(at)?;
        // Without room in the queue it is not said: the blob goes when its time is over.
        self.send(at, PeerMessage::ReleaseBlob { blob: *blob }, &mut Kept::nothing())?;
        Ok(())
    }

    /// A line somewhere has a blob of here.
    pub(super) fn blob_released(&mut self, blob: &BlobId) -> Result<(), StoreError> {
        match self.tx.blob(blob)? {
            Some(row) if row.copies > 1 => self.tx.put_blob(blob, &BlobRow { copies: row.copies - 1, ..row }),
            Some(_) => self.drop_blob(blob),
            None => Ok(()),
        }
    }

    /// The line that opened a blob takes it back.
    pub(super) fn remove_blob(&mut self, line: &LineId, blob: &BlobId) -> Step {
        match self.tx.blob(blob)? {
            Some(row) if row.line == *line => Ok(self.drop_blob(blob)?),
            _ => Ok(()),
        }
    }

    /// Removes a blob's row; its bytes follow once that is durable.
    pub(super) fn drop_blob(&mut self, blob: &BlobId) -> Result<(), StoreError> {
        self.tx.remove_blob(blob)?;
        self.erase(blob);
        Ok(())
    }
}
