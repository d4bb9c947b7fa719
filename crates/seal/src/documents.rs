//! The documents that lines and handsets sign.

use protocol::documents::{HandsetList, SigningPublic};
use protocol::frames::Greeting;
use protocol::{decode, encode, limits};

use crate::signing::{SigningKey, line_id, verify};
use crate::{NotAuthentic, sha256};

const HANDSET_LIST: &str = "entrenous handset list v1";
const GREETING: &str = "entrenous greeting v1";

/// Signs a line's handset list with its identity key.
pub fn sign_handset_list(identity: &SigningKey, list: &HandsetList) -> Vec<u8> {
    identity.sign(HANDSET_LIST, encode(list))
}

/// Reads a signed handset list.
///
/// # Errors
/// [`NotAuthentic`] if it is not signed by this identity, is for another line, or lists no handset.
pub fn verify_handset_list(signed: &[u8], identity: &SigningPublic) -> Result<HandsetList, NotAuthentic> {
    let payload = verify(HANDSET_LIST, identity, signed)?;
    let list: HandsetList = decode(&payload, limits::SLOT_BYTES).map_err(|_| NotAuthentic)?;
    let sound = list.line == line_id(identity)
        && !list.handsets.is_empty()
        && list.number >= 1
        && (list.number == 1) == list.previous.is_none()
        && list.successor.len() == 32;
    if sound { Ok(list) } else { Err(NotAuthentic) }
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
    let payload = verify(GREETING, key, signature)?;
    if payload == encode(greeting) { Ok(()) } else { Err(NotAuthentic) }
}
