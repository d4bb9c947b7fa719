//! The app itself: its version, its hash, and how to compare that.

use leptos::html::{code, dd, div, dl, dt, p};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::screens::update::{grouped, served_hash};
use crate::ui::form::{fact, tell};
use crate::ui::press;
use crate::words::t;

/// The page.
pub(super) fn about() -> impl IntoView {
    let hash = RwSignal::new(None::<Option<String>>);
    let look = move || {
        hash.set(None);
        spawn_local(async move {
            let served = served_hash().await;
            hash.try_set(Some(served));
        });
    };
    look();
    let shown = move || match hash.get() {
        None => t("loading").into_any(),
        Some(None) => t("hash-unknown").into_any(),
        Some(Some(hash)) => code().class("ltr").child(grouped(&hash)).into_any(),
    };
    (
        div().class("panel").child(dl().class("facts").child((
            fact(t("version-word"), env!("CARGO_PKG_VERSION")),
            div().child((dt().child(t("hash-word")), dd().attr("role", "status").child(shown))),
        ))),
        p().class("soft").child(t("hash-explained")),
        tell("", "shield", t("hash-guards")),
        press("", t("look-again"), look),
        p().class("note").child(t("about-limits")),
    )
}
