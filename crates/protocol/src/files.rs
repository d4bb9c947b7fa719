//! Files: how large they are once sealed and padded, and how their bytes travel.
//!
//! A file is sealed on the sender's handset, piece by piece, and brought to its own switchboard as a blob; the text that
//! it goes with says where it is and under which key it opens. The receiver's handset fetches it through its own
//! switchboard, which passes the bytes on and keeps none.
//!
//! Bytes travel by HTTP/1.1 under TLS, with the ticket as bearer token (RFC 6750). Up: `PATCH` [`BLOB_PATH`]`/BLOB` with
//! [`UPLOAD_OFFSET`]; `HEAD` says how much is there (the names are those of draft-ietf-httpbis-resumable-upload). Down: `GET`
//! [`BLOB_PATH`]`/BLOB/SWITCHBOARD` with `Range: bytes=OFFSET-` (RFC 9110, section 14).

/// Where a switchboard takes and gives its handsets' blobs.
pub const BLOB_PATH: &str = "/v1/blob";

/// The header that says from which byte on a body goes, or how many bytes are there.
pub const UPLOAD_OFFSET: &str = "upload-offset";

/// Bytes of a file in one sealed piece.
pub const PIECE_BYTES: usize = 64 * 1024;

/// What sealing adds to each piece.
pub const TAG_BYTES: usize = 16;

/// A file's length with its padding, in bytes: PADMÉ (Nikitin and others, "Reducing Metadata Leakage from Encrypted Files
/// and Communication with PURBs", PETS 2019, section 4.2), which adds 12 percent at most and leaves of a length only as
/// many bits as its own logarithm has; and at least [`SMALLEST`].
pub const fn padded(length: u64) -> u64 {
    if length <= SMALLEST {
        return SMALLEST;
    }
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1 << (exponent - kept)) - 1;
    (length + mask) & !mask
}

/// The least that is sent for a file, in bytes.
pub const SMALLEST: u64 = 4096;

/// A file's length once padded and sealed, in bytes.
pub const fn sealed(length: u64) -> u64 {
    let padded = padded(length);
    padded + padded.div_ceil(PIECE_BYTES as u64) * TAG_BYTES as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::FILE_BYTES;

    #[test]
    fn padding_hides_most_of_a_length_and_adds_little() {
        for (length, expected) in [(0, 4096), (4096, 4096), (4097, 4352), (100_000, 100_352), (FILE_BYTES, FILE_BYTES)]
        {
            assert_eq!(padded(length), expected, "{length}");
        }
        let mut lengths = std::collections::BTreeSet::new();
        for length in (5000..2_000_000).step_by(7) {
            let padded = padded(length);
            assert!(padded >= length && padded * 100 <= length * 112, "{length}");
            lengths.insert(padded);
        }
        assert!(lengths.len() < 250, "{} lengths", lengths.len());
    }

    #[test]
    fn every_piece_has_its_tag() {
        assert_eq!(sealed(1), 4096 + 16);
        assert_eq!(sealed(64 * 1024), 64 * 1024 + 16);
        assert_eq!(sealed(100 << 20), (100 << 20) + 1600 * 16);
    }
}
