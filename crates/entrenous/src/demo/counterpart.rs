//! The line that talks back: it hands out a card, takes up cards that are sent to it, admits who asks, and answers.

use std::path::Path;

use handset::{Accepting, CardView, ClaimLink, Event, MessageView, NewCard};
use protocol::card::CardText;
use switchboard::Running;
use zeroize::Zeroizing;

use crate::cli::{Global, Wait};
use crate::exit::Failure;
use crate::profile::Profile;
use crate::session::{Session, now};

/// Its profile is there to be looked at: its passphrase is no secret.
const PASSPHRASE: &str = "demonstration";

/// How many may take up its card.
const USES: usize = 32;

/// The counterpart, ready.
pub(super) struct Counterpart {
    session: Session,
    pub(super) card: CardView,
}

/// Opens the counterpart's line at a switchboard, claiming it if it is new, with a card that can be taken up.
pub(super) async fn open(dir: &Path, name: &str, at: &Running, global: &Global) -> Result<Counterpart, Failure> {
    let profile = Profile::open_or_make(&dir.join("demonstration"))?;
    let passphrase = Zeroizing::new(PASSPHRASE.to_owned());
    let mut handset = if profile.has_key() { profile.unlock(&passphrase)? } else { profile.make(&passphrase)? };
    if handset.status().is_err() {
        let link: ClaimLink = match at.claim_url_of_first_invitation() {
            Some(url) => url.parse()?,
            None => {
                return Err(Failure::refused(
                    "demonstration-spoiled",
                    "the demonstration's data does not fit together: choose another --data",
                ));
            }
        };
        handset.claim(now(), &link, name, false)?;
    }
    let global = Global { wait: Wait::Sent, ..global.clone() };
    let mut session = Session::of(profile, handset, &global);
    session.stay();
    session.until(|_, event| Ok(matches!(event, Some(Event::CaughtUp)).then_some(()))).await?;
    let card = card(&mut session).await?;
    Ok(Counterpart { session, card })
}

/// A card with uses left: the last one, or a new one.
async fn card(session: &mut Session) -> Result<CardView, Failure> {
    let usable = |card: &CardView| card.state == handset::CardState::Open && card.stored;
    if let Some(card) = session.handset().cards(now())?.into_iter().rev().find(usable) {
        return Ok(card);
    }
    let new = NewCard {
        for_name: "whoever tries the demonstration".to_owned(),
        uses: USES,
        expires: std::time::Duration::from_secs(30 * 24 * 60 * 60),
        ask: false,
    };
    let id = session.handset().new_card(now(), &new)?.id;
    session.settle().await?;
    let cards = session.handset().cards(now())?;
    cards.into_iter().find(|card| card.id == id).ok_or_else(|| handset::Error::UnknownCard(id).into())
}

impl Counterpart {
    /// Talks until it is dropped.
    ///
    /// # Errors
    /// If its storage fails.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        // What came while it was off.
        for person in self.session.handset().people()? {
            self.answer_all(&person.person)?;
        }
        loop {
            let event = self.session.until(|_, event| Ok(event.cloned())).await?;
            match event {
                Some(Event::Arrived { person, .. }) => self.answer_all(&person)?,
                Some(Event::Requested(person)) => {
                    self.session.handset().admit(now(), &person)?;
                }
                Some(Event::ContactAdded { person, redemption }) => self.greet(&person, redemption.is_some())?,
                Some(Event::AcceptRefused { sentence, .. }) => {
                    self.tell_first(&format!("I could not take up your card: {sentence}."))?
                }
                _ => {}
            }
        }
    }

    fn greet(&mut self, person: &str, took_theirs: bool) -> Result<(), Failure> {
        let text = if took_theirs {
            "I have taken up your card, so you have me as a contact through it too. I am a demonstration, not a person."
        } else {
            "Good day! You have taken up my card. I am a demonstration, not a person: text me, and I answer by myself. \
             Send me a card of yours, and I take it up."
        };
        self.say(person, text, None)
    }

    /// Answers what a person has written and this handset has not seen.
    fn answer_all(&mut self, person: &str) -> Result<(), Failure> {
        let unseen = |text: &MessageView| !text.mine && text.state != handset::MessageState::Seen && !text.gone;
        let texts: Vec<MessageView> = self.session.handset().read(person, None)?.into_iter().filter(unseen).collect();
        self.session.handset().mark_seen(now(), person)?;
        for text in texts {
            let answer = self.answer(&text)?;
            self.say(person, &answer, Some(&text))?;
        }
        Ok(())
    }

    fn answer(&mut self, text: &MessageView) -> Result<String, Failure> {
        let Some(card) = card_in(&text.text) else { return Ok(reply(&text.text)) };
        match self.session.handset().accept(now(), &card, None) {
            Ok(Accepting::UnderWay(_)) => Ok("A card, thank you. I take it up now.".to_owned()),
            Ok(Accepting::Known(person)) => Ok(format!("I took this card up before: it is {person}'s.")),
            Err(error) => Ok(format!("I cannot take this card up: {error}.")),
        }
    }

    /// Tells whoever wrote last.
    fn tell_first(&mut self, text: &str) -> Result<(), Failure> {
        let mut last: Option<(protocol::Timestamp, String)> = None;
        for person in self.session.handset().people()? {
            let texts = self.session.handset().read(&person.person, None)?;
            if let Some(text) = texts.iter().rev().find(|text| !text.mine) {
                last = last.max(Some((text.sent_at, person.person)));
            }
        }
        match last {
            Some((_, person)) => self.say(&person, text, None),
            None => Ok(()),
        }
    }

    fn say(&mut self, person: &str, text: &str, answers: Option<&MessageView>) -> Result<(), Failure> {
        let answers = answers.map(|text| text.id.to_text());
        match self.session.handset().text(now(), person, text, answers.as_deref()) {
            Ok(_) => Ok(()),
            // A demonstration goes on if it is blocked or removed meanwhile.
            Err(error) if error.fault() != handset::Fault::Fatal => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A card in a text: a link anywhere in it, or the whole of it in words.
fn card_in(text: &str) -> Option<String> {
    let is_card = |text: &str| text.parse::<CardText>().is_ok();
    let link = text.split_whitespace().find(|word| word.contains("/c#") && is_card(word));
    link.or_else(|| Some(text.trim()).filter(|text| is_card(text))).map(str::to_owned)
}

fn reply(text: &str) -> String {
    let words = text.split_whitespace().count();
    let counted = if words == 1 { "1 word".to_owned() } else { format!("{words} words") };
    let tail = if text.contains('?') {
        "A good question, which a demonstration cannot answer."
    } else {
        "I am a demonstration, so this is all I can say."
    };
    format!("Your {counted} arrived here, end to end encrypted. {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_found_in_texts() {
        let token = protocol::Token::new([1; 16]).to_text();
        let link = format!("http://127.0.0.1:4701/c#{token}.{}", protocol::Fingerprint::new([2; 32]).to_text());
        assert_eq!(card_in(&format!("Here: {link} and more")), Some(link));
        let words = "127.0.0.1:4701 able about above absent absorb abstract absurd abuse";
        assert_eq!(card_in(&format!(" {words}\n")).as_deref(), Some(words));
        assert_eq!(card_in("see you at 8, http://127.0.0.1/c#no"), None);
    }

    #[test]
    fn every_answer_says_what_it_is() {
        for text in ["Good evening.", "How are you?", ""] {
            assert!(reply(text).contains("demonstration"), "{text}");
        }
    }
}
