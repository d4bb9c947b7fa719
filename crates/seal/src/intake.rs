//! What follows from an intake's token: its lookup id, the key that seals bundle and slots, and the key that binds an
//! introduction to it.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use protocol::{LookupId, Token};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::NotAuthentic;
use crate::kem::{Binding, KemKey};

const NONCE_BYTES: usize = 24;
const BUNDLE: &[u8] = b"entrenous bundle v1";
const SLOT: &[u8] = b"entrenous slot v1";

/// The keys of one intake, all from its token (HKDF-SHA256, RFC 5869).
pub struct IntakeKeys {
    lookup: LookupId,
    sealing: Zeroizing<[u8; 32]>,
    binding: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for IntakeKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IntakeKeys")
    }
}

impl IntakeKeys {
    /// The keys of the intake with this token.
    pub fn of(token: &Token) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(b"entrenous intake v1"), token.as_bytes());
        let expand = |label: &[u8]| {
            let mut key = Zeroizing::new([0; 32]);
            // 32 bytes are always within what HKDF-SHA256 can give.
            let expanded = hkdf.expand(label, key.as_mut_slice());
            debug_assert!(expanded.is_ok());
            key
        };
        Self { lookup: LookupId::new(*expand(b"lookup")), sealing: expand(b"sealing"), binding: expand(b"binding") }
    }

    /// What switchboards know the intake by.
    pub const fn lookup(&self) -> LookupId {
        self.lookup
    }

    /// Seals an encoded [`protocol::intake::Bundle`].
    pub fn seal_bundle(&self, bundle: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        self.seal(BUNDLE, bundle, rng)
    }

    /// Opens what [`Self::seal_bundle`] sealed.
    ///
    /// # Errors
    /// [`NotAuthentic`] if it was not sealed under this token.
    pub fn open_bundle(&self, sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        self.open(BUNDLE, sealed)
    }

    /// Seals an encoded [`protocol::intake::Slot`].
    pub fn seal_slot(&self, slot: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        self.seal(SLOT, slot, rng)
    }

    /// Opens what [`Self::seal_slot`] sealed.
    ///
    /// # Errors
    /// [`NotAuthentic`] if it was not sealed under this token.
    pub fn open_slot(&self, sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        self.open(SLOT, sealed)
    }

    /// Seals an encoded [`protocol::intake::Introduction`] to the KEM key of the slot's handset (HPKE in PSK mode, RFC
    /// 9180, section 5.1.2: only who knows the token can have sealed it, only the handset can open it).
    ///
    /// # Errors
    /// [`NotAuthentic`] if the KEM key is none.
    pub fn seal_introduction(
        &self,
        kem: &[u8],
        introduction: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, NotAuthentic> {
        KemKey::seal(kem, &self.psk(), introduction, rng)
    }

    /// Opens what [`Self::seal_introduction`] sealed.
    ///
    /// # Errors
    /// [`NotAuthentic`] if it is for another handset, or was made without the token.
    pub fn open_introduction(&self, kem: &KemKey, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        kem.open(&self.psk(), sealed)
    }

    fn psk(&self) -> Binding<'_> {
        Binding { psk: self.binding.as_slice(), id: self.lookup.as_bytes() }
    }

    fn seal(&self, kind: &[u8], plaintext: &[u8], rng: &mut impl CryptoRng) -> Vec<u8> {
        let mut sealed = vec![0; NONCE_BYTES];
        rng.fill_bytes(&mut sealed);
        let nonce: [u8; NONCE_BYTES] = std::array::from_fn(|i| sealed.get(i).copied().unwrap_or_default());
        let cipher = XChaCha20Poly1305::new(&(*self.sealing).into());
        // Encryption fails only beyond 256 GiB.
        let body = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: kind }).unwrap_or_default();
        sealed.extend(body);
        sealed
    }

    fn open(&self, kind: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(NotAuthentic)?;
        XChaCha20Poly1305::new(&(*self.sealing).into())
            .decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: kind })
            .map_err(|_| NotAuthentic)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn bundle_and_slot_open_under_their_token_and_kind_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (ours, other) = (IntakeKeys::of(&Token::new([1; 16])), IntakeKeys::of(&Token::new([2; 16])));
        let sealed = ours.seal_bundle(b"bundle", &mut rng);
        assert_eq!(ours.open_bundle(&sealed), Ok(b"bundle".to_vec()));
        assert_eq!(ours.open_slot(&sealed), Err(NotAuthentic));
        assert_eq!(other.open_bundle(&sealed), Err(NotAuthentic));
        assert_ne!(ours.lookup(), other.lookup());
    }

    #[test]
    fn an_introduction_needs_token_and_handset() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (ours, other) = (IntakeKeys::of(&Token::new([1; 16])), IntakeKeys::of(&Token::new([2; 16])));
        let kem = KemKey::generate(&mut rng);
        let sealed = ours.seal_introduction(&kem.public(), b"hello", &mut rng).unwrap();
        assert_eq!(ours.open_introduction(&kem, &sealed).unwrap().as_slice(), b"hello");
        assert!(other.open_introduction(&kem, &sealed).is_err());
        assert!(ours.open_introduction(&KemKey::generate(&mut rng), &sealed).is_err());
    }
}
