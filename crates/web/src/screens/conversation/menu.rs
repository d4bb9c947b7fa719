//! What can be done with a text.

use leptos::ev;
use leptos::html::{button, div, li, p, ul};
use leptos::prelude::*;
use talk::calls::{React, Unsend};
use talk::conversation::{Quote, Text};

use super::Open;
use crate::handset::ask;
use crate::moment;
use crate::ui::dialog::{modal, question};
use crate::ui::toast::Toast;
use crate::ui::{attempt, clipboard, icon};
use crate::words::{t, t_with};

/// Reactions at hand: a few that people use, and that no culture takes amiss.
const REACTIONS: [&str; 6] = ["👍", "❤️", "🙏", "😄", "😮", "😢"];

/// The menu of the text that was pressed.
pub(super) fn menu(open: Open) -> impl IntoView {
    let chosen = open.pressed.menu;
    let shown = RwSignal::new(false);
    let asked = RwSignal::new(None::<Text>);
    let asking = RwSignal::new(false);
    // Each follows the other, and says so only where it differs: else they would never come to rest.
    Effect::new(move |_| {
        let is_chosen = chosen.with(Option::is_some);
        if shown.get_untracked() != is_chosen {
            shown.set(is_chosen);
        }
    });
    Effect::new(move |_| {
        if !shown.get() && chosen.with_untracked(Option::is_some) {
            chosen.set(None);
        }
    });
    let unsend = move || {
        let (person, id) = (open.person, asked.get_untracked().map(|text| text.id).unwrap_or_default());
        attempt(async move { ask(Unsend { person, id }).await });
    };
    let inside = move || chosen.get_untracked().map(|text| items(open, text, shown, asked, asking));
    Effect::new(move |_| {
        if shown.get() {
            put_beside(open.pressed.at.get_untracked());
        }
    });
    (
        modal(shown, "menu", t("text-menu"), inside),
        question(asking, t("unsend-title"), t("unsend-question"), t("unsend"), unsend),
    )
}

/// On a wide screen it stands where it was asked for: the style sheet reads where.
fn put_beside((x, y): (f64, f64)) {
    request_animation_frame(move || {
        let Some(window) = web_sys::window() else { return };
        let Some(Ok(Some(menu))) = window.document().map(|document| document.query_selector("dialog.menu[open]"))
        else {
            return;
        };
        let size = |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0);
        let (wide, high) = (size(window.inner_width()), size(window.inner_height()));
        let place = menu.get_bounding_client_rect();
        let within = |at: f64, length: f64, all: f64| at.min(all - length - 12.0).max(12.0);
        if let Some(menu) = wasm_bindgen::JsCast::dyn_ref::<web_sys::HtmlElement>(&menu) {
            let style = menu.style();
            let _ = style.set_property("--x", &format!("{}px", within(x, place.width().min(304.0), wide)));
            let _ = style.set_property("--y", &format!("{}px", within(y, place.height(), high)));
        }
    });
}

fn items(
    open: Open,
    text: Text,
    shown: RwSignal<bool>,
    asked: RwSignal<Option<Text>>,
    asking: RwSignal<bool>,
) -> impl IntoView {
    let person = open.person;
    let react = REACTIONS
        .map(|emoji| {
            let is_mine = text.my_reaction.as_deref() == Some(emoji);
            let id = text.id.clone();
            let pressed = move |_| {
                shown.set(false);
                let (id, emoji) = (id.clone(), if is_mine { String::new() } else { emoji.to_owned() });
                attempt(async move { ask(React { person, id, emoji }).await });
            };
            button()
                .r#type("button")
                .attr("aria-pressed", is_mine.to_string())
                .attr("aria-label", t_with("react-with", &[("emoji", emoji.into())]))
                .on(ev::click, pressed)
                .child(emoji)
        })
        .into_iter()
        .collect_view();
    let quote = Quote { id: text.id.clone(), mine: text.mine, beginning: text.text.chars().take(120).collect() };
    let reply = move || open.reply.set(Some(quote.clone()));
    let words = text.text.clone();
    let copy = (!words.is_empty()).then(|| {
        item("copy", "copy", "", shown, move || {
            let words = words.clone();
            leptos::task::spawn_local(async move {
                let name = if clipboard::write(&words).await { "copied" } else { "not-copied" };
                Toast::say(open.state, t(name));
            });
        })
    });
    let taken = text.clone();
    let unsend = text.mine.then(|| {
        item("undo", "unsend", "danger", shown, move || {
            asked.set(Some(taken.clone()));
            asking.set(true);
        })
    });
    let sent = t_with("written-at", &[("time", moment::full(text.sent_at).into())]);
    let about = match text.expires_at {
        Some(at) => format!("{sent} {}", t_with("vanishes-at", &[("time", moment::full(at).into())])),
        None => sent,
    };
    (
        div().class("react").attr("role", "group").attr("aria-label", t("react")).child(react),
        ul().child((item("reply", "reply", "", shown, reply), copy, unsend)),
        p().class("about").child(about),
    )
}

fn item(
    picture: &'static str,
    name: &'static str,
    class: &'static str,
    shown: RwSignal<bool>,
    chosen: impl Fn() + 'static,
) -> impl IntoView {
    let pressed = move |_| {
        shown.set(false);
        chosen();
    };
    li().child(button().r#type("button").class(class).on(ev::click, pressed).child((icon(picture), t(name))))
}
