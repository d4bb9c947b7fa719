//! Announcing what arrived while the page is not seen: as much of it as the principal chose.

use std::cell::RefCell;

use talk::Millis;
use web_sys::{Notification, NotificationOptions, NotificationPermission};

use crate::route::Route;
use crate::state::State;
use crate::words::{spoken, t};
use leptos::prelude::*;

/// Something arrived.
pub(crate) fn arrived(state: State, person: i64, name: &str, beginning: &str) {
    let hidden = web_sys::window().and_then(|window| window.document()).is_some_and(|document| document.hidden());
    let shows = state.wishes.with_untracked(|wishes| wishes.notifications.clone());
    if !hidden {
        state.announced.set(crate::words::t_with("arrived-from", &[("name", name.to_owned().into())]));
        return;
    }
    if Notification::permission() != NotificationPermission::Granted || shows == "off" {
        return;
    }
    let (title, body) = match shows.as_str() {
        "text" => (name.to_owned(), if beginning.is_empty() { t("sent-a-file") } else { beginning.to_owned() }),
        "name" => (name.to_owned(), t("wrote-to-you")),
        _ => ("Entrenous".to_owned(), t("something-waits")),
    };
    let options = NotificationOptions::new();
    options.set_body(&body);
    options.set_lang(spoken().tag);
    // One for each person: the newest is enough.
    options.set_tag(&format!("person-{person}"));
    let Ok(notification) = Notification::new_with_options(&title, &options) else { return };
    let pressed = wasm_bindgen::closure::Closure::once_into_js(move || {
        if let Some(window) = web_sys::window() {
            let _ = window.focus();
        }
        state.go(&Route::Conversation(person));
    });
    notification.set_onclick(Some(wasm_bindgen::JsCast::unchecked_ref(&pressed)));
    SHOWN.with_borrow_mut(|shown| {
        shown.push(notification);
        // Older ones the browser has put away by itself.
        let over = shown.len().saturating_sub(50);
        shown.drain(..over);
    });
}

thread_local! {
    /// Those that are shown.
    static SHOWN: RefCell<Vec<Notification>> = const { RefCell::new(Vec::new()) };
}

/// Takes back what is shown: names and words are under the lock.
pub(crate) fn close_all() {
    SHOWN.with_borrow_mut(|shown| shown.drain(..).for_each(|one| one.close()));
}

/// Shows on the app's icon how many texts were not seen.
pub(crate) fn badge(count: u64) {
    let Some(navigator) = web_sys::window().map(|window| window.navigator()) else { return };
    let name = if count == 0 { "clearAppBadge" } else { "setAppBadge" };
    let Ok(set) = js_sys::Reflect::get(&navigator, &name.into()) else { return };
    if let Some(set) = wasm_bindgen::JsCast::dyn_ref::<js_sys::Function>(&set) {
        let count: Millis = count;
        let _ =
            if name == "setAppBadge" { set.call1(&navigator, &(count as f64).into()) } else { set.call0(&navigator) };
    }
}
