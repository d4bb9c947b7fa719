//! What a command prints: results on stdout, as JSON or for people; messages for people on stderr.

pub(crate) mod bars;
pub(crate) mod conversation;
pub(crate) mod json;
pub(crate) mod notices;
pub(crate) mod progress;
pub(crate) mod qr;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod views;

use std::io::{BufRead as _, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::exit::Failure;

/// Where results go, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs read it.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// One result: an object on a line, or what `human` makes of it.
    pub(crate) fn result(self, record: &impl Serialize, human: impl FnOnce() -> String) {
        if self.json { line(record) } else { text(&human()) }
    }

    /// A line for people above the results.
    pub(crate) fn heading(self, heading: &str) {
        if !self.json {
            text(heading);
        }
    }

    /// Several results: an object on a line each, or what `human` makes of all.
    pub(crate) fn results<R: Serialize>(self, records: &[R], human: impl FnOnce() -> String) {
        if self.json { records.iter().for_each(line) } else { text(&human()) }
    }

    /// A failure: a sentence for people, and with JSON an object for programs too.
    pub(crate) fn failure(self, failure: &Failure) {
        #[derive(Serialize)]
        struct Record<'a> {
            error: &'a str,
            message: &'a str,
        }
        if self.json {
            line(&Record { error: &failure.code, message: &failure.sentence });
        }
        note(&sentence(&failure.sentence));
    }
}

/// A message for people, on stderr. Other offices' words may be in it.
pub(crate) fn note(message: &str) {
    let _ = writeln!(anstream::stderr(), "{}", style::harmless(message));
}

/// Whether the next line that somebody types is a yes.
pub(crate) fn is_answered_yes() -> bool {
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && ["yes", "y"].contains(&answer.trim().to_lowercase().as_str())
}

/// Whoever read our results has stopped.
static UNREAD: AtomicBool = AtomicBool::new(false);

/// Whether nobody reads our results any more.
pub(crate) fn is_unread() -> bool {
    UNREAD.load(Ordering::Relaxed)
}

/// Why results did not get where they were to go.
static UNWRITTEN: OnceLock<std::io::Error> = OnceLock::new();

/// The failure that it is if results were lost: a disk that is full, say. Whoever stopped reading does not mind.
pub(crate) fn unwritten() -> Option<Failure> {
    UNWRITTEN.get().map(|error| {
        Failure::refused("output-unwritten", format!("it is done, but what there is to say cannot be written: {error}"))
    })
}

fn written(result: std::io::Result<()>) {
    if let Err(error) = result {
        UNREAD.store(true, Ordering::Relaxed);
        if error.kind() != std::io::ErrorKind::BrokenPipe {
            let _ = UNWRITTEN.set(error);
        }
    }
}

/// A line of JSON on stdout.
fn line(record: &impl Serialize) {
    let mut stdout = std::io::stdout().lock();
    let json = serde_json::to_string(record).map_err(std::io::Error::from);
    written(json.and_then(|json| writeln!(stdout, "{json}")).and_then(|()| stdout.flush()));
}

/// Text on stdout; its colours are dropped if that is no terminal, or NO_COLOR is set.
fn text(text: &str) {
    if !text.is_empty() {
        let mut stdout = anstream::stdout().lock();
        written(writeln!(stdout, "{}", text.trim_end_matches('\n')).and_then(|()| stdout.flush()));
    }
}

/// An error's sentence as it begins and ends in print.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_sentences() {
        assert_eq!(sentence("this is your own card: give it away"), "This is your own card: give it away.");
        assert_eq!(sentence("Already one."), "Already one.");
    }
}
