#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
//! The dedicated worker of the phone app: the engine over its encrypted storage, and everything that touches the outside:
//! the connection to the switchboard, timers, files, and the other tabs.
//!
//! The page asks and is told in the types of `talk`, as arrays `[bytes, beside]` by `postMessage`. One tab's worker leads:
//! it holds the Web Lock and has the handset. The others pass on what their pages ask. Nothing is readable on the disk, and
//! keys and plaintext are in no memory but the leading worker's, as long as the handset is open, and in its pages'.

pub mod coalesce;
pub mod code;
pub mod copies;
pub mod key_file;
pub mod patience;
pub mod zip;

#[cfg(target_family = "wasm")]
mod answers;
#[cfg(target_family = "wasm")]
pub mod backup;
#[cfg(target_family = "wasm")]
mod clock;
#[cfg(target_family = "wasm")]
pub mod disk;
#[cfg(target_family = "wasm")]
mod driver;
#[cfg(target_family = "wasm")]
pub mod failure;
#[cfg(target_family = "wasm")]
pub mod files;
#[cfg(target_family = "wasm")]
mod open;
#[cfg(target_family = "wasm")]
mod qr;
#[cfg(target_family = "wasm")]
mod random;
#[cfg(target_family = "wasm")]
mod settings;
#[cfg(target_family = "wasm")]
mod socket;
#[cfg(target_family = "wasm")]
pub mod store;
#[cfg(target_family = "wasm")]
mod tabs;
#[cfg(target_family = "wasm")]
pub mod takes;
#[cfg(target_family = "wasm")]
mod transfers;
#[cfg(target_family = "wasm")]
mod views;
#[cfg(target_family = "wasm")]
mod worker;

/// Whatever is freed is wiped: the memory of a module is never given back, and when the handset is locked no page of its
/// database, no key and no text may be left in it. SQLite allocates here too.
#[cfg(target_family = "wasm")]
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

/// Begins: called once, when the module is there.
#[cfg(target_family = "wasm")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn start() {
    worker::start();
}
