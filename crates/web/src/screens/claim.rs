//! From a claim link to a line: whose it is, what opens it, and what to do first.

use leptos::ev;
use leptos::html::{b, button, div, form, h1, input, label, li, ol, p, span, ul};
use leptos::prelude::*;
use leptos::task::spawn_local;
use talk::calls::{Claim, GiveUp, Look};
use talk::line::{Given, Passkey};
use talk::{Secret, Trouble};

use crate::handset::ask;
use crate::passkey;
use crate::screens::gate::{gate, mark};
use crate::state::State;
use crate::ui::scan::scan;
use crate::ui::{attempt_then, icon, icon_button, press, press_busy, small_icon, typed};
use crate::words::{t, t_with};

/// Shorter passphrases are guessed.
const SHORTEST: usize = 8;

/// Where a new handset is on its way to a line.
#[derive(Clone)]
enum Step {
    /// The link is asked for.
    Link,
    /// One's name.
    Name,
    /// What opens the handset.
    Secret,
    /// A backup is chosen instead.
    Restore,
}

/// What was said so far.
#[derive(Clone, Copy)]
struct Said {
    step: RwSignal<Step>,
    link: RwSignal<String>,
    office: RwSignal<String>,
    name: RwSignal<String>,
    busy: RwSignal<bool>,
}

/// The first screen of a handset without a line, and those that follow.
pub(crate) fn start(state: State) -> impl IntoView {
    let said = Said {
        step: RwSignal::new(Step::Link),
        link: RwSignal::new(String::new()),
        office: RwSignal::new(String::new()),
        name: RwSignal::new(String::new()),
        busy: RwSignal::new(false),
    };
    if let Some(given) = state.given.try_update(Option::take).flatten() {
        said.link.set(given);
        look(state, said);
    }
    move || match said.step.get() {
        Step::Link => link(state, said).into_any(),
        Step::Name => name(said).into_any(),
        Step::Secret => secret(state, said).into_any(),
        Step::Restore => super::restore::restore(state, move || said.step.set(Step::Link)).into_any(),
    }
}

/// Sees whether it is a claim link, and goes on.
fn look(state: State, said: Said) {
    let text = said.link.get_untracked();
    attempt_then(said.busy, async move { ask(Look { text }).await }, move |given| match given {
        Given::Claim { office } => {
            said.office.set(office);
            said.step.set(Step::Name);
        }
        Given::Card { .. } => {
            state.tell(&Trouble::new("card-before-line", "this is a card: claim your own line first"))
        }
    });
}

fn link(state: State, said: Said) -> impl IntoView {
    let scanning = RwSignal::new(false);
    let found = move |text: String| {
        said.link.set(text);
        look(state, said);
    };
    let paste = move || {
        spawn_local(async move {
            if let Some(text) = crate::ui::clipboard::read().await {
                said.link.set(text);
            }
        });
    };
    let submitted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        look(state, said);
    };
    let field = form().attr("id", "claim-form").class("field").on(ev::submit, submitted).child((
        label().attr("for", "claim").child(t("claim-link")),
        div().class("with-button").child((
            input()
                .attr("id", "claim")
                .class("input ltr")
                .r#type("text")
                .attr("inputmode", "url")
                .attr("autocomplete", "off")
                .attr("autocapitalize", "none")
                .attr("spellcheck", "false")
                .attr("placeholder", "https://…/claim#…")
                .prop("value", move || said.link.get())
                .on(ev::input, move |event| said.link.set(typed(&event))),
            icon_button("paste", t("paste"), paste),
        )),
    ));
    let inside =
        (mark(), h1().child(t("start-title")), p().class("lead").child(t("start")), field, scan(scanning, found));
    let go_on = button()
        .r#type("submit")
        .attr("form", "claim-form")
        .class("button primary")
        .attr("aria-busy", move || said.busy.get().then_some("true"))
        .prop("disabled", move || said.busy.get() || said.link.with(|link| link.trim().is_empty()))
        .child(t("claim-by-link"));
    let by_code = button()
        .r#type("button")
        .class("button")
        .on(ev::click, move |_| scanning.set(true))
        .child((icon("scan"), t("scan")));
    gate("", inside, (go_on, by_code, press("quiet", t("have-a-backup"), move || said.step.set(Step::Restore))))
}

fn steps(now: usize) -> impl IntoView {
    let one = move |step: usize| {
        li().class(if step < now { "done" } else { "" }).attr("aria-current", (step == now).then_some("step"))
    };
    let label = t_with("step-of", &[("step", now.into()), ("of", 3.into())]);
    ol().class("steps").attr("aria-label", label).child((one(1), one(2), one(3)))
}

