//! Sealing files piece by piece, so that none is ever whole in memory and each piece can be sealed or opened by itself:
//! STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance",
//! CRYPTO 2015, section 7) over ChaCha20-Poly1305 (RFC 8439), under a key that is used for one file only.

use aead_stream::{NewStream as _, Nonce, StreamBE32, StreamPrimitive as _};
use chacha20poly1305::aead::Payload;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use protocol::FileKey;
use protocol::files::{PIECE_BYTES, TAG_BYTES, padded};

use crate::NotAuthentic;

/// Seals and opens the pieces of one file.
pub struct FileSeal {
    stream: Stream,
    length: u64,
}

type Stream = StreamBE32<ChaCha20Poly1305>;

impl std::fmt::Debug for FileSeal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileSeal")
    }
}

impl FileSeal {
    /// For a file of `length` bytes under its own key, which must seal no other.
    pub fn new(key: &FileKey, length: u64) -> Self {
        let cipher = ChaCha20Poly1305::new(key.as_bytes().into());
        // Each key has one stream, so that the nonces need nothing but the pieces' places in it.
        Self { stream: Stream::from_aead(cipher, &Nonce::<ChaCha20Poly1305, Stream>::default()), length }
    }

    /// How many pieces there are, at least one.
    pub fn pieces(&self) -> u32 {
        u32::try_from(padded(self.length).div_ceil(PIECE_BYTES as u64)).unwrap_or(u32::MAX)
    }

    /// Bytes of the file in a piece, without padding.
    pub fn plain_bytes(&self, piece: u32) -> usize {
        let before = u64::from(piece) * PIECE_BYTES as u64;
        usize::try_from(self.length.saturating_sub(before)).unwrap_or(usize::MAX).min(PIECE_BYTES)
    }

    /// Bytes of a sealed piece.
    pub fn sealed_bytes(&self, piece: u32) -> usize {
        self.padded_bytes(piece) + TAG_BYTES
    }

    /// Seals a piece: exactly [`Self::plain_bytes`] of it.
    ///
    /// # Errors
    /// [`NotAuthentic`] if these are not so many bytes, or there is no such piece.
    pub fn seal(&self, piece: u32, plain: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        if plain.len() != self.plain_bytes(piece) || piece >= self.pieces() {
            return Err(NotAuthentic);
        }
        let mut sealed = Vec::with_capacity(self.sealed_bytes(piece));
        sealed.extend_from_slice(plain);
        sealed.resize(self.padded_bytes(piece), 0);
        self.stream
            .encrypt_in_place(piece, self.is_last(piece), &self.bound(), &mut sealed)
            .map_err(|_| NotAuthentic)?;
        Ok(sealed)
    }

    /// Opens a piece; gives the file's bytes in it.
    ///
    /// # Errors
    /// [`NotAuthentic`] if it is not this piece of this file, or the file has another length.
    pub fn open(&self, piece: u32, sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        let payload = Payload { msg: sealed, aad: &self.bound() };
        let mut plain = self.stream.decrypt(piece, self.is_last(piece), payload).map_err(|_| NotAuthentic)?;
        plain.truncate(self.plain_bytes(piece));
        Ok(plain)
    }

    fn is_last(&self, piece: u32) -> bool {
        piece.saturating_add(1) == self.pieces()
    }

    fn padded_bytes(&self, piece: u32) -> usize {
        let before = u64::from(piece) * PIECE_BYTES as u64;
        usize::try_from(padded(self.length).saturating_sub(before)).unwrap_or(usize::MAX).min(PIECE_BYTES)
    }

    /// What each piece is bound to besides its place: what the sealing is for, and the file's true length.
    fn bound(&self) -> [u8; 25] {
        let mut bound = *b"entrenous file v1\0\0\0\0\0\0\0\0";
        let (_, length) = bound.split_at_mut(17);
        length.copy_from_slice(&self.length.to_be_bytes());
        bound
    }
}

#[cfg(test)]
mod tests {
    use protocol::files::sealed;

    use super::*;

    fn plain(length: u64) -> Vec<u8> {
        (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect()
    }

    fn seal(key: &FileKey, bytes: &[u8]) -> Vec<Vec<u8>> {
        let seal = FileSeal::new(key, bytes.len() as u64);
        let chunk = |piece: u32| {
            let from = piece as usize * PIECE_BYTES;
            bytes.get(from..from + seal.plain_bytes(piece)).unwrap_or_default()
        };
        (0..seal.pieces()).map(|piece| seal.seal(piece, chunk(piece)).unwrap()).collect()
    }

    #[test]
    fn files_of_all_lengths_open_again_and_have_their_padded_size() {
        let key = FileKey::new([3; 32]);
        for length in [0, 1, 4096, 65_535, 65_536, 65_537, 140_000, 300_001] {
            let bytes = plain(length);
            let pieces = seal(&key, &bytes);
            assert_eq!(pieces.iter().map(|piece| piece.len() as u64).sum::<u64>(), sealed(length), "{length}");
            let opener = FileSeal::new(&key, length);
            let mut opened = Vec::new();
            for (piece, sealed) in (0..).zip(&pieces) {
                assert_eq!(sealed.len(), opener.sealed_bytes(piece));
                opened.extend(opener.open(piece, sealed).unwrap());
            }
            assert_eq!(opened, bytes, "{length}");
        }
    }

    #[test]
    fn what_was_changed_moved_cut_or_renamed_does_not_open() {
        let key = FileKey::new([3; 32]);
        let pieces = seal(&key, &plain(200_000));
        let opener = FileSeal::new(&key, 200_000);
        let mut changed = pieces[1].clone();
        changed[7] ^= 1;
        assert!(opener.open(1, &changed).is_err());
        assert!(opener.open(0, &pieces[1]).is_err(), "another place");
        assert!(FileSeal::new(&key, 131_072).open(1, &pieces[1]).is_err(), "a file that ends earlier");
        assert!(FileSeal::new(&key, 199_999).open(0, &pieces[0]).is_err(), "another length");
        assert!(FileSeal::new(&FileKey::new([4; 32]), 200_000).open(0, &pieces[0]).is_err(), "another key");
        assert!(opener.seal(4, &[]).is_err() && opener.seal(0, &[1]).is_err());
    }
}
