//! Texts with files, and what becomes of those.

use std::collections::BTreeSet;
use std::rc::Rc;

use handset::{Handset, SealedFile};
use js_sys::Array;
use protocol::{BlobId, limits};
use talk::News;
use talk::calls::Say;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::File;

use crate::clock::now;
use crate::disk::whole;
use crate::failure::{Failure, Result};
use crate::files::Files;
use crate::open::Open;
use crate::settings;
use crate::views;
use crate::worker::Worker;

/// What paused files are remembered under, and how many are.
const PAUSED: &str = "paused";
const MOST_PAUSED: usize = 64;

/// Writes a text, with the files beside it.
pub(super) async fn say(worker: &Rc<Worker>, call: Say, beside: &JsValue) -> Result<String> {
    let (sources, openings) = (sources(beside)?, worker.openings.get());
    let (name, store) = worker.line(|open| {
        let name = views::name_of(&open.handset, call.person)?;
        Ok((name, open.transfers.files().clone()))
    })?;
    let files = seal(worker, &store, sources).await?;
    let reply_to = call.reply_to.as_deref();
    let said = worker
        .line_since(openings, |open| Ok(open.handset.text_with_files(now(), &name, &call.text, reply_to, &files)?));
    match said {
        Ok(id) => Ok(id.to_text()),
        Err(failure) => {
            for file in &files {
                let _ = store.remove(&file.blob).await;
            }
            Err(failure)
        }
    }
}

/// The files beside a question.
fn sources(beside: &JsValue) -> Result<Vec<File>> {
    if beside.is_undefined() || beside.is_null() {
        return Ok(Vec::new());
    }
    let none = || Failure::new("file-unavailable", "these are no files: choose them again; nothing was sent");
    let all: &Array = beside.dyn_ref().ok_or_else(none)?;
    let all: Vec<File> = all.iter().map(|file| file.dyn_into().map_err(|_| none())).collect::<Result<_>>()?;
    if all.len() > limits::FILES {
        return Err(handset::Error::TooManyFiles { count: all.len(), limit: limits::FILES }.into());
    }
    // All are looked at before the first is sealed.
    let too_large =
        |file: &&File| whole(file.size()) > limits::FILE_BYTES || file.name().len() > limits::FILE_NAME_BYTES;
    match all.iter().find(too_large) {
        Some(file) => Err(handset::Error::FileTooLarge(file.name()).into()),
        None => Ok(all),
    }
}

/// Seals what is to go with a text; nothing is kept unless all of it is.
async fn seal(worker: &Rc<Worker>, store: &Files, sources: Vec<File>) -> Result<Vec<SealedFile>> {
    let total: u64 = sources.iter().map(|file| whole(file.size())).sum();
    let (mut files, mut before): (Vec<SealedFile>, u64) = (Vec::new(), 0);
    for source in sources {
        let size = whole(source.size());
        let (blob, key) = worker.line(|open| Ok(open.handset.draw_file()))?;
        let mut progress = |done| {
            if total > 1 << 20 {
                let permille = (before + done) * 1000 / total.max(1);
                worker.tell(&News::Progress { permille: u16::try_from(permille).unwrap_or(1000) });
            }
        };
        if let Err(failure) = store.seal(&source, &blob, &key, size, &mut progress).await {
            for file in &files {
                let _ = store.remove(&file.blob).await;
            }
            return Err(failure);
        }
        before += size;
        let media_type = Some(source.type_()).filter(|kind| !kind.is_empty() && kind.len() <= 100);
        let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        files.push(SealedFile { blob, key, name: source.name(), media_type, size, voice: None });
    }
    Ok(files)
}

fn id(text: &str) -> Result<BlobId> {
    Ok(text.parse().map_err(|_| handset::Error::UnknownFile)?)
}

/// Fetches a file, or goes on with one that was paused.
pub(super) fn carry(open: &mut Open, blob: &str) -> Result<()> {
    let blob = id(blob)?;
    open.handset.want_file(now(), &blob)?;
    open.transfers.pause(blob, false);
    keep_paused(open)
}

/// Pauses one.
pub(super) fn pause(open: &mut Open, blob: &str) -> Result<()> {
    let blob = id(blob)?;
    if open.handset.file_state(&blob)?.is_some_and(handset::FileState::is_under_way) {
        open.transfers.pause(blob, true);
    }
    keep_paused(open)
}

/// What was paused when the handset was open before.
pub(super) fn paused(handset: &Handset) -> Result<BTreeSet<BlobId>> {
    Ok(settings::get(handset, PAUSED)?.unwrap_or_default())
}

/// Keeps that for the next time.
pub(crate) fn keep_paused(open: &mut Open) -> Result<()> {
    // Of very many the rest is carried again after the next unlocking.
    let paused: BTreeSet<BlobId> = open.transfers.paused().iter().take(MOST_PAUSED).copied().collect();
    settings::set(&mut open.handset, PAUSED, &paused)
}

/// Opens a file that is here.
pub(super) async fn open(worker: &Rc<Worker>, blob: &str) -> Result<JsValue> {
    let blob = id(blob)?;
    let (files, (key, length), media_type) = worker.line(|open| {
        let media_type = media_type_of(&open.handset, &blob)?;
        Ok((open.transfers.files().clone(), open.handset.file_key(&blob)?, media_type))
    })?;
    let opened = files.blob(&blob, &key, length, &media_type).await?;
    // It may have been locked, or the text taken back, meanwhile.
    worker.line(|open| Ok(open.handset.file_key(&blob).map(drop)?))?;
    Ok(opened.into())
}

fn media_type_of(handset: &Handset, blob: &BlobId) -> Result<String> {
    let query = "SELECT media_type FROM file WHERE blob = ?1";
    Ok(handset.database().query_row(query, [blob.as_bytes()], |row| row.get(0))?)
}
