//! Searching in everything that was said, or in one conversation.

use leptos::ev;
use leptos::html::{a, button, div, h1, header, input, label, li, mark, p, section, span, time, ul};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::Trouble;
use talk::calls::Search;
use talk::conversation::Found;

use crate::handset::ask;
use crate::moment;
use crate::route::Route;
use crate::state::State;
use crate::ui::frame::back;
use crate::ui::monogram::monogram;
use crate::ui::{icon, icon_button, pause, press, sentence, typed};
use crate::words::{t, t_with};

/// Texts that are shown at a time.
const STRIDE: u32 = 40;
/// Letters come faster than they are asked for.
const SETTLES: i32 = 60;
/// Words that are marked in one text, and bytes of it in which they are looked for: nobody's text shall freeze the list.
const MARKED: usize = 20;
const SHOWN: usize = 240;
/// What stands before a word that was found, in letters.
const BEFORE: usize = 40;

/// The screen.
pub(crate) fn search(state: State) -> impl IntoView {
    let words = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Result<Vec<Found>, Trouble>>);
    let more = RwSignal::new(false);
    let scope = state.scope;
    let turn = StoredValue::new(0_u64);
    let look = move || {
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        spawn_local(async move {
            pause(SETTLES).await;
            let asked = words.try_get_untracked().unwrap_or_default();
            if turn.try_get_value() != Some(mine) {
                return;
            }
            if asked.trim().is_empty() {
                found.set(None);
                return;
            }
            let answer = ask(Search { words: asked, person: scope.get_untracked(), before: None, limit: STRIDE }).await;
            if turn.try_get_value() == Some(mine) {
                more.set(answer.as_ref().is_ok_and(|all| all.len() >= STRIDE as usize));
                found.set(Some(answer));
            }
        });
    };
    Effect::new(move |_| {
        words.track();
        scope.track();
        look();
    });
    on_cleanup(move || scope.set(None));
    let further = move || {
        let before = found.with_untracked(|found| Some(found.as_ref()?.as_ref().ok()?.last()?.text.id.clone()));
        spawn_local(async move {
            let call = Search { words: words.get_untracked(), person: scope.get_untracked(), before, limit: STRIDE };
            if let Ok(answer) = ask(call).await {
                more.set(answer.len() >= STRIDE as usize);
                found.update(|found| {
                    if let Some(Ok(found)) = found {
                        found.extend(answer);
                    }
                });
            }
        });
    };
    let count = move || match &*found.read() {
        None => t("search-hint"),
        Some(Err(trouble)) => sentence(trouble),
        Some(Ok(all)) if all.is_empty() => t("nothing-found"),
        Some(Ok(all)) => t_with("found", &[("count", all.len().into()), ("more", u32::from(more.get()).into())]),
    };
    let rows = move || {
        let asked = words.get_untracked();
        let all = found.get().and_then(Result::ok).unwrap_or_default();
        all.into_iter().map(|one| hit(state, one, &asked)).collect_view()
    };
    let scoped = move || {
        scope.get().map(|_| {
            div().class("pills scope").child(press("compact", t("search-everywhere"), move || scope.set(None)))
        })
    };
    let field = div().class("search-field").attr("role", "search").child((
        icon("search"),
        label().class("sr-only").attr("for", "search-words").child(t("search-everything")),
        input()
            .attr("id", "search-words")
            .class("input")
            .r#type("search")
            .attr("autocomplete", "off")
            .attr("dir", "auto")
            .attr("autofocus", "")
            .attr("placeholder", t("search-everything"))
            .prop("value", move || words.get())
            .on(ev::input, move |event| words.set(typed(&event))),
    ));
    section().class("screen").attr("aria-label", t("search")).child((
        header().class("top").child((back(Route::Conversations), field, move || {
            (!words.get().is_empty()).then(|| icon_button("close", t("clear"), move || words.set(String::new())))
        })),
        scoped,
        div().class("scroll").child((
            h1().class("sr-only").child(t("search")),
            p().class("part").attr("role", "status").child(span().child(count)),
            ul().class("rows").attr("aria-label", t("found-texts")).child(rows),
            move || {
                more.get().then(|| {
                    p().class("center").child(
                        button()
                            .r#type("button")
                            .class("button compact")
                            .on(ev::click, move |_| further())
                            .child(t("more")),
                    )
                })
            },
        )),
    ))
}

fn hit(state: State, found: Found, words: &str) -> impl IntoView + use<> {
    let route = Route::Conversation(found.id);
    let hash = route.hash();
    let (person, id) = (found.id, found.text.id.clone());
    let pressed = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        state.found.set(Some((person, id.clone())));
        state.go(&route);
    };
    let who = found.text.mine.then(|| t("you-said"));
    li().class("hit").child(a().class("row").href(hash).on(ev::click, pressed).child((
        monogram(&found.person, "", ""),
        span().class("row-body").child((
            span().class("row-line").child((
                span().class("name").attr("dir", "auto").child(found.person.clone()),
                time().class("time").child(moment::brief(found.text.sent_at)),
            )),
            span().class("last").attr("dir", "auto").child((who, marked(&found.text.text, words))),
        )),
    )))
}

/// The text around the first word that was found, with what was found marked.
fn marked(text: &str, words: &str) -> Vec<AnyView> {
    let words: Vec<String> =
        words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let flat = text.replace('\n', " ");
    // As long as letters keep their length in lower case, places are the same in both.
    let lower: String = flat
        .chars()
        .flat_map(|c| if c.to_lowercase().count() == 1 { c.to_lowercase().next() } else { Some(c) })
        .collect();
    let starts = |at: usize| lower.get(..at).is_some_and(|before| !before.ends_with(char::is_alphanumeric));
    let mut spans: Vec<(usize, usize)> = Vec::new();
    if lower.len() == flat.len() {
        for word in &words {
            spans.extend(
                lower.match_indices(word.as_str()).filter(|(at, _)| starts(*at)).map(|(at, one)| (at, at + one.len())),
            );
        }
    }
    spans.sort_unstable();
    let first = spans.first().map_or(0, |(from, _)| *from);
    let from = flat.get(..first).map_or(0, |before| before.char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at));
    let mut shown: Vec<AnyView> = Vec::new();
    if from > 0 {
        shown.push("… ".into_any());
    }
    let mut at = from;
    for (begin, end) in spans.into_iter().take(MARKED) {
        if begin < at {
            continue;
        }
        if begin > from + SHOWN {
            break;
        }
        shown.push(flat.get(at..begin).unwrap_or_default().to_owned().into_any());
        shown.push(mark().child(flat.get(begin..end).unwrap_or_default().to_owned()).into_any());
        at = end;
    }
    shown.push(flat.get(at..).unwrap_or_default().chars().take(200).collect::<String>().into_any());
    shown
}
