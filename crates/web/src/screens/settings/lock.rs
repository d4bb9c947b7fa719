//! When the handset locks itself, and what opens it.

use leptos::ev;
use leptos::html::{button, form, p, section, ul};
use leptos::prelude::*;
use talk::Secret;
use talk::calls::{AddSecret, ForgetPasskeys, Lock, Mine};
use talk::line::Wishes;

use super::wish;
use crate::handset::ask;
use crate::passkey;
use crate::screens::claim::{Chosen, add_passkey};
use crate::state::State;
use crate::ui::dialog::{question, sheet};
use crate::ui::form::{Choice, act, choices, first_field, wrong};
use crate::ui::toast::Toast;
use crate::ui::{attempt, attempt_then, fresh, sentence};
use crate::words::{t, t_with};

/// Minutes without a touch; 0 is only when it is closed.
const AFTER: [u32; 5] = [1, 5, 15, 60, 0];

/// The page.
pub(super) fn lock(state: State) -> impl IntoView {
    let changed = RwSignal::new(0_u32);
    let me = fresh(move || {
        changed.track();
        Mine {}
    });
    let passkeys = Memo::new(move |_| match &*me.read() {
        Some(Ok(me)) => me.passkeys,
        _ => 0,
    });
    let (changing, adding, forgetting) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let after = move || state.wishes.with(|wishes| wishes.lock_after.to_string());
    let all = AFTER.map(|one| Choice::new(one.to_string(), minutes(one))).to_vec();
    let choose = move |one: String| {
        wish(state, |wishes| wishes.lock_after = one.parse().unwrap_or(wishes.lock_after));
    };
    let forget = move || {
        attempt(async move {
            ask(ForgetPasskeys {}).await?;
            changed.try_update(|changed| *changed += 1);
            Toast::say(state, t("passkeys-forgotten"));
            Ok(())
        });
    };
    let forgets = move || {
        (passkeys.get() > 0).then(|| {
            let note = t_with("passkeys-count", &[("count", passkeys.get().into())]);
            act("danger", "delete", t("forget-passkeys"), Some(note), move || forgetting.set(true))
        })
    };
    let by_passkey = passkey::is_possible().then(|| {
        let add = act("", "passkey", t("add-a-passkey"), Some(t("passkey-too-hint")), move || adding.set(true));
        (add, forgets)
    });
    let lock_now = move || attempt(async { ask(Lock {}).await });
    (
        choices("after", "stacked", t("locks-itself"), all, after, choose),
        ul().class("panel flush").child(act("", "lock", t("lock-now"), Some(t("lock-now-hint")), lock_now)),
        section().class("group").child((
            leptos::html::h2().child(t("what-opens-it")),
            ul().class("panel flush")
                .child((act("", "key", t("change-passphrase"), None, move || changing.set(true)), by_passkey)),
        )),
        change(state, changing),
        add(state, adding, changed),
        question(forgetting, t("forget-passkeys-question"), t("forget-passkeys-words"), t("forget-passkeys"), forget),
    )
}

/// When it locks itself, in words.
pub(super) fn after_words(wishes: &Wishes) -> String {
    minutes(wishes.lock_after)
}

fn minutes(after: u32) -> String {
    if after == 0 { t("locks-when-closed") } else { t_with("locks-after", &[("minutes", after.into())]) }
}

/// Another passphrase in place of the one that opens it now.
fn change(state: State, open: RwSignal<bool>) -> impl IntoView {
    sheet(open, t("change-passphrase"), move || {
        let (now, chosen) = (RwSignal::new(String::new()), Chosen::new());
        let (busy, why) = (RwSignal::new(false), RwSignal::new(None::<String>));
        let submitted = move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            if busy.get_untracked() || !chosen.is_ready() {
                return;
            }
            let call = AddSecret {
                passphrase: Secret::Passphrase(now.get_untracked()),
                secret: Secret::Passphrase(chosen.passphrase.get_untracked()),
                passkey: None,
            };
            busy.set(true);
            why.set(None);
            leptos::task::spawn_local(async move {
                let changed = ask(call).await;
                busy.try_set(false);
                match changed {
                    Ok(()) => {
                        open.try_set(false);
                        Toast::say(state, t("passphrase-changed"));
                    }
                    Err(trouble) => drop(why.try_set(Some(sentence(&trouble)))),
                }
            });
        };
        form().class("page").on(ev::submit, submitted).child((
            first_field("now", t("passphrase-now"), "password", "current-password", now, None),
            wrong("now-wrong", move || why.get()),
            p().class("label").child(t("the-new-one")),
            chosen.passphrases(),
            button()
                .r#type("submit")
                .class("button primary")
                .attr("aria-busy", move || busy.get().then_some("true"))
                .prop("disabled", move || busy.get() || now.with(String::is_empty) || !chosen.is_ready())
                .child(t("change-passphrase")),
        ))
    })
}

/// One passkey more.
fn add(state: State, open: RwSignal<bool>, changed: RwSignal<u32>) -> impl IntoView {
    sheet(open, t("add-a-passkey"), move || {
        let (now, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
        let submitted = move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            let passphrase = now.get_untracked();
            if busy.get_untracked() || passphrase.is_empty() {
                return;
            }
            attempt_then(busy, add_passkey(passphrase), move |()| {
                changed.try_update(|changed| *changed += 1);
                open.try_set(false);
                Toast::say(state, t("passkey-added"));
            });
        };
        form().class("page").on(ev::submit, submitted).child((
            p().class("soft").child(t("add-a-passkey-words")),
            first_field("now", t("passphrase-now"), "password", "current-password", now, None),
            button()
                .r#type("submit")
                .class("button primary")
                .attr("aria-busy", move || busy.get().then_some("true"))
                .prop("disabled", move || busy.get() || now.with(String::is_empty))
                .child(t("add-a-passkey")),
        ))
    })
}
