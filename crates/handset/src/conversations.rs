//! The list of conversations: of each only its end, so that it costs the same however long they are.

use database::rusqlite::Connection;
use protocol::Timestamp;

use crate::contacts::{Contact, ContactState, PersonView, Verified};
use crate::engine::Handset;
use crate::error::Error;
use crate::views::{Entry, NoticeView, last_notice};

/// Letters of a draft's beginning.
const DRAFT: u32 = 120;

/// A conversation as it stands in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationView {
    /// The person's number, which never names anybody else.
    pub id: i64,
    /// The person's name here.
    pub person: String,
    /// How sure it is that it is them.
    pub verified: Verified,
    /// How things stand.
    pub state: ContactState,
    /// Texts of theirs that were not seen here.
    pub unseen: u64,
    /// What stands at its end, if anything does.
    pub last: Option<Last>,
    /// Since when it stands there; since when they are a contact, if nothing was said.
    pub at: Timestamp,
    /// Since when something of ours is on this handset only.
    pub waiting_since: Option<Timestamp>,
    /// Since when something of ours is at our switchboard, and not known to be on their handset.
    pub undelivered_since: Option<Timestamp>,
    /// The beginning of what is being written.
    pub draft: Option<String>,
}

/// What stands at a conversation's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Last {
    /// Somebody said it.
    Entry(Entry),
    /// Nobody did.
    Notice(NoticeView),
}

/// Contacts with all that is looked up by index.
pub(crate) const CONTACTS: &str = "SELECT id, person, verified, state, added_at,
        (SELECT count(*) FROM message WHERE contact = contact.id AND mine = 0 AND state <> 'seen'
            AND kind = 'text' AND gone = 0 AND doubtful = 0),
        (SELECT min(sent_at) FROM message WHERE contact = contact.id AND mine = 1 AND state IN ('waiting', 'sent')
            AND state = 'waiting'),
        (SELECT min(sent_at) FROM message WHERE contact = contact.id AND mine = 1 AND state IN ('waiting', 'sent')
            AND state = 'sent'),
        (SELECT substr(text, 1, ?1) FROM draft WHERE draft.contact = contact.id)
    FROM contact";

impl Contact {
    /// That there is somebody of this number.
    pub(crate) fn check(db: &Connection, id: i64) -> Result<(), Error> {
        let mut there = db.prepare_cached("SELECT EXISTS (SELECT 1 FROM contact WHERE id = ?1)")?;
        let there: bool = there.query_row([id], |row| row.get(0))?;
        if there { Ok(()) } else { Err(Error::UnknownPerson(id.to_string())) }
    }
}

impl Handset {
    /// One contact, by number.
    ///
    /// # Errors
    /// If nobody has that number.
    pub fn person_by_id(&self, id: i64) -> Result<PersonView, Error> {
        Contact::check(self.db(), id)?;
        self.view(id)
    }

    /// All conversations, the one in which something happened last first.
    ///
    /// # Errors
    /// If the database fails.
    pub fn conversations(&self) -> Result<Vec<ConversationView>, Error> {
        let mut all = contacts(self.db())?;
        for conversation in &mut all {
            let entry = self.last_entry(conversation.id)?;
            let notice = last_notice(self.db(), conversation.id)?;
            let notice = notice.filter(|notice| entry.as_ref().is_none_or(|entry| entry.sent_at() < notice.at));
            conversation.last = notice.map(Last::Notice).or_else(|| entry.map(Last::Entry));
            conversation.at = match &conversation.last {
                Some(Last::Entry(entry)) => entry.sent_at(),
                Some(Last::Notice(notice)) => notice.at,
                None => conversation.at,
            };
        }
        all.sort_by(|a, b| b.at.cmp(&a.at).then(b.id.cmp(&a.id)));
        Ok(all)
    }
}

fn contacts(db: &Connection) -> Result<Vec<ConversationView>, Error> {
    let mut contacts = db.prepare_cached(CONTACTS)?;
    let mut rows = contacts.query([DRAFT])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let time = |at: Option<u64>| at.map(Timestamp::from_millis);
        all.push(ConversationView {
            id: row.get(0)?,
            person: row.get(1)?,
            verified: Verified::parse(&row.get::<_, String>(2)?).ok_or(Error::Corrupt("verified"))?,
            state: ContactState::parse(&row.get::<_, String>(3)?).ok_or(Error::Corrupt("state"))?,
            unseen: row.get(5)?,
            last: None,
            at: Timestamp::from_millis(row.get(4)?),
            waiting_since: time(row.get(6)?),
            undelivered_since: time(row.get(7)?),
            draft: row.get(8)?,
        });
    }
    Ok(all)
}
