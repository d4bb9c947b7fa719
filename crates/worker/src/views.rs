//! What the engine shows, as pages are told.

use std::collections::BTreeMap;

use handset::{Handset, MessageView, PersonView};
use talk::conversation::{Entry, Expiry, File, Notice, Quote, Text};
use talk::people::Person;

use crate::clock::now;
use crate::failure::Result;
use crate::transfers::Transfers;

/// So much of a text is shown where only its beginning is, in characters.
pub(crate) const BEGINNING: usize = 120;

/// The beginning of a text.
pub(crate) fn beginning(text: &str) -> String {
    text.chars().take(BEGINNING).collect()
}

/// The name here of a contact.
pub(crate) fn name_of(handset: &Handset, person: i64) -> Result<String> {
    Ok(handset.person_by_id(person)?.person)
}

/// The contact of a name; none if it is gone by now.
pub(crate) fn id_of(handset: &Handset, name: &str) -> Result<Option<i64>> {
    match handset.person(name) {
        Ok(view) => Ok(Some(view.id)),
        Err(handset::Error::UnknownPerson(_) | handset::Error::AmbiguousPerson(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// For whom cards were, by their ids.
pub(crate) fn card_names(handset: &Handset) -> Result<BTreeMap<String, String>> {
    Ok(handset.cards(now())?.into_iter().map(|card| (card.id, card.for_name)).collect())
}

/// A contact.
pub(crate) fn person(view: PersonView, cards: &BTreeMap<String, String>) -> Person {
    let name = |card: String| (cards.get(&card).cloned().unwrap_or_default(), card);
    let via_card = view.via_card.map(name).map(|(name, card)| (card, name));
    Person {
        id: view.id,
        person: view.person,
        name: view.name,
        verified: view.verified.as_str().to_owned(),
        safety_words: view.safety_words,
        via_card,
        state: view.state.as_str().to_owned(),
        added_at: view.added_at.as_millis(),
        unseen: view.unseen,
        expiry: view.expiry.as_str().to_owned(),
        expiry_asked: view.expiry_asked.map(|term| term.as_str().to_owned()),
        expiry_proposed: view.expiry_proposed.map(|term| term.as_str().to_owned()),
        silence: view.silence.map(|silence| (silence.reached.as_str().to_owned(), silence.since.as_millis())),
    }
}

/// A text.
pub(crate) fn text(handset: &Handset, transfers: &Transfers, view: MessageView) -> Result<Text> {
    let reply_to = match &view.reply_to {
        Some(id) => Some(quote(handset, id, &view.person)?),
        None => None,
    };
    let reaction = |mine: bool| {
        let found = view.reactions.iter().find(|reaction| reaction.mine == mine);
        found.map(|reaction| reaction.emoji.clone())
    };
    Ok(Text {
        id: view.id.to_text(),
        mine: view.mine,
        gone: view.gone,
        unknown: view.unknown,
        sent_at: view.sent_at.as_millis(),
        state: view.state.as_str().to_owned(),
        reply_to,
        my_reaction: reaction(true),
        their_reaction: reaction(false),
        files: view.files.into_iter().map(|view| file(transfers, view)).collect(),
        expires_at: view.expires_at.map(protocol::Timestamp::as_millis),
        text: view.text,
    })
}

fn file(transfers: &Transfers, view: handset::FileView) -> File {
    let of = protocol::files::sealed(view.size);
    let done = if view.state.is_under_way() { transfers.carried(&view.blob).min(of) } else { of };
    File {
        paused: view.state.is_under_way() && transfers.paused().contains(&view.blob),
        blob: view.blob.to_text(),
        name: crate::zip::safe_name(&view.name),
        media_type: view.media_type,
        size: view.size,
        voice: view.voice.map(|voice| (voice.duration, voice.waveform)),
        state: view.state.as_str().to_owned(),
        carried: (done, of),
    }
}

/// A text that is answered.
pub(crate) fn quote(handset: &Handset, id: &protocol::ContentId, person: &str) -> Result<Quote> {
    // What it answers may be in another conversation, if its sender says so; that is not shown.
    let found = handset.message(id)?.filter(|message| message.person == person);
    Ok(match found {
        Some(message) => Quote { id: id.to_text(), mine: message.mine, beginning: beginning(&message.text) },
        None => Quote { id: id.to_text(), mine: false, beginning: String::new() },
    })
}

/// What stands in a conversation.
pub(crate) fn entry(handset: &Handset, transfers: &Transfers, entry: handset::Entry) -> Result<Entry> {
    Ok(match entry {
        handset::Entry::Text(view) => Entry::Text(text(handset, transfers, view)?),
        handset::Entry::Expiry(line) => Entry::Expiry(Expiry {
            id: line.id.to_text(),
            mine: line.mine,
            sent_at: line.sent_at.as_millis(),
            act: line.act.to_owned(),
            term: line.term.map(|term| term.as_str().to_owned()),
        }),
    })
}

/// When something was said.
pub(crate) const fn said_at(entry: &handset::Entry) -> protocol::Timestamp {
    match entry {
        handset::Entry::Text(text) => text.sent_at,
        handset::Entry::Expiry(line) => line.sent_at,
    }
}

/// A line that no side wrote.
pub(crate) fn notice(view: handset::NoticeView) -> Notice {
    Notice { code: view.code, at: view.at.as_millis(), about: view.about.map(protocol::Timestamp::as_millis) }
}
