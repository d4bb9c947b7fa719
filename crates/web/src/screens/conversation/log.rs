//! The texts: a window onto the conversation that grows as one scrolls, and follows the newest as long as that is seen.

use std::collections::HashMap;

use leptos::ev;
use leptos::html::{self, div, ol};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::{MarkSeen, Read};
use talk::conversation::{At, Entry, Stretch};

use super::Open;
use crate::handset::ask;
use crate::moment;
use crate::screens::entries::{Placed, entry};
use crate::ui::{hash_of, icon, skeleton_rows};
use crate::words::{t, t_with};

/// Entries that are asked for at a time.
const STRIDE: u32 = 60;
/// Entries that are drawn at most: beyond it the far end goes.
const MOST: usize = 360;
/// So near to an end, in pixels, more is asked for.
const NEAR: i32 = 900;
/// So near to the newest, one reads it.
const AT_END: i32 = 60;

/// What is drawn of the conversation.
#[derive(Clone, Copy)]
struct Window {
    stretch: RwSignal<Option<Stretch>>,
    /// Something is asked for.
    asking: StoredValue<bool>,
    /// Grows when another stretch is drawn: what was asked of the one before is dropped.
    turn: StoredValue<u64>,
    /// Where "new" begins; stays while the conversation is open.
    new_from: RwSignal<Option<String>>,
    /// Whether the newest is seen.
    at_end: RwSignal<bool>,
    node: NodeRef<html::Div>,
}

impl Window {
    /// Draws another stretch.
    fn draw(self, stretch: Stretch) {
        self.turn.try_update_value(|turn| *turn += 1);
        self.stretch.try_set(Some(stretch));
    }
}

/// The texts.
pub(super) fn log(open: Open) -> impl IntoView {
    let window = Window {
        stretch: RwSignal::new(None),
        asking: StoredValue::new(false),
        turn: StoredValue::new(0),
        new_from: RwSignal::new(None),
        at_end: RwSignal::new(true),
        node: NodeRef::new(),
    };
    begin(open, window);
    // What came while the phone was away is seen when it is taken up again, and what is unseen once that is known.
    let back = window_event_listener_untyped("visibilitychange", move |_| look(open, window));
    on_cleanup(move || back.remove());
    Effect::new(move |_| {
        open.who.track();
        look(open, window);
    });
    follow_changes(open, window);
    follow_jumps(open, window);
    let name = move || open.who.with(|who| who.as_ref().map(|who| who.person.clone()).unwrap_or_default());
    let placed = Memo::new(move |_| {
        window.stretch.with(|stretch| stretch.as_ref().map(|stretch| place(stretch, window)).unwrap_or_default())
    });
    // What is drawn follows what is known of it, so that a voice note plays on when its text is seen.
    let known = Memo::new(move |_| {
        let with_id = |placed: &Placed| Some((id_of(&placed.entry)?, placed.clone()));
        placed.with(|all| all.iter().filter_map(with_id).collect::<HashMap<_, _>>())
    });
    let is_there = Memo::new(move |_| window.stretch.with(Option::is_some));
    let is_empty = Memo::new(move |_| {
        window.stretch.with(|stretch| stretch.as_ref().is_some_and(|stretch| stretch.entries.is_empty()))
    });
    let scrolled = move |_| {
        let Some(log) = window.node.try_get_untracked().flatten() else { return };
        let (top, height, seen) = (log.scroll_top(), log.scroll_height(), log.client_height());
        // Counted from the newest: the column is laid out from its foot.
        let (from_end, from_begin) = (-top, height - seen + top);
        look(open, window);
        let (more_before, more_after) = window
            .stretch
            .with_untracked(|stretch| stretch.as_ref().map_or((false, false), |s| (s.more_before, s.more_after)));
        if from_begin < NEAR && more_before {
            extend(open, window, true);
        } else if from_end < NEAR && more_after {
            extend(open, window, false);
        }
    };
    let draw = move |first: Placed| {
        let id = id_of(&first.entry);
        let now = Memo::new(move |_| {
            let found = id.as_ref().and_then(|id| known.with(|known| known.get(id).cloned()));
            found.unwrap_or_else(|| first.clone())
        });
        entry(open.state, open.person, name(), now, open.pressed)
    };
    let rows = For(ForProps { each: move || placed.get(), key: |placed: &Placed| key(placed), children: draw });
    let unseen = move || {
        let shown = !window.at_end.get() || window.stretch.with(|s| s.as_ref().is_some_and(|s| s.more_after));
        shown.then(|| {
            html::button()
                .r#type("button")
                .class("jump")
                .attr("aria-label", t("to-the-newest"))
                .on(ev::click, move |_| newest(open, window))
                .child(icon("down"))
        })
    };
    let empty = move || {
        is_empty.get().then(|| {
            let words = t_with("conversation-empty", &[("name", name().into())]);
            div().class("line").child(words)
        })
    };
    (
        div()
            .class("log")
            .attr("role", "log")
            .attr("tabindex", "0")
            .attr("aria-label", t("texts"))
            .node_ref(window.node)
            .on(ev::scroll, scrolled)
            .child(div().class("log-inside").child((
                move || (!is_there.get()).then(|| skeleton_rows(4)),
                empty,
                ol().class("texts").child(rows),
                super::silence(open),
            ))),
        div().class("jump-place").child(unseen),
    )
}

