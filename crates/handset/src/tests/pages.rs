//! Pages of a conversation are the conversation.

use std::collections::BTreeSet;

use protocol::{ContentId, Timestamp};

use super::history::{BEGUN, Row, contacts, content, empty, notice};
use crate::{Entry, Handset, Last, NoticeView, Page, Place};

const NOW: Timestamp = Timestamp::from_millis(BEGUN + 1_000_000_000);

/// Three generations, not in the order of arrival, with reactions, words about expiry, what is not shown, and what has
/// no place yet.
fn tangled() -> Handset {
    let handset = empty(database::open_memory().unwrap());
    let db = handset.database();
    contacts(db, 2);
    for number in 1..=60 {
        let place = match number {
            1..=20 => Some((2, 100 - number)),
            21..=40 => Some((1, number)),
            41..=50 => Some((3, number / 2)),
            _ => None,
        };
        let contact = if number % 7 == 0 { 2 } else { 1 };
        let row = Row { place, ..Row::text(number, contact, "some words") };
        match number {
            5 | 25 | 55 => Row { kind: "reaction", text: "👍", target: Some(content(2)), ..row }.write(db),
            6 | 57 => Row { kind: "expiry", text: "86400 0", ..row }.write(db),
            8 => Row { kind: "unknown", text: "", ..row }.write(db),
            // Proposed, withdrawn, and declined by the handset: a line that nobody said.
            9 => Row { kind: "expiry", text: "3600 0", ..row }.write(db),
            10 => Row { kind: "expiry", text: "withdraw", target: Some(content(9)), ..row }.write(db),
            11 => Row { kind: "expiry", text: "decline", target: Some(content(9)), ..row }.write(db),
            _ => row.write(db),
        }
    }
    for before in [1, 6, 22, 30, 31, 48, 61] {
        notice(db, 1, before);
    }
    db.execute("UPDATE message SET doubtful = 1 WHERE number IN (12, 33)", ()).unwrap();
    db.execute("UPDATE message SET expired = 1, gone = 1, text = '' WHERE number IN (1, 13, 34, 58)", ()).unwrap();
    handset
}

fn ids(entries: &[Entry]) -> Vec<ContentId> {
    entries.iter().map(Entry::id).collect()
}

/// Reads on from a page in both directions to both ends.
fn unroll(handset: &Handset, start: Page, limit: usize) -> (Vec<Entry>, BTreeSet<i64>) {
    let noticed = |page: &Page| page.notices.iter().map(|notice| notice.id).collect::<Vec<_>>();
    let mut notices: BTreeSet<i64> = noticed(&start).into_iter().collect();
    let (mut more_before, mut more_after) = (start.more_before, start.more_after);
    let mut entries = start.entries;
    while more_before {
        let page = handset.page(1, Place::Before(entries[0].id()), limit).unwrap();
        assert!((1..=limit).contains(&page.entries.len()), "there was more");
        assert!(page.more_after);
        notices.extend(noticed(&page));
        more_before = page.more_before;
        entries.splice(0..0, page.entries);
    }
    while more_after {
        let page = handset.page(1, Place::After(entries[entries.len() - 1].id()), limit).unwrap();
        assert!((1..=limit).contains(&page.entries.len()), "there was more");
        assert!(page.more_before);
        notices.extend(noticed(&page));
        more_after = page.more_after;
        entries.extend(page.entries);
    }
    (entries, notices)
}

#[test]
fn pages_in_all_directions_are_the_conversation() {
    let handset = tangled();
    let whole = handset.conversation("Person 1", None).unwrap();
    let notices: BTreeSet<i64> = handset.notices("Person 1").unwrap().iter().map(|notice| notice.id).collect();
    assert!(whole.len() > 35 && notices.len() == 7);
    assert!(whole.iter().any(|entry| matches!(entry, Entry::Expiry(_))));
    for limit in [1, 2, 3, 7, 100] {
        let newest = handset.page(1, Place::Newest, limit).unwrap();
        assert_eq!(ids(&newest.entries), ids(&whole[whole.len().saturating_sub(limit)..]));
        assert!(!newest.more_after);
        assert_eq!(unroll(&handset, newest, limit), (whole.clone(), notices.clone()), "from the end, by {limit}");
        for (at, entry) in whole.iter().enumerate() {
            let around = handset.page(1, Place::Around(entry.id()), limit).unwrap();
            assert_eq!(around.entries.len(), limit.min(whole.len()));
            assert!(around.entries.contains(entry));
            assert_eq!(unroll(&handset, around, limit), (whole.clone(), notices.clone()), "from {at}, by {limit}");
        }
    }
}

