//! Announcing what arrived while the page is not seen: as much of it as the principal chose.

use js_sys::futures::JsFuture;
use js_sys::{Array, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::Millis;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{MessageEvent, Notification, NotificationOptions, NotificationPermission};

use crate::route::Route;
use crate::state::State;
use crate::ui::worker::{registration, workers};
use crate::words::{spoken, t};

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
    options.set_data(&JsValue::from_f64(person as f64));
    spawn_local(async move {
        // By the service worker, since on phones nobody else may.
        let Some(registration) = registration().await else { return };
        if let Ok(shown) = registration.show_notification_with_options(&title, &options) {
            let _ = JsFuture::from(shown).await;
        }
    });
}

/// Goes to whom a notification that was pressed is of.
pub(crate) fn follow_pressed(state: State) {
    let Some(workers) = workers() else { return };
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let person = Reflect::get(&event.data(), &"person".into()).ok().and_then(|person| person.as_f64());
        if let Some(person) = person {
            state.go(&Route::Conversation(person as i64));
        }
    });
    workers.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    // As long as the page.
    heard.forget();
}

/// Takes back what is shown: names and words are under the lock.
pub(crate) fn close_all() {
    spawn_local(async move {
        let Some(registration) = registration().await else { return };
        let Ok(shown) = registration.get_notifications() else { return };
        let Ok(shown) = JsFuture::from(shown).await else { return };
        for one in Array::from(&shown).iter() {
            if let Ok(one) = one.dyn_into::<Notification>() {
                one.close();
            }
        }
    });
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
