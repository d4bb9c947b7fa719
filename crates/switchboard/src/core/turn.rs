//! One batch at work: its transaction, its clock, and whom it will wake.

use std::collections::BTreeSet;

use protocol::{BlobId, LineId, Refusal, RefusalCode, SwitchboardAddress, Timestamp};
use rand_core::CryptoRng;

use super::{Applied, Done, Office};
use crate::limits::Limits;
use crate::store::{StoreError, Tx};

/// Why a work went no further: refused (alone), or the store failed (the whole batch).
#[derive(Debug)]
pub(super) enum Stop {
    /// Not done, and the one who asked is told.
    Refused(Refusal),
    /// The store's failure.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a step that may be refused gives.
pub(super) type Step<T = ()> = Result<T, Stop>;

/// A refusal as an error.
pub(super) fn refuse<T>(code: RefusalCode, sentence: &str) -> Step<T> {
    Err(Stop::Refused(Refusal::new(code, sentence)))
}

/// One batch.
pub(super) struct Turn<'a> {
    pub(super) tx: &'a mut dyn Tx,
    pub(super) office: &'a Office,
    pub(super) limits: &'a Limits,
    pub(super) rng: &'a mut (dyn CryptoRng + Send),
    pub(super) now: Timestamp,
    /// The disk is nearly full: nothing new is taken.
    pub(super) is_short: bool,
    /// On whose behalf something goes into queues now.
    pub(super) payer: Option<LineId>,
    lines: BTreeSet<LineId>,
    peers: BTreeSet<SwitchboardAddress>,
    blobs: Vec<BlobId>,
    dropped: u64,
}

impl<'a> Turn<'a> {
    pub(super) fn new(
        tx: &'a mut dyn Tx,
        office: &'a Office,
        limits: &'a Limits,
        rng: &'a mut (dyn CryptoRng + Send),
        now: Timestamp,
        is_short: bool,
    ) -> Self {
        Self {
            tx,
            office,
            limits,
            rng,
            now,
            is_short,
            payer: None,
            lines: BTreeSet::new(),
            peers: BTreeSet::new(),
            blobs: Vec::new(),
            dropped: 0,
        }
    }

    /// A line to wake after the commit.
    pub(super) fn wake_line(&mut self, line: &LineId) {
        self.lines.insert(*line);
    }

    /// A peer to send to after the commit.
    pub(super) fn wake_peer(&mut self, peer: &SwitchboardAddress) {
        if !self.peers.contains(peer) {
            self.peers.insert(peer.clone());
        }
    }

    /// A blob whose bytes are to be removed after the commit.
    pub(super) fn erase(&mut self, blob: &BlobId) {
        self.blobs.push(*blob);
    }

    /// Counts a message that goes nowhere.
    pub(super) fn drop_message(&mut self) {
        self.dropped += 1;
    }

    pub(super) fn into_applied(self, done: Vec<Done>) -> Applied {
        Applied {
            done,
            lines: self.lines.into_iter().collect(),
            peers: self.peers.into_iter().collect(),
            blobs: self.blobs,
            dropped: self.dropped,
        }
    }
}
