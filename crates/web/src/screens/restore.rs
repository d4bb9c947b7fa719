//! Bringing a line back from a backup.

use leptos::ev;
use leptos::html::{button, div, h1, input, label, p, span};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::Restore;
use talk::{Secret, Trouble};
use wasm_bindgen::JsCast as _;
use web_sys::{File, HtmlInputElement};

use crate::handset::ask_with;
use crate::moment;
use crate::screens::claim::{Chosen, add_passkey};
use crate::screens::gate::gate;
use crate::state::State;
use crate::ui::form::{field, how_far, plain_field, switch, tell, wrong};
use crate::ui::toast::Toast;
use crate::ui::{icon, press, sentence};
use crate::words::{t, t_with};

/// The screen; `back` leads away from it.
pub(crate) fn restore(state: State, back: impl Fn() + 'static) -> impl IntoView {
    // The file itself is the browser's, and stays here until it goes to the worker.
    let file = StoredValue::new_local(None::<File>);
    let about = RwSignal::new(None::<(String, u64)>);
    let (passphrase, link) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let elsewhere = RwSignal::new(false);
    let chosen = Chosen::new();
    let (busy, why) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let begin = move || {
        let Some(backup) = file.get_value() else { return };
        let moved = Some(link.get_untracked().trim().to_owned());
        let call = Restore {
            backup: Secret::Passphrase(passphrase.get_untracked()),
            secret: Secret::Passphrase(chosen.passphrase.get_untracked()),
            passkey: None,
            link: moved.filter(|link| elsewhere.get_untracked() && !link.is_empty()),
        };
        let new = chosen.by_passkey.get_untracked().then(|| chosen.passphrase.get_untracked());
        why.set(None);
        state.progress.set(0);
        busy.set(true);
        spawn_local(async move {
            let restored = ask_with(call, &backup).await;
            busy.try_set(false);
            match restored {
                Ok((about, _)) => {
                    let put_in = [("people", about.people.into()), ("time", moment::full(about.made_at).into())];
                    Toast::say(state, t_with("line-restored", &put_in));
                    if let Some(passphrase) = new
                        && let Err(trouble) = add_passkey(passphrase).await
                    {
                        state.tell(&trouble);
                    }
                }
                Err(trouble) => drop(why.try_set(Some(words(&trouble)))),
            }
        });
    };
    let is_ready = move || about.with(Option::is_some) && !passphrase.with(String::is_empty) && chosen.is_ready();
    let action = button()
        .r#type("button")
        .class("button primary")
        .attr("aria-busy", move || busy.get().then_some("true"))
        .prop("disabled", move || busy.get() || !is_ready())
        .on(ev::click, move |_| begin())
        .child(t("restore"));
    let under_way = move || {
        busy.get().then(|| {
            let progress = how_far(t("restoring"), state.progress);
            div().attr("role", "status").child((progress, p().class("note").child(t("restoring-hint"))))
        })
    };
    let another = move || {
        elsewhere.get().then(|| {
            (
                p().class("note").child(t("other-office-hint")),
                plain_field("other-link", t("claim-link"), "https://…/claim#…", link),
            )
        })
    };
    let inside = (
        h1().child(t("restore-title")),
        p().class("lead").child(t("restore-explained")),
        choose(file, about),
        field("bp", t("backup-passphrase"), "password", "off", passphrase, None),
        p().class("note").child(t("restore-new-passphrase")),
        chosen.fields(),
        div().class("panel flush").child(switch(
            "retry",
            t("other-office"),
            None,
            move || elsewhere.get(),
            move || elsewhere.update(|on| *on = !*on),
        )),
        another,
        tell("warn", "warning", t("old-handset-off")),
        wrong("restore-wrong", move || why.get()),
        under_way,
    );
    gate("", inside, (action, press("quiet", t("back"), back)))
}

/// The file, or choosing one.
fn choose(file: StoredValue<Option<File>, LocalStorage>, about: RwSignal<Option<(String, u64)>>) -> impl IntoView {
    let chosen = move |event: web_sys::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some(picked) = input.and_then(|input| input.files()).and_then(|files| files.get(0)) else { return };
        about.set(Some((picked.name(), picked.size() as u64)));
        file.set_value(Some(picked));
    };
    let words = move || match about.get() {
        Some((name, size)) => span()
            .class("words")
            .child((span().attr("dir", "auto").child(name), span().class("note").child(moment::bytes(size))))
            .into_any(),
        None => span().class("words").child(span().child(t("choose-a-backup"))).into_any(),
    };
    div().class("panel flush").child(label().class("setting").child((
        icon("file"),
        words,
        input().class("sr-only").r#type("file").on(ev::change, chosen),
    )))
}

/// What went wrong; a wrong passphrase here is that of the backup.
fn words(trouble: &Trouble) -> String {
    if trouble.code == "wrong-passphrase" { t("trouble-wrong-backup-passphrase") } else { sentence(trouble) }
}
