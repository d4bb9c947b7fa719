//! Backups made and restored.

use std::rc::Rc;

use handset::{ClaimLink, Handset};
use talk::calls::{Backup, Restore};
use talk::line::BackupAbout;
use talk::{News, Secret};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::{Answered, bytes_of, handset as begun};
use crate::backup::{self, Draft, SHORTEST};
use crate::clock::{now, scope};
use crate::failure::{Failure, Result};
use crate::open::Awaiting;
use crate::tabs::From;
use crate::worker::Worker;

/// Makes a backup.
pub(super) async fn make(worker: &Rc<Worker>, call: &Backup) -> Result<(BackupAbout, JsValue)> {
    let _turn = worker.turn.lock().await;
    let passphrase = passphrase(&call.passphrase)?;
    let old = call.old.as_ref().map(self::passphrase).transpose()?;
    let (is_first, key_file) =
        worker.line(|open| Ok((open.handset.last_backup()?.is_none(), open.key_file.clone())))?;
    if is_first || old.is_some() {
        if passphrase.chars().count() < SHORTEST {
            let sentence =
                format!("a backup can be tried as often as somebody likes: choose at least {SHORTEST} characters");
            return Err(Failure::new("short-passphrase", &sentence));
        }
        if key_file.open(&call.passphrase).is_ok() {
            let sentence = "this is the handset's own passphrase: choose another one for backups";
            return Err(Failure::new("same-passphrase", sentence));
        }
    }
    let (draft, database) = Draft::begin().await?;
    let written = worker.line(|open| {
        let mut progress = |done: u64, total: u64| tell(worker, done, total);
        Ok(open.handset.write_backup(now(), &database, passphrase, old, &mut progress)?)
    });
    let made = match written {
        Ok(made) => made,
        Err(failure) => {
            drop(database);
            backup::remove().await;
            return Err(failure);
        }
    };
    let mut about = None;
    let verified = |reopened: &database::rusqlite::Connection| {
        let view = Handset::look_at_backup(reopened)?;
        about = Some(view);
        let is_whole = (view.people, view.texts) == (made.people, made.texts);
        if is_whole { Ok(()) } else { Err(handset::Error::BackupDamaged.into()) }
    };
    let file = draft.finish(database, passphrase, verified).await?;
    worker.line(|open| Ok(open.handset.keep_backup(now(), &made)?))?;
    let about = about.ok_or(handset::Error::BackupDamaged)?;
    Ok((shown(about), file.into()))
}

/// Restores a line.
pub(super) async fn restore(
    worker: &Rc<Worker>,
    from: &From,
    number: u64,
    call: Restore,
    beside: &JsValue,
) -> Result<Answered> {
    let _turn = worker.turn.lock().await;
    let store = begun::begin(worker)?;
    let link: Option<ClaimLink> = call.link.as_deref().map(str::parse).transpose()?;
    if let Some(link) = &link {
        begun::check_office(&link.address)?;
    }
    let none = || Failure::new("file-unavailable", "this is no file: choose the backup again");
    let file: &Blob = beside.dyn_ref().ok_or_else(none)?;
    let from_backup = backup::open(file, passphrase(&call.backup)?).await?;
    let mut view = None;
    let made = begun::make(&store, &call.secret, call.passkey.as_ref(), |handset| {
        let mut progress = |done: u64, total: u64| tell(worker, done, total);
        view = Some(handset.restore(now(), &from_backup, link.as_ref(), &mut progress)?);
        // A switchboard that the app does not come from cannot be reached from here.
        let url = handset.switchboard_url()?.unwrap_or_default();
        let host = scope().location().host();
        let is_here = url.split_once("://").is_some_and(|(_, rest)| rest.split('/').next() == Some(host.as_str()));
        if !is_here {
            let sentence = "this line is at another office: open the app there, or give that office's claim link";
            return Err(Failure::new("other-office", sentence));
        }
        Ok(())
    });
    let made = made.await;
    drop(from_backup);
    backup::remove().await;
    let mut open = made?;
    let view = view.ok_or(handset::Error::BackupDamaged)?;
    let answer = bytes_of::<Restore>(&shown(view));
    open.awaiting = Some(Awaiting { from: from.clone(), number, answer });
    worker.put(open);
    Ok(Answered::Later)
}

fn shown(view: handset::BackupView) -> BackupAbout {
    let (people, texts, files) = (view.people, view.texts, view.files);
    BackupAbout { made_at: view.made_at.as_millis(), people, texts, files }
}

fn passphrase(secret: &Secret) -> Result<&str> {
    match secret {
        Secret::Passphrase(text) if !text.is_empty() => Ok(text),
        _ => Err(Failure::new("short-passphrase", "a backup has a passphrase: give it")),
    }
}

fn tell(worker: &Worker, done: u64, total: u64) {
    let permille = u16::try_from(done.saturating_mul(1000) / total.max(1)).unwrap_or(1000);
    worker.tell(&News::Progress { permille: permille.min(1000) });
}
