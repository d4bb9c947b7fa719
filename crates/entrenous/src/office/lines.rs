//! `office lines`, `office revoke-handset` and `office reinstate`.

use std::io::IsTerminal as _;
use std::path::Path;

use serde::Serialize;
use switchboard::OfficeLine;

use crate::clock::{local_full, rfc3339};
use crate::exit::Failure;
use crate::output::style::{CARE, GOOD, QUIET, STRONG, harmless, styled};
use crate::output::table::{Cell, table};
use crate::output::{Output, is_answered_yes, note};

#[derive(Debug, Serialize)]
struct LineRecord<'a> {
    line: u64,
    #[serde(rename = "for")]
    label: &'a str,
    claimed_at: Option<String>,
    handsets: u64,
    revoked_at: Option<String>,
}

/// Lists the lines.
///
/// # Errors
/// If there is no switchboard, or its database cannot be read.
pub(crate) fn lines(data: &Path, output: Output) -> Result<(), Failure> {
    let all = switchboard::lines(data)?;
    output.results(&all.iter().map(record).collect::<Vec<_>>(), || for_people(&all));
    Ok(())
}

/// Takes a line's handset out of service.
///
/// # Errors
/// If there is no such line, more than one may be meant, or nobody said yes.
pub(crate) fn revoke_handset(data: &Path, which: &str, yes: bool, output: Output) -> Result<(), Failure> {
    let line = switchboard::find_line(data, which)?;
    if !yes {
        confirm(&line, output)?;
    }
    // By its number: what was confirmed is what is done.
    let line = switchboard::revoke_handset(data, &format!("#{}", line.number))?;
    output.result(&record(&line), || {
        format!(
            "{} Its contacts see a line about it.\n\n\
             The principal restores the line's backup on another handset, which is let in.\n\
             To undo: entrenous office reinstate {} --data {}",
            styled(&format!("The handset of {} is out of service.", name(&line)), GOOD),
            line.number,
            data.display()
        )
    });
    Ok(())
}

/// Lets it in again.
///
/// # Errors
/// If there is no such line, more than one may be meant, or its handset is in service.
pub(crate) fn reinstate(data: &Path, which: &str, output: Output) -> Result<(), Failure> {
    let line = switchboard::reinstate(data, which)?;
    output.result(&record(&line), || format!("The handset of {} is in service again.", name(&line)));
    Ok(())
}

fn confirm(line: &OfficeLine, output: Output) -> Result<(), Failure> {
    let is_somebody_there = !output.is_json() && std::io::stdin().is_terminal();
    if is_somebody_there {
        note(&format!("Take the handset of {} out of service? [yes/no]", name(line)));
    }
    match is_somebody_there && is_answered_yes() {
        true => Ok(()),
        false => Err(Failure::refused("not-confirmed", "nothing is changed: say yes, or give --yes")),
    }
}

/// A line in words: by its number, and whose it is if the operator wrote that.
fn name(line: &OfficeLine) -> String {
    match line.label.as_str() {
        "" => format!("line {}", line.number),
        label => format!("line {} ({})", line.number, harmless(label)),
    }
}

fn record(line: &OfficeLine) -> LineRecord<'_> {
    LineRecord {
        line: line.number,
        label: &line.label,
        claimed_at: line.claimed_at.map(rfc3339),
        handsets: line.handsets,
        revoked_at: line.revoked_at.map(rfc3339),
    }
}

fn for_people(all: &[OfficeLine]) -> String {
    if all.is_empty() {
        return "No lines yet.".to_owned();
    }
    let plain = anstyle::Style::new();
    let row = |line: &OfficeLine| -> Vec<Cell> {
        let (state, style) = match line.revoked_at {
            Some(at) => (format!("out of service since {}", local_full(at)), CARE),
            None => ("in service".to_owned(), plain),
        };
        vec![
            (line.number.to_string(), STRONG),
            (harmless(&line.label), plain),
            (line.claimed_at.map(local_full).unwrap_or_default(), QUIET),
            (line.handsets.to_string(), plain),
            (state, style),
        ]
    };
    table(&["line", "for", "claimed", "handsets", ""], &all.iter().map(row).collect::<Vec<_>>())
}
