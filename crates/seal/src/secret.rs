//! A handset's database key under a secret that is as good as a key itself: what a passkey's authenticator makes of a salt
//! (WebAuthn Level 3, `prf` extension). Nothing has to be stretched; HKDF (RFC 5869) parts the secret from any other use.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use database::DatabaseKey;
use hkdf::Hkdf;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::NotAuthentic;

/// What the secret is used for, so that it is another key elsewhere.
const USE: &[u8] = b"entrenous handset key under a passkey v1";

/// A database key under a passkey's secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SecretWrappedKey {
    nonce: ByteBuf,
    wrapped: ByteBuf,
}

impl SecretWrappedKey {
    /// Wraps a key under 32 bytes that nobody can guess, bound to the `name` of what gives them.
    ///
    /// # Errors
    /// [`NotAuthentic`] never with a key of this length.
    pub fn wrap(
        key: &DatabaseKey,
        secret: &[u8; 32],
        name: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, NotAuthentic> {
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut nonce);
        let payload = Payload { msg: key.as_bytes(), aad: name };
        let wrapped = cipher(secret)?.encrypt(&XNonce::from(nonce), payload).map_err(|_| NotAuthentic)?;
        Ok(Self { nonce: ByteBuf::from(nonce), wrapped: ByteBuf::from(wrapped) })
    }

    /// Unwraps the key.
    ///
    /// # Errors
    /// [`NotAuthentic`] for another secret or name, or if it was altered.
    pub fn unwrap(&self, secret: &[u8; 32], name: &[u8]) -> Result<DatabaseKey, NotAuthentic> {
        let nonce: [u8; 24] = self.nonce.as_slice().try_into().map_err(|_| NotAuthentic)?;
        let payload = Payload { msg: self.wrapped.as_slice(), aad: name };
        let key = cipher(secret)?.decrypt(&XNonce::from(nonce), payload).map_err(|_| NotAuthentic)?;
        let key: Zeroizing<Vec<u8>> = Zeroizing::new(key);
        Ok(DatabaseKey::new(key.as_slice().try_into().map_err(|_| NotAuthentic)?))
    }
}

fn cipher(secret: &[u8; 32]) -> Result<XChaCha20Poly1305, NotAuthentic> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, secret).expand(USE, key.as_mut_slice()).map_err(|_| NotAuthentic)?;
    Ok(XChaCha20Poly1305::new(&(*key).into()))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::draw_database_key;

    #[test]
    fn only_the_same_secret_of_the_same_passkey_unwraps() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let key = draw_database_key(&mut rng);
        let wrapped = SecretWrappedKey::wrap(&key, &[7; 32], b"one", &mut rng).unwrap();
        assert_eq!(wrapped.unwrap(&[7; 32], b"one").unwrap().as_bytes(), key.as_bytes());
        assert!(wrapped.unwrap(&[8; 32], b"one").is_err(), "another secret");
        assert!(wrapped.unwrap(&[7; 32], b"two").is_err(), "another passkey");
        let mut altered = wrapped.clone();
        altered.wrapped[5] ^= 1;
        assert!(altered.unwrap(&[7; 32], b"one").is_err());
        let plain = XChaCha20Poly1305::new(&[7; 32].into());
        let nonce: [u8; 24] = wrapped.nonce.as_slice().try_into().unwrap();
        let payload = Payload { msg: wrapped.wrapped.as_slice(), aad: b"one" };
        assert!(plain.decrypt(&XNonce::from(nonce), payload).is_err(), "the secret itself is no key");
    }
}
