//! What a person pastes or types to take a card up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::card::CardText;

fuzz_target!(|text: &str| {
    if let Ok(CardText::Link(link)) = text.parse::<CardText>() {
        let again = link.to_url("https").parse();
        assert_eq!(again, Ok(CardText::Link(link)), "a link reads back");
    }
    let _ = text.parse::<handset::ClaimLink>();
});
