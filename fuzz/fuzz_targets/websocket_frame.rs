//! A frame from a handset to its switchboard, before and after it is let in; and one the other way.
#![no_main]

use std::cell::RefCell;

use entrenous_fuzz::{NOW, Pair};
use libfuzzer_sys::fuzz_target;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use switchboard::core::connection::Connection;

thread_local! {
    static PAIR: RefCell<Pair> = RefCell::new(Pair::new());
}

fuzz_target!(|bytes: &[u8]| {
    PAIR.with_borrow_mut(|pair| {
        let mut stranger = Connection::new(pair.core.office().clone(), NOW, &mut ChaCha20Rng::seed_from_u64(1));
        stranger.receive(bytes);
        assert!(!stranger.is_open(), "nobody is let in by chance");
        if pair.connection.is_closed() {
            *pair = Pair::new();
        }
        pair.connection.receive(bytes);
        let _ = pair.handset.receive(NOW, bytes);
        pair.settle();
    });
});
