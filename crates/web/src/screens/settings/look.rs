//! Language, theme, text size.

use leptos::prelude::*;
use talk::line::Wishes;

use super::wish;
use crate::state::State;
use crate::ui::form::{Choice, choices};
use crate::words::{LANGUAGES, spoken, t};

/// What follows the browser or the system instead of being chosen.
const AUTO: &str = "auto";
const THEMES: [&str; 3] = [AUTO, "light", "dark"];
const SIZES: [&str; 4] = ["small", "normal", "large", "huge"];

/// The page.
pub(super) fn look(state: State) -> impl IntoView {
    let theme = move || state.wishes.with(|wishes| wishes.theme.clone().unwrap_or_else(|| AUTO.to_owned()));
    let size = move || state.wishes.with(|wishes| wishes.text_size.clone());
    let named = |kind: &str, one: &str| Choice::new(one, t(&format!("{kind}-{one}")));
    let languages = LANGUAGES.map(|language| Choice {
        value: language.tag.to_owned(),
        words: language.name.to_owned(),
        note: None,
        language: Some((language.tag, language.is_rtl)),
    });
    let choose_theme = move |one: String| {
        wish(state, |wishes| wishes.theme = Some(one).filter(|one| one != AUTO));
    };
    (
        choices("theme", "", t("theme"), THEMES.map(|one| named("theme", one)).to_vec(), theme, choose_theme),
        choices("size", "", t("text-size"), SIZES.map(|one| named("size", one)).to_vec(), size, move |one| {
            wish(state, |wishes| wishes.text_size = one);
        }),
        choices(
            "language",
            "stacked",
            t("language"),
            languages.to_vec(),
            || spoken().tag.to_owned(),
            move |one| {
                wish(state, |wishes| wishes.language = Some(one));
            },
        ),
    )
}

/// The theme in a word.
pub(super) fn theme_words(wishes: &Wishes) -> String {
    t(&format!("theme-{}", wishes.theme.as_deref().unwrap_or(AUTO)))
}

/// The text size in a word.
pub(super) fn size_words(wishes: &Wishes) -> String {
    t(&format!("size-{}", wishes.text_size))
}
