//! What is said in passing, at the foot of the page, with a way to undo it where there is one.

use std::cell::Cell;
use std::sync::Arc;

use leptos::ev;
use leptos::html::{button, div, p};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::state::State;
use crate::ui::pause;
use crate::words::t;

/// Long enough to be read twice; one with something to press stays longer.
const STAYS: (i32, i32) = (6_000, 10_000);
/// More would cover the page.
const MOST: usize = 3;

thread_local! {
    /// The number of the last one.
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// What undoes it.
type Undo = Arc<dyn Fn() + Send + Sync>;

/// Something said in passing.
#[derive(Clone)]
pub(crate) struct Toast {
    number: u64,
    words: String,
    undo: Option<Undo>,
}

impl Toast {
    /// Says it.
    pub(crate) fn say(state: State, words: String) {
        Self::put(state, words, None);
    }

    /// Says it, and lets it be undone.
    pub(crate) fn undoable(state: State, words: String, undo: impl Fn() + Send + Sync + 'static) {
        Self::put(state, words, Some(Arc::new(undo)));
    }

    fn put(state: State, words: String, undo: Option<Undo>) {
        let number = LAST.get() + 1;
        LAST.set(number);
        let stays = if undo.is_some() { STAYS.1 } else { STAYS.0 };
        state.toasts.update(|all| {
            // The same twice is said once.
            all.retain(|toast| toast.words != words);
            all.push(Self { number, words, undo });
            let over = all.len().saturating_sub(MOST);
            all.drain(..over);
        });
        spawn_local(async move {
            pause(stays).await;
            dismiss(state, number);
        });
    }
}

fn dismiss(state: State, number: u64) {
    state.toasts.try_update(|all| all.retain(|toast| toast.number != number));
}

/// Where they are said.
pub(crate) fn toasts(state: State) -> impl IntoView {
    let one = move |toast: Toast| {
        let number = toast.number;
        let undo = toast.undo.map(|undo| {
            let pressed = move |_| {
                undo();
                dismiss(state, number);
            };
            button().r#type("button").on(ev::click, pressed).child(t("undo"))
        });
        div().class("toast").child((p().child(toast.words), undo))
    };
    div().class("toasts").attr("role", "status").child(move || state.toasts.get().into_iter().map(one).collect_view())
}
