//! What a contact's handset says inside the encryption.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::content::{Content, What};
use protocol::inside::Inside;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(content) = Content::from_bytes(bytes)
        && content.what != What::Unknown
    {
        assert_eq!(Content::from_bytes(&content.to_bytes()), Ok(content), "content reads back");
    }
    if let Ok(inside) = Inside::from_padded(bytes) {
        assert_eq!(Inside::from_padded(&inside.to_padded()), Ok(inside), "a message reads back");
    }
});
