//! The edges: sockets, TLS, the one writing thread, peers. Everything that decides is in [`crate::core`].

mod acme;
mod app;
mod backup;
mod blob_files;
mod blobs;
mod buckets;
mod certificate_state;
mod client;
mod config;
mod counts;
mod data;
mod disk;
mod error;
mod federation;
mod gate;
mod house;
mod http;
mod hub;
mod invitations;
mod line;
mod listen;
mod metrics;
mod operator;
mod pages;
mod peers;
mod push;
mod reader;
mod report;
mod service;
mod socket;
mod start;
mod status;
mod tickets;
mod tls;
mod writer;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use getrandom::SysRng;
use protocol::Timestamp;
use rand_core::UnwrapErr;
use tokio::sync::{mpsc, watch};

use crate::core::Office;
use crate::limits::Limits;

pub use acme::{Acme, LETS_ENCRYPT};
pub use app::App;
pub use backup::{Backup, backup, restore};
pub use certificate_state::{CertificateState, RenewalState};
pub use config::Config;
pub use error::{OperatorError, StartError};
pub use invitations::{INVITATION, Invitation, InvitationState, Invited, invitations, invite, withdraw_invitation};
pub use operator::{forget_peer, set_peer_standing};
pub use report::{Report, Trouble};
pub use service::{OfficeLine, find_line, lines, reinstate, revoke_handset};
pub use start::{Running, start};
pub use status::{OfficeStatus, PeerStatus, free_bytes, peers, status};

/// What all edges share.
struct Shared {
    office: Office,
    limits: Limits,
    app: App,
    key: seal::SwitchboardKey,
    writer: writer::Writer,
    reader: reader::Reader,
    hub: Arc<hub::Hub>,
    peers: mpsc::UnboundedSender<peers::Event>,
    client: client::Client,
    gate: gate::Gate,
    tickets: tickets::Tickets,
    push: push::Push,
    blobs: Arc<blob_files::BlobFiles>,
    metrics: Arc<metrics::Metrics>,
    troubles: report::Troubles,
    /// Turns true when the switchboard is shutting down.
    draining: watch::Receiver<bool>,
}

/// The clock. Nothing inside reads it but through here.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The operating system's randomness. It does not fail after start on any system that we run on; if it does, stopping
/// is right.
fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
