//! What a person pastes or types to take a card up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::card::CardText;

fuzz_target!(|text: &str| {
    if let Ok(CardText::Link(link)) = text.parse::<CardText>() {
        // Which port need not be written depends on the scheme, which is the whole system's, not the card's.
        let scheme = if text.trim_start().starts_with("https:") { "https" } else { "http" };
        let again = link.to_url(scheme).parse();
        assert_eq!(again, Ok(CardText::Link(link)), "a link reads back");
    }
    let _ = text.parse::<handset::ClaimLink>();
});
