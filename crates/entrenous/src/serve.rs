//! `serve` and `office`: an operator's switchboard.

use std::io::IsTerminal as _;

use protocol::SwitchboardAddress;
use serde::Serialize;
use switchboard::store::Standing;
use switchboard::{OperatorError, StartError};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::{Global, Office, Serve};
use crate::clock::now;
use crate::config::values::Listen;
use crate::config::{Effective, unknown_variables};
use crate::exit::{Exit, Failure};
use crate::notify::notify;
use crate::office;
use crate::output::style::{GOOD, QUIET, STRONG, harmless, styled};
use crate::output::table::fields;
use crate::output::{Output, note, qr};
use crate::signals::ended;

/// Runs a switchboard until a signal ends it.
pub(crate) async fn serve(args: &Serve, global: &Global, output: Output) -> Result<Exit, Failure> {
    let effective = Effective::read(args, global)?;
    for name in unknown_variables() {
        note(&format!("{name} in the environment is no setting of ours: is it mistyped?"));
    }
    if args.print_config {
        let text = effective.print()?;
        output.result(&Printed { configuration: &text }, || text.clone());
        return Ok(Exit::Done);
    }
    log("info");
    // Listened for before anything else, so that a signal that comes early is not missed.
    let end = ended();
    let running =
        switchboard::start(effective.config()?).await.map_err(|error| not_started(error, &effective.listen()))?;
    let data = effective.data()?;
    let blocked: Vec<_> =
        switchboard::peers(data)?.into_iter().filter(|peer| peer.standing == Standing::Blocked).collect();
    // What the operator ordered since counts for more than what the configuration has said all along.
    for peer in effective.allowed().iter().filter(|peer| blocked.iter().all(|blocked| blocked.address != **peer)) {
        if let Err(error) = switchboard::set_peer_standing(data, peer, Standing::Allowed) {
            running.shutdown().await;
            return Err(error.into());
        }
    }
    let ready = Ready {
        listening: running.listening.to_string(),
        public_url: running.public_url.clone(),
        reachable: running.is_reachable,
        claim_url: running.claim_url_of_first_invitation().map(str::to_owned),
    };
    output.result(&ready, || ready.for_people(&effective));
    notify("READY=1");
    end.await;
    notify("STOPPING=1");
    running.shutdown().await;
    Ok(Exit::Done)
}

/// Why a switchboard does not start, with the address as the operator wrote it.
fn not_started(error: StartError, listen: &Listen) -> Failure {
    let StartError::Listen(reason) = &error else { return error.into() };
    let hint = if reason.kind() == std::io::ErrorKind::PermissionDenied && listen.port() < 1024 {
        "; ports below 1024 want the capability CAP_NET_BIND_SERVICE, which the systemd unit gives"
    } else {
        ""
    };
    Failure::refused(error.code(), format!("the switchboard cannot listen on {listen}: {reason}{hint}"))
}

/// Does what an operator orders, also while the switchboard runs.
pub(crate) fn office(command: &Office, output: Output) -> Result<Exit, Failure> {
    match command {
        Office::Invite { data, label, expires } => office::invite(data, label, *expires, output)?,
        Office::Invitations { data } => office::invitations(data, output)?,
        Office::RevokeInvitation { id, data } => office::revoke_invitation(data, id, output)?,
        Office::Lines { data } => office::lines(data, output)?,
        Office::RevokeHandset { line, data, yes } => office::revoke_handset(data, line, *yes, output)?,
        Office::Reinstate { line, data } => office::reinstate(data, line, output)?,
        Office::Peers { data } => {
            let peers = switchboard::peers(data)?;
            output.results(&peers.iter().map(office::PeerRecord::from).collect::<Vec<_>>(), || {
                office::peers(&peers, now())
            });
        }
        Office::Status { data } => office::status(data, output)?,
        Office::Backup { data, out, passphrase_file } => office::backup(data, out, passphrase_file.as_deref(), output)?,
        Office::Restore { file, data, passphrase_file } => {
            office::restore(file, data, passphrase_file.as_deref(), output)?;
        }
        Office::Allow { data, peer } => stand(data, peer, Standing::Allowed, output)?,
        Office::Block { data, peer } => stand(data, peer, Standing::Blocked, output)?,
        Office::Forget { data, peer } => {
            let peer = address(peer)?;
            switchboard::forget_peer(data, &peer)?;
            let record = Stands { peer: peer.as_str(), standing: "forgotten" };
            output.result(&record, || format!("The key of {peer} is forgotten: the next one that it shows is pinned."));
        }
    }
    Ok(Exit::Done)
}

