//! Results as programs read them. Fields may be added, never renamed or taken away.

use std::path::PathBuf;

use handset::{
    CardView, ContactState, ExpiryLine, FileView, MessageView, Pending, PersonView, ReactionView, RequestView,
    StatusView,
};
use protocol::expiry::Term;
use protocol::{BlobId, LineId, Timestamp};
use serde::Serialize;

use super::views::pending_words;
use crate::clock::rfc3339;

/// `claim`.
#[derive(Debug, Serialize)]
pub(crate) struct Claimed {
    line: String,
    name: String,
    switchboard: String,
    office: String,
    state: &'static str,
}

impl Claimed {
    pub(crate) fn of(status: &StatusView) -> Self {
        Self {
            line: status.line.to_text(),
            name: status.name.clone(),
            switchboard: status.switchboard.to_string(),
            office: status.office.clone(),
            state: "claimed",
        }
    }
}

/// `card new`, `card list`, `card revoke`.
#[derive(Debug, Serialize)]
pub(crate) struct Card {
    id: String,
    #[serde(rename = "for")]
    for_name: String,
    url: String,
    words: String,
    expires_at: String,
    uses_left: usize,
    ask: bool,
    state: &'static str,
    /// Whether the switchboard has it (or, revoked, has taken it down).
    stored: bool,
    taken_by: Vec<String>,
}

impl From<&CardView> for Card {
    fn from(card: &CardView) -> Self {
        Self {
            id: card.id.clone(),
            for_name: card.for_name.clone(),
            url: card.url.clone(),
            words: card.words.clone(),
            expires_at: rfc3339(card.expires_at),
            uses_left: card.uses_left,
            ask: card.ask,
            state: card.state.as_str(),
            stored: card.stored,
            taken_by: card.taken_by.clone(),
        }
    }
}

/// `accept`, `people` and what is under it.
#[derive(Debug, Serialize)]
pub(crate) struct Person {
    person: Option<String>,
    name: Option<String>,
    line: Option<String>,
    verified: Option<&'static str>,
    safety_words: Option<String>,
    via_card: Option<String>,
    state: &'static str,
    since: Option<String>,
    unseen: u64,
    /// How long texts stay: `off`, `1d`, `1w`, `4w`.
    expiry: Option<&'static str>,
    /// What we proposed instead, and what they did.
    expiry_asked: Option<&'static str>,
    expiry_proposed: Option<&'static str>,
    /// How far a text of ours is known to have come that nobody there has confirmed, and since when: `office-silent`,
    /// `office-withholds`, `handset-silent`.
    silence: Option<&'static str>,
    silent_since: Option<String>,
}

impl From<&PersonView> for Person {
    fn from(person: &PersonView) -> Self {
        Self {
            person: Some(person.person.clone()),
            name: Some(person.name.clone()),
            line: Some(person.line.to_text()),
            verified: Some(person.verified.as_str()),
            safety_words: Some(person.safety_words.clone()),
            via_card: person.via_card.clone(),
            state: person.state.as_str(),
            since: Some(rfc3339(person.added_at)),
            unseen: person.unseen,
            expiry: Some(person.expiry.as_str()),
            expiry_asked: person.expiry_asked.map(Term::as_str),
            expiry_proposed: person.expiry_proposed.map(Term::as_str),
            silence: person.silence.map(|silence| silence.reached.as_str()),
            silent_since: person.silence.map(|silence| rfc3339(silence.since)),
        }
    }
}

impl Person {
    /// Somebody who asks to become a contact, seen from our line.
    pub(crate) fn request(request: &RequestView, own: &LineId) -> Self {
        Self {
            person: Some(request.person.clone()),
            name: Some(request.person.clone()),
            line: Some(request.line.to_text()),
            verified: Some("unverified"),
            safety_words: Some(seal::safety_words(own, &request.line).join(" ")),
            via_card: Some(request.via_card.clone()),
            state: "requested",
            since: Some(rfc3339(request.made_at)),
            unseen: 0,
            expiry: None,
            expiry_asked: None,
            expiry_proposed: None,
            silence: None,
            silent_since: None,
        }
    }

    /// A card that waits to be taken up: nobody is known yet.
    pub(crate) fn waiting() -> Self {
        Self {
            person: None,
            name: None,
            line: None,
            verified: None,
            safety_words: None,
            via_card: None,
            state: "waiting",
            since: None,
            unseen: 0,
            expiry: None,
            expiry_asked: None,
            expiry_proposed: None,
            silence: None,
            silent_since: None,
        }
    }

    /// The same person in a state that the engine no longer keeps (`removed`, `refused`).
    pub(crate) fn gone(self, state: &'static str) -> Self {
        Self { state, ..self }
    }
}

/// `backup`, `restore`.
#[derive(Debug, Serialize)]
pub(crate) struct Backup {
    pub(crate) file: String,
    pub(crate) made_at: String,
    pub(crate) people: u64,
    pub(crate) texts: u64,
    /// Files that were received, and whose bytes are not in it.
    pub(crate) files: u64,
    pub(crate) state: &'static str,
}

/// A line of `read` that no side wrote.
#[derive(Debug, Serialize)]
pub(crate) struct Notice {
    /// What it says: a stable code.
    pub(crate) notice: String,
    pub(crate) person: String,
    pub(crate) at: String,
    pub(crate) text: String,
}

/// `text`, `react`, `unsend`.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    pub(crate) id: String,
    pub(crate) state: &'static str,
}

