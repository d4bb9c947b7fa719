//! Every word that the app says, out of one catalogue for each language (Fluent), and the language that is spoken.
//!
//! What a catalogue lacks is said in English. Changing the language draws the whole page anew, so nothing here is reactive.

use std::cell::RefCell;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language of the catalogues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Language {
    /// Its BCP 47 tag.
    pub(crate) tag: &'static str,
    /// What it calls itself.
    pub(crate) name: &'static str,
    /// Whether it is written from right to left.
    pub(crate) is_rtl: bool,
    catalogue: &'static str,
}

/// All, the one that every other falls back to first.
pub(crate) const LANGUAGES: [Language; 6] = [
    Language { tag: "en", name: "English", is_rtl: false, catalogue: include_str!("../words/en.ftl") },
    Language { tag: "fr", name: "Français", is_rtl: false, catalogue: include_str!("../words/fr.ftl") },
    Language { tag: "ar", name: "العربية", is_rtl: true, catalogue: include_str!("../words/ar.ftl") },
    Language { tag: "es", name: "Español", is_rtl: false, catalogue: include_str!("../words/es.ftl") },
    Language { tag: "ru", name: "Русский", is_rtl: false, catalogue: include_str!("../words/ru.ftl") },
    Language { tag: "zh", name: "中文", is_rtl: false, catalogue: include_str!("../words/zh.ftl") },
];

type Bundle = FluentBundle<FluentResource>;

struct Spoken {
    language: Language,
    /// The language's own, then English if that is another.
    bundles: Vec<Bundle>,
}

thread_local! {
    static SPOKEN: RefCell<Option<Spoken>> = const { RefCell::new(None) };
}

impl Language {
    /// The first of the tags that there is a catalogue for, whatever its region; else English.
    pub(crate) fn of_tags<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let known = |tag: &str| {
            let base = tag.split(['-', '_']).next()?.to_ascii_lowercase();
            LANGUAGES.into_iter().find(|language| language.tag == base)
        };
        tags.into_iter().find_map(known).unwrap_or(LANGUAGES[0])
    }

    /// The language with this tag.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        LANGUAGES.into_iter().find(|language| language.tag == tag)
    }
}

/// Speaks this language from here on.
pub(crate) fn speak(language: Language) {
    let mut bundles = vec![bundle(language)];
    if language != LANGUAGES[0] {
        bundles.push(bundle(LANGUAGES[0]));
    }
    SPOKEN.with_borrow_mut(|spoken| *spoken = Some(Spoken { language, bundles }));
}

/// The language that is spoken.
pub(crate) fn spoken() -> Language {
    SPOKEN.with_borrow(|spoken| spoken.as_ref().map_or(LANGUAGES[0], |spoken| spoken.language))
}

/// What the catalogues have under this name.
pub(crate) fn t(name: &str) -> String {
    say(name, None)
}

