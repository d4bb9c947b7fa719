//! All cards that were handed out, and who took each up.

mod new;
mod shown;

use leptos::html::{a, div, h2, li, p, span, ul};
use leptos::prelude::*;
use talk::calls::Cards;
use talk::people::Card;

use crate::moment;
use crate::route::Route;
use crate::state::State;
use crate::ui::frame::list_screen;
use crate::ui::link::way;
use crate::ui::{fresh, icon_button, sentence, skeleton_rows};
use crate::words::{t, t_with};

pub(crate) use new::new_card;
pub(crate) use shown::card;

/// The list.
pub(crate) fn cards(state: State) -> impl IntoView {
    let loaded = fresh(move || {
        state.people.track();
        Cards {}
    });
    let all = Memo::new(move |_| loaded.get());
    let count = Memo::new(move |_| match &*all.read() {
        Some(Ok(all)) => {
            let open = all.iter().filter(|card| card.state == "open").count();
            (open, all.len() - open)
        }
        _ => (0, 0),
    });
    let actions = (
        icon_button("scan", t("take-up-a-card"), move || state.go(&Route::Accept)),
        icon_button("plus", t("hand-out-a-card"), move || state.go(&Route::NewCard)),
    );
    let inside = move || match all.get() {
        None => skeleton_rows(4).into_any(),
        Some(Err(trouble)) => p().class("connection").child(sentence(&trouble)).into_any(),
        Some(Ok(all)) if all.is_empty() => none_yet().into_any(),
        Some(Ok(all)) => {
            let (open, over): (Vec<Card>, Vec<Card>) = all.into_iter().partition(|card| card.state == "open");
            let heading = (!over.is_empty()).then(|| h2().class("part").child(span().child(t("cards-over"))));
            (list(state, t("cards-open"), open), heading, list(state, t("cards-over"), over)).into_any()
        }
    };
    let counted = move || {
        let (open, over) = count.get();
        (open + over > 0).then(|| t_with("cards-counted", &[("open", open.into()), ("over", over.into())]))
    };
    list_screen(None, t("cards"), actions, (p().class("part").attr("role", "status").child(counted), inside))
}

fn none_yet() -> impl IntoView {
    div().class("empty").child((
        h2().child(t("no-cards-title")),
        p().child(t("no-cards")),
        way("button primary", Route::NewCard, t("hand-out-a-card")),
        way("button", Route::Accept, t("take-up-a-card")),
    ))
}

fn list(state: State, label: String, cards: Vec<Card>) -> Option<impl IntoView> {
    (!cards.is_empty()).then(|| {
        let rows = cards.into_iter().map(|card| li().child(row(state, card))).collect_view();
        ul().class("rows").attr("aria-label", label).child(rows)
    })
}

fn row(state: State, card: Card) -> impl IntoView {
    let class = match card.state.as_str() {
        "revoked" | "expired" => "row card-row over",
        _ => "row card-row",
    };
    let inside = span().class("row-body").child((
        span().class("row-line").child((
            span().class("name").attr("dir", "auto").child(card.for_name.clone()),
            span()
                .class(if card.state == "open" { "state-word open" } else { "state-word" })
                .child(t(&format!("card-{}", card.state))),
        )),
        span().class("why").child(span().child(about(&card))),
    ));
    let id = card.id.clone();
    let current = move || {
        let is_it = state.card.with(|shown| shown.as_ref().is_some_and(|shown| shown.id == id));
        (is_it && state.route.get() == Route::Card).then_some("true")
    };
    let pressed = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        state.card.set(Some(card.clone()));
        state.go(&Route::Card);
    };
    a().class(class).href(Route::Card.hash()).attr("aria-current", current).on(leptos::ev::click, pressed).child(inside)
}

/// Who took it up, and what may still happen.
fn about(card: &Card) -> String {
    let mut parts = vec![taken(card)];
    if card.state == "open" {
        if card.ask {
            parts.push(t("card-asks-first"));
        }
        parts.push(t_with("card-until", &[("time", moment::full(card.expires_at).into())]));
        if !card.stored {
            parts.push(t("card-not-stored"));
        }
    }
    parts.join(" ")
}

/// Who took it up.
fn taken(card: &Card) -> String {
    let taken = card.taken_by.len();
    if taken == 0 {
        return match card.state.as_str() {
            "open" => t_with("card-nobody-yet", &[("uses", card.uses_left.into())]),
            _ => t("card-nobody"),
        };
    }
    let put_in = [
        ("taken", taken.into()),
        ("of", (taken + card.uses_left).into()),
        ("people", card.taken_by.join(&t("list-separator")).into()),
    ];
    t_with("card-taken-by", &put_in)
}
