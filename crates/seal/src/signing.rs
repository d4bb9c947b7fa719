//! Hybrid signatures: Ed25519 (RFC 8032) and ML-DSA-65 (FIPS 204), both of which must hold, as two signatures of one
//! COSE_Sign (RFC 9052, section 4.1).

use coset::iana::Algorithm;
use coset::{
    CoseSign, CoseSignBuilder, CoseSignatureBuilder, HeaderBuilder, RegisteredLabelWithPrivate, TaggedCborSerializable,
};
use ed25519_dalek::{Signer as _, Verifier as _};
use ml_dsa::{EncodedSignature, KeyExport as _, Keypair as _, MlDsa65, Signature as MlDsaSignature};
use protocol::LineId;
use protocol::documents::SigningPublic;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{NotAuthentic, sha256};

/// A hybrid signing key: a line's identity, a handset's, or a successor's.
pub struct SigningKey {
    ed25519: ed25519_dalek::SigningKey,
    ml_dsa: ml_dsa::SigningKey<MlDsa65>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey")
    }
}

impl SigningKey {
    /// Length of the secret form: a 32-byte seed for each algorithm.
    pub const SEED_BYTES: usize = 64;

    /// Draws a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; Self::SEED_BYTES]);
        rng.fill_bytes(seed.as_mut_slice());
        Self::from_seed(&seed)
    }

    /// Rebuilds the key from its secret form.
    pub fn from_seed(seed: &[u8; Self::SEED_BYTES]) -> Self {
        let mut first = Zeroizing::new([0; 32]);
        let mut second = Zeroizing::new([0; 32]);
        first.copy_from_slice(&seed[..32]);
        second.copy_from_slice(&seed[32..]);
        Self {
            ed25519: ed25519_dalek::SigningKey::from_bytes(&first),
            ml_dsa: ml_dsa::SigningKey::from_seed(&(*second).into()),
        }
    }

    /// The secret form.
    pub fn to_seed(&self) -> Zeroizing<[u8; Self::SEED_BYTES]> {
        let mut seed = Zeroizing::new([0; Self::SEED_BYTES]);
        seed[..32].copy_from_slice(self.ed25519.as_bytes());
        seed[32..].copy_from_slice(self.ml_dsa.as_seed());
        seed
    }

    /// The public half.
    pub fn public(&self) -> SigningPublic {
        SigningPublic {
            ed25519: self.ed25519.verifying_key().to_bytes().to_vec(),
            ml_dsa_65: self.ml_dsa.verifying_key().to_bytes().to_vec(),
        }
    }

    /// Signs `payload` as a document of one kind; the kind is signed too but does not travel.
    pub(crate) fn sign(&self, kind: &str, payload: Vec<u8>) -> Vec<u8> {
        sign(&[self], kind, payload)
    }

    fn add_signatures(&self, kind: &str, document: CoseSignBuilder) -> CoseSignBuilder {
        let with = |algorithm| {
            CoseSignatureBuilder::new().protected(HeaderBuilder::new().algorithm(algorithm).build()).build()
        };
        document
            .add_created_signature(with(Algorithm::Ed25519), kind.as_bytes(), |bytes| {
                self.ed25519.sign(bytes).to_bytes().to_vec()
            })
            .add_created_signature(with(Algorithm::ML_DSA_65), kind.as_bytes(), |bytes| {
                // Deterministic signing fails only for a context string that is too long, and ours is empty.
                self.ml_dsa
                    .expanded_key()
                    .sign_deterministic(bytes, &[])
                    .map(|signature| signature.encode().to_vec())
                    .unwrap_or_default()
            })
    }
}

/// Signs `payload` with several keys, in this order.
pub(crate) fn sign(keys: &[&SigningKey], kind: &str, payload: Vec<u8>) -> Vec<u8> {
    let document = CoseSignBuilder::new().payload(payload);
    let document = keys.iter().fold(document, |document, key| key.add_signatures(kind, document));
    document.build().to_tagged_vec().unwrap_or_default()
}

/// The payload of a document, not verified: for what was verified when it came, and for whoever is about to.
pub(crate) fn payload(document: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
    CoseSign::from_tagged_slice(document).map_err(|_| NotAuthentic)?.payload.ok_or(NotAuthentic)
}

/// The payload of a document of this kind, if both signatures of each of these keys hold, in this order, and no others
/// are there.
pub(crate) fn verify(kind: &str, keys: &[&SigningPublic], document: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
    let sign = CoseSign::from_tagged_slice(document).map_err(|_| NotAuthentic)?;
    // Nothing in a document may be beyond what is signed, and none may be written in two ways: contacts compare bytes.
    let unsigned = sign.signatures.iter().map(|s| &s.unprotected).chain([&sign.unprotected]).any(|h| !h.is_empty());
    if unsigned || sign.clone().to_tagged_vec().map_err(|_| NotAuthentic)? != document {
        return Err(NotAuthentic);
    }
    let expected = keys.iter().flat_map(|_| [Algorithm::Ed25519, Algorithm::ML_DSA_65]);
    let found = sign.signatures.iter().map(|s| s.protected.header.alg.clone());
    if !found.eq(expected.map(|a| Some(RegisteredLabelWithPrivate::Assigned(a)))) {
        return Err(NotAuthentic);
    }
    if sign.payload.is_none() {
        return Err(NotAuthentic);
    }
    for (at, key) in keys.iter().enumerate() {
        let (first, second) = (2 * at, 2 * at + 1);
        sign.verify_signature(first, kind.as_bytes(), |s, bytes| verify_ed25519(&key.ed25519, bytes, s))?;
        sign.verify_signature(second, kind.as_bytes(), |s, bytes| verify_ml_dsa(&key.ml_dsa_65, bytes, s))?;
    }
    sign.payload.ok_or(NotAuthentic)
}

