//! Drafts and settings stay on the handset and within their bounds.

use protocol::Timestamp;

use super::history::{BEGUN, Row, contacts, content, empty};
use crate::{Draft, Handset};

const NOW: Timestamp = Timestamp::from_millis(BEGUN);

fn handset() -> Handset {
    let handset = empty(database::open_memory().unwrap());
    contacts(handset.database(), 2);
    Row::text(1, 1, "A question?").write(handset.database());
    handset
}

fn draft(text: &str, reply_to: Option<u64>) -> Option<Draft> {
    Some(Draft { text: text.to_owned(), reply_to: reply_to.map(content) })
}

#[test]
fn a_draft_is_kept_for_each_person_until_it_is_empty() {
    let mut handset = handset();
    assert_eq!(handset.draft(1).unwrap(), None);
    handset.set_draft(NOW, 1, "Dear", None).unwrap();
    handset.set_draft(NOW, 1, "Dear Ivo", Some(&content(1))).unwrap();
    handset.set_draft(NOW, 2, "Other", Some(&content(1))).unwrap();
    assert_eq!(handset.draft(1).unwrap(), draft("Dear Ivo", Some(1)));
    assert_eq!(handset.draft(2).unwrap(), draft("Other", None), "an answer to what is not in that conversation");
    handset.database().execute("UPDATE message SET expired = 1", ()).unwrap();
    assert_eq!(handset.draft(1).unwrap(), draft("Dear Ivo", None), "an answer to what is over");
    handset.set_draft(NOW, 1, "", None).unwrap();
    assert_eq!(handset.draft(1).unwrap(), None);
    handset.database().execute("DELETE FROM contact WHERE id = 2", ()).unwrap();
    let left: u32 = handset.database().query_row("SELECT count(*) FROM draft", (), |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "it goes with the contact");
    assert_eq!(handset.set_draft(NOW, 2, "Who?", None).unwrap_err().code(), "unknown-person");
    assert_eq!(handset.set_draft(NOW, 1, &"x".repeat(20_000), None).unwrap_err().code(), "text-too-long");
}

#[test]
fn settings_are_few_and_small() {
    let mut handset = handset();
    handset.set_setting(NOW, "theme", Some("dark")).unwrap();
    handset.set_setting(NOW, "theme", Some("light")).unwrap();
    assert_eq!(handset.setting("theme").unwrap().as_deref(), Some("light"));
    handset.set_setting(NOW, "theme", None).unwrap();
    assert_eq!(handset.setting("theme").unwrap(), None);
    for number in 0..64 {
        handset.set_setting(NOW, &number.to_string(), Some("x")).unwrap();
    }
    assert_eq!(handset.set_setting(NOW, "one more", Some("x")).unwrap_err().code(), "bad-setting");
    handset.set_setting(NOW, "7", Some(&"x".repeat(4096))).unwrap();
    assert_eq!(handset.set_setting(NOW, "7", Some(&"x".repeat(4097))).unwrap_err().code(), "bad-setting");
    assert_eq!(handset.set_setting(NOW, "", Some("x")).unwrap_err().code(), "bad-setting");
    assert_eq!(handset.setting("7").unwrap().map(|value| value.len()), Some(4096), "what was refused changed nothing");
}
