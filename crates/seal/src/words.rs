//! Card words and safety words, from the English list of BIP-39: 2048 words, so 11 bits each, told apart by their first
//! four letters.

use argon2::{Algorithm, Argon2, Params, Version};
use bip0039::English;
use protocol::card::CARD_WORDS;
use protocol::{LineId, SwitchboardAddress, Token};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::sha256;

/// Words that compare two lines' keys; 110 bits.
const SAFETY_WORDS: usize = 10;

/// Memory in KiB and passes of Argon2id (RFC 9106). Eight words already have 88 bits; this makes guessing them, or two
/// keys with the same safety words, 2^15 times dearer, and stays under 50 ms on a phone.
const COST: (u32, u32) = (19 * 1024, 2);

/// A word that is not on the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a word that a card can have: listen again, or ask for the link")]
pub struct UnknownWord(String);

/// Draws a card's eight words.
pub fn draw_card_words(rng: &mut impl CryptoRng) -> Vec<&'static str> {
    let mut bytes = Zeroizing::new([0; 2 * CARD_WORDS]);
    rng.fill_bytes(bytes.as_mut_slice());
    bytes.chunks_exact(2).map(|pair| word(usize::from(pair[0]) << 8 | usize::from(pair[1]))).collect()
}

/// Draws the token of a standing intake, which nobody has to say aloud.
pub fn draw_token(rng: &mut impl CryptoRng) -> Token {
    let mut bytes = Zeroizing::new([0; Token::LENGTH]);
    rng.fill_bytes(bytes.as_mut_slice());
    Token::new(*bytes)
}

/// The token of a card with these words from this office (Argon2id, salted with its address). Four letters of a word
/// are enough.
///
/// # Errors
/// [`UnknownWord`] for the first word that is not on the list.
pub fn token_of_words<W: AsRef<str>>(words: &[W], address: &SwitchboardAddress) -> Result<Token, UnknownWord> {
    let words = words.iter().map(|w| complete(w.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let said = Zeroizing::new(words.join(" "));
    let salt = sha256(format!("entrenous card v1 {address}").as_bytes());
    let stretched = stretch(said.as_bytes(), &salt);
    let mut token = Zeroizing::new([0; Token::LENGTH]);
    token.copy_from_slice(&stretched[..Token::LENGTH]);
    Ok(Token::new(*token))
}

/// Ten words that are the same on both sides exactly if both have the same two lines' keys.
pub fn safety_words(a: &LineId, b: &LineId) -> Vec<&'static str> {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    let bits = stretch(&[low.as_bytes().as_slice(), high.as_bytes()].concat(), b"entrenous safety words v1");
    (0..SAFETY_WORDS).map(|i| word(eleven_bits(bits.as_slice(), i * 11))).collect()
}

/// Eleven bits from `at`, the first bit of a byte being its highest.
fn eleven_bits(bytes: &[u8], at: usize) -> usize {
    (at..at + 11).fold(0, |sum, bit| {
        let byte = bytes.get(bit / 8).copied().unwrap_or_default();
        sum << 1 | usize::from(byte >> (7 - bit % 8) & 1)
    })
}

fn word(bits: usize) -> &'static str {
    let words = English::words();
    words[bits % words.len()]
}

fn complete(said: &str) -> Result<&'static str, UnknownWord> {
    let said = said.to_lowercase();
    let words = English::words();
    let exact = words.binary_search(&said.as_str()).ok().map(|at| words[at]);
    let by_four = || {
        let start = said.get(..4).filter(|_| said.is_ascii())?;
        // A longer word must still be the beginning of the one meant, or mistyped only after its fourth letter.
        words.iter().copied().find(|w| w.starts_with(start))
    };
    exact.or_else(by_four).ok_or(UnknownWord(said))
}

fn stretch(secret: &[u8], salt: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    let (memory, passes) = COST;
    let stretched = Params::new(memory, passes, 1, Some(32)).and_then(|params| {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(secret, salt, out.as_mut_slice())
    });
    debug_assert!(stretched.is_ok(), "constant parameters and salts of the right length");
    out
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn words_lead_to_one_token_however_they_are_typed() {
        let address: SwitchboardAddress = "line.example.org".parse().unwrap();
        let words = draw_card_words(&mut ChaCha20Rng::seed_from_u64(3));
        let token = token_of_words(&words, &address).unwrap();
        let shouted: Vec<_> = words.iter().map(|w| w.to_uppercase()).collect();
        let short: Vec<_> = words.iter().map(|w| &w[..w.len().min(4)]).collect();
        assert_eq!(token_of_words(&shouted, &address), Ok(token.clone()));
        assert_eq!(token_of_words(&short, &address), Ok(token.clone()));
        assert_ne!(token_of_words(&words, &"other.example.org".parse().unwrap()), Ok(token));
    }

    #[test]
    fn a_word_that_is_none_is_named() {
        let address = "line.example.org".parse().unwrap();
        let error = token_of_words(&["able", "zzzzz"], &address).unwrap_err();
        assert!(error.to_string().contains("zzzzz"), "{error}");
        assert!(token_of_words(&["éé"], &address).is_err());
    }

    #[test]
    fn safety_words_are_the_same_on_both_sides_and_differ_for_others() {
        let (a, b, c) = (LineId::new([1; 32]), LineId::new([2; 32]), LineId::new([3; 32]));
        assert_eq!(safety_words(&a, &b), safety_words(&b, &a));
        assert_eq!(safety_words(&a, &b).len(), 10);
        assert_ne!(safety_words(&a, &b), safety_words(&a, &c));
    }

    #[test]
    fn the_list_is_sorted_and_told_apart_by_four_letters() {
        let words = English::words();
        assert!(words.is_sorted());
        let mut starts: Vec<_> = words.iter().map(|w| &w[..w.len().min(4)]).collect();
        starts.dedup();
        assert_eq!(starts.len(), 2048);
    }
}
