//! What notifications show, and being woken while the app is closed.

use leptos::html::{div, dl, h2, li, p, section, ul};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::Millis;
use talk::calls::{TestWake, WakeKey};
use talk::line::Wishes;

use super::wish;
use crate::handset::ask;
use crate::moment::{self, now};
use crate::state::State;
use crate::ui::form::{Choice, choices, fact, switch, tell};
use crate::ui::worker::{last_woken, object, tell as tell_worker};
use crate::ui::{attempt, fresh, icon, pause, press_busy, push, sentence};
use crate::words::{spoken, t, t_with};

/// What notifications may show, least first.
const SHOWS: [&str; 4] = ["off", "nothing", "name", "text"];
/// How long a test is waited for: telephones that save power take their time.
const WAIT: Millis = 90_000;

/// The page.
pub(super) fn woken(state: State) -> impl IntoView {
    (shows(state), waking(state))
}

/// What notifications show, in a word.
pub(super) fn shows_words(wishes: &Wishes) -> String {
    t(&format!("shows-{}", wishes.notifications))
}

/// Tells the service worker the words that it says: it has none of its own.
pub(crate) fn tell_words() {
    let language = spoken();
    let words = object(&[
        ("waiting", t("something-waits").into()),
        ("call", t("a-call-waits").into()),
        ("lang", language.tag.into()),
        ("dir", if language.is_rtl { "rtl" } else { "ltr" }.into()),
    ]);
    tell_worker(object(&[("words", words)]));
}

fn shows(state: State) -> impl IntoView {
    let allowed = RwSignal::new(push::allowed());
    let all = SHOWS.map(|one| Choice::with_note(one, t(&format!("shows-{one}")), t(&format!("shows-{one}-hint"))));
    let chosen = move || state.wishes.with(|wishes| wishes.notifications.clone());
    let choose = move |one: String| {
        if one != "off" {
            spawn_local(async move {
                push::allow().await;
                allowed.try_set(push::allowed());
            });
        }
        wish(state, |wishes| wishes.notifications = one);
    };
    let refused = move || {
        let wanted = state.wishes.with(|wishes| wishes.notifications != "off");
        (wanted && allowed.get() == Some(false)).then(|| tell("warn", "warning", t("trouble-not-allowed")))
    };
    (
        choices("shows", "stacked", t("what-notifications-show"), all.to_vec(), chosen, choose),
        div().attr("role", "status").child(refused),
    )
}

/// Being woken, and whether it works.
fn waking(state: State) -> impl IntoView {
    let (on, busy) = (RwSignal::new(false), RwSignal::new(false));
    let key = fresh(|| WakeKey {});
    if push::is_possible() {
        spawn_local(async move {
            let is_on = push::is_on().await;
            on.try_set(is_on);
        });
    }
    let switched = move || {
        if busy.get_untracked() {
            return;
        }
        let wanted = !on.get_untracked();
        busy.set(true);
        spawn_local(async move {
            let done = if wanted { push::begin().await } else { push::end().await };
            busy.try_set(false);
            match done {
                Ok(()) => drop(on.try_set(wanted)),
                Err(trouble) => state.tell(&trouble),
            }
        });
    };
    let inside = move || {
        if !push::is_possible() {
            return tell("warn", "info", t("waking-impossible")).into_any();
        }
        if matches!(&*key.read(), Some(Ok(None))) {
            return tell("", "info", t("trouble-no-wake-key")).into_any();
        }
        let line = switch("bell", t("wake-me"), Some(t("wake-reveals")), move || on.get(), switched);
        (div().class("panel flush").child(line), move || on.get().then(test)).into_any()
    };
    section().class("group").child((h2().child(t("waking")), inside))
}

/// How far the test is.
#[derive(Clone, PartialEq)]
enum Test {
    /// Not begun.
    Not,
    /// The switchboard was asked, at this time.
    Sent(Millis),
    /// It came, so many milliseconds later.
    Came(Millis),
    /// It did not.
    Lost,
    /// The switchboard said no.
    Refused(String),
}

fn test() -> impl IntoView {
    let last = RwSignal::new(None::<Millis>);
    let (how, busy) = (RwSignal::new(Test::Not), RwSignal::new(false));
    spawn_local(async move {
        let at = last_woken().await;
        last.try_set(at);
    });
    let begin = move || {
        attempt(async move {
            let asked_at = now();
            busy.set(true);
            how.set(Test::Sent(asked_at));
            if let Err(trouble) = ask(TestWake {}).await {
                busy.try_set(false);
                how.try_set(Test::Refused(sentence(&trouble)));
                return Ok(());
            }
            while now().saturating_sub(asked_at) < WAIT && how.try_get_untracked().is_some() {
                if let Some(at) = last_woken().await.filter(|at| *at >= asked_at) {
                    last.try_set(Some(at));
                    how.try_set(Test::Came(at - asked_at));
                    busy.try_set(false);
                    return Ok(());
                }
                pause(500).await;
            }
            busy.try_set(false);
            how.try_set(Test::Lost);
            Ok(())
        });
    };
    let step = |class: &'static str, picture: &'static str, words: String| {
        li().class(format!("tell {class}")).child((icon(picture), p().child(words)))
    };
    let steps = move || {
        let how = how.get();
        let asked =
            (how != Test::Not && !matches!(how, Test::Refused(_))).then(|| step("good", "check", t("wake-asked")));
        let end = match how {
            Test::Not => None,
            Test::Sent(_) => Some(step("", "clock", t("wake-waits"))),
            Test::Came(after) => {
                let seconds = after.div_ceil(1000).max(1);
                Some(step("good", "check", t_with("wake-came", &[("seconds", seconds.into())])))
            }
            Test::Lost => Some(step("warn", "warning", t("wake-lost"))),
            Test::Refused(why) => Some(step("warn", "warning", why)),
        };
        end.is_some().then(|| ul().class("panel").child((step("good", "check", t("wake-allowed")), asked, end)))
    };
    let when = move || last.get().map_or_else(|| t("never"), moment::full);
    (
        div().class("panel").child(dl().class("facts").child(fact(t("last-woken"), when))),
        div().attr("role", "status").child(steps),
        press_busy("", t("test-the-waking"), busy, begin),
    )
}
