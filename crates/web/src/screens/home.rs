//! The list of conversations.

use leptos::ev;
use leptos::html::{a, div, h1, h2, header, li, p, section, span, time, ul};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::{Conversations, Seen};
use talk::conversation::{Entry, Row};
use talk::line::Link;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;

use crate::handset::ask;
use crate::moment;
use crate::route::Route;
use crate::state::State;
use crate::ui::monogram::monogram;
use crate::ui::{fresh, icon, icon_button, sentence, skeleton_rows, small_icon};
use crate::words::{t, t_with};

/// The list, or, of a handset that knows nobody, the way to the first card.
pub(crate) fn home(state: State) -> impl IntoView {
    let rows = fresh(move || {
        state.conversations.track();
        Conversations {}
    });
    Effect::new(move |_| {
        if let Some(Ok(rows)) = &*rows.read() {
            crate::ui::notify::badge(rows.iter().map(|row| row.unseen).sum());
        }
    });
    let is_empty = Memo::new(move |_| matches!(&*rows.read(), Some(Ok(rows)) if rows.is_empty()));
    let is_here = Memo::new(move |_| matches!(&*rows.read(), Some(Ok(_))));
    let all = move || match rows.get() {
        Some(Ok(rows)) => rows,
        _ => Vec::new(),
    };
    let inside = move || match (is_here.get(), is_empty.get()) {
        (false, _) => match &*rows.read() {
            Some(Err(trouble)) => p().class("connection").child(sentence(trouble)).into_any(),
            _ => skeleton_rows(6).into_any(),
        },
        (true, true) => nobody(state).into_any(),
        (true, false) => div()
            .class("scroll")
            .attr("tabindex", "-1")
            .child(ul().class("rows").attr("aria-label", t("conversations")).child(For(ForProps {
                each: all,
                key,
                children: move |row| conversation(state, row),
            })))
            .into_any(),
    };
    section().class("screen").attr("aria-label", t("conversations")).child((
        header().class("letterhead").child((
            div().child((p().class("note").child(moment::heading_of_today()), h1().child(greeting()))),
            div().class("letterhead-actions").child((
                icon_button("search", t("search-everything"), move || state.go(&Route::Search)),
                icon_button("plus", t("hand-out-a-card"), move || state.go(&Route::NewCard)),
            )),
        )),
        connection(state),
        inside,
    ))
}

fn greeting() -> String {
    match moment::hour() {
        5..12 => t("good-morning"),
        12..18 => t("good-afternoon"),
        _ => t("good-evening"),
    }
}

/// Nobody is there yet: straight to the first card.
fn nobody(state: State) -> impl IntoView {
    let way = move |class: &'static str, name: &str, to: Route| {
        let hash = to.hash();
        let pressed = move |event: web_sys::MouseEvent| {
            event.prevent_default();
            state.go(&to);
        };
        a().class(class).href(hash).on(ev::click, pressed).child(t(name))
    };
    div().class("empty").child((
        h2().child(t("nobody-title")),
        p().child(t("nobody")),
        way("button primary", "hand-out-a-card", Route::NewCard),
        way("button", "take-up-a-card", Route::Accept),
    ))
}

/// The connection, where it is not what it should be for more than a moment.
pub(crate) fn connection(state: State) -> impl IntoView {
    let since = RwSignal::new(None::<u64>);
    Effect::new(move |_| match state.link.get() {
        Link::Online => since.set(None),
        _ => since.update(|since| *since = since.or_else(|| Some(moment::now()))),
    });
    let words = move || {
        let at = since.get()?;
        let words = match state.link.get() {
            Link::Online | Link::Connecting => return None,
            Link::Offline => t_with("offline-since", &[("time", moment::time(at).into())]),
            Link::TurnedAway(code) => sentence(&talk::Trouble::new(code, t("turned-away"))),
            Link::Elsewhere(at) => t_with("restored-elsewhere", &[("time", moment::full(at).into())]),
        };
        Some(p().class("connection").child((icon("offline"), span().child(words))))
    };
    div().attr("role", "status").child(words)
}

