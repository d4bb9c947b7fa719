//! Lines as the operator sees them, and their handsets taken out of service.

use std::path::Path;

use protocol::{LineId, Timestamp};

use super::OperatorError;
use super::operator::{core, open, order};
use crate::core::Work;
use crate::store::{Store as _, Tx};

/// A line as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficeLine {
    /// Its running number here, which never changes.
    pub number: u64,
    /// For whom it is, as the operator wrote with the invitation; may be empty.
    pub label: String,
    /// When it was claimed here.
    pub claimed_at: Option<Timestamp>,
    /// Handsets on its newest list.
    pub handsets: u64,
    /// Since when they are out of service.
    pub revoked_at: Option<Timestamp>,
}

/// All lines by their numbers.
///
/// # Errors
/// [`OperatorError::NoData`] if no switchboard was ever started on this directory; what the database says.
pub fn lines(data: &Path) -> Result<Vec<OfficeLine>, OperatorError> {
    Ok(all(data)?.into_iter().map(|(_, line)| line).collect())
}

/// The line that an operator means: by its number, or by its label.
///
/// # Errors
/// As [`lines`]; [`OperatorError::LineUnknown`], [`OperatorError::LineAmbiguous`].
pub fn find_line(data: &Path, which: &str) -> Result<OfficeLine, OperatorError> {
    Ok(find(data, which)?.1)
}

/// Takes all handsets that a line has now out of service. Works while the switchboard runs: what they have open ends
/// within seconds, and contacts are told then. A handset that the line is restored on afterwards is let in.
///
/// # Errors
/// As [`find_line`].
pub fn revoke_handset(data: &Path, which: &str) -> Result<OfficeLine, OperatorError> {
    let (line, _) = find(data, which)?;
    order(&mut core(data)?, Work::Revoke { line })?;
    find_line(data, which)
}

/// Lets a line's handsets back in.
///
/// # Errors
/// As [`find_line`]; [`OperatorError::LineInService`].
pub fn reinstate(data: &Path, which: &str) -> Result<OfficeLine, OperatorError> {
    let (line, found) = find(data, which)?;
    if found.revoked_at.is_none() {
        return Err(OperatorError::LineInService);
    }
    order(&mut core(data)?, Work::Reinstate { line })?;
    find_line(data, which)
}

fn find(data: &Path, which: &str) -> Result<(LineId, OfficeLine), OperatorError> {
    let which = which.trim();
    // A label may look like another line's number; `#2` is a number and nothing else.
    let number = which.strip_prefix('#').unwrap_or(which).parse().ok();
    let is_meant = |line: &OfficeLine| Some(line.number) == number || (!which.is_empty() && line.label == which);
    let mut found = all(data)?.into_iter().filter(|(_, line)| is_meant(line));
    match (found.next(), found.next()) {
        (Some(line), None) => Ok(line),
        (None, _) => Err(OperatorError::LineUnknown(which.to_owned())),
        (Some(_), Some(_)) => Err(OperatorError::LineAmbiguous(which.to_owned())),
    }
}

fn all(data: &Path) -> Result<Vec<(LineId, OfficeLine)>, OperatorError> {
    let mut found = Vec::new();
    open(data)?.read(&mut |tx| {
        let invitations = tx.invitations()?;
        for (number, line) in tx.line_numbers()? {
            let invitation = invitations.iter().find(|(_, row)| row.line == Some(line)).map(|(_, row)| row);
            let (label, claimed_at) =
                invitation.map_or_else(Default::default, |row| (row.label.trim().to_owned(), row.taken_at));
            let (handsets, revoked_at) = handsets(tx, &line)?;
            found.push((line, OfficeLine { number, label, claimed_at, handsets, revoked_at }));
        }
        Ok(())
    })?;
    Ok(found)
}

fn handsets(tx: &mut dyn Tx, line: &LineId) -> crate::store::Result<(u64, Option<Timestamp>)> {
    let rows = tx.handsets(line)?;
    Ok((rows.len() as u64, rows.iter().filter_map(|(_, row)| row.revoked_at).min()))
}
