//! One batch at work: its transaction, its clock, and whom it will wake.

use std::collections::{BTreeMap, BTreeSet};

use protocol::frames::Item;
use protocol::limits::ITEMS_IN_FLIGHT;
use protocol::wake::Urgency;
use protocol::{BlobId, LineId, Refusal, RefusalCode, SwitchboardAddress, Timestamp};
use rand_core::CryptoRng;

use super::{Applied, Done, Office, Waking};
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

/// A refusal as something that a work may come to.
pub(super) fn refused_or<T>(step: Step<T>) -> Result<Result<T, Refusal>, StoreError> {
    match step {
        Ok(value) => Ok(Ok(value)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Store(error)) => Err(error),
    }
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
    /// There is disk enough for files.
    pub(super) takes_files: bool,
    /// On whose behalf something goes into queues now.
    pub(super) payer: Option<LineId>,
    /// Words about handsets in and out of service that the parcel at work has caused.
    pub(super) words: usize,
    /// Lines to wake, with all that is new for them unless it has to be read.
    lines: BTreeMap<LineId, Option<Vec<Item>>>,
    peers: BTreeSet<SwitchboardAddress>,
    blobs: Vec<BlobId>,
    dropped: u64,
    waking: BTreeMap<LineId, Waking>,
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
            takes_files: true,
            payer: None,
            words: 0,
            lines: BTreeMap::new(),
            peers: BTreeSet::new(),
            blobs: Vec::new(),
            dropped: 0,
            waking: BTreeMap::new(),
        }
    }

    /// A line to wake after the commit; what is new for it has to be read.
    pub(super) fn wake_line(&mut self, line: &LineId) {
        self.lines.insert(*line, None);
    }

    /// A line to wake after the commit with an item that was just added.
    pub(super) fn wake_with(&mut self, line: &LineId, item: Item) {
        let news = self.lines.entry(*line).or_insert_with(|| Some(Vec::new()));
        match news {
            Some(items) if items.len() < ITEMS_IN_FLIGHT => items.push(item),
            _ => *news = None,
        }
    }

    /// Handsets of a line to wake after the commit, if they are not connected. Once too often does no harm.
    pub(super) fn wake_handsets(&mut self, line: &LineId, item: u64, urgency: Urgency) {
        let waking = self.waking.entry(*line).or_insert(Waking { line: *line, item, urgency });
        waking.item = waking.item.max(item);
        waking.urgency = waking.urgency.max(urgency);
    }

    /// Something was undone: what was added may not be there.
    pub(super) fn distrust_news(&mut self) {
        self.lines.values_mut().for_each(|news| *news = None);
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
            lines: self.lines.keys().copied().collect(),
            items: self.lines.into_iter().filter_map(|(line, news)| Some((line, news?))).collect(),
            peers: self.peers.into_iter().collect(),
            blobs: self.blobs,
            waking: self.waking.into_values().collect(),
            dropped: self.dropped,
        }
    }
}
