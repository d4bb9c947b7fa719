//! The command line: every command, flag and example.

mod keep;
mod office;
mod serve;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use protocol::expiry::Term;

use crate::clock::parse_duration;
pub(crate) use keep::{Backup, Export, Restore};
pub(crate) use serve::{Federation, Serve, Settings};

pub(crate) use office::Office;

/// A leader's direct line: text across two offices' switchboards, end-to-end encrypted.
#[derive(Debug, Parser)]
#[command(name = "entrenous", version, propagate_version = true, disable_help_subcommand = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "Begin here:
  entrenous demo                                   two switchboards and somebody to talk to
  entrenous claim 'https://line.example.org/claim#...' --as 'Ana Brandt'
  entrenous card new --for 'Tomas Lindqvist'       a private number to hand out
  entrenous accept 'https://other.example.org/c#...'
  entrenous text Tomas 'Good evening.'
  entrenous read Tomas --follow

Exit codes: 0 done, 1 refused and nothing kept, 2 misuse, 3 waiting on this handset to go later.";

/// Flags that may stand anywhere.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Where the handset keeps its line [default: the platform's data directory]
    #[arg(long, global = true, value_name = "DIR", env = "ENTRENOUS_PROFILE")]
    pub(crate) profile: Option<PathBuf>,

    /// One JSON object per line on stdout; messages for people on stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// How long a command may wait for a switchboard
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=86_400))]
    pub(crate) timeout: u64,

    /// What a command waits for: our switchboard having stored it, or the other handset having it
    #[arg(long, global = true, value_name = "STATE", value_enum, default_value_t = Wait::Sent)]
    pub(crate) wait: Wait,

    /// Certificates (PEM) to trust instead of the system's: an office's own authority
    #[arg(long, global = true, value_name = "FILE", env = "ENTRENOUS_TRUST_ROOT")]
    pub(crate) trust_root: Option<PathBuf>,
}

/// How long to wait for what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wait {
    // No doc comments: they would make every command's help three times as long.
    Sent,
    Delivered,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take up the line that your office's operator set up for you
    #[command(after_help = "Example:
  entrenous claim 'https://line.example.org/claim#...' --as 'Ana Brandt'
  entrenous claim 'https://new.example.org/claim#...' --as 'Ana Brandt' --move    take the line along to another office")]
    Claim(Claim),
    /// Private numbers that you hand out
    #[command(subcommand)]
    Card(Card),
    /// Take up a card: become a contact of who handed it out
    #[command(after_help = "Examples:
  entrenous accept 'https://other.example.org/c#...'
  entrenous accept other.example.org able about above absent absorb abstract absurd abuse --as Tomas")]
    Accept(Accept),
    /// Your contacts
    #[command(after_help = "Examples:
  entrenous people
  entrenous people show Tomas
  entrenous people verify Tomas       after comparing the safety words in person
  entrenous people requests           who asks to become a contact")]
    People {
        #[command(subcommand)]
        command: Option<People>,
    },
    /// Write a text
    #[command(after_help = "Examples:
  entrenous text Tomas 'Good evening.'
  entrenous text Tomas 'Gladly.' --reply-to 3kTq
  entrenous text Tomas - < note.txt   from standard input
  entrenous text Tomas 'See page 3.' --attach draft.pdf map.png
  entrenous text Tomas --voice note.wav
  entrenous text Tomas 'Are you there?' --wait delivered --timeout 60")]
    Text(Text),
    /// React to a text; an empty reaction takes it back
    #[command(after_help = "Example:\n  entrenous react Tomas 3kTq 👍")]
    React(React),
    /// Take back a text of your own, here and there; the other side may have read it
    #[command(after_help = "Example:\n  entrenous unsend Tomas 3kTq")]
    Unsend(Unsend),
    /// How long texts with somebody stay; you propose it, and it holds once they accept
    #[command(after_help = "Examples:
  entrenous expiry Tomas              what holds, and what is proposed
  entrenous expiry Tomas 1w           propose that texts vanish 1 week after they were sent
  entrenous expiry Tomas --accept     accept what they proposed (or --decline)
  entrenous expiry Tomas --withdraw   take your own proposal back")]
    Expiry(Expiry),
    /// Read a conversation, oldest first, and let the other side know that you have
    #[command(after_help = "Examples:
  entrenous read Tomas
  entrenous read Tomas --follow       stay, and print what comes (Ctrl-C ends)
  entrenous read Tomas --since 3kTq --json
  entrenous read Tomas --save ~/Papers   fetch the files that go with the texts")]
    Read(Read),
    /// Find texts by their words
    #[command(after_help = "Example:\n  entrenous search grain corridor")]
    Search(Search),
    /// Fetch what waits at the switchboard, and send what waits here
    #[command(after_help = "Example:\n  entrenous sync --timeout 60")]
    Sync,
    /// Whose line this is, and what waits for what since when
    #[command(after_help = "Example:\n  entrenous status --json")]
    Status,
    /// Keep the line, its contacts and all that was said in one encrypted file
    #[command(after_help = "Examples:
  entrenous backup --out line.backup
  entrenous backup --out line.backup --force                        in place of the one before
  entrenous backup --out line.backup --old-backup-passphrase-file old    under another passphrase from now on")]
    Backup(Backup),
    /// Bring the line back from a backup, on this handset instead of the one before
    #[command(after_help = "Examples:
  entrenous restore line.backup --profile ~/new-handset
  entrenous restore line.backup --claim 'https://line.example.org/claim#...'    where the office lost the line")]
    Restore(Restore),
    /// Write a conversation to files that other programs read
    #[command(after_help = "Example:\n  entrenous export Tomas --out tomas")]
    Export(Export),
    /// Run an office's switchboard
    #[command(after_help = "Examples:
  entrenous serve --data data --office 'Chancery of Aldmoor' --insecure-loopback
  entrenous serve --data /var/lib/entrenous --office 'Chancery of Aldmoor' \\
      --domain line.example.org --acme-agree
  entrenous serve --config /etc/entrenous/switchboard.toml

