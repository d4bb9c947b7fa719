//! Finding texts by their words.
//!
//! The index has every word, without case and accents, and with whom it was said. Chinese, Japanese, Thai and the like put
//! no spaces between words, so each of their letters is indexed as a word, and several of them are looked for in a row:
//! what is typed is found wherever it stands. (SQLite's own index of three letters each would find no word of two, as most
//! Chinese ones are, and takes five times the space.)

use std::borrow::Cow;

use database::rusqlite::{Connection, OptionalExtension as _, params};
use protocol::ContentId;

use crate::contacts::Contact;
use crate::context::Work;
use crate::engine::Handset;
use crate::error::Error;
use crate::views::{COLUMNS, Entry, MessageView};

/// The newest first, since rows are numbered as they come: nothing has to be sorted, and whoever wants few looks at few.
const FOUND: &str = "FROM message_text CROSS JOIN message ON message.row = message_text.rowid
        CROSS JOIN contact ON contact.id = message.contact
    WHERE message_text MATCH ?1 AND message_text.rowid < ?2
        AND message.gone = 0 AND message.doubtful = 0 AND message.expired = 0
    ORDER BY message_text.rowid DESC LIMIT 0 + ?3";

/// Words that are looked for by name, at most.
const NAMED: usize = 128;
/// The first word of the index from this one on.
const NEXT_WORD: &str = "SELECT term FROM message_words WHERE term >= ?1 LIMIT 1";

