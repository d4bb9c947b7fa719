//! What the phone app's page and the worker that has its handset say to each other.
//!
//! A page asks ([`Ask`], one of the calls in [`calls`]) and gets one [`Reply`]; unasked, the worker tells what changed
//! ([`News`]). All are CBOR behind a version byte, as everything of ours is; bytes of files do not go through here, but
//! beside it, as the browser's own `File` and `Blob`.
//!
//! Nothing in here is kept. Both sides come from one build, so a version that differs means that one of them is stale.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod calls;
pub mod conversation;
pub mod line;
mod news;
pub mod people;
mod secret;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

pub use calls::Ask;
pub use news::News;
pub use secret::Secret;

/// Longer than anything that is said: a page of a conversation with texts of the greatest length.
pub const LONGEST: usize = 64 * 1024 * 1024;

/// Times are milliseconds of Unix time.
pub type Millis = u64;

/// Something a page asks of the handset.
pub trait Call: Serialize + Into<Ask> {
    /// What it gets.
    type Answer: Serialize + DeserializeOwned;
}

/// Why something was not done: nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Stable; what the catalogues of sentences go by.
    pub code: String,
    /// In English, for where a catalogue has none.
    pub sentence: String,
}

impl Trouble {
    /// One.
    pub fn new(code: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { code: code.into(), sentence: sentence.into() }
    }
}

/// A page's question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// The page's own number for it.
    pub number: u64,
    /// What.
    pub ask: Ask,
}

/// What a worker says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Said {
    /// The answer to a question: the call's `Answer`, encoded.
    Reply(Reply),
    /// Something changed.
    News(News),
}

/// The answer to one question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    /// The question's number.
    pub number: u64,
    /// What came of it.
    pub answer: Result<ByteBuf, Trouble>,
}

impl Reply {
    /// An answer.
    pub fn to<C: Call>(number: u64, answer: Result<C::Answer, Trouble>) -> Self {
        Self { number, answer: answer.map(|answer| ByteBuf::from(protocol::encode(&answer))) }
    }

    /// Reads the answer to such a call.
    ///
    /// # Errors
    /// The worker's; `stale-app` if it is none.
    pub fn read<C: Call>(&self) -> Result<C::Answer, Trouble> {
        let bytes = self.answer.as_ref().map_err(Clone::clone)?;
        decode(bytes)
    }
}

/// As it goes between the two.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    protocol::encode(value)
}

/// Reads what the other side said.
///
/// # Errors
/// `stale-app`: the two are not of one build.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Trouble> {
    protocol::decode(bytes, LONGEST).map_err(|_| {
        Trouble::new("stale-app", "two parts of the app are of different versions: close it and open it again")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::{Search, Stage};
    use crate::line::{Where, Why};

    #[test]
    fn a_question_and_its_answer_come_through() {
        let ask = Search { words: "ferries".to_owned(), person: Some(3), before: None, limit: 20 };
        let asked: Asked = decode(&encode(&Asked { number: 7, ask: ask.into() })).unwrap();
        assert!(matches!(asked.ask, Ask::Search(Search { person: Some(3), .. })));
        let reply = Said::Reply(Reply::to::<Stage>(7, Ok(Where::Unusable(Why::NoStorage))));
        let Said::Reply(reply) = decode(&encode(&reply)).unwrap() else { panic!("a reply") };
        assert_eq!(reply.read::<Stage>(), Ok(Where::Unusable(Why::NoStorage)));
        assert_eq!(reply.read::<Search>().unwrap_err().code, "stale-app");
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret::Passphrase("a long evening".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
