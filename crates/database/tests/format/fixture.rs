//! What the databases that are kept here were written with.

pub(crate) const KEY: [u8; 32] = *b"this key is no secret: a fixture";
pub(crate) const APPLICATION: u32 = 0xE27E_0003;
pub(crate) const STEPS: &[&str] = &["CREATE TABLE kept(id INTEGER PRIMARY KEY, words TEXT NOT NULL)"];
