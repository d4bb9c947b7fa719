//! Ids and secrets of fixed length. All are opaque bytes: CBOR byte strings on the wire, unpadded base64url in text.
//!
//! `Debug` prints the type's name only, since a mailbox or a line in a log would tell who talks to whom (rule 11).

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// Text that is not the unpadded base64url of an id of the expected length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not {what}: expected {length} characters of base64url")]
pub struct ParseIdError {
    what: &'static str,
    length: usize,
}

macro_rules! bytes_type {
    ($(#[$doc:meta])* $name:ident, $length:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Length in bytes.
            pub const LENGTH: usize = $length;

            /// Wraps the bytes.
            pub const fn new(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Reads the id from a slice of exactly [`Self::LENGTH`] bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Unpadded base64url (RFC 4648, section 5).
            pub fn to_text(&self) -> String {
                BASE64URL_NOPAD.encode(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                BASE64URL_NOPAD
                    .decode(text.as_bytes())
                    .ok()
                    .and_then(|bytes| Self::from_slice(&bytes))
                    .ok_or(ParseIdError { what: $what, length: ($length * 4usize).div_ceil(3) })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Bytes;
                impl Visitor<'_> for Bytes {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a byte string of length ", $length))
                    }

                    fn visit_bytes<E: serde::de::Error>(self, v: &[u8]) -> Result<$name, E> {
                        $name::from_slice(v).ok_or_else(|| E::invalid_length(v.len(), &self))
                    }
                }
                deserializer.deserialize_bytes(Bytes).map_err(D::Error::custom)
            }
        }
    };
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $length:literal, $what:literal) => {
        bytes_type!($(#[$doc])* #[derive(Copy)] $name, $length, $what);
    };
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $length:literal, $what:literal) => {
        bytes_type!($(#[$doc])* $name, $length, $what);

        impl Drop for $name {
            fn drop(&mut self) {
                self.0.zeroize();
            }
        }
    };
}

id!(
    /// A line: SHA-256 of its hybrid identity public key. Contacts pin it.
    LineId, 32, "a line"
);
id!(
    /// SHA-256 of a line's hybrid identity public key as a card link carries it; the same bytes as the [`LineId`].
    Fingerprint, 32, "a fingerprint"
);
id!(
    /// One handset of a line, drawn at random when it is made.
    HandsetId, 16, "a handset"
);
id!(
    /// A conversation, known to its handsets only. Between two lines it follows from the two, so that crossed cards
    /// lead to one conversation.
    ConversationId, 32, "a conversation"
);
id!(
    /// One MLS group of a conversation, drawn at random; all that its sequencer knows it by.
    GenerationId, 32, "a generation"
);
id!(
    /// Where one conversation may deliver on one switchboard.
    MailboxId, 32, "a mailbox"
);
id!(
    /// What a switchboard knows an intake (a card or a standing intake) by: derived from its [`Token`].
    LookupId, 32, "a lookup id"
);
id!(
    /// Made by the redeemer, so that a repeated fetch gets the same slot.
    ReservationId, 16, "a reservation"
);
id!(
    /// A MIMI message id (draft-ietf-mimi-content-08, section 3.3), made by the sender, the same on both sides and
    /// across every re-encryption.
    ContentId, 32, "a text's id"
);
id!(
    /// SHA-256 of an envelope's bytes: how a handset knows its own envelope again when it comes back numbered.
    EnvelopeHash, 32, "an envelope's hash"
);
id!(
    /// SHA-256 of a [`Capability`]: what the sequencer keeps.
    CapabilityHash, 32, "a capability's hash"
);
id!(
    /// One incarnation of the queue from one switchboard to another; a switchboard that lost its database draws anew.
    QueueId, 16, "a queue"
);
id!(
    /// A sealed file on its sender's switchboard: drawn by the sender's handset, and all that has to be known to fetch it.
    BlobId, 32, "a blob"
);
id!(
    /// One return of a switchboard to an older copy of its data, drawn when it begins again on it.
    RestoreId, 16, "a return to an older copy"
);
secret!(
    /// What lets a handset use its switchboard's blob requests as long as its connection lasts.
    Ticket, 32, "a ticket"
);
secret!(
    /// The key that one file is sealed under.
    FileKey, 32, "a file's key"
);
secret!(
    /// The secret of a card or standing intake: 128 bits, never leaves handsets but in the card itself.
    Token, 16, "a card's token"
);
secret!(
    /// Proof of membership in one epoch of one generation, exported from the MLS key schedule.
    Capability, 32, "a capability"
);
secret!(
    /// The secret in a claim link: good for one line.
    InvitationSecret, 16, "an invitation"
);

impl From<LineId> for Fingerprint {
    fn from(line: LineId) -> Self {
        Self(line.0)
    }
}

impl From<Fingerprint> for LineId {
    fn from(fingerprint: Fingerprint) -> Self {
        Self(fingerprint.0)
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_reads_back_and_debug_hides_the_bytes() {
        let mailbox = MailboxId::new([0xab; 32]);
        assert_eq!(mailbox.to_text().parse::<MailboxId>(), Ok(mailbox));
        assert_eq!(format!("{mailbox:?}"), "MailboxId");
        assert_eq!(format!("{:?}", Token::new([7; 16])), "Token");
    }

    #[test]
    fn wrong_length_is_refused_with_a_sentence() {
        let error = "abcd".parse::<MailboxId>().unwrap_err();
        assert_eq!(error.to_string(), "this is not a mailbox: expected 43 characters of base64url");
    }
}
