//! Making a backup, and exporting everything that was said.

use leptos::ev;
use leptos::html::{button, div, dl, form, h2, p, section, ul};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::{Backup, Export, Mine};
use talk::{Secret, Trouble};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::Blob;

use super::wish;
use crate::handset::ask_with;
use crate::moment;
use crate::screens::claim::Chosen;
use crate::state::State;
use crate::ui::dialog::question;
use crate::ui::form::{act, fact, field, how_far, switch, tell, wrong};
use crate::ui::save::{save, today};
use crate::ui::toast::Toast;
use crate::ui::{attempt_then, fresh, sentence, skeleton_rows};
use crate::words::{t, t_with};

/// The page.
pub(super) fn backup(state: State) -> impl IntoView {
    let me = fresh(move || {
        // A backup that was made puts the reminder off, and so is seen here.
        state.wishes.track();
        Mine {}
    });
    let last = Memo::new(move |_| match &*me.read() {
        Some(Ok(me)) => Some(me.backup_at),
        _ => None,
    });
    let making = move || match last.get() {
        None => skeleton_rows(1).into_any(),
        Some(last) => make(state, last).into_any(),
    };
    (making, export(state))
}

/// What there is, and making one.
fn make(state: State, last: Option<u64>) -> impl IntoView {
    let is_first = last.is_none();
    let (passphrase, chosen) = (RwSignal::new(String::new()), Chosen::new());
    // Another passphrase from now on: always for the first one.
    let other = RwSignal::new(is_first);
    let (busy, why) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let is_ready = move || {
        let has_now = is_first || !passphrase.with(String::is_empty);
        has_now && (!other.get() || chosen.is_ready())
    };
    let submitted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || !is_ready() {
            return;
        }
        let now = Secret::Passphrase(passphrase.get_untracked());
        let new = Secret::Passphrase(chosen.passphrase.get_untracked());
        let call = match (is_first, other.get_untracked()) {
            (true, _) => Backup { passphrase: new, old: None },
            (false, true) => Backup { passphrase: new, old: Some(now) },
            (false, false) => Backup { passphrase: now, old: None },
        };
        why.set(None);
        state.progress.set(0);
        busy.set(true);
        spawn_local(async move {
            let made = ask_with(call, &JsValue::UNDEFINED).await;
            busy.try_set(false);
            let saved = match made {
                Ok((about, beside)) => keep(&beside, "backup").await.map(|()| about),
                Err(trouble) => Err(trouble),
            };
            match saved {
                Ok(about) => {
                    let put_in = [("people", about.people.into()), ("texts", about.texts.into())];
                    Toast::say(state, t_with("backup-made", &put_in));
                    wish(state, |wishes| wishes.backup_reminder = None);
                }
                Err(trouble) => drop(why.try_set(Some(sentence(&trouble)))),
            }
        });
    };
    let facts = last
        .map(|last| div().class("panel").child(dl().class("facts").child(fact(t("last-backup"), moment::full(last)))));
    let none = is_first.then(|| tell("warn", "warning", t("no-backup-yet")));
    let now = (!is_first).then(|| {
        let another = switch(
            "key",
            t("another-backup-passphrase"),
            None,
            move || other.get(),
            move || {
                other.update(|other| *other = !*other);
            },
        );
        (
            field(
                "backup-now",
                t("passphrase-of-backups"),
                "password",
                "off",
                passphrase,
                Some(t("passphrase-of-backups-hint")),
            ),
            div().class("panel flush").child(another),
        )
    });
    let new = move || other.get().then(|| chosen.passphrases());
    let under_way = move || {
        busy.get().then(|| {
            div()
                .attr("role", "status")
                .child((how_far(t("backing-up"), state.progress), p().class("note").child(t("backing-up-hint"))))
        })
    };
    let go = button()
        .r#type("submit")
        .class("button primary")
        .attr("aria-busy", move || busy.get().then_some("true"))
        .prop("disabled", move || busy.get() || !is_ready())
        .child(t("make-a-backup"));
    let explained = if is_first { t("first-backup-explained") } else { t("backup-explained") };
    (
        none,
        facts,
        p().class("soft").child(explained),
        form().class("stack").on(ev::submit, submitted).child((
            now,
            new,
            wrong("backup-wrong", move || why.get()),
            under_way,
            go,
        )),
    )
}

/// Everything that was said, readable.
fn export(state: State) -> impl IntoView {
    let (asked, busy) = (RwSignal::new(false), RwSignal::new(false));
    let exported = move || {
        state.progress.set(0);
        let work = async {
            let ((), beside) = ask_with(Export {}, &JsValue::UNDEFINED).await?;
            keep(&beside, "export").await
        };
        attempt_then(busy, work, move |()| Toast::say(state, t("exported")));
    };
    let under_way = move || busy.get().then(|| how_far(t("exporting"), state.progress));
    (
        section().class("group").child((
            h2().child(t("export")),
            ul().class("panel flush").child(act("", "upload", t("export-all"), Some(t("export-hint")), move || {
                if !busy.get_untracked() {
                    asked.set(true);
                }
            })),
            under_way,
        )),
        question(asked, t("export-question"), t("export-words"), t("export-it"), exported),
    )
}

/// Saves what came beside an answer.
async fn keep(beside: &JsValue, kind: &str) -> Result<(), Trouble> {
    let blob = beside.dyn_ref::<Blob>();
    let blob = blob.ok_or_else(|| Trouble::new("not-saved", "the browser did not save it: try again"))?;
    let ending = if kind == "export" { "zip" } else { "backup" };
    save(blob, &format!("entrenous-{kind}-{}.{ending}", today())).await
}
