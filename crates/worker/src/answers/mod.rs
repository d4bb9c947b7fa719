//! What a page asks, and what it is answered.

mod backup;
mod conversation;
mod export;
pub(crate) mod files;
mod handset;
mod line;
pub(crate) mod news;
mod people;
mod takes;
mod wake;

use std::rc::Rc;

use serde_bytes::ByteBuf;
use talk::calls::*;
use talk::line::Given;
use talk::{Ask, Call};
use wasm_bindgen::JsValue;

use crate::clock::now;
use crate::failure::Result;
use crate::tabs::From;
use crate::worker::Worker;

/// An answer, or that it comes later.
#[derive(Debug)]
pub(crate) enum Answered {
    Now(Told),
    Later,
}

/// An answer with what goes beside it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) bytes: ByteBuf,
    pub(crate) beside: Option<JsValue>,
}

/// The answer to a call.
fn told<C: Call>(answer: &C::Answer) -> Told {
    Told { bytes: bytes_of::<C>(answer), beside: None }
}

/// As it is sent.
pub(crate) fn bytes_of<C: Call>(answer: &C::Answer) -> ByteBuf {
    ByteBuf::from(protocol::encode(answer))
}

/// Answers a question.
///
/// # Errors
/// What is told instead of an answer; nothing was done then.
pub(crate) async fn answer(
    worker: &Rc<Worker>,
    from: &From,
    number: u64,
    ask: Ask,
    beside: JsValue,
) -> Result<Answered> {
    // Of each call, its name and what is done for it.
    macro_rules! plain {
        ($call:ty, $answer:expr) => {
            told::<$call>(&$answer)
        };
    }
    macro_rules! with_blob {
        ($call:ty, $answer:expr) => {{
            let blob: JsValue = $answer;
            Told { bytes: bytes_of::<$call>(&()), beside: Some(blob) }
        }};
    }
    let told = match ask {
        Ask::Stage(_) => plain!(Stage, worker.whereabouts().await),
        Ask::Look(call) => plain!(Look, look(&call.text)?),
        Ask::Claim(call) => return handset::claim(worker, from, number, call).await,
        Ask::GiveUp(_) => plain!(GiveUp, handset::give_up(worker).await?),
        Ask::Unlock(call) => plain!(Unlock, handset::unlock(worker, call).await?),
        Ask::Lock(_) => plain!(Lock, handset::lock(worker).await),
        Ask::AddSecret(call) => plain!(AddSecret, handset::add_secret(worker, call).await?),
        Ask::ForgetPasskeys(_) => plain!(ForgetPasskeys, handset::forget_passkeys(worker).await?),
        Ask::Restore(call) => return backup::restore(worker, from, number, call, &beside).await,
        Ask::Backup(call) => {
            let (about, blob) = backup::make(worker, &call).await?;
            Told { bytes: bytes_of::<Backup>(&about), beside: Some(blob) }
        }
        Ask::Export(_) => with_blob!(Export, export::export(worker).await?),
        Ask::Erase(_) => plain!(Erase, handset::erase(worker).await?),
        Ask::Mine(_) => plain!(Mine, worker.line(line::mine)?),
        Ask::GetWishes(_) => plain!(GetWishes, line::wishes(worker).await?),
        Ask::SetWishes(call) => plain!(SetWishes, line::set_wishes(worker, call.wishes).await?),
        Ask::GetRoom(_) => plain!(GetRoom, line::room(worker).await?),
        Ask::Seen(call) => plain!(Seen, seen(worker, from, &call)),
        Ask::People(_) => plain!(People, worker.line(people::people)?),
        Ask::GetPerson(call) => plain!(GetPerson, worker.line(|open| people::person(open, call.person))?),
        Ask::Verify(call) => plain!(Verify, worker.line(|open| people::verify(open, call.person))?),
        Ask::Rename(call) => plain!(Rename, worker.line(|open| people::rename(open, call.person, &call.to))?),
        Ask::Block(call) => plain!(Block, worker.line(|open| people::block(open, call.person, call.blocked))?),
        Ask::Remove(call) => plain!(Remove, worker.line(|open| people::remove(open, call.person))?),
        Ask::Requests(_) => plain!(Requests, worker.line(people::requests)?),
        Ask::Answer(call) => plain!(Answer, worker.line(|open| people::decide(open, &call))?),
        Ask::Cards(_) => plain!(Cards, worker.line(people::cards)?),
        Ask::NewCard(call) => plain!(NewCard, worker.line(|open| people::new_card(open, call))?),
        Ask::Revoke(call) => plain!(Revoke, worker.line(|open| people::revoke(open, &call.card))?),
        Ask::Accept(call) => plain!(Accept, worker.line(|open| people::accept(open, &call))?),
        Ask::ReadQr(call) => plain!(ReadQr, crate::qr::read(&beside, call.width).await?),
        Ask::Conversations(_) => plain!(Conversations, worker.line(conversation::rows)?),
        Ask::Read(call) => plain!(Read, worker.line(|open| conversation::read(open, &call))?),
        Ask::GetText(call) => plain!(GetText, worker.line(|open| conversation::text(open, &call))?),
        Ask::Say(call) => plain!(Say, files::say(worker, call, &beside).await?),
        Ask::React(call) => plain!(React, worker.line(|open| conversation::react(open, &call))?),
        Ask::Unsend(call) => plain!(Unsend, worker.line(|open| conversation::unsend(open, &call))?),
        Ask::MarkSeen(call) => plain!(MarkSeen, worker.line(|open| conversation::mark_seen(open, call.person))?),
        Ask::SetDraft(call) => plain!(SetDraft, worker.line(|open| conversation::set_draft(open, &call))?),
        Ask::GetDraft(call) => plain!(GetDraft, worker.line(|open| conversation::draft(open, call.person))?),
        Ask::Search(call) => plain!(Search, worker.line(|open| conversation::search(open, &call))?),
        Ask::Expire(call) => plain!(Expire, worker.line(|open| conversation::expire(open, &call))?),
        Ask::Carry(call) => plain!(Carry, worker.line(|open| files::carry(open, &call.blob))?),
        Ask::Pause(call) => plain!(Pause, worker.line(|open| files::pause(open, &call.blob))?),
        Ask::Open(call) => with_blob!(Open, files::open(worker, &call.blob).await?),
        Ask::Record(call) => plain!(Record, takes::record(worker, &call, &beside).await?),
        Ask::Takes(_) => plain!(Takes, takes::all(worker).await?),
        Ask::SendTake(call) => plain!(SendTake, takes::send(worker, &call).await?),
        Ask::DropTake(call) => plain!(DropTake, takes::forget(worker, &call.take).await?),
        Ask::HearTake(call) => with_blob!(HearTake, takes::hear(worker, &call.take).await?),
        Ask::WakeKey(_) => plain!(WakeKey, wake::key(worker).await?),
        Ask::Wake(call) => plain!(Wake, wake::set(worker, call)?),
        Ask::TestWake(_) => plain!(TestWake, wake::test(worker).await?),
    };
    Ok(Answered::Now(told))
}

