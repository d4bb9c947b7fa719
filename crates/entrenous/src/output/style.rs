//! The few colours there are. They are written always and dropped where the terminal has none.

use anstyle::{AnsiColor, Style};

pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const QUIET: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const CARE: Style = AnsiColor::Yellow.on_default();

/// A text in a style.
pub(crate) fn styled(text: &str, style: Style) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}

/// Text from elsewhere without what could steer a terminal: a name or a text must not repaint the screen.
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() => '\u{fffd}',
            // Direction overrides could make a name read as another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// The same for what has one line, such as a name.
pub(crate) fn one_line(text: &str) -> String {
    harmless(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_elsewhere_steers_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{202e}c\r\nd\u{9b}"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}\nd\u{fffd}");
        assert_eq!(one_line("a\u{1b}\nb\tc"), "a\u{fffd} b c");
        assert_eq!(harmless("Zoë 👍🏽 \tשלום"), "Zoë 👍🏽 \tשלום");
    }
}
