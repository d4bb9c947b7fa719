//! A contact: how they came in, what is agreed with them, and what can be done about them.

mod compare;
mod expiry;

use leptos::html::{div, dl, form, h1, h2, p, section, ul};
use leptos::prelude::*;
use talk::calls::{Block, GetPerson, Remove, Rename};
use talk::people::Person;

use crate::handset::ask;
use crate::moment;
use crate::route::Route;
use crate::state::State;
use crate::ui::dialog::{question, sheet};
use crate::ui::form::{act, fact, field, tell};
use crate::ui::frame::{Around, detail};
use crate::ui::link::{setting_way, way};
use crate::ui::monogram::monogram;
use crate::ui::toast::Toast;
use crate::ui::{Loaded, attempt, attempt_then, fresh, press, sentence, skeleton_rows};
use crate::words::{t, t_with};

pub(crate) use compare::compare;

/// The screen.
pub(crate) fn person(state: State, id: i64) -> impl IntoView {
    let loaded = load(state, id);
    let renaming = RwSignal::new(false);
    let whole = Memo::new(move |_| loaded.get());
    let label = t("person");
    let around = Around {
        up: Route::People,
        over: None,
        label,
        top: Some(press("compact push", t("rename"), move || renaming.set(true)).into_any()),
        actions: None,
    };
    let inside = move || match whole.get() {
        None => skeleton_rows(1).into_any(),
        Some(Err(trouble)) => p().class("soft").child(sentence(&trouble)).into_any(),
        Some(Ok(person)) => page(state, loaded, person).into_any(),
    };
    detail(around, "", (inside, rename(state, id, loaded, renaming)))
}

/// The contact, asked for again whenever something of theirs changed.
fn load(state: State, id: i64) -> Loaded<Person> {
    fresh(move || {
        state.person(id).track();
        state.people.track();
        GetPerson { person: id }
    })
}

fn page(state: State, loaded: Loaded<Person>, person: Person) -> impl IntoView {
    let id = person.id;
    let is_blocked = person.state == "blocked";
    let verified = match person.verified.as_str() {
        "in person" => p().class("note").child((verified_icon(), t("verified-in-person"))).into_any(),
        "card" => p().class("note").child(t("known-by-card")).into_any(),
        _ => p().class("note").child(t("not-confirmed-yet")).into_any(),
    };
    let calls_self = (person.name != person.person)
        .then(|| p().class("note").child(t_with("calls-self", &[("name", person.name.clone().into())])));
    let head = div().class("person-head").child((
        monogram(&person.person, &person.verified, "large"),
        div().child((h1().attr("dir", "auto").child(person.person.clone()), verified, calls_self)),
    ));
    let text = (!is_blocked).then(|| way("button primary", Route::Conversation(id), t("write-a-text")));
    let silence = person
        .silence
        .clone()
        .map(|(reached, since)| tell("warn", "clock", t_with(&reached, &[("time", moment::full(since).into())])));
    let asked = match person.state.as_str() {
        "asked" => Some(tell("", "clock", t("asked"))),
        "refused" => Some(tell("warn", "warning", t("refused"))),
        _ => None,
    };
    let open = RwSignal::new(false);
    let compared = if person.verified == "in person" { t("compared") } else { t("to-be-compared") };
    let between = section().class("group").child((
        h2().child(t("between-you")),
        ul().class("panel flush").child((
            setting_way("shield", t("safety-words"), None, compared, Route::Compare(id)),
            expiry::line(&person, open),
        )),
    ));
    (
        head,
        text,
        asked,
        silence,
        expiry::open_proposal(&person),
        facts(&person),
        between,
        expiry::sheet(&person, open),
        ends(state, loaded, person),
    )
}

fn verified_icon() -> impl IntoView {
    leptos::svg::svg()
        .attr("class", "icon good")
        .attr("aria-hidden", "true")
        .child(leptos::svg::r#use().attr("href", "#verified"))
}

fn facts(person: &Person) -> impl IntoView + use<> {
    let came = match &person.via_card {
        Some((_, name)) => t_with("by-your-card", &[("card", name.clone().into())]),
        None => t("by-their-card"),
    };
    div().class("panel").child(dl().class("facts").child((
        fact(t("came-in-by"), came),
        fact(t("since"), moment::full(person.added_at)),
        fact(t("texts-stay"), crate::screens::entries::term(&person.expiry)),
    )))
}

/// Blocking, which can be undone, and removing, which cannot.
fn ends(state: State, loaded: Loaded<Person>, person: Person) -> impl IntoView {
    let (id, name) = (person.id, person.person);
    let is_blocked = person.state == "blocked";
    let asked = RwSignal::new(false);
    let block = {
        let name = name.clone();
        move || {
            let name = name.clone();
            attempt(async move {
                let person = ask(Block { person: id, blocked: !is_blocked }).await?;
                loaded.try_set(Some(Ok(person)));
                let said = if is_blocked { "unblocked-now" } else { "blocked-now" };
                let undo = move || {
                    attempt(async move {
                        let person = ask(Block { person: id, blocked: is_blocked }).await?;
                        loaded.try_set(Some(Ok(person)));
                        Ok(())
                    });
                };
                Toast::undoable(state, t_with(said, &[("name", name.into())]), undo);
                Ok(())
            });
        }
    };
    let remove = {
        let name = name.clone();
        move || {
            let name = name.clone();
            attempt(async move {
                ask(Remove { person: id }).await?;
                Toast::say(state, t_with("removed", &[("name", name.into())]));
                state.replace(&Route::People);
                Ok(())
            });
        }
    };
    let put_in = [("name", name.into())];
    let (title, label) = (t_with("remove-question", &put_in), t_with("remove-person", &put_in));
    let block_label = if is_blocked { t("unblock") } else { t("block") };
    let block_note = if is_blocked { t("unblock-hint") } else { t("block-hint") };
    (
        ul().class("panel flush").child((
            act("", "block", block_label, Some(block_note), block),
            act("danger", "delete", label, Some(t("remove-hint")), move || asked.set(true)),
        )),
        question(asked, title, t("remove-words"), t("remove"), remove),
    )
}

fn rename(state: State, id: i64, loaded: Loaded<Person>, open: RwSignal<bool>) -> impl IntoView {
    sheet(open, t("rename-title"), move || {
        let name = loaded.with_untracked(|one| match one {
            Some(Ok(person)) => person.person.clone(),
            _ => String::new(),
        });
        let (name, busy) = (RwSignal::new(name), RwSignal::new(false));
        let keep = move || {
            let to = name.get_untracked().trim().to_owned();
            if to.is_empty() || busy.get_untracked() {
                return;
            }
            attempt_then(busy, async move { ask(Rename { person: id, to }).await }, move |person| {
                loaded.try_set(Some(Ok(person)));
                state.conversations.update(|version| *version += 1);
                open.set(false);
            });
        };
        let submitted = move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            keep();
        };
        form().class("page").on(leptos::ev::submit, submitted).child((
            field("petname", t("name-here"), "text", "off", name, Some(t("name-here-hint"))),
            leptos::html::button().r#type("submit").class("button primary").child(t("keep")),
        ))
    })
}