impl Handset {
    /// Texts with all of these words, of which the last may be a beginning (of two letters at least): the newest first,
    /// at most `limit`, of all conversations or `within` that of one contact. With `before`, only what came before that
    /// text: the next page.
    ///
    /// # Errors
    /// If there is no such contact or text.
    pub fn search(
        &self,
        words: &str,
        within: Option<i64>,
        before: Option<&ContentId>,
        limit: usize,
    ) -> Result<Vec<MessageView>, Error> {
        let Some(query) = query(self.db(), words, within)? else { return Ok(Vec::new()) };
        if let Some(person) = within {
            Contact::check(self.db(), person)?;
        }
        let before = match before {
            None => i64::MAX,
            Some(id) => self.row_of(id)?,
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let texts = self.entries(&found(), params![query, before, limit])?;
        let texts = texts.into_iter().filter_map(|entry| match entry {
            Entry::Text(text) => Some(text),
            Entry::Expiry(_) => None,
        });
        Ok(texts.collect())
    }
}

pub(crate) fn found() -> String {
    format!("{COLUMNS} {FOUND}")
}

/// What is asked of the index; nothing if nothing can answer it.
fn query(db: &Connection, words: &str, within: Option<i64>) -> Result<Option<String>, Error> {
    let words: Vec<_> = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let Some((last, others)) = words.split_last() else { return Ok(None) };
    let Some(last) = beginning(db, last)? else { return Ok(None) };
    let words: Vec<String> = others.iter().map(|word| whole(word)).chain([last]).collect();
    let mut query = format!("text : ({})", words.join(" AND "));
    if let Some(person) = within {
        query.push_str(&format!(" AND contact : \"{person}\""));
    }
    Ok(Some(query))
}

fn whole(word: &str) -> String {
    format!("\"{}\"", spaced(word))
}

/// The words that begin so, by name if they are few: whatever begins so is gathered before the first of it is given, but
/// of named words only as much as is wanted. None if there is no such word.
fn beginning(db: &Connection, word: &str) -> Result<Option<String>, Error> {
    if word.ends_with(has_no_spaces) {
        return Ok(Some(whole(word)));
    }
    let begun = || Ok(Some(format!("{}*", whole(word))));
    let folded = folded(db, word)?;
    let [begin] = folded.as_slice() else { return begun() };
    // Very much begins with one letter of an alphabet, and nobody is looking for it.
    if begin.len() == 1 || begin.chars().count() == 1 && begin.chars().all(char::is_lowercase) {
        return Ok(Some(whole(word)));
    }
    let mut next = db.prepare_cached(NEXT_WORD)?;
    let mut named = Vec::new();
    let mut from = begin.clone();
    while let Some(term) = next.query_row([&from], |row| row.get::<_, String>(0)).optional()? {
        if !term.starts_with(begin) {
            break;
        }
        if named.len() == NAMED {
            return begun();
        }
        named.push(format!("\"{term}\""));
        from = term + "\u{1}";
    }
    Ok((!named.is_empty()).then(|| format!("({})", named.join(" OR "))))
}

/// What the index would make of a word: it is given to another one, in memory, that has nothing else in it.
fn folded(db: &Connection, word: &str) -> Result<Vec<String>, Error> {
    db.execute_batch(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.typed USING fts5 (text, content = '',
            tokenize = 'unicode61 remove_diacritics 2');
         CREATE VIRTUAL TABLE IF NOT EXISTS temp.typed_words USING fts5vocab (temp, typed, row);
         INSERT INTO temp.typed (typed) VALUES ('delete-all');",
    )?;
    db.prepare_cached("INSERT INTO temp.typed (rowid, text) VALUES (1, ?1)")?.execute([spaced(word)])?;
    let mut words = db.prepare_cached("SELECT term FROM temp.typed_words")?;
    let words = words.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    db.execute("INSERT INTO temp.typed (typed) VALUES ('delete-all')", [])?;
    Ok(words)
}

/// The words of a text as the index takes them.
fn spaced(text: &str) -> Cow<'_, str> {
    if !text.contains(has_no_spaces) {
        return text.into();
    }
    let mut spaced = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if has_no_spaces(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced.into()
}

/// Letters of scripts without spaces between words.
const fn has_no_spaces(c: char) -> bool {
    matches!(c,
        // Thai and Lao, Burmese, Khmer.
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        // Kana, and Chinese characters.
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

impl Work<'_> {
    /// Lets a text be found.
    pub(crate) fn index(&self, row: i64, contact: i64, text: &str) -> Result<(), Error> {
        insert(self.db, row, contact, text)
    }

    /// Takes the words of texts out of the index; before they are taken out of their rows, since it has to be told them.
    /// `which` chooses texts by `?1`.
    pub(crate) fn unindex(&self, which: &str, value: i64) -> Result<(), Error> {
        let mut texts = self.db.prepare_cached(&format!(
            "SELECT row, contact, text FROM message WHERE {which} AND kind = 'text' AND gone = 0 AND expired = 0"
        ))?;
        let mut rows = texts.query([value])?;
        while let Some(row) = rows.next()? {
            let text: String = row.get(2)?;
            self.run(
                "INSERT INTO message_text (message_text, rowid, text, contact) VALUES ('delete', ?1, ?2, ?3)",
                params![row.get::<_, i64>(0)?, spaced(&text), row.get::<_, i64>(1)?],
            )?;
        }
        Ok(())
    }
}

/// Fills an index that has nothing in it: a new one, or that of a restored line.
pub(crate) fn fill(db: &Connection) -> Result<(), Error> {
    let is_filled: bool = db.query_row("SELECT EXISTS (SELECT 1 FROM message_text_docsize)", [], |row| row.get(0))?;
    if is_filled {
        return Ok(());
    }
    let mut texts = db.prepare(
        "SELECT row, contact, text FROM message WHERE kind = 'text' AND gone = 0 AND expired = 0 ORDER BY row",
    )?;
    let mut rows = texts.query([])?;
    while let Some(row) = rows.next()? {
        insert(db, row.get(0)?, row.get(1)?, &row.get::<_, String>(2)?)?;
    }
    Ok(())
}

pub(crate) fn insert(db: &Connection, row: i64, contact: i64, text: &str) -> Result<(), Error> {
    db.prepare_cached("INSERT INTO message_text (rowid, text, contact) VALUES (?1, ?2, ?3)")?.execute(params![
        row,
        spaced(text),
        contact
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_spaces_is_spaced() {
        assert!(matches!(spaced("Café à 5 h, 한국어 و"), Cow::Borrowed(_)));
        assert_eq!(spaced("去Paris吧"), " 去 Paris 吧 ");
    }
}
