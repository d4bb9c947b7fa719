//! One card: its code, its words, its link, and taking it back.

use leptos::ev;
use leptos::html::{b, button, div, h1, p, span};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::{Cards, Revoke};
use talk::people::Card;

use super::taken;
use crate::handset::ask;
use crate::moment;
use crate::route::Route;
use crate::state::State;
use crate::ui::clipboard::{can_share, share, write};
use crate::ui::dialog::question;
use crate::ui::form::tell;
use crate::ui::frame::{Around, detail};
use crate::ui::toast::Toast;
use crate::ui::{attempt_then, fresh, icon, icon_button, press, qr};
use crate::words::{t, t_with};

/// The screen: the card in [`State::card`].
pub(crate) fn card(state: State) -> impl IntoView {
    let all = fresh(move || {
        state.people.track();
        Cards {}
    });
    // What changed of it meanwhile: it was stored, or somebody took it up.
    Effect::new(move |_| {
        let now = all.with(|all| match (all, state.card.get_untracked()) {
            (Some(Ok(all)), Some(shown)) => all.iter().find(|card| card.id == shown.id && **card != shown).cloned(),
            _ => None,
        });
        if now.is_some() {
            state.card.set(now);
        }
    });
    let shown = Memo::new(move |_| state.card.get());
    Effect::new(move |_| {
        // After loading the page anew nobody knows which it was.
        if shown.with(Option::is_none) {
            state.replace(&Route::Cards);
        }
    });
    let inside = move || shown.get().map(|card| page(state, card));
    let around = Around { up: Route::Cards, over: Some(t("cards")), label: t("a-card"), top: None, actions: None };
    detail(around, "card-shown", inside)
}

fn page(state: State, card: Card) -> impl IntoView {
    let is_open = card.state == "open";
    let title = h1().attr("dir", "auto").child(t_with("your-number-for", &[("name", card.for_name.clone().into())]));
    let note = if is_open {
        let how = if card.ask { t("asks-first") } else { t("comes-in-at-once") };
        let uses = t_with("times", &[("count", card.uses_left.into())]);
        let until = t_with("until", &[("time", moment::full(card.expires_at).into())]);
        [uses, until, how].join(" · ")
    } else {
        t(&format!("card-{}", card.state))
    };
    let stored = (is_open && !card.stored).then(|| tell("warn", "clock", t("card-not-stored")));
    let taken = (!card.taken_by.is_empty()).then(|| p().class("note").child(taken(&card)));
    let ways = is_open.then(|| ways(state, &card));
    let ends = is_open.then(|| ends(state, &card));
    (div().child((title, p().class("note").child(note))), div().attr("role", "status").child(stored), ways, taken, ends)
}

/// The code, the words, and the link.
fn ways(state: State, card: &Card) -> impl IntoView + use<> {
    let url = card.url.clone();
    let copy = move || {
        let url = url.clone();
        spawn_local(async move {
            let said = if write(&url).await { "copied" } else { "not-copied" };
            Toast::say(state, t(said));
        });
    };
    let words = card.words.join(" ");
    (
        qr::code(&card.url, t("card-as-code")),
        p().class("note").child((
            t("or-say"),
            " ",
            b().class("ltr").child(card.office.clone()),
            " ",
            t("and-the-words"),
        )),
        p().class("say-words").attr("lang", "en").attr("dir", "ltr").child(words),
        div()
            .class("address-line")
            .child((span().class("ltr").child(card.url.clone()), icon_button("copy", t("copy-the-link"), copy))),
    )
}

fn ends(state: State, card: &Card) -> impl IntoView + use<> {
    let asked = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let (id, url) = (card.id.clone(), card.url.clone());
    let revoke = move || {
        let card = id.clone();
        attempt_then(busy, async move { ask(Revoke { card }).await }, move |card| {
            state.card.set(Some(card));
            state.people.update(|version| *version += 1);
            Toast::say(state, t("card-taken-back"));
        });
    };
    let hand_over = can_share().then(|| {
        let shared = move |_| {
            let url = url.clone();
            spawn_local(async move {
                // Whether it went anywhere is between the person and the share sheet.
                let _ = share(&t("card-to-share"), &url).await;
            });
        };
        button()
            .r#type("button")
            .class("button primary wide")
            .on(ev::click, shared)
            .child((icon("share"), t("hand-it-over")))
    });
    let words = if card.taken_by.is_empty() { t("take-back-words") } else { t("take-back-words-taken") };
    (
        hand_over,
        press("danger wide", t("take-card-back"), move || asked.set(true)),
        question(asked, t("take-back-question"), words, t("take-card-back"), revoke),
    )
}
