//! The lock: a passphrase, or a passkey.

use leptos::ev;
use leptos::html::{form, h1, input, label, p, span};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::Unlock;
use talk::line::Passkey;
use talk::{Millis, Secret};

use crate::handset::ask;
use crate::moment::now;
use crate::screens::gate::{gate, mark};
use crate::state::State;
use crate::ui::{icon, pause, press_busy, sentence, small_icon, typed};
use crate::words::{t, t_with};

const FORM: &str = "unlock";

/// The lock screen. Nobody's name is on it: the handset is closed, and whoever finds it learns nothing.
pub(crate) fn locked(state: State, passkeys: Vec<Passkey>, not_before: Option<Millis>) -> impl IntoView {
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    let passphrase = RwSignal::new(String::new());
    let waits = RwSignal::new(seconds_until(not_before));
    count_down(waits);
    let unlock = move |secret: Secret| {
        busy.set(true);
        wrong.set(None);
        spawn_local(async move {
            let unlocked = ask(Unlock { secret }).await;
            busy.try_set(false);
            if let Err(trouble) = unlocked {
                wrong.try_set(Some(sentence(&trouble)));
                passphrase.try_set(String::new());
                if let Ok(talk::line::Where::Locked { not_before, .. }) = ask(talk::calls::Stage {}).await {
                    waits.try_set(seconds_until(not_before));
                    count_down(waits);
                }
            }
        });
    };
    let submitted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if waits.get_untracked() == 0 && !busy.get_untracked() && !passphrase.with_untracked(String::is_empty) {
            unlock(Secret::Passphrase(passphrase.get_untracked()));
        }
    };
    let why = move || {
        let waits = waits.get();
        if waits > 0 { Some(t_with("next-try", &[("seconds", waits.into())])) } else { wrong.get() }
    };
    let is_wrong = move || why().is_some();
    let field = form().attr("id", FORM).class("field").on(ev::submit, submitted).child((
        label().attr("for", "passphrase").child(t("passphrase")),
        input()
            .attr("id", "passphrase")
            .class("input")
            .r#type("password")
            .attr("autocomplete", "current-password")
            .attr("autofocus", "")
            .attr("aria-describedby", "wrong")
            .attr("aria-invalid", move || is_wrong().then_some("true"))
            .prop("value", move || passphrase.get())
            .on(ev::input, move |event| passphrase.set(typed(&event))),
        p().attr("id", "wrong")
            .class("wrong")
            .attr("role", "alert")
            .child(move || why().map(|why| (small_icon("warning"), span().child(why)))),
    ));
    let open = leptos::html::button()
        .r#type("submit")
        .attr("form", FORM)
        .class("button primary")
        .attr("aria-busy", move || busy.get().then_some("true"))
        .prop("disabled", move || busy.get() || waits.get() > 0)
        .child(move || match waits.get() {
            0 => t("unlock"),
            seconds => t_with("unlock-in", &[("seconds", seconds.into())]),
        });
    let by_passkey = (!passkeys.is_empty()).then(|| {
        let asked = move || {
            let passkeys = passkeys.clone();
            spawn_local(async move {
                match crate::passkey::secret_of(&passkeys).await {
                    Ok(secret) => unlock(secret),
                    Err(trouble) => state.tell(&trouble),
                }
            });
        };
        (press_busy("", t("unlock-by-passkey"), busy, asked), icon("passkey")).0
    });
    gate("middle", (mark(), h1().child(t("locked")), field), (open, by_passkey))
}

fn seconds_until(at: Option<Millis>) -> u64 {
    at.map_or(0, |at| at.saturating_sub(now()).div_ceil(1000))
}

fn count_down(waits: RwSignal<u64>) {
    spawn_local(async move {
        while waits.try_get_untracked().is_some_and(|seconds| seconds > 0) {
            pause(1000).await;
            if waits.try_update(|seconds| *seconds = seconds.saturating_sub(1)).is_none() {
                return;
            }
        }
    });
}
