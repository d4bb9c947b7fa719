//! The documents that lines and handsets sign.

use protocol::documents::{HandsetList, SigningPublic};
use protocol::frames::Greeting;
use protocol::{decode, encode, limits};

use crate::signing::{SigningKey, key_hash, line_id, payload, sign, verify};
use crate::{NotAuthentic, sha256};

const HANDSET_LIST: &str = "entrenous handset list v1";
const GREETING: &str = "entrenous greeting v1";

/// Signs a line's handset list with its identity key.
pub fn sign_handset_list(identity: &SigningKey, list: &HandsetList) -> Vec<u8> {
    identity.sign(HANDSET_LIST, encode(list))
}

/// Signs the handset list of a line that was restored: with its successor key too.
pub fn sign_restored_list(identity: &SigningKey, successor: &SigningKey, list: &HandsetList) -> Vec<u8> {
    sign(&[identity, successor], HANDSET_LIST, encode(list))
}

/// What a line's first list, and every other, says of its successor key.
pub fn successor_hash(successor: &SigningPublic) -> [u8; 32] {
    sha256(&key_hash(successor))
}

/// Reads a signed handset list.
///
/// Whether its successor is the one that is pinned is left to the caller.
///
/// # Errors
/// [`NotAuthentic`] if it is not signed by this identity, is for another line, or lists no handset; or if it says that
/// the line was restored, and is not signed by the successor key that it names.
pub fn verify_handset_list(signed: &[u8], identity: &SigningPublic) -> Result<HandsetList, NotAuthentic> {
    let list = read_handset_list(signed)?;
    match &list.successor_key {
        Some(key) if list.restored > 0 && successor_hash(key).as_slice() == list.successor.as_slice() => {
            verify(HANDSET_LIST, &[identity, key], signed)?
        }
        None if list.restored == 0 => verify(HANDSET_LIST, &[identity], signed)?,
        _ => return Err(NotAuthentic),
    };
    let sound = list.line == line_id(identity)
        && !list.handsets.is_empty()
        && list.number >= 1
        && (list.number == 1) == list.previous.is_none()
        && list.successor.len() == 32;
    if sound { Ok(list) } else { Err(NotAuthentic) }
}

/// Reads a handset list that was verified before it was stored.
///
/// # Errors
/// [`NotAuthentic`] if it is none.
pub fn read_handset_list(signed: &[u8]) -> Result<HandsetList, NotAuthentic> {
    decode(&payload(signed)?, limits::SLOT_BYTES).map_err(|_| NotAuthentic)
}

/// What the next list names as its previous one.
pub fn list_hash(signed: &[u8]) -> [u8; 32] {
    sha256(signed)
}

/// Signs a switchboard's challenge with a handset's key.
pub fn sign_greeting(handset: &SigningKey, greeting: &Greeting) -> Vec<u8> {
    handset.sign(GREETING, encode(greeting))
}

/// Whether a handset signed exactly this greeting.
///
/// # Errors
/// [`NotAuthentic`] if not.
pub fn verify_greeting(signature: &[u8], key: &SigningPublic, greeting: &Greeting) -> Result<(), NotAuthentic> {
    let payload = verify(GREETING, &[key], signature)?;
    if payload == encode(greeting) { Ok(()) } else { Err(NotAuthentic) }
}

#[cfg(test)]
mod tests {
    use protocol::documents::HandsetEntry;
    use protocol::{HandsetId, Timestamp};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use serde_bytes::ByteBuf;

    use super::*;

    fn key(seed: u64) -> SigningKey {
        SigningKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    /// A list of the line of key 1, whose successor is key 2; `by` is the successor key that it names.
    fn list(restored: u64, by: Option<u64>) -> HandsetList {
        HandsetList {
            line: line_id(&key(1).public()),
            number: 2,
            previous: Some(ByteBuf::from([0; 32])),
            successor: ByteBuf::from(successor_hash(&key(2).public())),
            handsets: vec![HandsetEntry {
                handset: HandsetId::new([1; 16]),
                signing: key(3).public(),
                kem: vec![0; 1216],
            }],
            made_at: Timestamp::default(),
            restored,
            successor_key: by.map(|seed| key(seed).public()),
        }
    }

    #[test]
    fn a_list_of_a_restored_line_needs_its_successor_key() {
        let identity = key(1).public();
        let check = |signed: &[u8]| verify_handset_list(signed, &identity).map(|list| list.restored);
        assert_eq!(check(&sign_handset_list(&key(1), &list(0, None))), Ok(0));
        let restored = sign_restored_list(&key(1), &key(2), &list(1, Some(2)));
        assert_eq!(check(&restored), Ok(1));
        assert_eq!(read_handset_list(&restored), Ok(list(1, Some(2))));
        for forged in [
            // By somebody who has the identity key alone, in every way that comes to mind.
            sign_handset_list(&key(1), &list(1, None)),
            sign_handset_list(&key(1), &list(1, Some(2))),
            sign_restored_list(&key(1), &key(1), &list(1, Some(2))),
            sign_restored_list(&key(1), &key(4), &list(1, Some(2))),
            sign_restored_list(&key(1), &key(4), &list(1, Some(4))),
            sign_restored_list(&key(1), &key(2), &list(0, None)),
            sign_restored_list(&key(1), &key(2), &list(0, Some(2))),
            // By somebody who has the successor key alone.
            sign_restored_list(&key(2), &key(2), &list(1, Some(2))),
            sign_restored_list(&key(2), &key(1), &list(1, Some(2))),
        ] {
            assert_eq!(check(&forged), Err(NotAuthentic));
        }
    }
}
