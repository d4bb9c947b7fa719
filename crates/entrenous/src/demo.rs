//! `demo`: two switchboards of two invented offices, and a line on the second that talks back, so that one person alone
//! can try everything.

mod counterpart;

use std::path::{Path, PathBuf};

use serde::Serialize;
use switchboard::{App, Config, Running};

use crate::app;
use crate::cli::{Demo, Global};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::output::style::{GOOD, QUIET, STRONG, styled};
use crate::profile::make_private_dir;
use crate::signals::ended;

/// The offices, invented, and the ports that they have if they are free.
const OFFICES: [(&str, &str, u16); 2] =
    [("aldmoor", "Chancery of Aldmoor", 4701), ("veresk", "Foreign Ministry of Veresk", 4702)];

/// The line that talks back.
const COUNTERPART: &str = "Demonstration";

/// Runs the demonstration until a signal ends it.
pub(crate) async fn run(args: &Demo, global: &Global, output: Output) -> Result<Exit, Failure> {
    crate::serve::log("warn");
    let end = ended();
    let place = Place::take(args.data.as_deref())?;
    let app = app::served(args.app.as_deref())?;
    let first = start(&place.dir, OFFICES[0], &app).await?;
    let second = match start(&place.dir, OFFICES[1], &app).await {
        Ok(second) => second,
        Err(failure) => {
            first.shutdown().await;
            return Err(failure);
        }
    };
    let result = talk(&place, &first, &second, global, output, end).await;
    first.shutdown().await;
    second.shutdown().await;
    result
}

async fn talk(
    place: &Place,
    first: &Running,
    second: &Running,
    global: &Global,
    output: Output,
    end: impl Future<Output = ()>,
) -> Result<Exit, Failure> {
    let mut end = std::pin::pin!(end);
    let counterpart = tokio::select! {
        counterpart = counterpart::open(&place.dir, COUNTERPART, second, global) => counterpart?,
        () = &mut end => return Ok(Exit::Done),
    };
    let claim_url = match first.claim_url_of_first_invitation() {
        Some(url) => url.to_owned(),
        None => switchboard::invite(&place.dir.join(OFFICES[0].0), "", switchboard::INVITATION)?.claim_url,
    };
    let ready = Ready {
        claim_url,
        card_url: counterpart.card.url.clone(),
        card_words: counterpart.card.words.clone(),
        person: COUNTERPART,
        offices: vec![first.public_url.clone(), second.public_url.clone()],
        data: place.dir.display().to_string(),
    };
    output.result(&ready, || ready.for_people(place));
    tokio::select! {
        result = counterpart.run() => result.map(|()| Exit::Done),
        () = end => Ok(Exit::Done),
    }
}

async fn start(dir: &Path, (name, office, port): (&str, &str, u16), app: &App) -> Result<Running, Failure> {
    let data = dir.join(name);
    let config = |port| Config {
        insecure_loopback: true,
        app: app.clone(),
        ..Config::new(&data, std::net::SocketAddr::from(([127, 0, 0, 1], port)), office)
    };
    match switchboard::start(config(port)).await {
        // A new one may be anywhere; one that has lines must be where they know it.
        Err(switchboard::StartError::Listen(_)) => Ok(switchboard::start(config(0)).await?),
        started => Ok(started?),
    }
}

/// Where the demonstration's data is, and whether it goes with it.
struct Place {
    dir: PathBuf,
    passing: bool,
}

impl Place {
    fn take(data: Option<&Path>) -> Result<Self, Failure> {
        let (dir, passing) = match data {
            Some(dir) => (dir.to_owned(), false),
            None => (std::env::temp_dir().join(format!("entrenous-demo-{}", std::process::id())), true),
        };
        make_private_dir(&dir).map_err(|error| Failure::file("the demonstration's directory", &error))?;
        let dir = std::path::absolute(&dir).unwrap_or(dir);
        Ok(Self { dir, passing })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.passing {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

/// What the demonstration says once it can be used.
#[derive(Debug, Serialize)]
struct Ready {
    claim_url: String,
    card_url: String,
    card_words: String,
    person: &'static str,
    offices: Vec<String>,
    data: String,
}

impl Ready {
    fn for_people(&self, place: &Place) -> String {
        let program = program();
        let profile = place.dir.join("my-line");
        let profile = quoted(&profile.display().to_string());
        let Self { claim_url, card_url, card_words, person, .. } = self;
        let step = |text: &str| styled(text, STRONG);
        let heading = styled("Two switchboards are running, and somebody to talk to.", GOOD);
        let mut text = format!("{heading}\n\n");
        for ((_, office, _), url) in OFFICES.iter().zip(&self.offices) {
            text.push_str(&format!("  {office}  {}\n", styled(url, QUIET)));
        }
        text.push_str(&format!(
            "\nYou are a principal of the first office; \"{person}\" has a line at the second, answers by itself, and says that
it is a demonstration.

{}: open this link, which claims your line, and take up the card there
  {claim_url}
  {card_url}

Or type this in a second terminal.

{}
  export ENTRENOUS_PROFILE={profile}

{} (it asks for a passphrase of your choice, and for the same one each time after)
  {program} claim '{claim_url}' --as 'Ada Marsh'

{} from the other office, by its link or by its words
  {program} accept '{card_url}'
  {program} accept {card_words}

{}
  {program} text {person} 'Good evening.'
  {program} read {person} --follow

{}, and send it as a text: the other side takes it up
  {program} card new --for {person}
  {program} text {person} 'http://...'
  {program} card list

{}
  {program} people show {person}
  {program} status
  {program} --help

Ctrl-C here ends it{}.",
            step("In a browser"),
            step("Choose where your handset keeps its line"),
            step("Take up your line"),
            step("Take up the card"),
            step("Text both ways"),
            step("Hand out a private number of your own"),
            step("Look around"),
            if place.passing { ", and removes all of its data" } else { "" },
        ));
        text
    }
}

/// How this program is called here.
fn program() -> String {
    std::env::args_os().next().map_or_else(|| "entrenous".to_owned(), |name| quoted(&name.to_string_lossy()))
}

/// A word for a shell.
fn quoted(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    if !text.is_empty() && text.chars().all(harmless) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell_are_quoted_if_need_be() {
        assert_eq!(quoted("./target/release/entrenous"), "./target/release/entrenous");
        assert_eq!(quoted("/a b/it's"), "'/a b/it'\\''s'");
    }

    #[test]
    fn passing_data_goes_and_other_data_stays() {
        let place = Place::take(None).unwrap();
        let dir = place.dir.clone();
        assert!(dir.is_dir());
        drop(place);
        assert!(!dir.exists());
        let kept = tempfile::tempdir().unwrap();
        drop(Place::take(Some(&kept.path().join("demo"))).unwrap());
        assert!(kept.path().join("demo").is_dir());
    }
}
