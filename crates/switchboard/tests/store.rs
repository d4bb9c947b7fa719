//! SQLite passes what every store has to pass, in memory and in a file.

use switchboard::store::testing::conformance;
use switchboard::store::{SqliteStore, Store, StoreFailure};

#[test]
fn sqlite_in_memory_conforms() {
    conformance(|| SqliteStore::in_memory().unwrap());
}

#[test]
fn sqlite_in_a_file_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let next = std::cell::Cell::new(0);
    conformance(|| {
        next.set(next.get() + 1);
        SqliteStore::open(&folder.path().join(format!("{}.db", next.get()))).unwrap()
    });
}

#[test]
fn a_reader_beside_the_writer_sees_what_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.db");
    let (mut writer, mut reader) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    writer.write(&mut |tx| tx.put_setting("name", b"value")).unwrap();
    let mut found = None;
    reader.read(&mut |tx| tx.setting("name").map(|value| found = value)).unwrap();
    assert_eq!(found, Some(b"value".to_vec()));
}

#[test]
fn a_newer_database_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("switchboard.db");
    SqliteStore::open(&path).unwrap().connection().execute_batch("PRAGMA user_version = 99").unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!((error.kind(), error.code()), (StoreFailure::Foreign, "database-newer-version"));
}

#[test]
fn a_full_disk_keeps_nothing_reads_on_and_recovers() {
    let mut store = SqliteStore::in_memory().unwrap();
    store.write(&mut |tx| tx.put_setting("kept", b"value")).unwrap();
    let pages: i64 = store.connection().query_row("PRAGMA page_count", (), |row| row.get(0)).unwrap();
    let limit = |store: &SqliteStore, pages: i64| {
        store.connection().query_row(&format!("PRAGMA max_page_count = {pages}"), (), |_| Ok(())).unwrap();
    };
    limit(&store, pages);
    let large = vec![1; 100_000];
    let error = store.write(&mut |tx| tx.put_setting("large", &large)).unwrap_err();
    assert_eq!(error.kind(), StoreFailure::Full);
    assert!(error.nothing_kept());
    let mut found = (None, None);
    store
        .read(&mut |tx| {
            found = (tx.setting("kept")?, tx.setting("large")?);
            Ok(())
        })
        .unwrap();
    assert_eq!(found, (Some(b"value".to_vec()), None));
    limit(&store, pages + 100);
    store.write(&mut |tx| tx.put_setting("large", &large)).unwrap();
}
