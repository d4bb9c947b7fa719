//! Two handsets vouch for their MLS leaf keys by MAC, under secrets that each encapsulated to the other's certified KEM
//! key: authentic to the two, proof to nobody else, since either could have made it.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use protocol::{ConversationId, GenerationId, HandsetId, LineId, Token, encode};
use serde::Serialize;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::kem::PairSecret;
use crate::{NotAuthentic, same_bytes};

/// What one handset vouches for.
#[derive(Debug, Clone, Serialize)]
pub struct Vouched<'a> {
    /// The conversation.
    pub conversation: ConversationId,
    /// The generation's number.
    pub number: u64,
    /// The generation.
    pub generation: GenerationId,
    /// The leaf signature keys of the group, in leaf order.
    #[serde(skip)]
    pub leaf_keys: &'a [Vec<u8>],
    /// Who vouches: line and handset.
    pub from: (LineId, HandsetId),
    /// To whom: line and handset.
    pub to: (LineId, HandsetId),
}

/// The MAC of the handset `vouched.from`.
///
/// `from_secret` was encapsulated by `from` to `to`, `to_secret` by `to` to `from`; `token` is the intake's that the
/// generation was founded through.
pub fn vouch(vouched: &Vouched<'_>, from_secret: &PairSecret, to_secret: &PairSecret, token: &Token) -> [u8; 32] {
    // Both secrets in an order that both sides have: by who encapsulated them.
    let first_is_from = (vouched.from.0, vouched.from.1) < (vouched.to.0, vouched.to.1);
    let (first, second) = if first_is_from { (from_secret, to_secret) } else { (to_secret, from_secret) };
    let mut both = Zeroizing::new([0; 64]);
    both[..32].copy_from_slice(first.as_bytes());
    both[32..].copy_from_slice(second.as_bytes());
    // One block of SHA-256: HMAC then takes the key as it is.
    let mut key = Zeroizing::new([0; 64]);
    let expanded = Hkdf::<Sha256>::new(Some(token.as_bytes()), both.as_slice())
        .expand(b"entrenous vouching v1", key.as_mut_slice());
    debug_assert!(expanded.is_ok(), "64 bytes are always within what HKDF-SHA256 can give");
    let mut mac = Hmac::<Sha256>::new(&(*key).into());
    mac.update(&encode(vouched));
    for leaf_key in vouched.leaf_keys {
        mac.update(&(leaf_key.len() as u64).to_be_bytes());
        mac.update(leaf_key);
    }
    mac.finalize().into_bytes().into()
}

/// Checks the other handset's MAC; the same arguments as [`vouch`] had there.
///
/// # Errors
/// [`NotAuthentic`] if it does not hold.
pub fn vouched(
    mac: &[u8],
    vouched: &Vouched<'_>,
    from_secret: &PairSecret,
    to_secret: &PairSecret,
    token: &Token,
) -> Result<(), NotAuthentic> {
    if same_bytes(mac, &vouch(vouched, from_secret, to_secret, token)) { Ok(()) } else { Err(NotAuthentic) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_holds_for_exactly_what_was_vouched() {
        let (a, b) = ((LineId::new([1; 32]), HandsetId::new([1; 16])), (LineId::new([2; 32]), HandsetId::new([2; 16])));
        let (from_a, from_b) = (PairSecret::from_bytes([3; 32]), PairSecret::from_bytes([4; 32]));
        let (token, leaf_keys) = (Token::new([5; 16]), [vec![6; 32], vec![7; 32]]);
        let said = Vouched {
            conversation: ConversationId::new([8; 32]),
            number: 1,
            generation: GenerationId::new([9; 32]),
            leaf_keys: &leaf_keys,
            from: a,
            to: b,
        };
        let mac = vouch(&said, &from_a, &from_b, &token);
        let check = |said: &Vouched<'_>, x: &PairSecret, y: &PairSecret, t: &Token| vouched(&mac, said, x, y, t);
        assert_eq!(check(&said, &from_a, &from_b, &token), Ok(()));
        assert!(check(&said, &from_b, &from_a, &token).is_err());
        assert!(check(&said, &from_a, &from_b, &Token::new([0; 16])).is_err());
        assert!(check(&Vouched { from: b, to: a, ..said.clone() }, &from_b, &from_a, &token).is_err());
        assert!(check(&Vouched { number: 2, ..said.clone() }, &from_a, &from_b, &token).is_err());
        let swapped = [vec![7; 32], vec![6; 32]];
        assert!(check(&Vouched { leaf_keys: &swapped, ..said.clone() }, &from_a, &from_b, &token).is_err());
        assert!(vouched(&[], &said, &from_a, &from_b, &token).is_err());
    }
}
