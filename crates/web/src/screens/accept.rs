//! Taking up a card: by its link, its words, through the camera, or out of a picture.

use leptos::ev;
use leptos::html::{button, div, form, h1, input, label, p, textarea};
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::card::{CardText, ParseCardError};
use talk::Trouble;
use talk::calls::{Accept, GetPerson};
use talk::people::Accepting;

use crate::handset::ask;
use crate::route::Route;
use crate::state::State;
use crate::ui::form::{field, plain_field, wrong};
use crate::ui::frame::{Around, detail};
use crate::ui::scan::{from_picture, scan};
use crate::ui::toast::Toast;
use crate::ui::{icon, sentence, typed};
use crate::words::{t, t_with};

const FORM: &str = "take-up";

/// What was typed, pasted or scanned, and how far it is.
#[derive(Clone, Copy)]
struct Taken {
    link: RwSignal<String>,
    office: RwSignal<String>,
    words: RwSignal<String>,
    petname: RwSignal<String>,
    /// What is wrong with it, or why nothing came of it.
    why: RwSignal<Option<String>>,
    /// What is on the way.
    redemption: RwSignal<Option<i64>>,
    busy: RwSignal<bool>,
}

impl Taken {
    fn new() -> Self {
        Self {
            link: RwSignal::new(String::new()),
            office: RwSignal::new(String::new()),
            words: RwSignal::new(String::new()),
            petname: RwSignal::new(String::new()),
            why: RwSignal::new(None),
            redemption: RwSignal::new(None),
            busy: RwSignal::new(false),
        }
    }

    /// The card as one text; nothing if nothing was given.
    fn text(self) -> Option<String> {
        let link = self.link.get().trim().to_owned();
        if !link.is_empty() {
            return Some(link);
        }
        let (office, words) = (self.office.get().trim().to_owned(), self.words.get().trim().to_owned());
        (!office.is_empty() && !words.is_empty()).then(|| format!("{office} {words}"))
    }

    fn is_under_way(self) -> bool {
        self.busy.get() || self.redemption.with(Option::is_some)
    }
}

/// The screen.
pub(crate) fn accept(state: State) -> impl IntoView {
    let taken = Taken::new();
    state.card_refused.set(None);
    if let Some(given) = state.given.try_update(Option::take).flatten() {
        taken.link.set(given);
    }
    follow(state, taken);
    let found = move |text: String| {
        taken.why.set(None);
        taken.link.set(text);
        // Whoever scans a card wants it taken up.
        take_up(state, taken);
    };
    let submitted = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        take_up(state, taken);
    };
    let action = button()
        .r#type("submit")
        .attr("form", FORM)
        .class("button primary")
        .attr("aria-busy", move || taken.is_under_way().then_some("true"))
        .prop("disabled", move || taken.is_under_way() || taken.text().is_none())
        .child(t("take-it-up"));
    let around = Around {
        up: Route::Cards,
        over: Some(t("cards")),
        label: t("take-up-a-card"),
        top: None,
        actions: Some(action.into_any()),
    };
    let under_way = move || taken.is_under_way().then(|| t("taking-it-up"));
    let inside = (
        h1().child(t("take-up-a-card")),
        p().class("soft").child(t("take-up-explained")),
        ways(taken, found),
        form().attr("id", FORM).on(ev::submit, submitted).child(by_link(taken)),
        by_words(taken),
        wrong("take-up-wrong", move || taken.why.get()),
        field("petname", t("petname"), "text", "off", taken.petname, Some(t("petname-hint"))),
        p().class("note").attr("role", "status").child(under_way),
    );
    detail(around, "", inside)
}

/// The camera, a picture, the clipboard.
fn ways(taken: Taken, found: impl Fn(String) + Copy + Send + Sync + 'static) -> impl IntoView {
    let scanning = RwSignal::new(false);
    let paste = move |_| {
        spawn_local(async move {
            if let Some(text) = crate::ui::clipboard::read().await {
                taken.why.try_set(None);
                taken.link.try_set(text);
            }
        });
    };
    let camera = button()
        .r#type("button")
        .class("pill")
        .attr("aria-haspopup", "dialog")
        .on(ev::click, move |_| scanning.set(true))
        .child((icon("camera"), t("scan")));
    let clipboard =
        button().r#type("button").class("pill").on(ev::click, paste).child((icon("paste"), t("paste-a-link")));
    (div().class("pills").child((camera, clipboard, from_picture(found))), scan(scanning, found))
}

