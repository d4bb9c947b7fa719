//! What the engine says happened, and what pages are told of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use database::rusqlite::OptionalExtension as _;
use handset::Event;
use js_sys::futures::spawn_local;
use protocol::{BlobId, ContentId};
use talk::{News, Reply, Trouble};

use crate::coalesce::Coalesced;
use crate::failure::Result;
use crate::open::Open;
use crate::tabs::From;
use crate::views;
use crate::worker::{Seen, Worker};

/// What is done once nothing of the handset is held any more.
#[derive(Debug)]
pub(crate) enum After {
    Tell(News),
    Reply(From, Reply),
    /// The line is taken, or not: pages learn where the handset is.
    Stage,
    /// Nothing stays of a claim that was refused.
    Refused(Trouble),
    /// Sealed bytes of no use any more.
    Remove(BlobId),
}

/// Has the engine do what is due, and deals with what it says.
///
/// # Errors
/// If the handset's storage fails.
pub(crate) fn settle(
    worker: &Rc<Worker>,
    open: &mut Open,
    seen: &BTreeMap<From, Seen>,
    news: &mut Coalesced,
) -> Result<Vec<After>> {
    let mut after = Vec::new();
    open.wake(worker)?;
    open.deal_out();
    while let Some(event) = open.events.pop_front() {
        happened(open, event, seen, news, &mut after)?;
    }
    open.transfers.begin(&open.handset, worker)?;
    let link = open.link_now()?;
    if link != open.link {
        open.link = link.clone();
        after.push(After::Tell(News::Link(link)));
    }
    Ok(after)
}

fn happened(
    open: &mut Open,
    event: Event,
    seen: &BTreeMap<From, Seen>,
    news: &mut Coalesced,
    after: &mut Vec<After>,
) -> Result<()> {
    let mut about = |open: &Open, name: &str| -> Result<Option<i64>> {
        let id = views::id_of(&open.handset, name)?;
        if let Some(id) = id {
            news.add(News::Person(id));
        }
        Ok(id)
    };
    match event {
        Event::Claimed | Event::Restored => {
            open.handset.erase_deleted()?;
            open.taken = true;
            if let Some(awaiting) = open.awaiting.take() {
                after.push(After::Reply(awaiting.from, Reply { number: awaiting.number, answer: Ok(awaiting.answer) }));
            }
            after.push(After::Stage);
        }
        Event::ClaimRefused(refusal) if !open.taken => {
            after.push(After::Refused(Trouble::new(refusal.code.as_str(), refusal.sentence)));
        }
        Event::ClaimRefused(_) | Event::TurnedAway(_) | Event::RestoredElsewhere { .. } => {}
        Event::Carrying => {}
        Event::WakeChanged => open.wake_changes += 1,
        Event::CaughtUp => {
            news.add(News::People);
        }
        Event::CardStored(_) | Event::Requested(_) => {
            news.add(News::People);
        }
        Event::CardRefused(_, refusal) => {
            news.add(News::People);
            let why = Trouble::new(refusal.code.as_str(), refusal.sentence);
            after.push(After::Tell(News::NewCardRefused { why }));
        }
        Event::ContactAdded { person, redemption } => {
            if let (Some(person), Some(redemption)) = (about(open, &person)?, redemption) {
                after.push(After::Tell(News::TakenUp { redemption, person }));
            }
            news.add(News::People);
        }
        Event::AcceptRefused { redemption, petname, code, sentence } => {
            after.push(After::Tell(News::CardRefused { redemption, petname, why: Trouble::new(code, sentence) }));
        }
        Event::Arrived { person, id } => {
            if let Some(of) = about(open, &person)? {
                let on_screen = seen.values().any(|seen| seen.shown && seen.person == Some(of));
                if !on_screen && let Some(beginning) = announced(open, &id)? {
                    news.add(News::Arrived { person: of, name: person, beginning });
                }
            }
        }
        Event::Changed { person } => {
            about(open, &person)?;
        }
        Event::FileGone(blob) => {
            open.transfers.forget(&blob);
            after.push(After::Remove(blob));
        }
        Event::FileRefused { person, name } => {
            if let Some(person) = about(open, &person)? {
                after.push(After::Tell(News::FileRefused { person, name }));
            }
        }
        Event::ClockOff { seconds } => after.push(After::Tell(News::ClockOff(seconds))),
        // Newer than this worker: whoever shows people reads them again.
        _ => {
            news.add(News::People);
        }
    }
    Ok(())
}

/// The beginning of a text of theirs; none if what arrived is something else, or was over or taken back at once.
fn announced(open: &Open, id: &ContentId) -> Result<Option<String>> {
    let query = "SELECT text FROM message WHERE id = ?1 AND mine = 0 AND kind IN ('text', 'unknown') AND gone = 0
        AND doubtful = 0 AND expired = 0 AND state <> 'seen'";
    let text = open.handset.database().query_row(query, [id.as_bytes()], |row| row.get::<_, String>(0));
    Ok(text.optional()?.map(|text| views::beginning(&text)))
}

/// Does what is left to be done.
pub(crate) fn carry_out(worker: &Rc<Worker>, after: Vec<After>) {
    for after in after {
        match after {
            After::Tell(news) => worker.tell(&news),
            After::Reply(to, reply) => worker.reply(&to, reply, None),
            After::Stage => worker.tell_stage(),
            After::Refused(why) => {
                let worker = Rc::clone(worker);
                spawn_local(async move {
                    let _turn = worker.turn.lock().await;
                    // Meanwhile it may have been given up.
                    if matches!(worker.open(|open| Ok(open.taken)), Ok(false)) {
                        worker.tell(&News::ClaimRefused { why: why.clone() });
                        let _ = super::handset::remove(&worker, &why).await;
                    }
                });
            }
            After::Remove(blob) => {
                let files = worker.open(|open| Ok(open.transfers.files().clone()));
                if let Ok(files) = files {
                    spawn_local(async move {
                        let _ = files.remove(&blob).await;
                    });
                }
            }
        }
    }
}
