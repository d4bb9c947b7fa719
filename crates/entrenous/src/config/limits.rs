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
    /// A short time.
    Wait,
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
        limit!(@time $field, Time, $meaning)
    };
    ($field:ident, Wait, $meaning:literal) => {
        limit!(@time $field, Wait, $meaning)
    };
    (@time $field:ident, $unit:ident, $meaning:literal) => {
        Limit {
            field: stringify!($field),
            meaning: $meaning,
            unit: Unit::$unit,
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
        "What may wait for one line, a quarter of it from one other switchboard; what comes beyond is dropped, and asked for again."
    ),
    limit!(item_bytes_per_peer, Bytes, "What may wait for lines here that came from one other switchboard."),
    limit!(item_bytes_from_peers, Bytes, "The same from all of them together; half of it is shared out among them."),
    limit!(mailboxes_per_line, Count, "Mailboxes that a line may have open."),
    limit!(intakes_per_line, Count, "Cards and standing intakes that a line may have open."),
    limit!(intake_bytes_per_line, Bytes, "What a line's cards may take up."),
    limit!(generations_per_line, Count, "Conversations' generations that a line may have founded here."),
    limit!(queue_bytes_per_peer, Bytes, "What may wait for one other switchboard."),
    limit!(queue_bytes_per_stranger, Bytes, "The same for one that has never taken anything."),
    limit!(
        queue_bytes,
        Bytes,
        "What may wait for all other switchboards together; half of it is shared out among them."
    ),
    limit!(queue_bytes_per_line, Bytes, "What of that one line may have submitted."),
    limit!(disk_floor, Bytes, "Free disk below which nothing new is taken; files stop at twice as much."),
    limit!(blobs_per_line, Count, "Sealed files that a line may have here."),
    limit!(blob_bytes_per_line, Bytes, "What a line's files may take up."),
    limit!(blob_bytes, Bytes, "What all lines' files together may take up."),
    limit!(keep_blobs, Time, "How long a file is kept for those who have not fetched it."),
    limit!(blobs_at_once, Count, "Files that one line brings or fetches at a time."),
    limit!(blobs_at_once_per_peer, Count, "Files that one other switchboard fetches here at a time."),
    limit!(
        blob_pace,
        Wait,
        "How long another switchboard's file may come more slowly than 1 KiB a second, and a reader take nothing."
    ),
    limit!(peers, Count, "Other switchboards that may be known."),
    limit!(keep, Time, "How long texts wait for a handset or a switchboard that does not fetch them."),
    limit!(keep_generations, Time, "How long a conversation's order is kept after the last text."),
    limit!(queues_per_peer, Count, "Queues of one other switchboard whose numbers are kept."),
    limit!(reservation, Wait, "How long a use of a card is held for who is taking it up."),
    limit!(reservations_per_peer, Count, "Uses of one card that one other switchboard may hold."),
    limit!(reservations_per_intake, Count, "Reservations of one card that are known, old ones included."),
    limit!(awaited_per_mailbox, Count, "Introductions of one mailbox whose outcome is awaited."),
    limit!(refused_deeds, Count, "Refused orders of one handset whose numbers are kept."),
    limit!(sweep, Wait, "How often what is over is removed."),
    limit!(batch, Count, "What is written in one transaction at most."),
    limit!(connections, Count, "Connections in all."),
    limit!(strangers_per_address, Count, "Connections from one network address that have not said who they are."),
    limit!(greeting, Wait, "How long a connection may take to say who it is."),
    limit!(peers_per_address, Count, "Connections of other switchboards from one network address."),
    limit!(request_bytes, Bytes, "Other switchboards' requests in memory, in all."),
    limit!(request_bytes_per_address, Bytes, "The same from one network address."),
    limit!(stranger_requests_per_minute, Count, "Requests of strangers from one network address in a minute."),
    limit!(frames_per_second, Count, "What one line may send in a second, lasting, its requests about files included."),
    limit!(parcels_per_second, Count, "What one other switchboard may send in a second, lasting."),
    limit!(
        fetches_per_minute,
        Count,
        "Cards that one other switchboard may take up, and files that it may fetch, here in a minute."
    ),
    limit!(
        questions_per_minute,
        Count,
        "Cards that one line may take up, and files that it may fetch, elsewhere in a minute."
    ),
    limit!(questions_at_once, Count, "The same at a time."),
    limit!(
        wake_patience,
        Wait,
        "How long a connected handset may take to take what came before it is woken all the same."
    ),
    limit!(wake_again, Wait, "How long a handset that was woken and did not connect is left alone."),
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
            Unit::Time | Unit::Wait => format!("{:?}", duration(Duration::from_secs(number))),
        }
    }

    /// Sets it; or what is expected instead.
    pub(super) fn set(&self, limits: &mut Limits, value: &Value) -> Result<(), &'static str> {
        let (least, most, expected) = match self.unit {
            Unit::Count => (1, 1_000_000_000, "a number of at least 1, such as 100"),
            // Less would not even take one of the largest envelopes.
            Unit::Bytes => (1 << 20, 1 << 50, "a size of at least 1 MiB, such as \"512 MiB\""),
            Unit::Time => (3600, 86_400 * 3650, "a time of at least an hour and at most ten years, such as \"30d\""),
            Unit::Wait => (1, 86_400, "a time of at least a second and at most a day, such as \"30s\""),
        };
        let number = match (self.unit, value) {
            (Unit::Count, Value::Integer(number)) => u64::try_from(*number).ok(),
            (Unit::Bytes, Value::String(text)) => parse_size(text).ok(),
            (Unit::Time | Unit::Wait, Value::String(text)) => parse_duration(text).ok().map(|time| time.as_secs()),
            _ => None,
        };
        let set = number.is_some_and(|number| (least..=most).contains(&number) && (self.set)(limits, number));
        if set { Ok(()) } else { Err(expected) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_left_out() {
        let all = format!("{:?}", Limits::default());
        let fields = all.trim_start_matches("Limits { ").split(", ").filter_map(|field| field.split_once(": "));
        let mut count = 0;
        for (field, _) in fields {
            count += 1;
            assert_eq!(LIMITS.iter().filter(|limit| limit.field == field).count(), 1, "{field}");
        }
        assert_eq!(count, LIMITS.len());
    }
}
