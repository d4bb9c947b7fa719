//! Compiles the SQLite that `rusqlite`'s bindings bind: SQLite3 Multiple Ciphers, the same release
//! that `sqlite-wasm-rs` carries into the browser, so that both write one file format.

use std::env;

/// What we ask of SQLite beyond its defaults. The browser's build has its own list, in
/// `sqlite-wasm-rs`; whatever changes the file format or the SQL we write must be in both.
const OPTIONS: &[(&str, &str)] = &[
    // rusqlite moves a connection between threads and opens it without SQLite's own mutex.
    ("SQLITE_THREADSAFE", "2"),
    // Full-text search, and the pages as decrypted for the tests of deletion.
    ("SQLITE_ENABLE_FTS5", "1"),
    ("SQLITE_ENABLE_DBPAGE_VTAB", "1"),
    ("SQLITE_ENABLE_API_ARMOR", "1"),
    ("SQLITE_ENABLE_STAT4", "1"),
    // Temporary tables and sorts never reach the disk unencrypted.
    ("SQLITE_TEMP_STORE", "2"),
    ("SQLITE_DEFAULT_FOREIGN_KEYS", "1"),
    ("SQLITE_DEFAULT_MEMSTATUS", "0"),
    // A misspelt column in double quotes is an error, not a string.
    ("SQLITE_DQS", "0"),
    ("SQLITE_OMIT_DEPRECATED", "1"),
    ("SQLITE_OMIT_LOAD_EXTENSION", "1"),
    ("SQLITE_OMIT_SHARED_CACHE", "1"),
    // Lets `PRAGMA memory_security` wipe memory as it is freed.
    ("SQLITE3MC_SECURE_MEMORY", "1"),
    // ChaCha20-Poly1305 is the one cipher in use.
    ("HAVE_CIPHER_AES_128_CBC", "0"),
    ("HAVE_CIPHER_AES_256_CBC", "0"),
    ("HAVE_CIPHER_SQLCIPHER", "0"),
    ("HAVE_CIPHER_RC4", "0"),
    ("HAVE_CIPHER_ASCON128", "0"),
    ("HAVE_CIPHER_AEGIS", "0"),
];

/// What POSIX systems offer and SQLite does not assume. Without fdatasync every commit also writes the
/// file's times; without usleep a busy connection waits in whole seconds.
const POSIX: &[(&str, &str)] =
    &[("HAVE_FDATASYNC", "1"), ("HAVE_USLEEP", "1"), ("HAVE_ISNAN", "1"), ("HAVE_LOCALTIME_R", "1")];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Cargo hands the target over in these variables; the build script itself runs on the host.
    let of_target = |name: &str| env::var(name).unwrap_or_default();
    if of_target("CARGO_CFG_TARGET_FAMILY") == "wasm" {
        return;
    }
    compile(of_target("CARGO_CFG_TARGET_FAMILY") == "unix");
}

#[cfg(target_family = "wasm")]
fn compile(_posix: bool) {}

#[cfg(not(target_family = "wasm"))]
fn compile(posix: bool) {
    let source = sqlite3mc_src::source_dir();
    let mut build = cc::Build::new();
    build.file(source.join(sqlite3mc_src::SOURCE_FILE)).include(source).warnings(false).opt_level(2);
    let posix = if posix { POSIX } else { &[] };
    for (name, value) in OPTIONS.iter().chain(posix) {
        build.define(name, *value);
    }
    // The bindings live in another crate, which the linker may visit after this one: keep every object.
    build.link_lib_modifier("+whole-archive");
    build.compile("entrenous_sqlite");
}
