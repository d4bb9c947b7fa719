//! The handset on this device: claimed, unlocked, locked, erased.

use std::collections::VecDeque;
use std::rc::Rc;

use handset::{ClaimLink, Handset};
use protocol::SwitchboardAddress;
use seal::draw_database_key;
use talk::calls::{AddSecret, Claim, Unlock};
use talk::line::{Link, Passkey};
use talk::{Secret, Trouble};

use super::{Answered, bytes_of};
use crate::clock::{millis, now, scope};
use crate::driver::Driver;
use crate::failure::{Failure, Result};
use crate::key_file::KeyFile;
use crate::open::{Awaiting, Open};
use crate::random::randomness;
use crate::store::Store;
use crate::tabs::From;
use crate::transfers::Transfers;
use crate::worker::{Stage, Worker};

/// Claims a line.
pub(super) async fn claim(worker: &Rc<Worker>, from: &From, number: u64, call: Claim) -> Result<Answered> {
    let _turn = worker.turn.lock().await;
    let store = begin(worker)?;
    let link: ClaimLink = call.link.parse()?;
    check_office(&link.address)?;
    let made = make(&store, &call.secret, call.passkey.as_ref(), |handset| {
        handset.claim(now(), &link, &call.name, false)?;
        Ok(())
    });
    let mut open = made.await?;
    open.awaiting = Some(Awaiting { from: from.clone(), number, answer: bytes_of::<Claim>(&()) });
    worker.put(open);
    Ok(Answered::Later)
}

/// Whether the app comes from this office: it speaks to no other.
pub(super) fn check_office(address: &SwitchboardAddress) -> Result<()> {
    if address.as_str() == scope().location().host() {
        return Ok(());
    }
    let sentence = format!("this link is of another office: open the app at {address} for it");
    Err(Failure(Trouble::new("other-office", sentence)))
}

/// Whether a handset can be made here, and where.
pub(super) fn begin(worker: &Worker) -> Result<Store> {
    match &worker.inner.borrow().stage {
        Stage::New => {}
        Stage::Unusable(_) | Stage::Unknown => {
            return Err(Failure::new("no-storage", "this browser does not let the app store anything here"));
        }
        Stage::Locked(_) | Stage::Open(_) => return Err(handset::Error::AlreadyClaimed.into()),
    }
    worker.store()
}

/// Makes a handset: its database, what `fill` puts into it, and, once that is there, its key file. Nothing stays of one
/// that does not come to be.
pub(super) async fn make(
    store: &Store,
    secret: &Secret,
    passkey: Option<&Passkey>,
    fill: impl FnOnce(&mut Handset) -> Result<()>,
) -> Result<Open> {
    let key = draw_database_key(&mut randomness());
    let mut key_file = KeyFile::default();
    key_file.add(&key, secret, passkey, &mut randomness())?;
    let made = async {
        store.clear().await?;
        let mut handset = Handset::open(store.database(&key).await?, randomness())?;
        match fill(&mut handset) {
            Ok(()) => {}
            Err(failure) => {
                drop(handset.close());
                return Err(failure);
            }
        }
        store.keep_key_file(&key_file).await?;
        opened(store, handset, key, key_file.clone()).await
    };
    match made.await {
        Ok(open) => Ok(open),
        Err(failure) => {
            let _ = store.erase().await;
            Err(failure)
        }
    }
}

/// Unlocks.
pub(super) async fn unlock(worker: &Rc<Worker>, call: Unlock) -> Result<()> {
    let _turn = worker.turn.lock().await;
    let key_file = match &worker.inner.borrow().stage {
        Stage::Locked(key_file) => key_file.clone(),
        Stage::Open(_) => return Ok(()),
        _ => return Err(handset::Error::NotClaimed.into()),
    };
    let store = worker.store()?;
    let key = match store.unwrap(&key_file, &call.secret, millis()).await {
        Ok(key) => key,
        Err(failure) => {
            // Perhaps one has to wait now.
            worker.tell_stage();
            return Err(failure);
        }
    };
    let mut handset = Handset::open(store.database(&key).await?, randomness())?;
    // What expired while it was closed is gone before anything is shown.
    handset.timeout(now())?;
    if handset.switchboard_url()?.is_none() && handset.superseded()?.is_none() {
        // A claim that was refused, and killed before nothing was left of it.
        drop(handset.close());
        store.erase().await?;
        worker.inner.borrow_mut().stage = Stage::New;
        worker.tell_stage();
        return Err(Failure::new("claim-refused", "the office did not take the claim: ask it for another link"));
    }
    let open = opened(&store, handset, key, key_file).await?;
    forget_unknown(&store, &open).await;
    worker.put(open);
    Ok(())
}

