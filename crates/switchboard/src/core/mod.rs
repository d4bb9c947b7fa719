//! What a switchboard does, without clock, randomness source, socket or thread of its own.
//!
//! [`Core::apply`] does a batch of [`Work`] in one transaction and says afterwards what came of each and who has to be
//! woken. [`connection`] and [`outgoing`] are the two conversations around it: with a handset, and with a peer.
//!
//! Nothing is kept in memory between batches: after a failed commit, what is in the store is what is true.

mod blobs;
pub mod connection;
mod deeds;
mod deliver;
mod incoming;
mod intakes;
mod lines;
mod office;
pub mod outgoing;
pub mod reads;
mod restored;
mod revoked;
mod route;
mod sequence;
mod split;
mod sweep;
mod turn;
mod wakes;

use std::collections::BTreeMap;
use std::fmt;

use protocol::documents::SigningPublic;
use protocol::federation::{FetchReply, Parcel, ParcelReply};
use protocol::frames::{Deed, Greeting, Item};
use protocol::wake::Subscription;
use protocol::{
    BlobId, HandsetId, InvitationSecret, LineId, LookupId, QueueId, Refusal, ReservationId, SwitchboardAddress,
    Timestamp,
};
use rand_core::CryptoRng;

use crate::limits::Limits;
use crate::store::{Standing, Store, StoreError};

pub use office::{Federation, Office};
use turn::{Stop, Turn};
pub use wakes::Waking;

/// Something to do, in one transaction with whatever else waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A handset takes up an invitation, or its line was restored on it.
    Claim(Box<Claim>),
    /// A deed of a handset that has said who it is.
    Deed {
        /// Its line.
        line: LineId,
        /// The handset.
        handset: HandsetId,
        /// The number of the deed before this on the same connection. It must have been dealt with, or this one is not
        /// done: after a failed commit nothing may overtake what failed.
        after: Option<u64>,
        /// The deed's number.
        number: u64,
        /// What.
        deed: Box<Deed>,
    },
    /// A handset has all items up to a number.
    Ack {
        /// Its line.
        line: LineId,
        /// The handset.
        handset: HandsetId,
        /// The last item's number.
        through: u64,
    },
    /// A parcel of a peer, whose signature was checked.
    Parcel(Box<Parcel>),
    /// Somebody wants a slot of an intake here.
    Fetch {
        /// The peer whose signature was checked, or this switchboard for a line of its own.
        from: SwitchboardAddress,
        /// The intake.
        lookup: LookupId,
        /// Under which it is held.
        reservation: ReservationId,
        /// Comes back in [`Done::Fetched`].
        id: u64,
    },
    /// A peer has stored what was sent to it.
    Stored {
        /// The peer.
        peer: SwitchboardAddress,
        /// The queue's incarnation that it spoke of.
        queue: QueueId,
        /// The last message's number in that incarnation.
        through: u64,
    },
    /// A peer lacks messages that it said it had stored: it lost its database. The queue begins anew with what waits.
    Restart {
        /// The peer.
        peer: SwitchboardAddress,
        /// The incarnation that ends.
        queue: QueueId,
    },
    /// All bytes of a blob are on the disk.
    BlobComplete {
        /// The blob.
        blob: BlobId,
    },
    /// Removes what has lapsed, expired or grown old, a bounded amount of it.
    Sweep,
    /// Begins again on an older copy of the data: once, before anything else is done on it.
    GoBack,
    /// Makes an invitation.
    Invite {
        /// Whether its secret is kept until it is taken up, so that it can be shown again.
        keep_secret: bool,
    },
    /// Makes an invitation by the operator's order.
    InviteFor {
        /// For whom; only the operator sees this.
        label: String,
        /// When it can be taken up no more.
        expires_at: Timestamp,
    },
    /// Withdraws an invitation, by the operator's order. One that was taken up stays.
    Withdraw {
        /// The SHA-256 of its secret.
        hash: [u8; 32],
    },
    /// Takes all handsets of a line out of service, by the operator's order.
    Revoke {
        /// The line.
        line: LineId,
    },
    /// Lets them back in, by the operator's order.
    Reinstate {
        /// The line.
        line: LineId,
    },
    /// Tells the contacts of lines whose handsets were taken out of service.
    Announce,
    /// Pins a peer's key, if none is pinned.
    Pin {
        /// The peer.
        peer: SwitchboardAddress,
        /// Its Ed25519 public key.
        key: [u8; 32],
    },
    /// Forgets where a handset was woken, since the push service does not know it any more.
    WakeGone {
        /// Its line.
        line: LineId,
        /// The handset.
        handset: HandsetId,
        /// What was tried.
        subscription: Box<Subscription>,
    },
    /// Forgets a peer's pinned key, by the operator's order.
    Forget {
        /// The peer.
        peer: SwitchboardAddress,
    },
    /// Allows or blocks a peer, by the operator's order.
    SetStanding {
        /// The peer.
        peer: SwitchboardAddress,
        /// What the operator says.
        standing: Standing,
    },
    /// Lets go of what waits for a peer that is blocked, a bounded amount of it.
    Discard {
        /// The peer.
        peer: SwitchboardAddress,
    },
}

