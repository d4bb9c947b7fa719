//! Recordings: kept as they are made, heard, sent, and forgotten.

use std::rc::Rc;

use handset::SealedFile;
use protocol::content::Voice;
use talk::calls::{Record, SendTake};
use talk::conversation::Take;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use crate::clock::{millis, now};
use crate::failure::{Failure, Result};
use crate::open::Open;
use crate::takes::{self, Kept, Piece};
use crate::views;
use crate::worker::Worker;

/// Keeps a piece.
pub(super) async fn record(worker: &Rc<Worker>, call: &Record, beside: &JsValue) -> Result<()> {
    let _one_by_one = worker.recording.lock().await;
    let none = || Failure::new("file-unavailable", "this is no recording: begin it anew");
    let source: &Blob = beside.dyn_ref().ok_or_else(none)?;
    let (person, media_type) = (call.person, call.media_type.as_str());
    let piece = Piece { person, media_type, duration: call.duration, waveform: &call.waveform, now: millis() };
    let kept = worker.line(|open| {
        open.handset.person_by_id(person)?;
        takes::begun(&mut open.handset, &call.take, &piece)
    })?;
    let folder = worker.store()?.takes().await?;
    let kept = takes::seal(&folder, &call.take, &kept, source, &piece).await?;
    worker.line(|open| takes::keep(&mut open.handset, &call.take, &kept))
}

/// Recordings that were not sent.
pub(super) async fn all(worker: &Rc<Worker>) -> Result<Vec<Take>> {
    let _one_by_one = worker.recording.lock().await;
    let (shown, over) = worker.line(sorted)?;
    for take in over {
        drop_kept(worker, &take).await?;
    }
    Ok(shown)
}

/// Recordings that are to be shown; and those that are over: sent, or for somebody who is gone.
fn sorted(open: &mut Open) -> Result<(Vec<Take>, Vec<String>)> {
    let (mut shown, mut over) = (Vec::new(), Vec::new());
    for take in takes::all(&open.handset)? {
        match takes::get(&open.handset, &take) {
            Ok(kept) if is_sent(open, &kept)? || views::name_of(&open.handset, kept.person).is_err() => over.push(take),
            Ok(kept) => shown.push(takes::shown(&take, kept)),
            // Named before anything of it was kept.
            Err(_) => {}
        }
    }
    Ok((shown, over))
}

/// Whether a text has it already: the app was ended before the recording was forgotten.
fn is_sent(open: &Open, kept: &Kept) -> Result<bool> {
    match &kept.sent_as {
        Some(blob) => Ok(open.handset.knows_file(blob)?),
        None => Ok(false),
    }
}

/// Makes one file of a recording, and sends it.
pub(super) async fn send(worker: &Rc<Worker>, call: &SendTake) -> Result<String> {
    let _one_by_one = worker.recording.lock().await;
    let (take, openings) = (call.take.as_str(), worker.openings.get());
    let (mut kept, name, store) = worker.line(|open| {
        let kept = takes::get(&open.handset, take)?;
        if is_sent(open, &kept)? {
            return Err(Failure::new("unknown-take", "this recording was sent already"));
        }
        let name = views::name_of(&open.handset, kept.person)?;
        Ok((kept, name, open.transfers.files().clone()))
    })?;
    let whole = takes::whole_take(&worker.store()?.takes().await?, take, &kept).await?;
    let (blob, key) = worker.line(|open| {
        let drawn = open.handset.draw_file();
        // So that it is known, whatever happens meanwhile, whether a text has it.
        kept.sent_as = Some(drawn.0);
        takes::keep(&mut open.handset, take, &kept)?;
        Ok(drawn)
    })?;
    let size = kept.bytes();
    store.seal(&whole, &blob, &key, size, &mut |_| {}).await?;
    let voice = Voice { duration: kept.duration, waveform: kept.waveform.to_vec() };
    let media_type = kept.media_type.clone();
    let file = SealedFile { blob, key, name: file_name(&media_type), media_type, size, voice: Some(voice) };
    let reply_to = call.reply_to.as_deref();
    let said = worker.line_since(openings, |open| {
        let said = open.handset.text_with_files(now(), &name, "", reply_to, std::slice::from_ref(&file));
        if said.is_err() {
            kept.sent_as = None;
            takes::keep(&mut open.handset, take, &kept)?;
        }
        Ok(said?)
    });
    match said {
        Ok(id) => {
            // It is sent: what is left of it goes now, or later.
            let _ = drop_kept(worker, take).await;
            Ok(id.to_text())
        }
        Err(failure) => {
            let _ = store.remove(&blob).await;
            Err(failure)
        }
    }
}

/// Forgets a recording.
pub(super) async fn forget(worker: &Rc<Worker>, take: &str) -> Result<()> {
    let _one_by_one = worker.recording.lock().await;
    worker.line(|open| takes::get(&open.handset, take))?;
    drop_kept(worker, take).await
}

async fn drop_kept(worker: &Rc<Worker>, take: &str) -> Result<()> {
    let left = worker.line(|open| {
        takes::forget(&mut open.handset, take)?;
        takes::all(&open.handset)
    })?;
    takes::remove_others(&worker.store()?.takes().await?, &left).await
}

/// What was recorded so far.
pub(super) async fn hear(worker: &Rc<Worker>, take: &str) -> Result<JsValue> {
    let _one_by_one = worker.recording.lock().await;
    let kept = worker.line(|open| takes::get(&open.handset, take))?;
    Ok(takes::whole_take(&worker.store()?.takes().await?, take, &kept).await?.into())
}

/// What the receiver sees it called.
fn file_name(media_type: &str) -> String {
    let extension = match media_type.split([';', '/']).nth(1).map(str::trim) {
        Some("mp4") => "m4a",
        Some("ogg") => "ogg",
        Some("mpeg") => "mp3",
        Some("wav" | "x-wav") => "wav",
        _ => "webm",
    };
    format!("voice.{extension}")
}
