//! The phone app's page: what a principal sees and touches. Everything that it shows it asks of the worker that has the
//! handset ([`talk`]); it keeps nothing itself.
//!
//! Built with Leptos in builder syntax, since its macro writes HTML through `innerHTML`, which Trusted Types refuse.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
// Whatever draws is reached through `start`, which only a browser has.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

mod route;
mod words;

#[cfg(target_family = "wasm")]
mod handset;
#[cfg(target_family = "wasm")]
mod moment;
#[cfg(target_family = "wasm")]
mod page;
#[cfg(target_family = "wasm")]
mod passkey;
#[cfg(target_family = "wasm")]
mod screens;
#[cfg(target_family = "wasm")]
mod state;
#[cfg(target_family = "wasm")]
mod ui;

#[cfg(target_family = "wasm")]
pub use page::start;
