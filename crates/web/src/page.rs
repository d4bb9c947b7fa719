//! The page: begins, listens to the worker, shows the screen that the address names.

use leptos::ev;
use leptos::html::{a, div, main, nav, p, span};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::{GetWishes, Stage};
use talk::line::Where;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{HtmlElement, KeyboardEvent, Worker};

use crate::handset::{ask, listen};
use crate::route::{Part, Route};
use crate::screens;
use crate::state::State;
use crate::ui::toast::toasts;
use crate::ui::{icon, press};
use crate::words::{LANGUAGES, Language, speak, t};

/// What index.html shows before there is anything else to be seen.
const BEGINNING: &str = "beginning";

/// What claim links end in.
const CLAIM: &str = "/claim";

/// Begins the page over its worker.
#[wasm_bindgen]
pub fn start(worker: Worker) {
    std::panic::set_hook(Box::new(|panic| {
        // Where, and never what: a text may be in it. Tests are told what as well.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let what = if cfg!(debug_assertions) { panic.to_string() } else { String::new() };
        web_sys::console::error_1(&format!("the page stopped at {place} {what}").into());
    }));
    // Only a second start would find one.
    let _ = any_spawner::Executor::init_wasm_bindgen();
    let (hash, given) = address();
    let owner = Owner::new();
    let state = owner.with(|| State::new(Route::read(&hash)));
    state.given.set(given);
    listen(worker, move |news| state.hear(news), move || state.stopped.set(true));
    follow_history(state);
    wear(state, None);
    let drawn = StoredValue::new_local(None);
    owner.with(|| {
        let body = move || leptos::mount::mount_to(body_element(), move || app(state));
        spawn_local(async move {
            let wishes = ask(GetWishes {}).await;
            if let Ok(wishes) = wishes {
                state.wishes.set(wishes);
            }
            let stage = ask(Stage {}).await;
            // The language has to be known before the first word is drawn.
            let language = StoredValue::new(None::<Language>);
            Effect::new(move |_| {
                let wishes = state.wishes.get();
                let wished = wishes.language.as_deref().and_then(Language::of_tag).unwrap_or_else(of_browser);
                wear(state, Some(wished));
                if language.get_value() != Some(wished) {
                    language.set_value(Some(wished));
                    speak(wished);
                    // What was drawn in another language goes first.
                    drawn.update_value(|drawn| drop(Option::take(drawn)));
                    // Under the page's owner: what is under this effect's goes whenever any wish changes.
                    drawn.set_value(Some(state.within(body)));
                }
            });
            if let Ok(stage) = stage {
                state.stage.set(Some(stage));
            }
        });
    });
    // As long as the page.
    std::mem::forget(owner);
    crate::ui::notify::follow_pressed(state);
    crate::screens::update::watch(state);
}

/// What follows `#`, and a claim link if that is what was opened; the link does not stay in the address.
fn address() -> (String, Option<String>) {
    let Some(window) = web_sys::window() else { return Default::default() };
    let location = window.location();
    let hash = location.hash().unwrap_or_default();
    if location.pathname().is_ok_and(|path| path == CLAIM) {
        let given = location.href().ok().filter(|_| hash.len() > 1);
        let _ = window.history().and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some("/")));
        return (String::new(), given);
    }
    (hash, None)
}

fn body_element() -> HtmlElement {
    let body = web_sys::window().and_then(|window| window.document()).and_then(|document| document.body());
    // A page has one; without it there is nothing to show anything in.
    body.unwrap_or_else(|| JsValue::NULL.unchecked_into())
}

/// The first of the browser's languages that there is a catalogue for.
fn of_browser() -> Language {
    let tags: Vec<String> = web_sys::window()
        .map(|window| window.navigator().languages().iter().filter_map(|tag| tag.as_string()).collect())
        .unwrap_or_default();
    Language::of_tags(tags.iter().map(String::as_str))
}

/// Puts language, theme and text size on the page.
fn wear(state: State, language: Option<Language>) {
    let Some(root) = web_sys::window().and_then(|w| w.document()).and_then(|d| d.document_element()) else { return };
    let set = |name: &str, value: Option<&str>| {
        let _ = match value {
            Some(value) => root.set_attribute(name, value),
            None => root.remove_attribute(name),
        };
    };
    let language = language.unwrap_or(LANGUAGES[0]);
    set("lang", Some(language.tag));
    set("dir", Some(if language.is_rtl { "rtl" } else { "ltr" }));
    state.wishes.with_untracked(|wishes| {
        set("data-theme", wishes.theme.as_deref());
        set("data-size", Some(&wishes.text_size));
    });
}

/// Goes to a screen, by the browser's history.
pub(crate) fn go(route: &Route, replacing: bool) {
    let state = State::get();
    if state.route.get_untracked() == *route {
        return;
    }
    if let Some(history) = web_sys::window().and_then(|window| window.history().ok()) {
        let hash = route.hash();
        let _ = if replacing {
            history.replace_state_with_url(&JsValue::NULL, "", Some(&hash))
        } else {
            history.push_state_with_url(&JsValue::NULL, "", Some(&hash))
        };
    }
    state.route.set(route.clone());
}

