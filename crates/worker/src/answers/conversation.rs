//! Conversations: the list of them, stretches of one, and what is said.

use std::collections::BTreeMap;

use handset::{Last, MessageState, Page, Place};
use protocol::expiry::Term;
use protocol::{ContentId, Timestamp};
use talk::calls::{Expire, GetText, React, Read, Search, SetDraft, Unsend};
use talk::conversation::{At, Draft, Entry, Found, Row, Stretch, Text};

use crate::clock::now;
use crate::failure::{Failure, Result};
use crate::open::Open;
use crate::views;

/// Entries of a conversation that are shown at a time, at most, and texts that are found.
const LIMIT: u32 = 500;

/// All conversations, the newest first.
pub(super) fn rows(open: &mut Open) -> Result<Vec<Row>> {
    let all = open.handset.conversations()?.into_iter().map(|view| {
        let last = match view.last {
            None => None,
            Some(Last::Entry(entry)) => Some(views::entry(&open.handset, &open.transfers, entry)?),
            Some(Last::Notice(notice)) => Some(Entry::Notice(views::notice(notice))),
        };
        Ok(Row {
            id: view.id,
            person: view.person,
            verified: view.verified.as_str().to_owned(),
            state: view.state.as_str().to_owned(),
            unseen: view.unseen,
            last,
            at: view.at.as_millis(),
            waiting_since: view.waiting_since.map(Timestamp::as_millis),
            draft: view.draft,
        })
    });
    all.collect()
}

/// A stretch of one.
pub(super) fn read(open: &mut Open, call: &Read) -> Result<Stretch> {
    let limit = call.limit.clamp(1, LIMIT) as usize;
    let place = match &call.at {
        At::Newest => Place::Newest,
        At::Unseen => Place::FirstUnseen,
        At::Before(id) => Place::Before(content_id(id)?),
        At::After(id) => Place::After(content_id(id)?),
        At::Around(id) => Place::Around(content_id(id)?),
    };
    let page = open.handset.page(call.person, place, limit)?;
    let is_unseen = |entry: &&handset::Entry| {
        matches!(entry, handset::Entry::Text(text)
            if !text.mine && !text.gone && !text.unknown && text.state != MessageState::Seen)
    };
    let first_unseen = page.entries.iter().find(is_unseen).filter(|_| call.at == At::Unseen);
    let first_unseen = first_unseen.map(|entry| entry.id().to_text());
    let until = notices_until(&page);
    let mut notices = page.notices.into_iter().filter(|notice| notice.at <= until).peekable();
    let mut entries = Vec::new();
    for entry in page.entries {
        let entry = views::entry(&open.handset, &open.transfers, entry)?;
        while let Some(notice) = notices.next_if(|notice| notice.at.as_millis() < entry.at()) {
            entries.push(Entry::Notice(views::notice(notice)));
        }
        entries.push(entry);
    }
    entries.extend(notices.map(|notice| Entry::Notice(views::notice(notice))));
    Ok(Stretch { entries, more_before: page.more_before, more_after: page.more_after, first_unseen })
}

/// A notice belongs to the page whose entries it stands before, and one after them to the next, if there is one.
fn notices_until(page: &Page) -> Timestamp {
    let last = page.entries.last().filter(|_| page.more_after);
    last.map_or(Timestamp::from_millis(u64::MAX), views::said_at)
}

fn content_id(id: &str) -> Result<ContentId> {
    Ok(id.parse().map_err(|_| handset::Error::UnknownMessage(id.to_owned()))?)
}

/// One text, or none of that id.
pub(super) fn text(open: &mut Open, call: &GetText) -> Result<Option<Text>> {
    let name = views::name_of(&open.handset, call.person)?;
    let Ok(id) = call.id.parse() else { return Ok(None) };
    let found = open.handset.message(&id)?.filter(|message| message.person == name);
    found.map(|view| views::text(&open.handset, &open.transfers, view)).transpose()
}

pub(super) fn react(open: &mut Open, call: &React) -> Result<()> {
    let name = views::name_of(&open.handset, call.person)?;
    open.handset.react(now(), &name, &call.id, &call.emoji)?;
    Ok(())
}

pub(super) fn unsend(open: &mut Open, call: &Unsend) -> Result<()> {
    let name = views::name_of(&open.handset, call.person)?;
    open.handset.unsend(now(), &name, &call.id)?;
    Ok(())
}

pub(super) fn mark_seen(open: &mut Open, person: i64) -> Result<()> {
    let name = views::name_of(&open.handset, person)?;
    Ok(open.handset.mark_seen(now(), &name)?)
}

/// Keeps what is being written.
pub(super) fn set_draft(open: &mut Open, call: &SetDraft) -> Result<()> {
    let reply_to = call.reply_to.as_deref().map(content_id).transpose()?;
    Ok(open.handset.set_draft(now(), call.person, &call.text, reply_to.as_ref())?)
}

/// What was being written.
pub(super) fn draft(open: &mut Open, person: i64) -> Result<Draft> {
    let Some(draft) = open.handset.draft(person)? else { return Ok(Draft::default()) };
    let reply_to = match &draft.reply_to {
        Some(id) => Some(views::quote(&open.handset, id, &views::name_of(&open.handset, person)?)?),
        None => None,
    };
    Ok(Draft { text: draft.text, reply_to })
}

/// Texts with all of these words.
pub(super) fn search(open: &mut Open, call: &Search) -> Result<Vec<Found>> {
    let before = call.before.as_deref().map(content_id).transpose()?;
    let limit = call.limit.min(LIMIT) as usize;
    let mut ids = BTreeMap::new();
    let mut found = Vec::new();
    for view in open.handset.search(&call.words, call.person, before.as_ref(), limit)? {
        let person = view.person.clone();
        let id = match ids.get(&person) {
            Some(id) => *id,
            None => views::id_of(&open.handset, &person)?.unwrap_or_default(),
        };
        ids.insert(person.clone(), id);
        found.push(Found { id, person, text: views::text(&open.handset, &open.transfers, view)? });
    }
    Ok(found)
}

/// Says something about how long texts stay.
pub(super) fn expire(open: &mut Open, call: &Expire) -> Result<()> {
    let name = views::name_of(&open.handset, call.person)?;
    let wrong = || Failure::new("bad-expiry", "texts stay for good, a day, a week or four weeks: choose one of these");
    match call.act.as_str() {
        "propose" => {
            let term =
                Term::ALL.into_iter().find(|term| call.term.as_deref() == Some(term.as_str())).ok_or_else(wrong)?;
            open.handset.propose_expiry(now(), &name, term)?;
        }
        "accept" => drop(open.handset.accept_expiry(now(), &name)?),
        "decline" => drop(open.handset.decline_expiry(now(), &name)?),
        "withdraw" => drop(open.handset.withdraw_expiry(now(), &name)?),
        _ => return Err(wrong()),
    }
    Ok(())
}
