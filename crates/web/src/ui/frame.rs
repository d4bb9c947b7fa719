//! The frame of a screen: its header with the way back, and what scrolls.

use leptos::ev;
use leptos::html::{a, div, h1, header, section};
use leptos::prelude::*;

use crate::route::Route;
use crate::state::State;
use crate::ui::pointer;
use crate::words::t;

/// The way back to a screen.
pub(crate) fn back(to: Route) -> impl IntoView {
    let state = State::get();
    let hash = to.hash();
    let pressed = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        state.go(&to);
    };
    a().class("icon-button back").href(hash).attr("aria-label", t("back")).on(ev::click, pressed).child(pointer("back"))
}

/// A screen under a header with a title.
pub(crate) fn screen(up: Option<Route>, title: String, inside: impl IntoView) -> impl IntoView {
    section().class("screen").attr("aria-label", title.clone()).child((
        header().class("top").child((up.map(back), h1().class("top-title").child(title))),
        div().class("scroll").attr("tabindex", "0").child(div().class("page").child(inside)),
    ))
}

/// A screen under a title, with actions where the thumb is.
pub(crate) fn screen_with_actions(
    up: Option<Route>,
    title: String,
    inside: impl IntoView,
    actions: impl IntoView,
) -> impl IntoView {
    section().class("screen").attr("aria-label", title.clone()).child((
        header().class("top").child((up.map(back), h1().class("top-title").child(title))),
        div().class("scroll").attr("tabindex", "0").child(div().class("page").child(inside)),
        div().class("actions").child(actions),
    ))
}

/// A screen under the head of a list, large.
pub(crate) fn list_screen(
    over: Option<String>,
    title: String,
    actions: impl IntoView,
    inside: impl IntoView,
) -> impl IntoView {
    section().class("screen").attr("aria-label", title.clone()).child((
        header().class("letterhead").child((
            div().child((over.map(|over| div().class("note").child(over)), h1().child(title))),
            div().class("letterhead-actions").child(actions),
        )),
        div().class("scroll").attr("tabindex", "0").child(inside),
    ))
}
