//! Invitations: made, listed and withdrawn by the operator.

use std::path::Path;
use std::time::Duration;

use protocol::Timestamp;

use super::operator::{core, fault, open, order};
use super::{OperatorError, now};
use crate::core::{Done, Work};
use crate::store::{InvitationRow, Store as _};

/// How long an invitation is open unless the operator says otherwise.
pub const INVITATION: Duration = Duration::from_hours(14 * 24);

/// Letters that are not mistaken for each other.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// What the operator calls it by; tells nothing of the secret.
    pub id: String,
    /// The link for whoever is to have the line.
    pub claim_url: String,
    /// When it can be taken up no more.
    pub expires_at: Timestamp,
}

/// An invitation as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// What the operator calls it by.
    pub id: String,
    /// For whom it is, as the operator wrote; may be empty.
    pub label: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it can be taken up no more; none for never.
    pub expires_at: Option<Timestamp>,
    /// When it was taken up.
    pub taken_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// What has become of it.
    pub state: InvitationState,
}

/// What has become of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationState {
    /// It can be taken up.
    Open,
    /// A line was claimed with it.
    Taken,
    /// Its time is over.
    Expired,
    /// The operator withdrew it.
    Withdrawn,
}

impl InvitationState {
    /// In one lower-case word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Taken => "taken",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Makes an invitation for one more line, with a label that only the operator sees. Works while the switchboard runs.
///
/// # Errors
/// [`OperatorError::NoData`] if no switchboard was ever started on this directory; what the database says.
pub fn invite(data: &Path, label: &str, open_for: Duration) -> Result<Invited, OperatorError> {
    let mut core = core(data)?;
    let expires_at = now().after(open_for);
    match order(&mut core, Work::InviteFor { label: label.to_owned(), expires_at })? {
        Done::Invited(secret) => Ok(Invited {
            id: id(&seal::sha256(secret.as_bytes())),
            claim_url: core.office().claim_url(&secret),
            expires_at,
        }),
        _ => Err(fault().into()),
    }
}

/// All invitations, the newest first.
///
/// # Errors
/// As [`invite`].
pub fn invitations(data: &Path) -> Result<Vec<Invitation>, OperatorError> {
    let now = now();
    Ok(rows(data)?.into_iter().map(|(hash, row)| view(id(&hash), row, now)).collect())
}

/// Withdraws an invitation that nobody has taken up, for good.
///
/// # Errors
/// As [`invite`]; [`OperatorError::InvitationUnknown`], [`OperatorError::InvitationTaken`].
pub fn withdraw_invitation(data: &Path, which: &str) -> Result<(), OperatorError> {
    let found = rows(data)?.into_iter().find(|(hash, _)| id(hash) == which);
    let (hash, row) = found.ok_or_else(|| OperatorError::InvitationUnknown(which.to_owned()))?;
    if row.line.is_some() {
        return Err(OperatorError::InvitationTaken);
    }
    order(&mut core(data)?, Work::Withdraw { hash }).map(drop)
}

fn rows(data: &Path) -> Result<Vec<([u8; 32], InvitationRow)>, OperatorError> {
    let mut found = Vec::new();
    open(data)?.read(&mut |tx| {
        found = tx.invitations()?;
        Ok(())
    })?;
    Ok(found)
}

fn view(id: String, row: InvitationRow, now: Timestamp) -> Invitation {
    let state = match &row {
        row if row.line.is_some() => InvitationState::Taken,
        row if row.withdrawn_at.is_some() => InvitationState::Withdrawn,
        row if row.is_open(now) => InvitationState::Open,
        _ => InvitationState::Expired,
    };
    let InvitationRow { label, made_at, expires_at, taken_at, withdrawn_at, .. } = row;
    Invitation { id, label, made_at, expires_at, taken_at, withdrawn_at, state }
}

/// 40 bits of the secret's hash: enough to tell an office's invitations apart, and no help to anybody who guesses.
fn id(hash: &[u8; 32]) -> String {
    hash.iter().take(8).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}
