//! Cards, people and standing as people read them.

use anstyle::Style;
use handset::{CardState, CardView, ContactState, Pending, PersonView, RequestView, StatusView, Verified};
use protocol::Timestamp;
use protocol::expiry::Term;

use super::notices::silent;
use super::qr;
use super::style::{CARE, GOOD, QUIET, STRONG, harmless, styled};
use super::table::{Cell, fields, table};
use crate::clock::{local_day, local_full, local_time};

const PLAIN: Style = Style::new();

/// A new card: to be shown, sent or said.
pub(crate) fn new_card(card: &CardView) -> String {
    let (address, words) = card.words.split_once(' ').unwrap_or(("", &card.words));
    let who = if card.ask { "You will be asked before somebody becomes a contact." } else { "" };
    let uses = match card.uses_left {
        1 => "one person may take it up".to_owned(),
        n => format!("{n} people may take it up"),
    };
    let mut text = format!(
        "{}\n\n{}\n\n{}",
        styled(&format!("A card for {}", harmless(&card.for_name)), STRONG),
        card.url,
        qr::draw(&card.url)
    );
    text.push_str("\nOr say the office's address and these words:\n\n");
    text.push_str(&format!("  {}\n  {}\n\n", address, styled(words, STRONG)));
    text.push_str(&fields(&[
        ("Card", card.id.clone()),
        ("Good until", format!("{}; {uses}", local_full(card.expires_at))),
    ]));
    text.push_str(who);
    text
}

/// All cards.
pub(crate) fn cards(cards: &[CardView]) -> String {
    if cards.is_empty() {
        return "No cards yet. Make one with `entrenous card new --for NAME`.".to_owned();
    }
    let row = |card: &CardView| -> Vec<Cell> {
        let style = if card.state == CardState::Open { GOOD } else { QUIET };
        let state = if card.stored {
            card.state.as_str().to_owned()
        } else {
            format!("{}, not stored yet", card.state.as_str())
        };
        vec![
            (card.id.clone(), PLAIN),
            (card.for_name.clone(), PLAIN),
            (state, style),
            (card.uses_left.to_string(), PLAIN),
            (local_full(card.expires_at), PLAIN),
            (card.taken_by.join(", "), PLAIN),
        ]
    };
    let rows: Vec<_> = cards.iter().map(row).collect();
    table(&["card", "for", "state", "uses left", "good until", "taken by"], &rows)
}

/// All contacts.
pub(crate) fn people(people: &[PersonView]) -> String {
    if people.is_empty() {
        return "Nobody yet. Hand out a card (`entrenous card new`) or take one up (`entrenous accept`).".to_owned();
    }
    let row = |person: &PersonView| -> Vec<Cell> {
        let unseen = if person.unseen > 0 { person.unseen.to_string() } else { String::new() };
        vec![
            (person.person.clone(), STRONG),
            (verified(person).to_owned(), verified_style(person)),
            (state(person).to_owned(), PLAIN),
            (unseen, CARE),
        ]
    };
    let rows: Vec<_> = people.iter().map(row).collect();
    format!("{}{}", table(&["person", "verified", "state", "unseen"], &rows), silences(people))
}

/// Who is silent where a word of theirs is due, a line each.
pub(crate) fn silences(people: &[PersonView]) -> String {
    let line = |person: &PersonView| {
        let silence = person.silence.as_ref()?;
        Some(format!("{}\n", styled(&format!("{}: {}", harmless(&person.person), silent(silence)), CARE)))
    };
    people.iter().filter_map(line).collect()
}

/// One contact, with the words to compare.
pub(crate) fn person(person: &PersonView) -> String {
    let mut all = vec![
        ("Person", styled(&harmless(&person.person), STRONG)),
        ("Verified", styled(verified(person), verified_style(person))),
        ("State", state(person).to_owned()),
        ("Since", local_full(person.added_at)),
        ("Line", person.line.to_text()),
        ("Safety words", person.safety_words.clone()),
    ];
    if person.expiry != Term::Off {
        all.push(("Texts vanish", format!("{} after they were sent", long(person.expiry).unwrap_or_default())));
    }
    if person.name != person.person {
        all.insert(1, ("Calls themselves", harmless(&person.name)));
    }
    if let Some(card) = &person.via_card {
        all.push(("Took up card", card.clone()));
    }
    let mut text = fields(&all);
    if let Some(silence) = &person.silence {
        text.push_str(&styled(&format!("{}\n", silent(silence)), CARE));
    }
    if person.verified == Verified::Unverified {
        text.push_str(&styled(
            "Their handset has not vouched for its keys yet: it does when it is next online.\n",
            QUIET,
        ));
    }
    text
}

/// How long texts with a person stay, and what is proposed.
pub(crate) fn expiry(person: &PersonView) -> String {
    let mut text = format!("{}\n", term_sentence(person.expiry));
    let name = harmless(&person.person);
    if let Some(term) = person.expiry_asked {
        text.push_str(&format!("You proposed {}; {name} has not answered yet.\n", term_words(term)));
    }
    if let Some(term) = person.expiry_proposed {
        let hint = "answer with --accept or --decline";
        text.push_str(&styled(&format!("{name} proposes {}: {hint}.\n", term_words(term)), CARE));
    }
    text
}