/// What makes a row another one; only such are drawn anew.
fn key(row: &Row) -> (i64, u64) {
    (row.id, crate::ui::hash_of(&talk::encode(row)))
}

fn conversation(state: State, row: Row) -> impl IntoView {
    let route = Route::Conversation(row.id);
    let (hash, id) = (route.hash(), row.id);
    let current = move || (state.route.get() == Route::Conversation(id)).then_some("true");
    let pressed = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        state.go(&route);
    };
    let unread = (row.unseen > 0)
        .then(|| span().class("unread").child((row.unseen.to_string(), span().class("sr-only").child(t("unread")))));
    let verified = (row.verified == "in person").then(|| span().class("sr-only").child(t("verified-in-person")));
    let why = row.waiting_since.filter(|since| moment::now().saturating_sub(*since) > 60_000).map(|since| {
        let words = match state.link.get_untracked() {
            Link::Online => t_with("waits-since", &[("time", moment::brief(since).into())]),
            _ => t("waits-offline"),
        };
        span().class("why").child((icon("info"), span().child(words)))
    });
    let last_class = if row.unseen > 0 { "last has-unread" } else { "last" };
    let monogram = monogram(&row.person, &row.verified, "");
    li().child(a().class("row").href(hash).attr("aria-current", current).on(ev::click, pressed).child((
        monogram,
        span().class("row-body").child((
            span().class("row-line").child((
                span().class("name").attr("dir", "auto").child(row.person.clone()),
                verified,
                time().class("time").child(moment::brief(row.at)),
            )),
            span().class("row-line").child((span().class(last_class).attr("dir", "auto").child(last(&row)), unread)),
            why,
        )),
    )))
}

/// What stands last in it, or what is being written.
fn last(row: &Row) -> AnyView {
    if let Some(draft) = &row.draft {
        return (span().class("draft").child(t("draft")), " ", draft.clone()).into_any();
    }
    match (&row.last, row.state.as_str()) {
        (_, "asked") => t("asked").into_any(),
        (_, "refused") => t("refused").into_any(),
        (_, "blocked") => t("blocked").into_any(),
        (None, _) => t("nothing-said").into_any(),
        (Some(Entry::Text(text)), _) => {
            let picture = text.mine.then(|| super::entries::state_icon(&text.state));
            (picture, super::entries::brief(text)).into_any()
        }
        (Some(Entry::Expiry(expiry)), _) => super::entries::expiry_words(&row.person, expiry).into_any(),
        (Some(Entry::Notice(notice)), _) => super::entries::notice_words(&row.person, notice).into_any(),
    }
}

/// Tells the worker whether the page is seen and what is open on it, and that somebody is there.
pub(crate) fn watch_activity(state: State) {
    let tell = move || {
        let shown = web_sys::window().and_then(|window| window.document()).is_some_and(|document| !document.hidden());
        let person = match state.route.get_untracked() {
            Route::Conversation(id) => Some(id),
            _ => None,
        };
        spawn_local(async move {
            // Said again with the next change.
            let _ = ask(Seen { shown, person }).await;
        });
    };
    Effect::new(move |_| {
        state.route.track();
        tell();
    });
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let last = StoredValue::new(0_u64);
    let active = Closure::<dyn Fn()>::new(move || {
        let now = moment::now();
        // The worker wants to know of hands on the page, not of each of their moves.
        if last.try_get_value().is_some_and(|last| now.saturating_sub(last) > 10_000) {
            last.set_value(now);
            tell();
        }
    });
    let changed = Closure::<dyn Fn()>::new(tell);
    let listen = |name: &str, closure: &Closure<dyn Fn()>| {
        let _ = document.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    };
    listen("pointerdown", &active);
    listen("keydown", &active);
    listen("visibilitychange", &changed);
    let kept = StoredValue::new_local(Some((active, changed)));
    on_cleanup(move || {
        let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
        let Some(Some((active, changed))) = kept.try_update_value(Option::take) else { return };
        for (name, closure) in [("pointerdown", &active), ("keydown", &active), ("visibilitychange", &changed)] {
            let _ = document.remove_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        }
    });
    let _ = small_icon;
}
