//! Erasing this handset, after a question that wants the word typed.

use leptos::ev;
use leptos::html::{button, div, form, h2, p, ul};
use leptos::prelude::*;
use talk::calls::{Erase, Mine};

use crate::handset::ask;
use crate::moment;
use crate::ui::dialog::modal;
use crate::ui::form::{act, field};
use crate::ui::{attempt_then, fresh, notify, pause, press, push};
use crate::words::{t, t_with};

/// What is told last has this long to leave, in milliseconds; without a connection it never does.
const GOODBYE: i32 = 500;

/// The line in the settings that asks.
pub(super) fn line() -> impl IntoView {
    let open = RwSignal::new(false);
    (
        ul().class("panel flush").child(act(
            "danger",
            "delete",
            t("erase-handset"),
            Some(t("erase-hint")),
            move || {
                open.set(true);
            },
        )),
        modal(open, "question", t("erase-question"), move || asked(open)),
    )
}

fn asked(open: RwSignal<bool>) -> impl IntoView {
    let me = fresh(|| Mine {});
    let (word, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let is_typed = move || word.with(|word| word.trim().to_lowercase() == t("erase-word").to_lowercase());
    let erased = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_typed() && !busy.get_untracked() {
            // The stage becomes `New`, and with it the page another.
            let erase = async {
                // Nobody is to be woken here any more: the switchboard is told before the line is gone.
                if push::is_on().await {
                    let _ = push::end().await;
                    pause(GOODBYE).await;
                }
                ask(Erase {}).await
            };
            attempt_then(busy, erase, move |()| {
                open.try_set(false);
                notify::badge(0);
            });
        }
    };
    let words = move || match &*me.read() {
        Some(Ok(me)) => match me.backup_at {
            Some(at) => t_with("erase-words", &[("time", moment::full(at).into())]),
            None => t("erase-words-no-backup"),
        },
        _ => t("erase-words-no-backup"),
    };
    let type_it = t_with("type-the-word", &[("word", t("erase-word").into())]);
    (
        h2().child(t("erase-question")),
        p().child(words),
        form().on(ev::submit, erased).child((
            field("erase-word", type_it, "text", "off", word, None),
            div().class("answers").child((
                button()
                    .r#type("submit")
                    .class("button danger primary")
                    .attr("aria-busy", move || busy.get().then_some("true"))
                    .prop("disabled", move || busy.get() || !is_typed())
                    .child(t("erase-all")),
                press("", t("keep-it"), move || open.set(false)),
            )),
        )),
    )
}
