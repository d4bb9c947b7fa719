//! What the files on the disk hold, as somebody who has only the files would see it.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use database::rusqlite::{Connection, params};
use database::{
    DatabaseKey, Error, Failure, erase_deleted, failure_of, migrate, open_encrypted, open_memory, open_plain,
    pages_contain,
};

const APPLICATION: u32 = 0xE27E_0001;
const PLANTED: &str = "the-envoy-arrives-on-tuesday";
const STEPS: &[&str] = &[
    "CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT NOT NULL);",
    "CREATE VIRTUAL TABLE note_words USING fts5(body, content='');
     CREATE INDEX note_by_body ON note(body);",
];

fn key(byte: u8) -> DatabaseKey {
    DatabaseKey::new([byte; 32])
}

fn plant(connection: &mut Connection) {
    migrate(connection, APPLICATION, STEPS).unwrap();
    connection.execute("INSERT INTO note(body) VALUES (?1)", [PLANTED]).unwrap();
    connection.execute("INSERT INTO note_words(rowid, body) VALUES (1, ?1)", [PLANTED]).unwrap();
}

/// The files beside `path`, itself included, that hold `needle`.
fn files_holding(path: &Path, needle: &str) -> Vec<PathBuf> {
    let mut holding: Vec<PathBuf> = fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| {
            let bytes = fs::read(file).unwrap();
            bytes.windows(needle.len()).any(|part| part == needle.as_bytes())
        })
        .collect();
    holding.sort();
    holding
}

fn companion(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

#[test]
fn the_scan_finds_a_planted_text_in_a_plain_database_and_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plain.db");
    let mut connection = open_plain(&path).unwrap();
    plant(&mut connection);
    assert_eq!(files_holding(&path, PLANTED), [companion(&path, "-wal")]);
    drop(connection);
    assert_eq!(files_holding(&path, PLANTED), [path]);
}

#[test]
fn no_file_of_an_encrypted_database_holds_plaintext() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("handset.db");
    let mut connection = open_encrypted(&path, &key(1)).unwrap();
    plant(&mut connection);

    let log = fs::read(companion(&path, "-wal")).unwrap();
    assert!(log.len() > 4096, "the log holds the pages just written");
    for words in [PLANTED, "envoy", "CREATE TABLE", "note_words"] {
        assert_eq!(files_holding(&path, words), Vec::<PathBuf>::new(), "{words}");
    }
    drop(connection);
    assert!(fs::metadata(&path).unwrap().len() > 4096);
    for words in [PLANTED, "envoy", "CREATE TABLE", "note_words", "SQLite format 3"] {
        assert_eq!(files_holding(&path, words), Vec::<PathBuf>::new(), "{words}");
    }

    let connection = open_encrypted(&path, &key(1)).unwrap();
    let body: String = connection.query_row("SELECT body FROM note", (), |row| row.get(0)).unwrap();
    assert_eq!(body, PLANTED);
}

#[test]
fn another_key_is_refused_and_harms_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("handset.db");
    plant(&mut open_encrypted(&path, &key(1)).unwrap());
    let before = fs::read(&path).unwrap();

    let error = open_encrypted(&path, &key(2)).unwrap_err();
    assert!(matches!(error, Error::WrongKey), "{error:?}");
    assert_eq!(error.code(), "database-wrong-key");
    assert!(error.to_string().contains("check the passphrase"));
    let error = open_plain(&path).unwrap_err();
    assert_eq!(error.code(), "database-damaged", "{error}");

    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(open_encrypted(&path, &key(1)).is_ok());
}

#[test]
fn a_plain_database_is_not_taken_for_an_encrypted_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plain.db");
    plant(&mut open_plain(&path).unwrap());
    let error = open_encrypted(&path, &key(1)).unwrap_err();
    assert_eq!(error.code(), "database-wrong-key", "{error}");
}

#[test]
fn one_changed_byte_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("handset.db");
    plant(&mut open_encrypted(&path, &key(1)).unwrap());
    let mut bytes = fs::read(&path).unwrap();
    // In the last page, which opening does not read.
    let at = bytes.len() - 2000;
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();

    let connection = open_encrypted(&path, &key(1)).unwrap();
    let error =
        connection.query_row("SELECT count(*) FROM sqlite_dbpage WHERE data > x''", (), |_| Ok(())).unwrap_err();
    assert_eq!(failure_of(&error), Failure::Damaged, "{error}");
}

