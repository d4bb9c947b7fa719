//! Hashes, and comparisons in constant time.

use protocol::content::Content;
use protocol::{Capability, CapabilityHash, ContentId, ConversationId, EnvelopeHash, LineId};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// What an envelope is known again by.
pub fn envelope_hash(envelope: &[u8]) -> EnvelopeHash {
    EnvelopeHash::new(sha256(envelope))
}

/// What a sequencer keeps of a capability.
pub fn capability_hash(capability: &Capability) -> CapabilityHash {
    CapabilityHash::new(sha256(capability.as_bytes()))
}

/// Whether a capability is the one whose hash the sequencer keeps.
pub fn capability_matches(capability: &Capability, hash: &CapabilityHash) -> bool {
    same_bytes(capability_hash(capability).as_bytes(), hash.as_bytes())
}

/// A MIMI message id (draft-ietf-mimi-content-08, section 3.3): 0x01 and 31 bytes of SHA-256.
pub fn content_id(mimi: &[u8], salt: &[u8; 16], sender: &LineId, conversation: &ConversationId) -> ContentId {
    let hash = sha256(&Content::id_input(mimi, salt, sender, conversation));
    let mut id = [1; 32];
    for (to, from) in id.iter_mut().skip(1).zip(hash) {
        *to = from;
    }
    ContentId::new(id)
}

/// The one conversation between two lines, whichever of them asks.
pub fn tete_a_tete(a: &LineId, b: &LineId) -> ConversationId {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    let mut hash = Sha256::new_with_prefix(b"entrenous tete-a-tete v1");
    hash.update(low.as_bytes());
    hash.update(high.as_bytes());
    ConversationId::new(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tete_a_tete_is_the_same_from_both_sides() {
        let (a, b, c) = (LineId::new([1; 32]), LineId::new([2; 32]), LineId::new([3; 32]));
        assert_eq!(tete_a_tete(&a, &b), tete_a_tete(&b, &a));
        assert_ne!(tete_a_tete(&a, &b), tete_a_tete(&a, &c));
    }

    #[test]
    fn a_capability_matches_its_own_hash_only() {
        let hash = capability_hash(&Capability::new([1; 32]));
        assert!(capability_matches(&Capability::new([1; 32]), &hash));
        assert!(!capability_matches(&Capability::new([2; 32]), &hash));
    }
}
