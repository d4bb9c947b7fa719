//! What comes over a screen: a sheet, a menu, a question. All are the browser's own modal dialogs, which keep the focus and
//! close with Escape.

use std::sync::Arc;

use leptos::ev;
use leptos::html::{self, button, dialog, div, h2, header, p};
use leptos::prelude::*;
use web_sys::HtmlDialogElement;

use crate::ui::{icon_button, press};
use crate::words::t;

/// Shows `inside` in a dialog of this class as long as `open` is true; closing it, however, makes that false.
pub(crate) fn modal<V: IntoView + 'static>(
    open: RwSignal<bool>,
    class: &'static str,
    label: String,
    inside: impl Fn() -> V + Send + Sync + 'static,
) -> impl IntoView {
    let inside = Arc::new(inside);
    move || {
        open.get().then(|| {
            let node = NodeRef::<html::Dialog>::new();
            Effect::new(move |_| {
                if let Some(dialog) = node.get() {
                    let dialog: &HtmlDialogElement = &dialog;
                    if !dialog.open() {
                        let _ = dialog.show_modal();
                    }
                }
            });
            let pressed = move |event: web_sys::MouseEvent| {
                // Beside it: only the dialog itself can be hit there.
                let beside = event.target().zip(node.get_untracked()).is_some_and(|(target, dialog)| {
                    let dialog: &web_sys::EventTarget = dialog.as_ref();
                    target == *dialog
                });
                if beside {
                    open.set(false);
                }
            };
            dialog()
                .class(class)
                .attr("aria-label", label.clone())
                .node_ref(node)
                .on(ev::close, move |_| open.set(false))
                .on(ev::click, pressed)
                .child(inside())
        })
    }
}

/// A sheet with a title and a way to close it.
pub(crate) fn sheet<V: IntoView + 'static>(
    open: RwSignal<bool>,
    title: String,
    inside: impl Fn() -> V + Send + Sync + 'static,
) -> impl IntoView {
    let label = title.clone();
    modal(open, "sheet", label, move || {
        (
            header().child((h2().child(title.clone()), icon_button("close", t("close"), move || open.set(false)))),
            inside(),
        )
    })
}

/// A question before what cannot be undone: the answer that does it, and the one that does not.
pub(crate) fn question(
    open: RwSignal<bool>,
    title: String,
    words: String,
    answer: String,
    agreed: impl Fn() + Send + Sync + 'static,
) -> impl IntoView {
    let agreed = Arc::new(agreed);
    modal(open, "question", title.clone(), move || {
        let agreed = Arc::clone(&agreed);
        let pressed = move || {
            open.set(false);
            agreed();
        };
        (
            h2().child(title.clone()),
            p().child(words.clone()),
            div().class("answers").child((
                press("danger", answer.clone(), pressed),
                // The answer that harms nothing is the one under the thumb, and has the focus.
                button()
                    .r#type("button")
                    .class("button primary")
                    .attr("autofocus", "")
                    .on(ev::click, move |_| open.set(false))
                    .child(t("leave-it")),
            )),
        )
    })
}
