//! What a switchboard says when it does not do what it was asked: a stable code and one sentence.

use serde::{Deserialize, Serialize};

/// What somebody else's sentence may have at most, in bytes of UTF-8.
const SENTENCE_BYTES: usize = 512;

/// Why; stable in name across versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RefusalCode {
    /// A card whose time is over.
    CardExpired,
    /// A card that its issuer took back.
    CardRevoked,
    /// No such card on that switchboard.
    CardUnknown,
    /// A card without uses left.
    CardUsedUp,
    /// A slot that somebody else holds or that lapsed.
    ReservationLapsed,
    /// The claim link was used, withdrawn, or never given out.
    InvitationInvalid,
    /// The handset is not on the line's newest list.
    HandsetUnknown,
    /// The line has no account here.
    LineUnknown,
    /// A signature, capability or proof does not hold.
    NotAuthentic,
    /// Malformed, or not what may be sent here.
    Malformed,
    /// Larger than allowed.
    TooLarge,
    /// More than allowed in this time, or the store is full for this sender.
    TooMany,
    /// As much as the asking line may have here: it has to give something up first.
    AtLimit,
    /// The other switchboard cannot be reached.
    PeerUnreachable,
    /// The operator of one of the two switchboards does not allow the other.
    PeerNotAllowed,
    /// The other side speaks no version that this one knows.
    VersionUnknown,
    /// Something in the way on the switchboard itself (a full disk, say).
    Unavailable,
    /// A blob that is not there, or no more.
    BlobUnknown,
    /// A blob whose bytes are not there yet: its sender has still to bring them.
    BlobIncomplete,
    /// The office's operator took the handset out of service.
    HandsetRevoked,
}

impl RefusalCode {
    /// The code as people and scripts see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CardExpired => "card-expired",
            Self::CardRevoked => "card-revoked",
            Self::CardUnknown => "card-unknown",
            Self::CardUsedUp => "card-used-up",
            Self::ReservationLapsed => "reservation-lapsed",
            Self::InvitationInvalid => "invitation-invalid",
            Self::HandsetUnknown => "handset-unknown",
            Self::LineUnknown => "line-unknown",
            Self::NotAuthentic => "not-authentic",
            Self::Malformed => "malformed",
            Self::TooLarge => "too-large",
            Self::TooMany => "too-many",
            Self::AtLimit => "at-limit",
            Self::PeerUnreachable => "peer-unreachable",
            Self::PeerNotAllowed => "peer-not-allowed",
            Self::VersionUnknown => "version-unknown",
            Self::Unavailable => "unavailable",
            Self::BlobUnknown => "blob-unknown",
            Self::BlobIncomplete => "blob-incomplete",
            Self::HandsetRevoked => "handset-revoked",
        }
    }

    /// Whether the same request may succeed later without being changed.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::TooMany | Self::PeerUnreachable | Self::Unavailable | Self::BlobIncomplete)
    }
}

/// A refusal as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// Why, for programs.
    pub code: RefusalCode,
    /// Why and what to do, for people; without names, addresses or secrets.
    pub sentence: String,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn new(code: RefusalCode, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into() }
    }

    /// As it may be passed on when somebody else said it.
    #[must_use]
    pub fn from_elsewhere(self) -> Self {
        Self { sentence: one_line(&self.sentence), ..self }
    }
}

/// Somebody else's words as they may go into a log or before a person: one line, not long, and nothing that steers a
/// terminal.
pub fn one_line(words: &str) -> String {
    let clean = |c: char| match c {
        c if c.is_control() => ' ',
        // Line ends of another kind, and direction overrides, which could make a word read as another.
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
        c => c,
    };
    let mut line: String = words.chars().take(SENTENCE_BYTES).map(clean).collect();
    line.truncate(line.floor_char_boundary(SENTENCE_BYTES));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_elses_words_are_one_short_line() {
        let of = |sentence: String| Refusal::new(RefusalCode::TooMany, sentence).from_elsewhere().sentence;
        assert_eq!(of("no\n\u{1b}[2J\u{202e}way\u{9b}".to_owned()), "no  [2J way ");
        assert_eq!(of("ö".repeat(5000)), "ö".repeat(SENTENCE_BYTES / 2));
        assert_eq!(of("try again later".to_owned()), "try again later");
    }
}
