//! Blobs, in SQLite.

use database::rusqlite::Row;
use protocol::{BlobId, LineId, Timestamp};

use super::{SqliteTx, id, int, number, time};
use crate::store::{BlobRow, Blobs, Result};

impl Blobs for SqliteTx<'_> {
    fn blob(&mut self, blob: &BlobId) -> Result<Option<BlobRow>> {
        self.one(
            "SELECT line, size, copies, complete, made_at FROM blobs WHERE blob = ?1",
            (blob.as_bytes(),),
            blob_row,
        )
    }

    fn put_blob(&mut self, blob: &BlobId, row: &BlobRow) -> Result<()> {
        self.run(
            "INSERT INTO blobs (blob, line, size, copies, complete, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (blob) DO UPDATE SET copies = ?4, complete = ?5",
            (blob.as_bytes(), row.line.as_bytes(), int(row.size), row.copies, row.complete, time(row.made_at)),
        )
        .map(drop)
    }

    fn remove_blob(&mut self, blob: &BlobId) -> Result<()> {
        self.run("DELETE FROM blobs WHERE blob = ?1", (blob.as_bytes(),)).map(drop)
    }

    fn blobs_of(&mut self, line: &LineId) -> Result<(u64, u64)> {
        let sums = self.one(
            "SELECT count(*), coalesce(sum(size), 0) FROM blobs WHERE line = ?1",
            (line.as_bytes(),),
            |row| Ok((number(row, 0)?, number(row, 1)?)),
        )?;
        Ok(sums.unwrap_or_default())
    }

    fn blobs(&mut self) -> Result<(u64, u64)> {
        let sums = self.one("SELECT count(*), coalesce(sum(size), 0) FROM blobs", (), |row| {
            Ok((number(row, 0)?, number(row, 1)?))
        })?;
        Ok(sums.unwrap_or_default())
    }

    fn blobs_older(&mut self, before: Timestamp, limit: usize) -> Result<Vec<BlobId>> {
        self.many(
            "SELECT blob FROM blobs WHERE made_at < ?1 ORDER BY made_at LIMIT ?2",
            (time(before), int(limit as u64)),
            |row| id(row, 0, BlobId::from_slice),
        )
    }
}

fn blob_row(row: &Row<'_>) -> Result<BlobRow> {
    Ok(BlobRow {
        line: id(row, 0, LineId::from_slice)?,
        size: number(row, 1)?,
        copies: row.get(2)?,
        complete: row.get(3)?,
        made_at: Timestamp::from_millis(number(row, 4)?),
    })
}
