//! A handset's KEM key: X-Wing (X25519 with ML-KEM-768) inside HPKE (RFC 9180, HKDF-SHA256, ChaCha20-Poly1305).

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, PskBundle, Serializable, setup_receiver, setup_sender_with_rng};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::NotAuthentic;

const ENCAPSULATED_BYTES: usize = 1120;

/// A handset's KEM key.
pub struct KemKey {
    private: <XWing as Kem>::PrivateKey,
    public: <XWing as Kem>::PublicKey,
}

impl std::fmt::Debug for KemKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KemKey")
    }
}

/// A secret that one handset encapsulated to another: both know it, nobody else.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PairSecret([u8; 32]);

impl std::fmt::Debug for PairSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PairSecret")
    }
}

impl PairSecret {
    /// From the stored form.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The stored form.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What binds a sealed message to an intake: HPKE's pre-shared key and its id.
pub(crate) struct Binding<'a> {
    pub(crate) psk: &'a [u8],
    pub(crate) id: &'a [u8],
}

impl Binding<'_> {
    fn bundle(&self) -> Result<PskBundle<'_>, NotAuthentic> {
        PskBundle::new(self.psk, self.id).map_err(|_| NotAuthentic)
    }
}

const PAIRING: &[u8] = b"entrenous pairing v1";
const INTRODUCTION: &[u8] = b"entrenous introduction v1";

impl KemKey {
    /// Draws a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let (private, public) = XWing::gen_keypair_with_rng(rng);
        Self { private, public }
    }

    /// Rebuilds the key from its secret form.
    ///
    /// # Errors
    /// [`NotAuthentic`] if these bytes are no such key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAuthentic> {
        let private = <XWing as Kem>::PrivateKey::from_bytes(bytes).map_err(|_| NotAuthentic)?;
        let public = XWing::sk_to_pk(&private);
        Ok(Self { private, public })
    }

    /// The secret form, 32 bytes.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.private.to_bytes().to_vec())
    }

    /// The public half, 1216 bytes.
    pub fn public(&self) -> Vec<u8> {
        self.public.to_bytes().to_vec()
    }

    /// Draws a secret for the owner of a public key, and its encapsulation (1120 bytes).
    ///
    /// # Errors
    /// [`NotAuthentic`] if the public key is none.
    pub fn encapsulate(public: &[u8], rng: &mut impl CryptoRng) -> Result<(Vec<u8>, PairSecret), NotAuthentic> {
        let public = <XWing as Kem>::PublicKey::from_bytes(public).map_err(|_| NotAuthentic)?;
        let (encapsulated, context) =
            setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeS::Base, &public, PAIRING, rng)
                .map_err(|_| NotAuthentic)?;
        let mut secret = [0; 32];
        context.export(b"secret", &mut secret).map_err(|_| NotAuthentic)?;
        Ok((encapsulated.to_bytes().to_vec(), PairSecret(secret)))
    }

    /// The secret of an encapsulation made for this key.
    ///
    /// # Errors
    /// [`NotAuthentic`] if it has not the right form. One made for another key gives another secret, not an error.
    pub fn decapsulate(&self, encapsulated: &[u8]) -> Result<PairSecret, NotAuthentic> {
        let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| NotAuthentic)?;
        let context = setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.private,
            &encapsulated,
            PAIRING,
        )
        .map_err(|_| NotAuthentic)?;
        let mut secret = [0; 32];
        context.export(b"secret", &mut secret).map_err(|_| NotAuthentic)?;
        Ok(PairSecret(secret))
    }

    /// Seals to a public key, readable only by its owner who also knows the binding.
    pub(crate) fn seal(
        public: &[u8],
        binding: &Binding<'_>,
        plaintext: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, NotAuthentic> {
        let public = <XWing as Kem>::PublicKey::from_bytes(public).map_err(|_| NotAuthentic)?;
        let mode = OpModeS::Psk(binding.bundle()?);
        let (encapsulated, mut context) =
            setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(&mode, &public, INTRODUCTION, rng)
                .map_err(|_| NotAuthentic)?;
        let mut sealed = encapsulated.to_bytes().to_vec();
        sealed.extend(context.seal(plaintext, &[]).map_err(|_| NotAuthentic)?);
        Ok(sealed)
    }

    /// Opens what [`Self::seal`] sealed.
    pub(crate) fn open(&self, binding: &Binding<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED_BYTES).ok_or(NotAuthentic)?;
        let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| NotAuthentic)?;
        let mode = OpModeR::Psk(binding.bundle()?);
        let mut context =
            setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(&mode, &self.private, &encapsulated, INTRODUCTION)
                .map_err(|_| NotAuthentic)?;
        context.open(ciphertext, &[]).map(Zeroizing::new).map_err(|_| NotAuthentic)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn an_encapsulated_secret_is_the_same_on_both_sides_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (ours, others) = (KemKey::generate(&mut rng), KemKey::generate(&mut rng));
        let (encapsulated, secret) = KemKey::encapsulate(&ours.public(), &mut rng).unwrap();
        assert_eq!(encapsulated.len(), ENCAPSULATED_BYTES);
        assert_eq!(ours.decapsulate(&encapsulated), Ok(secret.clone()));
        assert_ne!(others.decapsulate(&encapsulated), Ok(secret));
        assert_eq!(ours.decapsulate(&encapsulated[1..]), Err(NotAuthentic));
        assert_eq!(KemKey::from_bytes(&ours.to_bytes()).unwrap().public(), ours.public());
    }

    #[test]
    fn sealing_needs_key_and_binding() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let (ours, others) = (KemKey::generate(&mut rng), KemKey::generate(&mut rng));
        let binding = Binding { psk: &[7; 32], id: b"id" };
        let sealed = KemKey::seal(&ours.public(), &binding, b"words", &mut rng).unwrap();
        assert_eq!(ours.open(&binding, &sealed).as_deref().map(Vec::as_slice), Ok(b"words".as_slice()));
        assert_eq!(others.open(&binding, &sealed), Err(NotAuthentic));
        assert_eq!(ours.open(&Binding { psk: &[8; 32], id: b"id" }, &sealed), Err(NotAuthentic));
        assert_eq!(ours.open(&binding, &sealed[..100]), Err(NotAuthentic));
    }
}