pub(crate) fn verify_ed25519(key: &[u8], bytes: &[u8], signature: &[u8]) -> Result<(), NotAuthentic> {
    let key: &[u8; 32] = key.try_into().map_err(|_| NotAuthentic)?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| NotAuthentic)?;
    let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| NotAuthentic)?;
    // Strict: no small-order keys, so that one signature holds for one message and key only.
    key.verify_strict(bytes, &signature).map_err(|_| NotAuthentic)
}

fn verify_ml_dsa(key: &[u8], bytes: &[u8], signature: &[u8]) -> Result<(), NotAuthentic> {
    let key = ml_dsa::EncodedVerifyingKey::<MlDsa65>::try_from(key).map_err(|_| NotAuthentic)?;
    let signature = EncodedSignature::<MlDsa65>::try_from(signature).map_err(|_| NotAuthentic)?;
    let signature = MlDsaSignature::<MlDsa65>::decode(&signature).ok_or(NotAuthentic)?;
    ml_dsa::VerifyingKey::<MlDsa65>::decode(&key).verify(bytes, &signature).map_err(|_| NotAuthentic)
}

/// A line's id: SHA-256 of its identity key, both halves.
pub fn line_id(identity: &SigningPublic) -> LineId {
    LineId::new(key_hash(identity))
}

/// SHA-256 over both halves of a key.
pub(crate) fn key_hash(key: &SigningPublic) -> [u8; 32] {
    sha256(&[b"entrenous signing key v1".as_slice(), &key.ed25519, &key.ml_dsa_65].concat())
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn key(seed: u64) -> SigningKey {
        SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn a_document_verifies_under_its_key_and_kind_only() {
        let signed = key(1).sign("kind", b"words".to_vec());
        assert_eq!(verify("kind", &[&key(1).public()], &signed), Ok(b"words".to_vec()));
        assert_eq!(verify("kind", &[&key(2).public()], &signed), Err(NotAuthentic));
        assert_eq!(verify("other", &[&key(1).public()], &signed), Err(NotAuthentic));
    }

    #[test]
    fn both_halves_must_hold() {
        let signed = key(1).sign("kind", b"words".to_vec());
        let mut mixed = key(1).public();
        mixed.ml_dsa_65 = key(2).public().ml_dsa_65;
        assert_eq!(verify("kind", &[&mixed], &signed), Err(NotAuthentic));
        let mut mixed = key(1).public();
        mixed.ed25519 = key(2).public().ed25519;
        assert_eq!(verify("kind", &[&mixed], &signed), Err(NotAuthentic));
        assert_ne!(line_id(&mixed), line_id(&key(1).public()));
    }

    #[test]
    fn a_signature_left_out_or_a_byte_changed_is_refused() {
        let signed = key(1).sign("kind", b"words".to_vec());
        let mut one = CoseSign::from_tagged_slice(&signed).unwrap();
        one.signatures.pop();
        assert_eq!(verify("kind", &[&key(1).public()], &one.to_tagged_vec().unwrap()), Err(NotAuthentic));
        for at in (0..signed.len()).step_by(97) {
            let mut altered = signed.clone();
            altered[at] ^= 1;
            assert_ne!(verify("kind", &[&key(1).public()], &altered), Ok(b"words".to_vec()), "byte {at}");
        }
    }

    #[test]
    fn nothing_unsigned_can_be_added() {
        let signed = key(1).sign("kind", b"words".to_vec());
        let mut document = CoseSign::from_tagged_slice(&signed).unwrap();
        document.unprotected.key_id = vec![1];
        assert_eq!(verify("kind", &[&key(1).public()], &document.to_tagged_vec().unwrap()), Err(NotAuthentic));
        let mut document = CoseSign::from_tagged_slice(&signed).unwrap();
        document.signatures[0].unprotected.key_id = vec![1];
        assert_eq!(verify("kind", &[&key(1).public()], &document.to_tagged_vec().unwrap()), Err(NotAuthentic));
        // The same array, its length written in two bytes.
        let array = signed.iter().position(|byte| *byte == 0x84).unwrap();
        let longer = [&signed[..array], &[0x98, 4], &signed[array + 1..]].concat();
        assert!(CoseSign::from_tagged_slice(&longer).is_ok());
        assert_eq!(verify("kind", &[&key(1).public()], &longer), Err(NotAuthentic));
    }

    #[test]
    fn the_seed_brings_the_key_back() {
        assert_eq!(SigningKey::from_seed(&key(5).to_seed()).public(), key(5).public());
    }
}
