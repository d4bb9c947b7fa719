//! How a handset that is not connected is woken (Web Push, RFC 8030, 8291 and 8292), and what for.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::Timestamp;

/// Whether what is sent should wake somebody, and how soon. All that a switchboard, and on the way to a handset a push
/// service, learns of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Urgency {
    /// Nobody needs to see it now.
    #[default]
    Quiet,
    /// Something is waiting.
    Waiting,
    /// A call.
    Call,
}

/// A call's, beside `false` and `true` for the others, which is how they were written before there were calls.
const CALL: u8 = 2;

impl Serialize for Urgency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Quiet => serializer.serialize_bool(false),
            Self::Waiting => serializer.serialize_bool(true),
            Self::Call => serializer.serialize_u8(CALL),
        }
    }
}

impl<'de> Deserialize<'de> for Urgency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = Urgency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an urgency")
            }

            fn visit_bool<E: Error>(self, is_urgent: bool) -> Result<Urgency, E> {
                Ok(if is_urgent { Urgency::Waiting } else { Urgency::Quiet })
            }

            fn visit_u64<E: Error>(self, urgency: u64) -> Result<Urgency, E> {
                if urgency == CALL.into() { Ok(Urgency::Call) } else { Err(E::custom("no urgency that is known")) }
            }
        }

        deserializer.deserialize_any(Read)
    }
}

/// What a push message says, the same for all handsets: this, padded.
pub const WAITING_MESSAGE: &[u8] = b"0";

/// What the push message of a call says.
pub const CALL_MESSAGE: &[u8] = b"1";

/// Where and how a handset can be woken: a browser's `PushSubscription`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// A URL at the browser's push service; a secret between the two and us.
    pub endpoint: String,
    /// The handset's key for the messages: an uncompressed point on P-256.
    pub p256dh: ByteBuf,
    /// The secret that goes with it.
    pub auth: ByteBuf,
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription")
    }
}

impl Subscription {
    /// Whether it has the form of one.
    pub fn is_sound(&self) -> bool {
        (1..=crate::limits::ENDPOINT_BYTES).contains(&self.endpoint.len())
            && self.endpoint.bytes().all(|byte| byte.is_ascii_graphic())
            && self.p256dh.len() == P256_POINT_BYTES
            && self.p256dh.first() == Some(&4)
            && self.auth.len() == AUTH_BYTES
    }
}

/// An uncompressed point on P-256, in bytes.
pub const P256_POINT_BYTES: usize = 65;

/// A subscription's secret, in bytes.
pub const AUTH_BYTES: usize = 16;

/// How it stands with waking a handset.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wake {
    /// The switchboard's key (VAPID), for which the browser makes the subscription; none if it wakes nobody.
    pub key: Option<ByteBuf>,
    /// It has a subscription of this handset.
    pub stored: bool,
    /// The last time that it tried to wake this handset, since it was started.
    pub last: Option<Pushed>,
}

/// An attempt to wake a handset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    /// When, by the switchboard's clock.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: PushOutcome,
}

/// What came of an attempt to wake a handset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PushOutcome {
    /// The push service took the message. Whether it came to the handset, only the handset knows.
    Taken,
    /// The push service does not know the subscription any more, which is removed: the browser has to make another.
    Gone,
    /// The push service did not take the message.
    Refused,
    /// The push service cannot be reached, or must not be.
    Unreachable,
}

impl PushOutcome {
    /// From how it is stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Taken, Self::Gone, Self::Refused, Self::Unreachable].into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// As shown and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, encode};

    #[test]
    fn an_urgency_reads_as_it_was_written_before_there_were_calls() {
        for (before, now) in [(false, Urgency::Quiet), (true, Urgency::Waiting)] {
            assert_eq!(encode(&before), encode(&now));
            assert_eq!(decode::<Urgency>(&encode(&before), 9), Ok(now));
        }
        assert_eq!(decode::<Urgency>(&encode(&Urgency::Call), 9), Ok(Urgency::Call));
        assert!(decode::<Urgency>(&encode(&3_u8), 9).is_err());
        assert!(Urgency::Quiet < Urgency::Waiting && Urgency::Waiting < Urgency::Call);
    }

    #[test]
    fn a_subscription_has_its_form() {
        let sound = Subscription {
            endpoint: "https://push.example/abc".to_owned(),
            p256dh: ByteBuf::from([4; P256_POINT_BYTES]),
            auth: ByteBuf::from([1; AUTH_BYTES]),
        };
        assert!(sound.is_sound());
        for endpoint in [String::new(), "https://push.example/a b".to_owned(), "x".repeat(2000)] {
            assert!(!Subscription { endpoint, ..sound.clone() }.is_sound());
        }
        assert!(!Subscription { p256dh: ByteBuf::from([2; 33]), ..sound.clone() }.is_sound());
        assert!(!Subscription { auth: ByteBuf::from([2; 17]), ..sound }.is_sound());
    }
}
