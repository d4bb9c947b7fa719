//! The worker itself: what it has at any time, who asks it, and whom it tells.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::lock::Mutex;
use js_sys::futures::spawn_local;
use js_sys::{Array, Function, Uint8Array};
use protocol::BlobId;
use talk::line::{Where, Why};
use talk::{Asked, News, Reply, Said, Trouble};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::MessageEvent;

use crate::answers::{self, Answered, Told};
use crate::clock::{Alarm, millis, now, scope};
use crate::coalesce::Coalesced;
use crate::failure::{Failure, Result};
use crate::key_file::KeyFile;
use crate::open::Open;
use crate::random::randomness;
use crate::store::Store;
use crate::tabs::{self, From, Tabs, to_page};
use crate::transfers::End;

/// An alarm that rings so much later than it was set for means that the device slept: connections did not survive that.
const SLEPT: u64 = 20_000;
/// Longest between two looks at what is due, lest a clock that is set back stops everything.
const LOOK: u64 = 60_000;

/// What a worker has.
pub(crate) struct Worker {
    pub(crate) tabs: Tabs,
    pub(crate) inner: RefCell<Inner>,
    /// What opens, closes or replaces the handset takes turns.
    pub(crate) turn: Mutex<()>,
    /// Pieces of recordings are kept one after the other.
    pub(crate) recording: Mutex<()>,
    /// How often a handset was opened: what began before the last time is not ended after it.
    pub(crate) openings: Cell<u64>,
    alarm: Alarm,
    /// When the alarm is to ring.
    rings_at: Cell<u64>,
    ring: RefCell<Option<Function>>,
}

/// What changes.
pub(crate) struct Inner {
    pub(crate) store: Option<Store>,
    pub(crate) stage: Stage,
    /// What each tab shows.
    pub(crate) seen: BTreeMap<From, Seen>,
    pub(crate) news: Coalesced,
}

/// Where the handset is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Not looked yet.
    Unknown,
    Unusable(Why),
    New,
    Locked(KeyFile),
    Open(Box<Open>),
}

/// What a tab shows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) shown: bool,
    pub(crate) person: Option<i64>,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}

/// Begins.
pub(crate) fn start() {
    // What it says may have words of a person in it: nobody is told more than that it stopped. Ending lets go of the
    // lock, so that another tab goes on.
    std::panic::set_hook(Box::new(|_| {
        let _ = scope().post_message(&"stopped".into());
        scope().close();
    }));
    let id = protocol::BlobId::new(random()).to_text();
    let Ok(tabs) = Tabs::join(id.clone()) else { return unusable_for_good() };
    let inner = Inner { store: None, stage: Stage::Unknown, seen: BTreeMap::new(), news: Coalesced::default() };
    let worker = Rc::new(Worker {
        tabs,
        inner: RefCell::new(inner),
        turn: Mutex::new(()),
        recording: Mutex::new(()),
        openings: Cell::new(0),
        alarm: Alarm::default(),
        rings_at: Cell::new(0),
        ring: RefCell::new(None),
    });
    worker.tabs.listen(&worker);
    worker.listen();
    spawn_local(async move {
        tabs::be_there(&id).await;
        match tabs::take_lead(true).await {
            Ok(true) => {}
            Ok(false) => {
                worker.tabs.follow();
                if tabs::take_lead(false).await.is_err() {
                    return;
                }
            }
            Err(_) => return worker.lead(Err(Why::NoStorage)).await,
        }
        let store = Store::on_device().await.map_err(|_| Why::NoStorage);
        worker.lead(store).await;
    });
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    rand_core::Rng::fill_bytes(&mut randomness(), &mut bytes);
    bytes
}

fn unusable_for_good() {
    to_page(&Said::News(News::Stage(Where::Unusable(Why::NoStorage))), None);
}

