//! Everything that was said, readable: an archive of what `entrenous export` writes for one person, a folder for each.

use std::rc::Rc;

use handset::{Attachment, ExportedConversation, ExportedMessage, FileState, FileView, MessageView, Written};
use js_sys::{Array, Date, Uint8Array};
use protocol::Timestamp;
use talk::News;
use wasm_bindgen::JsValue;
use web_sys::Blob;

use crate::clock::now;
use crate::disk::{self, float};
use crate::failure::{Failure, Result};
use crate::files::{Files, is_spoiled};
use crate::views;
use crate::worker::Worker;
use crate::zip::{Check, Zip, safe_name};

/// Messages that are written at a time.
const STRIDE: usize = 500;

/// An archive that is being made.
struct Archive {
    zip: Zip,
    parts: Array,
}

/// One file of it.
#[derive(Default)]
struct Entry {
    parts: Array,
    check: Check,
    bytes: u64,
}

impl Entry {
    fn add(&mut self, bytes: &[u8]) -> Result<()> {
        // A Blob of a stretch each: the browser may keep those on the disk.
        let part = Array::of1(&Uint8Array::from(bytes).into());
        self.parts.push(&Blob::new_with_u8_array_sequence(&part)?.into());
        self.check.add(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

impl Archive {
    fn put(&mut self, name: &str, entry: &Entry) -> Result<()> {
        let before = self.zip.file(name, entry.check, entry.bytes).ok_or_else(too_large)?;
        self.parts.push(&Uint8Array::from(before.as_slice()).into());
        for part in entry.parts.iter() {
            self.parts.push(&part);
        }
        Ok(())
    }
}

/// Makes the archive.
pub(super) async fn export(worker: &Rc<Worker>) -> Result<JsValue> {
    let people =
        worker.line(|open| Ok(open.handset.conversations()?.into_iter().map(|row| row.id).collect::<Vec<_>>()))?;
    let mut archive = Archive { zip: Zip::default(), parts: Array::new() };
    for (done, person) in people.iter().enumerate() {
        let permille = u16::try_from(done * 1000 / people.len().max(1)).unwrap_or(1000);
        worker.tell(&News::Progress { permille });
        conversation(worker, &mut archive, *person).await?;
    }
    let end = std::mem::take(&mut archive.zip).end().ok_or_else(too_large)?;
    archive.parts.push(&Uint8Array::from(end.as_slice()).into());
    Ok(disk::join(&archive.parts, "application/zip")?.into())
}

async fn conversation(worker: &Rc<Worker>, archive: &mut Archive, person: i64) -> Result<()> {
    let (texts, about, store) = worker.line(|open| {
        let view = open.handset.person_by_id(person)?;
        let texts = open.handset.read(&view.person, None)?;
        let notices = open.handset.notices(&view.person)?;
        let times: (Written<'_>, Written<'_>) = (&rfc3339, &rfc3339);
        let about = ExportedConversation::of(&view, &open.handset.status()?, &notices, texts.len(), now(), times);
        Ok((texts, about, open.transfers.files().clone()))
    })?;
    let name = worker.line(|open| views::name_of(&open.handset, person))?;
    // Two contacts never have the same number.
    let folder = format!("{} ({person})/", safe_name(&name));
    let mut entry = Entry::default();
    entry.add(&serde_json::to_vec_pretty(&about).map_err(|_| unwritable())?)?;
    archive.put(&format!("{folder}conversation.json"), &entry)?;
    let mut entry = Entry::default();
    for (stride, texts) in texts.chunks(STRIDE).enumerate() {
        let mut lines = Vec::new();
        for (place, text) in texts.iter().enumerate() {
            let attachments = attach(worker, archive, &store, &folder, text).await?;
            let message = ExportedMessage::of(stride * STRIDE + place, text, attachments, &rfc3339);
            serde_json::to_writer(&mut lines, &message).map_err(|_| unwritable())?;
            lines.push(b'\n');
        }
        entry.add(&lines)?;
    }
    archive.put(&format!("{folder}messages.jsonl"), &entry)
}

/// Puts a text's files in, those whose bytes are here.
async fn attach(
    worker: &Rc<Worker>,
    archive: &mut Archive,
    store: &Files,
    folder: &str,
    text: &MessageView,
) -> Result<Vec<Attachment>> {
    let mut all = Vec::new();
    for file in &text.files {
        let is_elsewhere = matches!(file.state, FileState::Offered | FileState::Wanted | FileState::Lost);
        let mut path = None;
        if !is_elsewhere && let Some(entry) = opened(worker, store, file).await? {
            let name = archive.zip.free_name(&format!("{folder}files/"), &file.name);
            archive.put(&name, &entry)?;
            path = name.strip_prefix(folder).map(str::to_owned);
        }
        let (name, media_type, bytes) = (file.name.clone(), file.media_type.clone(), file.size);
        all.push(Attachment { name, media_type, bytes, path });
    }
    Ok(all)
}

/// A file's bytes; none if they are not here or damaged: one file must not keep the rest.
async fn opened(worker: &Rc<Worker>, store: &Files, file: &FileView) -> Result<Option<Entry>> {
    // A text may have been taken back meanwhile.
    let Ok((key, length)) = worker.line(|open| Ok(open.handset.file_key(&file.blob)?)) else { return Ok(None) };
    let mut entry = Entry::default();
    match store.open(&file.blob, &key, length, &mut |bytes| entry.add(bytes)).await {
        Ok(()) => Ok(Some(entry)),
        Err(failure) if is_spoiled(&failure) || failure.0.code == "unknown-file" => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn rfc3339(time: Timestamp) -> String {
    Date::new(&float(time.as_millis()).into()).to_iso_string().into()
}

fn too_large() -> Failure {
    Failure::new("export-too-large", "there is more than one archive can hold: export fewer files, by the terminal")
}

fn unwritable() -> Failure {
    Failure::new("export-failed", "the export could not be written, which is a fault in this app")
}
