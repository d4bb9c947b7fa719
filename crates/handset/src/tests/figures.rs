//! How long reading takes over a long history. Run it with
//! `cargo test -p handset figures -- --ignored --nocapture`.
#![allow(clippy::disallowed_methods, reason = "a measurement needs a clock")]

use std::time::Instant;

use database::DatabaseKey;

use super::history::{Row, contacts, content, empty};
use crate::{Handset, Place};

const CONTACTS: u8 = 200;
const TEXTS: u64 = 100_000;
/// Texts of the longest conversation.
const LONGEST: u64 = 20_000;

const WORDS: [&str; 24] = [
    "the",
    "grain",
    "corridor",
    "opens",
    "on",
    "Monday",
    "after",
    "talks",
    "with",
    "delegation",
    "from",
    "capital",
    "we",
    "should",
    "speak",
    "about",
    "tariffs",
    "before",
    "summit",
    "and",
    "agree",
    "upon",
    "minutes",
    "quietly",
];

/// A sentence that differs from others, and has one word that all have.
fn sentence(number: u64) -> String {
    let words: Vec<_> =
        (0..9).map(|at| WORDS[(number.wrapping_mul(2_654_435_761 + at * 97) >> 7) as usize % 24]).collect();
    format!("Please {} w{}.", words.join(" "), number / 3)
}

fn fill(handset: &Handset) {
    let db = handset.database();
    db.execute_batch("BEGIN").unwrap();
    contacts(db, CONTACTS);
    for number in 1..=TEXTS {
        let contact = if number <= LONGEST * 5 && number % 5 == 0 {
            1
        } else {
            2 + (number % u64::from(CONTACTS - 1)).cast_signed()
        };
        Row::text(number, contact, &sentence(number)).write(db);
    }
    db.execute_batch("COMMIT").unwrap();
}

/// The middle of some measurements.
fn time<T>(what: &str, mut step: impl FnMut() -> T) -> u128 {
    let mut times: Vec<_> = (0..15)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(step());
            begun.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    println!("{what}: {} us (the first and slowest {})", times[7], times[14]);
    times[7]
}

#[test]
#[ignore = "takes a while"]
fn figures_of_reading() {
    let dir = tempfile::tempdir().unwrap();
    let key = DatabaseKey::new([3; 32]);
    let path = dir.path().join("handset");
    let handset = empty(database::open_encrypted(&path, &key).unwrap());
    let begun = Instant::now();
    fill(&handset);
    println!("{TEXTS} texts written in {} ms", begun.elapsed().as_millis());
    let handset = empty({
        drop(handset.close());
        database::open_encrypted(&path, &key).unwrap()
    });
    let size = |table: &str| -> u64 {
        let sql = format!("SELECT coalesce(sum(length(block)), 0) FROM {table}_data");
        handset.database().query_row(&sql, (), |row| row.get(0)).unwrap()
    };
    println!(
        "database {} KiB, of it the index {} KiB",
        path.metadata().unwrap().len() / 1024,
        size("message_text") / 1024
    );
    // What SQLite's own index for scripts without spaces would take instead.
    handset
        .database()
        .execute_batch(
            "CREATE VIRTUAL TABLE threes USING fts5 (text, content = '', tokenize = 'trigram remove_diacritics 1');
             INSERT INTO threes (rowid, text) SELECT row, text FROM message;",
        )
        .unwrap();
    println!("an index of threes: {} KiB", size("threes") / 1024);
    assert!(time("conversations", || handset.conversations().unwrap()) < 100_000);
    assert!(time("page newest", || handset.page(1, Place::Newest, 50).unwrap()) < 20_000);
    let middle = content(TEXTS / 2);
    assert!(time("page before", || handset.page(1, Place::Before(middle), 50).unwrap()) < 20_000);
    assert!(time("page around", || handset.page(1, Place::Around(middle), 50).unwrap()) < 20_000);
    assert!(time("page first unseen", || handset.page(1, Place::FirstUnseen, 50).unwrap()) < 20_000);
    time("whole conversation", || handset.conversation("Person 1", None).unwrap());
    for (what, words, within) in [
        ("rare", "w31", None),
        ("rare, whole", "w31000", None),
        ("none", "zebra", None),
        ("in every text", "please", None),
        ("in every text, with one person", "please", Some(7)),
        ("two common", "please corridor", None),
        ("one letter", "p", None),
        ("beginning of many", "w3", None),
        ("beginning of many, with one person", "w3", Some(7)),
    ] {
        let micros = time(&format!("search {what}"), || handset.search(words, within, None, 50).unwrap());
        assert!(micros < 200_000);
    }
}