impl Worker {
    /// Hears its page, its alarm, and the network's coming and going, from now on.
    fn listen(self: &Rc<Self>) {
        let worker = Rc::clone(self);
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let Ok(message) = event.data().dyn_into::<Array>() else { return };
            let bytes = message.get(0).dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
            if let Ok(asked) = talk::decode(&bytes) {
                worker.asked_by_page(asked, message.get(1));
            }
        });
        scope().set_onmessage(Some(heard.as_ref().unchecked_ref()));
        heard.forget();
        let worker = Rc::clone(self);
        let ring = Closure::<dyn FnMut()>::new(move || worker.rung());
        *self.ring.borrow_mut() = Some(ring.as_ref().clone().unchecked_into());
        ring.forget();
        for (name, heard) in [("online", Self::network_came as fn(&Rc<Self>)), ("offline", Self::network_went)] {
            let worker = Rc::clone(self);
            let closure = Closure::<dyn FnMut()>::new(move || heard(&worker));
            let _ = scope().add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
            closure.forget();
        }
    }

    /// This worker leads from now on.
    async fn lead(self: &Rc<Self>, store: std::result::Result<Store, Why>) {
        let stage = match &store {
            Ok(store) => look(store).await,
            Err(why) => Stage::Unusable(*why),
        };
        {
            let mut inner = self.inner.borrow_mut();
            inner.store = store.ok();
            inner.stage = stage;
        }
        let pending = self.tabs.lead();
        self.tell(&News::Stage(self.whereabouts().await));
        for (asked, beside) in pending {
            self.asked(From::Page, asked, beside);
        }
    }

    fn asked_by_page(self: &Rc<Self>, asked: Asked, beside: JsValue) {
        if self.tabs.leads() {
            self.asked(From::Page, asked, beside);
        } else {
            self.tabs.pass_on(asked, beside);
        }
    }

    /// Another tab said something.
    pub(crate) fn heard_tab(self: &Rc<Self>, message: &Array) {
        let Some((tab, bytes, beside)) = self.tabs.hear(message) else { return };
        let Ok(asked) = talk::decode::<Asked>(&bytes) else { return };
        let from = From::Tab(tab.clone());
        let is_new = self.inner.borrow_mut().seen.insert(from.clone(), Seen::default()).is_none();
        if is_new {
            let worker = Rc::clone(self);
            spawn_local(async move {
                tabs::until_gone(&tab).await;
                worker.inner.borrow_mut().seen.remove(&From::Tab(tab));
            });
        }
        self.asked(from, asked, beside);
    }

    fn asked(self: &Rc<Self>, from: From, asked: Asked, beside: JsValue) {
        let worker = Rc::clone(self);
        spawn_local(async move {
            let number = asked.number;
            worker.lock_if_due();
            worker.note_activity(&asked.ask);
            let answered = answers::answer(&worker, &from, number, asked.ask, beside).await;
            match answered {
                Ok(Answered::Now(Told { bytes, beside })) => {
                    worker.reply(&from, Reply { number, answer: Ok(bytes) }, beside.as_ref());
                }
                Ok(Answered::Later) => {}
                Err(Failure(trouble)) => worker.reply(&from, Reply { number, answer: Err(trouble) }, None),
            }
            worker.settle();
        });
    }

    /// Answers a page.
    pub(crate) fn reply(&self, to: &From, reply: Reply, beside: Option<&JsValue>) {
        match to {
            From::Page => to_page(&Said::Reply(reply), beside),
            From::Tab(tab) => self.tabs.say(Some(tab), &Said::Reply(reply), beside),
        }
    }

    /// Tells all pages.
    pub(crate) fn tell(&self, news: &News) {
        let said = Said::News(news.clone());
        to_page(&said, None);
        self.tabs.say(None, &said, None);
    }

    /// Tells all pages where the handset is.
    pub(crate) fn tell_stage(self: &Rc<Self>) {
        let worker = Rc::clone(self);
        spawn_local(async move {
            let stage = worker.whereabouts().await;
            worker.tell(&News::Stage(stage));
        });
    }

    /// Where the handset is, as pages are told.
    pub(crate) async fn whereabouts(&self) -> Where {
        let (passkeys, store) = match &*self.inner.borrow() {
            Inner { stage: Stage::Locked(file), store: Some(store), .. } => (file.passkeys(), store.clone()),
            Inner { stage: Stage::Unusable(why), .. } => return Where::Unusable(*why),
            Inner { stage: Stage::Open(open), .. } => {
                return if open.taken { Where::Open } else { Where::Waiting };
            }
            _ => return Where::New,
        };
        let not_before = store.patience().await.ok().and_then(|patience| patience.not_before(millis()));
        Where::Locked { passkeys, not_before }
    }

    /// Where the handset lies.
    ///
    /// # Errors
    /// If this browser has no place for one.
    pub(crate) fn store(&self) -> Result<Store> {
        let no_storage = || Failure::new("no-storage", "this browser does not let the app store anything here");
        self.inner.borrow().store.clone().ok_or_else(no_storage)
    }

    /// Does something with the open handset; what that gives to do is done when the question is answered.
    ///
    /// # Errors
    /// `locked` if it is not open; what `act` says.
    pub(crate) fn open<T>(&self, act: impl FnOnce(&mut Open) -> Result<T>) -> Result<T> {
        match &mut self.inner.borrow_mut().stage {
            Stage::Open(open) => act(open),
            _ => Err(Failure::new("locked", "the handset is locked: unlock it first")),
        }
    }

    /// As [`Self::open`], for what needs a line.
    ///
    /// # Errors
    /// Besides, `not-claimed` while the switchboard has not taken it.
    pub(crate) fn line<T>(&self, act: impl FnOnce(&mut Open) -> Result<T>) -> Result<T> {
        self.open(|open| if open.taken { act(open) } else { Err(handset::Error::NotClaimed.into()) })
    }

    /// As [`Self::line`], for the end of something that began when the handset was opened so often.
    ///
    /// # Errors
    /// Besides, `locked` if it was locked meanwhile: sealed bytes that no text had then are gone.
    pub(crate) fn line_since<T>(&self, openings: u64, act: impl FnOnce(&mut Open) -> Result<T>) -> Result<T> {
        if self.openings.get() != openings {
            return Err(Failure::new("locked", "the handset was locked meanwhile: try again"));
        }
        self.line(act)
    }

    /// Locks the handset, and keeps nothing of it.
    pub(crate) fn lock(self: &Rc<Self>) {
        let open = {
            let mut inner = self.inner.borrow_mut();
            match std::mem::replace(&mut inner.stage, Stage::Unknown) {
                Stage::Open(open) => {
                    inner.stage = Stage::Locked(open.key_file.clone());
                    inner.news = Coalesced::default();
                    open
                }
                other => return inner.stage = other,
            }
        };
        self.close(*open, &Trouble::new("locked", "the handset was locked meanwhile: unlock it"));
        self.tell_stage();
    }

    /// Closes a handset; whoever waits for its line is told why.
    pub(crate) fn close(&self, mut open: Open, why: &Trouble) {
        if let Some(awaiting) = open.awaiting.take() {
            self.reply(&awaiting.from, Reply { number: awaiting.number, answer: Err(why.clone()) }, None);
        }
        // Its connections go with it.
        drop(open.handset.close());
    }

    fn lock_if_due(self: &Rc<Self>) {
        let is_due = match &self.inner.borrow().stage {
            Stage::Open(open) => open.locks_at().is_some_and(|at| now() >= at),
            _ => false,
        };
        if is_due {
            self.lock();
        }
    }

    /// A connection came about.
    pub(crate) fn connected(self: &Rc<Self>, serial: u64) {
        self.drive(|open| {
            open.connected(serial);
            Ok(())
        });
    }

    /// One is gone.
    pub(crate) fn disconnected(self: &Rc<Self>, serial: u64) {
        self.drive(|open| {
            open.disconnected(serial);
            Ok(())
        });
    }

    /// A frame arrived.
    pub(crate) fn heard(self: &Rc<Self>, serial: u64, frame: &[u8]) {
        self.drive(|open| open.heard(serial, frame));
    }

    /// Bytes of a file moved.
    pub(crate) fn moved(self: &Rc<Self>, blob: &BlobId, done: u64, of: u64) {
        self.inner.borrow_mut().news.add(News::Carried { blob: blob.to_text(), done, of });
        self.arm();
    }

    /// A file's transfer ended.
    pub(crate) fn carried(self: &Rc<Self>, blob: BlobId, of: &Rc<Cell<u64>>, how: End) {
        self.drive(|open| {
            let was_paused = open.transfers.paused().contains(&blob);
            open.transfers.settle(&mut open.handset, &blob, of, how)?;
            if was_paused { answers::files::keep_paused(open) } else { Ok(()) }
        });
    }

    fn network_came(self: &Rc<Self>) {
        self.drive(|open| {
            open.hurry();
            Ok(())
        });
    }

    fn network_went(self: &Rc<Self>) {
        self.drive(|open| {
            open.cut();
            Ok(())
        });
    }

    fn rung(self: &Rc<Self>) {
        if millis() > self.rings_at.get().saturating_add(SLEPT) {
            self.network_went();
            self.network_came();
        }
        self.settle();
    }

    fn drive(self: &Rc<Self>, step: impl FnOnce(&mut Open) -> Result<()>) {
        let done = match &mut self.inner.borrow_mut().stage {
            Stage::Open(open) => step(open),
            _ => return,
        };
        match done {
            Ok(()) => self.settle(),
            // Its storage failed: what is committed is safe, and unlocking shows whether it can still be read.
            Err(_) => self.lock(),
        }
    }

    /// Does all that is to be done now, and sets the alarm for what is next.
    pub(crate) fn settle(self: &Rc<Self>) {
        self.lock_if_due();
        let done = {
            let mut inner = self.inner.borrow_mut();
            let Inner { stage, seen, news, .. } = &mut *inner;
            match stage {
                Stage::Open(open) => answers::news::settle(self, open, seen, news),
                _ => Ok(Vec::new()),
            }
        };
        match done {
            Ok(after) => answers::news::carry_out(self, after),
            Err(_) => self.lock(),
        }
        let told = self.inner.borrow_mut().news.take(millis());
        told.iter().for_each(|news| self.tell(news));
        self.arm();
    }

    fn arm(self: &Rc<Self>) {
        let due = {
            let inner = self.inner.borrow();
            let news = inner.news.due().map(|at| at.saturating_sub(millis()).min(1_000));
            let open = match &inner.stage {
                Stage::Open(open) => open.due().unwrap_or(Some(LOOK)),
                _ => None,
            };
            news.into_iter().chain(open).min()
        };
        match (due, &*self.ring.borrow()) {
            (Some(due), Some(ring)) => {
                let due = due.min(LOOK);
                self.rings_at.set(millis().saturating_add(due));
                self.alarm.set(due, ring);
            }
            _ => self.alarm.clear(),
        }
    }
}

/// What there is on this device.
pub(crate) async fn look(store: &Store) -> Stage {
    match store.key_file().await {
        Ok(Some(file)) => Stage::Locked(file),
        Ok(None) => Stage::New,
        Err(Failure(trouble)) if trouble.code == "handset-newer-version" => Stage::Unusable(Why::Newer),
        Err(Failure(trouble)) if trouble.code == "database-open-elsewhere" => Stage::Unusable(Why::StorageHeld),
        Err(Failure(trouble)) if trouble.code == "handset-damaged" => Stage::Unusable(Why::Damaged),
        Err(_) => Stage::Unusable(Why::NoStorage),
    }
}