/// What a handset says that takes up an invitation, or on which its line was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// From the claim link; none if the line has its account here and was restored.
    pub invitation: Option<InvitationSecret>,
    /// The line's identity key.
    pub identity: SigningPublic,
    /// The line's newest signed handset list.
    pub handsets: Vec<u8>,
    /// The handset that speaks.
    pub handset: HandsetId,
    /// What it must have signed.
    pub greeting: Greeting,
    /// Its signature.
    pub signature: Vec<u8>,
}

/// What came of one [`Work`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The line has its account.
    Claimed {
        /// The line.
        line: LineId,
        /// For the handset's welcome.
        welcome: reads::Welcome,
    },
    /// A claim is refused.
    NotClaimed(Refusal),
    /// The line was restored on another handset with this list, which counts before that of the claim.
    Superseded(Vec<u8>),
    /// A deed is done, or refused and nothing of it kept.
    Deed {
        /// Its number.
        number: u64,
        /// Why it is refused.
        result: Result<(), Refusal>,
    },
    /// A deed whose predecessor was not dealt with: not done, and not answered.
    OutOfOrder,
    /// An acknowledgement, an order or a message from within is taken note of.
    Noted,
    /// For the peer.
    Parcel(ParcelReply),
    /// For whoever fetched.
    Fetched {
        /// From [`Work::Fetch`].
        id: u64,
        /// What was found.
        reply: FetchReply,
    },
    /// What was swept away or discarded, in rows; if any, there may be more.
    Swept(u64),
    /// The invitation.
    Invited(InvitationSecret),
    /// The key that is pinned for a peer, which need not be the one offered; none if no more peers can be known.
    Pinned(Option<[u8; 32]>),
}

/// What came of a batch that is durable.
#[derive(Debug, Default)]
pub struct Applied {
    /// What came of each work, in their order.
    pub done: Vec<Done>,
    /// Lines that have new items, or another handset list.
    pub lines: Vec<LineId>,
    /// All that is new for some of those lines, for [`connection::Connection::wake_with`]. The others have to read it.
    pub items: BTreeMap<LineId, Vec<Item>>,
    /// Peers that something new waits for.
    pub peers: Vec<SwitchboardAddress>,
    /// Lines whose handsets should be woken.
    pub waking: Vec<Waking>,
    /// Blobs that are no more, whose bytes have to be removed.
    pub blobs: Vec<BlobId>,
    /// Messages that were dropped: to unknown mailboxes, replayed, beyond a limit.
    pub dropped: u64,
}

/// A switchboard's work on its store.
pub struct Core<S> {
    store: S,
    office: Office,
    limits: Limits,
    rng: Box<dyn CryptoRng + Send>,
    is_short: bool,
    takes_files: bool,
}

impl<S> fmt::Debug for Core<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").finish_non_exhaustive()
    }
}

impl<S: Store> Core<S> {
    /// A core over a store. `rng` draws invitations and queue ids.
    pub fn new(store: S, office: Office, limits: Limits, rng: Box<dyn CryptoRng + Send>) -> Self {
        Self { store, office, limits, rng, is_short: false, takes_files: true }
    }

    /// Whether the disk is nearly full: from the next batch on, nothing new is taken.
    pub fn set_short_of_disk(&mut self, is_short: bool) {
        self.is_short = is_short;
    }

    /// Whether there is disk enough for files, too: they leave some of it to texts, and to what makes room.
    pub fn set_takes_files(&mut self, takes_files: bool) {
        self.takes_files = takes_files;
    }

