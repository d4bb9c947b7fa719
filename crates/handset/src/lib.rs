#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
//! The handset's engine: a state machine over one SQLite database.
//!
//! The caller owns the connection to the switchboard, the clock and the randomness: it says [`Handset::connected`],
//! [`Handset::receive`], [`Handset::disconnected`] and [`Handset::timeout`], and after every call takes all of
//! [`Handset::poll_output`] and asks [`Handset::next_timeout`]. Everything a principal does is a method too (taking up a
//! card, a text) and obliges the caller to poll in the same way. The first call after opening is [`Handset::timeout`]:
//! what expired meanwhile is gone before anything is shown.
//!
//! One call is one SQLite transaction, and outputs leave only after its commit: killing the process at any instant
//! loses and doubles nothing. A call that fails has changed nothing.

mod backup;
mod cards;
mod claim;
mod compose;
mod contacts;
mod context;
mod conversations;
mod deeds;
mod drafts;
mod emoji;
mod engine;
mod error;
mod expiry;
mod export;
mod files;
mod generations;
mod incoming;
mod introductions;
mod outgoing;
mod own;
mod page;
mod progress;
mod redeem;
mod refound;
mod requests;
mod restore;
mod restored;
mod search;
mod service;
mod session;
mod silence;
#[cfg(test)]
mod tests;
mod vanish;
mod views;
mod wake;

pub use backup::{BackupMade, BackupView, Progress};
pub use cards::{CardState, CardView, NewCard};
pub use claim::ClaimLink;
pub use contacts::{ContactState, PersonView, Verified};
pub use conversations::{ConversationView, Last};
pub use drafts::Draft;
pub use engine::{Event, Handset, Output};
pub use error::{Error, Fault};
pub use expiry::ExpiryLine;
pub use export::{Attachment, ExportedConversation, ExportedMessage, Written, notice_sentence};
pub use files::{FileState, FileView, SealedFile, Transfer};
pub use page::{Page, Place};
pub use redeem::Accepting;
pub use requests::RequestView;
pub use session::SessionState;
pub use silence::{Reached, Silence};
pub use views::{Entry, MessageState, MessageView, NoticeView, Pending, ReactionView, StatusView};
pub use wake::WakeView;
