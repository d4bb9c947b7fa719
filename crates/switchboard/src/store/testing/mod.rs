//! What every store has to pass, and a store that fails on purpose. For tests, of this crate and of others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed check is a panic")]

mod conformance;
mod faulty;

pub use conformance::conformance;
pub use faulty::{Fault, Faulty};