/// The same with something put in: `t_with("unread", &[("count", 3.into())])`.
pub(crate) fn t_with(name: &str, put_in: &[(&str, FluentValue<'_>)]) -> String {
    let mut args = FluentArgs::new();
    for (name, value) in put_in {
        args.set(*name, value.clone());
    }
    say(name, Some(&args))
}

/// Whether any catalogue that is spoken has this name.
pub(crate) fn knows(name: &str) -> bool {
    SPOKEN.with_borrow(|spoken| {
        spoken.as_ref().is_some_and(|spoken| spoken.bundles.iter().any(|bundle| bundle.has_message(name)))
    })
}

fn say(name: &str, args: Option<&FluentArgs<'_>>) -> String {
    SPOKEN.with_borrow(|spoken| {
        let bundles = spoken.as_ref().map_or(&[][..], |spoken| &spoken.bundles);
        let is_rtl = spoken.as_ref().is_some_and(|spoken| spoken.language.is_rtl);
        let found = bundles.iter().enumerate().find_map(|(place, bundle)| {
            let pattern = bundle.get_message(name)?.value()?;
            let said = bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned();
            // English among words that run the other way keeps its own direction (UAX 9, isolates).
            Some(if is_rtl && place > 0 { format!("\u{2066}{said}\u{2069}") } else { said })
        });
        // A name that nobody knows is better seen than nothing; a test finds it.
        found.unwrap_or_else(|| name.to_owned())
    })
}

fn bundle(language: Language) -> Bundle {
    let tag: LanguageIdentifier = language.tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new(vec![tag]);
    // Names and sentences may run in different directions, whatever the language.
    bundle.set_use_isolating(true);
    // What cannot be read of a catalogue is missing from it; a test finds that.
    let resource = FluentResource::try_new(language.catalogue.to_owned()).unwrap_or_else(|(read, _)| read);
    let _ = bundle.add_resource(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};

    use super::*;

    /// Each message's name and what is put into it.
    fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let read = FluentResource::try_new(language.catalogue.to_owned());
        let resource = read.unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", language.tag));
        let mut all = BTreeMap::new();
        for entry in resource.entries() {
            let Entry::Message(message) = entry else { continue };
            let mut put_in = BTreeSet::new();
            if let Some(pattern) = &message.value {
                variables(pattern, &mut put_in);
            }
            let before = all.insert(message.id.name.to_owned(), put_in);
            assert_eq!(before, None, "{}: {} is there twice", language.tag, message.id.name);
        }
        all
    }

    fn variables(pattern: &Pattern<&str>, found: &mut BTreeSet<String>) {
        for element in &pattern.elements {
            let PatternElement::Placeable { expression } = element else { continue };
            match expression {
                Expression::Inline(inline) => variable(inline, found),
                Expression::Select { selector, variants } => {
                    variable(selector, found);
                    variants.iter().for_each(|variant| variables(&variant.value, found));
                }
            }
        }
    }

    fn variable(inline: &InlineExpression<&str>, found: &mut BTreeSet<String>) {
        match inline {
            InlineExpression::VariableReference { id } => drop(found.insert(id.name.to_owned())),
            InlineExpression::FunctionReference { arguments, .. } => {
                arguments.positional.iter().for_each(|argument| variable(argument, found));
            }
            _ => {}
        }
    }

    #[test]
    fn french_says_everything_and_the_others_nothing_that_english_does_not() {
        let english = messages(LANGUAGES[0]);
        for language in LANGUAGES {
            let said = messages(language);
            for (name, put_in) in &said {
                let expected = english.get(name);
                assert!(expected.is_some(), "{}: {name} is in no English", language.tag);
                let is_known = expected.is_some_and(|expected| put_in.is_subset(expected));
                assert!(is_known, "{}: {name} has something put in that English has not", language.tag);
            }
            if language.tag == "fr" {
                let missing: Vec<_> = english.keys().filter(|name| !said.contains_key(*name)).collect();
                assert!(missing.is_empty(), "French lacks {missing:?}");
            }
        }
    }

    /// Every name that the sources say in so many words is in the English catalogue.
    #[test]
    fn nothing_is_said_that_no_catalogue_has() {
        let english = messages(LANGUAGES[0]);
        let mut missing = BTreeSet::new();
        let mut names = 0;
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for call in ["t(\"", "t_with(\""] {
                    for (at, _) in source.match_indices(call) {
                        let is_name = source[..at].ends_with(|c: char| !c.is_alphanumeric() && c != '_');
                        let name = source[at + call.len()..].split('"').next().unwrap_or_default();
                        if is_name && !name.is_empty() && !name.contains(['{', ' ']) {
                            names += 1;
                            if !english.contains_key(name) {
                                missing.insert(name.to_owned());
                            }
                        }
                    }
                }
            }
        }
        assert!(names > 50, "the sources were read");
        assert!(missing.is_empty(), "no catalogue has {missing:?}");
    }

    #[test]
    fn english_among_arabic_keeps_its_direction() {
        speak(LANGUAGES[2]);
        assert_eq!(t("settings"), "الإعدادات");
        let lacks = messages(LANGUAGES[0]).into_keys().find(|name| !messages(LANGUAGES[2]).contains_key(name));
        let said = t(&lacks.unwrap());
        assert!(said.starts_with('\u{2066}') && said.ends_with('\u{2069}'), "{said:?}");
    }

    #[test]
    fn a_language_is_found_by_its_tag_whatever_the_region() {
        assert_eq!(Language::of_tags(["de-CH", "fr-CA", "en"]).tag, "fr");
        assert_eq!(Language::of_tags(["tlh"]).tag, "en");
        assert!(Language::of_tags(["ar"]).is_rtl);
    }
}