/// What stands above a conversation; nothing where texts stay for good and nobody proposes anything.
pub(crate) fn expiry_heading(person: &PersonView) -> String {
    let quiet = person.expiry == Term::Off && person.expiry_asked.is_none() && person.expiry_proposed.is_none();
    if quiet { String::new() } else { expiry(person) }
}

fn term_sentence(term: Term) -> String {
    match long(term) {
        None => "Texts stay on both handsets.".to_owned(),
        Some(long) => {
            format!("Texts vanish on both handsets {long} after they were sent. Whoever saw one may have kept it.")
        }
    }
}

/// What somebody proposes.
pub(crate) fn term_words(term: Term) -> String {
    long(term).map_or_else(|| "that texts stay".to_owned(), |long| format!("that texts vanish after {long}"))
}

fn long(term: Term) -> Option<&'static str> {
    match term {
        Term::Off => None,
        Term::Day => Some("1 day"),
        Term::Week => Some("1 week"),
        Term::FourWeeks => Some("4 weeks"),
    }
}

/// All requests.
pub(crate) fn requests(requests: &[RequestView]) -> String {
    if requests.is_empty() {
        return "Nobody is asking.".to_owned();
    }
    let row = |request: &RequestView| -> Vec<Cell> {
        vec![(request.person.clone(), STRONG), (request.via_card.clone(), PLAIN), (local_full(request.made_at), PLAIN)]
    };
    let rows: Vec<_> = requests.iter().map(row).collect();
    let hint = "The names are what they call themselves. Admit with `entrenous people admit PERSON`.";
    format!("{}{}", table(&["person", "through card", "since"], &rows), styled(hint, QUIET))
}

/// How the handset stands.
pub(crate) fn status(status: &StatusView, online: bool, backup: Option<Timestamp>, now: Timestamp) -> String {
    let connection = if online { styled("online", GOOD) } else { styled("offline", CARE) };
    let mut text = fields(&[
        ("Name", styled(&harmless(&status.name), STRONG)),
        ("Office", format!("{} ({})", harmless(&status.office), status.switchboard)),
        ("Switchboard", connection),
        ("Line", status.line.to_text()),
        ("Last backup", backup.map_or_else(|| styled("none: make one with `entrenous backup`", CARE), local_full)),
    ]);
    text.push_str(&waiting(&status.pending, now));
    text
}

/// What waits for what since when.
pub(crate) fn waiting(pending: &[Pending], now: Timestamp) -> String {
    if pending.is_empty() {
        return "Nothing waits.\n".to_owned();
    }
    pending.iter().map(|p| format!("{}.\n", harmless(&pending_words(p, now)))).collect()
}

/// One thing that waits, in words.
pub(crate) fn pending_words(pending: &Pending, now: Timestamp) -> String {
    let (one, many, what_for) = match pending.what {
        "texts" => ("message", "messages", "to be stored at our switchboard"),
        "delivery" => ("message", "messages", "for their handset"),
        "cards" => ("card", "cards", "to be taken up"),
        "files" => ("file", "files", "to be stored at our switchboard"),
        _ => ("change", "changes", "to be stored at our switchboard"),
    };
    let count = pending.count;
    let things = if count == 1 { one } else { many };
    let to = pending.person.as_ref().map(|person| format!(" to {person}")).unwrap_or_default();
    let waits = if count == 1 { "waits" } else { "wait" };
    let same_day = local_day(pending.since) == local_day(now);
    let since = if same_day { local_time(pending.since) } else { local_full(pending.since) };
    format!("{count} {things}{to} {waits} {what_for} since {since}")
}

fn verified(person: &PersonView) -> &'static str {
    person.verified.as_str()
}

fn verified_style(person: &PersonView) -> Style {
    if person.verified == Verified::Unverified { CARE } else { GOOD }
}

fn state(person: &PersonView) -> &'static str {
    match person.state {
        ContactState::Asked => "asked, not admitted yet",
        ContactState::Open => "open",
        ContactState::Refused => "refused: the card was not good any more",
        ContactState::Blocked => "blocked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_said_in_plain_words() {
        assert_eq!(
            term_sentence(Term::Week),
            "Texts vanish on both handsets 1 week after they were sent. Whoever saw one may have kept it."
        );
        assert_eq!(term_sentence(Term::Off), "Texts stay on both handsets.");
        assert_eq!(term_words(Term::Day), "that texts vanish after 1 day");
    }

    #[test]
    fn what_waits_is_said_in_words() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let pending =
            |what, count, person: Option<&str>| Pending { person: person.map(str::to_owned), count, what, since: now };
        let one = pending_words(&pending("texts", 1, Some("Tomas")), now);
        assert!(one.starts_with("1 message to Tomas waits to be stored at our switchboard since "), "{one}");
        let two = pending_words(&pending("delivery", 2, Some("Tomas")), now);
        assert!(two.starts_with("2 messages to Tomas wait for their handset since "), "{two}");
        assert!(pending_words(&pending("cards", 1, None), now).starts_with("1 card waits to be taken up since "));
    }
}
