//! How long texts stay with a contact: what holds, what is proposed, and proposing something else.

use leptos::html::{article, button, div, li, p, span};
use leptos::prelude::*;
use talk::calls::Expire;
use talk::people::Person;

use crate::handset::ask;
use crate::screens::entries::term;
use crate::ui::form::{Choice, choices};
use crate::ui::{attempt_then, icon, pointer, press, press_busy};
use crate::words::{t, t_with};

/// What can be agreed on.
const TERMS: [&str; 4] = ["off", "1d", "1w", "4w"];

/// What holds; leads to proposing something else.
pub(super) fn line(person: &Person, open: RwSignal<bool>) -> impl IntoView + use<> {
    let value = term(&person.expiry);
    li().child(
        button()
            .r#type("button")
            .class("setting")
            .attr("aria-haspopup", "dialog")
            .on(leptos::ev::click, move |_| open.set(true))
            .child((
                icon("expiry"),
                span().class("words").child(span().child(t("how-long-texts-stay"))),
                span().class("value").child(value),
                pointer("caret-right"),
            )),
    )
}

/// What was proposed by either side, with its answers.
pub(super) fn open_proposal(person: &Person) -> impl IntoView + use<> {
    let (id, name) = (person.id, person.person.clone());
    let busy = RwSignal::new(false);
    let say = move |act: &'static str| move || say(id, busy, act, None, || {});
    let words = |said: &str, asked: &str| t_with(said, &[("name", name.clone().into()), ("term", term(asked).into())]);
    let theirs = person.expiry_proposed.as_deref().map(|asked| {
        article().class("panel accent").child((
            p().child(words("expiry-proposed-theirs", asked)),
            div().class("pair").child((
                press("compact", t("keep-as-is"), say("decline")),
                press_busy("compact accent", t("accept"), busy, say("accept")),
            )),
        ))
    });
    let ours = person.expiry_asked.as_deref().map(|asked| {
        article().class("panel").child((
            p().child(words("expiry-proposed-mine", asked)),
            div().class("pair").child(press_busy("compact", t("take-it-back"), busy, say("withdraw"))),
        ))
    });
    (theirs, ours)
}

/// Proposes something else.
pub(super) fn sheet(person: &Person, open: RwSignal<bool>) -> impl IntoView + use<> {
    let (id, holds) = (person.id, person.expiry.clone());
    let asked = person.expiry_asked.clone();
    crate::ui::dialog::sheet(open, t("how-long-texts-stay"), move || {
        let chosen = RwSignal::new(asked.clone().unwrap_or_else(|| holds.clone()));
        let busy = RwSignal::new(false);
        let all = TERMS.map(|one| Choice::new(one, term(one))).to_vec();
        let (holds, asked) = (holds.clone(), asked.clone());
        let is_new = move || {
            let chosen = chosen.get();
            chosen != holds && asked.as_ref() != Some(&chosen)
        };
        let propose = move |_| say(id, busy, "propose", Some(chosen.get_untracked()), move || open.set(false));
        div().class("page").child((
            p().class("soft").child(t("expiry-explained")),
            choices("term", "stacked", t("texts-stay"), all, move || chosen.get(), move |one| chosen.set(one)),
            button()
                .r#type("button")
                .class("button primary")
                .prop("disabled", move || busy.get() || !is_new())
                .on(leptos::ev::click, propose)
                .child(t("propose")),
        ))
    })
}

fn say(person: i64, busy: RwSignal<bool>, act: &'static str, term: Option<String>, done: impl FnOnce() + 'static) {
    let said = async move { ask(Expire { person, act: act.to_owned(), term }).await };
    attempt_then(busy, said, move |()| done());
}
