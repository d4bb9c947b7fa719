//! What stands over the whole app: another app that the switchboard serves, and the reminder of a backup.

use std::fmt::Write as _;

use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, Uint8Array};
use leptos::ev;
use leptos::html::{button, code, dd, div, dl, dt, p};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::Millis;
use talk::calls::Mine;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{RequestCache, RequestInit, Response, ServiceWorker, ServiceWorkerRegistration, ServiceWorkerState};

use crate::moment::{self, now};
use crate::route::{Route, Setting};
use crate::screens::gate::load_again;
use crate::screens::settings::{tell_words, wish};
use crate::state::State;
use crate::ui::dialog::sheet;
use crate::ui::form::fact;
use crate::ui::worker::{registration, see_app, seen_app, workers};
use crate::ui::{fresh, icon, icon_button, press};
use crate::words::{t, t_with};

/// The service worker, which names every file of the app by its hash: its own hash is what is published.
const SERVICE: &str = "/sw.js";
/// A backup that is older is worth a word.
const OLD: Millis = 30 * DAY;
/// After being told "later", nothing is said for so long.
const LATER: Millis = 7 * DAY;
const DAY: Millis = 24 * 60 * 60 * 1000;

/// Sees to it that another app which the switchboard serves is noticed.
pub(crate) fn watch(state: State) {
    spawn_local(async move {
        let Some(registration) = registration().await else { return };
        begin_again_with_another();
        compare(state, registration.waiting().is_some()).await;
        let installing = registration.clone();
        let found = Closure::<dyn Fn()>::new(move || {
            if let Some(new) = installing.installing() {
                follow(state, new);
            }
        });
        registration.set_onupdatefound(Some(found.as_ref().unchecked_ref()));
        // As long as the page.
        found.forget();
        // Browsers look for themselves at times; this one looks whenever the app is opened.
        if let Ok(asked) = registration.update() {
            let _ = JsFuture::from(asked).await;
        }
    });
}

/// Every tab begins anew once another app took over: two of them must not share one handset. The first app of all takes
/// over nothing.
fn begin_again_with_another() {
    let Some(workers) = workers().filter(|workers| workers.controller().is_some()) else { return };
    let changed = Closure::<dyn Fn()>::new(load_again);
    workers.set_oncontrollerchange(Some(changed.as_ref().unchecked_ref()));
    changed.forget();
}

/// Waits until a new one is whole, if it comes to that.
fn follow(state: State, new: ServiceWorker) {
    let watched = new.clone();
    let changed = Closure::<dyn Fn()>::new(move || {
        // The first one of all takes over by itself: there was no app to compare it with.
        let replaces = workers().is_some_and(|workers| workers.controller().is_some());
        if watched.state() == ServiceWorkerState::Installed && replaces {
            spawn_local(noticed(state));
        }
    });
    new.set_onstatechange(Some(changed.as_ref().unchecked_ref()));
    changed.forget();
}

/// Compares what the switchboard serves with what the principal has seen, whenever the app is opened: a browser puts
/// another app in place by itself once all of its windows were closed.
async fn compare(state: State, waiting: bool) {
    let (served, seen) = (served_hash().await, seen_app().await);
    match (served, seen) {
        (Some(served), None) if !waiting => see_app(&served).await,
        (Some(served), Some(seen)) if served != seen => state.newer.set(Some(served)),
        _ if waiting => noticed(state).await,
        _ => {}
    }
}

async fn noticed(state: State) {
    let hash = served_hash().await.unwrap_or_else(|| t("hash-unknown"));
    state.newer.set(Some(hash));
}

/// The SHA-256, in hex, of the app that the switchboard serves now.
pub(crate) async fn served_hash() -> Option<String> {
    let window = web_sys::window()?;
    let how = RequestInit::new();
    how.set_cache(RequestCache::NoStore);
    let answered = JsFuture::from(window.fetch_with_str_and_init(SERVICE, &how)).await.ok()?;
    let response: Response = answered.dyn_into().ok().filter(Response::ok)?;
    let body: ArrayBuffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?.dyn_into().ok()?;
    let digest = window.crypto().ok()?.subtle().digest_with_str_and_buffer_source("SHA-256", &body).ok()?;
    let digest: ArrayBuffer = JsFuture::from(digest).await.ok()?.dyn_into().ok()?;
    let mut hex = String::new();
    for byte in Uint8Array::new(&digest).to_vec() {
        let _ = write!(hex, "{byte:02x}");
    }
    Some(hex)
}

