//! `office invite`, `office invitations` and `office revoke-invitation`.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use switchboard::{Invitation, InvitationState};

use crate::clock::{local_full, rfc3339};
use crate::exit::Failure;
use crate::output::style::{QUIET, STRONG, harmless};
use crate::output::table::{Cell, table};
use crate::output::{Output, qr};

#[derive(Debug, Serialize)]
struct InvitedRecord<'a> {
    id: &'a str,
    claim_url: &'a str,
    expires_at: String,
}

#[derive(Debug, Serialize)]
struct InvitationRecord<'a> {
    id: &'a str,
    #[serde(rename = "for")]
    label: &'a str,
    state: &'static str,
    made_at: String,
    expires_at: Option<String>,
    taken_at: Option<String>,
    withdrawn_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct WithdrawnRecord<'a> {
    id: &'a str,
    state: &'static str,
}

/// Makes an invitation.
///
/// # Errors
/// If there is no switchboard, or its database cannot be written.
pub(crate) fn invite(data: &Path, label: &str, expires: Duration, output: Output) -> Result<(), Failure> {
    let made = switchboard::invite(data, label, expires)?;
    let record = InvitedRecord { id: &made.id, claim_url: &made.claim_url, expires_at: rfc3339(made.expires_at) };
    output.result(&record, || {
        format!(
            "A claim link for one further line, good until {}:\n\n  {}\n\n{}\nTo withdraw it: entrenous office revoke-invitation {} --data {}\n",
            local_full(made.expires_at),
            made.claim_url,
            qr::draw(&made.claim_url),
            made.id,
            data.display()
        )
    });
    Ok(())
}

/// Lists invitations.
///
/// # Errors
/// If there is no switchboard, or its database cannot be read.
pub(crate) fn invitations(data: &Path, output: Output) -> Result<(), Failure> {
    let all = switchboard::invitations(data)?;
    let records: Vec<InvitationRecord<'_>> = all.iter().map(record).collect();
    output.results(&records, || for_people(&all));
    Ok(())
}

/// Withdraws one.
///
/// # Errors
/// If there is none of this id, or it was taken up.
pub(crate) fn revoke_invitation(data: &Path, id: &str, output: Output) -> Result<(), Failure> {
    switchboard::withdraw_invitation(data, id)?;
    let record = WithdrawnRecord { id, state: InvitationState::Withdrawn.as_str() };
    output.result(&record, || format!("The invitation {} is withdrawn: its link is good no more.", harmless(id)));
    Ok(())
}

fn record(invitation: &Invitation) -> InvitationRecord<'_> {
    InvitationRecord {
        id: &invitation.id,
        label: &invitation.label,
        state: invitation.state.as_str(),
        made_at: rfc3339(invitation.made_at),
        expires_at: invitation.expires_at.map(rfc3339),
        taken_at: invitation.taken_at.map(rfc3339),
        withdrawn_at: invitation.withdrawn_at.map(rfc3339),
    }
}

fn for_people(all: &[Invitation]) -> String {
    if all.is_empty() {
        return "No invitations yet.".to_owned();
    }
    let plain = anstyle::Style::new();
    let row = |invitation: &Invitation| -> Vec<Cell> {
        let (when, style) = match invitation.state {
            InvitationState::Open => {
                let end = invitation.expires_at.map_or_else(|| "it is taken up".to_owned(), local_full);
                (Some(format!("until {end}")), plain)
            }
            InvitationState::Taken => (invitation.taken_at.map(local_full), QUIET),
            InvitationState::Expired => (invitation.expires_at.map(local_full), QUIET),
            InvitationState::Withdrawn => (invitation.withdrawn_at.map(local_full), QUIET),
        };
        vec![
            (invitation.id.clone(), STRONG),
            (harmless(&invitation.label), plain),
            (local_full(invitation.made_at), plain),
            (invitation.state.as_str().to_owned(), style),
            (when.unwrap_or_default(), style),
        ]
    };
    table(&["id", "for", "made", "state", ""], &all.iter().map(row).collect::<Vec<_>>())
}
