//! The tabs of one browser: the worker of one of them leads and has the handset; the others pass on what their pages ask,
//! and what it answers. When the leading one goes, the next takes its place.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use talk::{Ask, Asked, Reply, Said, Trouble};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::clock::scope;
use crate::disk::wait;
use crate::worker::Worker;

/// The channel, and the lock that the leading worker holds.
const NAME: &str = "entrenous";
/// Questions of one page that may be open at a time.
const PENDING: usize = 256;

const ASK: &str = "ask";
const SAID: &str = "said";
const LEAD: &str = "lead";

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum From {
    /// The page of this worker.
    Page,
    /// Another tab's.
    Tab(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Nobody has said yet who leads.
    Unknown,
    Follows,
    Leads,
}

/// This tab among the others.
#[derive(Debug)]
pub(crate) struct Tabs {
    channel: BroadcastChannel,
    id: String,
    role: Cell<Role>,
    /// What this page asked and has no answer to yet, as long as this worker does not lead.
    pending: RefCell<BTreeMap<u64, Pending>>,
}

#[derive(Debug)]
struct Pending {
    asked: Asked,
    beside: JsValue,
}

impl Tabs {
    /// Among the others, with a name that nobody else has.
    ///
    /// # Errors
    /// If the browser has no such channel.
    pub(crate) fn join(id: String) -> Result<Self, JsValue> {
        let channel = BroadcastChannel::new(NAME)?;
        Ok(Self { channel, id, role: Cell::new(Role::Unknown), pending: RefCell::default() })
    }

    /// Hears what the others say, from now on.
    pub(crate) fn listen(&self, worker: &Rc<Worker>) {
        let worker = Rc::downgrade(worker);
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let (Some(worker), Ok(message)) = (worker.upgrade(), event.data().dyn_into::<Array>()) {
                worker.heard_tab(&message);
            }
        });
        self.channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        // For as long as there is this worker.
        heard.forget();
    }

    /// Whether this worker leads.
    pub(crate) fn leads(&self) -> bool {
        self.role.get() == Role::Leads
    }

    /// A page asks, and this worker does not lead: it is passed on, now or as soon as it is known to whom.
    pub(crate) fn pass_on(&self, asked: Asked, beside: JsValue) {
        let number = asked.number;
        if self.pending.borrow().len() >= PENDING {
            let trouble = Trouble::new("too-many", "the app asks too much at once: try again in a moment");
            return to_page(&Said::Reply(Reply { number, answer: Err(trouble) }), None);
        }
        if self.role.get() == Role::Follows {
            self.post(ASK, &self.id, &talk::encode(&asked), &beside);
        }
        self.pending.borrow_mut().insert(number, Pending { asked, beside });
    }

    /// Another tab's worker leads.
    pub(crate) fn follow(&self) {
        self.role.set(Role::Follows);
        for pending in self.pending.borrow().values() {
            self.post(ASK, &self.id, &talk::encode(&pending.asked), &pending.beside);
        }
    }

    /// This one does. Gives what its page is still to be answered.
    pub(crate) fn lead(&self) -> Vec<(Asked, JsValue)> {
        let was = self.role.replace(Role::Leads);
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        self.post(LEAD, &self.id, &[], &JsValue::UNDEFINED);
        let pending = pending.into_values().map(|pending| (pending.asked, pending.beside));
        // What was passed on may have been done, but for what only reads.
        pending.filter(|(asked, _)| was == Role::Unknown || !is_gone(asked)).collect()
    }

    /// Says something to one tab, or to all others.
    pub(crate) fn say(&self, to: Option<&str>, said: &Said, beside: Option<&JsValue>) {
        self.post(SAID, to.unwrap_or_default(), &talk::encode(said), beside.unwrap_or(&JsValue::UNDEFINED));
    }

    /// What another tab said; gives what it asks, if this worker leads.
    pub(crate) fn hear(&self, message: &Array) -> Option<(String, Vec<u8>, JsValue)> {
        let text = |at: u32| message.get(at).as_string().unwrap_or_default();
        let bytes = || message.get(2).dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
        match (text(0).as_str(), self.role.get()) {
            (ASK, Role::Leads) => return Some((text(1), bytes(), message.get(3))),
            (SAID, Role::Follows) => {
                let (to, bytes) = (text(1), bytes());
                if !to.is_empty() && to != self.id {
                    return None;
                }
                if let Ok(Said::Reply(reply)) = talk::decode(&bytes) {
                    self.pending.borrow_mut().remove(&reply.number);
                }
                post_page(&bytes, Some(&message.get(3)));
            }
            (LEAD, Role::Follows) => {
                self.pending.borrow_mut().retain(|_, pending| !is_gone(&pending.asked));
                self.follow();
            }
            _ => {}
        }
        None
    }

    fn post(&self, what: &str, tab: &str, bytes: &[u8], beside: &JsValue) {
        let message = Array::of4(&what.into(), &tab.into(), &Uint8Array::from(bytes).into(), beside);
        // What cannot be passed through (a picture that was closed, say) is an answer that never comes; the page gives up.
        let _ = self.channel.post_message(&message);
    }
}

