//! A text with its links, which lead out of the app and tell the other side nothing; a card's link leads to taking it up.

use leptos::ev;
use leptos::html::{a, p};
use leptos::prelude::*;
use linkify::{LinkFinder, LinkKind};

use crate::route::Route;
use crate::state::State;

/// Words with emoji alone are shown large up to here.
const FEW: usize = 6;

/// Links of one text that can be pressed: no text shall freeze the page.
const LINKS: usize = 32;

/// The text in a paragraph.
pub(crate) fn rich(text: &str) -> impl IntoView + use<> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]).url_must_have_scheme(true);
    let mut links = 0;
    let parts: Vec<AnyView> = finder
        .spans(text)
        .map(|part| {
            let words = part.as_str().to_owned();
            if part.kind().is_none() || !is_web(&words) || links >= LINKS {
                return words.into_any();
            }
            links += 1;
            link(words).into_any()
        })
        .collect();
    p().attr("dir", "auto").child(parts)
}

fn link(url: String) -> impl IntoView {
    let state = State::get();
    let is_card = url.parse::<protocol::card::CardText>().is_ok();
    let given = url.clone();
    let pressed = move |event: web_sys::MouseEvent| {
        if is_card {
            event.prevent_default();
            state.given.set(Some(given.clone()));
            state.go(&Route::Accept);
        }
    };
    let to = if is_card { Route::Accept.hash() } else { url.clone() };
    a().href(to)
        .target(if is_card { "_self" } else { "_blank" })
        .rel("noopener noreferrer")
        .on(ev::click, pressed)
        .child(url)
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Whether a text is a few emoji and nothing else.
pub(crate) fn is_emoji_only(text: &str) -> bool {
    let shown: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let joins = |c: char| matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}');
    let is_one = |c: char| matches!(c, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    !shown.is_empty()
        && shown.iter().all(|c| is_one(*c) || joins(*c))
        && shown.iter().filter(|c| is_one(**c)).count() <= FEW
}
