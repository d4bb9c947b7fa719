//! The line: how it stands, what its principal wishes, and the room that it takes.

use std::rc::Rc;

use handset::Handset;
use js_sys::Reflect;
use talk::Millis;
use talk::line::{Me, Room, Waits, Wishes};
use wasm_bindgen::JsValue;

use crate::clock::scope;
use crate::disk::{wait, whole};
use crate::failure::{Failure, Result};
use crate::open::Open;
use crate::settings;
use crate::worker::{Stage, Worker};

/// What the wishes are remembered under.
const WISHES: &str = "wishes";
/// The longest that a handset may stay open by itself, in minutes.
const LONGEST_LOCK: u32 = 24 * 60;

/// One's own line.
pub(super) fn mine(open: &mut Open) -> Result<Me> {
    let status = open.handset.status()?;
    let waits = |pending: handset::Pending| Waits {
        person: pending.person,
        count: pending.count,
        what: pending.what.to_owned(),
        since: pending.since.as_millis(),
    };
    Ok(Me {
        name: status.name,
        office: status.office,
        switchboard: status.switchboard.to_string(),
        pending: status.pending.into_iter().map(waits).collect(),
        backup_at: open.handset.last_backup()?.map(protocol::Timestamp::as_millis),
        link: open.link_now()?,
        passkeys: open.passkeys().len(),
    })
}

/// What the principal wishes; of a locked handset, what the lock screen needs.
pub(super) async fn wishes(worker: &Rc<Worker>) -> Result<Wishes> {
    if let Stage::Open(open) = &worker.inner.borrow().stage {
        return Ok(open.wishes.clone());
    }
    worker.store()?.wishes().await
}

/// Changes that.
pub(super) async fn set_wishes(worker: &Rc<Worker>, wishes: Wishes) -> Result<()> {
    let is_short = |text: &Option<String>| text.as_ref().is_none_or(|text| text.len() <= 32);
    let fits = is_short(&wishes.language)
        && is_short(&wishes.theme)
        && ["small", "normal", "large", "huge"].contains(&wishes.text_size.as_str())
        && ["off", "nothing", "name", "text"].contains(&wishes.notifications.as_str())
        && wishes.lock_after <= LONGEST_LOCK;
    if !fits {
        return Err(Failure::new("bad-wishes", "these settings cannot be: choose others"));
    }
    worker.store()?.keep_wishes(&wishes).await?;
    if let Stage::Open(open) = &mut worker.inner.borrow_mut().stage {
        keep_wishes(&mut open.handset, &wishes)?;
        open.wishes = wishes;
    }
    Ok(())
}

/// The wishes, of which the plain ones lie beside the handset.
pub(super) fn kept_wishes(handset: &Handset, plain: Wishes) -> Result<Wishes> {
    let kept: Option<(String, u32, Option<Millis>)> = settings::get(handset, WISHES)?;
    Ok(match kept {
        Some((notifications, lock_after, backup_reminder)) => {
            Wishes { notifications, lock_after, backup_reminder, ..plain }
        }
        None => plain,
    })
}

fn keep_wishes(handset: &mut Handset, wishes: &Wishes) -> Result<()> {
    settings::set(handset, WISHES, &(&wishes.notifications, wishes.lock_after, wishes.backup_reminder))
}

/// What is used on this device.
pub(super) async fn room(worker: &Rc<Worker>) -> Result<Room> {
    let store = worker.store()?;
    let database = worker.open(|open| {
        let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        Ok(open.handset.database().query_row(pages, [], |row| row.get::<_, u64>(0))?)
    })?;
    let files = store.files().await?.bytes().await?;
    let storage = scope().navigator().storage();
    let estimate: JsValue = wait(storage.estimate()?).await?;
    let quota = Reflect::get(&estimate, &"quota".into())?.as_f64().map(whole);
    let persistent: JsValue = wait(storage.persisted()?).await?;
    Ok(Room { database, files, quota, persistent: persistent.is_truthy() })
}
