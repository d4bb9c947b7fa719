//! What a handset keeps: everything in its database is a secret of its principal's but for what switchboards have to know.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ciborium::Value;
use database::DatabaseKey;
use database::rusqlite::Connection;
use database::rusqlite::types::ValueRef;
use seal::WrappedKey;

use crate::needles::Needles;
use crate::processes::PASSPHRASE;

/// Columns whose values switchboards know, since envelopes and introductions could not find their way otherwise: they
/// must not be in logs.
const ROUTING: &[(&str, &[&str])] = &[
    ("own", &["line", "handset", "handsets", "switchboard", "office", "previous", "superseded"]),
    ("deed", &["envelope", "blob"]),
    ("card", &["lookup"]),
    ("card_use", &["line"]),
    ("intake", &["lookup"]),
    ("slot", &["mailbox", "lookup"]),
    ("redemption", &["lookup", "address", "fingerprint", "reservation"]),
    ("reserved", &["lookup", "reservation"]),
    ("contact", &["line", "identity", "handsets", "successor", "handset", "peer_intake", "reservation"]),
    ("request", &["line", "lookup", "mailbox", "origin"]),
    ("generation", &["id", "sequencer", "mailbox", "commit_hash"]),
    ("held", &["mailbox", "envelope"]),
    ("message", &["handset", "rank", "generation", "flight_generation"]),
    ("mls", &["grp"]),
    ("flight", &["envelope", "generation"]),
    ("heard", &["handset"]),
    ("heard_beyond", &["handset"]),
    ("file", &["blob", "at"]),
];

/// Columns whose values are not looked for as they stand: words of the program; what is on its way to a switchboard; an
/// introduction, made of what other columns hold, handset lists among it; and card and safety words, of which three tell
/// something and one does not ([`Needles::words`]).
const NEITHER: &[(&str, &[&str])] = &[
    ("own", &["scheme", "previous_scheme"]),
    ("deed", &["body"]),
    ("card", &["words"]),
    ("contact", &["state", "verified", "safety_words"]),
    ("request", &["introduction"]),
    ("message", &["kind", "state"]),
    ("mls", &["kind"]),
    ("flight", &["kind"]),
    ("notice", &["code"]),
    ("file", &["media_type", "state"]),
];

/// Shorter texts and byte strings are numbers, flags or nothing.
const LEAST: (usize, usize) = (8, 16);

/// One handset's database, while no process uses it.
#[derive(Debug)]
pub struct Keeping {
    path: PathBuf,
    key: DatabaseKey,
}

impl Keeping {
    /// Opens a profile with the passphrase of all.
    pub fn of(profile: &Path) -> Self {
        let wrapped = fs::read(profile.join("key")).expect("a key");
        let wrapped: WrappedKey = protocol::decode(&wrapped, 4096).expect("a wrapped key");
        Self { path: profile.join("handset.db"), key: wrapped.unwrap(PASSPHRASE).expect("the passphrase opens it") }
    }

    /// Notes all that is in it now, and the key that it is encrypted under.
    pub fn note(&self, whose: &str, secrets: &mut Needles, routing: &mut Needles) {
        let all = all_values(&database::open_encrypted(&self.path, &self.key).expect("the database opens"));
        for (place, values) in all.iter().filter(|(place, _)| place.is_in(ROUTING)) {
            values.iter().for_each(|value| place.note(whose, value, routing));
        }
        for (place, values) in all.iter().filter(|(place, _)| !place.is_in(ROUTING) && !place.is_in(NEITHER)) {
            // A group's id is in the keys of its row and in its state.
            values.iter().filter(|value| !routing.contains(value)).for_each(|value| place.note(whose, value, secrets));
        }
        secrets.bytes(&format!("{whose}: the database's key"), self.key.as_bytes());
    }

    /// The value of a column that is bytes, in the first row.
    pub fn value(&self, table: &str, column: &str) -> Vec<u8> {
        let db = database::open_encrypted(&self.path, &self.key).expect("the database opens");
        db.query_row(&format!("SELECT {column} FROM {table}"), [], |row| row.get(0)).expect("a value")
    }
}

