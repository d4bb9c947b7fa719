//! What a principal says: texts, replies, reactions, and taking words back.

use database::rusqlite::params;
use protocol::content::{Content, FilePart, What};
use protocol::expiry::Expires;
use protocol::{ContentId, SwitchboardAddress, Timestamp, limits};
use seal::content_id;

use crate::contacts::{Contact, ContactState};
use crate::context::Work;
use crate::emoji::is_emoji;
use crate::engine::Handset;
use crate::error::Error;
use crate::files::SealedFile;
use crate::incoming::NewMessage;
use crate::vanish::Over;

/// So much of an id, at least, names a text.
const SHORT_ID: usize = 5;

impl Handset {
    /// Writes a text to a contact; it waits on the handset until it can go.
    ///
    /// # Errors
    /// If there is no such person or text to answer, or the text is empty or too long.
    pub fn text(
        &mut self,
        now: Timestamp,
        person: &str,
        text: &str,
        reply_to: Option<&str>,
    ) -> Result<ContentId, Error> {
        self.text_with_files(now, person, text, reply_to, &[])
    }

    /// Writes a text, which may be empty, with files that were sealed under [`Handset::draw_file`]'s names and keys. The
    /// words go at once; each file follows as fast as it can be carried.
    ///
    /// # Errors
    /// As [`Self::text`]; if there are too many files, or one is too large.
    pub fn text_with_files(
        &mut self,
        now: Timestamp,
        person: &str,
        text: &str,
        reply_to: Option<&str>,
        files: &[SealedFile],
    ) -> Result<ContentId, Error> {
        check_files(files)?;
        if text.trim().is_empty() && files.is_empty() {
            return Err(Error::EmptyText);
        }
        if text.len() > limits::TEXT_BYTES {
            return Err(Error::TextTooLong { length: text.len(), limit: limits::TEXT_BYTES });
        }
        self.say(now, person, |work, contact| {
            let in_reply_to = reply_to.map(|id| work.message(contact, id)).transpose()?.map(|(id, _)| id);
            let at = work.own()?.switchboard;
            let files = files.iter().map(|file| part(file, &at)).collect();
            let seconds = work.term(contact)?.seconds();
            let expires = (seconds > 0).then_some(Expires { relative: true, time: seconds });
            let what = What::Text(text.to_owned());
            // A file that goes by itself leaves alone what is being written.
            if !text.trim().is_empty() {
                work.run("DELETE FROM draft WHERE contact = ?1", [contact.id])?;
            }
            Ok(Content { salt: work.random(), replaces: None, in_reply_to, expires, what, files })
        })
    }

    /// Reacts to a text; an empty reaction takes the earlier one back.
    ///
    /// # Errors
    /// If there is no such person or text, or the reaction is not one emoji.
    pub fn react(&mut self, now: Timestamp, person: &str, id: &str, emoji: &str) -> Result<ContentId, Error> {
        let emoji = emoji.trim();
        if !emoji.is_empty() && !is_emoji(emoji) {
            return Err(Error::NotAnEmoji);
        }
        self.say(now, person, |work, contact| {
            let (target, _) = work.message(contact, id)?;
            let expires = work.end_of(&target)?;
            let what = What::Reaction(emoji.to_owned());
            let (in_reply_to, files) = (Some(target), Vec::new());
            Ok(Content { salt: work.random(), replaces: None, in_reply_to, expires, what, files })
        })
    }

    /// Takes a text of one's own back, here and there. The other side may have read or kept it.
    ///
    /// # Errors
    /// If there is no such person or text, or it is not one's own.
    pub fn unsend(&mut self, now: Timestamp, person: &str, id: &str) -> Result<ContentId, Error> {
        self.say(now, person, |work, contact| {
            let (target, mine) = work.message(contact, id)?;
            if !mine {
                return Err(Error::NotYours);
            }
            let (replaces, what, files) = (Some(target), What::Retraction, Vec::new());
            Ok(Content { salt: work.random(), replaces, in_reply_to: None, expires: None, what, files })
        })
    }

