//! The service worker: what keeps the app on this device, and what a push message wakes.

use js_sys::futures::JsFuture;
use js_sys::{Object, Reflect};
use leptos::task::spawn_local;
use talk::Millis;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Cache, CacheStorage, Response, ServiceWorkerContainer, ServiceWorkerRegistration};

/// Where the service worker notes what the page is to know, too.
const NOTES: &str = "notes";
const WOKEN: &str = "/notes/woken";
const SEEN: &str = "/notes/seen";

/// All service workers of this page; none where the browser has no such thing.
pub(crate) fn workers() -> Option<ServiceWorkerContainer> {
    let navigator = web_sys::window()?.navigator();
    let has = Reflect::has(&navigator, &"serviceWorker".into()).unwrap_or(false);
    has.then(|| navigator.service_worker())
}

/// Ours, if it is there already.
pub(crate) async fn registration() -> Option<ServiceWorkerRegistration> {
    let found = JsFuture::from(workers()?.get_registration()).await.ok()?;
    found.dyn_into().ok()
}

/// When a push message last woke it, as far as it noted that.
pub(crate) async fn last_woken() -> Option<Millis> {
    noted(WOKEN).await?.trim().parse().ok()
}

/// The app that the principal has seen last, by its hash; none before the first.
pub(crate) async fn seen_app() -> Option<String> {
    noted(SEEN).await
}

/// From here on this one is.
pub(crate) async fn see_app(hash: &str) {
    let Some(notes) = notes().await else { return };
    if let Ok(note) = Response::new_with_opt_str(Some(hash)) {
        // A browser that keeps nothing asks again.
        let _ = JsFuture::from(notes.put_with_str(SEEN, &note)).await;
    }
}

async fn noted(path: &str) -> Option<String> {
    let found: Response = JsFuture::from(notes().await?.match_with_str(path)).await.ok()?.dyn_into().ok()?;
    JsFuture::from(found.text().ok()?).await.ok()?.as_string()
}

async fn notes() -> Option<Cache> {
    let window: JsValue = web_sys::window()?.into();
    let caches: CacheStorage = Reflect::get(&window, &"caches".into()).ok()?.dyn_into().ok()?;
    JsFuture::from(caches.open(NOTES)).await.ok()?.dyn_into().ok()
}

/// Tells it something.
pub(crate) fn tell(message: JsValue) {
    spawn_local(async move {
        if let Some(active) = registration().await.and_then(|registration| registration.active()) {
            // A page that says it again does so when it is opened next.
            let _ = active.post_message(&message);
        }
    });
}

/// An object of these words.
pub(crate) fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in entries {
        // A new object takes everything.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}