fn follow_history(state: State) {
    state.keep();
    let Some(window) = web_sys::window() else { return };
    let gone = Closure::<dyn Fn()>::new(move || {
        let hash = web_sys::window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
        state.route.set(Route::read(&hash));
    });
    window.set_onpopstate(Some(gone.as_ref().unchecked_ref()));
    window.set_onhashchange(Some(gone.as_ref().unchecked_ref()));
    gone.forget();
}

/// Everything in the page.
fn app(state: State) -> impl IntoView {
    let stage = Memo::new(move |_| state.stage.get());
    Effect::new(move |_| {
        if stage.get().is_some() || state.stopped.get() {
            // What stood there while all of this was on its way.
            let document = web_sys::window().and_then(|window| window.document());
            if let Some(beginning) = document.and_then(|document| document.get_element_by_id(BEGINNING)) {
                beginning.remove();
            }
        }
    });
    Effect::new(move |_| {
        if !matches!(stage.get(), Some(Where::Open)) {
            state.forget();
        }
    });
    let whole = move || {
        if state.stopped.get() {
            return screens::gate::stopped().into_any();
        }
        match stage.get() {
            None => screens::gate::beginning().into_any(),
            Some(Where::Unusable(why)) => screens::gate::unusable(why).into_any(),
            Some(Where::New) => screens::claim::start(state).into_any(),
            Some(Where::Waiting) => screens::claim::waiting(state).into_any(),
            Some(Where::Locked { passkeys, not_before }) => {
                screens::locked::locked(state, passkeys, not_before).into_any()
            }
            Some(Where::Open) if state.welcome.get() => screens::claim::claimed(state).into_any(),
            Some(Where::Open) => open(state).into_any(),
        }
    };
    (whole, toasts(state), div().class("sr-only").attr("aria-live", "polite").child(move || state.announced.get()))
}

/// The app once the handset is open: the part's list, and beside or over it the screen.
fn open(state: State) -> impl IntoView {
    let route = Memo::new(move |_| state.route.get());
    let part = Memo::new(move |_| route.with(Route::part));
    screens::home::watch_activity(state);
    let list = move || match part.get() {
        Part::Conversations if route.with(|route| *route == Route::Search) => screens::search::search(state).into_any(),
        Part::Conversations => screens::home::home(state).into_any(),
        Part::People => screens::people::people(state).into_any(),
        Part::Cards => screens::cards::cards(state).into_any(),
        Part::Settings => screens::settings::settings(state).into_any(),
    };
    let detail = move || match route.get() {
        Route::Conversation(id) => screens::conversation::conversation(state, id).into_any(),
        Route::Person(id) => screens::person::person(state, id).into_any(),
        Route::Compare(id) => screens::person::compare(state, id).into_any(),
        Route::NewCard => screens::cards::new_card(state).into_any(),
        Route::Card => screens::cards::card(state).into_any(),
        Route::Accept => screens::accept::accept(state).into_any(),
        Route::Setting(setting) => screens::settings::setting(state, setting).into_any(),
        _ => rest().into_any(),
    };
    let keys = move |event: KeyboardEvent| {
        if (event.ctrl_key() || event.meta_key()) && event.key() == "k" {
            event.prevent_default();
            state.go(&Route::Search);
        } else if event.key() == "Escape"
            && !event.default_prevented()
            && !is_covered()
            && let Some(up) = route.get_untracked().up()
        {
            state.go(&up);
        }
    };
    // Searching stands in the place of the list.
    let view = Memo::new(move |_| {
        route.with(|route| if *route != Route::Search && route.up().is_some() { "detail" } else { "list" })
    });
    main().class("app").attr("data-view", move || view.get()).on(ev::keydown, keys).child((
        div().class("banners").child(screens::update::banners(state)),
        div().class("column list").child((list, tabs(state, part))),
        div().class("column detail").child(detail),
    ))
}

/// Whether a dialog is open, which Escape closes first.
fn is_covered() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| document.query_selector("dialog[open]").is_ok_and(|found| found.is_some()))
}

fn tabs(state: State, part: Memo<Part>) -> impl IntoView {
    let parts = [
        (Part::Conversations, Route::Conversations, "conversations", "conversations"),
        (Part::People, Route::People, "people", "people"),
        (Part::Cards, Route::Cards, "card", "cards"),
        (Part::Settings, Route::Settings, "settings", "settings"),
    ];
    let one = move |(this, route, picture, name): (Part, Route, &'static str, &'static str)| {
        let pressed = {
            let route = route.clone();
            move |event: web_sys::MouseEvent| {
                event.prevent_default();
                state.go(&route);
            }
        };
        a().href(route.hash())
            .attr("aria-current", move || (part.get() == this).then_some("page"))
            .on(ev::click, pressed)
            .child((icon(picture), span().child(t(name))))
    };
    nav().class("tabs").attr("aria-label", t("parts")).child(parts.map(one).into_iter().collect_view())
}

fn rest() -> impl IntoView {
    div().class("rest").child((
        screens::gate::mark(),
        p().child(t("rest")),
        press("quiet compact", t("search-everything"), || State::get().go(&Route::Search)),
    ))
}
