//! The page's side of the talk with the worker that has the handset.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use js_sys::futures::JsFuture;
use js_sys::{Array, Function, Promise, Uint8Array};
use talk::{Asked, Call, News, Said, Trouble};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Worker};

/// What the worker says, without any number, when it cannot go on: it has to be begun anew.
const STOPPED: &str = "stopped";

struct Line {
    worker: Worker,
    /// What resolves the promises of questions that are not answered.
    waiting: HashMap<u64, Function>,
    last: u64,
}

thread_local! {
    static LINE: RefCell<Option<Line>> = const { RefCell::new(None) };
}

/// Listens to the worker: `told` hears all news, `stopped` that there will be none any more.
pub(crate) fn listen(worker: Worker, told: impl Fn(News) + 'static, stopped: impl Fn() + 'static) {
    let stopped = Rc::new(stopped);
    let broke = {
        let stopped = Rc::clone(&stopped);
        move || stopped()
    };
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        if data.as_string().as_deref() == Some(STOPPED) {
            stopped();
        } else if let Some(message) = data.dyn_ref::<Array>() {
            hear(message, &told);
        }
    });
    worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    // It did not begin, or ended without a word.
    let broken = Closure::<dyn Fn()>::new(broke);
    worker.set_onerror(Some(broken.as_ref().unchecked_ref()));
    // As long as the page.
    heard.forget();
    broken.forget();
    LINE.with_borrow_mut(|line| *line = Some(Line { worker, waiting: HashMap::new(), last: 0 }));
}

/// Asks the handset.
///
/// # Errors
/// What the handset says.
pub(crate) async fn ask<C: Call>(call: C) -> Result<C::Answer, Trouble> {
    ask_with(call, &JsValue::UNDEFINED).await.map(|(answer, _)| answer)
}

/// Asks with something beside the question, and gives what comes beside the answer.
///
/// # Errors
/// What the handset says.
pub(crate) async fn ask_with<C: Call>(call: C, beside: &JsValue) -> Result<(C::Answer, JsValue), Trouble> {
    let gone = || Trouble::new("stopped", "the app has stopped: load it again");
    let promise = LINE.with_borrow_mut(|line| {
        let line = line.as_mut()?;
        line.last += 1;
        let number = line.last;
        let bytes = talk::encode(&Asked { number, ask: call.into() });
        let message = Array::of2(&Uint8Array::from(bytes.as_slice()), beside);
        line.worker.post_message(&message).ok()?;
        let mut resolve = None;
        let promise = Promise::new(&mut |done, _| resolve = Some(done));
        line.waiting.insert(number, resolve?);
        Some(promise)
    });
    let answered = JsFuture::from(promise.ok_or_else(gone)?).await.map_err(|_| gone())?;
    let answered: Array = answered.dyn_into().map_err(|_| gone())?;
    match talk::decode(&bytes(&answered))? {
        Said::Reply(reply) => Ok((reply.read::<C>()?, answered.get(1))),
        Said::News(_) => Err(gone()),
    }
}

fn hear(message: &Array, told: &impl Fn(News)) {
    match talk::decode(&bytes(message)) {
        Ok(Said::News(news)) => told(news),
        Ok(Said::Reply(reply)) => {
            let resolve = LINE.with_borrow_mut(|line| line.as_mut()?.waiting.remove(&reply.number));
            if let Some(resolve) = resolve {
                let _ = resolve.call1(&JsValue::UNDEFINED, message);
            }
        }
        // Of another version: whoever waits for it hears so when the page is loaded anew.
        Err(_) => {}
    }
}

fn bytes(message: &Array) -> Vec<u8> {
    message.get(0).dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec()).unwrap_or_default()
}
