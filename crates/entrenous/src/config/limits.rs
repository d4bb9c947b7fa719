//! The limits that an operator may set, in one table: how each is called, what it means, and how it is written.

use std::time::Duration;

use switchboard::Limits;
use toml::Value;

use super::values::{duration, parse_size, size};
use crate::clock::parse_duration;

/// How a limit is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Count,
    Bytes,
    Time,
}

/// One limit.
pub(super) struct Limit {
    field: &'static str,
    pub(super) meaning: &'static str,
    unit: Unit,
    /// In the unit: of times, seconds.
    get: fn(&Limits) -> u64,
    /// Whether the number fits.
    set: fn(&mut Limits, u64) -> bool,
}

macro_rules! limit {
    ($field:ident, Time, $meaning:literal) => {
        Limit {
            field: stringify!($field),
            meaning: $meaning,
            unit: Unit::Time,
            get: |limits| limits.$field.as_secs(),
            set: |limits, seconds| {
                limits.$field = Duration::from_secs(seconds);
                true
            },
        }
    };
    ($field:ident, $unit:ident, $meaning:literal) => {
        Limit {
            field: stringify!($field),
            meaning: $meaning,
            unit: Unit::$unit,
            get: |limits| limits.$field as u64,
            set: |limits, number| number.try_into().map(|number| limits.$field = number).is_ok(),
        }
    };
}

/// All that an operator may set.
pub(super) const LIMITS: &[Limit] = &[
    limit!(
        item_bytes_per_line,
        Bytes,
        "What may wait for one line; what comes beyond is dropped, and asked for again."
    ),
    limit!(mailboxes_per_line, Count, "Mailboxes that a line may have open."),
    limit!(intakes_per_line, Count, "Cards and standing intakes that a line may have open."),
    limit!(intake_bytes_per_line, Bytes, "What a line's cards may take up."),
    limit!(generations_per_line, Count, "Conversations' generations that a line may have founded here."),
    limit!(queue_bytes_per_peer, Bytes, "What may wait for one other switchboard."),
    limit!(queue_bytes_per_stranger, Bytes, "The same for one that has never taken anything."),
    limit!(blobs_per_line, Count, "Sealed files that a line may have here."),
    limit!(blob_bytes_per_line, Bytes, "What a line's files may take up."),
    limit!(blob_bytes, Bytes, "What all lines' files together may take up."),
    limit!(keep_blobs, Time, "How long a file is kept for those who have not fetched it."),
    limit!(peers, Count, "Other switchboards that may be known."),
    limit!(keep, Time, "How long texts wait for a handset or a switchboard that does not fetch them."),
    limit!(keep_generations, Time, "How long a conversation's order is kept after the last text."),
    limit!(connections, Count, "Connections in all."),
    limit!(strangers_per_address, Count, "Connections from one network address that have not said who they are."),
    limit!(peers_per_address, Count, "Connections of other switchboards from one network address."),
    limit!(request_bytes, Bytes, "Other switchboards' requests in memory, in all."),
    limit!(request_bytes_per_address, Bytes, "The same from one network address."),
    limit!(stranger_requests_per_minute, Count, "Requests of strangers from one network address in a minute."),
    limit!(frames_per_second, Count, "What one line may send in a second, lasting."),
    limit!(parcels_per_second, Count, "What one other switchboard may send in a second, lasting."),
    limit!(fetches_per_minute, Count, "Cards that one other switchboard may take up here in a minute."),
    limit!(questions_per_minute, Count, "Cards that one line may take up elsewhere in a minute."),
];

impl Limit {
    /// As it stands in a file.
    pub(super) fn key(&self) -> String {
        self.field.replace('_', "-")
    }

    /// As it stands in a file, in these limits.
    pub(super) fn value(&self, limits: &Limits) -> String {
        let number = (self.get)(limits);
        match self.unit {
            Unit::Count => number.to_string(),
            Unit::Bytes => format!("{:?}", size(number)),
            Unit::Time => format!("{:?}", duration(Duration::from_secs(number))),
        }
    }

    /// Sets it; or what is expected instead.
    pub(super) fn set(&self, limits: &mut Limits, value: &Value) -> Result<(), &'static str> {
        let (least, most, expected) = match self.unit {
            Unit::Count => (1, 1_000_000_000, "a number of at least 1, such as 100"),
            // Less would not even take one of the largest envelopes.
            Unit::Bytes => (1 << 20, 1 << 50, "a size of at least 1 MiB, such as \"512 MiB\""),
            Unit::Time => (3600, 86_400 * 3650, "a time of at least an hour and at most ten years, such as \"30d\""),
        };
        let number = match (self.unit, value) {
            (Unit::Count, Value::Integer(number)) => u64::try_from(*number).ok(),
            (Unit::Bytes, Value::String(text)) => parse_size(text).ok(),
            (Unit::Time, Value::String(text)) => parse_duration(text).ok().map(|time| time.as_secs()),
            _ => None,
        };
        let set = number.is_some_and(|number| (least..=most).contains(&number) && (self.set)(limits, number));
        if set { Ok(()) } else { Err(expected) }
    }
}
