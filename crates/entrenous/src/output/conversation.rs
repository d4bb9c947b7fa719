//! A conversation as people read it: by days, times and names aligned, the other side's progress behind one's own texts.

use std::path::{Path, PathBuf};

use handset::{ExpiryLine, FileState, FileView, MessageState, MessageView};
use protocol::{BlobId, ContentId, Timestamp};
use unicode_width::UnicodeWidthStr as _;

use super::bars::{bytes, minutes, waveform};
use super::style::{CARE, GOOD, QUIET, STRONG, harmless, one_line, styled};
use super::views::term_words;
use crate::clock::{local_day, local_full, local_time};

/// How much of an id is printed: enough to name a text among thousands.
const ID_LETTERS: usize = 5;

/// How much of a text is quoted where it is answered.
const QUOTED: usize = 40;

/// Prints texts one after the other, with a heading for each new day.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    day: String,
    width: usize,
}

impl Conversation {
    /// For texts with this person.
    pub(crate) fn with(person: &str) -> Self {
        Self { day: String::new(), width: harmless(person).width().clamp(2, 24) }
    }

    /// One text, what it answers if that is known, and where its files were put.
    pub(crate) fn text(
        &mut self,
        message: &MessageView,
        answered: Option<&MessageView>,
        saved: &[(BlobId, PathBuf)],
    ) -> String {
        let mut out = self.day(message.sent_at);
        let (who, style) = if message.mine { ("me".to_owned(), QUIET) } else { (harmless(&message.person), STRONG) };
        let padding = " ".repeat(self.width.saturating_sub(who.width()) + 2);
        let margin = " ".repeat(5 + 2 + self.width + 2);
        if let Some(answered) = answered.filter(|answered| !answered.gone) {
            let quote = format!("> {}", shortened(&answered.text));
            out.push_str(&format!("{margin}{}\n", styled(&quote, QUIET)));
        }
        let words = words(message).replace('\n', &format!("\n{margin}"));
        out.push_str(&format!("{}  {}{padding}{words}", local_time(message.sent_at), styled(&who, style)));
        out.push_str(&format!("  {}\n", tail(message)));
        for file in &message.files {
            let put = saved.iter().find(|(blob, _)| *blob == file.blob).map(|(_, path)| path.as_path());
            out.push_str(&format!("{margin}{}\n", file_line(file, message.mine, put)));
        }
        for reaction in &message.reactions {
            let by = if reaction.mine { "me".to_owned() } else { harmless(&message.person) };
            out.push_str(&format!("{margin}{} {}\n", harmless(&reaction.emoji), styled(&by, QUIET)));
        }
        out
    }
}

impl Conversation {
    /// What was said about how long texts stay.
    pub(crate) fn expiry(&mut self, line: &ExpiryLine) -> String {
        let who = if line.mine { "You".to_owned() } else { harmless(&line.person) };
        let text = match (line.act, line.term.map(term_words)) {
            ("withdrawn", None) => format!("{who} took a proposal back"),
            ("withdrawn", Some(what)) => format!("{who} took a proposal back: {what}"),
            (act, what) => format!("{who} {act} {}", what.unwrap_or_else(|| "a proposal".to_owned())),
        };
        format!("{}{}  {}\n", self.day(line.sent_at), local_time(line.sent_at), styled(&text, QUIET))
    }

    /// The heading of a day, if it is another than before.
    fn day(&mut self, at: Timestamp) -> String {
        let day = local_day(at);
        if day == self.day {
            return String::new();
        }
        self.day = day;
        format!("{}\n", styled(&self.day, QUIET))
    }
}

/// Texts that were found, each with its person and day.
pub(crate) fn found(messages: &[MessageView]) -> String {
    let one = |message: &MessageView| {
        let way = if message.mine { "to" } else { "from" };
        let heading = format!("{}, {way} {}", local_full(message.sent_at), harmless(&message.person));
        format!("{}  {}\n  {}\n", styled(&heading, QUIET), styled(&short(&message.id), QUIET), words(message))
    };
    messages.iter().map(one).collect()
}

/// The beginning of an id, as it is printed.
pub(crate) fn short(id: &ContentId) -> String {
    id.to_text().chars().take(ID_LETTERS).collect()
}

