//! The real binary: two offices' switchboards on loopback, and principals in the terminal.

mod backups;
mod cards;
mod demo;
mod files;
mod profiles;
mod support;
mod texts;
mod tls;
