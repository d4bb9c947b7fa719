//! MIMI content (draft-ietf-mimi-content-08): what a person says, as CBOR arrays, the same bytes however often they are
//! encrypted again.
//!
//! We write and read texts, replies, reactions, retractions, words about expiry, and files that go with a text; a part
//! that we do not know reads as [`What::Unknown`],
//! never as an error, since a newer handset may say more.

use ciborium::Value;

use crate::codec::{DecodeError, decode_bare};
use crate::expiry::{EXPIRY_TYPE, Expires, ExpiryWord};
use crate::file_part::{EXTERNAL_PART, VOICE, add_voices, voices};
use crate::limits::{CONTENT_BYTES, FILES};
use crate::{ContentId, ConversationId, LineId};

pub use crate::file_part::{FilePart, Voice};

/// One content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// 16 random bytes, so that equal words have different ids.
    pub salt: [u8; 16],
    /// The content that this replaces.
    pub replaces: Option<ContentId>,
    /// The content that this answers.
    pub in_reply_to: Option<ContentId>,
    /// When it is over, if it ever is.
    pub expires: Option<Expires>,
    /// What is said.
    pub what: What,
    /// Files that go with a text, which may be empty then.
    pub files: Vec<FilePart>,
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
    /// About how long texts stay; all but a proposal answer one, in `in_reply_to`.
    Expiry(ExpiryWord),
    /// Something newer than this program.
    Unknown,
}

// Dispositions and cardinalities of the draft's CDDL.
const RENDER: u64 = 1;
const REACTION: u64 = 2;
const NULL_PART: u64 = 0;
const SINGLE_PART: u64 = 1;
const MULTI_PART: u64 = 3;
const PROCESS_ALL: u64 = 2;
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
            What::Expiry(word) => {
                vec![RENDER.into(), "".into(), SINGLE_PART.into(), EXPIRY_TYPE.into(), Value::Bytes(word.to_bytes())]
            }
            What::Retraction | What::Unknown => vec![RENDER.into(), "".into(), NULL_PART.into()],
        };
        let part = self.with_files(part);
        let voices = voices(&self.files).map(|value| (VOICE.into(), value));
        let content = Value::Array(vec![
            Value::Bytes(self.salt.to_vec()),
            id(&self.replaces),
            Value::Bytes(Vec::new()),
            self.expires.map_or(Value::Null, Expires::to_value),
            id(&self.in_reply_to),
            Value::Map(voices.into_iter().collect()),
            Value::Array(part),
        ]);
        let mut bytes = Vec::with_capacity(128);
        let written = ciborium::into_writer(&content, &mut bytes);
        debug_assert!(written.is_ok(), "writing a CBOR value into memory cannot fail");
        bytes
    }

    /// The part with the files beside it; a file alone where there are no words.
    fn with_files(&self, part: Vec<Value>) -> Vec<Value> {
        let is_wordless = matches!(&self.what, What::Text(text) if text.is_empty());
        let mut parts: Vec<Value> = self.files.iter().map(FilePart::to_value).collect();
        if !is_wordless {
            parts.insert(0, Value::Array(part.clone()));
        }
        match parts.as_slice() {
            _ if self.files.is_empty() => part,
            [Value::Array(alone)] => alone.clone(),
            _ => vec![RENDER.into(), "".into(), MULTI_PART.into(), PROCESS_ALL.into(), Value::Array(parts)],
        }
    }

    /// Reads `mimiContent`.
    ///
    /// # Errors
    /// [`DecodeError`] if it is not what the draft's CDDL says or larger than a text may be.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        const MALFORMED: DecodeError = DecodeError::Malformed("MIMI content");
        let limit = CONTENT_BYTES;
        if bytes.len() > limit {
            return Err(DecodeError::TooLarge { length: bytes.len(), limit });
        }
        let Value::Array(fields) = decode_bare(bytes)? else { return Err(MALFORMED) };
        let [salt, replaces, _topic, expires, in_reply_to, extensions, part] =
            <[Value; 7]>::try_from(fields).map_err(|_| MALFORMED)?;
        let id = |value: Value| match value {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => ContentId::from_slice(&bytes).map(Some).ok_or(MALFORMED),
            _ => Err(MALFORMED),
        };
        let Value::Bytes(salt) = salt else { return Err(MALFORMED) };
        let replaces = id(replaces)?;
        let (what, mut files) = read_part(&part, replaces.is_some()).ok_or(MALFORMED)?;
        for (name, value) in extensions.as_map().into_iter().flatten() {
            if name.as_text() == Some(VOICE) {
                add_voices(&mut files, value);
            }
        }
        let expires = match expires {
            Value::Null => None,
            expires => Some(Expires::read(&expires).ok_or(MALFORMED)?),
        };
        let salt = salt.try_into().map_err(|_| MALFORMED)?;
        Ok(Self { salt, replaces, in_reply_to: id(in_reply_to)?, expires, what, files })
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

