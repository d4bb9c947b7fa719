//! The real binary: two offices' switchboards on loopback, and principals in the terminal.

mod backups;
mod cards;
mod demo;
mod files;
mod manners;
mod office;
#[path = "../../../switchboard/tests/pebble/mod.rs"]
mod pebble;
mod profiles;
mod restores;
mod resume;
mod revoked;
mod serve;
mod support;
mod texts;
mod tls;