fn words(message: &MessageView) -> String {
    if message.gone {
        styled("taken back", QUIET)
    } else if message.unknown {
        styled("something that a newer version of this program shows", QUIET)
    } else {
        harmless(&message.text)
    }
}

/// A file: what it is, how large, and where or how far.
fn file_line(file: &FileView, mine: bool, put: Option<&Path>) -> String {
    let what = match &file.voice {
        Some(voice) => format!("{} {}", waveform(&voice.waveform), minutes(voice.duration)),
        None => format!("{}  {}", one_line(&file.name), bytes(file.size)),
    };
    let how = match (put, file.state) {
        (Some(path), _) => path.display().to_string(),
        (None, FileState::Sealed | FileState::Opened) => "waits to be sent".to_owned(),
        (None, FileState::Stored) => "sent".to_owned(),
        (None, FileState::Refused) => "was not sent".to_owned(),
        (None, FileState::Offered | FileState::Wanted) => "to be fetched with --save DIR".to_owned(),
        (None, FileState::Here) => "here".to_owned(),
        (None, FileState::Lost) => "not to be had any more".to_owned(),
    };
    let style = if mine || put.is_some() { QUIET } else { CARE };
    format!("{what}  {}", styled(&how, style))
}

/// The id, and how far one's own text is.
fn tail(message: &MessageView) -> String {
    let id = styled(&short(&message.id), QUIET);
    if !message.mine {
        return id;
    }
    let style = match message.state {
        MessageState::Waiting => CARE,
        MessageState::Sent => QUIET,
        MessageState::Delivered | MessageState::Seen => GOOD,
    };
    format!("{id} {}", styled(message.state.as_str(), style))
}

fn shortened(text: &str) -> String {
    let line = one_line(text);
    if line.chars().count() <= QUOTED { line } else { line.chars().take(QUOTED).chain("...".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use handset::ReactionView;
    use protocol::expiry::Term;

    use super::*;

    fn message(mine: bool, text: &str) -> MessageView {
        MessageView {
            id: ContentId::new([7; 32]),
            person: "Tomas".to_owned(),
            mine,
            text: text.to_owned(),
            gone: false,
            unknown: false,
            sent_at: Timestamp::from_millis(1_700_000_000_000),
            state: MessageState::Delivered,
            reply_to: None,
            reactions: Vec::new(),
            files: Vec::new(),
            expires_at: None,
        }
    }

    #[test]
    fn what_was_said_about_expiry_is_a_line() {
        let (id, sent_at) = (ContentId::new([7; 32]), Timestamp::from_millis(1_700_000_000_000));
        let line = |mine, act, term| ExpiryLine { id, person: "Tomas".to_owned(), mine, sent_at, act, term };
        let mut conversation = Conversation::with("Tomas");
        let first = plain(&conversation.expiry(&line(true, "proposed", Some(Term::Week))));
        assert_eq!(first.lines().count(), 2, "a day and a line");
        assert!(first.ends_with("  You proposed that texts vanish after 1 week\n"), "{first}");
        let last = plain(&conversation.expiry(&line(false, "withdrawn", None)));
        assert!(last.ends_with("  Tomas took a proposal back\n"), "{last}");
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_day_is_named_once_and_names_align() {
        let mut conversation = Conversation::with("Tomas");
        let (theirs, mine) = (message(false, "Good evening."), message(true, "Two\nlines."));
        let first = plain(&conversation.text(&theirs, None, &[]));
        assert_eq!(first.lines().count(), 2);
        assert!(first.lines().nth(1).unwrap().ends_with("  Tomas  Good evening.  BwcHB"), "{first}");
        let second = plain(&conversation.text(&mine, Some(&theirs), &[]));
        let lines: Vec<&str> = second.lines().collect();
        assert_eq!(lines[0], "              > Good evening.");
        assert!(lines[1].ends_with("  me     Two"), "{second}");
        assert_eq!(lines[2], "              lines.  BwcHB delivered");
    }

    #[test]
    fn what_was_taken_back_is_not_shown() {
        let mut gone = message(true, "");
        gone.gone = true;
        gone.reactions = vec![ReactionView { mine: false, emoji: "👍".to_owned() }];
        let text = plain(&Conversation::with("Tomas").text(&gone, None, &[]));
        assert!(text.contains("taken back") && text.contains("👍 Tomas"), "{text}");
    }
}
