//! What is sealed in an intake, by somebody who knows its token and means harm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::intake::{Bundle, Introduction, Slot};
use protocol::{Token, decode, limits};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use seal::IntakeKeys;

fuzz_target!(|bytes: &[u8]| {
    let keys = IntakeKeys::of(&Token::new([7; 16]));
    let sealed = keys.seal_bundle(bytes, &mut ChaCha20Rng::seed_from_u64(1));
    assert_eq!(keys.open_bundle(&sealed).as_deref(), Ok(bytes), "what was sealed opens");
    assert!(keys.open_slot(&sealed).is_err(), "a bundle is no slot");
    let _ = keys.open_bundle(bytes);
    if let Ok(bundle) = decode::<Bundle>(bytes, limits::SLOT_BYTES) {
        let _ = seal::verify_handset_list(&bundle.handsets, &bundle.identity);
    }
    if let Ok(slot) = decode::<Slot>(bytes, limits::SLOT_BYTES) {
        let _ = seal::mls::leaf_key_of(&slot.key_package);
    }
    if let Ok(introduction) = decode::<Introduction>(bytes, limits::ENVELOPE_BYTES) {
        let _ = seal::verify_handset_list(&introduction.handsets, &introduction.identity);
    }
});
