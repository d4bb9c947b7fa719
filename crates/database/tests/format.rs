//! The file format is kept: databases that were written natively and in the browser go on opening, here and (in
//! `web-tests`) there.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;

use database::{DatabaseKey, Error, migrate, open_encrypted};

/// Written by `examples/write_format.rs`.
const NATIVE: &[u8] = include_bytes!("format/native.db");
/// Written by SQLite on the origin-private file system: the pool's file without the 4096 bytes that the pool puts first.
const BROWSER: &[u8] = include_bytes!("format/browser.db");

#[path = "format/fixture.rs"]
mod fixture;

use fixture::{APPLICATION, KEY, STEPS};

#[test]
fn databases_from_both_sides_open_and_can_be_written() {
    for (bytes, expected) in [(NATIVE, "written natively"), (BROWSER, "written in the browser")] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kept.db");
        fs::write(&path, bytes).unwrap();
        let mut connection = open_encrypted(&path, &DatabaseKey::new(KEY)).unwrap();
        migrate(&mut connection, APPLICATION, STEPS).unwrap();
        connection.execute("INSERT INTO kept(words) VALUES ('and here')", ()).unwrap();
        let words: Vec<String> = connection
            .prepare("SELECT words FROM kept ORDER BY id")
            .unwrap()
            .query_map((), |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(words, [expected, "and here"]);
        drop(connection);
        let error = open_encrypted(&path, &DatabaseKey::new([0; 32])).unwrap_err();
        assert!(matches!(error, Error::WrongKey), "{error:?}");
    }
}