/// A hash in groups of four, as one compares it.
pub(crate) fn grouped(hash: &str) -> String {
    let letters: Vec<char> = hash.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// What stands over the whole app.
pub(crate) fn banners(state: State) -> impl IntoView {
    // Drawn anew with every language, and so said anew.
    tell_words();
    let details = RwSignal::new(false);
    let newer = move || {
        state.newer.get().map(|hash| {
            div().class("banner").attr("data-kind", "serious").attr("role", "alert").child((
                icon("warning"),
                p().child((
                    t("newer-app"),
                    " ",
                    code().class("ltr").child(grouped(short(&hash))),
                    ". ",
                    t("newer-app-ask"),
                )),
                press("compact", t("details"), move || details.set(true)),
            ))
        })
    };
    (newer, sheet(details, t("newer-app-title"), move || compared(state, details)), reminder(state))
}

/// The beginning of a hash, as a banner has room for.
fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

/// What to do about another app.
fn compared(state: State, open: RwSignal<bool>) -> impl IntoView {
    let served = move || state.newer.get().map(|hash| grouped(&hash)).unwrap_or_default();
    let take = move || {
        let hash = state.newer.get_untracked().unwrap_or_default();
        state.newer.set(None);
        open.set(false);
        spawn_local(async move {
            see_app(&hash).await;
            take_over().await;
        });
    };
    let stay = move |_| {
        state.newer.set(None);
        open.set(false);
    };
    (
        div().class("page").child((
            p().class("soft").child(t("newer-app-explained")),
            div().class("panel").child(dl().class("facts").child((
                fact(t("app-of-yours"), env!("CARGO_PKG_VERSION")),
                div().child((dt().child(t("app-served")), dd().child(code().class("ltr").child(served)))),
            ))),
        )),
        div().class("actions").child((
            press("", t("take-the-new-one"), take),
            button()
                .r#type("button")
                .class("button primary")
                .attr("autofocus", "")
                .on(ev::click, stay)
                .child(t("stay-with-mine")),
        )),
    )
}

/// Has the new one take over, and begins with it.
async fn take_over() {
    let waiting = registration().await.as_ref().and_then(ServiceWorkerRegistration::waiting);
    match waiting {
        Some(waiting) => {
            // Without an app that it replaces nobody else begins anew.
            let replaces = workers().is_some_and(|workers| workers.controller().is_some());
            let _ = waiting.post_message(&"take over".into());
            if !replaces {
                load_again();
            }
        }
        // It took over meanwhile.
        None => load_again(),
    }
}

/// One word about a backup, where there is none or only an old one.
fn reminder(state: State) -> impl IntoView {
    let me = fresh(move || {
        state.wishes.track();
        Mine {}
    });
    let due = Memo::new(move |_| {
        let backup_at = match &*me.read() {
            Some(Ok(me)) => me.backup_at,
            _ => return None,
        };
        let is_put_off = state.wishes.with(|wishes| wishes.backup_reminder.is_some_and(|until| until > now()));
        let is_old = backup_at.is_none_or(|at| now().saturating_sub(at) > OLD);
        // Over the four lists only: on a page somebody is about something else.
        let is_list = state.route.with(|route| route.up().is_none());
        (is_old && !is_put_off && is_list).then_some(backup_at)
    });
    let later = move || wish(state, |wishes| wishes.backup_reminder = Some(now() + LATER));
    move || {
        due.get().map(|backup_at| {
            let words = match backup_at {
                None => t("backup-reminder-none"),
                Some(at) => t_with("backup-reminder-old", &[("time", moment::day(at).into())]),
            };
            div().class("banner").attr("role", "status").child((
                p().child(words),
                press("compact", t("back-up"), move || state.go(&Route::Setting(Setting::Backup))),
                icon_button("close", t("later"), later),
            ))
        })
    }
}