#[test]
fn every_way_to_open_sets_what_the_project_relies_on() {
    let directory = tempfile::tempdir().unwrap();
    let plain = open_plain(&directory.path().join("plain.db")).unwrap();
    let sealed = open_encrypted(&directory.path().join("handset.db"), &key(1)).unwrap();
    for (connection, journal) in [(&plain, "wal"), (&sealed, "wal"), (&open_memory().unwrap(), "memory")] {
        let number =
            |pragma: &str| -> i64 { connection.query_row(&format!("PRAGMA {pragma}"), (), |row| row.get(0)).unwrap() };
        assert_eq!(number("synchronous"), 2);
        assert_eq!(number("foreign_keys"), 1);
        assert_eq!(number("secure_delete"), 1);
        assert_eq!(number("temp_store"), 2);
        assert_eq!(number("busy_timeout"), 5_000);
        let mode: String = connection.query_row("PRAGMA journal_mode", (), |row| row.get(0)).unwrap();
        assert_eq!(mode, journal);
        let json: i64 =
            connection.query_row("SELECT json_extract('{\"a\":[1,7]}', '$.a[1]')", (), |row| row.get(0)).unwrap();
        assert_eq!(json, 7);
    }
    let cipher: String = sealed.query_row("PRAGMA cipher", (), |row| row.get(0)).unwrap();
    assert_eq!(cipher, "chacha20");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("handset.db");
    let mut connection = open_encrypted(&path, &key(1)).unwrap();
    plant(&mut connection);
    for file in [path.clone(), companion(&path, "-wal"), companion(&path, "-shm")] {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

#[test]
fn what_is_committed_survives_without_closing_the_connection() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("handset.db");
    let mut connection = open_encrypted(&path, &key(1)).unwrap();
    plant(&mut connection);
    // As a killed process leaves it: the newest pages in the log alone, the lock gone.
    let copy = directory.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(companion(&path, "-wal"), companion(&copy, "-wal")).unwrap();
    assert!(fs::metadata(companion(&copy, "-wal")).unwrap().len() > 4096);

    let copied = open_encrypted(&copy, &key(1)).unwrap();
    let body: String = copied.query_row("SELECT body FROM note", (), |row| row.get(0)).unwrap();
    assert_eq!(body, PLANTED);
}

#[test]
fn deleted_text_is_nowhere_on_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("plain").join("handset.db");
    let sealed = directory.path().join("sealed").join("handset.db");
    for path in [&plain, &sealed] {
        fs::create_dir(path.parent().unwrap()).unwrap();
    }
    for (path, mut connection) in
        [(&plain, open_plain(&plain).unwrap()), (&sealed, open_encrypted(&sealed, &key(1)).unwrap())]
    {
        migrate(
            &mut connection,
            APPLICATION,
            &["CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT NOT NULL);
             CREATE INDEX note_by_body ON note(body);
             CREATE VIRTUAL TABLE note_words USING fts5(body);
             INSERT INTO note_words(note_words, rank) VALUES('secure-delete', 1);"],
        )
        .unwrap();
        for n in 0..200 {
            let body = format!("{PLANTED}-{n} {}", "filler ".repeat(200));
            connection.execute("INSERT INTO note VALUES (?1, ?2)", params![n, body]).unwrap();
            connection.execute("INSERT INTO note_words(rowid, body) VALUES (?1, ?2)", params![n, body]).unwrap();
        }
        assert!(pages_contain(&connection, PLANTED.as_bytes()).unwrap());

        connection.execute_batch("DELETE FROM note; DELETE FROM note_words;").unwrap();
        assert!(!pages_contain(&connection, PLANTED.as_bytes()).unwrap());
        assert!(!pages_contain(&connection, b"envoy").unwrap());
        let free: i64 = connection.query_row("PRAGMA freelist_count", (), |row| row.get(0)).unwrap();
        assert!(free > 10, "the freelist was scanned too, {free} pages");

        if path == &plain {
            let telling = files_holding(path, PLANTED);
            assert!(telling.contains(&companion(path, "-wal")), "{telling:?}");
        }
        assert!(erase_deleted(&connection).unwrap());
        assert_eq!(fs::metadata(companion(path, "-wal")).unwrap().len(), 0);
        assert_eq!(files_holding(path, PLANTED), Vec::<PathBuf>::new());
    }
}

#[test]
fn erasing_says_when_a_reader_holds_on_to_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plain.db");
    let mut writer = open_plain(&path).unwrap();
    plant(&mut writer);
    writer.busy_timeout(std::time::Duration::ZERO).unwrap();
    let mut reader = open_plain(&path).unwrap();
    let reading = reader.transaction().unwrap();
    let _: i64 = reading.query_row("SELECT count(*) FROM note", (), |row| row.get(0)).unwrap();
    writer.execute("DELETE FROM note", ()).unwrap();
    assert!(!erase_deleted(&writer).unwrap());
    drop(reading);
    assert!(erase_deleted(&writer).unwrap());
}