fn name(said: Said) -> impl IntoView {
    let submitted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if !said.name.with_untracked(|name| name.trim().is_empty()) {
            said.step.set(Step::Secret);
        }
    };
    let field = form().attr("id", "name-form").class("field").on(ev::submit, submitted).child((
        label().attr("for", "name").child(t("your-name")),
        input()
            .attr("id", "name")
            .class("input")
            .attr("autocomplete", "name")
            .attr("maxlength", "100")
            .attr("dir", "auto")
            .attr("autofocus", "")
            .prop("value", move || said.name.get())
            .on(ev::input, move |event| said.name.set(typed(&event))),
        p().class("hint").child(t("your-name-hint")),
    ));
    let office = p().class("lead").child((t("line-at"), " ", b().class("ltr").child(move || said.office.get())));
    let inside = (steps(1), h1().child(t("name-title")), office, field);
    let go_on = button()
        .r#type("submit")
        .attr("form", "name-form")
        .class("button primary")
        .prop("disabled", move || said.name.with(|name| name.trim().is_empty()))
        .child(t("go-on"));
    gate("", inside, (go_on, press("quiet", t("back"), move || said.step.set(Step::Link))))
}

fn secret(state: State, said: Said) -> impl IntoView {
    let chosen = Chosen::new();
    let claim = move || {
        let (link, name) = (said.link.get_untracked(), said.name.get_untracked().trim().to_owned());
        let (secret, passkey) = chosen.secret();
        // Once the line is there, this screen is gone.
        let too = chosen.by_passkey.get_untracked().then(|| chosen.passphrase.get_untracked());
        let claimed = async move {
            ask(Claim { link, name, secret, passkey }).await?;
            match too {
                Some(passphrase) => add_passkey(passphrase).await,
                None => Ok(()),
            }
        };
        state.welcome.set(true);
        attempt_then(said.busy, claimed, |()| {});
    };
    let inside = (steps(2), h1().child(t("secret-title")), p().class("lead").child(t("secret")), chosen.fields());
    let ready = move || chosen.is_ready();
    let go_on = button()
        .r#type("button")
        .class("button primary")
        .attr("aria-busy", move || said.busy.get().then_some("true"))
        .prop("disabled", move || said.busy.get() || !ready())
        .on(ev::click, move |_| claim())
        .child(t("claim-the-line"));
    gate("", inside, (go_on, press("quiet", t("back"), move || said.step.set(Step::Name))))
}

/// Makes a passkey that opens the handset besides its passphrase.
///
/// # Errors
/// If no passkey came of it, or the handset does not take it.
pub(crate) async fn add_passkey(passphrase: String) -> Result<(), Trouble> {
    let (secret, passkey) = passkey::make().await?;
    let passphrase = Secret::Passphrase(passphrase);
    ask(talk::calls::AddSecret { passphrase, secret, passkey: Some(passkey) }).await
}

/// A passphrase that is chosen, twice, and whether a passkey shall open the handset too.
#[derive(Clone, Copy)]
pub(crate) struct Chosen {
    pub(crate) passphrase: RwSignal<String>,
    again: RwSignal<String>,
    pub(crate) by_passkey: RwSignal<bool>,
    shown: RwSignal<bool>,
}

impl Chosen {
    pub(crate) fn new() -> Self {
        Self {
            passphrase: RwSignal::new(String::new()),
            again: RwSignal::new(String::new()),
            by_passkey: RwSignal::new(false),
            shown: RwSignal::new(false),
        }
    }

    /// Whether it can be used.
    pub(crate) fn is_ready(self) -> bool {
        let long = self.passphrase.with(|one| one.chars().count() >= SHORTEST);
        long && self.passphrase.get() == self.again.get()
    }

    fn secret(self) -> (Secret, Option<Passkey>) {
        (Secret::Passphrase(self.passphrase.get_untracked()), None)
    }

    /// The passphrase, twice; with the passkey where there can be one.
    pub(crate) fn fields(self) -> impl IntoView {
        (self.passphrases(), passkey::is_possible().then(|| self.passkey()))
    }

