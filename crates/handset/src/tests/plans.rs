//! What is looked up is looked up by an index, and comes in its order.

use database::rusqlite::{Connection, Statement};

use super::history::empty;
use crate::{conversations, page, search, views};

fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut explain: Statement<'_> = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    for at in 1..=explain.parameter_count() {
        explain.raw_bind_parameter(at, 1).unwrap();
    }
    let mut rows = explain.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps
}

/// Panics unless a question is answered with this index, and nothing is gone through or sorted.
fn check(db: &Connection, sql: &str, index: &str) {
    let steps = plan(db, sql);
    let is_costly = |step: &String| {
        (step.starts_with("SCAN") && !step.starts_with("SCAN contact") && !step.contains("VIRTUAL TABLE"))
            || step.contains("TEMP B-TREE")
            || step.contains("AUTOMATIC")
    };
    assert!(!steps.iter().any(is_costly), "{sql}\n{steps:#?}");
    assert!(steps.iter().any(|step| step.contains(index)), "{sql}\n{steps:#?}");
}

#[test]
fn nothing_that_is_shown_needs_a_scan() {
    let handset = empty(database::open_memory().unwrap());
    let db = handset.database();
    for is_down in [true, false] {
        check(db, &page::placed(is_down), "message_placed");
        check(db, &page::unplaced(is_down), "message_unplaced");
    }
    check(db, page::FIRST_UNSEEN, "message_unseen");
    check(db, conversations::CONTACTS, "message_unseen (contact=? AND kind=? AND gone=? AND doubtful=?)");
    check(db, conversations::CONTACTS, "message_undelivered");
    check(db, views::NOTICES_BETWEEN, "notice_in_order");
    check(db, views::LAST_NOTICE, "notice_in_order");
    check(db, &search::found(), "VIRTUAL TABLE INDEX");
    check(db, views::SEE, "message_unseen");
    check(db, views::FILES_UNDER_WAY, "file_under_way");
    check(db, &crate::compose::text_by(true), "sqlite_autoindex_message_1");
}

#[test]
fn a_scan_is_noticed() {
    let handset = empty(database::open_memory().unwrap());
    let steps = plan(handset.database(), "SELECT * FROM message ORDER BY sent_at");
    assert!(steps.iter().any(|step| step.starts_with("SCAN message")));
    assert!(steps.iter().any(|step| step.contains("TEMP B-TREE")));
}

#[test]
fn what_waits_is_found_among_what_does() {
    let handset = empty(database::open_memory().unwrap());
    let steps = plan(handset.database(), views::UNDELIVERED);
    assert!(steps.iter().any(|step| step.contains("message_undelivered")), "{steps:#?}");
    assert!(!steps.iter().any(|step| step == "SCAN message"), "{steps:#?}");
}