#[test]
fn a_migration_that_fails_leaves_everything_as_it_was() {
    let mut connection = open_memory().unwrap();
    migrate(&mut connection, APPLICATION, &STEPS[..1]).unwrap();
    let broken = [STEPS[0], "CREATE TABLE half(id); INSERT INTO nowhere VALUES (1);"];
    let error = migrate(&mut connection, APPLICATION, &broken).unwrap_err();
    assert_eq!(error.code(), "database-failed", "{error}");
    let (version, tables): (i64, i64) = connection
        .query_row(
            "SELECT (SELECT user_version FROM pragma_user_version),
                    (SELECT count(*) FROM sqlite_schema WHERE name = 'half')",
            (),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((version, tables), (1, 0));
    migrate(&mut connection, APPLICATION, STEPS).unwrap();
    migrate(&mut connection, APPLICATION, STEPS).unwrap();
}

#[test]
fn a_newer_database_and_a_foreign_one_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("handset.db");
    let mut connection = open_encrypted(&path, &key(1)).unwrap();
    migrate(&mut connection, APPLICATION, STEPS).unwrap();
    drop(connection);

    let mut connection = open_encrypted(&path, &key(1)).unwrap();
    let error = migrate(&mut connection, APPLICATION, &STEPS[..1]).unwrap_err();
    assert!(matches!(error, Error::NewerVersion { found: 2, known: 1 }), "{error:?}");
    assert_eq!(error.code(), "database-newer-version");
    assert!(error.to_string().contains("update the program"));

    let error = migrate(&mut connection, APPLICATION + 1, STEPS).unwrap_err();
    assert_eq!(error.code(), "database-other-application", "{error}");

    let mut foreign = open_memory().unwrap();
    foreign.execute_batch("CREATE TABLE theirs(id)").unwrap();
    let error = migrate(&mut foreign, APPLICATION, STEPS).unwrap_err();
    assert_eq!(error.code(), "database-other-application", "{error}");
}

#[test]
fn a_full_disk_is_told_from_a_fault() {
    let mut connection = open_memory().unwrap();
    plant(&mut connection);
    connection.execute_batch("PRAGMA max_page_count=1").unwrap();
    let error = connection.execute("INSERT INTO note(body) VALUES (?1)", ["x".repeat(1 << 20)]).unwrap_err();
    assert_eq!(failure_of(&error), Failure::DiskFull, "{error}");
    assert_eq!(Error::from(error).code(), "disk-full");
    let error = connection.execute("INSERT INTO note(id, body) VALUES (1, 'again')", ()).unwrap_err();
    assert_eq!(failure_of(&error), Failure::Value, "{error}");
}

#[test]
fn a_busy_database_is_told_from_a_fault() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plain.db");
    let mut first = open_plain(&path).unwrap();
    plant(&mut first);
    let second = open_plain(&path).unwrap();
    second.busy_timeout(std::time::Duration::ZERO).unwrap();
    first.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = second.execute("DELETE FROM note", ()).unwrap_err();
    assert_eq!(failure_of(&error), Failure::Busy, "{error}");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = open_plain(&directory.path().join("nowhere").join("plain.db")).unwrap_err();
    assert_eq!(error.code(), "database-unavailable", "{error}");
}

#[test]
fn a_key_never_prints() {
    assert_eq!(format!("{:?}", key(0xAB)), "DatabaseKey(..)");
}
