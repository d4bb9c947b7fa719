//! The few components that every screen is made of (see DESIGN.md), and what they share.

pub(crate) mod clipboard;
pub(crate) mod dialog;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod link;
pub(crate) mod monogram;
pub(crate) mod notify;
pub(crate) mod push;
pub(crate) mod qr;
pub(crate) mod rich;
pub(crate) mod save;
pub(crate) mod scan;
pub(crate) mod storage;
pub(crate) mod toast;
pub(crate) mod worker;

use std::future::Future;

use leptos::ev;
use leptos::html::{self, button, span};
use leptos::prelude::*;
use leptos::svg;
use leptos::task::spawn_local;
use talk::{Call, Trouble};
use wasm_bindgen::JsCast as _;

use crate::handset::ask;
use crate::state::State;
use crate::words::{knows, t};

/// What a question came to; none as long as nothing came.
pub(crate) type Loaded<T> = RwSignal<Option<Result<T, Trouble>>>;

/// An icon of the sprite in the page, for the eye alone.
pub(crate) fn icon(name: &'static str) -> impl IntoView {
    svg::svg().attr("class", "icon").attr("aria-hidden", "true").child(svg::r#use().attr("href", format!("#{name}")))
}

/// A small one.
pub(crate) fn small_icon(name: &'static str) -> impl IntoView {
    svg::svg()
        .attr("class", "icon small")
        .attr("aria-hidden", "true")
        .child(svg::r#use().attr("href", format!("#{name}")))
}

/// One that points the way one reads.
pub(crate) fn pointer(name: &'static str) -> impl IntoView {
    svg::svg()
        .attr("class", "icon points")
        .attr("aria-hidden", "true")
        .child(svg::r#use().attr("href", format!("#{name}")))
}

/// A button that is an icon; `label` is what it is called.
pub(crate) fn icon_button(name: &'static str, label: String, pressed: impl Fn() + 'static) -> impl IntoView {
    button()
        .r#type("button")
        .class("icon-button")
        .attr("aria-label", label.clone())
        .title(label)
        .on(ev::click, move |_| pressed())
        .child(icon(name))
}

/// A button with words.
pub(crate) fn press(class: &'static str, label: String, pressed: impl Fn() + 'static) -> impl IntoView {
    button().r#type("button").class(format!("button {class}")).on(ev::click, move |_| pressed()).child(label)
}

/// A button with words that shows when what it began is under way.
pub(crate) fn press_busy(
    class: &'static str,
    label: String,
    busy: RwSignal<bool>,
    pressed: impl Fn() + 'static,
) -> impl IntoView {
    button()
        .r#type("button")
        .class(format!("button {class}"))
        .attr("aria-busy", move || busy.get().then_some("true"))
        .prop("disabled", move || busy.get())
        .on(ev::click, move |_| pressed())
        .child(label)
}

/// Asks now, and again whenever what `question` reads changes. An answer that was overtaken is dropped.
pub(crate) fn fresh<C>(question: impl Fn() -> C + 'static) -> Loaded<C::Answer>
where
    C: Call + 'static,
    C::Answer: Send + Sync + 'static,
{
    let loaded: Loaded<C::Answer> = RwSignal::new(None);
    let turn = StoredValue::new(0_u64);
    Effect::new(move |_| {
        let call = question();
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        spawn_local(async move {
            let answer = ask(call).await;
            if turn.try_get_value() == Some(mine) {
                loaded.try_set(Some(answer));
            }
        });
    });
    loaded
}

/// Does something of which only the failure is said, in passing.
pub(crate) fn attempt<T>(work: impl Future<Output = Result<T, Trouble>> + 'static) {
    let state = State::get();
    spawn_local(async move {
        if let Err(trouble) = work.await {
            state.tell(&trouble);
        }
    });
}

/// As [`attempt`], with something that is busy meanwhile, and `done` at the end if it went well.
pub(crate) fn attempt_then<T: 'static>(
    busy: RwSignal<bool>,
    work: impl Future<Output = Result<T, Trouble>> + 'static,
    done: impl FnOnce(T) + 'static,
) {
    let state = State::get();
    busy.set(true);
    spawn_local(async move {
        let result = work.await;
        busy.try_set(false);
        match result {
            Ok(value) => done(value),
            Err(trouble) => state.tell(&trouble),
        }
    });
}

/// What went wrong, in the language that is spoken if its catalogue knows it.
pub(crate) fn sentence(trouble: &Trouble) -> String {
    let name = format!("trouble-{}", trouble.code);
    if knows(&name) {
        return t(&name);
    }
    let mut sentence = trouble.sentence.trim().to_owned();
    if let Some(first) = sentence.get(..1) {
        sentence = format!("{}{}", first.to_uppercase(), sentence.get(1..).unwrap_or_default());
    }
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// Bones where a list will be; seen only if it takes longer than a moment.
pub(crate) fn skeleton_rows(count: usize) -> impl IntoView {
    let row = || {
        html::div().class("row skeleton").child((
            html::div().class("bone round"),
            html::div().class("row-body").child((html::div().class("bone title"), html::div().class("bone long"))),
        ))
    };
    html::div()
        .class("waiting")
        .attr("aria-busy", "true")
        .child((span().class("sr-only").child(t("loading")), (0..count).map(|_| row()).collect_view()))
}

/// What is typed into the input or text area that an event is of.
pub(crate) fn typed(event: &web_sys::Event) -> String {
    let target = event.target();
    let input =
        target.as_ref().and_then(|target| target.dyn_ref::<web_sys::HtmlInputElement>()).map(|input| input.value());
    let area =
        || target.as_ref().and_then(|target| target.dyn_ref::<web_sys::HtmlTextAreaElement>()).map(|area| area.value());
    let select =
        || target.as_ref().and_then(|target| target.dyn_ref::<web_sys::HtmlSelectElement>()).map(|one| one.value());
    input.or_else(area).or_else(select).unwrap_or_default()
}

/// After so many milliseconds; never if the page is gone by then.
pub(crate) async fn pause(millis: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
        }
    });
    let _ = js_sys::futures::JsFuture::from(promise).await;
}

/// A number that differs for what differs, as good as always.
pub(crate) fn hash_of(bytes: &[u8]) -> u64 {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
