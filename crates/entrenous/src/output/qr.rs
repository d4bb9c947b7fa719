//! QR codes in a terminal, two modules to a character.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use fast_qr::qr::QRBuilder;
use fast_qr::{ECL, QRCode};

/// Light modules around the code: what ISO/IEC 18004 asks for.
const QUIET_ZONE: usize = 4;

/// Black on white whatever the terminal's own colours are: by number, since themes repaint the named ones.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// A text as a QR code for stdout; nothing if it is too long for one.
pub(crate) fn draw(text: &str) -> String {
    let coloured = std::io::stdout().is_terminal()
        && anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    render(text, coloured)
}

fn render(text: &str, coloured: bool) -> String {
    let Ok(code) = QRBuilder::new(text).ecl(ECL::M).build() else { return String::new() };
    let side = code.size + 2 * QUIET_ZONE;
    let mut out = String::new();
    for y in (0..side).step_by(2) {
        if coloured {
            out.push_str(BLACK_ON_WHITE);
        }
        for x in 0..side {
            let (upper, lower) = (is_dark(&code, x, y), is_dark(&code, x, y + 1));
            // Without colours most terminals are dark: then what is drawn is the light.
            let (upper, lower) = if coloured { (upper, lower) } else { (!upper, !lower && y + 1 < side) };
            out.push(match (upper, lower) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        let _ = writeln!(out, "{}", if coloured { RESET } else { "" });
    }
    out
}

fn is_dark(code: &QRCode, x: usize, y: usize) -> bool {
    let inside = QUIET_ZONE..QUIET_ZONE + code.size;
    inside.contains(&x) && inside.contains(&y) && code[y - QUIET_ZONE][x - QUIET_ZONE].value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finder_patterns_and_a_quiet_zone_in_both_forms() {
        let coloured = render("https://line.example.org/c#AAAA", true);
        let lines: Vec<&str> = coloured.lines().collect();
        let line = lines[QUIET_ZONE / 2].trim_start_matches(BLACK_ON_WHITE);
        assert!(line.starts_with("    █▀▀▀▀▀█ "), "{line:?}");
        assert!(lines.iter().all(|line| line.starts_with(BLACK_ON_WHITE) && line.ends_with(RESET)));
        let plain = render("https://line.example.org/c#AAAA", false);
        let line = plain.lines().nth(QUIET_ZONE / 2).unwrap();
        assert!(line.starts_with("████ ▄▄▄▄▄ █"), "{line:?}");
    }

    #[test]
    fn what_does_not_fit_is_not_drawn() {
        assert_eq!(render(&"x".repeat(4000), true), "");
    }
}
