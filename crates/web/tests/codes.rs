//! Every code that the handset, the switchboard, the worker and the page give has its sentence in the English catalogue.
//!
//! The codes are read out of the sources that give them, so that a new one cannot be forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn source(path: &str) -> String {
    fs::read_to_string(crates().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the English catalogue has.
fn said() -> BTreeSet<String> {
    let catalogue = source("web/words/en.ftl");
    let name = |line: &str| line.split_once(" =").map(|(name, _)| name.to_owned());
    catalogue.lines().filter(|line| !line.starts_with([' ', '#', '}', '*'])).filter_map(name).collect()
}

/// The quoted text that follows each place where `before` stands.
fn quoted_after(text: &str, before: &str) -> Vec<String> {
    let rest = text.match_indices(before).map(|(at, _)| text[at + before.len()..].trim_start());
    rest.filter_map(|rest| rest.strip_prefix('"')?.split('"').next()).map(str::to_owned).collect()
}

/// The part of a source between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let text = text.split_once(from).unwrap_or_else(|| panic!("no {from:?}")).1;
    text.split_once(to).unwrap_or_else(|| panic!("no {to:?}")).0
}

fn all_said(prefix: &str, codes: impl IntoIterator<Item = String>, at_least: usize) {
    let said = said();
    let codes: BTreeSet<String> = codes.into_iter().collect();
    assert!(codes.len() >= at_least, "only {codes:?} were found");
    let missing: Vec<_> = codes.iter().filter(|code| !said.contains(&format!("{prefix}{code}"))).collect();
    assert!(missing.is_empty(), "English says nothing for {missing:?}");
}

#[test]
fn every_code_of_the_engine_has_a_sentence() {
    let error = source("handset/src/error.rs");
    all_said("trouble-", quoted_after(between(&error, "pub fn code(", "\n    }\n"), "=> "), 40);
    let database = source("database/src/error.rs");
    all_said("trouble-", quoted_after(between(&database, "pub fn code(&self)", "\n    }\n"), "=> "), 4);
    all_said("trouble-", quoted_after(between(&database, "pub fn code(self)", "\n    }\n"), "=> "), 5);
}

#[test]
fn every_refusal_has_a_sentence() {
    let refusal = source("protocol/src/refusal.rs");
    all_said("trouble-", quoted_after(between(&refusal, "fn as_str(self)", "\n    }\n"), "=> "), 20);
}

#[test]
fn every_trouble_of_the_worker_and_of_the_page_has_a_sentence() {
    let mut codes = Vec::new();
    let mut folders = vec![crates().join("worker/src"), crates().join("web/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).expect("a source");
                for before in ["Trouble::new(", "Failure::new(", "Self::new("] {
                    codes.extend(quoted_after(&text, before));
                }
            }
        }
    }
    all_said("trouble-", codes, 20);
}

#[test]
fn every_line_that_no_side_wrote_is_said() {
    let notices = source("entrenous/src/output/notices.rs");
    all_said("notice-", before_arrows(between(&notices, "match notice.code", "\n}\n")), 10);
    all_said("", quoted_after(&source("handset/src/silence.rs"), "=> "), 3);
}

/// The quoted texts that stand before `=>`.
fn before_arrows(text: &str) -> Vec<String> {
    let before = text.match_indices(" =>").filter_map(|(at, _)| text[..at].strip_suffix('"')?.rsplit('"').next());
    before.map(str::to_owned).collect()
}

#[test]
fn what_is_said_by_state_is_said_of_every_state() {
    let mut names: Vec<String> = Vec::new();
    let mut of = |prefix: &str, all: &[&str]| names.extend(all.iter().map(|one| format!("{prefix}{one}")));
    of("state-", &["waiting", "sent", "delivered", "seen"]);
    of("card-", &["open", "used", "expired", "revoked"]);
    of("strength-", &["0", "1", "2", "3", "4"]);
    of("theme-", &["auto", "light", "dark"]);
    of("size-", &["small", "normal", "large", "huge"]);
    of("shows-", &["off", "nothing", "name", "text", "off-hint", "nothing-hint", "name-hint", "text-hint"]);
    of("unusable-", &["no-storage", "held", "newer", "damaged"]);
    of("unusable-", &["no-storage-title", "held-title", "newer-title", "damaged-title"]);
    for act in ["proposed", "accepted", "declined", "withdrawn"] {
        of(&format!("expiry-{act}-"), &["mine", "theirs"]);
    }
    all_said("", names, 40);
    let terms = source("protocol/src/expiry.rs");
    all_said("term-", quoted_after(between(&terms, "fn as_str(self)", "\n    }\n"), "=> "), 4);
}