/// `read`, `search`.
#[derive(Debug, Serialize)]
pub(crate) struct Message {
    id: String,
    person: String,
    from: String,
    text: String,
    sent_at: String,
    state: &'static str,
    reply_to: Option<String>,
    reactions: Vec<Reaction>,
    /// Taken back by its writer.
    gone: bool,
    /// Something that a newer version shows.
    unknown: bool,
    files: Vec<File>,
    /// When it vanishes on both handsets.
    expires_at: Option<String>,
    /// Present in place of words: what was said about expiry.
    expiry: Option<ExpiryChange>,
}

#[derive(Debug, Serialize)]
struct File {
    name: String,
    media_type: String,
    /// Bytes.
    size: u64,
    state: &'static str,
    /// Milliseconds, of a voice note.
    duration_ms: Option<u32>,
    /// Loudness of a voice note over its time, 0 to 255.
    waveform: Option<Vec<u8>>,
    /// Where `--save` put it; bytes that are no UTF-8 are replaced.
    path: Option<String>,
}

#[derive(Debug, Serialize)]
struct ExpiryChange {
    /// `proposed`, `accepted`, `declined`, `withdrawn`.
    act: &'static str,
    term: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Reaction {
    from: String,
    emoji: String,
}

impl From<&MessageView> for Message {
    fn from(message: &MessageView) -> Self {
        Self::with_files(message, &[])
    }
}

impl Message {
    /// A text, some of whose files were put into a directory.
    pub(crate) fn with_files(message: &MessageView, saved: &[(BlobId, PathBuf)]) -> Self {
        let file = |file: &FileView| File {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            size: file.size,
            state: file.state.as_str(),
            duration_ms: file.voice.as_ref().map(|voice| voice.duration),
            waveform: file.voice.as_ref().map(|voice| voice.waveform.clone()),
            path: saved
                .iter()
                .find(|(blob, _)| *blob == file.blob)
                .map(|(_, path)| path.to_string_lossy().into_owned()),
        };
        let who = |mine: bool| if mine { "me".to_owned() } else { message.person.clone() };
        let reaction = |reaction: &ReactionView| Reaction { from: who(reaction.mine), emoji: reaction.emoji.clone() };
        Self {
            id: message.id.to_text(),
            person: message.person.clone(),
            from: who(message.mine),
            text: message.text.clone(),
            sent_at: rfc3339(message.sent_at),
            state: message.state.as_str(),
            reply_to: message.reply_to.map(|id| id.to_text()),
            reactions: message.reactions.iter().map(reaction).collect(),
            gone: message.gone,
            unknown: message.unknown,
            files: message.files.iter().map(file).collect(),
            expires_at: message.expires_at.map(rfc3339),
            expiry: None,
        }
    }
}

impl From<&ExpiryLine> for Message {
    fn from(line: &ExpiryLine) -> Self {
        Self {
            id: line.id.to_text(),
            person: line.person.clone(),
            from: if line.mine { "me".to_owned() } else { line.person.clone() },
            text: String::new(),
            sent_at: rfc3339(line.sent_at),
            state: line.act,
            reply_to: None,
            reactions: Vec::new(),
            gone: false,
            unknown: false,
            files: Vec::new(),
            expires_at: None,
            expiry: Some(ExpiryChange { act: line.act, term: line.term.map(Term::as_str) }),
        }
    }
}

/// `sync`, `status`.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    /// Contents that this command fetched.
    received: u64,
    /// What has still to leave this handset.
    pending: u64,
    /// What has left it and is not on their handsets yet.
    undelivered: u64,
    /// What waits for what since when, in words.
    waiting: Vec<String>,
    online: bool,
    name: String,
    line: String,
    switchboard: String,
    office: String,
    /// Contents received in all.
    received_in_all: u64,
    state: Vec<Waits>,
    /// When the last backup was made (`status`).
    last_backup: Option<String>,
    /// When the line was restored on another handset: this one is off (`status`).
    restored_elsewhere: Option<String>,
}

#[derive(Debug, Serialize)]
struct Waits {
    what: &'static str,
    person: Option<String>,
    count: u64,
    since: String,
}

impl Status {
    pub(crate) fn of(
        status: &StatusView,
        (received, received_in_all): (u64, u64),
        online: bool,
        now: Timestamp,
    ) -> Self {
        let waits = |waits: &Pending| Waits {
            what: waits.what,
            person: waits.person.clone(),
            count: waits.count,
            since: rfc3339(waits.since),
        };
        Self {
            received,
            pending: still_here(&status.pending),
            undelivered: status.pending.iter().filter(|p| !is_here(p)).map(|p| p.count).sum(),
            waiting: status.pending.iter().map(|p| pending_words(p, now)).collect(),
            online,
            name: status.name.clone(),
            line: status.line.to_text(),
            switchboard: status.switchboard.to_string(),
            office: status.office.clone(),
            received_in_all,
            state: status.pending.iter().map(waits).collect(),
            last_backup: None,
            restored_elsewhere: None,
        }
    }

    /// The same with when the last backup was made, and when the line was restored elsewhere.
    pub(crate) fn with_backup(self, last: Option<Timestamp>, elsewhere: Option<Timestamp>) -> Self {
        Self { last_backup: last.map(rfc3339), restored_elsewhere: elsewhere.map(rfc3339), ..self }
    }
}

/// How much has still to leave this handset.
pub(crate) fn still_here(pending: &[Pending]) -> u64 {
    pending.iter().filter(|p| is_here(p)).map(|p| p.count).sum()
}

fn is_here(pending: &Pending) -> bool {
    pending.what != "delivery"
}

/// Whether somebody has yet to admit us.
pub(crate) fn is_asked(person: &PersonView) -> bool {
    person.state == ContactState::Asked
}
