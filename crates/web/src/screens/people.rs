//! All contacts, and who asks to become one.

use leptos::html::{article, div, h2, h3, li, p, span, ul};
use leptos::prelude::*;
use talk::calls::{Answer, People, Requests};
use talk::people::{Person, Request};

use crate::handset::ask;
use crate::moment;
use crate::route::Route;
use crate::state::State;
use crate::ui::frame::list_screen;
use crate::ui::link::{link_to, way};
use crate::ui::monogram::monogram;
use crate::ui::toast::Toast;
use crate::ui::{attempt_then, fresh, icon_button, press, press_busy, sentence, skeleton_rows};
use crate::words::{t, t_with};

/// The screen.
pub(crate) fn people(state: State) -> impl IntoView {
    let (contacts, requests) = (
        fresh(move || {
            state.conversations.track();
            People {}
        }),
        fresh(move || {
            state.people.track();
            Requests {}
        }),
    );
    // Drawn anew only if something of it changed.
    let contacts = Memo::new(move |_| contacts.get());
    let requests = Memo::new(move |_| requests.get().and_then(Result::ok).unwrap_or_default());
    let actions = (
        icon_button("scan", t("take-up-a-card"), move || state.go(&Route::Accept)),
        icon_button("plus", t("hand-out-a-card"), move || state.go(&Route::NewCard)),
    );
    let asking = move || {
        let requests = requests.get();
        let count = requests.len();
        (count > 0).then(|| {
            let all = requests.into_iter().map(|request| self::request(state, request)).collect_view();
            (part(t("asking-to-come-in"), Some(count)), div().class("page close").child(all))
        })
    };
    let all = move || match contacts.get() {
        None => skeleton_rows(5).into_any(),
        Some(Err(trouble)) => p().class("connection").child(sentence(&trouble)).into_any(),
        Some(Ok(all)) if all.is_empty() => nobody().into_any(),
        Some(Ok(all)) => {
            let (blocked, others): (Vec<Person>, Vec<Person>) = all.into_iter().partition(|one| one.state == "blocked");
            (list(t("your-people"), others, true), list(t("blocked-people"), blocked, false)).into_any()
        }
    };
    list_screen(None, t("people"), actions, (asking, all))
}

fn part(words: String, count: Option<usize>) -> impl IntoView {
    h2().class("part").child((span().child(words), count.map(|count| span().child(count.to_string()))))
}

fn nobody() -> impl IntoView {
    div().class("empty").child((
        h2().child(t("nobody-title")),
        p().child(t("nobody")),
        way("button primary", Route::NewCard, t("hand-out-a-card")),
        way("button", Route::Accept, t("take-up-a-card")),
    ))
}

fn list(words: String, people: Vec<Person>, counted: bool) -> Option<impl IntoView> {
    let count = people.len();
    (count > 0).then(|| {
        let rows = people.into_iter().map(|person| li().child(row(person))).collect_view();
        (part(words.clone(), counted.then_some(count)), ul().class("rows").attr("aria-label", words).child(rows))
    })
}

fn row(person: Person) -> impl IntoView {
    let id = person.id;
    let is_it = move |route: &Route| matches!(route, Route::Person(one) | Route::Compare(one) if *one == id);
    let about = about(&person);
    link_to(
        "row",
        Route::Person(id),
        is_it,
        (
            monogram(&person.person, &person.verified, ""),
            span().class("row-body").child((
                span().class("row-line").child(span().class("name").attr("dir", "auto").child(person.person)),
                span().class("last").child(about),
            )),
        ),
    )
}

/// How a contact stands, in a few words.
fn about(person: &Person) -> String {
    match (person.state.as_str(), person.verified.as_str()) {
        ("blocked", _) => t("blocked"),
        ("asked", _) => t_with("asked-since", &[("time", moment::brief(person.added_at).into())]),
        ("refused", _) => t("refused"),
        (_, "in person") => t("verified-in-person"),
        (_, "card") => t("by-card-compare"),
        _ => t("not-confirmed-yet"),
    }
}

/// Somebody who asks to come in.
fn request(state: State, request: Request) -> impl IntoView {
    let busy = RwSignal::new(false);
    let answer = {
        let name = request.person.clone();
        move |admit: bool| {
            let (person, name) = (name.clone(), name.clone());
            attempt_then(busy, async move { ask(Answer { person, admit }).await }, move |()| {
                let said = if admit { "admitted" } else { "not-admitted" };
                Toast::say(state, t_with(said, &[("name", name.into())]));
            });
        }
    };
    let refuse = answer.clone();
    let put_in = [("card", request.via_card.1.into()), ("time", moment::full(request.made_at).into())];
    article().class("panel accent request").child((
        div().class("who").child((
            monogram(&request.person, "", ""),
            div().child((
                h3().attr("dir", "auto").child(request.person),
                p().class("note").child(t_with("asks-by-card", &put_in)),
            )),
        )),
        div().class("pair").child((
            press("compact", t("refuse"), move || refuse(false)),
            press_busy("compact primary", t("admit"), busy, move || answer(true)),
        )),
    ))
}
