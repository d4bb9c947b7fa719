//! A handset's database key is random, and kept wrapped under its principal's passphrase; so is a backup's, and the
//! successor key's secret form, under the backup's passphrase.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use database::DatabaseKey;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use zeroize::Zeroizing;

use crate::{NotAuthentic, SigningKey};

/// Memory in KiB and passes of Argon2id: the second recommendation of RFC 9106, section 4, with one lane.
const COST: (u32, u32) = (64 * 1024, 3);

/// A database key, or a signing key's secret form, under a passphrase.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WrappedKey {
    /// Argon2id's memory, in KiB.
    memory: u32,
    /// Argon2id's passes.
    passes: u32,
    salt: ByteBuf,
    nonce: ByteBuf,
    wrapped: ByteBuf,
}

/// Draws a database key.
pub fn draw_database_key(rng: &mut impl CryptoRng) -> DatabaseKey {
    let mut key = Zeroizing::new([0; 32]);
    rng.fill_bytes(key.as_mut_slice());
    DatabaseKey::new(*key)
}

impl WrappedKey {
    /// Wraps a key.
    ///
    /// # Errors
    /// [`NotAuthentic`] never with the built-in cost.
    pub fn wrap(key: &DatabaseKey, passphrase: &str, rng: &mut impl CryptoRng) -> Result<Self, NotAuthentic> {
        Self::wrap_bytes(key.as_bytes(), passphrase, rng)
    }

    /// Wraps a signing key's secret form.
    ///
    /// # Errors
    /// [`NotAuthentic`] never with the built-in cost.
    pub fn wrap_signing(key: &SigningKey, passphrase: &str, rng: &mut impl CryptoRng) -> Result<Self, NotAuthentic> {
        Self::wrap_bytes(key.to_seed().as_slice(), passphrase, rng)
    }

    fn wrap_bytes(bytes: &[u8], passphrase: &str, rng: &mut impl CryptoRng) -> Result<Self, NotAuthentic> {
        let (memory, passes) = COST;
        let (mut salt, mut nonce) = ([0; 16], [0; 24]);
        rng.fill_bytes(&mut salt);
        rng.fill_bytes(&mut nonce);
        let cipher = cipher(passphrase, &salt, memory, passes)?;
        let wrapped = cipher.encrypt(&XNonce::from(nonce), bytes).map_err(|_| NotAuthentic)?;
        Ok(Self {
            memory,
            passes,
            salt: ByteBuf::from(salt),
            nonce: ByteBuf::from(nonce),
            wrapped: ByteBuf::from(wrapped),
        })
    }

    /// Unwraps the key.
    ///
    /// # Errors
    /// [`NotAuthentic`] for a wrong passphrase or altered file, or one that asks for more than 1 GiB of memory.
    pub fn unwrap(&self, passphrase: &str) -> Result<DatabaseKey, NotAuthentic> {
        let key = self.unwrap_bytes(passphrase)?;
        let key: [u8; 32] = key.as_slice().try_into().map_err(|_| NotAuthentic)?;
        Ok(DatabaseKey::new(key))
    }

    /// Unwraps a signing key.
    ///
    /// # Errors
    /// As [`Self::unwrap`].
    pub fn unwrap_signing(&self, passphrase: &str) -> Result<SigningKey, NotAuthentic> {
        let seed = self.unwrap_bytes(passphrase)?;
        Ok(SigningKey::from_seed(seed.as_slice().try_into().map_err(|_| NotAuthentic)?))
    }

    fn unwrap_bytes(&self, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        if self.memory > 1024 * 1024 || self.passes > 16 {
            return Err(NotAuthentic);
        }
        let nonce: [u8; 24] = self.nonce.as_slice().try_into().map_err(|_| NotAuthentic)?;
        let cipher = cipher(passphrase, &self.salt, self.memory, self.passes)?;
        let key = cipher.decrypt(&XNonce::from(nonce), self.wrapped.as_slice()).map_err(|_| NotAuthentic)?;
        Ok(Zeroizing::new(key))
    }
}

fn cipher(passphrase: &str, salt: &[u8], memory: u32, passes: u32) -> Result<XChaCha20Poly1305, NotAuthentic> {
    let params = Params::new(memory, passes, 1, Some(32)).map_err(|_| NotAuthentic)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| NotAuthentic)?;
    Ok(XChaCha20Poly1305::new(&(*key).into()))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn only_the_right_passphrase_unwraps() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = draw_database_key(&mut rng);
        let wrapped = WrappedKey::wrap(&key, "a long evening", &mut rng).unwrap();
        assert_eq!(wrapped.unwrap("a long evening").unwrap().as_bytes(), key.as_bytes());
        assert!(wrapped.unwrap("a long morning").is_err());
    }

    #[test]
    fn a_signing_key_comes_back_and_is_no_database_key() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let key = SigningKey::generate(&mut rng);
        let wrapped = WrappedKey::wrap_signing(&key, "a long evening", &mut rng).unwrap();
        assert_eq!(wrapped.unwrap_signing("a long evening").unwrap().public(), key.public());
        assert!(wrapped.unwrap_signing("a long morning").is_err());
        assert!(wrapped.unwrap("a long evening").is_err());
    }
}