/// Whether a question went with the tab that was to answer it; then the page is told.
fn is_gone(asked: &Asked) -> bool {
    if is_reading(&asked.ask) {
        return false;
    }
    let sentence = "the window that had the handset was closed meanwhile: look whether this was done, and try again";
    let reply = Reply { number: asked.number, answer: Err(Trouble::new("tab-gone", sentence)) };
    to_page(&Said::Reply(reply), None);
    true
}

/// Whether a question changes nothing, and may be asked again.
pub(crate) const fn is_reading(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Stage(_)
            | Ask::Look(_)
            | Ask::Mine(_)
            | Ask::GetWishes(_)
            | Ask::GetRoom(_)
            | Ask::People(_)
            | Ask::GetPerson(_)
            | Ask::Requests(_)
            | Ask::Cards(_)
            | Ask::ReadQr(_)
            | Ask::Conversations(_)
            | Ask::Read(_)
            | Ask::GetText(_)
            | Ask::GetDraft(_)
            | Ask::Search(_)
            | Ask::Open(_)
            | Ask::Takes(_)
            | Ask::HearTake(_)
            | Ask::WakeKey(_)
            | Ask::Export(_)
    )
}

/// Says something to this worker's page.
pub(crate) fn to_page(said: &Said, beside: Option<&JsValue>) {
    post_page(&talk::encode(said), beside);
}

fn post_page(bytes: &[u8], beside: Option<&JsValue>) {
    let message = Array::of1(&Uint8Array::from(bytes).into());
    if let Some(beside) = beside.filter(|beside| !beside.is_undefined()) {
        message.push(beside);
    }
    // A page that is gone hears nothing.
    let _ = scope().post_message(&message);
}

/// The lock of the worker that leads; held for good once it is there.
pub(crate) async fn take_lead(if_free: bool) -> Result<bool, JsValue> {
    take(NAME, if_free, true).await
}

/// Holds this tab's own lock, by which the others know that it is there.
pub(crate) async fn be_there(id: &str) {
    let _ = take(&format!("{NAME}-{id}"), false, true).await;
}

/// Waits until a tab is gone.
pub(crate) async fn until_gone(id: &str) {
    let _ = take(&format!("{NAME}-{id}"), false, false).await;
}

/// Takes a Web Lock, perhaps only if it is free; for good, if it is to be held.
async fn take(name: &str, if_free: bool, hold: bool) -> Result<bool, JsValue> {
    let locks = Reflect::get(&scope().navigator(), &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &if_free.into())?;
    let mut failed = None;
    let granted = Promise::new(&mut |resolve, _| {
        let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            let has = !lock.is_null();
            let _ = resolve.call1(&JsValue::NULL, &has.into());
            if has && hold { Promise::new(&mut |_, _| {}).into() } else { JsValue::UNDEFINED }
        });
        failed = Reflect::apply(&request, &locks, &Array::of3(&name.into(), &options, &granted)).err();
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(wait::<JsValue>(granted).await?.is_truthy()),
    }
}