Every flag may stand in the file under its name, or in the environment: ENTRENOUS_LISTEN for --listen.
Flags count before the environment, that before the file. --print-config shows what comes of it.")]
    Serve(Box<Serve>),
    /// For the operator of a switchboard
    #[command(subcommand, visible_alias = "switchboard")]
    Office(Office),
    /// Two switchboards and somebody to talk to, on this machine, to try everything alone
    #[command(after_help = "Example:\n  entrenous demo")]
    Demo(Demo),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  entrenous completions bash > /etc/bash_completion.d/entrenous")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Claim {
    /// The link from your office's operator
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// Your name, as your contacts will see it
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: String,
    /// Move the line of this profile there, with its contacts and texts
    #[arg(long = "move")]
    pub(crate) moving: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Card {
    /// Make a card: a link, a QR code and eight words
    #[command(after_help = "Examples:
  entrenous card new --for 'Tomas Lindqvist'
  entrenous card new --for 'the delegation' --uses 3 --expires 12h --ask")]
    New(NewCard),
    /// All cards, and who took them up
    #[command(after_help = "Example:\n  entrenous card list")]
    List,
    /// Take a card back for good; who took it up already stays a contact
    #[command(after_help = "Example:\n  entrenous card revoke k3v9w2mx")]
    Revoke {
        /// The card's id, from `card list`
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct NewCard {
    /// For whom it is; only you see this
    #[arg(long = "for", value_name = "NAME")]
    pub(crate) for_name: String,
    /// How many people may take it up
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=protocol::limits::SLOTS as u64))]
    pub(crate) uses: u64,
    /// How long it is good for: 30s, 5m, 12h, 7d
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = parse_duration)]
    pub(crate) expires: Duration,
    /// Be asked before somebody becomes a contact through it
    #[arg(long)]
    pub(crate) ask: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// The card: its link, or the office's address and the eight words
    #[arg(value_name = "URL_OR_WORDS", required = true, num_args = 1..)]
    pub(crate) card: Vec<String>,
    /// What its issuer is to be called here
    #[arg(long = "as", value_name = "PETNAME")]
    pub(crate) petname: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum People {
    /// One contact, with the safety words to compare
    Show(Person),
    /// Note that you compared the safety words in person, and that they are the same
    Verify {
        #[command(flatten)]
        person: Person,
        /// Do not ask whether they are the same
        #[arg(long)]
        yes: bool,
    },
    /// Call a contact by another name here
    Rename {
        #[command(flatten)]
        person: Person,
        /// The new name
        #[arg(value_name = "NAME")]
        to: String,
    },
    /// Let nothing of theirs arrive; for them this handset looks off
    Block(Person),
    /// Let a blocked contact in again
    Unblock(Person),
    /// Remove a contact with all that was said
    Remove {
        #[command(flatten)]
        person: Person,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Who asks to become a contact
    Requests,
    /// Admit somebody who asked
    Admit(Person),
    /// Refuse somebody who asked, without their learning it
    Refuse(Person),
}

/// Whom a command is about.
#[derive(Debug, Args)]
pub(crate) struct Person {
    /// The name as `people` prints it, or its beginning
    #[arg(value_name = "PERSON", allow_hyphen_values = true, value_parser = not_a_flag)]
    pub(crate) person: String,
}

#[derive(Debug, Args)]
pub(crate) struct Text {
    #[command(flatten)]
    pub(crate) to: Person,
    /// The text; - reads it from standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true, value_parser = not_a_flag,
        required_unless_present_any = ["attach", "voice"], default_value = "", hide_default_value = true)]
    pub(crate) text: String,
    /// Files that go with it, up to 10 of 100 MiB each
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) attach: Vec<PathBuf>,
    /// A voice note that goes with it: a WAV file with PCM samples
    #[arg(long, value_name = "FILE")]
    pub(crate) voice: Option<PathBuf>,
    /// The id of a text that this one answers, or its beginning
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) reply_to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct React {
    #[command(flatten)]
    pub(crate) to: Person,
    /// The text's id, or its beginning
    #[arg(value_name = "ID", allow_hyphen_values = true, value_parser = not_a_flag)]
    pub(crate) id: String,
    /// The reaction
    #[arg(value_name = "EMOJI")]
    pub(crate) emoji: String,
}

