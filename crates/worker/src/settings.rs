//! What this worker remembers in the encrypted database, under the engine's settings, which are text.

use data_encoding::BASE64;
use handset::Handset;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::now;
use crate::failure::Result;

/// More than a setting ever has, in bytes.
const LONGEST: usize = 8192;

/// What is remembered under a name; none if nothing is, or nothing that can be read.
pub(crate) fn get<T: DeserializeOwned>(handset: &Handset, name: &str) -> Result<Option<T>> {
    let Some(text) = handset.setting(name)? else { return Ok(None) };
    let bytes = BASE64.decode(text.as_bytes()).ok();
    Ok(bytes.and_then(|bytes| protocol::decode(&bytes, LONGEST).ok()))
}

/// Remembers something.
pub(crate) fn set<T: Serialize>(handset: &mut Handset, name: &str, value: &T) -> Result<()> {
    let text = BASE64.encode(&protocol::encode(value));
    Ok(handset.set_setting(now(), name, Some(&text))?)
}

/// Remembers it no more.
pub(crate) fn forget(handset: &mut Handset, name: &str) -> Result<()> {
    Ok(handset.set_setting(now(), name, None)?)
}