/// An open handset around an engine.
async fn opened(store: &Store, handset: Handset, key: database::DatabaseKey, key_file: KeyFile) -> Result<Open> {
    let taken = !matches!(handset.status(), Err(handset::Error::NotClaimed | handset::Error::NotTaken));
    let wishes = super::line::kept_wishes(&handset, store.wishes().await.unwrap_or_default())?;
    Ok(Open {
        transfers: Transfers::new(store.files().await?, super::files::paused(&handset)?),
        driver: Driver::new(),
        events: VecDeque::new(),
        key,
        key_file,
        wishes,
        taken,
        awaiting: None,
        wake_changes: 0,
        active_at: now(),
        link: Link::Connecting,
        handset,
    })
}

/// Removes sealed bytes of texts that are no more, or that never came to be.
async fn forget_unknown(store: &Store, open: &Open) {
    let files = open.transfers.files();
    for blob in files.all().await.unwrap_or_default() {
        if matches!(open.handset.knows_file(&blob), Ok(false)) {
            let _ = files.remove(&blob).await;
        }
    }
    if let (Ok(folder), Ok(takes)) = (store.takes().await, crate::takes::all(&open.handset)) {
        let _ = crate::takes::remove_others(&folder, &takes).await;
    }
}

/// Locks.
pub(super) async fn lock(worker: &Rc<Worker>) {
    let _turn = worker.turn.lock().await;
    worker.lock();
}

/// Gives up a claim, or a restore, that no switchboard has answered.
pub(super) async fn give_up(worker: &Rc<Worker>) -> Result<()> {
    let _turn = worker.turn.lock().await;
    let is_waiting = worker.open(|open| Ok(!open.taken))?;
    if !is_waiting {
        return Err(handset::Error::AlreadyClaimed.into());
    }
    remove(worker, &Trouble::new("given-up", "it was given up meanwhile")).await
}

/// Erases everything.
pub(super) async fn erase(worker: &Rc<Worker>) -> Result<()> {
    let _turn = worker.turn.lock().await;
    remove(worker, &Trouble::new("erased", "this handset was erased meanwhile")).await
}

/// Closes the handset if it is open, and removes it.
pub(super) async fn remove(worker: &Rc<Worker>, why: &Trouble) -> Result<()> {
    let store = worker.store()?;
    let stage = std::mem::replace(&mut worker.inner.borrow_mut().stage, Stage::Unknown);
    if let Stage::Open(open) = stage {
        worker.close(*open, why);
    }
    let removed = store.erase().await;
    let stage = crate::worker::look(&store).await;
    worker.inner.borrow_mut().stage = stage;
    worker.tell_stage();
    removed
}

/// Has it opened by something else besides, or by another passphrase.
pub(super) async fn add_secret(worker: &Rc<Worker>, call: AddSecret) -> Result<()> {
    let _turn = worker.turn.lock().await;
    let store = worker.store()?;
    let (key, mut key_file) = worker.open(|open| Ok((open.key.clone(), open.key_file.clone())))?;
    // Whoever finds it open must not be able to make it their own.
    store.unwrap(&key_file, &call.passphrase, millis()).await?;
    key_file.add(&key, &call.secret, call.passkey.as_ref(), &mut randomness())?;
    keep(worker, &store, key_file).await
}

/// Takes all passkeys away.
pub(super) async fn forget_passkeys(worker: &Rc<Worker>) -> Result<()> {
    let _turn = worker.turn.lock().await;
    let store = worker.store()?;
    let mut key_file = worker.open(|open| Ok(open.key_file.clone()))?;
    key_file.forget_passkeys()?;
    keep(worker, &store, key_file).await
}

async fn keep(worker: &Rc<Worker>, store: &Store, key_file: KeyFile) -> Result<()> {
    store.keep_key_file(&key_file).await?;
    match &mut worker.inner.borrow_mut().stage {
        Stage::Open(open) => open.key_file = key_file,
        Stage::Locked(held) => *held = key_file,
        _ => {}
    }
    Ok(())
}

impl Worker {
    /// The handset is open from now on.
    pub(crate) fn put(self: &Rc<Self>, open: Open) {
        self.openings.set(self.openings.get() + 1);
        self.inner.borrow_mut().stage = Stage::Open(Box::new(open));
        self.tell_stage();
        self.settle();
    }
}