/// Reads where one left off.
fn begin(open: Open, window: Window) {
    let at = match open.pressed.jump.get_untracked() {
        Some(id) => At::Around(id),
        None => At::Unseen,
    };
    spawn_local(async move {
        let read = ask(Read { person: open.person, at, limit: STRIDE }).await;
        match read {
            Ok(stretch) => {
                window.new_from.try_set(stretch.first_unseen.clone());
                window.draw(stretch);
                next_frame(move || look(open, window));
            }
            Err(trouble) => open.state.tell(&trouble),
        }
    });
}

/// Sees how far one has come, and says so if that is the newest.
fn look(open: Open, window: Window) {
    let Some(log) = window.node.try_get_untracked().flatten() else { return };
    let at_end = -log.scroll_top() < AT_END;
    window.at_end.try_set(at_end);
    let more_after = window.stretch.try_with_untracked(|s| s.as_ref().is_none_or(|s| s.more_after)).unwrap_or(true);
    if at_end && !more_after {
        saw(open);
    }
}

/// The person sees the newest, if the page is seen at all.
fn saw(open: Open) {
    let hidden = web_sys::window().and_then(|window| window.document()).is_none_or(|document| document.hidden());
    let unseen = open.who.try_with_untracked(|who| who.as_ref().is_some_and(|who| who.unseen > 0)).unwrap_or(false);
    if !hidden && unseen {
        let person = open.person;
        spawn_local(async move {
            // Said again with the next text.
            let _ = ask(MarkSeen { person }).await;
        });
    }
}

/// Draws anew what changed. Where one reads stays where it is.
fn follow_changes(open: Open, window: Window) {
    let version = open.state.person(open.person);
    Effect::new(move |before: Option<(u64, u64)>| {
        let now = (version.get(), open.sent.get());
        let Some(before) = before else { return now };
        let sent = now.1 != before.1;
        if now == before {
            return now;
        }
        spawn_local(async move { reread(open, window, sent).await });
        now
    });
}

