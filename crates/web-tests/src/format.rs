//! The file format: databases that were written natively and in the browser open here, as they do natively in
//! `database`'s own tests.

use database::{DatabaseKey, migrate, open_opfs};
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_rs::vfs::transfer::DbTransfer;
use sqlite_wasm_vfs::sahpool::{OpfsSAHPoolCfgBuilder, install};

crate::tests! {
    databases_from_both_sides_open_and_can_be_written: open_both;
}

const NATIVE: &[u8] = include_bytes!("../../database/tests/format/native.db");
const BROWSER: &[u8] = include_bytes!("../../database/tests/format/browser.db");

const APPLICATION: u32 = 0xE27E_0003;
const STEPS: &[&str] = &["CREATE TABLE kept(id INTEGER PRIMARY KEY, words TEXT NOT NULL)"];

fn key() -> DatabaseKey {
    DatabaseKey::new(*b"this key is no secret: a fixture")
}

async fn open_both() {
    // The first database of a worker brings the pool that files can be put into.
    drop(open_opfs("any", &key()).await.unwrap());
    let options = OpfsSAHPoolCfgBuilder::new().vfs_name("opfs-sahpool").directory("store").build();
    let pool = install::<WasmOsCallback>(&options, false).await.unwrap();
    pool.add_capacity(2).await.unwrap();

    for (name, bytes, expected) in
        [("native", NATIVE, "written natively"), ("browser", BROWSER, "written in the browser")]
    {
        // Unchecked, since an encrypted file does not begin as SQLite's files do.
        pool.import_db_unchecked(name, bytes).unwrap();
        let mut connection = open_opfs(name, &key()).await.unwrap();
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
    }
}
