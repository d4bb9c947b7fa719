//! Writes `tests/format/native.db` anew, for a new format beside which the old one must still open:
//! `cargo run -p database --example write_format`.

use std::path::Path;

use database::{DatabaseKey, Error, migrate, open_encrypted};

#[path = "../tests/format/fixture.rs"]
mod fixture;

fn main() -> Result<(), Error> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format/native.db");
    // None is there the first time.
    let _ = std::fs::remove_file(&path);
    let mut connection = open_encrypted(&path, &DatabaseKey::new(fixture::KEY))?;
    migrate(&mut connection, fixture::APPLICATION, fixture::STEPS)?;
    connection.execute("INSERT INTO kept(words) VALUES ('written natively')", ())?;
    Ok(())
}
