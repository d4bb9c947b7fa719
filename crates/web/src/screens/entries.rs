//! What stands in a conversation, one at a time: texts in their bubbles, and the lines between them.

use leptos::ev;
use leptos::html::{b, button, div, h2, li, p, span, time, ul};
use leptos::prelude::*;
use talk::calls::Expire;
use talk::conversation::{Entry, Expiry, Notice, Quote, Text};

use super::files::{file, picture, voice};
use crate::handset::ask;
use crate::moment;
use crate::state::State;
use crate::ui::rich::{is_emoji_only, rich};
use crate::ui::{attempt, icon, press, small_icon};
use crate::words::{t, t_with};

/// Said of a text when it is pressed.
#[derive(Clone, Copy)]
pub(crate) struct Pressed {
    /// The text whose menu is open.
    pub(crate) menu: RwSignal<Option<Text>>,
    /// Where on the screen it was asked for.
    pub(crate) at: RwSignal<(f64, f64)>,
    /// The text to go to.
    pub(crate) jump: RwSignal<Option<String>>,
    /// The text that was found, to be shown to the eye.
    pub(crate) found: RwSignal<Option<String>>,
}

/// An entry, and where it stands among the others.
#[derive(Clone, PartialEq)]
pub(crate) struct Placed {
    pub(crate) entry: Entry,
    /// Whether it begins a day.
    pub(crate) begins_day: bool,
    /// Whether it is the first that was not seen.
    pub(crate) begins_new: bool,
    /// Whether time and state stand under it.
    pub(crate) ends_run: bool,
    /// Whether something was agreed here that is still to be answered.
    pub(crate) is_open: bool,
}

/// Draws one; how far it is follows what is known `now`.
pub(crate) fn entry(state: State, person: i64, name: String, now: Memo<Placed>, pressed: Pressed) -> impl IntoView {
    let placed = now.get_untracked();
    let at = placed.entry.at();
    let day = placed.begins_day.then(|| li().class("day").child(h2().child(moment::heading(at))));
    let new = placed.begins_new.then(|| li().class("since").child(span().child(t("new-texts"))));
    let inside = match placed.entry {
        Entry::Text(text) => bubble(state, name, text, now, pressed).into_any(),
        Entry::Expiry(expiry) if placed.is_open && expiry.act == "proposed" => {
            proposal(person, &name, &expiry).into_any()
        }
        Entry::Expiry(expiry) => li().class("line").child((icon("expiry"), expiry_words(&name, &expiry))).into_any(),
        Entry::Notice(notice) => li().class("line").child((icon("info"), notice_words(&name, &notice))).into_any(),
    };
    (day, new, inside)
}

/// The text as it is known now.
fn text_of(placed: &Placed) -> Option<&Text> {
    match &placed.entry {
        Entry::Text(text) => Some(text),
        _ => None,
    }
}

fn bubble(state: State, name: String, text: Text, now: Memo<Placed>, pressed: Pressed) -> impl IntoView {
    let side = if text.mine { "text mine" } else { "text theirs" };
    let id = text.id.clone();
    let inside = inside(state, &name, &text, now, pressed);
    let kind = if text.gone {
        "bubble gone"
    } else if text.unknown {
        "bubble unknown"
    } else if text.files.first().is_some_and(super::files::is_picture) {
        "bubble picture"
    } else if text.files.is_empty() && is_emoji_only(&text.text) {
        "bubble emoji-only"
    } else {
        "bubble"
    };
    let found = id.clone();
    let is_found = move || pressed.found.with(|one| one.as_deref() == Some(found.as_str()));
    let open = move |x: f64, y: f64| {
        pressed.at.set((x, y));
        pressed.menu.set(now.with_untracked(|now| text_of(now).cloned()));
    };
    let more = (!text.gone).then(|| {
        button()
            .r#type("button")
            .class("icon-button")
            .attr("aria-haspopup", "dialog")
            .attr("aria-label", t("text-menu"))
            .on(ev::click, move |event| open(f64::from(event.client_x()), f64::from(event.client_y())))
            .child(icon("more"))
    });
    let is_gone = text.gone;
    let by_hand = move |event: web_sys::MouseEvent| {
        // On a phone a long press; with a mouse the right button. Links and selected words keep the browser's own menu.
        let on_link = event.target().is_some_and(|target| {
            wasm_bindgen::JsCast::dyn_ref::<web_sys::Element>(&target)
                .is_some_and(|element| element.closest("a").is_ok_and(|found| found.is_some()))
        });
        if !is_gone && !on_link {
            event.prevent_default();
            open(f64::from(event.client_x()), f64::from(event.client_y()));
        }
    };
    li().class(side).attr("data-id", id).child((
        div()
            .class("said")
            .on(ev::contextmenu, by_hand)
            .child((div().class(kind).class(("found", is_found)).child(inside), more)),
        move || now.with(|now| reactions(&name, text_of(now)?)),
        move || {
            now.with(|now| {
                let text = text_of(now)?;
                (now.ends_run || (text.mine && text.state == "waiting")).then(|| how_far(state, text))
            })
        },
    ))
}

