//! An office's server: its lines' accounts and mailboxes, the order of conversations, and federation with other
//! switchboards. It never sees content and never parses an MLS message.
//!
//! Outside in: `server` (sockets), [`core`] (what is done, without any I/O of its own), [`store`] (what is kept).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod core;
mod limits;
mod reach;
#[cfg(not(target_family = "wasm"))]
mod server;
pub mod store;

pub use limits::Limits;
pub use reach::is_public;
#[cfg(not(target_family = "wasm"))]
pub use server::{
    Acme, App, Backup, CertificateState, Config, INVITATION, Invitation, InvitationState, Invited, LETS_ENCRYPT,
    OfficeLine, OfficeStatus, OperatorError, PeerStatus, RenewalState, Report, Running, StartError, Trouble, backup,
    find_line, forget_peer, free_bytes, invitations, invite, lines, peers, reinstate, restore, revoke_handset,
    set_peer_standing, start, status, withdraw_invitation,
};
