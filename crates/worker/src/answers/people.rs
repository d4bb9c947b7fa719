//! Contacts, requests and cards.

use std::time::Duration;

use talk::calls::{Accept, Answer, NewCard};
use talk::people::{Accepting, Card, Person, Request};

use crate::clock::now;
use crate::failure::{Failure, Result};
use crate::open::Open;
use crate::views;

/// All contacts, by name.
pub(super) fn people(open: &mut Open) -> Result<Vec<Person>> {
    let cards = views::card_names(&open.handset)?;
    Ok(open.handset.people()?.into_iter().map(|view| views::person(view, &cards)).collect())
}

/// One of them.
pub(super) fn person(open: &mut Open, person: i64) -> Result<Person> {
    let cards = views::card_names(&open.handset)?;
    Ok(views::person(open.handset.person_by_id(person)?, &cards))
}

pub(super) fn verify(open: &mut Open, person: i64) -> Result<Person> {
    let name = views::name_of(&open.handset, person)?;
    open.handset.verify_person(now(), &name)?;
    self::person(open, person)
}

pub(super) fn rename(open: &mut Open, person: i64, to: &str) -> Result<Person> {
    let name = views::name_of(&open.handset, person)?;
    open.handset.rename_person(now(), &name, to)?;
    self::person(open, person)
}

pub(super) fn block(open: &mut Open, person: i64, blocked: bool) -> Result<Person> {
    let name = views::name_of(&open.handset, person)?;
    if blocked {
        open.handset.block_person(now(), &name)?;
    } else {
        open.handset.unblock_person(now(), &name)?;
    }
    self::person(open, person)
}

pub(super) fn remove(open: &mut Open, person: i64) -> Result<()> {
    let name = views::name_of(&open.handset, person)?;
    Ok(open.handset.remove_person(now(), &name)?)
}

/// Who asks to become a contact.
pub(super) fn requests(open: &mut Open) -> Result<Vec<Request>> {
    let cards = views::card_names(&open.handset)?;
    let request = |view: handset::RequestView| {
        let name = cards.get(&view.via_card).cloned().unwrap_or_default();
        Request { person: view.person, via_card: (view.via_card, name), made_at: view.made_at.as_millis() }
    };
    Ok(open.handset.requests()?.into_iter().map(request).collect())
}

/// Lets somebody who asked in, or not.
pub(super) fn decide(open: &mut Open, call: &Answer) -> Result<()> {
    if call.admit {
        open.handset.admit(now(), &call.person)?;
    } else {
        open.handset.refuse(now(), &call.person)?;
    }
    Ok(())
}

/// All cards, the newest first.
pub(super) fn cards(open: &mut Open) -> Result<Vec<Card>> {
    Ok(open.handset.cards(now())?.into_iter().rev().map(card).collect())
}

pub(super) fn new_card(open: &mut Open, call: NewCard) -> Result<Card> {
    let new = handset::NewCard {
        for_name: call.for_name,
        uses: call.uses,
        expires: Duration::from_secs(u64::from(call.days) * 24 * 60 * 60),
        ask: call.ask,
    };
    Ok(card(open.handset.new_card(now(), &new)?))
}

pub(super) fn revoke(open: &mut Open, id: &str) -> Result<Card> {
    Ok(card(open.handset.revoke_card(now(), id.trim())?))
}

/// Takes a card up.
pub(super) fn accept(open: &mut Open, call: &Accept) -> Result<Accepting> {
    let petname = call.petname.as_deref().map(str::trim).filter(|name| !name.is_empty());
    match open.handset.accept(now(), &call.card, petname)? {
        handset::Accepting::UnderWay(redemption) => Ok(Accepting::UnderWay(redemption)),
        handset::Accepting::Known(name) => views::id_of(&open.handset, &name)?
            .map(Accepting::Known)
            .ok_or_else(|| Failure::from(handset::Error::UnknownPerson(name))),
    }
}

fn card(view: handset::CardView) -> Card {
    let (office, words) = view.words.split_once(' ').unwrap_or(("", &view.words));
    Card {
        office: office.to_owned(),
        words: words.split(' ').map(str::to_owned).collect(),
        id: view.id,
        for_name: view.for_name,
        url: view.url,
        expires_at: view.expires_at.as_millis(),
        uses_left: view.uses_left,
        ask: view.ask,
        state: view.state.as_str().to_owned(),
        stored: view.stored,
        taken_by: view.taken_by,
    }
}
