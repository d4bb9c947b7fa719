//! A person in a circle: two letters, and the seal of somebody whose safety words were compared.

use leptos::html::span;
use leptos::prelude::*;
use leptos::svg;

use crate::words::t;

/// The circle; `size` is a class of the style sheet, or nothing.
pub(crate) fn monogram(name: &str, verified: &str, size: &'static str) -> impl IntoView + use<> {
    let seal = (verified == "in person").then(|| {
        svg::svg()
            .attr("class", "icon sealed")
            .attr("role", "img")
            .attr("aria-label", t("verified-in-person"))
            .child(svg::r#use().attr("href", "#verified"))
    });
    span().class(format!("monogram {size}")).child((span().attr("aria-hidden", "true").child(letters(name)), seal))
}

/// The first letters of the first and the last word.
fn letters(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().filter(|word| word.starts_with(char::is_alphabetic)).collect();
    let first = |word: &&str| word.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    match words.as_slice() {
        [] => name.chars().next().map(String::from).unwrap_or_default(),
        [one] => first(one),
        [one, .., last] => {
            let last = last.trim_start_matches("al-").trim_start_matches("el-");
            format!("{}{}", first(one), first(&last))
        }
    }
}