    /// Does all of `work` in one transaction. Only what is in the answer has happened; after an error, nothing is known
    /// to have happened and everything may be asked again ([`StoreError::nothing_kept`] says when nothing has). Unless
    /// nothing was kept, wake every connection and every peer's queue after an error: what was kept after all may
    /// concern any of them.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed.
    pub fn apply(&mut self, now: Timestamp, work: Vec<Work>) -> Result<Applied, StoreError> {
        let Self { store, office, limits, rng, is_short, takes_files } = self;
        let mut work = Some(work);
        let mut applied = Applied::default();
        store.write(&mut |tx| {
            let work = work.take().unwrap_or_default();
            let mut turn = Turn::new(tx, office, limits, &mut **rng, now, *is_short);
            turn.takes_files = *takes_files;
            let done = work.into_iter().map(|work| turn.work(work)).collect::<Result<_, _>>()?;
            applied = turn.into_applied(done);
            Ok(())
        })?;
        Ok(applied)
    }

    /// Who this switchboard is.
    pub fn office(&self) -> &Office {
        &self.office
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The store, for the functions of [`reads`].
    pub fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// Gives the store back, for tests that start the core again over it.
    pub fn into_store(self) -> S {
        self.store
    }
}

impl Turn<'_> {
    /// Does one work, alone undone if it is refused. An error ends the whole batch.
    fn work(&mut self, work: Work) -> Result<Done, StoreError> {
        match work {
            Work::Claim(claim) => match self.attempt(|turn| turn.claim(&claim))? {
                Ok((line, welcome)) => Ok(Done::Claimed { line, welcome }),
                Err(refusal) => Ok(self.newer_list(&claim)?.map_or(Done::NotClaimed(refusal), Done::Superseded)),
            },
            Work::Deed { line, handset, after, number, deed } => self.deed(&line, &handset, after, number, *deed),
            Work::Ack { line, handset, through } => self.ack(&line, &handset, through).map(|()| Done::Noted),
            Work::Parcel(parcel) => self.parcel(*parcel).map(Done::Parcel),
            Work::Fetch { from, lookup, reservation, id } => {
                let reply = self.attempt(|turn| turn.fetch(&from, &lookup, &reservation))?;
                Ok(Done::Fetched { id, reply })
            }
            Work::Stored { peer, queue, through } => self.stored(&peer, &queue, through).map(|()| Done::Noted),
            Work::Restart { peer, queue } => self.restart(&peer, &queue).map(|()| Done::Noted),
            Work::BlobComplete { blob } => self.blob_is_complete(&blob).map(|()| Done::Noted),
            Work::Sweep => self.sweep().map(Done::Swept),
            Work::GoBack => self.go_back().map(|()| Done::Noted),
            Work::Invite { keep_secret } => {
                // One whose secret is kept is the one that a switchboard makes by itself.
                let label = if keep_secret { "the first line" } else { "" };
                self.invite(keep_secret, label.to_owned(), None).map(Done::Invited)
            }
            Work::InviteFor { label, expires_at } => self.invite(false, label, Some(expires_at)).map(Done::Invited),
            Work::Withdraw { hash } => self.withdraw(&hash).map(|()| Done::Noted),
            Work::Revoke { line } => self.revoke(&line).map(|()| Done::Noted),
            Work::Reinstate { line } => self.reinstate(&line).map(|()| Done::Noted),
            Work::Announce => self.announce().map(|()| Done::Noted),
            Work::Pin { peer, key } => self.pin(&peer, key).map(Done::Pinned),
            Work::WakeGone { line, handset, subscription } => {
                self.wake_is_gone(&line, &handset, &subscription).map(|()| Done::Noted)
            }
            Work::Forget { peer } => self.forget(&peer).map(|()| Done::Noted),
            Work::SetStanding { peer, standing } => self.set_standing(&peer, standing).map(|()| Done::Noted),
            Work::Discard { peer } => self.discard(&peer).map(Done::Swept),
        }
    }

    /// Does something that may be refused, and undoes it if it is.
    fn attempt<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<Result<T, Refusal>, StoreError> {
        self.tx.mark()?;
        match work(self) {
            Ok(value) => self.tx.keep().map(|()| Ok(value)),
            Err(Stop::Refused(refusal)) => {
                self.distrust_news();
                self.tx.undo().map(|()| Err(refusal))
            }
            Err(Stop::Store(error)) => Err(error),
        }
    }
}
