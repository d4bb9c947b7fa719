//! What a switchboard signs its requests to other switchboards with.

use ed25519_dalek::Signer as _;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::NotAuthentic;
use crate::signing::verify_ed25519;

/// A switchboard's own key (Ed25519, RFC 8032).
pub struct SwitchboardKey(ed25519_dalek::SigningKey);

impl std::fmt::Debug for SwitchboardKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SwitchboardKey")
    }
}

impl SwitchboardKey {
    /// Draws a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        Self::from_bytes(&seed)
    }

    /// Rebuilds the key from its secret form.
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The secret form.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a payload for one use, named by `context`.
    pub fn sign(&self, context: &str, payload: &[u8]) -> [u8; 64] {
        self.0.sign(&framed(context, payload)).to_bytes()
    }
}

/// Whether a switchboard signed this payload for this use.
///
/// # Errors
/// [`NotAuthentic`] if not.
pub fn verify_switchboard(public: &[u8], context: &str, payload: &[u8], signature: &[u8]) -> Result<(), NotAuthentic> {
    verify_ed25519(public, &framed(context, payload), signature)
}

/// No context is the beginning of another, since its length comes first.
fn framed(context: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + context.len() + payload.len());
    bytes.extend_from_slice(&(context.len() as u64).to_be_bytes());
    bytes.extend_from_slice(context.as_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_context_and_payload_only() {
        let key = SwitchboardKey::generate(&mut ChaCha20Rng::seed_from_u64(1));
        let signature = key.sign("parcel", b"payload");
        assert_eq!(verify_switchboard(&key.public(), "parcel", b"payload", &signature), Ok(()));
        assert_eq!(verify_switchboard(&key.public(), "fetch", b"payload", &signature), Err(NotAuthentic));
        assert_eq!(verify_switchboard(&key.public(), "parcel", b"payloaD", &signature), Err(NotAuthentic));
        assert_eq!(verify_switchboard(&[0; 32], "parcel", b"payload", &signature), Err(NotAuthentic));
        assert_eq!(verify_switchboard(&[], "parcel", b"payload", &signature), Err(NotAuthentic));
    }
}
