//! `read` and `search`: what was said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use handset::{Entry, Event, FileView, MessageView, NoticeView};
use protocol::{BlobId, ContentId};

use super::save;
use super::write::full_id;
use crate::cli::{Global, Read, Search};
use crate::clock::rfc3339;
use crate::exit::{Exit, Failure};
use crate::output::conversation::{Conversation, found};
use crate::output::json::{Message, Notice};
use crate::output::notices::{sentence, silent};
use crate::output::style::{CARE, QUIET, harmless, styled};
use crate::output::{Output, is_unread, note, views};
use crate::session::{Session, now};
use crate::signals::ended;

pub(super) async fn read(args: &Read, global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    session.catch_up_to_show().await?;
    let view = session.handset().person(&args.from.person)?;
    let person = view.person.clone();
    let since = match &args.since {
        Some(id) => Some(full_id(&mut session, &person, id)?),
        None => None,
    };
    let mut texts = session.handset().conversation(&person, since.as_deref())?;
    let mut page = Page::new(&person, output);
    if let Some(id) = since.as_deref().and_then(|id| id.parse().ok()) {
        // Lines that no side wrote come by their time, from that text's on.
        let from = session.handset().message(&id)?.map(|text| text.sent_at);
        let notices = session.handset().notices(&person)?;
        page.noticed = notices.iter().take_while(|notice| from.is_some_and(|from| notice.at < from)).count();
    }
    let mut exit = Exit::Done;
    if let Some(dir) = &args.save {
        (exit, page.saved) = save::save(&mut session, &files_of(&texts), dir, args.up_to).await?;
        texts = session.handset().conversation(&person, since.as_deref())?;
    }
    if texts.is_empty() && !output.is_json() && !args.follow {
        note(if since.is_some() { "Nothing was said since." } else { "Nothing was said yet." });
    }
    output.heading(&views::expiry_heading(&view));
    page.print(&mut session, &person, &texts)?;
    if let Some(silence) = session.handset().person(&person)?.silence {
        let (notice, at) = (silence.reached.as_str().to_owned(), rfc3339(silence.since));
        let record = Notice { notice, person: person.clone(), at, text: silent(&silence) };
        output.result(&record, || styled(&record.text, CARE));
    }
    if !is_unread() {
        session.handset().mark_seen(now(), &person)?;
    }
    if args.follow {
        follow(&mut session, page, person, since.as_deref()).await?;
    }
    session.close().await?;
    Ok(exit)
}

pub(super) async fn search(args: &Search, global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    session.catch_up_to_show().await?;
    let texts = session.handset().search(&args.words.join(" "), None, None, usize::MAX)?;
    output.results(&texts.iter().map(Message::from).collect::<Vec<_>>(), || match texts.is_empty() {
        true => "Nothing found.".to_owned(),
        false => found(&texts),
    });
    session.close().await?;
    Ok(Exit::Done)
}

/// Prints what comes and what changes until a signal ends it.
async fn follow(session: &mut Session, mut page: Page, person: String, since: Option<&str>) -> Result<(), Failure> {
    session.stay_watched();
    let mut end = std::pin::pin!(ended());
    loop {
        let happened = session.until(|_, event| Ok(event.is_some_and(concerns_texts).then_some(())));
        tokio::select! {
            // What was begun is not dropped in between: a step that is given up has changed nothing.
            result = happened => { result?; }
            () = &mut end => return Ok(()),
        }
        let texts = session.handset().conversation(&person, since)?;
        page.print(session, &person, &texts)?;
        if is_unread() {
            return Ok(());
        }
        session.handset().mark_seen(now(), &person)?;
    }
}

fn concerns_texts(event: &Event) -> bool {
    matches!(event, Event::Arrived { .. } | Event::Changed { .. } | Event::CaughtUp)
}

fn files_of(entries: &[Entry]) -> Vec<FileView> {
    let files = |entry: &Entry| match entry {
        Entry::Text(text) => text.files.clone(),
        Entry::Expiry(_) => Vec::new(),
    };
    entries.iter().flat_map(files).collect()
}

/// What was printed so far, so that only what is new or changed is printed again.
struct Page {
    output: Output,
    conversation: Conversation,
    printed: BTreeMap<ContentId, MessageView>,
    /// Where files were put.
    saved: Vec<(BlobId, PathBuf)>,
    /// Lines about expiry that were printed.
    lines: BTreeSet<ContentId>,
    /// How many of the lines that no side wrote.
    noticed: usize,
}

impl Page {
    fn new(person: &str, output: Output) -> Self {
        let (printed, lines, saved) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        Self { output, conversation: Conversation::with(person), printed, lines, saved, noticed: 0 }
    }

    fn print(&mut self, session: &mut Session, person: &str, entries: &[Entry]) -> Result<(), Failure> {
        let notices = session.handset().notices(person)?;
        // What has vanished is not kept here either.
        self.printed.retain(|id, _| entries.iter().any(|entry| entry.id() == *id));
        for entry in entries {
            let text = match entry {
                Entry::Text(text) => text,
                Entry::Expiry(line) => {
                    if self.lines.insert(line.id) {
                        let conversation = &mut self.conversation;
                        self.output.result(&Message::from(line), || conversation.expiry(line));
                    }
                    continue;
                }
            };
            if !self.printed.contains_key(&text.id) {
                self.note(person, &notices, |notice| notice.at < text.sent_at);
            }
            match self.printed.get(&text.id) {
                // That we have seen it now is no news to us.
                Some(before) if same_to_us(before, text) => continue,
                Some(before) if !self.output.is_json() => note_change(before, text),
                _ => {
                    let answered = match text.reply_to {
                        Some(id) => session.handset().message(&id)?,
                        None => None,
                    };
                    let conversation = &mut self.conversation;
                    let record = Message::with_files(text, &self.saved);
                    self.output.result(&record, || conversation.text(text, answered.as_ref(), &self.saved));
                }
            }
            self.printed.insert(text.id, text.clone());
        }
        self.note(person, &notices, |_| true);
        Ok(())
    }

    /// Prints the lines that no side wrote and that come next.
    fn note(&mut self, person: &str, notices: &[NoticeView], come: impl Fn(&NoticeView) -> bool) {
        while let Some(notice) = notices.get(self.noticed).filter(|notice| come(notice)) {
            self.noticed += 1;
            let text = sentence(person, notice);
            let record =
                Notice { notice: notice.code.clone(), person: person.to_owned(), at: rfc3339(notice.at), text };
            self.output.result(&record, || styled(&harmless(&record.text), QUIET));
        }
    }
}

fn same_to_us(before: &MessageView, now: &MessageView) -> bool {
    if now.mine { before == now } else { *before == MessageView { state: before.state, ..now.clone() } }
}

/// A line about a text that stands further up already.
fn note_change(before: &MessageView, now: &MessageView) {
    let start: String = harmless(&before.text).chars().take(30).collect();
    let what = if now.gone {
        "taken back".to_owned()
    } else if now.reactions != before.reactions {
        now.reactions.iter().map(|reaction| harmless(&reaction.emoji)).collect::<Vec<_>>().join(" ")
    } else {
        now.state.as_str().to_owned()
    };
    note(&format!("       {what}: {start}"));
}
