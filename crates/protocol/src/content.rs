//! MIMI content (draft-ietf-mimi-content-08): what a person says, as CBOR arrays, the same bytes however often they are
//! encrypted again.
//!
//! We write and read texts, replies, reactions and retractions; a part that we do not know reads as [`What::Unknown`],
//! never as an error, since a newer handset may say more.

use ciborium::Value;

use crate::codec::{DecodeError, decode_bare};
use crate::limits::TEXT_BYTES;
use crate::{ContentId, ConversationId, LineId};

/// One content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// 16 random bytes, so that equal words have different ids.
    pub salt: [u8; 16],
    /// The content that this replaces.
    pub replaces: Option<ContentId>,
    /// The content that this answers.
    pub in_reply_to: Option<ContentId>,
    /// What is said.
    pub what: What,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A text; with `replaces`, an edited one.
    Text(String),
    /// A reaction to the content in `in_reply_to`; an empty one takes the earlier back.
    Reaction(String),
    /// The content in `replaces` is taken back.
    Retraction,
    /// Something newer than this program.
    Unknown,
}

// Dispositions and cardinalities of the draft's CDDL.
const RENDER: u64 = 1;
const REACTION: u64 = 2;
const NULL_PART: u64 = 0;
const SINGLE_PART: u64 = 1;
const MARKDOWN: &str = "text/markdown;variant=GFM";
const PLAIN: &str = "text/plain;charset=utf-8";

impl Content {
    /// The CBOR of the draft's `mimiContent`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let id = |id: &Option<ContentId>| id.map_or(Value::Null, |id| Value::Bytes(id.as_bytes().to_vec()));
        let single = |disposition: u64, text: &str| {
            vec![
                disposition.into(),
                "".into(),
                SINGLE_PART.into(),
                PLAIN.into(),
                Value::Bytes(text.as_bytes().to_vec()),
            ]
        };
        let part = match &self.what {
            What::Text(text) => single(RENDER, text),
            What::Reaction(text) => single(REACTION, text),
            What::Retraction | What::Unknown => vec![RENDER.into(), "".into(), NULL_PART.into()],
        };
        let content = Value::Array(vec![
            Value::Bytes(self.salt.to_vec()),
            id(&self.replaces),
            Value::Bytes(Vec::new()),
            Value::Null,
            id(&self.in_reply_to),
            Value::Map(Vec::new()),
            Value::Array(part),
        ]);
        let mut bytes = Vec::with_capacity(128);
        let written = ciborium::into_writer(&content, &mut bytes);
        debug_assert!(written.is_ok(), "writing a CBOR value into memory cannot fail");
        bytes
    }

    /// Reads `mimiContent`.
    ///
    /// # Errors
    /// [`DecodeError`] if it is not what the draft's CDDL says or larger than a text may be.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        const MALFORMED: DecodeError = DecodeError::Malformed("MIMI content");
        let limit = TEXT_BYTES + 1024;
        if bytes.len() > limit {
            return Err(DecodeError::TooLarge { length: bytes.len(), limit });
        }
        let Value::Array(fields) = decode_bare(bytes)? else { return Err(MALFORMED) };
        let [salt, replaces, _topic, _expires, in_reply_to, _extensions, part] =
            <[Value; 7]>::try_from(fields).map_err(|_| MALFORMED)?;
        let id = |value: Value| match value {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => ContentId::from_slice(&bytes).map(Some).ok_or(MALFORMED),
            _ => Err(MALFORMED),
        };
        let Value::Bytes(salt) = salt else { return Err(MALFORMED) };
        let replaces = id(replaces)?;
        Ok(Self {
            salt: salt.try_into().map_err(|_| MALFORMED)?,
            replaces,
            in_reply_to: id(in_reply_to)?,
            what: read_part(part, replaces.is_some()).ok_or(MALFORMED)?,
        })
    }

    /// What the message id of the draft (section 3.3) is a hash of: 0x01 and the first 31 bytes of SHA-256 over this
    /// make the [`ContentId`]. Lines and conversations stand in for the draft's URIs.
    pub fn id_input(bytes: &[u8], salt: &[u8; 16], sender: &LineId, conversation: &ConversationId) -> Vec<u8> {
        let mut input = Vec::with_capacity(bytes.len() + 192);
        for uri in [
            format!("entrenous:line:{}", sender.to_text()),
            format!("entrenous:conversation:{}", conversation.to_text()),
        ] {
            input.extend_from_slice(uri.as_bytes());
        }
        input.extend_from_slice(bytes);
        input.extend_from_slice(salt);
        input
    }
}

/// Reads the draft's `NestedPart`; none if it does not have that form.
fn read_part(part: Value, replacing: bool) -> Option<What> {
    let Value::Array(fields) = part else { return None };
    let number = |value: &Value| value.as_integer().and_then(|i| u64::try_from(i).ok());
    let disposition = number(fields.first()?)?;
    fields.get(1)?.as_text()?;
    match (number(fields.get(2)?)?, fields.get(3..)?) {
        (NULL_PART, []) if replacing => Some(What::Retraction),
        (SINGLE_PART, [kind, body]) => {
            let (kind, body) = (kind.as_text()?, body.as_bytes()?);
            if kind != PLAIN && kind != MARKDOWN {
                return Some(What::Unknown);
            }
            let text = String::from_utf8(body.clone()).ok()?;
            match disposition {
                RENDER => Some(What::Text(text)),
                REACTION => Some(What::Reaction(text)),
                _ => Some(What::Unknown),
            }
        }
        _ => Some(What::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(what: What) -> Content {
        Content { salt: [9; 16], replaces: None, in_reply_to: None, what }
    }

    #[test]
    fn every_kind_reads_back() {
        let id = Some(ContentId::new([5; 32]));
        for content in [
            content(What::Text("Good evening.".into())),
            Content { in_reply_to: id, ..content(What::Reaction("👍".into())) },
            Content { replaces: id, ..content(What::Retraction) },
        ] {
            assert_eq!(Content::from_bytes(&content.to_bytes()), Ok(content));
        }
    }

    #[test]
    fn newer_content_is_unknown_and_garbage_is_refused() {
        let newer = Value::Array(vec![
            Value::Bytes(vec![0; 16]),
            Value::Null,
            Value::Bytes(vec![]),
            Value::Null,
            Value::Null,
            Value::Map(vec![]),
            Value::Array(vec![6.into(), "fr".into(), 3.into(), "image/webp".into()]),
        ]);
        let mut bytes = Vec::new();
        ciborium::into_writer(&newer, &mut bytes).unwrap();
        assert_eq!(Content::from_bytes(&bytes).map(|c| c.what), Ok(What::Unknown));
        for garbage in [&b""[..], b"\x00", b"\x87", &[0x9f; 500], &[0x80]] {
            assert!(Content::from_bytes(garbage).is_err());
        }
    }
}
