//! The encrypted database on the origin-private file system.

use database::rusqlite::{Connection, OpenFlags};
use database::{DatabaseKey, Error, erase_deleted, migrate, open_opfs, pages_contain};

use crate::{files, tell};

crate::tests! {
    what_is_committed_survives_the_worker_and_the_page: remember, recall, recall after reload;
    another_key_is_refused_and_harms_nothing: refuse_another_key;
    no_plaintext_is_on_the_disk_and_the_scan_finds_a_planted_one: write_secrets, scan_for_secrets;
    a_worker_killed_while_it_writes_loses_nothing_committed: write_until_killed, check_what_was_written;
    deleted_text_is_nowhere: delete_text;
    a_newer_database_is_refused: refuse_a_newer_version;
    a_second_tab_is_told_so: refuse_a_second_tab;
}

const APPLICATION: u32 = 0xE27E_0002;
const STEPS: &[&str] = &[
    "CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT NOT NULL);
     CREATE VIRTUAL TABLE note_words USING fts5(body);
     INSERT INTO note_words(note_words, rank) VALUES('secure-delete', 1);",
    "CREATE INDEX note_by_body ON note(body);",
];

fn key(byte: u8) -> DatabaseKey {
    DatabaseKey::new([byte; 32])
}

async fn open(name: &str) -> Connection {
    let mut connection = open_opfs(name, &key(1)).await.unwrap();
    migrate(&mut connection, APPLICATION, STEPS).unwrap();
    connection
}

fn add(connection: &Connection, body: &str) {
    connection.execute("INSERT INTO note(body) VALUES (?1)", [body]).unwrap();
    connection.execute("INSERT INTO note_words(body) VALUES (?1)", [body]).unwrap();
}

async fn remember() {
    let connection = open("remember").await;
    add(&connection, "the envoy arrives on tuesday");
    // The worker is terminated with the connection open and the newest pages in the log alone.
    std::mem::forget(connection);
}

async fn recall() {
    let connection = open("remember").await;
    let found: Vec<String> = connection
        .prepare("SELECT body FROM note_words WHERE note_words MATCH 'envoy'")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(found, ["the envoy arrives on tuesday"]);
    for (pragma, expected) in
        [("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 1), ("temp_store", 2), ("user_version", 2)]
    {
        let value: i64 = connection.query_row(&format!("PRAGMA {pragma}"), (), |row| row.get(0)).unwrap();
        assert_eq!(value, expected, "{pragma}");
    }
    let journal: String = connection.query_row("PRAGMA journal_mode", (), |row| row.get(0)).unwrap();
    assert_eq!(journal, "wal");
    let cipher: String = connection.query_row("PRAGMA cipher", (), |row| row.get(0)).unwrap();
    assert_eq!(cipher, "chacha20");
}

async fn refuse_another_key() {
    let connection = open("keyed").await;
    add(&connection, "only with the key");
    drop(connection);
    let error = open_opfs("keyed", &key(2)).await.unwrap_err();
    assert!(matches!(error, Error::WrongKey), "{error:?}");
    let bodies: i64 = open("keyed").await.query_row("SELECT count(*) FROM note", (), |row| row.get(0)).unwrap();
    assert_eq!(bodies, 1);
}

const SECRET: &str = "the envoy arrives by night";
const PLANTED: &str = "this one is left in the open";

async fn write_secrets() {
    let connection = open("secrets").await;
    add(&connection, SECRET);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let plain = Connection::open_with_flags_and_vfs("open", flags, "opfs-sahpool").unwrap();
    plain.execute_batch(&format!("CREATE TABLE note(body); INSERT INTO note VALUES ('{PLANTED}')")).unwrap();
    // As a killed worker leaves it, log included.
    std::mem::forget((connection, plain));
}

async fn scan_for_secrets() {
    let planted = files::scan(PLANTED).await;
    assert!(!planted.holding.is_empty(), "the scan finds what is there");
    for secret in [SECRET, "envoy", "note_by_body", "secure-delete"] {
        let scan = files::scan(secret).await;
        assert!(scan.files > 4 && scan.bytes > 40_000, "{} files, {} bytes", scan.files, scan.bytes);
        assert_eq!(scan.holding, Vec::<String>::new(), "{secret}");
    }
    // The pages are there all the same.
    let bodies: String = open("secrets").await.query_row("SELECT body FROM note", (), |row| row.get(0)).unwrap();
    assert_eq!(bodies, SECRET);
}

async fn write_until_killed() {
    let connection = open("killed").await;
    add(&connection, "0");
    tell("kill");
    for n in 1_u64.. {
        connection.execute("INSERT INTO note(body) VALUES (?1)", [n.to_string()]).unwrap();
    }
}

async fn check_what_was_written() {
    let connection = open("killed").await;
    let (rows, last): (i64, i64) = connection
        .query_row("SELECT count(*), max(CAST(body AS INTEGER)) FROM note", (), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert!(rows > 1, "it was killed while it wrote");
    assert_eq!(rows, last + 1, "every commit before the last one is there");
    let sound: String = connection.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

async fn delete_text() {
    let connection = open("deleted").await;
    for n in 0..50 {
        add(&connection, &format!("{SECRET} {n} {}", "filler ".repeat(500)));
    }
    assert!(pages_contain(&connection, SECRET.as_bytes()).unwrap());
    connection.execute_batch("DELETE FROM note; DELETE FROM note_words;").unwrap();
    assert!(erase_deleted(&connection).unwrap(), "the log is cut");
    assert!(!pages_contain(&connection, b"envoy").unwrap());
}

async fn refuse_a_newer_version() {
    let mut connection = open("newer").await;
    let error = migrate(&mut connection, APPLICATION, &STEPS[..1]).unwrap_err();
    assert_eq!(error.code(), "database-newer-version", "{error}");
}

async fn refuse_a_second_tab() {
    let held = files::hold("store", ".lock").await;
    let error = open_opfs("second", &key(1)).await.unwrap_err();
    assert!(matches!(error, Error::OpenElsewhere), "{error:?}");
    held.close();
    assert!(open_opfs("second", &key(1)).await.is_ok());
}
