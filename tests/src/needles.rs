//! Looking for what must not be somewhere, in every spelling in which it could be there.

use std::collections::{BTreeSet, HashMap};

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXUPPER};

/// Shorter forms would be met by chance.
const LEAST: usize = 8;
/// Of long byte strings this much is looked for at once: a part of a secret is one too.
const PART: usize = 32;
/// Byte strings beyond this are known by their middle and end.
const WHOLE: usize = 4 * PART;

/// What is looked for, each under the name that a failure shows instead of it.
#[derive(Debug, Default)]
pub struct Needles {
    seen: BTreeSet<Vec<u8>>,
    forms: Vec<Form>,
}

/// One spelling of one needle.
#[derive(Debug)]
struct Form {
    what: String,
    spelling: &'static str,
    bytes: Vec<u8>,
}

impl Needles {
    /// Adds a text, and each long word of it.
    pub fn text(&mut self, what: &str, text: &str) {
        self.phrase(what, text);
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= LEAST) {
            self.phrase(what, word);
        }
    }

    /// Adds words that mean something together: all of them, and any three in a row, however they are joined.
    pub fn words(&mut self, what: &str, words: &[&str]) {
        let four = |word: &&str| word.chars().take(4).collect::<String>();
        let beginnings: Vec<String> = words.iter().map(four).collect();
        let beginnings: Vec<&str> = beginnings.iter().map(String::as_str).collect();
        for words in [words, &beginnings] {
            for some in words.windows(3).chain([words]) {
                for between in [" ", ",", ", ", "-", "_", "\n", "\", \"", ""] {
                    self.phrase(what, &some.join(between));
                }
            }
        }
    }

    /// Adds bytes; long ones in parts.
    pub fn bytes(&mut self, what: &str, bytes: &[u8]) {
        if bytes.len() > WHOLE {
            // The beginning may be alike in all of its kind.
            let middle = (bytes.len() - PART) / 2;
            self.part(what, &bytes[middle..middle + PART]);
            self.part(what, &bytes[bytes.len() - PART..]);
        } else {
            let (parts, rest) = bytes.as_chunks::<PART>();
            parts.iter().for_each(|part| self.part(what, part));
            // Less of a secret than this is met by chance.
            if rest.len() >= PART / 2 || parts.is_empty() {
                self.part(what, rest);
            }
        }
    }

    /// Whether all of these bytes are looked for already.
    pub fn contains(&self, bytes: &[u8]) -> bool {
        self.seen.contains(bytes)
    }

    /// How many different things are looked for.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// What of it is in a haystack, and in which spelling.
    pub fn found_in(&self, haystack: &[u8]) -> BTreeSet<String> {
        let index = Index::of(&self.forms);
        index.hits(haystack).into_iter().map(|at| self.forms[at].name()).collect()
    }

    /// Fails if any of it is in a haystack, once it is clear that all of it would be found there.
    pub fn assert_absent(&self, place: &str, haystack: &[u8]) {
        assert!(!haystack.is_empty(), "{place}: there is something to search");
        let index = Index::of(&self.forms);
        let (before, after) = haystack.split_at(haystack.len() / 2);
        let planted = self.forms.iter().map(|form| form.bytes.as_slice());
        let copy = [before].into_iter().chain(planted).chain([after]).collect::<Vec<_>>().concat();
        let hits = index.hits(&copy);
        let missed = (0..self.forms.len()).find(|at| !hits.contains(at)).map(|at| self.forms[at].name());
        assert_eq!(missed, None, "{place}: the search finds what was planted");
        let found: BTreeSet<String> = index.hits(haystack).into_iter().map(|at| self.forms[at].name()).collect();
        assert!(found.is_empty(), "{place} has {found:#?}");
    }

    fn phrase(&mut self, what: &str, text: &str) {
        self.part(what, text.as_bytes());
        self.part(what, text.to_lowercase().as_bytes());
        self.part(what, text.to_uppercase().as_bytes());
        self.part(what, text.replace(' ', "+").as_bytes());
        self.part(what, text.replace(' ', "%20").as_bytes());
    }

    fn part(&mut self, what: &str, bytes: &[u8]) {
        assert!(bytes.len() >= LEAST, "{what} is too short to be looked for");
        if !self.seen.insert(bytes.to_vec()) {
            return;
        }
        let mut forms = spellings(bytes);
        // What is plain ASCII escapes to itself.
        forms.dedup_by(|a, b| a.1 == b.1);
        self.forms.extend(forms.into_iter().map(|(spelling, bytes)| Form { what: what.to_owned(), spelling, bytes }));
    }
}

impl Form {
    fn name(&self) -> String {
        format!("{} ({})", self.what, self.spelling)
    }
}

const RAW: &str = "raw";

