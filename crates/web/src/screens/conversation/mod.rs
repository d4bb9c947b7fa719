//! A conversation: its head, its register, its texts, and where one writes.

mod composer;
mod log;
mod menu;
mod recorder;

use leptos::ev;
use leptos::html::{a, b, div, h1, header, p, section, span};
use leptos::prelude::*;
use talk::calls::GetPerson;
use talk::conversation::Quote;
use talk::people::Person;

use super::entries::{Pressed, term};
use crate::moment;
use crate::route::Route;
use crate::state::State;
use crate::ui::frame::back;
use crate::ui::monogram::monogram;
use crate::ui::{fresh, icon_button, small_icon};
use crate::words::{t, t_with};

/// What the parts of a conversation share.
#[derive(Clone, Copy)]
struct Open {
    state: State,
    person: i64,
    /// Who it is, once that is known.
    who: RwSignal<Option<Person>>,
    /// What is being answered.
    reply: RwSignal<Option<Quote>>,
    pressed: Pressed,
    /// Grows when something was sent: the newest is shown then.
    sent: RwSignal<u64>,
}

/// The screen.
pub(crate) fn conversation(state: State, person: i64) -> impl IntoView {
    let version = state.person(person);
    let loaded = fresh(move || {
        version.track();
        GetPerson { person }
    });
    let who = RwSignal::new(None::<Person>);
    Effect::new(move |_| match &*loaded.read() {
        Some(Ok(found)) => who.set(Some(found.clone())),
        // Removed meanwhile, or of an old address.
        Some(Err(trouble)) if trouble.code == "unknown-person" => state.replace(&Route::Conversations),
        _ => {}
    });
    let found = state.found.try_update(Option::take).flatten().filter(|(of, _)| *of == person).map(|(_, id)| id);
    let pressed = Pressed {
        menu: RwSignal::new(None),
        at: RwSignal::new((0.0, 0.0)),
        jump: RwSignal::new(found.clone()),
        found: RwSignal::new(found),
    };
    let open = Open { state, person, who, reply: RwSignal::new(None), pressed, sent: RwSignal::new(0) };
    let name = move || who.with(|who| who.as_ref().map(|who| who.person.clone()).unwrap_or_default());
    let label = move || t_with("conversation-with", &[("name", name().into())]);
    let is_there = Memo::new(move |_| who.with(Option::is_some));
    section().class("screen conversation").attr("data-register", "informal").attr("aria-label", label).child((
        head(open),
        register(open),
        super::home::connection(state),
        move || is_there.get().then(|| (log::log(open), composer::composer(open), menu::menu(open))),
    ))
}

fn head(open: Open) -> impl IntoView {
    let Open { state, person, who, .. } = open;
    let to = Route::Person(person);
    let hash = to.hash();
    let pressed = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        state.go(&to);
    };
    let inside = move || {
        who.with(|who| {
            let who = who.as_ref()?;
            let verified = t(match who.verified.as_str() {
                "in person" => "verified-in-person",
                "card" => "verified-by-card",
                _ => "not-verified",
            });
            Some((
                monogram(&who.person, &who.verified, "medium"),
                span()
                    .class("who-words")
                    .child((h1().attr("dir", "auto").child(who.person.clone()), span().class("note").child(verified))),
            ))
        })
    };
    let search = move || {
        state.scope.set(Some(person));
        state.go(&Route::Search);
    };
    header().class("top").child((
        back(Route::Conversations),
        a().class("who").href(hash).on(ev::click, pressed).child(inside),
        icon_button("search", t("search-here"), search),
    ))
}

/// In which register one speaks, and how long texts stay.
fn register(open: Open) -> impl IntoView {
    let stays = move || {
        open.who.with(|who| match who.as_ref().map(|who| who.expiry.as_str()) {
            None | Some("off") => String::new(),
            Some(agreed) => format!(" · {}", t_with("vanishes-after", &[("term", term(agreed).into())])),
        })
    };
    p().class("register")
        .child((span().child((b().child(t("between-us")), stays)), span().child(t("not-to-be-quoted"))))
}

/// Why nobody on the other side has confirmed what was sent, in one line.
fn silence(open: Open) -> impl IntoView {
    move || {
        open.who.with(|who| {
            let (reached, since) = who.as_ref()?.silence.clone()?;
            let words = t_with(&reached, &[("time", moment::brief(since).into())]);
            Some(div().class("line").attr("role", "status").child((small_icon("info"), words)))
        })
    }
}
