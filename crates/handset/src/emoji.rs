//! What can be a reaction: one emoji.
//!
//! The grammar is that of UTS #51 ("possible emoji"), over the blocks that emoji come from: it needs no tables, and knows
//! emoji that are younger than this program.

/// A reaction, in bytes: the longest family has 35.
const BYTES: usize = 64;

/// Whether a text is just one emoji.
pub(crate) fn is_emoji(text: &str) -> bool {
    if text.len() > BYTES {
        return false;
    }
    let chars: Vec<char> = text.chars().collect();
    let mut rest = chars.as_slice();
    loop {
        let Some(after) = element(rest) else { return false };
        match after {
            [] => return true,
            // Joined to one with what follows.
            ['\u{200d}', more @ ..] => rest = more,
            _ => return false,
        }
    }
}

/// What follows the emoji, or part of a joined one, that this begins with.
fn element(chars: &[char]) -> Option<&[char]> {
    match chars {
        // A keycap.
        ['0'..='9' | '#' | '*', '\u{fe0f}', '\u{20e3}', rest @ ..] => Some(rest),
        // A flag.
        [a, b, rest @ ..] if is_regional(*a) && is_regional(*b) => Some(rest),
        [first, rest @ ..] if is_pictograph(*first) => {
            let rest = match rest {
                ['\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}', rest @ ..] => rest,
                _ => rest,
            };
            // A flag of a part of a country: letters that are not seen, and their end.
            let tags = rest.iter().take_while(|c| ('\u{e0020}'..='\u{e007e}').contains(*c)).count();
            match rest.get(tags..) {
                Some(['\u{e007f}', rest @ ..]) if tags > 0 => Some(rest),
                _ if tags > 0 => None,
                _ => Some(rest),
            }
        }
        _ => None,
    }
}

const fn is_regional(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

const fn is_pictograph(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21aa}'
        | '\u{231a}'..='\u{23ff}' | '\u{24c2}' | '\u{25aa}'..='\u{27bf}' | '\u{2934}' | '\u{2935}'
        | '\u{2b05}'..='\u{2b55}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
        | '\u{1f000}'..='\u{1f1e5}' | '\u{1f200}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::is_emoji;

    #[test]
    fn an_emoji_is_one_and_nothing_else_is() {
        for emoji in ["👍", "👍🏽", "❤️", "❤", "👩‍👩‍👧‍👦", "👩🏾‍🤝‍👨🏻", "🇫🇷", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "3️⃣", "🏳️‍🌈", "™️", "🫡", "✅"]
        {
            assert!(is_emoji(emoji), "{emoji}");
        }
        for other in ["", "+", "a", "3", "👍👍", "👍 ", "kestrel", "👍a", "‍👍", "👍‍", "🇫", "🏴󠁧󠁢", "é", "\u{202e}👍", "①"]
        {
            assert!(!is_emoji(other), "{other:?}");
        }
        assert!(!is_emoji(&["👩"; 20].join("\u{200d}")), "too long");
    }
}