async fn reread(open: Open, window: Window, sent: bool) {
    let state = window.stretch.with_untracked(|stretch| {
        let stretch = stretch.as_ref()?;
        Some((stretch.entries.len(), stretch.more_after, first_id(stretch)))
    });
    let Some((count, more_after, _)) = state else { return };
    if more_after && !sent {
        // Far from the newest: only what is drawn may have changed.
        let Some(middle) = window.stretch.with_untracked(|s| s.as_ref().and_then(middle_id)) else { return };
        let limit = u32::try_from(count).unwrap_or(STRIDE);
        if let Ok(stretch) = ask(Read { person: open.person, at: At::Around(middle), limit }).await {
            window.draw(stretch);
        }
        return;
    }
    let limit = u32::try_from(count.clamp(STRIDE as usize, MOST)).unwrap_or(STRIDE);
    let Ok(stretch) = ask(Read { person: open.person, at: At::Newest, limit }).await else { return };
    let Some(log) = window.node.try_get_untracked().flatten() else { return };
    let (top, height) = (log.scroll_top(), log.scroll_height());
    let stays = !sent && !window.at_end.get_untracked();
    if window.stretch.with_untracked(|now| now.as_ref() == Some(&stretch)) {
        return;
    }
    window.draw(stretch);
    if stays {
        // What one reads does not move when something is added below it.
        next_frame(move || log.set_scroll_top(top - (log.scroll_height() - height)));
    } else {
        next_frame(move || {
            log.set_scroll_top(0);
            look(open, window);
        });
    }
}

/// Adds what is before or after what is drawn.
fn extend(open: Open, window: Window, before: bool) {
    if window.asking.get_value() {
        return;
    }
    let from = window.stretch.with_untracked(|stretch| {
        let stretch = stretch.as_ref()?;
        if before { first_id(stretch) } else { last_id(stretch) }
    });
    let Some(from) = from else { return };
    window.asking.set_value(true);
    let turn = window.turn.get_value();
    spawn_local(async move {
        let at = if before { At::Before(from) } else { At::After(from) };
        let more = ask(Read { person: open.person, at, limit: STRIDE }).await;
        window.asking.try_set_value(false);
        let Ok(mut more) = more else { return };
        if window.turn.try_get_value() != Some(turn) {
            return;
        }
        let log = window.node.try_get_untracked().flatten();
        let (top, height) = log.as_ref().map_or((0, 0), |log| (log.scroll_top(), log.scroll_height()));
        window.stretch.try_update(|stretch| {
            let Some(now) = stretch else { return };
            // What no side wrote may be given with both neighbours.
            more.entries.retain(|entry| !now.entries.contains(entry));
            if before {
                more.entries.append(&mut now.entries);
                now.entries = more.entries;
                now.more_before = more.more_before;
                if now.entries.len() > MOST {
                    now.entries.truncate(MOST);
                    now.more_after = true;
                }
            } else {
                now.entries.append(&mut more.entries);
                now.more_after = more.more_after;
                let over = now.entries.len().saturating_sub(MOST);
                if over > 0 {
                    now.entries.drain(..over);
                    now.more_before = true;
                }
            }
        });
        // Counted from the foot, what is added above moves nothing; what changes below does.
        if let Some(log) = log.filter(|_| !before) {
            next_frame(move || log.set_scroll_top(top - (log.scroll_height() - height)));
        }
    });
}

fn newest(open: Open, window: Window) {
    let more_after = window.stretch.with_untracked(|s| s.as_ref().is_some_and(|s| s.more_after));
    if more_after {
        spawn_local(async move {
            if let Ok(stretch) = ask(Read { person: open.person, at: At::Newest, limit: STRIDE }).await {
                window.draw(stretch);
                if let Some(log) = window.node.try_get_untracked().flatten() {
                    next_frame(move || log.set_scroll_top(0));
                }
            }
        });
    } else if let Some(log) = window.node.try_get_untracked().flatten() {
        log.set_scroll_top(0);
    }
    next_frame(move || look(open, window));
}