/// Where values are.
struct Place {
    table: String,
    column: String,
    is_text: bool,
}

impl Place {
    fn is_in(&self, list: &[(&str, &[&str])]) -> bool {
        list.iter().any(|(table, columns)| *table == self.table && columns.contains(&self.column.as_str()))
    }

    fn note(&self, whose: &str, value: &[u8], needles: &mut Needles) {
        let name = format!("{whose}: {}.{}", self.table, self.column);
        match std::str::from_utf8(value).ok().filter(|_| self.is_text) {
            Some(text) => needles.text(&name, text),
            None => needles.bytes(&name, value),
        }
    }
}

/// All texts and byte strings, column by column; the full-text index, which repeats the texts, aside.
fn all_values(db: &Connection) -> Vec<(Place, BTreeSet<Vec<u8>>)> {
    let mut all = Vec::new();
    for table in tables(db).into_iter().filter(|table| !table.starts_with("message_text")) {
        let mut rows = db.prepare(&format!("SELECT * FROM {table}")).expect("a table");
        let columns: Vec<String> = rows.column_names().map(str::to_owned).collect();
        let place = |column: &String, is_text| Place { table: table.clone(), column: column.clone(), is_text };
        let mut texts: Vec<_> = columns.iter().map(|column| (place(column, true), BTreeSet::new())).collect();
        let mut bytes: Vec<_> = columns.iter().map(|column| (place(column, false), BTreeSet::new())).collect();
        let mut rows = rows.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for at in 0..columns.len() {
                match row.get_ref(at).expect("a value") {
                    ValueRef::Text(text) if text.len() >= LEAST.0 => drop(texts[at].1.insert(text.to_vec())),
                    ValueRef::Blob(blob) if table == "mls" => bytes[at].1.extend(byte_strings(blob)),
                    ValueRef::Blob(blob) if blob.len() >= LEAST.1 => drop(bytes[at].1.insert(blob.to_vec())),
                    _ => {}
                }
            }
        }
        all.extend(texts.into_iter().chain(bytes));
    }
    let known = |table: &str, column: &str| all.iter().any(|(place, _)| place.table == table && place.column == column);
    for (table, columns) in ROUTING.iter().chain(NEITHER) {
        let gone = columns.iter().find(|column| !known(table, column));
        assert_eq!(gone, None, "{table} has no such column any more");
    }
    all
}

/// The tables of a database, SQLite's own aside.
pub fn tables(db: &Connection) -> Vec<String> {
    let mut names = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        .expect("a schema");
    names.query_map([], |row| row.get(0)).expect("names").collect::<Result<_, _>>().expect("names")
}

/// The byte strings inside a CBOR value, written as such or as lists of numbers.
fn byte_strings(cbor: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    // A few keys of rows are no CBOR, and hold numbers only.
    if let Ok(value) = ciborium::from_reader::<Value, _>(cbor) {
        gather(&value, &mut found);
    }
    // Bytes that are all alike (an empty hash, padding) are nobody's secret.
    found.retain(|bytes| bytes.len() >= LEAST.1 && bytes.iter().any(|byte| *byte != bytes[0]));
    found
}

fn gather(value: &Value, found: &mut Vec<Vec<u8>>) {
    match value {
        Value::Bytes(bytes) => found.push(bytes.clone()),
        Value::Tag(_, value) => gather(value, found),
        Value::Map(entries) => entries.iter().for_each(|(key, value)| {
            gather(key, found);
            gather(value, found);
        }),
        Value::Array(values) => {
            let byte = |value: &Value| value.as_integer().and_then(|number| u8::try_from(number).ok());
            match values.iter().map(byte).collect::<Option<Vec<u8>>>() {
                Some(bytes) => found.push(bytes),
                None => values.iter().for_each(|value| gather(value, found)),
            }
        }
        _ => {}
    }
}
