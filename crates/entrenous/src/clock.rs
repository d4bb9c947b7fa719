//! Time at the edges: now, durations as they are typed, and times as people and programs read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use protocol::Timestamp;

/// The clock of this machine.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// `30s`, `5m`, `12h`, `7d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration: write a number and s, m, h or d, such as 12h");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    if number == 0 {
        return Err(format!("{text:?} is no time at all: write 1{unit} or more"));
    }
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{text:?} is longer than can be counted"))
}

/// RFC 3339 in UTC with milliseconds, for programs.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    format!("{:.3}", instant(time))
}

/// Hours and minutes where the person is.
pub(crate) fn local_time(time: Timestamp) -> String {
    instant(time).to_zoned(TimeZone::system()).strftime("%H:%M").to_string()
}

/// The day where the person is.
pub(crate) fn local_day(time: Timestamp) -> String {
    instant(time).to_zoned(TimeZone::system()).strftime("%A %-d %B %Y").to_string()
}

/// Hours and minutes where the person is, after the day if that is another one than today.
pub(crate) fn local_short(time: Timestamp) -> String {
    if local_day(time) == local_day(now()) { local_time(time) } else { local_full(time) }
}

/// Day and time where the person is.
pub(crate) fn local_full(time: Timestamp) -> String {
    instant(time).to_zoned(TimeZone::system()).strftime("%-d %B %Y, %H:%M").to_string()
}

fn instant(time: Timestamp) -> jiff::Timestamp {
    let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_in_four_units_and_nothing_else() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in ["", "7", "d", "0d", "-1d", "7w", "1.5h", "7 d", "99999999999999999999d", "300000000000000d", "7é"]
        {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(parse_duration("0s").unwrap_err(), "\"0s\" is no time at all: write 1s or more");
    }

    #[test]
    fn programs_read_utc() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_700_000_000_123)), "2023-11-14T22:13:20.123Z");
        assert_eq!(rfc3339(Timestamp::from_millis(1_700_000_000_000)), "2023-11-14T22:13:20.000Z");
    }

    #[test]
    fn no_time_is_too_far_to_be_printed() {
        assert!(local_full(Timestamp::from_millis(u64::MAX)).contains("9999"));
    }
}
