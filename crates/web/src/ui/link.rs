//! Links between screens.

use leptos::ev;
use leptos::html::{a, li, span};
use leptos::prelude::*;

use crate::route::Route;
use crate::state::State;
use crate::ui::{icon, pointer};

/// A link to a screen; `current` says of which it is the one that is open.
pub(crate) fn link_to(
    class: impl Into<String>,
    to: Route,
    current: impl Fn(&Route) -> bool + Send + 'static,
    inside: impl IntoView,
) -> impl IntoView {
    let state = State::get();
    let hash = to.hash();
    let current = move || state.route.with(&current).then_some("true");
    let pressed = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        state.go(&to);
    };
    a().class(class.into()).href(hash).attr("aria-current", current).on(ev::click, pressed).child(inside)
}

/// A link that no screen is beside.
pub(crate) fn way(class: &'static str, to: Route, inside: impl IntoView) -> impl IntoView {
    link_to(class, to, |_| false, inside)
}

/// A line of settings that leads to a screen.
pub(crate) fn setting_way(
    picture: &'static str,
    words: String,
    note: Option<String>,
    value: impl IntoView,
    to: Route,
) -> impl IntoView {
    let is_it = {
        let to = to.clone();
        move |route: &Route| *route == to
    };
    let inside = (
        icon(picture),
        span().class("words").child((span().child(words), note.map(|note| span().class("note").child(note)))),
        span().class("value").child(value),
        pointer("caret-right"),
    );
    li().child(link_to("setting", to, is_it, inside))
}
