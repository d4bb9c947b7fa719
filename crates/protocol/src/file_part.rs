//! What a content says about a file that goes with it: the `ExternalPart` of MIMI content.

use ciborium::Value;

use crate::limits::{FILE_BYTES, FILE_NAME_BYTES, WAVEFORM_POINTS};
use crate::{BlobId, FileKey, SwitchboardAddress};

/// A file that is sealed and lies on its sender's switchboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// Its name as the sender calls it: for showing, never for a path as it is.
    pub name: String,
    /// Its media type (RFC 6838).
    pub media_type: String,
    /// Its length, unsealed and without padding, in bytes.
    pub size: u64,
    /// The switchboard that has it.
    pub at: SwitchboardAddress,
    /// Which blob it is there.
    pub blob: BlobId,
    /// What it is sealed under.
    pub key: FileKey,
    /// What is known of a voice note before it is fetched.
    pub voice: Option<Voice>,
}

/// A voice note, to be seen before it is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Milliseconds.
    pub duration: u32,
    /// Loudness over its time in equal steps, each the largest amplitude of the step, 255 for full scale.
    pub waveform: Vec<u8>,
}

/// The draft's disposition of a file.
const ATTACHMENT: u64 = 6;
/// The draft's cardinality of a part that lies elsewhere.
pub(crate) const EXTERNAL_PART: u64 = 2;
/// Our sealing (`seal::FileSeal`): of the AEAD registry's range for private use, which has no number for STREAM.
const SEALING: u64 = 0xf501;
/// The scheme of a file's place.
const SCHEME: &str = "entrenous://";
/// The content's extension with its voice notes: an array of `[file, milliseconds, waveform]`.
pub(crate) const VOICE: &str = "entrenous.voice";
/// Longer than any media type that is registered.
const MEDIA_TYPE_BYTES: usize = 127;

impl FilePart {
    /// The draft's `NestedPart`.
    pub(crate) fn to_value(&self) -> Value {
        let nothing = || Value::Bytes(Vec::new());
        Value::Array(vec![
            ATTACHMENT.into(),
            "".into(),
            EXTERNAL_PART.into(),
            self.media_type.as_str().into(),
            format!("{SCHEME}{}/{}", self.at, self.blob.to_text()).into(),
            0.into(),
            self.size.into(),
            SEALING.into(),
            Value::Bytes(self.key.as_bytes().to_vec()),
            nothing(),
            nothing(),
            0.into(),
            nothing(),
            "".into(),
            self.name.as_str().into(),
        ])
    }

    /// Reads the fields of a `NestedPart` after its cardinality; none if it is malformed, or sealed in another way.
    pub(crate) fn from_fields(fields: &[Value]) -> Option<Self> {
        let [media_type, url, _expires, size, sealing, key, _nonce, _aad, _hash, _content_hash, _description, name] =
            fields
        else {
            return None;
        };
        if number(sealing)? != SEALING {
            return None;
        }
        let (at, blob) = url.as_text()?.strip_prefix(SCHEME)?.split_once('/')?;
        let (name, media_type, size) = (name.as_text()?, media_type.as_text()?, number(size)?);
        let fits = name.len() <= FILE_NAME_BYTES && media_type.len() <= MEDIA_TYPE_BYTES && size <= FILE_BYTES;
        fits.then_some(Self {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size,
            at: at.parse().ok()?,
            blob: blob.parse().ok()?,
            key: FileKey::from_slice(key.as_bytes()?)?,
            voice: None,
        })
    }
}

/// The extension's value for the files' voice notes; none if there are none.
pub(crate) fn voices(files: &[FilePart]) -> Option<Value> {
    let voice = |(index, file): (usize, &FilePart)| {
        let voice = file.voice.as_ref()?;
        let waveform = Value::Bytes(voice.waveform.clone());
        Some(Value::Array(vec![(index as u64).into(), voice.duration.into(), waveform]))
    };
    let all: Vec<Value> = files.iter().enumerate().filter_map(voice).collect();
    (!all.is_empty()).then_some(Value::Array(all))
}

/// Gives files the voice notes of an extension; what does not fit is left out.
pub(crate) fn add_voices(files: &mut [FilePart], value: &Value) {
    for entry in value.as_array().into_iter().flatten() {
        let Some([index, duration, waveform]) = entry.as_array().map(Vec::as_slice) else { continue };
        let file = number(index).and_then(|index| files.get_mut(usize::try_from(index).ok()?));
        let duration = number(duration).and_then(|duration| u32::try_from(duration).ok());
        let waveform = waveform.as_bytes().filter(|waveform| waveform.len() <= WAVEFORM_POINTS);
        if let (Some(file), Some(duration), Some(waveform)) = (file, duration, waveform) {
            file.voice = Some(Voice { duration, waveform: waveform.clone() });
        }
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_integer().and_then(|integer| u64::try_from(integer).ok())
}
