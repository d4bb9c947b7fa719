//! The settings: a list, and a page for each part of it.

mod about;
mod backup;
mod erase;
mod lock;
mod look;
mod storage;
mod woken;

use leptos::html::{div, h2, p, section, span, ul};
use leptos::prelude::*;
use talk::calls::{GetRoom, Lock, Mine, SetWishes};
use talk::line::Wishes;

use crate::handset::ask;
use crate::moment;
use crate::route::{Route, Setting};
use crate::state::State;
use crate::ui::form::act;
use crate::ui::frame::{Around, detail, list_screen};
use crate::ui::link::setting_way;
use crate::ui::monogram::monogram;
use crate::ui::{attempt, fresh};
use crate::words::{spoken, t, t_with};

pub(crate) use woken::tell_words;

/// The list.
pub(crate) fn settings(state: State) -> impl IntoView {
    let me = fresh(move || {
        state.wishes.track();
        Mine {}
    });
    let room = fresh(|| GetRoom {});
    let own = move || match &*me.read() {
        Some(Ok(me)) => Some((me.name.clone(), me.office.clone(), me.switchboard.clone())),
        _ => None,
    };
    let portrait = move || {
        own().map(|(name, office, switchboard)| {
            let office = if office.is_empty() { switchboard } else { office };
            div().class("panel").child(span().class("portrait").child((
                monogram(&name, "", ""),
                span().class("row-body").child((
                    span().class("name").attr("dir", "auto").child(name),
                    span().class("note").attr("dir", "auto").child(office),
                )),
            )))
        })
    };
    let wish = move |of: fn(&Wishes) -> String| move || state.wishes.with(of);
    let to = Route::Setting;
    let backup_at = move || match &*me.read() {
        Some(Ok(me)) => Some(me.backup_at.map_or_else(|| t("never"), moment::day)),
        _ => None,
    };
    let used = move || match &*room.read() {
        Some(Ok(room)) => Some(moment::bytes(room.database + room.files)),
        _ => None,
    };
    let look = group(
        t("how-it-looks"),
        (
            setting_way("language", t("language"), None, spoken().name, to(Setting::Look)),
            setting_way("moon", t("theme"), None, wish(look::theme_words), to(Setting::Look)),
            setting_way("text-size", t("text-size"), None, wish(look::size_words), to(Setting::Look)),
        ),
    );
    let reached = group(
        t("being-reached"),
        (
            setting_way("bell", t("what-notifications-show"), None, wish(woken::shows_words), to(Setting::Woken)),
            setting_way("retry", t("waking"), Some(t("waking-hint")), (), to(Setting::Woken)),
        ),
    );
    let lock_now = move || attempt(async { ask(Lock {}).await });
    let handset = group(
        t("this-handset"),
        (
            setting_way("timer", t("locks-itself"), None, wish(lock::after_words), to(Setting::Lock)),
            setting_way("key", t("passphrase-and-passkey"), None, (), to(Setting::Lock)),
            setting_way("download", t("backup"), None, backup_at, to(Setting::Backup)),
            setting_way("storage", t("storage"), None, used, to(Setting::Storage)),
            setting_way("info", t("about-the-app"), None, env!("CARGO_PKG_VERSION"), to(Setting::About)),
            act("", "lock", t("lock-now"), None, lock_now),
        ),
    );
    let version = p().class("note center").child(t_with("version", &[("version", env!("CARGO_PKG_VERSION").into())]));
    let inside = div().class("page").child((portrait, look, reached, handset, erase::line(), version));
    list_screen(None, t("settings"), (), inside)
}

fn group(title: String, lines: impl IntoView) -> impl IntoView {
    section().class("group").child((h2().child(title), ul().class("panel flush").child(lines)))
}

/// One of its pages.
pub(crate) fn setting(state: State, setting: Setting) -> AnyView {
    match setting {
        Setting::Look => page("how-it-looks", look::look(state)).into_any(),
        Setting::Woken => page("waking-title", woken::woken(state)).into_any(),
        Setting::Lock => page("lock-title", lock::lock(state)).into_any(),
        Setting::Backup => page("backup", backup::backup(state)).into_any(),
        Setting::Storage => page("storage", storage::storage(state)).into_any(),
        Setting::About => page("about-the-app", about::about()).into_any(),
    }
}

fn page(name: &'static str, inside: impl IntoView) -> impl IntoView {
    let top = leptos::html::h1().class("top-title").child(t(name));
    let around = Around { up: Route::Settings, over: None, label: t(name), top: Some(top.into_any()), actions: None };
    detail(around, "", inside)
}

/// Changes what the principal wishes, here and in the handset.
pub(crate) fn wish(state: State, change: impl FnOnce(&mut Wishes)) {
    let mut wishes = state.wishes.get_untracked();
    change(&mut wishes);
    state.wishes.set(wishes.clone());
    attempt(async move { ask(SetWishes { wishes }).await });
}
