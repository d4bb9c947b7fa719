//! Comparing safety words with a contact: by reading them to each other, or by scanning one another's.

use leptos::ev;
use leptos::html::{button, div, h1, li, ol, p};
use leptos::prelude::*;
use talk::calls::{Block, Verify};
use talk::people::Person;

use super::load;
use crate::handset::ask;
use crate::route::Route;
use crate::state::State;
use crate::ui::dialog::{question, sheet};
use crate::ui::form::tell;
use crate::ui::frame::{Around, detail};
use crate::ui::scan::scan;
use crate::ui::toast::Toast;
use crate::ui::{attempt, attempt_then, icon, press, press_busy, qr, sentence, skeleton_rows};
use crate::words::{t, t_with};

/// What a code of safety words begins with, so that no other code is taken for one.
const PREFIX: &str = "entrenous safety words: ";

/// The screen.
pub(crate) fn compare(state: State, id: i64) -> impl IntoView {
    let loaded = load(state, id);
    let whole = Memo::new(move |_| loaded.get());
    let known = move || match &*whole.read() {
        Some(Ok(person)) => Some(person.clone()),
        _ => None,
    };
    let (busy, differ) = (RwSignal::new(false), RwSignal::new(false));
    let same = move || {
        attempt_then(busy, async move { ask(Verify { person: id }).await }, move |person| {
            Toast::say(state, t_with("verified-now", &[("name", person.person.clone().into())]));
            loaded.try_set(Some(Ok(person)));
            state.conversations.update(|version| *version += 1);
            state.go(&Route::Person(id));
        });
    };
    let actions = (
        press_busy("primary", t("they-are-the-same"), busy, same),
        press("danger", t("they-differ"), move || differ.set(true)),
    );
    let around = Around {
        up: Route::Person(id),
        over: None,
        label: t("safety-words"),
        top: Some(
            p().class("top-title").attr("dir", "auto").child(move || known().map(|person| person.person)).into_any(),
        ),
        actions: Some(actions.into_any()),
    };
    let block = move || {
        attempt(async move {
            let person = ask(Block { person: id, blocked: true }).await?;
            Toast::say(state, t_with("blocked-now", &[("name", person.person.into())]));
            state.go(&Route::Person(id));
            Ok(())
        });
    };
    let inside = move || match whole.get() {
        None => skeleton_rows(3).into_any(),
        Some(Err(trouble)) => p().class("soft").child(sentence(&trouble)).into_any(),
        Some(Ok(person)) => words(state, person, same, differ).into_any(),
    };
    detail(
        around,
        "",
        (
            h1().child(t("compare-title")),
            p().class("soft").child(t("compare")),
            inside,
            question(differ, t("differ-title"), t("differ"), t("block"), block),
        ),
    )
}

fn words(
    state: State,
    person: Person,
    same: impl Fn() + Copy + Send + Sync + 'static,
    differ: RwSignal<bool>,
) -> impl IntoView {
    let all = person.safety_words.split_whitespace().map(|word| li().child(word.to_owned())).collect_view();
    let ours = format!("{PREFIX}{}", person.safety_words);
    let (scanning, shown) = (RwSignal::new(false), RwSignal::new(false));
    let found = {
        let ours = ours.clone();
        move |theirs: String| {
            if theirs == ours {
                same();
            } else if theirs.starts_with(PREFIX) {
                differ.set(true);
            } else {
                Toast::say(state, t("not-safety-words"));
            }
        }
    };
    let pill = |picture: &'static str, words: String, open: RwSignal<bool>| {
        button()
            .r#type("button")
            .class("pill")
            .attr("aria-haspopup", "dialog")
            .on(ev::click, move |_| open.set(true))
            .child((icon(picture), words))
    };
    (
        div().class("panel").child(ol().class("safety-words").attr("lang", "en").attr("dir", "ltr").child(all)),
        tell("", "info", t("a-voice-can-be-copied")),
        div().class("pills").child((pill("scan", t("scan-theirs"), scanning), pill("qr", t("show-mine"), shown))),
        scan(scanning, found),
        sheet(shown, t("show-mine"), move || {
            div()
                .class("page card-shown")
                .child((qr::code(&ours, t("safety-words-code")), p().class("note").child(t("show-mine-hint"))))
        }),
    )
}
