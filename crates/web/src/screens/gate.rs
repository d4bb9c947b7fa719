//! Where the app is not open, and why.

use leptos::html::{div, h1, main, p, section};
use leptos::prelude::*;
use leptos::svg;
use talk::line::Why;

use crate::ui::press;
use crate::words::t;

/// The app's mark.
pub(crate) fn mark() -> impl IntoView {
    svg::svg().attr("class", "mark").attr("aria-hidden", "true").child(svg::r#use().attr("href", "#mark"))
}

/// A screen before the app: what scrolls, and actions where the thumb is.
pub(crate) fn gate(class: &'static str, inside: impl IntoView, actions: impl IntoView) -> impl IntoView {
    main().class("app").child((
        div().class("banners"),
        div().class("column").child(section().class(format!("screen gate {class}")).child((
            div().class("scroll").child(div().class("page").child(inside)),
            div().class("actions").child(actions),
        ))),
    ))
}

/// Before the worker has said anything: seen only if it takes longer than a moment.
pub(crate) fn beginning() -> impl IntoView {
    main().class("app").attr("aria-busy", "true").child(h1().class("sr-only").child("Entrenous"))
}

/// The browser cannot have a handset.
pub(crate) fn unusable(why: Why) -> impl IntoView {
    let name = match why {
        Why::NoStorage => "unusable-no-storage",
        Why::StorageHeld => "unusable-held",
        Why::Newer => "unusable-newer",
        Why::Damaged => "unusable-damaged",
    };
    let inside = (mark(), h1().child(t(&format!("{name}-title"))), p().class("lead").child(t(name)));
    gate("middle", inside, press("primary", t("load-again"), load_again))
}

/// The worker is gone.
pub(crate) fn stopped() -> impl IntoView {
    let inside = (mark(), h1().child(t("stopped-title")), p().class("lead").child(t("stopped")));
    gate("middle", inside, press("primary", t("load-again"), load_again))
}

/// Loads the page anew.
pub(crate) fn load_again() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}
