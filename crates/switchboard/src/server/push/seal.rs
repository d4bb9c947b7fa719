//! A push message sealed to its handset (RFC 8291), and the token that says whose it is (VAPID, RFC 8292).
//!
//! These are the browsers' formats and say nothing of what is said, so they are not in `seal`: they are made of the
//! primitives that TLS brings. (The crates for it bring a second stack of their own, or OpenSSL.)

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::BASE64URL_NOPAD;
use protocol::Timestamp;
use protocol::wake::{P256_POINT_BYTES, Subscription};

/// What every message has inside, padding included: two of them cannot be told apart by their sizes.
const PADDED: usize = 128;
/// Says that what follows is padding, in the last record.
const LAST: u8 = 2;
const SALT: usize = 16;
/// A record's size as it stands in the header: more than the one record has.
const RECORD: u32 = 4096;
/// A token is good for so long; a day is the most that it may be.
const GOOD_FOR_SECONDS: u64 = 12 * 60 * 60;

/// Seals a message that is no longer than a few words.
pub(super) fn seal(message: &[u8], to: &Subscription) -> Result<Vec<u8>, Unspecified> {
    let mut salt = [0; SALT];
    fill(&mut salt)?;
    seal_with(message, to, &PrivateKey::generate(&ECDH_P256)?, salt)
}

fn seal_with(message: &[u8], to: &Subscription, key: &PrivateKey, salt: [u8; SALT]) -> Result<Vec<u8>, Unspecified> {
    let mut record = message.to_vec();
    record.push(LAST);
    record.resize(record.len().max(PADDED), 0);
    let mut sealed = salt.to_vec();
    let public = key.compute_public_key()?;
    sealed.extend(RECORD.to_be_bytes());
    sealed.push(u8::try_from(P256_POINT_BYTES).map_err(|_| Unspecified)?);
    sealed.extend(public.as_ref());
    let (content_key, nonce) = keys(to, key, public.as_ref(), salt)?;
    let content_key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &content_key)?);
    content_key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
    sealed.extend(record);
    Ok(sealed)
}

/// RFC 8291, section 3.4.
fn keys(
    to: &Subscription,
    key: &PrivateKey,
    public: &[u8],
    salt: [u8; SALT],
) -> Result<([u8; 16], [u8; NONCE_LEN]), Unspecified> {
    let theirs = UnparsedPublicKey::new(&ECDH_P256, to.p256dh.as_slice());
    let info = [b"WebPush: info\0", to.p256dh.as_slice(), public].concat();
    let secret = agree(key, theirs, Unspecified, |shared| {
        expand::<32>(&Salt::new(HKDF_SHA256, &to.auth).extract(shared), &info)
    })?;
    let inner = Salt::new(HKDF_SHA256, &salt).extract(&secret);
    Ok((expand(&inner, b"Content-Encoding: aes128gcm\0")?, expand(&inner, b"Content-Encoding: nonce\0")?))
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(key: &Prk, info: &[u8]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    key.expand(&[info], Length(N))?.fill(&mut out)?;
    Ok(out)
}

/// The switchboard's key towards push services, which a browser's subscription is made for.
pub(crate) struct VapidKey(EcdsaKeyPair);

impl std::fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VapidKey")
    }
}

impl VapidKey {
    /// A new one as it is stored (PKCS #8).
    pub(crate) fn generate() -> Result<Vec<u8>, Unspecified> {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
        Ok(key.as_ref().to_vec())
    }

    /// From how it is stored.
    pub(crate) fn from_pkcs8(bytes: &[u8]) -> Result<Self, Unspecified> {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes).map_err(|_| Unspecified)?;
        Ok(Self(key))
    }

    /// The public half.
    pub(crate) fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// What goes into the header of a request to a push service at `audience`, from a switchboard at `contact`.
    pub(super) fn authorization(&self, audience: &str, contact: &str, now: Timestamp) -> Result<String, Unspecified> {
        let expires = now.as_millis() / 1000 + GOOD_FOR_SECONDS;
        let head = BASE64URL_NOPAD.encode(br#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = serde_json::json!({ "aud": audience, "exp": expires, "sub": contact }).to_string();
        let signed = format!("{head}.{}", BASE64URL_NOPAD.encode(claims.as_bytes()));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes())?;
        let signature = BASE64URL_NOPAD.encode(signature.as_ref());
        Ok(format!("vapid t={signed}.{signature}, k={}", BASE64URL_NOPAD.encode(self.public())))
    }
}

#[cfg(test)]
mod tests {
    use serde_bytes::ByteBuf;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
    }

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_keys_are_those_of_the_standards_example() {
        let to = Subscription {
            endpoint: String::new(),
            p256dh: ByteBuf::from(bytes(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            )),
            auth: ByteBuf::from(bytes("BTBZMqHH6r4Tts7J_aSIgg")),
        };
        let key = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let key = PrivateKey::from_private_key(&ECDH_P256, &key).unwrap();
        let salt: [u8; SALT] = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let public = key.compute_public_key().unwrap();
        let (content_key, nonce) = keys(&to, &key, public.as_ref(), salt).unwrap();
        assert_eq!(content_key.to_vec(), bytes("oIhVW04MRdy2XN9CiKLxTg"));
        assert_eq!(nonce.to_vec(), bytes("4h_95klXJ5E_qnoN"));
        let sealed = seal_with(b"0", &to, &key, salt).unwrap();
        let header = bytes(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
        );
        assert_eq!(sealed[..header.len()], header);
        assert_eq!(sealed.len(), header.len() + PADDED + 16);
        assert_eq!(seal(b"1", &to).unwrap().len(), sealed.len(), "all have one size");
        assert!(seal(b"1", &Subscription { p256dh: ByteBuf::from([4; 65]), ..to }).is_err(), "no point of the curve");
    }

    #[test]
    fn a_key_is_the_same_when_it_is_read_again() {
        let stored = VapidKey::generate().unwrap();
        let (one, two) = (VapidKey::from_pkcs8(&stored).unwrap(), VapidKey::from_pkcs8(&stored).unwrap());
        assert_eq!(one.public(), two.public());
        assert_eq!((one.public().len(), one.public()[0]), (P256_POINT_BYTES, 4));
        assert!(VapidKey::from_pkcs8(b"other").is_err());
    }
}
