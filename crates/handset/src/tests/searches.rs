//! What is found, and what is found no more.

use protocol::{ContentId, Timestamp};

use super::history::{BEGUN, Row, contacts, content, empty};
use crate::Handset;

const NOW: Timestamp = Timestamp::from_millis(BEGUN + 1_000_000_000);

const NONE: [u64; 0] = [];
const TEXTS: [(u64, i64, &str); 9] = [
    (1, 1, "The grain corridor opens on Monday."),
    (2, 2, "Grain prices; corridors of power."),
    (3, 1, "Café in Genève, à bientôt"),
    (4, 1, "明天在北京见面"),
    (5, 2, "東京で会いましょう。ワシントンDCでも"),
    (6, 1, "พบกันที่กรุงเทพ"),
    (7, 1, "서울에서 만나요"),
    (8, 2, "Встреча в Женеве"),
    (9, 1, "corridor 17"),
];

fn handset() -> Handset {
    let handset = empty(database::open_memory().unwrap());
    contacts(handset.database(), 17);
    for (number, contact, text) in TEXTS {
        Row::text(number, contact, text).write(handset.database());
    }
    handset
}

fn found(handset: &Handset, words: &str, within: Option<i64>) -> Vec<u64> {
    let texts = handset.search(words, within, None, 99).unwrap();
    texts.iter().map(|text| (1..100).find(|number| content(*number) == text.id).unwrap()).collect()
}

#[test]
fn words_are_found_in_any_script() {
    let handset = handset();
    for (words, expected) in [
        ("grain", &[2, 1][..]),
        ("GRAIN corr", &[2, 1]),
        ("corridor", &[9, 2, 1]),
        ("corr grain", &[]),
        ("corridor open", &[1]),
        ("cafe geneve", &[3]),
        ("北京", &[4]),
        ("京", &[5, 4]),
        ("在北京见", &[4]),
        ("京北", &[]),
        ("会いま", &[5]),
        ("ワシントン", &[5]),
        ("dc", &[5]),
        ("ワシントンDC", &[5]),
        ("กรุงเทพ", &[6]),
        ("만나", &[7]),
        ("женев", &[8]),
        ("17", &[9]),
        ("g", &[]),
        ("à", &[3]),
        ("서", &[7]),
        ("contact", &[]),
        ("\" OR text:*", &[]),
        ("?!", &[]),
    ] {
        assert_eq!(found(&handset, words, None), expected, "{words}");
    }
}

#[test]
fn a_search_has_bounds_and_pages() {
    let handset = handset();
    assert_eq!(found(&handset, "corridor", Some(1)), [9, 1], "with one person");
    assert_eq!(found(&handset, "corridor", Some(17)), NONE, "whose number is no word");
    assert_eq!(handset.search("corridor", Some(18), None, 9).unwrap_err().code(), "unknown-person");
    let ids = |before: Option<ContentId>, limit| -> Vec<_> {
        handset.search("corridor", None, before.as_ref(), limit).unwrap().iter().map(|text| text.id).collect()
    };
    assert_eq!(ids(None, 2), [content(9), content(2)]);
    assert_eq!(ids(Some(content(2)), 2), [content(1)]);
    assert_eq!(ids(None, usize::MAX).len(), 3);
    assert_eq!(ids(None, 0), []);
}

#[test]
fn what_goes_is_found_no_more_and_leaves_nothing_in_the_index() {
    let mut handset = handset();
    assert_eq!(found(&handset, "北京", None), [4]);
    handset.database().execute("UPDATE message SET expires_at = 1 WHERE number IN (1, 4, 5)", ()).unwrap();
    // Without a term of its own a text of theirs is over at its time.
    handset.timeout(NOW).unwrap();
    assert_eq!(found(&handset, "北京", None), NONE);
    assert_eq!(found(&handset, "corridor", None), [9, 2]);
    handset.database().execute("UPDATE message SET expires_at = 1", ()).unwrap();
    handset.timeout(NOW).unwrap();
    for (_, _, text) in TEXTS {
        assert_eq!(found(&handset, text, None), NONE, "{text}");
    }
    let check = "INSERT INTO message_text (message_text) VALUES ('integrity-check')";
    handset.database().execute(check, ()).unwrap();
    let sql = "SELECT count(*) FROM message_text_idx";
    let pages: u32 = handset.database().query_row(sql, (), |row| row.get(0)).unwrap();
    let db = handset.database();
    db.execute_batch("CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, message_text, row)").unwrap();
    let words: u32 = db.query_row("SELECT count(*) FROM temp.words", (), |row| row.get(0)).unwrap();
    assert_eq!(words, 0, "in {pages} pages");
}

#[test]
fn an_index_that_is_not_there_is_made() {
    let handset = handset();
    let db = handset.close();
    db.execute("INSERT INTO message_text (message_text) VALUES ('delete-all')", ()).unwrap();
    let handset = empty(db);
    assert_eq!(found(&handset, "北京", None), [4]);
    assert_eq!(found(&handset, "corridor", Some(2)), [2]);
}

/// In which of the index's tables a word stands.
fn left(handset: &Handset, word: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (table, column) in [("data", "block"), ("idx", "term"), ("docsize", "sz")] {
        let sql = format!(
            "SELECT '{table} ' || rowid || ' ' || hex({column}) FROM message_text_{table} WHERE instr({column}, ?1) > 0"
        );
        let sql = if table == "idx" { sql.replace("rowid", "segid || ' ' || pgno") } else { sql };
        let mut rows = handset.database().prepare(&sql).unwrap();
        let rows = rows.query_map([word.as_bytes()], |row| row.get::<_, String>(0)).unwrap();
        all.extend(rows.map(Result::unwrap));
    }
    all
}

#[test]
fn long_lists_of_a_word_go_with_it() {
    let mut handset = handset();
    for number in 100..160 {
        let text = format!("quincefalcon{number} {}", "margin ".repeat(number as usize % 7 * 40));
        Row::text(number, 1, &text).write(handset.database());
    }
    assert!(!left(&handset, "margin").is_empty() && !left(&handset, "quince").is_empty());
    handset.database().execute("UPDATE message SET expires_at = 1 WHERE number >= 100", ()).unwrap();
    handset.timeout(NOW).unwrap();
    assert_eq!(left(&handset, "margin"), Vec::<String>::new());
    assert_eq!(left(&handset, "quince"), Vec::<String>::new());
}
