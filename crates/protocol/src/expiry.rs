//! How long texts stay: the terms that two lines can agree on, and the words by which they do.
//!
//! A side proposes, the other answers, and what counts is the first answer (by its handset's running number) to a
//! proposal: so both sides come to the same whatever order it all arrives in. A proposal says after how many agreements
//! it was made; the accepted one with the most before it holds, of two alike the one with the higher id.

use ciborium::Value;

use crate::codec::decode_bare;

/// The type of the part that holds an [`ExpiryWord`].
pub(crate) const EXPIRY_TYPE: &str = "application/vnd.entrenous.expiry+cbor";

/// How long texts stay after they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Term {
    /// For good.
    #[default]
    Off,
    /// One day.
    Day,
    /// One week.
    Week,
    /// Four weeks.
    FourWeeks,
}

impl Term {
    /// All there are, the longest last but for good.
    pub const ALL: [Self; 4] = [Self::Off, Self::Day, Self::Week, Self::FourWeeks];

    /// Seconds; 0 for good.
    pub const fn seconds(self) -> u32 {
        const DAY: u32 = 24 * 60 * 60;
        match self {
            Self::Off => 0,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::FourWeeks => 28 * DAY,
        }
    }

    /// The term of so many seconds, if there is one.
    pub fn from_seconds(seconds: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|term| term.seconds() == seconds)
    }

    /// As typed and as programs read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Day => "1d",
            Self::Week => "1w",
            Self::FourWeeks => "4w",
        }
    }
}

/// When a content is over (the draft's `Expiration`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expires {
    /// Whether the time counts from when it was sent; else it is seconds of Unix time.
    pub relative: bool,
    /// Seconds.
    pub time: u32,
}

impl Expires {
    pub(crate) fn to_value(self) -> Value {
        Value::Array(vec![self.relative.into(), self.time.into()])
    }

    /// Reads the draft's form; none if it is not that.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let [relative, time] = value.as_array()?.as_slice() else { return None };
        Some(Self { relative: relative.as_bool()?, time: u32::try_from(time.as_integer()?).ok()? })
    }
}

/// What is said about expiry. All but a proposal name one, as that which they answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiryWord {
    /// From now on, texts are to stay so long.
    Propose {
        /// How long.
        term: Term,
        /// How many agreements there were before, as far as the proposer knows.
        after: u64,
    },
    /// "Let it be so."
    Accept,
    /// "Rather not."
    Decline,
    /// The proposer would rather that it was declined.
    Withdraw,
}

impl ExpiryWord {
    /// The part's body.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let fields: Vec<Value> = match self {
            Self::Propose { term, after } => vec![0.into(), term.seconds().into(), after.into()],
            Self::Accept => vec![1.into()],
            Self::Decline => vec![2.into()],
            Self::Withdraw => vec![3.into()],
        };
        let mut bytes = Vec::with_capacity(16);
        let written = ciborium::into_writer(&Value::Array(fields), &mut bytes);
        debug_assert!(written.is_ok(), "writing a CBOR value into memory cannot fail");
        bytes
    }

    /// Reads a part's body; none if it says something else, such as a term that we do not know.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let Ok(Value::Array(fields)) = decode_bare(bytes) else { return None };
        let numbers = fields.iter().map(|field| u64::try_from(field.as_integer()?).ok());
        match numbers.collect::<Option<Vec<u64>>>()?.as_slice() {
            [0, seconds, after] => {
                let term = Term::from_seconds(u32::try_from(*seconds).ok()?)?;
                Some(Self::Propose { term, after: *after })
            }
            [1] => Some(Self::Accept),
            [2] => Some(Self::Decline),
            [3] => Some(Self::Withdraw),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Content, What};

    fn content(expires: Option<Expires>, what: What) -> Content {
        Content { salt: [9; 16], replaces: None, in_reply_to: None, expires, what, files: Vec::new() }
    }

    #[test]
    fn words_about_expiry_read_back() {
        let propose = |term| ExpiryWord::Propose { term, after: 3 };
        let mut words = Term::ALL.map(propose).to_vec();
        words.extend([ExpiryWord::Accept, ExpiryWord::Decline, ExpiryWord::Withdraw]);
        for word in words {
            let content = content(None, What::Expiry(word));
            assert_eq!(Content::from_bytes(&content.to_bytes()), Ok(content));
        }
    }

    #[test]
    fn the_form_is_kept() {
        let expires = Some(Expires { relative: true, time: Term::Week.seconds() });
        let text = content(expires, What::Text("a".into())).to_bytes();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert!(hex(&text).contains("82f51a00093a80"), "[true, 604800]: {}", hex(&text));
        assert_eq!(hex(&ExpiryWord::Propose { term: Term::Day, after: 1 }.to_bytes()), "83001a0001518001");
        assert_eq!(hex(&ExpiryWord::Withdraw.to_bytes()), "8103");
    }

    #[test]
    fn another_term_is_newer_than_we_are_and_garbage_is_nothing() {
        assert_eq!(ExpiryWord::read(&[0x83, 0, 0x18, 60, 0]), None);
        assert_eq!(ExpiryWord::read(&[0x81, 9]), None);
        assert_eq!(ExpiryWord::read(b""), None);
        for wrong in [Value::Bool(true), Value::Array(vec![true.into()]), Value::Array(vec![true.into(), (-1).into()])]
        {
            assert_eq!(Expires::read(&wrong), None);
        }
    }
}
