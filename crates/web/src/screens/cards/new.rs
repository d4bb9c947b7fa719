//! Handing a card out: for whom, how often, how long, and whether one is asked first.

use leptos::ev;
use leptos::html::{button, form, h1, p};
use leptos::prelude::*;
use talk::calls::NewCard;

use crate::handset::ask;
use crate::route::Route;
use crate::state::State;
use crate::ui::attempt_then;
use crate::ui::form::{Choice, choices, field};
use crate::ui::frame::{Around, detail};
use crate::words::{t, t_with};

const FORM: &str = "new-card";
/// How often a card can be taken up, and how many days it is good for.
const USES: [usize; 3] = [1, 3, 10];
const DAYS: [u32; 4] = [1, 7, 30, 365];

/// The screen.
pub(crate) fn new_card(state: State) -> impl IntoView {
    let for_name = RwSignal::new(String::new());
    let uses = RwSignal::new(USES[0].to_string());
    let days = RwSignal::new(DAYS[1].to_string());
    let asks = RwSignal::new("no".to_owned());
    let busy = RwSignal::new(false);
    let made = move || {
        let for_name = for_name.get_untracked().trim().to_owned();
        if for_name.is_empty() || busy.get_untracked() {
            return;
        }
        let call = NewCard {
            for_name,
            uses: uses.get_untracked().parse().unwrap_or(USES[0]),
            days: days.get_untracked().parse().unwrap_or(DAYS[1]),
            ask: asks.get_untracked() == "yes",
        };
        attempt_then(busy, async move { ask(call).await }, move |card| {
            state.card.set(Some(card));
            state.people.update(|version| *version += 1);
            // Going back from the card leads to all of them, not to making another.
            state.replace(&Route::Card);
        });
    };
    let submitted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        made();
    };
    let how_often = USES.map(|one| Choice::new(one.to_string(), t_with("times", &[("count", one.into())]))).to_vec();
    let how_long = DAYS.map(|one| Choice::new(one.to_string(), t_with("days", &[("count", one.into())]))).to_vec();
    let how = vec![
        Choice::with_note("no", t("comes-in-at-once"), t("comes-in-at-once-hint")),
        Choice::with_note("yes", t("asks-first"), t("asks-first-hint")),
    ];
    let action = button()
        .r#type("submit")
        .attr("form", FORM)
        .class("button primary")
        .attr("aria-busy", move || busy.get().then_some("true"))
        .prop("disabled", move || busy.get() || for_name.with(|name| name.trim().is_empty()))
        .child(t("make-the-card"));
    let around = Around {
        up: Route::Cards,
        over: Some(t("cards")),
        label: t("hand-out-a-card"),
        top: None,
        actions: Some(action.into_any()),
    };
    let inside = (
        h1().child(t("hand-out-a-card")),
        p().class("soft").child(t("card-explained")),
        form().attr("id", FORM).on(ev::submit, submitted).child(field(
            "for",
            t("for-whom"),
            "text",
            "off",
            for_name,
            Some(t("for-whom-hint")),
        )),
        choices("uses", "", t("how-often"), how_often, move || uses.get(), move |one| uses.set(one)),
        choices("days", "", t("good-for"), how_long, move || days.get(), move |one| days.set(one)),
        choices("ask", "stacked", t("whoever-takes-it"), how, move || asks.get(), move |one| asks.set(one)),
    );
    detail(around, "", inside)
}
