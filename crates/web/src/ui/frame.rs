//! The frame of a screen: its header with the way back, and what scrolls.

use leptos::ev;
use leptos::html::{self, a, div, h1, header, p, section};
use leptos::prelude::*;

use crate::route::Route;
use crate::state::State;
use crate::ui::pointer;
use crate::words::t;

/// The way back to a screen.
pub(crate) fn back(to: Route) -> impl IntoView {
    let state = State::get();
    let hash = to.hash();
    // On a wide screen the list that it leads to stands beside it.
    let class = if to.up().is_none() { "icon-button back to-list" } else { "icon-button back" };
    let pressed = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        state.go(&to);
    };
    a().class(class).href(hash).attr("aria-label", t("back")).on(ev::click, pressed).child(pointer("back"))
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

/// What stands over a screen and under it.
pub(crate) struct Around {
    /// Where one gets to by going back.
    pub(crate) up: Route,
    /// What that is called; nothing if something else stands there.
    pub(crate) over: Option<String>,
    /// What the screen is called.
    pub(crate) label: String,
    /// Beside the way back.
    pub(crate) top: Option<AnyView>,
    /// Where the thumb is.
    pub(crate) actions: Option<AnyView>,
}

/// A screen that has its heading on the page; `class` is that of the page. Whoever comes to it by keyboard or hears it is
/// at its beginning.
pub(crate) fn detail(around: Around, class: &'static str, inside: impl IntoView) -> impl IntoView {
    let place = NodeRef::<html::Section>::new();
    Effect::new(move |_| {
        if let Some(place) = place.get() {
            let place: &web_sys::HtmlElement = &place;
            let _ = place.focus();
        }
    });
    section().class("screen").attr("aria-label", around.label.clone()).attr("tabindex", "-1").node_ref(place).child((
        header().class("top").child((
            back(around.up),
            around.over.map(|over| p().class("top-title").child(over)),
            around.top,
        )),
        div()
            .class("scroll")
            .attr("tabindex", "0")
            .attr("role", "group")
            .attr("aria-label", around.label)
            .child(div().class(format!("page {class}")).child(inside)),
        around.actions.map(|actions| div().class("actions").child(actions)),
    ))
}
