//! Copies of a database that is in use.
#![cfg(unix)]

use database::{DatabaseKey, Error, copy_encrypted, copy_plain, is_sound, open_encrypted, open_plain};

const WORDS: &str = "a sealed letter for the archive";

#[test]
fn a_copy_is_one_moment_sealed_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    // A path that a URI would misread.
    let folder = folder.path().join("a?b=c#d%41 é");
    std::fs::create_dir(&folder).unwrap();
    let source = open_plain(&folder.join("source.db")).unwrap();
    source
        .execute_batch("PRAGMA user_version=3; PRAGMA application_id=77; CREATE TABLE t (words TEXT) STRICT")
        .unwrap();
    source.execute("INSERT INTO t VALUES (?1)", [WORDS]).unwrap();
    // Somebody else is in the middle of a change.
    let writer = open_plain(&folder.join("source.db")).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES ('not yet')").unwrap();

    let (key, sealed, plain) = (DatabaseKey::new([7; 32]), folder.join("sealed.db"), folder.join("plain.db"));
    copy_encrypted(&source, &sealed, &key).unwrap();
    writer.execute_batch("COMMIT").unwrap();
    let bytes = std::fs::read(&sealed).unwrap();
    assert!(!contains(&bytes, WORDS.as_bytes()) && !contains(&bytes, b"SQLite format"));
    assert!(matches!(open_encrypted(&sealed, &DatabaseKey::new([8; 32])), Err(Error::WrongKey)));

    let copy = open_encrypted(&sealed, &key).unwrap();
    assert!(is_sound(&copy).unwrap());
    copy_plain(&copy, &plain).unwrap();
    assert!(contains(&std::fs::read(&plain).unwrap(), WORDS.as_bytes()));
    let plain = open_plain(&plain).unwrap();
    let words: Vec<String> = plain
        .prepare("SELECT words FROM t")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(words, [WORDS]);
    let number = |name: &str| plain.query_row(&format!("PRAGMA {name}"), (), |row| row.get::<_, i32>(0)).unwrap();
    assert_eq!((number("user_version"), number("application_id")), (3, 77));
}

#[test]
fn what_is_there_already_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let source = open_plain(&folder.path().join("source.db")).unwrap();
    let other = folder.path().join("other");
    std::fs::write(&other, "a letter").unwrap();
    assert!(copy_plain(&source, &other).is_err());
    assert_eq!(std::fs::read(&other).unwrap(), b"a letter");
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
