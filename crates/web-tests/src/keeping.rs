//! What the app's worker keeps beside the database: its key file, the sealed bytes of files, recordings and backups.

use database::DatabaseKey;
use handset::Handset;
use js_sys::{Array, Uint8Array};
use protocol::{BlobId, FileKey};
use talk::Secret;
use web_sys::Blob;
use worker::backup;
use worker::disk::Folder;
use worker::files::Files;
use worker::key_file::KeyFile;
use worker::store::Store;
use worker::takes::{self, Piece};

use crate::{files, rng, tell};

crate::tests! {
    a_key_file_survives_a_worker_killed_while_it_writes_it: write_keys_until_killed, open_with_the_key_file;
    of_a_changed_passphrase_nothing_stays_on_the_disk: change_the_passphrase;
    patience_outlasts_the_worker_and_a_right_passphrase_ends_it: guess, guess_again after reload;
    files_are_sealed_and_opened_piece_by_piece: seal_and_open;
    a_worker_killed_while_it_seals_leaves_nothing_that_opens: seal_until_killed, seal_again;
    a_recording_outlasts_a_worker_killed_while_it_records: record_until_killed, hear_what_was_recorded;
    what_was_said_is_in_no_memory_once_the_handset_is_closed: look_through_the_memory;
    a_backup_opens_with_its_passphrase_and_leaves_nothing_behind: make_and_open_a_backup;
}

fn key() -> DatabaseKey {
    DatabaseKey::new([7; 32])
}

fn passphrase(text: &str) -> Secret {
    Secret::Passphrase(text.to_owned())
}

fn blob(bytes: &[u8]) -> Blob {
    Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes).into())).unwrap()
}

