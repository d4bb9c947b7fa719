//! What another switchboard sends, signed by a key that it is free to choose, and what it answers.
#![no_main]

use std::cell::RefCell;

use entrenous_fuzz::{NOW, Pair};
use libfuzzer_sys::fuzz_target;
use protocol::federation::{Fetch, FetchBlob, FetchReply, Parcel, ParcelReply, SignedBytes, SwitchboardInfo};
use protocol::{decode, limits};
use switchboard::core::Work;

thread_local! {
    static PAIR: RefCell<Pair> = RefCell::new(Pair::new());
}

fuzz_target!(|bytes: &[u8]| {
    let _ = decode::<SignedBytes>(bytes, limits::PARCEL_BYTES);
    let _ = decode::<SwitchboardInfo>(bytes, limits::PARCEL_BYTES);
    let _ = decode::<ParcelReply>(bytes, limits::PARCEL_BYTES);
    let _ = decode::<FetchReply>(bytes, limits::PARCEL_BYTES);
    let _ = decode::<FetchBlob>(bytes, limits::QUERY_BYTES);
    PAIR.with_borrow_mut(|pair| {
        if let Ok(parcel) = decode::<Parcel>(bytes, limits::PARCEL_BYTES) {
            pair.core.apply(NOW, vec![Work::Parcel(Box::new(parcel))]).expect("a stranger cannot break the store");
        }
        if let Ok(Fetch { from, lookup, reservation, .. }) = decode::<Fetch>(bytes, limits::QUERY_BYTES) {
            pair.core
                .apply(NOW, vec![Work::Fetch { from, lookup, reservation, id: 1 }])
                .expect("a stranger cannot break the store");
        }
    });
});
