//! Where one writes: words, files, voice notes; what is written stays until it is sent.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::Array;
use leptos::ev;
use leptos::html::{self, button, div, form, input, label, li, p, span, textarea, ul};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::{GetDraft, Say, SetDraft};
use wasm_bindgen::JsCast as _;
use web_sys::{File, KeyboardEvent};

use super::Open;
use super::recorder::{Recording, recorder};
use crate::handset::{ask, ask_with};
use crate::moment;
use crate::screens::entries::quoted;
use crate::ui::{icon, icon_button, pause, press, small_icon, typed};
use crate::words::{t, t_with};

/// How long after the last letter a draft is kept.
const SETTLES: i32 = 400;
/// Files with one text, and bytes of one (see `protocol::limits`).
const FILES: usize = protocol::limits::FILES;

/// What is written.
#[derive(Clone, Copy)]
struct Writing {
    words: RwSignal<String>,
    files: RwSignal<Vec<File>, LocalStorage>,
    busy: RwSignal<bool>,
    /// Grows with every letter and every sending; outlives the screen, since a draft is kept after it is left.
    turn: StoredValue<Rc<Cell<u64>>, LocalStorage>,
    field: NodeRef<html::Textarea>,
    chooser: NodeRef<html::Input>,
}

/// The composer; where one cannot write, why.
pub(super) fn composer(open: Open) -> impl IntoView {
    let state_of =
        Memo::new(move |_| open.who.with(|who| who.as_ref().map(|who| who.state.clone()).unwrap_or_default()));
    move || match state_of.get().as_str() {
        "blocked" => closed(open).into_any(),
        _ => writing(open).into_any(),
    }
}

fn closed(open: Open) -> impl IntoView {
    let person = open.person;
    let unblock = move || {
        crate::ui::attempt(async move { ask(talk::calls::Block { person, blocked: false }).await });
    };
    div().class("composer-closed").child((p().child(t("blocked-composer")), press("compact", t("unblock"), unblock)))
}

fn writing(open: Open) -> impl IntoView {
    let writing = Writing {
        words: RwSignal::new(String::new()),
        files: RwSignal::new_local(Vec::new()),
        busy: RwSignal::new(false),
        turn: StoredValue::new_local(Rc::default()),
        field: NodeRef::new(),
        chooser: NodeRef::new(),
    };
    bring_draft(open, writing);
    let recording = Recording::new(open);
    // What was answered changed, or was taken away: the draft knows it too.
    Effect::new(move |before: Option<()>| {
        open.reply.track();
        if before.is_some() {
            keep_draft(open, writing);
            if let Some(field) = writing.field.get_untracked() {
                let _ = field.focus();
            }
        }
    });
    let submitted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        send(open, writing);
    };
    let is_recording = move || recording.is_on();
    let line = move || {
        if is_recording() {
            return recorder(recording).into_any();
        }
        (attach(writing), field(open, writing), right(open, writing, recording)).into_any()
    };
    form().class("composer").on(ev::submit, submitted).child((
        move || open.reply.get().map(|quote| reply(open, &quote)),
        files(writing),
        recording.left_over(),
        div().class("composer-line").child(line),
        move || is_recording().then(|| p().class("composer-note").child(t("recording-note"))),
    ))
}

fn reply(open: Open, quote: &talk::conversation::Quote) -> impl IntoView + use<> {
    let name = open.who.with_untracked(|who| who.as_ref().map(|who| who.person.clone()).unwrap_or_default());
    div().class("composer-reply").child((
        quoted(&name, quote, move |id| open.pressed.jump.set(Some(id))),
        icon_button("close", t("no-reply"), move || open.reply.set(None)),
    ))
}

fn field(open: Open, writing: Writing) -> impl IntoView {
    let changed = move |event: web_sys::Event| {
        writing.words.set(typed(&event));
        keep_draft(open, writing);
    };
    let pressed = move |event: KeyboardEvent| {
        // On a phone the key makes a new line, and the button sends.
        let by_keyboard = web_sys::window()
            .and_then(|window| window.match_media("(pointer: fine)").ok().flatten())
            .is_some_and(|media| media.matches());
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() && by_keyboard {
            event.prevent_default();
            send(open, writing);
        } else if event.key() == "Escape" && open.reply.with_untracked(Option::is_some) {
            event.prevent_default();
            open.reply.set(None);
        }
    };
    let pasted = move |event: web_sys::ClipboardEvent| {
        let files = event.clipboard_data().and_then(|data| data.files());
        if files.as_ref().is_some_and(|files| files.length() > 0) {
            event.prevent_default();
            add(open, writing, files);
        }
    };
    (
        label().class("sr-only").attr("for", "write").child(t("write")),
        textarea()
            .attr("id", "write")
            .class("composer-field")
            .attr("rows", "1")
            .attr("dir", "auto")
            .attr("enterkeyhint", "enter")
            .attr("placeholder", t("between-the-two-of-you"))
            .node_ref(writing.field)
            .prop("value", move || writing.words.get())
            .on(ev::input, changed)
            .on(ev::keydown, pressed)
            .on(ev::paste, pasted),
    )
}

fn attach(writing: Writing) -> impl IntoView {
    let chosen = move |_| {
        if let Some(chooser) = writing.chooser.get_untracked() {
            chooser.click();
        }
    };
    button()
        .r#type("button")
        .class("icon-button framed")
        .attr("aria-label", t("attach"))
        .on(ev::click, chosen)
        .child(icon("plus"))
}