fn inside(state: State, name: &str, text: &Text, now: Memo<Placed>, pressed: Pressed) -> AnyView {
    if text.gone {
        let words = if text.mine { t("gone-mine") } else { t_with("gone-theirs", &[("name", name.to_owned().into())]) };
        return (small_icon("undo"), span().child(words)).into_any();
    }
    if text.unknown {
        return (small_icon("info"), span().child(t("unknown-content"))).into_any();
    }
    let quote = text.reply_to.clone().map(|quote| quoted(name, &quote, move |id| pressed.jump.set(Some(id))));
    let files = text
        .files
        .iter()
        .enumerate()
        .map(|(place, first)| {
            let (first, mine) = (first.clone(), text.mine);
            let (is_voice, is_picture) = (first.voice.is_some(), super::files::is_picture(&first));
            let known = Memo::new(move |_| {
                let found = now.with(|now| text_of(now).and_then(|text| text.files.get(place).cloned()));
                found.unwrap_or_else(|| first.clone())
            });
            if is_voice {
                voice(state, known).into_any()
            } else if is_picture {
                picture(state, known, mine).into_any()
            } else {
                file(state, known, mine).into_any()
            }
        })
        .collect_view();
    let words = (!text.text.is_empty()).then(|| rich(&text.text));
    (quote, files, words).into_any()
}

/// What a text answers; pressing it goes there.
pub(crate) fn quoted<G: Fn(String) + 'static>(name: &str, quote: &Quote, go: G) -> impl IntoView + use<G> {
    let who = if quote.mine { t("you") } else { name.to_owned() };
    let words = if quote.beginning.is_empty() { t("a-text") } else { quote.beginning.clone() };
    let id = quote.id.clone();
    button()
        .r#type("button")
        .class("quote")
        .on(ev::click, move |_| go(id.clone()))
        .child((b().attr("dir", "auto").child(who), span().class("quoted").attr("dir", "auto").child(words)))
}

fn reactions(name: &str, text: &Text) -> Option<impl IntoView + use<>> {
    let one = |emoji: &Option<String>, who: String| {
        emoji.clone().map(|emoji| {
            let label = t_with("reacted", &[("name", who.into()), ("emoji", emoji.clone().into())]);
            li().child((span().attr("aria-hidden", "true").child(emoji), span().class("sr-only").child(label)))
        })
    };
    if text.my_reaction.is_none() && text.their_reaction.is_none() {
        return None;
    }
    let all = (one(&text.their_reaction, name.to_owned()), one(&text.my_reaction, t("you")));
    Some(ul().class("reactions").attr("aria-label", t("reactions")).child(all))
}

/// When, and how far it is; where it waits, why and what happens next.
fn how_far(state: State, text: &Text) -> impl IntoView + use<> {
    let vanishes = text.expires_at.map(|_| small_icon("timer"));
    let at = time().child(moment::time(text.sent_at));
    if !text.mine {
        return p().class("state").child((at, vanishes)).into_any();
    }
    if text.state == "waiting" {
        let link = state.link;
        let words = move || match link.get() {
            talk::line::Link::Online => t("waits"),
            _ => t("waits-offline"),
        };
        return p().class("state waits").child((state_icon(&text.state), span().child(words))).into_any();
    }
    let words = format!("· {}", t(&format!("state-{}", text.state)));
    p().class("state").child((state_icon(&text.state), at, span().child(words), vanishes)).into_any()
}

/// The icon of how far a text is; for the eye alone.
pub(crate) fn state_icon(state: &str) -> impl IntoView + use<> {
    small_icon(match state {
        "waiting" => "clock",
        "sent" => "check",
        "delivered" => "checks",
        _ => "eye",
    })
}

/// A text in a few words, for a list.
pub(crate) fn brief(text: &Text) -> AnyView {
    let who = if text.mine { t("you-said") } else { String::new() };
    if text.gone {
        return t("gone").into_any();
    }
    if text.unknown {
        return t("unknown-content").into_any();
    }
    match text.files.first() {
        Some(file) if text.text.is_empty() => {
            let (picture, words) = match &file.voice {
                Some((length, _)) => {
                    ("microphone", t_with("voice-note", &[("length", moment::length(*length).into())]))
                }
                None if super::files::is_picture(file) => ("image", t("a-picture")),
                None => ("file", file.name.clone()),
            };
            (who, small_icon(picture), words).into_any()
        }
        _ => format!("{who}{}", text.text.replace('\n', " ")).into_any(),
    }
}

/// A term in words.
pub(crate) fn term(term: &str) -> String {
    t(&format!("term-{term}"))
}

/// What was said about how long texts stay.
pub(crate) fn expiry_words(name: &str, expiry: &Expiry) -> String {
    let who = if expiry.mine { "mine" } else { "theirs" };
    let term = expiry.term.as_deref().map(term).unwrap_or_else(|| t("term-unknown"));
    t_with(&format!("expiry-{}-{who}", expiry.act), &[("name", name.to_owned().into()), ("term", term.into())])
}

fn proposal(person: i64, name: &str, expiry: &Expiry) -> impl IntoView + use<> {
    let say = move |act: &'static str| {
        move || attempt(async move { ask(Expire { person, act: act.to_owned(), term: None }).await })
    };
    let answers = if expiry.mine {
        div().class("pair").child(press("compact", t("take-it-back"), say("withdraw"))).into_any()
    } else {
        div()
            .class("pair")
            .child((
                press("compact", t("keep-as-is"), say("decline")),
                press("compact accent", t("accept"), say("accept")),
            ))
            .into_any()
    };
    li().class("line asked").child((p().child(expiry_words(name, expiry)), answers))
}

/// A line that no side wrote.
pub(crate) fn notice_words(name: &str, notice: &Notice) -> String {
    let about = notice.about.map(moment::full).unwrap_or_default();
    let known = format!("notice-{}", notice.code);
    let put_in = [("name", name.to_owned().into()), ("time", about.into())];
    if crate::words::knows(&known) {
        return t_with(&known, &put_in);
    }
    // The codes of refusals: nobody let us in.
    t_with("notice-not-reached", &put_in)
}
