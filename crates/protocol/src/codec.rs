//! CBOR (RFC 8949) behind one version byte.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The version of every format in this crate. A reader refuses what it does not know.
pub const VERSION: u8 = 1;

/// Nesting deeper than any of our formats has; stops a stack from being eaten up.
const NESTING: usize = 24;

/// Bytes that are not what they should be; always the sender's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Nothing there, not even a version.
    #[error("these bytes are empty")]
    Empty,
    /// Of a version that this program does not know.
    #[error("this has format version {0}, and this program knows only version {VERSION}: update it")]
    Version(u8),
    /// Not the CBOR that was expected, or something after it.
    #[error("these bytes do not have the form of {0}")]
    Malformed(&'static str),
    /// Longer than the limit.
    #[error("this has {length} bytes, and at most {limit} are allowed")]
    TooLarge {
        /// Bytes that came.
        length: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
}

/// Writes a value as one version byte and CBOR.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.push(VERSION);
    // Writing into memory cannot fail, and none of our types has a map key or a float that CBOR cannot express.
    let written = ciborium::into_writer(value, &mut bytes);
    debug_assert!(written.is_ok(), "our own types can always be written");
    bytes
}

/// Reads what [`encode`] wrote, and nothing else: no more than `limit` bytes, no bytes after the value.
///
/// # Errors
/// [`DecodeError`], by what is wrong.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLarge { length: bytes.len(), limit });
    }
    match bytes.split_first() {
        None => Err(DecodeError::Empty),
        Some((&VERSION, rest)) => decode_bare(rest),
        Some((&version, _)) => Err(DecodeError::Version(version)),
    }
}

/// Reads bare CBOR without a version byte, as standard formats (MIMI content) have it.
///
/// # Errors
/// [`DecodeError::Malformed`].
pub(crate) fn decode_bare<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut rest = bytes;
    let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, NESTING)
        .map_err(|_| DecodeError::Malformed(short_name::<T>()))?;
    if rest.is_empty() { Ok(value) } else { Err(DecodeError::Malformed(short_name::<T>())) }
}

fn short_name<T>() -> &'static str {
    std::any::type_name::<T>().rsplit("::").next().unwrap_or("a value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_only_its_own_version_length_and_end() {
        let bytes = encode(&(1u8, "word"));
        assert_eq!(decode::<(u8, String)>(&bytes, 100), Ok((1, "word".into())));
        assert_eq!(decode::<(u8, String)>(&[], 100), Err(DecodeError::Empty));
        let mut newer = bytes.clone();
        newer[0] = 9;
        assert_eq!(decode::<(u8, String)>(&newer, 100), Err(DecodeError::Version(9)));
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(matches!(decode::<(u8, String)>(&longer, 100), Err(DecodeError::Malformed(_))));
        assert!(matches!(decode::<(u8, String)>(&bytes, 3), Err(DecodeError::TooLarge { length: 8, limit: 3 })));
    }
}
