//! Times as people say them, in their language and time zone: the browser knows both (ECMA-402).

use js_sys::{Array, Date, Intl, Object, Reflect};
use talk::Millis;
use wasm_bindgen::JsValue;

use crate::words::{spoken, t};

const DAY: f64 = 24.0 * 60.0 * 60.0 * 1000.0;

/// How much of a time is said.
#[derive(Clone, Copy)]
enum How {
    /// 15:41
    Time,
    /// 3 March, with the year if it is another
    Day,
    /// Tuesday
    Weekday,
    /// 3 March 2031, 15:41
    Full,
    /// Tuesday 3 March
    Heading,
}

/// Now, by this device's clock.
pub(crate) fn now() -> Millis {
    Date::now() as Millis
}

/// The time of day.
pub(crate) fn time(at: Millis) -> String {
    say(at, How::Time)
}

/// In a list: the time today, "yesterday", the weekday within a week, else the day.
pub(crate) fn brief(at: Millis) -> String {
    match days_ago(at) {
        0 => time(at),
        1 => t("yesterday"),
        2..=6 => say(at, How::Weekday),
        _ => say(at, How::Day),
    }
}

/// A day over the texts of it: "today", "yesterday", else the weekday and day.
pub(crate) fn heading(at: Millis) -> String {
    match days_ago(at) {
        0 => t("today"),
        1 => t("yesterday"),
        _ => say(at, How::Heading),
    }
}

/// The day alone.
pub(crate) fn day(at: Millis) -> String {
    say(at, How::Day)
}

/// Day and time.
pub(crate) fn full(at: Millis) -> String {
    say(at, How::Full)
}

/// A number that is the same for all times of one day here.
pub(crate) fn day_number(at: Millis) -> i64 {
    let date = Date::new(&JsValue::from_f64(at as f64));
    ((at as f64 - date.get_timezone_offset() * 60_000.0) / DAY).floor() as i64
}

/// Minutes and seconds of something that lasts.
pub(crate) fn length(millis: u32) -> String {
    let seconds = millis.div_ceil(1000);
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Bytes, in the unit that people would take.
pub(crate) fn bytes(count: u64) -> String {
    let (value, unit) = match count {
        0..1_000 => (count as f64, "byte"),
        1_000..1_000_000 => (count as f64 / 1e3, "kilobyte"),
        1_000_000..1_000_000_000 => (count as f64 / 1e6, "megabyte"),
        _ => (count as f64 / 1e9, "gigabyte"),
    };
    let options = Object::new();
    for (key, word) in [("style", "unit"), ("unit", unit), ("unitDisplay", "short")] {
        let _ = Reflect::set(&options, &key.into(), &word.into());
    }
    let digits = if value < 10.0 && unit != "byte" { 1.0 } else { 0.0 };
    let _ = Reflect::set(&options, &"maximumFractionDigits".into(), &digits.into());
    let format = Intl::NumberFormat::new(&locale(), &options);
    let said = format.format().call1(&JsValue::UNDEFINED, &value.into());
    said.ok().and_then(|said| said.as_string()).unwrap_or_default()
}

fn days_ago(at: Millis) -> i64 {
    day_number(now()) - day_number(at)
}

/// The language that is spoken, as it is spoken where the browser says that one is.
fn locale() -> Array {
    let tag = spoken().tag;
    let of_browser = web_sys::window().map(|window| window.navigator().languages()).unwrap_or_default();
    let is_spoken = |one: &JsValue| one.as_string().is_some_and(|one| one.split('-').next() == Some(tag));
    let regional = of_browser.iter().find(is_spoken);
    Array::of1(&regional.unwrap_or_else(|| tag.into()))
}

fn say(at: Millis, how: How) -> String {
    let date = Date::new(&JsValue::from_f64(at as f64));
    let this_year = Date::new_0().get_full_year() == date.get_full_year();
    let mut parts: Vec<(&str, &str)> = match how {
        How::Time => vec![("hour", "numeric"), ("minute", "2-digit")],
        How::Day => vec![("day", "numeric"), ("month", "long")],
        How::Weekday => vec![("weekday", "long")],
        How::Full => vec![("day", "numeric"), ("month", "long"), ("hour", "numeric"), ("minute", "2-digit")],
        How::Heading => vec![("weekday", "long"), ("day", "numeric"), ("month", "long")],
    };
    if !this_year && !matches!(how, How::Time | How::Weekday) {
        parts.push(("year", "numeric"));
    }
    let options = Object::new();
    for (key, word) in parts {
        let _ = Reflect::set(&options, &key.into(), &word.into());
    }
    let format = Intl::DateTimeFormat::new(&locale(), &options);
    let said = format.format().call1(&JsValue::UNDEFINED, &date);
    said.ok().and_then(|said| said.as_string()).unwrap_or_default()
}

/// Today, with its weekday.
pub(crate) fn heading_of_today() -> String {
    say(now(), How::Heading)
}

/// The hour of the day.
pub(crate) fn hour() -> u32 {
    Date::new_0().get_hours()
}