/// How bytes may be written: as they are, as Rust's and JSON's escapes, as lists of numbers, in hex and in base64.
fn spellings(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let escaped = bytes.escape_ascii().to_string();
    let listed = |between: &str| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(between);
    let mut all = vec![
        (RAW, bytes.to_vec()),
        ("escaped", escaped.clone().into_bytes()),
        ("escaped twice", escaped.replace('\\', "\\\\").into_bytes()),
        ("listed", listed(", ").into_bytes()),
        ("listed", listed(",").into_bytes()),
        ("CBOR numbers", bytes.iter().flat_map(|&byte| if byte < 24 { vec![byte] } else { vec![24, byte] }).collect()),
        ("hex", HEXLOWER.encode(bytes).into_bytes()),
        ("hex", HEXUPPER.encode(bytes).into_bytes()),
    ];
    for before in 0..3 {
        all.push(("base64", inside(&BASE64_NOPAD, bytes, before)));
        all.push(("base64url", inside(&BASE64URL_NOPAD, bytes, before)));
    }
    all
}

/// The characters of a longer base64 text that are these bytes' alone, if so many bytes stand before them.
fn inside(encoding: &Encoding, bytes: &[u8], before: usize) -> Vec<u8> {
    let text = encoding.encode(&[&[0; 2][..before], bytes].concat());
    let (first, last) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
    text.as_bytes()[first..last].to_vec()
}

/// Forms by their first four bytes, so that a haystack is read once for all of them.
struct Index<'a> {
    forms: &'a [Form],
    /// Whether any form begins with these three bytes: rules most places out at once.
    begins: Vec<bool>,
    by_beginning: HashMap<[u8; 4], Vec<usize>>,
}

impl<'a> Index<'a> {
    fn of(forms: &'a [Form]) -> Self {
        let mut index = Self { forms, begins: vec![false; 1 << 24], by_beginning: HashMap::new() };
        for (at, form) in forms.iter().enumerate() {
            let beginning = form.bytes.first_chunk::<4>().expect("forms are longer");
            index.begins[three(beginning)] = true;
            index.by_beginning.entry(*beginning).or_default().push(at);
        }
        index
    }

    /// Which forms are in a haystack.
    fn hits(&self, haystack: &[u8]) -> BTreeSet<usize> {
        let mut hits = BTreeSet::new();
        for at in 0..haystack.len().saturating_sub(3) {
            let rest = &haystack[at..];
            let Some(beginning) = rest.first_chunk::<4>() else { break };
            if self.begins[three(beginning)]
                && let Some(forms) = self.by_beginning.get(beginning)
            {
                hits.extend(forms.iter().filter(|form| rest.starts_with(&self.forms[**form].bytes)));
            }
        }
        hits
    }
}

fn three(beginning: &[u8; 4]) -> usize {
    usize::from(beginning[0]) << 16 | usize::from(beginning[1]) << 8 | usize::from(beginning[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles() -> Needles {
        let mut needles = Needles::default();
        needles.bytes("a key", &[0x9c, 0x07, 0xf1, 0x22, 0x80, 0x5b, 0x66, 0x01, 0xee, 0x31, 0x90, 0x4a, 17, 3, 99, 1]);
        needles.text("a text", "The orchard at Venn");
        needles.words("words", &["able", "orchard", "absent", "abstract"]);
        needles
    }

    #[test]
    fn every_spelling_is_found() {
        let key = [0x9c, 0x07, 0xf1, 0x22, 0x80, 0x5b, 0x66, 0x01, 0xee, 0x31, 0x90, 0x4a, 17, 3, 99, 1];
        for haystack in [
            format!("key: {key:?}"),
            format!("key={}", HEXLOWER.encode(&key)),
            format!("a{}", BASE64_NOPAD.encode(&[&[1][..], &key, &[2]].concat())),
            format!("b\"{}\"", key.escape_ascii()),
        ] {
            let found = needles().found_in(haystack.as_bytes());
            assert!(found.iter().any(|what| what.starts_with("a key")), "{haystack}: {found:?}");
        }
        for haystack in
            ["the orchard at venn", "GET /?q=The+orchard+at+Venn", "ABLE-ORCHARD-ABSENT", "absent, abstract"]
        {
            let is_whole = haystack != "absent, abstract";
            assert_eq!(!needles().found_in(haystack.as_bytes()).is_empty(), is_whole, "{haystack}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        needles().assert_absent("a page", b"The vineyard at Penn, able to orchard");
    }

    #[test]
    #[should_panic(expected = "a text (raw)")]
    fn what_is_there_is_named() {
        needles().assert_absent("a page", b"so: The orchard at Venn");
    }

    #[test]
    #[should_panic(expected = "there is something to search")]
    fn nothing_is_no_haystack() {
        needles().assert_absent("a page", b"");
    }
}
