//! Conversations: the list of them, stretches of one, and what is said.

use protocol::expiry::Term;
use talk::calls::{Expire, GetText, React, Read, Search, Unsend};
use talk::conversation::{At, Entry, Found, Row, Stretch, Text};

use crate::clock::now;
use crate::failure::{Failure, Result};
use crate::open::Open;
use crate::views;

/// Entries of a conversation that are shown at a time, at most, and texts that are found.
const LIMIT: u32 = 500;

/// All conversations, the newest first.
pub(super) fn rows(open: &mut Open) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let pending = open.handset.status()?.pending;
    for view in open.handset.people()? {
        let entries = open.handset.conversation(&view.person, None)?;
        let last = entries.into_iter().next_back();
        let last = last.map(|entry| views::entry(&open.handset, &open.transfers, entry)).transpose()?;
        let waiting =
            pending.iter().find(|pending| pending.what == "texts" && pending.person.as_ref() == Some(&view.person));
        rows.push(Row {
            id: views::id_of(&open.handset, &view.person)?.unwrap_or_default(),
            verified: view.verified.as_str().to_owned(),
            state: view.state.as_str().to_owned(),
            unseen: view.unseen,
            at: last.as_ref().map_or(view.added_at.as_millis(), Entry::at),
            last,
            waiting_since: waiting.map(|pending| pending.since.as_millis()),
            draft: None,
            person: view.person,
        });
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    Ok(rows)
}

/// A stretch of one.
pub(super) fn read(open: &mut Open, call: &Read) -> Result<Stretch> {
    let name = views::name_of(&open.handset, call.person)?;
    let limit = call.limit.clamp(1, LIMIT) as usize;
    let all = open.handset.conversation(&name, None)?;
    let place = |id: &str| all.iter().position(|entry| entry.id().to_text() == id);
    let unknown = |id: &str| Failure::from(handset::Error::UnknownMessage(id.to_owned()));
    let unseen = all.iter().position(
        |entry| matches!(entry, handset::Entry::Text(text) if !text.mine && text.state != handset::MessageState::Seen),
    );
    let around = |at: usize| at.saturating_sub(limit / 2).min(all.len().saturating_sub(limit));
    let (from, to) = match &call.at {
        At::Newest => (all.len().saturating_sub(limit), all.len()),
        At::Unseen => {
            let from = unseen.map_or_else(|| all.len().saturating_sub(limit), around);
            (from, all.len().min(from + limit))
        }
        At::Before(id) => {
            let to = place(id).ok_or_else(|| unknown(id))?;
            (to.saturating_sub(limit), to)
        }
        At::After(id) => {
            let from = place(id).ok_or_else(|| unknown(id))? + 1;
            (from, all.len().min(from + limit))
        }
        At::Around(id) => {
            let from = around(place(id).ok_or_else(|| unknown(id))?);
            (from, all.len().min(from + limit))
        }
    };
    let first_unseen = unseen.filter(|_| call.at == At::Unseen).and_then(|at| all.get(at)).map(|e| e.id().to_text());
    let (more_before, more_after) = (from > 0, to < all.len());
    let mut entries = Vec::new();
    for entry in all.into_iter().take(to).skip(from) {
        entries.push(views::entry(&open.handset, &open.transfers, entry)?);
    }
    Ok(Stretch { entries, more_before, more_after, first_unseen })
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

/// Texts with all of these words.
pub(super) fn search(open: &mut Open, call: &Search) -> Result<Vec<Found>> {
    let within = call.person.map(|person| views::name_of(&open.handset, person)).transpose()?;
    let mut found = Vec::new();
    let texts = open.handset.search(&call.words)?.into_iter();
    for view in texts
        .filter(|view| within.as_ref().is_none_or(|name| *name == view.person))
        .take(call.limit.min(LIMIT) as usize)
    {
        let person = view.person.clone();
        found.push(Found {
            id: views::id_of(&open.handset, &person)?.unwrap_or_default(),
            person,
            text: views::text(&open.handset, &open.transfers, view)?,
        });
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
