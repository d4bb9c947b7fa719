//! Lines in a conversation that no side wrote, in words.

use handset::{NoticeView, Reached, Silence, notice_sentence};

use crate::clock::{local_full, local_short};

/// What a line says, to whoever talks with this person.
pub(crate) fn sentence(person: &str, notice: &NoticeView) -> String {
    let about = notice.about.map(local_full).unwrap_or_default();
    notice_sentence(person, notice, &about)
}

/// What is known of texts that nobody on the other side has confirmed.
pub(crate) fn silent(silence: &Silence) -> String {
    let since = local_short(silence.since);
    match silence.reached {
        Reached::OurOffice => format!("Their office has not confirmed anything since {since}."),
        Reached::TheirOffice => format!("Their office took what you sent at {since} and has not passed it on."),
        Reached::TheirMailbox => {
            format!("Their office has what you sent at {since}; their handset has not confirmed it.")
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::Timestamp;

    use super::*;

    #[test]
    fn every_line_says_what_happened() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let said = |code: &str| sentence("Tomas", &NoticeView { id: 1, code: code.to_owned(), at, about: Some(at) });
        assert!(said("restored").starts_with("Restored from a backup of 1"), "{}", said("restored"));
        assert!(said("contact-restored").contains("Tomas uses a new handset"));
        assert!(said("needs-card").contains("new card"));
        assert_eq!(said("card-revoked"), "Tomas could not be reached: the card was taken back. Ask for a new card.");
        assert!(said("out-of-service").starts_with("Tomas's office took their handset out of service on 1"));
        assert!(said("back-in-service").starts_with("Tomas's office let their handset in again on 1"));
        assert!(said("over-before-it-came").starts_with("What Tomas wrote here was over"));
        assert!(!said("founded-again").contains("card"));
    }

    #[test]
    fn silence_is_put_down_to_nobody_but_whom_it_is_known_of() {
        let since = Timestamp::from_millis(1_700_000_000_000);
        let said = |reached| silent(&Silence { reached, since });
        assert!(said(Reached::OurOffice).starts_with("Their office has not confirmed anything since 1"));
        assert!(said(Reached::TheirOffice).ends_with("has not passed it on."));
        assert!(said(Reached::TheirMailbox).starts_with("Their office has what you sent"));
    }
}