/// Reads the draft's `NestedPart`: a text, a file, or a text with its files; none if it does not have that form.
fn read_part(part: &Value, replacing: bool) -> Option<(What, Vec<FilePart>)> {
    let fields = part.as_array()?;
    let (mut what, mut files) = (None, Vec::new());
    let is_multi = number(fields.get(2)?)? == MULTI_PART;
    let parts = fields.get(4).and_then(Value::as_array).filter(|_| is_multi);
    let parts = parts.map_or_else(|| std::slice::from_ref(part), Vec::as_slice);
    for part in parts {
        match read_single(part, replacing)? {
            Single::File(file) => files.push(file),
            Single::What(said) if what.is_none() && files.is_empty() => what = Some(said),
            Single::What(_) => what = Some(What::Unknown),
        }
    }
    if files.len() > FILES {
        return None;
    }
    let what = what.unwrap_or_else(|| if files.is_empty() { What::Unknown } else { What::Text(String::new()) });
    // Files go with a text: with anything else, somebody means something that we do not know.
    let is_known = files.is_empty() || matches!(what, What::Text(_));
    Some(if is_known { (what, files) } else { (What::Unknown, Vec::new()) })
}

enum Single {
    What(What),
    File(FilePart),
}

/// Reads a `NestedPart` that holds no other.
fn read_single(part: &Value, replacing: bool) -> Option<Single> {
    let fields = part.as_array()?;
    let disposition = number(fields.first()?)?;
    fields.get(1)?.as_text()?;
    let what = match (number(fields.get(2)?)?, fields.get(3..)?) {
        (NULL_PART, []) if replacing => What::Retraction,
        (SINGLE_PART, [kind, body]) => {
            let (kind, body) = (kind.as_text()?, body.as_bytes()?);
            if kind == EXPIRY_TYPE {
                return Some(Single::What(ExpiryWord::read(body).map_or(What::Unknown, What::Expiry)));
            }
            if kind != PLAIN && kind != MARKDOWN {
                return Some(Single::What(What::Unknown));
            }
            let text = String::from_utf8(body.clone()).ok()?;
            match disposition {
                RENDER => What::Text(text),
                REACTION => What::Reaction(text),
                _ => What::Unknown,
            }
        }
        (EXTERNAL_PART, fields) => match FilePart::from_fields(fields) {
            Some(file) => return Some(Single::File(file)),
            None => What::Unknown,
        },
        _ => What::Unknown,
    };
    Some(Single::What(what))
}

fn number(value: &Value) -> Option<u64> {
    value.as_integer().and_then(|integer| u64::try_from(integer).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlobId, FileKey};

    fn content(what: What) -> Content {
        Content { salt: [9; 16], replaces: None, in_reply_to: None, expires: None, what, files: Vec::new() }
    }

    fn file(number: u8) -> FilePart {
        FilePart {
            name: format!("draft {number}.pdf"),
            media_type: "application/pdf".into(),
            size: 1 << 20,
            at: "line.example.org".parse().unwrap(),
            blob: BlobId::new([number; 32]),
            key: FileKey::new([7; 32]),
            voice: None,
        }
    }

    #[test]
    fn files_read_back_with_and_without_words_up_to_their_number() {
        let voice = Some(Voice { duration: 12_345, waveform: vec![0, 128, 255] });
        for (text, count) in [("", 1), ("See page 3.", 1), ("", 2), ("All of them.", FILES)] {
            let mut files: Vec<FilePart> = (0..count).map(|n| file(u8::try_from(n).unwrap())).collect();
            files[count - 1].voice = voice.clone();
            let content = Content { files, ..content(What::Text(text.into())) };
            assert_eq!(Content::from_bytes(&content.to_bytes()), Ok(content));
        }
        let files = (0..=FILES).map(|n| file(u8::try_from(n).unwrap())).collect();
        assert!(Content::from_bytes(&Content { files, ..content(What::Text("x".into())) }.to_bytes()).is_err());
    }

    #[test]
    fn the_longest_text_with_the_most_files_fits() {
        let name = "n".repeat(crate::limits::FILE_NAME_BYTES);
        let voice = Some(Voice { duration: 1, waveform: vec![1; crate::limits::WAVEFORM_POINTS] });
        let files = vec![FilePart { name, voice, ..file(1) }; FILES];
        let long = Content { files, ..content(What::Text("x".repeat(crate::limits::TEXT_BYTES))) };
        assert_eq!(Content::from_bytes(&long.to_bytes()), Ok(long));
    }

    #[test]
    fn files_that_are_too_much_or_sealed_otherwise_are_unknown() {
        let big = FilePart { size: crate::limits::FILE_BYTES + 1, ..file(1) };
        let content = Content { files: vec![big], ..content(What::Text("Here.".into())) };
        let read = Content::from_bytes(&content.to_bytes()).unwrap();
        assert_eq!((read.what, read.files), (What::Unknown, Vec::new()));
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
