//! What one MLS application message says, inside the encryption: content, or one of the few words that keep content
//! whole. Padded to size classes, so that only a rough size shows outside.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::codec::{DecodeError, decode, encode};
use crate::intake::{IntakeAddress, Pairing};
use crate::limits::ENVELOPE_BYTES;
use crate::{HandsetId, Timestamp};

/// What one message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inside {
    /// Content for the person.
    Content(Numbered),
    /// What the sender has of the receivers' content.
    Status(Status),
    /// "Your leaf key is mine to know": vouching, and where to reach the sender if this generation dies.
    Vouch {
        /// The sending handset.
        handset: HandsetId,
        /// Its side of the pairing.
        pairing: Pairing,
        /// The sender's standing intake for this contact.
        intake: IntakeAddress,
        /// The name the sender goes by.
        name: String,
    },
}

/// Content under its handset's running number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// The sending handset.
    pub handset: HandsetId,
    /// 1 for that handset's first content in this conversation, and so on through all generations.
    pub number: u64,
    /// When it was written, by the sender's clock.
    pub sent_at: Timestamp,
    /// MIMI content (see [`crate::content`]); empty for content that is gone (unsent or expired before it arrived).
    pub mimi: ByteBuf,
}

/// What a handset has of one other handset's running numbers, said whenever that changes and once a day. Cumulative, so that the last one said is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whose numbers.
    pub of: HandsetId,
    /// Has all numbers up to this one ...
    pub through: u64,
    /// ... but for these, which it asks for again.
    pub missing: Vec<u64>,
    /// A person has seen all up to this number; absent where the side keeps that to itself.
    pub seen: Option<u64>,
    /// The last number that the sender has given itself, so that what is lost without a successor is missed too.
    pub said: u64,
}

/// Sizes that a message may have outside, in bytes; beyond the last, multiples of it.
const SIZE_CLASSES: [usize; 7] = [256, 512, 1024, 2048, 4096, 8192, 16384];

impl Inside {
    /// Encodes with a length before and zeros after, up to the next size class.
    pub fn to_padded(&self) -> Vec<u8> {
        let body = encode(self);
        let length = body.len() + 4;
        let last = SIZE_CLASSES[SIZE_CLASSES.len() - 1];
        let class =
            SIZE_CLASSES.into_iter().find(|class| *class >= length).unwrap_or_else(|| length.div_ceil(last) * last);
        let mut bytes = Vec::with_capacity(class);
        bytes.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&body);
        bytes.resize(class, 0);
        bytes
    }

    /// Reads what [`Self::to_padded`] wrote.
    ///
    /// # Errors
    /// [`DecodeError`] if the length or the body is wrong.
    pub fn from_padded(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(DecodeError::Empty)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let body = rest.get(..length).ok_or(DecodeError::Malformed("Inside"))?;
        decode(body, ENVELOPE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(bytes: usize) -> Inside {
        Inside::Content(Numbered {
            handset: HandsetId::new([1; 16]),
            number: 1,
            sent_at: Timestamp::from_millis(1),
            mimi: ByteBuf::from(vec![7; bytes]),
        })
    }

    #[test]
    fn sizes_fall_into_classes_and_read_back() {
        for (bytes, class) in [(0, 256), (100, 256), (300, 512), (5000, 8192), (16_384, 32_768), (40_000, 49_152)] {
            let padded = content(bytes).to_padded();
            assert_eq!(padded.len(), class, "{bytes} bytes");
            assert_eq!(Inside::from_padded(&padded), Ok(content(bytes)));
        }
    }

    #[test]
    fn a_wrong_length_is_refused() {
        let mut padded = content(10).to_padded();
        padded[0] = 0xff;
        assert!(Inside::from_padded(&padded).is_err());
        assert!(Inside::from_padded(&[]).is_err());
    }
}