/// What a text is that was pasted or scanned.
fn look(text: &str) -> Result<Given> {
    if let Ok(link) = text.parse::<::handset::ClaimLink>() {
        return Ok(Given::Claim { office: link.address.to_string() });
    }
    let card: protocol::card::CardText = text.parse().map_err(::handset::Error::from)?;
    let office = match card {
        protocol::card::CardText::Link(link) => link.address,
        protocol::card::CardText::Words { address, .. } => address,
    };
    Ok(Given::Card { office: office.to_string() })
}

/// A tab says what it shows. Somebody who looks wants to be connected.
fn seen(worker: &Worker, from: &From, call: &Seen) {
    let mut inner = worker.inner.borrow_mut();
    let now = crate::worker::Seen { shown: call.shown, person: call.person };
    let before = inner.seen.insert(from.clone(), now);
    if call.shown
        && !before.is_some_and(|before| before.shown)
        && let crate::worker::Stage::Open(open) = &mut inner.stage
    {
        open.hurry();
    }
}

impl Worker {
    /// Notes that a person is there. Pages say so for every touch; what they ask counts for nothing, since they ask for
    /// much by themselves when something arrives, and a contact must not be able to keep a handset open.
    pub(crate) fn note_activity(&self, ask: &Ask) {
        let is_act = matches!(ask, Ask::Seen(seen) if seen.shown);
        if is_act && let crate::worker::Stage::Open(open) = &mut self.inner.borrow_mut().stage {
            open.active_at = now();
        }
    }
}