/// Structured logs on stderr, from this level on unless RUST_LOG says otherwise: for people in a terminal, as JSON for a
/// collector.
///
/// Our own crates' lines alone, whatever RUST_LOG says. What others log is not ours to keep clean: WebSocket frames whole
/// (invitations and mailboxes in them), peers' addresses, and at any level the name that a certificate is not valid for.
pub(crate) fn log(level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let ours = filter_fn(|line| matches!(line.target().split("::").next(), Some("entrenous" | "switchboard")));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Only a second call in one process could fail.
    let _ = if std::io::stderr().is_terminal() {
        logs.compact().finish().with(ours).try_init()
    } else {
        logs.json().finish().with(ours).try_init()
    };
}

/// What `serve --print-config --json` says.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    configuration: &'a str,
}

/// What `serve --json` says first.
#[derive(Debug, Serialize)]
struct Ready {
    listening: String,
    public_url: String,
    /// False as long as there is no certificate.
    reachable: bool,
    /// None once the first line is taken up.
    claim_url: Option<String>,
}

impl Ready {
    fn for_people(&self, effective: &Effective) -> String {
        let office = effective.office().unwrap_or_default();
        let mut text = format!(
            "{}\n\n{}",
            styled(&format!("The switchboard of {} is ready.", harmless(office)), GOOD),
            fields(&[("Reached at", styled(&self.public_url, STRONG)), ("Listening on", self.listening.clone())])
        );
        if !self.reachable {
            text.push_str(&styled(
                "There is no certificate yet: it is being asked for, and until it is there nobody else can connect.\n",
                STRONG,
            ));
        }
        if effective.is_insecure() {
            text.push_str(&styled("Development flag: this machine only.\n", QUIET));
        }
        match &self.claim_url {
            Some(url) => text.push_str(&format!(
                "\nThe claim link of the first line, for its principal only:\n\n  {url}\n\n{}\n  entrenous claim '{url}' --as NAME\n",
                qr::draw(url)
            )),
            None => text.push_str(&format!(
                "\nA claim link for a further line: entrenous office invite --data {}\n",
                effective.data().map(|data| data.display().to_string()).unwrap_or_default()
            )),
        }
        text.push_str("\nCtrl-C ends it.");
        text
    }
}

#[derive(Debug, Serialize)]
struct Stands<'a> {
    peer: &'a str,
    standing: &'static str,
}

fn stand(data: &std::path::Path, peer: &str, to: Standing, output: Output) -> Result<(), Failure> {
    let peer = address(peer)?;
    switchboard::set_peer_standing(data, &peer, to)?;
    let record = Stands { peer: peer.as_str(), standing: standing(to) };
    output.result(&record, || format!("{peer} is {} now.", standing(to)));
    Ok(())
}

/// What the operator said of a peer, in one word.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Unknown => "unknown",
        Standing::Allowed => "allowed",
        Standing::Blocked => "blocked",
    }
}

fn address(text: &str) -> Result<SwitchboardAddress, Failure> {
    text.parse().map_err(|error: protocol::address::ParseAddressError| Failure::misuse("misuse", error.to_string()))
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let exit = match error {
            StartError::NotLoopback
            | StartError::PublicUrlMissing
            | StartError::PublicUrl(_)
            | StartError::OfficeName
            | StartError::AcmeTerms(_)
            | StartError::AcmeDomain(_) => Exit::Misuse,
            _ => Exit::Refused,
        };
        Self { exit, ..Self::refused(error.code(), error.to_string()) }
    }
}

impl From<OperatorError> for Failure {
    fn from(error: OperatorError) -> Self {
        Self::refused(error.code(), error.to_string())
    }
}
