//! A conversation as other programs read it (docs/export-format.md): what is written is the caller's, and so is how times
//! are.

use protocol::Timestamp;
use serde::Serialize;

use crate::contacts::PersonView;
use crate::views::{MessageView, NoticeView, StatusView};

/// The version of the format.
const VERSION: u32 = 1;

/// How a time is written.
pub type Written<'a> = &'a dyn Fn(Timestamp) -> String;

/// `conversation.json`.
#[derive(Debug, Serialize)]
pub struct ExportedConversation {
    version: u32,
    person: String,
    name: String,
    line: String,
    verified: &'static str,
    own_name: String,
    own_line: String,
    exported_at: String,
    messages: usize,
    notices: Vec<ExportedNotice>,
}

#[derive(Debug, Serialize)]
struct ExportedNotice {
    notice: String,
    at: String,
    text: String,
}

/// A line of `messages.jsonl`.
#[derive(Debug, Serialize)]
pub struct ExportedMessage {
    id: String,
    order: usize,
    from: String,
    mine: bool,
    sent_at: String,
    text: String,
    reply_to: Option<String>,
    reactions: Vec<ExportedReaction>,
    state: &'static str,
    gone: bool,
    unknown: bool,
    expires_at: Option<String>,
    attachments: Vec<Attachment>,
}

#[derive(Debug, Serialize)]
struct ExportedReaction {
    from: String,
    emoji: String,
}

/// A file that goes with a message.
#[derive(Debug, Serialize)]
pub struct Attachment {
    /// What its sender calls it.
    pub name: String,
    /// Its media type, as its sender says.
    pub media_type: String,
    /// Its length.
    pub bytes: u64,
    /// In the export; none if this handset does not have it.
    pub path: Option<String>,
}

impl ExportedConversation {
    /// With this person, of so many messages. Times are RFC 3339 in UTC, but for those in sentences (`local`).
    pub fn of(
        person: &PersonView,
        own: &StatusView,
        notices: &[NoticeView],
        messages: usize,
        exported_at: Timestamp,
        (exact, local): (Written<'_>, Written<'_>),
    ) -> Self {
        let notice = |notice: &NoticeView| ExportedNotice {
            notice: notice.code.clone(),
            at: exact(notice.at),
            text: notice_sentence(&person.person, notice, &notice.about.map(local).unwrap_or_default()),
        };
        Self {
            version: VERSION,
            person: person.person.clone(),
            name: person.name.clone(),
            line: person.line.to_text(),
            verified: person.verified.as_str(),
            own_name: own.name.clone(),
            own_line: own.line.to_text(),
            exported_at: exact(exported_at),
            messages,
            notices: notices.iter().map(notice).collect(),
        }
    }
}

impl ExportedMessage {
    /// One, at its place in the conversation.
    pub fn of(order: usize, message: &MessageView, attachments: Vec<Attachment>, exact: Written<'_>) -> Self {
        let who = |mine: bool| if mine { "me".to_owned() } else { message.person.clone() };
        Self {
            id: message.id.to_text(),
            order,
            from: who(message.mine),
            mine: message.mine,
            sent_at: exact(message.sent_at),
            // What was taken back is nowhere any more; only that it was there.
            text: if message.gone { String::new() } else { message.text.clone() },
            reply_to: message.reply_to.map(|id| id.to_text()),
            reactions: message
                .reactions
                .iter()
                .map(|reaction| ExportedReaction { from: who(reaction.mine), emoji: reaction.emoji.clone() })
                .collect(),
            state: message.state.as_str(),
            gone: message.gone,
            unknown: message.unknown,
            expires_at: message.expires_at.map(exact),
            attachments,
        }
    }
}

/// What a line says that no side wrote, to whoever talks with this person; `about` is the time that it speaks of.
pub fn notice_sentence(person: &str, notice: &NoticeView, about: &str) -> String {
    match notice.code.as_str() {
        "restored" => format!(
            "Restored from a backup of {about}; new handset. {person} sends again what they wrote since; what you wrote since is only on their side."
        ),
        "contact-restored" => format!(
            "{person} uses a new handset, restored from a backup; verified as before. If you agreed lately on how long \
             texts stay, agree again."
        ),
        "needs-card" => {
            format!("No way to {person} is known to this handset: ask for a new card, or hand out one of yours.")
        }
        "out-of-service" => format!("{person}'s office took their handset out of service on {about}."),
        "back-in-service" => format!("{person}'s office let their handset in again on {about}."),
        "over-before-it-came" => {
            format!("What {person} wrote here was over before it came, as agreed on how long texts stay.")
        }
        "founded-again" => "The connection was made anew, with fresh keys. Nothing is lost.".to_owned(),
        // The codes of refusals: nobody let us in.
        code => {
            let why = match code {
                "card-used-up" => "the card was used up",
                "card-revoked" => "the card was taken back",
                "card-expired" => "the card's time was over",
                "card-unknown" => "their office does not know the card",
                "reservation-lapsed" => "the card was not taken up in time",
                other => other,
            };
            format!("{person} could not be reached: {why}. Ask for a new card.")
        }
    }
}