#[test]
fn beyond_an_end_there_is_nothing_but_the_last_lines() {
    let handset = tangled();
    let whole = handset.conversation("Person 1", None).unwrap();
    let before = handset.page(1, Place::Before(whole[0].id()), 5).unwrap();
    assert_eq!((before.entries.len(), before.more_before, before.more_after), (0, false, true));
    let after = handset.page(1, Place::After(whole[whole.len() - 1].id()), 5).unwrap();
    assert_eq!((after.entries.len(), after.more_before, after.more_after), (0, true, false));
    let last: Vec<NoticeView> = handset.notices("Person 1").unwrap().split_off(6);
    assert_eq!(after.notices, last, "what came since the last text");
}

#[test]
fn a_page_can_begin_where_something_has_expired() {
    let handset = tangled();
    let whole = ids(&handset.conversation("Person 1", None).unwrap());
    // 34 stood between 32 and 36: 33 is doubtful, and 35 is another's.
    let after = handset.page(1, Place::After(content(34)), 1).unwrap();
    let at = whole.iter().position(|id| *id == content(32)).unwrap();
    assert_eq!(ids(&after.entries), whole[at + 1..at + 2]);
    assert_eq!(ids(&handset.page(1, Place::Before(content(34)), 1).unwrap().entries), [content(32)]);
    assert_eq!(handset.page(1, Place::Before(content(7)), 1).unwrap_err().code(), "unknown-message", "another's");
    assert_eq!(handset.page(9, Place::Newest, 1).unwrap_err().code(), "unknown-person");
}

#[test]
fn the_first_unseen_is_the_first_of_the_conversation() {
    let mut handset = tangled();
    assert_eq!(
        handset.page(1, Place::FirstUnseen, 3).unwrap(),
        handset.page(1, Place::Newest, 3).unwrap(),
        "all were seen"
    );
    // 15 stands before 17, which came before it.
    handset.database().execute("UPDATE message SET state = 'delivered' WHERE number IN (17, 15, 43, 5)", ()).unwrap();
    let page = handset.page(1, Place::FirstUnseen, 3).unwrap();
    assert_eq!(page.entries[1].id(), content(17));
    assert_eq!(handset.person_by_id(1).unwrap().unseen, 3, "a reaction is no text");
    assert_eq!(handset.conversations().unwrap()[0].unseen, 3);
    handset.mark_seen(NOW, "Person 1").unwrap();
    assert_eq!(handset.person_by_id(1).unwrap().unseen, 0);
}

#[test]
fn the_list_shows_each_conversations_end() {
    let mut handset = tangled();
    let db = handset.database();
    contacts_more(db);
    let all = handset.conversations().unwrap();
    let people: Vec<_> = all.iter().map(|c| (c.id, c.person.as_str())).collect();
    assert_eq!(people, [(1, "Person 1"), (2, "Person 2"), (3, "Silent")], "the newest first");
    let Some(Last::Notice(notice)) = &all[0].last else { panic!("a line that no side wrote came last") };
    assert_eq!((notice.at, all[0].at), (Timestamp::from_millis(BEGUN + 60_999), notice.at));
    let Some(Last::Entry(entry)) = &all[1].last else { panic!("a text came last") };
    assert_eq!(Some(entry), handset.conversation("Person 2", None).unwrap().last());
    assert_eq!((&all[2].last, all[2].at), (&None, Timestamp::from_millis(BEGUN)));
    assert!(all.iter().all(|c| c.waiting_since.is_none() && c.undelivered_since.is_none() && c.draft.is_none()));

    let states = [("waiting", 40), ("waiting", 38), ("sent", 36), ("delivered", 32)];
    for (state, number) in states {
        handset.database().execute("UPDATE message SET state = ?1 WHERE number = ?2", (state, number)).unwrap();
    }
    handset.set_draft(NOW, 3, &"é".repeat(200), None).unwrap();
    let all = handset.conversations().unwrap();
    let at = |number: u64| Some(Timestamp::from_millis(BEGUN + number * 1000));
    assert_eq!((all[0].waiting_since, all[0].undelivered_since), (at(38), at(36)));
    assert_eq!(all[2].draft.as_deref(), Some("é".repeat(120).as_str()));
    handset.rename_person(NOW, "Silent", "Oona").unwrap();
    assert_eq!(handset.person_by_id(3).unwrap().person, "Oona", "a number stays");
    assert_eq!(handset.person_by_id(4).unwrap_err().code(), "unknown-person");
}

fn contacts_more(db: &database::rusqlite::Connection) {
    db.execute_batch(
        "INSERT INTO contact (id, line, person, name, identity, handsets, list_number, successor, handset, conversation,
            state, verified, safety_words, added_at)
         SELECT 3, zeroblob(32), 'Silent', 'Silent', identity, x'', 1, x'', handset, conversation, 'open', 'card', '',
            1795000000000 FROM contact WHERE id = 1;",
    )
    .unwrap();
}
