//! Room on this device.

use leptos::html;
use leptos::html::{b, div, i, li, p, section, span, ul};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::GetRoom;
use talk::line::Room;

use crate::moment;
use crate::state::State;
use crate::ui::form::tell;
use crate::ui::{fresh, press, sentence, skeleton_rows};
use crate::words::{t, t_with};

/// The page.
pub(super) fn storage(state: State) -> impl IntoView {
    let asked = RwSignal::new(0_u32);
    let room = fresh(move || {
        asked.track();
        GetRoom {}
    });
    let persist = move || {
        spawn_local(async move {
            let kept = crate::ui::storage::persist().await;
            asked.try_update(|asked| *asked += 1);
            crate::ui::toast::Toast::say(state, t(if kept { "storage-kept" } else { "storage-not-kept" }));
        });
    };
    move || match room.get() {
        None => skeleton_rows(2).into_any(),
        Some(Err(trouble)) => p().class("soft").child(sentence(&trouble)).into_any(),
        Some(Ok(room)) => {
            let kept = if room.persistent {
                tell("good", "check", t("storage-kept")).into_any()
            } else {
                (tell("warn", "warning", t("storage-not-kept")), press("", t("ask-to-keep"), persist)).into_any()
            };
            (used(&room), kept, p().class("note").child(t("storage-hint"))).into_any()
        }
    }
}

fn used(room: &Room) -> impl IntoView + use<> {
    let all = room.database + room.files;
    let of = room.quota.map(|quota| {
        let words = t_with("of-room", &[("quota", moment::bytes(quota).into())]);
        span().class("soft").child(words)
    });
    let whole = room.quota.unwrap_or(all).max(all).max(1);
    let part = move |bytes: u64| bar(bytes as f64 / whole as f64);
    let named = |name: &str, bytes: u64| li().child(format!("{} {}", t(name), moment::bytes(bytes)));
    section().class("panel").child((
        p().child((b().child(moment::bytes(all)), " ", of)),
        div().class("room").attr("aria-hidden", "true").child((part(room.files), part(room.database))),
        ul().class("legend").child((named("files", room.files), named("texts", room.database))),
    ))
}

/// A part of the room; the style sheet makes its width of it.
fn bar(part: f64) -> impl IntoView {
    let node = NodeRef::<html::I>::new();
    Effect::new(move |_| {
        if let Some(bar) = node.get() {
            let bar: &web_sys::HtmlElement = &bar;
            let _ = bar.style().set_property("--part", &format!("{part:.4}"));
        }
    });
    i().node_ref(node)
}
