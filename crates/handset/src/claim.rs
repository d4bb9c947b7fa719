//! Claiming a line: keys are drawn on the handset, and the switchboard takes the line in for an invitation.
//!
//! A line that has claimed before may claim again elsewhere (or on a switchboard that lost everything): its keys,
//! contacts and history stay, and its conversations are founded again from there.

use std::str::FromStr;

use database::rusqlite::params;
use protocol::documents::{HandsetEntry, HandsetList};
use protocol::{HandsetId, InvitationSecret, SwitchboardAddress, Timestamp, Token, limits};
use seal::{KemKey, SigningKey, line_id, sign_handset_list, successor_hash};
use serde_bytes::ByteBuf;

use crate::context::Work;
use crate::engine::Handset;
use crate::error::Error;
use crate::own::Own;

/// A link `https://SWITCHBOARD/claim#INVITATION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimLink {
    /// `https`, or `http` under the development flag.
    pub scheme: String,
    /// The switchboard.
    pub address: SwitchboardAddress,
    /// The invitation.
    pub invitation: InvitationSecret,
}

impl FromStr for ClaimLink {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (place, secret) = text.trim().split_once('#').ok_or(Error::NotAClaimLink)?;
        let base = place.strip_suffix("/claim").ok_or(Error::NotAClaimLink)?;
        let address = SwitchboardAddress::from_url(base).map_err(|_| Error::NotAClaimLink)?;
        let scheme = if base.starts_with("http://") { "http" } else { "https" };
        // Without TLS only to this machine itself: a claim link from elsewhere must not take the protection away.
        if scheme == "http" && !address.is_loopback() {
            return Err(Error::NotAClaimLink);
        }
        Ok(Self { scheme: scheme.to_owned(), address, invitation: secret.parse().map_err(|_| Error::NotAClaimLink)? })
    }
}

impl Handset {
    /// Begins a claim; it is made when the handset connects to the link's switchboard, and ends in
    /// [`crate::Event::Claimed`] or [`crate::Event::ClaimRefused`]. A handset that has a line already moves it there,
    /// if `moving`; one that no switchboard has taken since it was restored ends in [`crate::Event::Restored`] instead.
    ///
    /// # Errors
    /// If the name cannot be one, or the handset has a line and is not `moving`.
    pub fn claim(&mut self, now: Timestamp, link: &ClaimLink, name: &str, moving: bool) -> Result<(), Error> {
        check_name(name)?;
        self.transact(now, |work| match Own::load(work.db)? {
            Some(own) if own.superseded.is_some() => Err(Error::RestoredElsewhere),
            Some(own) if (own.claimed || own.restoring) && moving => work.begin_move(link),
            Some(own) if own.restoring => Err(Error::NotTaken),
            Some(own) if own.claimed => Err(Error::AlreadyClaimed),
            // The switchboard may have taken it and only the answer was lost: other keys would be refused now.
            Some(own) if own.invitation.as_deref() == Some(link.invitation.as_bytes().as_slice()) => Ok(()),
            _ => work.begin_claim(link, name),
        })
    }

    /// Gives up a claim that no switchboard has taken, as if it had never begun; a line that was to move stays.
    ///
    /// # Errors
    /// If the database fails.
    pub fn forget_claim(&mut self, now: Timestamp) -> Result<(), Error> {
        self.transact(now, |work| match Own::load(work.db)? {
            Some(own) if own.invitation.is_some() => work.claim_refused(&own),
            _ => Ok(()),
        })
    }
}

/// A name fit to be shown: not blank, not too long, without characters that control a screen, change the direction of
/// writing or are not seen at all.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
    };
    let fits = !name.trim().is_empty() && name.len() <= limits::NAME_BYTES && !name.chars().any(unseen);
    if fits { Ok(()) } else { Err(Error::BadName(limits::NAME_BYTES)) }
}

