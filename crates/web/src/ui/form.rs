//! What is typed and chosen: fields with their labels, one of a few, a switch.

use leptos::ev;
use leptos::html::{self, button, div, fieldset, input, label, legend, p, span};
use leptos::prelude::*;

use crate::ui::{icon, small_icon, typed};

/// A field of one line; `hint` stands under it.
pub(crate) fn field(
    id: &'static str,
    words: String,
    kind: &'static str,
    complete: &'static str,
    value: RwSignal<String>,
    hint: Option<String>,
) -> impl IntoView {
    field_of(id, words, kind, complete, value, hint, false)
}

/// The same, and what is over the page begins in it.
pub(crate) fn first_field(
    id: &'static str,
    words: String,
    kind: &'static str,
    complete: &'static str,
    value: RwSignal<String>,
    hint: Option<String>,
) -> impl IntoView {
    field_of(id, words, kind, complete, value, hint, true)
}

fn field_of(
    id: &'static str,
    words: String,
    kind: &'static str,
    complete: &'static str,
    value: RwSignal<String>,
    hint: Option<String>,
    is_first: bool,
) -> impl IntoView {
    let has_hint = hint.is_some();
    let described = if has_hint { format!("{id}-hint") } else { String::new() };
    div().class("field").child((
        label().attr("for", id).child(words),
        input()
            .attr("id", id)
            .class("input")
            .r#type(kind)
            .attr("dir", if kind == "text" { "auto" } else { "ltr" })
            .attr("autocomplete", complete)
            .attr("autofocus", is_first.then_some(""))
            .attr("aria-describedby", has_hint.then(|| described.clone()))
            .prop("value", move || value.get())
            .on(ev::input, move |event| value.set(typed(&event))),
        hint.map(|hint| p().attr("id", described).class("hint").child(hint)),
    ))
}

/// A field for an address, a link, or words of a card: nothing of it is anybody's language.
pub(crate) fn plain_field(
    id: &'static str,
    words: String,
    example: &'static str,
    value: RwSignal<String>,
) -> impl IntoView {
    div().class("field").child((
        label().attr("for", id).child(words),
        input()
            .attr("id", id)
            .class("input ltr")
            .r#type("text")
            .attr("inputmode", "url")
            .attr("autocomplete", "off")
            .attr("autocapitalize", "none")
            .attr("spellcheck", "false")
            .attr("placeholder", example)
            .prop("value", move || value.get())
            .on(ev::input, move |event| value.set(typed(&event))),
    ))
}

/// What is wrong, where it is: said as it appears.
pub(crate) fn wrong(id: &'static str, what: impl Fn() -> Option<String> + Send + 'static) -> impl IntoView {
    p().attr("id", id)
        .class("wrong")
        .attr("role", "alert")
        .child(move || what().map(|what| (small_icon("warning"), span().child(what))))
}

/// One of a few.
#[derive(Clone)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) words: String,
    pub(crate) note: Option<String>,
    /// The language of the words, and whether it runs from right to left, if it is another than the page's.
    pub(crate) language: Option<(&'static str, bool)>,
}

impl Choice {
    /// In one word or two.
    pub(crate) fn new(value: impl Into<String>, words: String) -> Self {
        Self { value: value.into(), words, note: None, language: None }
    }

    /// With a note under it.
    pub(crate) fn with_note(value: impl Into<String>, words: String, note: String) -> Self {
        Self { note: Some(note), ..Self::new(value, words) }
    }
}

/// A choice of one of a few; `class` is `stacked` where each has a line of its own.
pub(crate) fn choices(
    name: &'static str,
    class: &'static str,
    words: String,
    all: Vec<Choice>,
    chosen: impl Fn() -> String + Copy + Send + Sync + 'static,
    choose: impl Fn(String) + Copy + 'static,
) -> impl IntoView {
    let is_stacked = class == "stacked";
    let one = move |choice: Choice| {
        let value = choice.value.clone();
        let picked = choice.value.clone();
        let (language, direction) = match choice.language {
            Some((tag, is_rtl)) => (Some(tag), Some(if is_rtl { "rtl" } else { "ltr" })),
            None => (None, None),
        };
        let words = if is_stacked { span().child(choice.words).into_any() } else { choice.words.into_any() };
        label().class("choice").attr("lang", language).attr("dir", direction).child((
            input()
                .r#type("radio")
                .attr("name", name)
                .attr("value", choice.value)
                .prop("checked", move || chosen() == value)
                .on(ev::change, move |_| choose(picked.clone())),
            words,
            choice.note.map(|note| span().class("note").child(note)),
        ))
    };
    fieldset().class(format!("choices {class}")).child((legend().child(words), all.into_iter().map(one).collect_view()))
}

/// A line that switches something on and off; to be put into a panel.
pub(crate) fn switch(
    picture: &'static str,
    words: String,
    note: Option<String>,
    on: impl Fn() -> bool + Send + 'static,
    switched: impl Fn() + 'static,
) -> impl IntoView {
    button()
        .r#type("button")
        .class("setting switch")
        .attr("role", "switch")
        .attr("aria-checked", move || on().to_string())
        .on(ev::click, move |_| switched())
        .child((
            icon(picture),
            span().class("words").child((span().child(words), note.map(|note| span().class("note").child(note)))),
        ))
}

/// A line that does something at once, or asks first.
pub(crate) fn act(
    class: &'static str,
    picture: &'static str,
    words: String,
    note: Option<String>,
    pressed: impl Fn() + 'static,
) -> impl IntoView {
    html::li().child(
        button().r#type("button").class(format!("setting {class}")).on(ev::click, move |_| pressed()).child((
            icon(picture),
            span().class("words").child((span().child(words), note.map(|note| span().class("note").child(note)))),
        )),
    )
}

/// One thing to know, with its icon; `class` is `good`, `warn`, `danger` or nothing.
pub(crate) fn tell(class: &'static str, picture: &'static str, words: String) -> impl IntoView {
    p().class(format!("tell {class}")).child((icon(picture), span().child(words)))
}

/// A fact in a `<dl class="facts">`.
pub(crate) fn fact(name: String, value: impl IntoView) -> impl IntoView {
    div().child((html::dt().child(name), html::dd().child(value)))
}

/// How far something long is, once it is anywhere.
pub(crate) fn how_far(label: String, permille: RwSignal<u16>) -> impl IntoView {
    html::progress()
        .class("progress")
        .attr("aria-label", label)
        .attr("max", "1000")
        .attr("value", move || permille.get().to_string())
}
