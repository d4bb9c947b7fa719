//! `text`, `react`, `unsend`: what a principal says.

use std::io::Read as _;

use handset::{MessageState, SessionState};
use protocol::{ContentId, limits};

use super::attach;
use crate::cli::{Global, React, Text, Unsend};
use crate::exit::{Exit, Failure};
use crate::output::conversation::short;
use crate::output::json::Written;
use crate::output::{Output, note};
use crate::session::{Session, now};

pub(super) async fn text(args: &Text, global: &Global, output: Output) -> Result<Exit, Failure> {
    // Before anything is opened: typing may take a while.
    let text = if args.text == "-" { from_stdin()? } else { args.text.clone() };
    let mut session = Session::open(global)?;
    session.catch_up().await?;
    let reply_to = match &args.reply_to {
        Some(id) => Some(full_id(&mut session, &args.to.person, id)?),
        None => None,
    };
    // Nothing is sealed for somebody who is not there.
    session.handset().person(&args.to.person)?;
    let files = attach::seal(&mut session, args).await?;
    let written = session.handset().text_with_files(now(), &args.to.person, &text, reply_to.as_deref(), &files);
    let id = written.inspect_err(|_| files.iter().for_each(|file| session.files().remove(&file.blob)))?;
    let (brought, refused) = attach::bring(&mut session, &files).await?;
    let exit = sent(session, id, output).await?;
    if !refused.is_empty() {
        let sentence = format!(
            "our switchboard has no room for {} now: the text went without; send it again later, or tell your office's operator",
            refused.join(", ")
        );
        return Err(Failure::refused("file-refused", sentence));
    }
    Ok(if brought == Exit::Waiting { brought } else { exit })
}

pub(super) async fn react(args: &React, global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    session.catch_up().await?;
    let target = full_id(&mut session, &args.to.person, &args.id)?;
    let id = session.handset().react(now(), &args.to.person, &target, &args.emoji)?;
    sent(session, id, output).await
}

pub(super) async fn unsend(args: &Unsend, global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    session.catch_up().await?;
    let target = full_id(&mut session, &args.to.person, &args.id)?;
    let id = session.handset().unsend(now(), &args.to.person, &target)?;
    sent(session, id, output).await
}

/// The id of a text from its beginning, as people read it; programs give all of it.
pub(super) fn full_id(session: &mut Session, person: &str, id: &str) -> Result<String, Failure> {
    let id = id.trim();
    if id.is_empty() || id.parse::<ContentId>().is_ok() {
        return Ok(id.to_owned());
    }
    let texts = session.handset().read(person, None)?;
    let begun: Vec<String> = texts.iter().map(|text| text.id.to_text()).filter(|text| text.starts_with(id)).collect();
    match begun.as_slice() {
        [one] => Ok(one.clone()),
        [] => Ok(id.to_owned()),
        _ => Err(Failure::refused(
            "ambiguous-message",
            format!("more than one text has an id that begins with {id}: write more of it"),
        )),
    }
}

async fn sent(mut session: Session, id: ContentId, output: Output) -> Result<Exit, Failure> {
    if !session.is_online() {
        // Whoever does not want to wait has to know.
        note("It is kept here, and goes as soon as our switchboard answers.");
    }
    let (state, exit) = session.delivered(&id).await?;
    let record = Written { id: id.to_text(), state: state.as_str() };
    let is_online = session.handset().session_state() == SessionState::Online;
    output.result(&record, || match state {
        MessageState::Waiting if is_online => {
            format!("{}  waiting: kept here, and sent as soon as their handset has answered ours.", short(&id))
        }
        MessageState::Waiting => {
            format!("{}  waiting: kept here, and sent as soon as our switchboard answers.", short(&id))
        }
        state => format!("{}  {}", short(&id), state.as_str()),
    });
    if exit == Exit::Waiting && state == MessageState::Sent {
        note("Our switchboard has it; their handset does not yet.");
    }
    session.close().await?;
    Ok(exit)
}

/// Bytes that are read of a text that is too long, at the most.
const MOST_READ: u64 = 16 << 20;

fn from_stdin() -> Result<String, Failure> {
    let unreadable = |why: String| Failure::misuse("stdin-unreadable", format!("standard input is no text: {why}"));
    let mut bytes = Vec::new();
    // Far more than may be sent, so that the engine can say how much too long it is; but not a disk full of it.
    std::io::stdin().take(MOST_READ).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 == MOST_READ {
        let sentence =
            format!("a text may have at most {} bytes, and this has many more: send a part", limits::TEXT_BYTES);
        return Err(Failure::refused("text-too-long", sentence));
    }
    let text = String::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))?;
    Ok(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text))
}