    /// The passphrase alone, twice.
    pub(crate) fn passphrases(self) -> impl IntoView {
        let kind = move || if self.shown.get() { "text" } else { "password" };
        let differs = move || {
            let again = self.again.get();
            !again.is_empty() && again != self.passphrase.get()
        };
        let eye = button()
            .r#type("button")
            .class("icon-button")
            .attr("aria-label", t("show-passphrase"))
            .attr("aria-pressed", move || self.shown.get().to_string())
            .on(ev::click, move |_| self.shown.update(|shown| *shown = !*shown))
            .child(move || if self.shown.get() { icon("eye-off").into_any() } else { icon("eye").into_any() });
        let first = div().class("field").child((
            label().attr("for", "p1").child(t("passphrase")),
            div().class("with-button").child((
                input()
                    .attr("id", "p1")
                    .class("input")
                    .r#type(kind)
                    .attr("autocomplete", "new-password")
                    .attr("aria-describedby", "p-strength")
                    .on(ev::input, move |event| self.passphrase.set(typed(&event))),
                eye,
            )),
            self.strength(),
        ));
        let second = div().class("field").child((
            label().attr("for", "p2").child(t("once-more")),
            input()
                .attr("id", "p2")
                .class("input")
                .r#type(kind)
                .attr("autocomplete", "new-password")
                .attr("aria-describedby", "p2-wrong")
                .attr("aria-invalid", move || differs().then_some("true"))
                .on(ev::input, move |event| self.again.set(typed(&event))),
            p().attr("id", "p2-wrong")
                .class("wrong")
                .child(move || differs().then(|| (small_icon("warning"), span().child(t("not-the-same"))))),
        ));
        (first, second)
    }

    fn strength(self) -> impl IntoView {
        let level = Memo::new(move |_| self.passphrase.with(|one| strength(one)));
        p().attr("id", "p-strength")
            .class("strength")
            .attr("role", "status")
            .attr("data-level", move || level.get().to_string())
            .child((
                span()
                    .class("strokes")
                    .attr("aria-hidden", "true")
                    .child((0..4).map(|_| leptos::html::i()).collect_view()),
                move || t(&format!("strength-{}", level.get())),
            ))
    }

    fn passkey(self) -> impl IntoView {
        let switched = move |_| self.by_passkey.update(|on| *on = !*on);
        div().class("panel flush").child(
            button()
                .r#type("button")
                .class("setting switch")
                .attr("role", "switch")
                .attr("aria-checked", move || self.by_passkey.get().to_string())
                .on(ev::click, switched)
                .child((
                    icon("passkey"),
                    span()
                        .class("words")
                        .child((span().child(t("passkey-too")), span().class("note").child(t("passkey-too-hint")))),
                )),
        )
    }
}

/// How hard a passphrase is to guess, from 0 (too short to be one) to 4: length counts, sameness does not.
fn strength(passphrase: &str) -> u8 {
    let length = passphrase.chars().count();
    let different = passphrase.chars().collect::<std::collections::BTreeSet<_>>().len();
    let words = passphrase.split_whitespace().filter(|word| word.chars().count() > 2).count();
    match (length, different) {
        (..SHORTEST, _) => 0,
        (_, ..5) => 1,
        (20.., _) if words >= 4 || different >= 12 => 4,
        (15.., _) => 3,
        (11.., _) => 2,
        _ => 1,
    }
}

/// A claim that no switchboard has answered yet.
pub(crate) fn waiting(state: State) -> impl IntoView {
    let busy = RwSignal::new(false);
    let give_up = move || attempt_then(busy, async { ask(GiveUp {}).await }, |()| {});
    let inside = (mark(), h1().child(t("claim-waiting-title")), p().class("lead").child(t("claim-waiting")));
    let _ = state;
    gate("middle", inside, press_busy("", t("give-up"), busy, give_up))
}

/// The line is there: what the browser promised, and the first backup.
pub(crate) fn claimed(state: State) -> impl IntoView {
    let persistent = RwSignal::new(None::<bool>);
    spawn_local(async move {
        let kept = crate::ui::storage::persist().await;
        persistent.try_set(Some(kept));
    });
    let kept = move || {
        persistent.get().map(|kept| {
            let (class, picture, name) = if kept {
                ("tell good", "check", "storage-kept")
            } else {
                ("tell warn", "warning", "storage-not-kept")
            };
            li().class(class).child((icon(picture), p().child(t(name))))
        })
    };
    let no_backup = li().class("tell warn").child((icon("warning"), p().child(t("no-backup-yet"))));
    let inside = (
        steps(3),
        h1().child(t("claimed-title")),
        ul().class("panel").child((kept, no_backup)),
        p().class("lead").child(t("first-backup")),
    );
    let now = move || {
        state.welcome.set(false);
        state.go(&crate::route::Route::Setting(crate::route::Setting::Backup));
    };
    gate(
        "",
        inside,
        (press("primary", t("backup-now"), now), press("quiet", t("backup-later"), move || state.welcome.set(false))),
    )
}