/// Goes to a text, reading around it if it is not drawn.
fn follow_jumps(open: Open, window: Window) {
    Effect::new(move |_| {
        let Some(id) = open.pressed.jump.get() else { return };
        // Once there is something to jump in.
        if !window.stretch.with(Option::is_some) {
            return;
        }
        open.pressed.jump.set(None);
        open.pressed.found.set(Some(id.clone()));
        spawn_local(async move {
            let is_drawn = window.stretch.with_untracked(|stretch| {
                let has = |entry: &Entry| matches!(entry, Entry::Text(text) if text.id == id);
                stretch.as_ref().is_some_and(|stretch| stretch.entries.iter().any(has))
            });
            if !is_drawn {
                let around = ask(Read { person: open.person, at: At::Around(id.clone()), limit: STRIDE }).await;
                match around {
                    Ok(stretch) => window.draw(stretch),
                    Err(trouble) => return open.state.tell(&trouble),
                }
            }
            next_frame(move || show(window, &id));
            crate::ui::pause(4_000).await;
            open.pressed.found.try_set(None);
        });
    });
}

fn show(window: Window, id: &str) {
    let Some(log) = window.node.try_get_untracked().flatten() else { return };
    if let Ok(Some(text)) = log.query_selector(&format!("[data-id=\"{id}\"]")) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Center);
        text.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

fn id_of(entry: &Entry) -> Option<String> {
    match entry {
        Entry::Text(text) => Some(text.id.clone()),
        Entry::Expiry(expiry) => Some(expiry.id.clone()),
        Entry::Notice(_) => None,
    }
}

fn first_id(stretch: &Stretch) -> Option<String> {
    stretch.entries.iter().find_map(id_of)
}

fn last_id(stretch: &Stretch) -> Option<String> {
    stretch.entries.iter().rev().find_map(id_of)
}

fn middle_id(stretch: &Stretch) -> Option<String> {
    stretch.entries.get(stretch.entries.len() / 2..)?.iter().find_map(id_of)
}

/// Where days and runs begin and end.
fn place(stretch: &Stretch, window: Window) -> Vec<Placed> {
    let entries = &stretch.entries;
    let new_from = window.new_from.get();
    let last_proposal = entries.iter().rposition(|entry| matches!(entry, Entry::Expiry(_)));
    let last_mine = entries.iter().rposition(|entry| matches!(entry, Entry::Text(text) if text.mine && !text.gone));
    entries
        .iter()
        .enumerate()
        .map(|(at, entry)| {
            let before = at.checked_sub(1).and_then(|before| entries.get(before));
            let day = moment::day_number(entry.at());
            Placed {
                entry: entry.clone(),
                begins_day: before.is_none_or(|before| moment::day_number(before.at()) != day),
                begins_new: new_from.is_some() && id_of(entry) == new_from,
                ends_run: last_mine == Some(at) || ends_run(entry, entries.get(at + 1)),
                is_open: last_proposal == Some(at),
            }
        })
        .collect()
}

/// Texts of one side within a few minutes are a run.
fn ends_run(entry: &Entry, next: Option<&Entry>) -> bool {
    const TOGETHER: u64 = 5 * 60 * 1000;
    match (entry, next) {
        (Entry::Text(text), Some(Entry::Text(next))) => {
            text.mine != next.mine || next.sent_at.abs_diff(text.sent_at) > TOGETHER || text.state != next.state
        }
        (Entry::Text(_), _) => true,
        _ => false,
    }
}

/// What is drawn anew when it changes: of a text what it is, but not how far it or its files are.
fn key(placed: &Placed) -> u64 {
    let flags = [placed.begins_day, placed.begins_new, placed.is_open];
    match &placed.entry {
        Entry::Text(text) => {
            let files: Vec<&str> = text.files.iter().map(|file| file.blob.as_str()).collect();
            let what = (&text.id, &text.text, text.gone, text.unknown, &text.reply_to, files);
            hash_of(&talk::encode(&(what, flags)))
        }
        other => hash_of(&talk::encode(&(other, flags))),
    }
}

fn next_frame(work: impl FnOnce() + 'static) {
    request_animation_frame(work);
}