    fn say(
        &mut self,
        now: Timestamp,
        person: &str,
        content: impl FnOnce(&mut Work<'_>, &Contact) -> Result<Content, Error>,
    ) -> Result<ContentId, Error> {
        self.transact(now, |work| {
            let contact = work.addressee(person)?;
            let content = content(work, &contact)?;
            let id = work.write(&contact, &content)?;
            work.pump()?;
            Ok(id)
        })
    }
}

fn check_files(files: &[SealedFile]) -> Result<(), Error> {
    if files.len() > limits::FILES {
        return Err(Error::TooManyFiles { count: files.len(), limit: limits::FILES });
    }
    let is_too_large = |file: &&SealedFile| {
        file.size > limits::FILE_BYTES
            || file.name.len() > limits::FILE_NAME_BYTES
            || file.voice.as_ref().is_some_and(|voice| voice.waveform.len() > limits::WAVEFORM_POINTS)
    };
    files.iter().find(is_too_large).map_or(Ok(()), |file| Err(Error::FileTooLarge(file.name.clone())))
}

fn part(file: &SealedFile, at: &SwitchboardAddress) -> FilePart {
    FilePart {
        name: file.name.clone(),
        media_type: file.media_type.clone(),
        size: file.size,
        at: at.clone(),
        blob: file.blob,
        key: file.key.clone(),
        voice: file.voice.clone(),
    }
}

/// A text is looked up by its whole id, and otherwise looked for.
pub(crate) fn text_by(is_whole: bool) -> String {
    let which = if is_whole { "id = ?2" } else { "?2 IS NULL" };
    format!(
        "SELECT id, mine FROM message WHERE contact = ?1 AND kind IN ('text', 'unknown') AND expired = 0 AND {which}"
    )
}

impl Work<'_> {
    /// Whom a person means, if something can be said to them.
    pub(crate) fn addressee(&self, person: &str) -> Result<Contact, Error> {
        let contact = Contact::named(self.db, person)?;
        match contact.state {
            ContactState::Blocked => Err(Error::Blocked(contact.person)),
            ContactState::Refused => Err(Error::CardRefused(contact.person)),
            ContactState::Asked | ContactState::Open => Ok(contact),
        }
    }

    /// Writes a content of ours under our next number; it waits to be sent.
    pub(crate) fn write(&mut self, contact: &Contact, content: &Content) -> Result<ContentId, Error> {
        let own = self.own()?;
        let mimi = content.to_bytes();
        let id = content_id(&mimi, &content.salt, &own.line, &contact.conversation);
        let number: u64 = self.row(
            "UPDATE contact SET next_number = next_number + 1 WHERE id = ?1 RETURNING next_number - 1",
            [contact.id],
            |row| row.get(0),
        )?;
        self.insert_message(&NewMessage {
            id,
            contact: contact.id,
            mine: true,
            handset: own.handset,
            number,
            content,
            sent_at: self.now,
            mimi: &mimi,
            state: "waiting",
            over: content.expires.map(|expires| Over::of_ours(expires, self.now)),
        })?;
        Ok(id)
    }

    /// A reaction is over with what it is to.
    fn end_of(&self, target: &ContentId) -> Result<Option<Expires>, Error> {
        let at: Option<u64> =
            self.row("SELECT expires_at FROM message WHERE id = ?1", [target.as_bytes()], |row| row.get(0))?;
        let seconds = at.and_then(|at| u32::try_from(at.div_ceil(1000)).ok());
        Ok(seconds.map(|time| Expires { relative: false, time }))
    }

    /// A text of the conversation, named by its id or by a beginning that only it has, and whether it is ours.
    fn message(&self, contact: &Contact, id: &str) -> Result<(ContentId, bool), Error> {
        let unknown = || Error::UnknownMessage(id.to_owned());
        let wanted = id.trim();
        let whole: Option<ContentId> = wanted.parse().ok();
        let mut texts = self.db.prepare_cached(&text_by(whole.is_some()))?;
        let mut rows = texts.query(params![contact.id, whole.as_ref().map(|id| id.as_bytes().as_slice())])?;
        let mut found = None;
        while let Some(row) = rows.next()? {
            let id = ContentId::from_slice(&row.get::<_, Vec<u8>>(0)?).ok_or(Error::Corrupt("id"))?;
            if whole.is_some() || (wanted.len() >= SHORT_ID && id.to_text().starts_with(wanted)) {
                if found.is_some() {
                    return Err(unknown());
                }
                found = Some((id, row.get(1)?));
            }
        }
        found.ok_or_else(unknown)
    }
}