fn by_link(taken: Taken) -> impl IntoView {
    div().class("field").child((
        label().attr("for", "card-link").child(t("card-link")),
        input()
            .attr("id", "card-link")
            .class("input ltr")
            .r#type("text")
            .attr("inputmode", "url")
            .attr("autocomplete", "off")
            .attr("autocapitalize", "none")
            .attr("spellcheck", "false")
            .attr("placeholder", "https://…/c#…")
            .attr("aria-describedby", "take-up-wrong")
            .prop("value", move || taken.link.get())
            .on(ev::input, move |event| {
                taken.why.set(None);
                taken.link.set(typed(&event));
            }),
    ))
}

fn by_words(taken: Taken) -> impl IntoView {
    let changed = move |event: web_sys::Event| {
        taken.why.set(None);
        taken.words.set(typed(&event));
    };
    (
        plain_field("card-office", t("or-by-words"), "line.aurelle.example", taken.office),
        div().class("field").child((
            label().attr("for", "card-words").child(t("and-eight-words")),
            textarea()
                .attr("id", "card-words")
                .class("input")
                .attr("rows", "2")
                .attr("lang", "en")
                .attr("dir", "ltr")
                .attr("autocapitalize", "none")
                .attr("autocomplete", "off")
                .attr("spellcheck", "false")
                .attr("aria-describedby", "card-words-hint take-up-wrong")
                .attr("aria-invalid", move || taken.why.with(Option::is_some).then_some("true"))
                .prop("value", move || taken.words.get())
                .on(ev::input, changed),
            p().attr("id", "card-words-hint").class("hint").child(t("words-hint")),
        )),
    )
}

/// Says what is wrong, or has the handset take it up.
fn take_up(state: State, taken: Taken) {
    let Some(card) = taken.text() else { return };
    if taken.is_under_way() {
        return;
    }
    if let Err(error) = card.parse::<CardText>() {
        taken.why.set(Some(no_card(&error)));
        return;
    }
    let petname = Some(taken.petname.get_untracked().trim().to_owned()).filter(|name| !name.is_empty());
    taken.why.set(None);
    taken.busy.set(true);
    state.card_refused.set(None);
    spawn_local(async move {
        match ask(Accept { card, petname }).await {
            Ok(Accepting::Known(person)) => {
                Toast::say(state, t("known-already"));
                state.replace(&Route::Conversation(person));
            }
            Ok(Accepting::UnderWay(redemption)) => {
                taken.busy.try_set(false);
                taken.redemption.try_set(Some(redemption));
            }
            Err(trouble) => fail(taken, &trouble),
        }
    });
}

fn fail(taken: Taken, trouble: &Trouble) {
    taken.busy.try_set(false);
    taken.redemption.try_set(None);
    taken.why.try_set(Some(words(trouble)));
}

/// Waits for what becomes of a card that is on its way.
fn follow(state: State, taken: Taken) {
    Effect::new(move |_| {
        let waits = taken.redemption.get();
        if let Some((_, trouble)) = state.card_refused.get().filter(|(redemption, _)| Some(*redemption) == waits) {
            fail(taken, &trouble);
        }
    });
    Effect::new(move |_| {
        let waits = taken.redemption.get();
        let Some((_, person)) = state.taken_up.get().filter(|(redemption, _)| Some(*redemption) == waits) else {
            return;
        };
        taken.redemption.set(None);
        spawn_local(async move {
            if let Ok(person) = ask(GetPerson { person }).await {
                Toast::say(state, t_with("taken-up", &[("name", person.person.into())]));
            }
            state.replace(&Route::Conversation(person));
        });
    });
}

/// What is wrong with a text that is no card.
fn no_card(error: &ParseCardError) -> String {
    match error {
        ParseCardError::NotACard => t("trouble-not-a-card"),
        ParseCardError::DamagedLink => t("card-link-damaged"),
        ParseCardError::WordCount(count) => t_with("card-word-count", &[("count", (*count).into())]),
    }
}

/// What went wrong; of a word that no card has, which it is.
fn words(trouble: &Trouble) -> String {
    let word = trouble.sentence.split('"').nth(1).filter(|_| trouble.code == "unknown-word");
    match word {
        Some(word) => t_with("word-not-known", &[("word", word.to_owned().into())]),
        None => sentence(trouble),
    }
}
