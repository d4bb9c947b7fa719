//! The certificate, as `office status` has it.

use protocol::Timestamp;
use serde::Serialize;
use switchboard::{CertificateState, OfficeStatus, RenewalState};

use super::ago;
use crate::clock::{local_full, rfc3339};
use crate::output::style::{CARE, harmless, styled};

#[derive(Debug, Serialize)]
pub(super) struct CertificateRecord<'a> {
    file: String,
    names: &'a [String],
    valid_from: Option<String>,
    valid_until: Option<String>,
    renewal: Option<RenewalRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct RenewalRecord<'a> {
    domain: &'a str,
    directory: &'a str,
    last_attempt: Option<String>,
    last_error: Option<&'a str>,
    next_attempt: Option<String>,
}

impl<'a> From<&'a CertificateState> for CertificateRecord<'a> {
    fn from(state: &'a CertificateState) -> Self {
        Self {
            file: state.file.display().to_string(),
            names: &state.names,
            valid_from: state.valid_from.map(rfc3339),
            valid_until: state.valid_until.map(rfc3339),
            renewal: state.renewal.as_ref().map(|renewal| RenewalRecord {
                domain: &renewal.domain,
                directory: &renewal.directory,
                last_attempt: renewal.last_attempt.map(rfc3339),
                last_error: renewal.last_error.as_deref(),
                next_attempt: renewal.next_attempt.map(rfc3339),
            }),
        }
    }
}

/// What a person reads of it, first what is there, then what goes wrong.
pub(super) fn for_people(status: &OfficeStatus, now: Timestamp) -> String {
    let Some(state) = &status.certificate else {
        let is_plain = status.public_url.starts_with("http:");
        return if is_plain {
            "none: plain http".to_owned()
        } else {
            "not known: it has not been started yet".to_owned()
        };
    };
    let mut text = match state.valid_until {
        Some(until) => {
            let said = format!("{}, valid until {}", harmless(&state.names.join(", ")), local_full(until));
            if until <= now { styled(&format!("{said}: it is over"), CARE) } else { said }
        }
        None if state.renewal.is_some() => styled("none yet: nobody can connect until the authority gives one", CARE),
        None => styled(&format!("{} cannot be read", state.file.display()), CARE),
    };
    if let Some(renewal) = &state.renewal
        && let Some(error) = &renewal.last_error
    {
        text.push_str("; ");
        text.push_str(&styled(&failed(renewal, error, status.report.is_some(), now), CARE));
    }
    text
}

fn failed(renewal: &RenewalState, error: &str, is_running: bool, now: Timestamp) -> String {
    let when = renewal.last_attempt.map(|at| format!(" {} ago", ago(at, now))).unwrap_or_default();
    let next = match renewal.next_attempt {
        Some(at) if is_running => format!("tried again at {}", local_full(at)),
        _ => "tried again when it runs".to_owned(),
    };
    format!("the last attempt{when} failed ({}), {next}", harmless(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(url: &str, certificate: Option<CertificateState>) -> String {
        let status = OfficeStatus {
            public_url: url.to_owned(),
            certificate,
            is_running: false,
            report: None,
            inventory: switchboard::store::Inventory::default(),
            database_bytes: 0,
            free_bytes: None,
            last_backup: None,
            peers: Vec::new(),
        };
        anstream::adapter::strip_str(&for_people(&status, Timestamp::from_millis(7_200_000))).to_string()
    }

    #[test]
    fn what_is_there_and_what_goes_wrong_is_said() {
        let at = Timestamp::from_millis;
        let renewal = RenewalState {
            domain: "a.org".to_owned(),
            directory: "https://ca.org/dir".to_owned(),
            last_attempt: Some(at(6_900_000)),
            last_error: Some("the authority refuses: \u{1b}[2J".to_owned()),
            next_attempt: Some(at(7_300_000)),
        };
        let none = CertificateState {
            file: "c.pem".into(),
            names: Vec::new(),
            valid_from: None,
            valid_until: None,
            renewal: Some(RenewalState { last_error: None, ..renewal.clone() }),
        };
        let until = |until| CertificateState {
            names: vec!["a.org".to_owned(), "::1".to_owned()],
            valid_until: Some(at(until)),
            renewal: None,
            ..none.clone()
        };
        let url = "https://a.org";
        assert_eq!(said("http://localhost:1", None), "none: plain http");
        assert_eq!(said(url, None), "not known: it has not been started yet");
        assert_eq!(said(url, Some(none.clone())), "none yet: nobody can connect until the authority gives one");
        assert_eq!(said(url, Some(CertificateState { renewal: None, ..none.clone() })), "c.pem cannot be read");
        assert!(said(url, Some(until(7_200_001))).starts_with("a.org, ::1, valid until "));
        assert!(said(url, Some(until(7_200_000))).ends_with(": it is over"));
        let failing = said(url, Some(CertificateState { renewal: Some(renewal), ..until(7_200_001) }));
        let said = "; the last attempt 5 min ago failed (the authority refuses: \u{fffd}[2J), tried again when it runs";
        assert!(failing.ends_with(said), "{failing}");
    }
}
