//! A card as it is handed over: a link (also as a QR code), or an office's address and eight words.

use std::fmt;
use std::str::FromStr;

use crate::{Fingerprint, SwitchboardAddress, Token};

/// Words on a card; each carries 11 bits.
pub const CARD_WORDS: usize = 8;

/// A link `https://SWITCHBOARD/c#TOKEN.FINGERPRINT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardLink {
    /// The issuer's switchboard.
    pub address: SwitchboardAddress,
    /// The card's secret.
    pub token: Token,
    /// The issuer's line.
    pub fingerprint: Fingerprint,
}

/// What a person typed, pasted or scanned to take a card up: a link or spoken words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardText {
    /// A link.
    Link(CardLink),
    /// An office's address and words, lower case, not yet looked up in the word list.
    Words {
        /// The issuer's switchboard.
        address: SwitchboardAddress,
        /// Exactly [`CARD_WORDS`] words.
        words: Vec<String>,
    },
}

/// Text that is no card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseCardError {
    /// Neither a link nor an address with words.
    #[error("this is not a card: paste the whole link, or type the office's address and then the eight words")]
    NotACard,
    /// A link whose part after `#` is damaged.
    #[error("this card's link is damaged: copy it again, all of it")]
    DamagedLink,
    /// An address with too many or too few words.
    #[error("a card has eight words after the office's address, and here are {0}")]
    WordCount(usize),
}

impl CardLink {
    /// The link as text; `scheme` is `https`, or `http` under the development flag.
    pub fn to_url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/c#{}.{}", self.address, self.token.to_text(), self.fingerprint.to_text())
    }
}

impl FromStr for CardLink {
    type Err = ParseCardError;

    fn from_str(text: &str) -> Result<Self, ParseCardError> {
        let (place, secret) = text.split_once('#').ok_or(ParseCardError::NotACard)?;
        let base = place.strip_suffix("/c").ok_or(ParseCardError::NotACard)?;
        let address = SwitchboardAddress::from_url(base).map_err(|_| ParseCardError::NotACard)?;
        let (token, fingerprint) = secret.split_once('.').ok_or(ParseCardError::DamagedLink)?;
        Ok(Self {
            address,
            token: token.parse().map_err(|_| ParseCardError::DamagedLink)?,
            fingerprint: fingerprint.parse().map_err(|_| ParseCardError::DamagedLink)?,
        })
    }
}

impl FromStr for CardText {
    type Err = ParseCardError;

    fn from_str(text: &str) -> Result<Self, ParseCardError> {
        let text = text.trim();
        if text.contains("://") {
            return text.parse().map(Self::Link);
        }
        let mut parts = text.split(|c: char| c.is_whitespace() || c == ',').filter(|part| !part.is_empty());
        let address = parts.next().ok_or(ParseCardError::NotACard)?;
        let address = address.parse().map_err(|_| ParseCardError::NotACard)?;
        let words: Vec<String> = parts.map(str::to_lowercase).collect();
        match words.len() {
            0 => Err(ParseCardError::NotACard),
            CARD_WORDS => Ok(Self::Words { address, words }),
            other => Err(ParseCardError::WordCount(other)),
        }
    }
}

/// The words of a card with the address before them, as they are said aloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenCard<'a> {
    /// The issuer's switchboard.
    pub address: &'a SwitchboardAddress,
    /// The words.
    pub words: &'a [&'a str],
}

impl fmt::Display for SpokenCard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        self.words.iter().try_for_each(|word| write!(f, " {word}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> CardLink {
        CardLink {
            address: "line.example.org".parse().unwrap(),
            token: Token::new([3; 16]),
            fingerprint: Fingerprint::new([4; 32]),
        }
    }

    #[test]
    fn a_link_reads_back_with_its_spaces_around() {
        let url = link().to_url("https");
        assert_eq!(format!("  {url}\n").parse(), Ok(CardText::Link(link())));
    }

    #[test]
    fn words_read_in_any_case_and_with_commas() {
        let text = "line.example.org Able, about above absent absorb abstract absurd ABUSE";
        let Ok(CardText::Words { address, words }) = text.parse() else { panic!("no words") };
        assert_eq!(address.as_str(), "line.example.org");
        assert_eq!(words.first().map(String::as_str), Some("able"));
        assert_eq!(words.last().map(String::as_str), Some("abuse"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("", ParseCardError::NotACard),
            ("hello", ParseCardError::NotACard),
            ("https://line.example.org/", ParseCardError::NotACard),
            ("https://line.example.org/c#AAAA", ParseCardError::DamagedLink),
            ("https://line.example.org/c#AAAA.BBBB", ParseCardError::DamagedLink),
            ("line.example.org one two", ParseCardError::WordCount(2)),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<CardText>(), Err(error), "{text}");
        }
    }
}