fn plain(length: u32) -> Vec<u8> {
    (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

async fn write_keys_until_killed() {
    let store = Store::on_device().await.unwrap();
    let mut file = KeyFile::default();
    file.add(&key(), &passphrase("a long evening"), None, &mut rng()).unwrap();
    store.keep_key_file(&file).await.unwrap();
    tell("kill");
    loop {
        store.keep_key_file(&file).await.unwrap();
    }
}

async fn open_with_the_key_file() {
    let store = Store::on_device().await.unwrap();
    let file = store.key_file().await.unwrap().expect("one copy is always whole");
    assert_eq!(file.open(&passphrase("a long evening")).unwrap().as_bytes(), key().as_bytes());
    // And what was torn is mended.
    store.keep_key_file(&file).await.unwrap();
    store.erase().await.unwrap();
    assert!(store.key_file().await.unwrap().is_none());
}

async fn change_the_passphrase() {
    let folder = Folder::root().await.unwrap().folder("changed").await.unwrap();
    folder.write_small("key", b"wrapped under the old passphrase").await.unwrap();
    assert!(!files::scan("the old passphrase").await.holding.is_empty(), "the scan finds what is there");
    folder.write_small("key", b"wrapped under a new one").await.unwrap();
    assert_eq!(files::scan("the old passphrase").await.holding, Vec::<String>::new());
    assert_eq!(folder.read_small("key").await.unwrap().unwrap(), b"wrapped under a new one");
}

const GUESSED_AT: u64 = 1_000_000;

async fn guess() {
    let store = Store::on_device().await.unwrap();
    let mut file = KeyFile::default();
    file.add(&key(), &passphrase("a long evening"), None, &mut rng()).unwrap();
    store.keep_key_file(&file).await.unwrap();
    for _ in 0..3 {
        let wrong = store.unwrap(&file, &passphrase("a long morning"), GUESSED_AT).await.unwrap_err();
        assert_eq!(wrong.0.code, "wrong-passphrase");
    }
    let early = store.unwrap(&file, &passphrase("a long evening"), GUESSED_AT + 4_000).await.unwrap_err();
    assert_eq!(early.0.code, "too-early");
}

async fn guess_again() {
    let store = Store::on_device().await.unwrap();
    let file = store.key_file().await.unwrap().unwrap();
    let early = store.unwrap(&file, &passphrase("a long evening"), GUESSED_AT + 4_000).await.unwrap_err();
    assert_eq!(early.0.code, "too-early", "after a reload too");
    store.unwrap(&file, &passphrase("a long evening"), GUESSED_AT + 5_000).await.unwrap();
    assert_eq!(store.patience().await.unwrap(), worker::patience::Patience::default());
    store.erase().await.unwrap();
}

const FILE: BlobId = BlobId::new([3; 32]);

async fn sealed_files() -> Files {
    Files::within(Folder::root().await.unwrap().folder("sealed").await.unwrap())
}

async fn seal_and_open() {
    let (files, key, bytes) = (sealed_files().await, FileKey::new([4; 32]), plain(2_500_000));
    let mut told = Vec::new();
    files.seal(&blob(&bytes), &FILE, &key, 2_500_000, &mut |done| told.push(done)).await.unwrap();
    assert_eq!(told, [1 << 20, 2 << 20, 2_500_000]);
    assert_eq!(files.length(&FILE).await.unwrap(), protocol::files::sealed(2_500_000));
    assert_eq!(files.all().await.unwrap(), [FILE]);
    let mut opened = Vec::new();
    let mut take = |part: &[u8]| {
        opened.extend_from_slice(part);
        Ok(())
    };
    files.open(&FILE, &key, 2_500_000, &mut take).await.unwrap();
    assert!(opened == bytes);
    for (kind, shown) in [("image/png", "image/png"), ("text/html", "application/octet-stream")] {
        assert_eq!(files.blob(&FILE, &key, 2_500_000, kind).await.unwrap().type_(), shown);
    }
    let other = FileKey::new([5; 32]);
    let spoiled = files.open(&FILE, &other, 2_500_000, &mut |_| Ok(())).await.unwrap_err();
    assert_eq!(spoiled.0.code, "file-spoiled");
    let grown = files.seal(&blob(&bytes), &BlobId::new([8; 32]), &key, 2_499_999, &mut |_| {}).await.unwrap_err();
    assert_eq!(grown.0.code, "file-unavailable");
    files.remove(&FILE).await.unwrap();
    assert!(files.all().await.unwrap().is_empty(), "nothing is left of the one that failed, either");
}

async fn seal_until_killed() {
    let (files, key) = (sealed_files().await, FileKey::new([4; 32]));
    let bytes = plain(32 << 20);
    tell("kill");
    loop {
        files.seal(&blob(&bytes), &FILE, &key, 32 << 20, &mut |_| {}).await.unwrap();
    }
}

async fn seal_again() {
    let (files, key) = (sealed_files().await, FileKey::new([4; 32]));
    let left = files.length(&FILE).await.unwrap();
    assert!(left > 0, "it was killed while it wrote");
    // Its handle may still be held for a while.
    files.seal(&blob(&plain(5000)), &FILE, &key, 5000, &mut |_| {}).await.unwrap();
    assert_eq!(files.length(&FILE).await.unwrap(), protocol::files::sealed(5000));
    files.open(&FILE, &key, 5000, &mut |_| Ok(())).await.unwrap();
    files.remove(&FILE).await.unwrap();
}

async fn recorder() -> (Handset, Folder) {
    let handset = Handset::open(database::open_opfs("recorder", &key()).await.unwrap(), rng()).unwrap();
    (handset, Folder::root().await.unwrap().folder("takes").await.unwrap())
}

/// Pieces of different lengths, each full of its own number.
fn piece_bytes(piece: u32) -> Vec<u8> {
    vec![u8::try_from(piece % 256).unwrap(); 1000 + 40_000 * (piece as usize % 3)]
}

async fn record_until_killed() {
    let (mut handset, folder) = recorder().await;
    tell("kill");
    for number in 0.. {
        let (waveform, media_type) = (vec![9; 300], "audio/webm");
        let piece = Piece { person: 1, media_type, duration: (number + 1) * 1000, waveform: &waveform, now: 5 };
        let kept = takes::begun(&mut handset, "take-1", &piece).unwrap();
        let kept = takes::seal(&folder, "take-1", &kept, &blob(&piece_bytes(number)), &piece).await.unwrap();
        takes::keep(&mut handset, "take-1", &kept).unwrap();
    }
}

async fn hear_what_was_recorded() {
    let (handset, folder) = recorder().await;
    assert_eq!(takes::all(&handset).unwrap(), ["take-1"]);
    let kept = takes::get(&handset, "take-1").unwrap();
    let pieces = kept.duration / 1000;
    assert!(pieces > 1, "it was killed while it recorded");
    assert_eq!(kept.waveform.len(), protocol::limits::WAVEFORM_POINTS);
    let whole = takes::whole_take(&folder, "take-1", &kept).await.unwrap();
    let whole = worker::disk::read(&whole, 0, 1 << 40).await.unwrap();
    let expected: Vec<u8> = (0..pieces).flat_map(piece_bytes).collect();
    assert!(whole == expected, "every piece that was kept, and no other");
    takes::remove_others(&folder, &[]).await.unwrap();
    assert!(takes::whole_take(&folder, "take-1", &kept).await.is_err());
}

async fn make_and_open_a_backup() {
    let (draft, connection) = backup::Draft::begin().await.unwrap();
    connection.execute_batch("CREATE TABLE word (word); INSERT INTO word VALUES ('orchard');").unwrap();
    let word = |db: &database::rusqlite::Connection| -> String {
        db.query_row("SELECT word FROM word", (), |row| row.get(0)).unwrap()
    };
    let verified = |db: &database::rusqlite::Connection| {
        assert_eq!(word(db), "orchard");
        Ok(())
    };
    let file = draft.finish(connection, "a long voyage", verified).await.unwrap();
    let bytes = worker::disk::read(&file, 0, 1 << 40).await.unwrap();
    assert!(bytes.starts_with(b"entrenous backup") && !bytes.windows(7).any(|part| part == b"orchard"));
    assert_eq!(files::scan("orchard").await.holding, Vec::<String>::new());
    let opened = backup::open(&file, "a long voyage").await.unwrap();
    assert_eq!(word(&opened), "orchard");
    drop(opened);
    backup::remove().await;
    let refused =
        async |bytes: &[u8], passphrase: &str| backup::open(&blob(bytes), passphrase).await.unwrap_err().0.code;
    assert_eq!(refused(&bytes, "a short voyage").await, "wrong-backup-passphrase");
    assert_eq!(refused(&bytes[..12], "a long voyage").await, "backup-damaged");
    // In the first page of its database.
    let length: [u8; 4] = bytes[17..21].try_into().unwrap();
    let mut altered = bytes.clone();
    altered[seal::BACKUP_HEADING + u32::from_be_bytes(length) as usize + 2000] ^= 1;
    assert_eq!(refused(&altered, "a long voyage").await, "backup-damaged");
    assert_eq!(refused(b"something else entirely, and longer", "a long voyage").await, "not-a-backup");
}

/// How often words are in this module's whole memory, which is looked through from outside it. They are given with every
/// bit turned over, so as not to be found because they are looked for.
fn in_memory(hidden: &[u8]) -> u32 {
    let count = js_sys::Function::new_with_args(
        "memory, hidden",
        "const all = new Uint8Array(memory.buffer), words = hidden.map((byte) => byte ^ 255); let found = 0;
         for (let at = all.indexOf(words[0]); at >= 0; at = all.indexOf(words[0], at + 1)) {
           if (words.every((byte, place) => all[at + place] === byte)) found++;
         }
         return found;",
    );
    let found = count.call2(&wasm_bindgen::JsValue::NULL, &wasm_bindgen::memory(), &Uint8Array::from(hidden)).unwrap();
    found.as_f64().map(|found| u32::try_from(worker::disk::whole(found)).unwrap()).unwrap()
}

async fn look_through_the_memory() {
    // Backwards, since the module itself has this.
    let hidden: Vec<u8> = "etag nretsew eht yb sevirra yovne eht".bytes().rev().map(|byte| byte ^ 255).collect();
    let said = || hidden.iter().map(|byte| char::from(byte ^ 255)).collect::<String>();
    let open = || async { Handset::open(database::open_opfs("memory", &key()).await.unwrap(), rng()).unwrap() };
    let mut handset = open().await;
    handset.set_setting(protocol::Timestamp::from_millis(1), "said", Some(&said())).unwrap();
    drop(handset.close());
    assert_eq!(in_memory(&hidden), 0, "written, and closed");
    let handset = open().await;
    assert_eq!(handset.setting("said").unwrap(), Some(said()));
    assert!(in_memory(&hidden) > 0, "the search finds what is there");
    drop(handset.close());
    assert_eq!(in_memory(&hidden), 0, "read, and closed");
}