/// Sends what is written; records where nothing is.
fn right(open: Open, writing: Writing, recording: Recording) -> impl IntoView {
    let is_empty =
        Memo::new(move |_| writing.words.with(|words| words.trim().is_empty()) && writing.files.with(Vec::is_empty));
    move || {
        if is_empty.get() {
            button()
                .r#type("button")
                .class("icon-button framed")
                .attr("aria-label", t("record"))
                .on(ev::click, move |_| recording.begin())
                .child(icon("microphone"))
                .into_any()
        } else {
            let _ = open;
            button()
                .r#type("submit")
                .class("icon-button accent")
                .attr("aria-label", t("send"))
                .prop("disabled", move || writing.busy.get())
                .child(icon("send"))
                .into_any()
        }
    }
}

fn files(writing: Writing) -> impl IntoView {
    let open = StoredValue::new_local(());
    let _ = open;
    let chosen = move |_| {
        let Some(chooser) = writing.chooser.get_untracked() else { return };
        writing.files.update(|all| take(all, chooser.files()));
        // The same file may be chosen again.
        chooser.set_value("");
    };
    let one = move |(place, file): (usize, File)| {
        let drop_it = move || writing.files.update(|all| drop(all.remove(place)));
        let label = t_with("drop-file", &[("name", file.name().into())]);
        li().child((
            small_icon("file"),
            span().child(format!(" {} · {}", file.name(), moment::bytes(file.size() as u64))),
            icon_button("close", label, drop_it),
        ))
    };
    let list = move || {
        let all = writing.files.get();
        (!all.is_empty()).then(|| {
            ul().class("composer-files")
                .attr("aria-label", t("files-to-send"))
                .child(all.into_iter().enumerate().map(one).collect_view())
        })
    };
    let chooser = input()
        .r#type("file")
        .attr("multiple", "")
        .attr("hidden", "")
        .attr("aria-label", t("attach"))
        .node_ref(writing.chooser)
        .on(ev::change, chosen);
    (list, chooser)
}

fn take(all: &mut Vec<File>, files: Option<web_sys::FileList>) {
    let Some(files) = files else { return };
    all.extend((0..files.length()).filter_map(|at| files.get(at)));
    all.truncate(FILES);
}

fn add(open: Open, writing: Writing, files: Option<web_sys::FileList>) {
    let _ = open;
    writing.files.update(|all| take(all, files));
}

fn send(open: Open, writing: Writing) {
    let text = writing.words.get_untracked();
    let files = writing.files.get_untracked();
    if writing.busy.get_untracked() || (text.trim().is_empty() && files.is_empty()) {
        return;
    }
    writing.busy.set(true);
    next_turn(writing);
    let reply_to = open.reply.get_untracked().map(|quote| quote.id);
    let person = open.person;
    spawn_local(async move {
        let beside: Array = files.iter().map(wasm_bindgen::JsValue::from).collect();
        // Sealing files takes its time: what was written is kept until it is said, which forgets the draft.
        let _ = ask(SetDraft { person, text: text.clone(), reply_to: reply_to.clone() }).await;
        let said = ask_with(Say { person, text: text.clone(), reply_to }, beside.unchecked_ref()).await;
        writing.busy.try_set(false);
        match said {
            Ok(_) => {
                // What was typed since, or changed, is the next text.
                writing.words.try_update(|words| {
                    if let Some(more) = words.strip_prefix(text.as_str()) {
                        *words = more.to_owned();
                    }
                });
                writing.files.try_update(Vec::clear);
                open.reply.try_set(None);
                if writing.words.try_with_untracked(|words| !words.is_empty()) == Some(true) {
                    keep_draft(open, writing);
                }
                open.sent.try_update(|sent| *sent += 1);
            }
            Err(trouble) => open.state.tell(&trouble),
        }
        if let Some(field) = writing.field.try_get_untracked().flatten() {
            let _ = field.focus();
        }
    });
}

/// What was to be kept before is overtaken.
fn next_turn(writing: Writing) -> (Rc<Cell<u64>>, u64) {
    let turns = writing.turn.try_get_value().unwrap_or_default();
    turns.set(turns.get() + 1);
    let turn = turns.get();
    (turns, turn)
}

fn bring_draft(open: Open, writing: Writing) {
    let person = open.person;
    spawn_local(async move {
        let Ok(draft) = ask(GetDraft { person }).await else { return };
        if writing.words.try_with_untracked(String::is_empty) == Some(true) {
            writing.words.try_set(draft.text);
            if draft.reply_to.is_some() {
                open.reply.try_set(draft.reply_to);
            }
        }
    });
}

/// Keeps what is written, once the person pauses.
fn keep_draft(open: Open, writing: Writing) {
    let (turns, turn) = next_turn(writing);
    let person = open.person;
    let reply_to = open.reply.get_untracked().map(|quote| quote.id);
    let text = writing.words.get_untracked();
    spawn_local(async move {
        pause(SETTLES).await;
        // Gone to another screen meanwhile, it is kept all the same; sent meanwhile, it is no draft.
        if turns.get() == turn {
            let _ = ask(SetDraft { person, text, reply_to }).await;
        }
    });
}