impl Work<'_> {
    fn begin_claim(&mut self, link: &ClaimLink, name: &str) -> Result<(), Error> {
        let (identity, successor) = (SigningKey::generate(self.rng), SigningKey::generate(self.rng));
        let (signing, kem) = (SigningKey::generate(self.rng), KemKey::generate(self.rng));
        let handset = HandsetId::new(self.random());
        let list = HandsetList {
            line: line_id(&identity.public()),
            number: 1,
            previous: None,
            successor: ByteBuf::from(successor_hash(&successor.public())),
            handsets: vec![HandsetEntry { handset, signing: signing.public(), kem: kem.public() }],
            made_at: self.now,
            restored: 0,
            successor_key: None,
        };
        self.run(
            "INSERT OR REPLACE INTO own
                (id, name, line, identity, successor, handset, signing, kem, handsets, switchboard, scheme, invitation)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                name.trim(),
                list.line.as_bytes(),
                identity.to_seed().as_slice(),
                successor.to_seed().as_slice(),
                handset.as_bytes(),
                signing.to_seed().as_slice(),
                kem.to_bytes().as_slice(),
                sign_handset_list(&identity, &list),
                link.address.as_str(),
                link.scheme,
                link.invitation.as_bytes(),
            ],
        )?;
        Ok(())
    }

    /// Points a claimed line at another switchboard (or at one that lost everything), until that takes or refuses it.
    fn begin_move(&mut self, link: &ClaimLink) -> Result<(), Error> {
        self.run(
            "UPDATE own SET previous = coalesce(previous, switchboard), previous_scheme = coalesce(previous_scheme, scheme),
                previous_cursor = coalesce(previous_cursor, cursor),
                switchboard = ?1, scheme = ?2, invitation = ?3, cursor = 0",
            params![link.address.as_str(), link.scheme, link.invitation.as_bytes()],
        )?;
        Ok(())
    }

    /// The switchboard took the claim; `done` is the last of our deeds that it has.
    pub(crate) fn claimed(&mut self, own: &Own, done: u64) -> Result<(), Error> {
        let same: bool =
            self.row("SELECT previous IS NOT NULL AND previous = switchboard FROM own", [], |row| row.get(0))?;
        self.run(
            "UPDATE own SET invitation = NULL, claimed = 1, previous = NULL, previous_scheme = NULL,
                previous_cursor = NULL",
            [],
        )?;
        if own.claimed {
            self.settle_elsewhere(own, same && done == 0)?;
        }
        self.event(crate::Event::Claimed);
        Ok(())
    }

    /// After a move: cards of the old switchboard are gone with it, contacts get a new way in. If it is the old one that
    /// `lost` everything, the way in that contacts know is put up again, since they may be the only ones who know one.
    fn settle_elsewhere(&mut self, own: &Own, lost: bool) -> Result<(), Error> {
        self.db.execute_batch(
            "DELETE FROM deed;
             DELETE FROM flight;
             DELETE FROM held;
             DELETE FROM request;
             DELETE FROM intake;
             UPDATE card SET revoked = 1;
             UPDATE generation SET lost = 1, commit_hash = NULL;
             UPDATE contact SET refound_tries = 0, reservation = NULL;
             UPDATE message SET flight_generation = NULL WHERE mine = 1 AND state IN ('waiting', 'sent');",
        )?;
        self.forget_wake()?;
        // What texts say where their files lie is the old switchboard.
        self.bring_no_files()?;
        self.run("UPDATE contact SET refound_at = ?1 WHERE state = 'open'", [self.now.as_millis()])?;
        if !lost {
            self.run("UPDATE contact SET own_intake = NULL", [])?;
            return Ok(());
        }
        let mut known = self.db.prepare_cached("SELECT id, own_intake FROM contact WHERE own_intake IS NOT NULL")?;
        let known: Vec<(i64, Vec<u8>)> =
            known.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (contact, token) in known {
            let token = Token::from_slice(&token).ok_or(Error::Corrupt("token"))?;
            self.put_up_standing(own, contact, &token)?;
        }
        Ok(())
    }

    /// The switchboard did not take the claim: a line that was new is as if it had never been. One that was restored
    /// stays, since nothing else may have what was said; another switchboard, or the same, may take it later.
    pub(crate) fn claim_refused(&mut self, own: &Own) -> Result<(), Error> {
        if own.claimed || own.restoring {
            self.run(
                "UPDATE own SET invitation = NULL, switchboard = coalesce(previous, switchboard),
                    scheme = coalesce(previous_scheme, scheme), cursor = coalesce(previous_cursor, cursor),
                    previous = NULL, previous_scheme = NULL, previous_cursor = NULL",
                [],
            )?;
        } else {
            self.run("DELETE FROM own", [])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claim_links_read_and_http_is_for_loopback_only() {
        let secret = InvitationSecret::new([1; 16]).to_text();
        let link: ClaimLink = format!(" https://line.example.org/claim#{secret}\n").parse().unwrap();
        assert_eq!((link.scheme.as_str(), link.address.as_str()), ("https", "line.example.org"));
        assert!(format!("http://127.0.0.1:4700/claim#{secret}").parse::<ClaimLink>().is_ok());
        for wrong in [
            format!("http://line.example.org/claim#{secret}"),
            format!("https://line.example.org/c#{secret}"),
            "https://line.example.org/claim#abc".to_owned(),
            "https://line.example.org/claim".to_owned(),
        ] {
            assert!(matches!(wrong.parse::<ClaimLink>(), Err(Error::NotAClaimLink)), "{wrong}");
        }
    }
}