#[derive(Debug, Args)]
pub(crate) struct Unsend {
    #[command(flatten)]
    pub(crate) to: Person,
    /// The text's id, or its beginning
    #[arg(value_name = "ID", allow_hyphen_values = true, value_parser = not_a_flag)]
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct Expiry {
    #[command(flatten)]
    pub(crate) to: Person,
    /// Propose this: off, 1d, 1w or 4w
    #[arg(value_name = "TERM", value_parser = parse_term)]
    pub(crate) term: Option<Term>,
    /// Accept what they proposed
    #[arg(long, conflicts_with_all = ["term", "decline", "withdraw"])]
    pub(crate) accept: bool,
    /// Decline what they proposed
    #[arg(long, conflicts_with_all = ["term", "withdraw"])]
    pub(crate) decline: bool,
    /// Take your own proposal back
    #[arg(long, conflicts_with = "term")]
    pub(crate) withdraw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    #[command(flatten)]
    pub(crate) from: Person,
    /// Stay, and print new texts and changes as they come
    #[arg(long)]
    pub(crate) follow: bool,
    /// Only what comes after this text
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,
    /// Fetch the files that go with these texts, and put them into this directory
    #[arg(long, value_name = "DIR", conflicts_with = "follow")]
    pub(crate) save: Option<PathBuf>,
    /// How much --save fetches at the most, such as 500MB or 20GiB
    #[arg(long, value_name = "SIZE", requires = "save", default_value = "1GiB", value_parser = crate::config::values::parse_size)]
    pub(crate) up_to: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Words; all of them are in each text that is found, the last one perhaps as a beginning
    #[arg(value_name = "WORDS", required = true, num_args = 1..)]
    pub(crate) words: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to keep the demonstration's data [default: a directory that is removed at the end]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Serve the phone app in this folder [default: the one inside this program]
    #[arg(long, value_name = "DIR", env = "ENTRENOUS_APP")]
    pub(crate) app: Option<PathBuf>,
}

fn parse_term(text: &str) -> Result<Term, String> {
    let wrong = || "texts stay for good (off), 1d, 1w or 4w".to_owned();
    Term::ALL.into_iter().find(|term| term.as_str() == text).ok_or_else(wrong)
}

/// What begins with two dashes is more likely a mistyped flag than a name or a text; two bare dashes before it make it
/// one.
fn not_a_flag(text: &str) -> Result<String, String> {
    let body = text.strip_prefix("--").unwrap_or_default();
    let flag = body.starts_with(|c: char| c.is_ascii_lowercase()) && !body.contains(char::is_whitespace);
    if flag {
        Err("there is no such flag; put -- before it if it is meant as it stands".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once("entrenous").chain(line.iter().copied()))
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_stand_anywhere() {
        for line in [
            ["--json", "text", "Tomas", "Good evening.", "--timeout", "3"],
            ["text", "--json", "--timeout", "3", "Tomas", "Good evening."],
            ["text", "Tomas", "--json", "Good evening.", "--timeout", "3"],
            ["text", "Tomas", "--timeout", "3", "Good evening.", "--json"],
        ] {
            let cli = parse(&line).unwrap();
            assert!(cli.global.json && cli.global.timeout == 3, "{line:?}");
            let Command::Text(text) = cli.command else { panic!("{line:?}") };
            assert_eq!((text.to.person.as_str(), text.text.as_str()), ("Tomas", "Good evening."));
        }
        let nested = parse(&["card", "new", "--for", "Tomas", "--json", "--profile", "a"]).unwrap();
        assert!(nested.global.json && nested.global.profile.is_some());
    }

    #[test]
    fn ids_and_texts_may_begin_with_a_dash() {
        let Command::React(react) = parse(&["react", "Tomas", "-3kTq", "👍", "--json"]).unwrap().command else {
            panic!()
        };
        assert_eq!(react.id, "-3kTq");
        let Command::Text(text) = parse(&["text", "-x_Line", "-5 degrees", "--reply-to", "-a"]).unwrap().command else {
            panic!()
        };
        assert_eq!((text.text.as_str(), text.reply_to.as_deref()), ("-5 degrees", Some("-a")));
        let Command::Text(text) = parse(&["text", "Tomas", "-"]).unwrap().command else { panic!() };
        assert_eq!(text.text, "-");
        let Command::Text(text) = parse(&["text", "Tomas", "-- yours, A."]).unwrap().command else { panic!() };
        assert_eq!(text.text, "-- yours, A.");
    }

    #[test]
    fn mistyped_flags_are_no_texts() {
        for line in [["text", "Tomas", "--jsn"], ["unsend", "Tomas", "--all"]] {
            assert!(parse(&line).is_err(), "{line:?}");
        }
        assert!(parse(&["text", "Tomas", "hello", "--jsn"]).is_err());
    }

    #[test]
    fn a_card_may_be_said_in_words() {
        let Command::Accept(accept) = parse(&["accept", "a.org", "one", "two", "--as", "Tomas"]).unwrap().command
        else {
            panic!()
        };
        assert_eq!((accept.card.join(" ").as_str(), accept.petname.as_deref()), ("a.org one two", Some("Tomas")));
    }

    #[test]
    fn what_cannot_be_is_misuse() {
        for line in [
            vec!["card", "new", "--for", "Tomas", "--expires", "7w"],
            vec!["card", "new", "--for", "Tomas", "--uses", "0"],
            vec!["serve", "--data", "d", "--listen", "4700"],
            vec!["serve", "--data", "d", "--domain", "https://line.example.org"],
            vec!["serve", "--data", "d", "--insecure-loopback=perhaps"],
            vec!["read"],
            vec!["expiry", "Tomas", "2d"],
            vec!["expiry", "Tomas", "1d", "--accept"],
            vec!["expiry", "Tomas", "--accept", "--decline"],
            vec!["nonsense"],
        ] {
            assert_eq!(parse(&line).unwrap_err().exit_code(), 2, "{line:?}");
        }
    }
}
