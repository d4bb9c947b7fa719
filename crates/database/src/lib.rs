#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
//! One SQLite database, encrypted for handsets and plain for switchboards, in one file format
//! natively and in the browser.
//!
//! SQLite3 Multiple Ciphers encrypts every page of the database and of its write-ahead log
//! (ChaCha20-Poly1305 under a random 32-byte key). Every way to open one here sets what the rest of
//! the project relies on: a commit is on the disk when it returns (`synchronous=FULL`), references
//! hold (`foreign_keys`), deleted content is overwritten (`secure_delete`), and nothing temporary is
//! written outside the encryption (`temp_store=memory`).

#[cfg(unix)]
mod copy;
mod error;
mod key;
mod migrate;
#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod opfs;
mod pages;
mod settings;

#[cfg(unix)]
pub use copy::{copy_encrypted, copy_plain, is_sound};
pub use error::{Error, Failure, failure_of};
pub use key::DatabaseKey;
pub use migrate::migrate;
#[cfg(not(target_family = "wasm"))]
pub use native::{open_encrypted, open_plain};
#[cfg(target_family = "wasm")]
pub use opfs::{OpfsImport, OpfsPool, export_opfs, open_opfs, remove_opfs};
pub use pages::{erase_deleted, pages_contain};
pub use rusqlite;
pub use settings::open_memory;
