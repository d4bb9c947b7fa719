//! Two switchboards' cores in one process, and lines with hand-made envelopes.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use protocol::documents::{HandsetEntry, HandsetList, SigningPublic};
use protocol::federation::{Parcel, ParcelReply};
use protocol::frames::{Deed, Greeting, Item, ItemBody, MailboxAddress, Outcome, SealedSlot, Submission};
use protocol::wake::Urgency;
use protocol::{
    Capability, GenerationId, HandsetId, InvitationSecret, LineId, LookupId, MailboxId, Refusal, SwitchboardAddress,
    Timestamp,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde_bytes::ByteBuf;
use switchboard::Limits;
use switchboard::core::outgoing::{Next, PeerQueue};
use switchboard::core::{Applied, Claim, Core, Done, Federation, Office, Work, reads};
use switchboard::store::testing::{Fault, Faulty};
use switchboard::store::{SqliteStore, StoreError};

pub const GENERATION: GenerationId = GenerationId::new([0x60; 32]);

/// A line with one handset.
pub struct Line {
    pub identity: seal::SigningKey,
    pub signing: seal::SigningKey,
    pub list: HandsetList,
    pub signed: Vec<u8>,
    pub line: LineId,
    pub handset: HandsetId,
    pub next_deed: u64,
}

impl Line {
    pub fn new(seed: u8) -> Self {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let (identity, signing) = (seal::SigningKey::generate(&mut rng), seal::SigningKey::generate(&mut rng));
        let successor = successor_of(seed);
        let handset = HandsetId::new([seed; 16]);
        let line = seal::line_id(&identity.public());
        let list = HandsetList {
            line,
            number: 1,
            previous: None,
            successor: ByteBuf::from(seal::successor_hash(&successor.public())),
            handsets: vec![entry(handset, &signing.public())],
            made_at: Timestamp::default(),
            restored: 0,
            successor_key: None,
        };
        let signed = seal::sign_handset_list(&identity, &list);
        Self { identity, signing, list, signed, line, handset, next_deed: 1 }
    }

    /// The list after this one, with these handsets.
    pub fn next_list(&self, handsets: Vec<HandsetEntry>) -> (HandsetList, Vec<u8>) {
        let list = HandsetList {
            number: self.list.number + 1,
            previous: Some(ByteBuf::from(seal::list_hash(&self.signed))),
            handsets,
            ..self.list.clone()
        };
        let signed = seal::sign_handset_list(&self.identity, &list);
        (list, signed)
    }

    pub fn greeting(&self, nonce: &[u8], address: &SwitchboardAddress) -> Greeting {
        Greeting {
            context: "entrenous greeting".into(),
            nonce: ByteBuf::from(nonce),
            address: address.clone(),
            line: self.line,
            handset: self.handset,
        }
    }

    pub fn claim(&self, invitation: InvitationSecret, address: &SwitchboardAddress) -> Claim {
        let greeting = self.greeting(&[1; 32], address);
        Claim {
            invitation: Some(invitation),
            identity: self.identity.public(),
            handsets: self.signed.clone(),
            handset: self.handset,
            signature: seal::sign_greeting(&self.signing, &greeting),
            greeting,
        }
    }

    /// The work of a new deed of this line's handset.
    pub fn deed(&mut self, deed: Deed) -> Work {
        let number = self.next_deed;
        self.next_deed += 1;
        self.deed_numbered(number, deed)
    }

    pub fn deed_numbered(&self, number: u64, deed: Deed) -> Work {
        Work::Deed { line: self.line, handset: self.handset, after: None, number, deed: Box::new(deed) }
    }
}

/// The successor key of the line that [`Line::new`] makes of a seed.
pub fn successor_of(seed: u8) -> seal::SigningKey {
    seal::SigningKey::generate(&mut ChaCha20Rng::from_seed([seed ^ 0xff; 32]))
}

pub fn entry(handset: HandsetId, signing: &SigningPublic) -> HandsetEntry {
    HandsetEntry { handset, signing: signing.clone(), kem: vec![0; 1216] }
}

/// One switchboard.
pub struct Board {
    pub core: Core<Faulty<SqliteStore>>,
    pub queue: PeerQueue,
}

/// Two switchboards, what goes between them, and a clock.
pub struct World {
    pub now: Timestamp,
    pub boards: [Board; 2],
    pub rng: ChaCha20Rng,
    /// Of 256 parcels and answers, how many are lost, and how many parcels come twice.
    pub losses: u8,
    pub dropped: u64,
}

pub const A: usize = 0;
pub const B: usize = 1;

pub fn address(of: usize) -> SwitchboardAddress {
    ["a.example", "b.example:8443"][of].parse().unwrap()
}

pub fn office(of: usize) -> Office {
    let name = ["Office of A", "Office of B"][of].to_owned();
    Office { address: address(of), name, federation: Federation::Open, loopback_only: false, plain_http: false }
}

pub fn core(of: usize, office: Office, limits: Limits) -> Core<Faulty<SqliteStore>> {
    let rng = Box::new(ChaCha20Rng::from_seed([of as u8 + 100; 32]));
    Core::new(Faulty::new(SqliteStore::in_memory().unwrap()), office, limits, rng)
}

impl World {
    pub fn new() -> Self {
        Self::with(Limits::default(), |_| {})
    }

    pub fn with(limits: Limits, change: impl Fn(&mut Office)) -> Self {
        let boards = [A, B].map(|of| {
            let mut office = office(of);
            change(&mut office);
            Board { core: core(of, office, limits.clone()), queue: PeerQueue::new(address(of), address(1 - of)) }
        });
        let rng = ChaCha20Rng::from_seed([0; 32]);
        Self { now: Timestamp::from_millis(1_000_000_000), boards, rng, losses: 0, dropped: 0 }
    }

    pub fn try_apply(&mut self, at: usize, work: Vec<Work>) -> Result<Applied, StoreError> {
        let applied = self.boards[at].core.apply(self.now, work);
        if applied.as_ref().is_err_and(|error| !error.nothing_kept()) {
            self.boards[at].queue.wake();
        }
        let applied = applied?;
        self.dropped += applied.dropped;
        for peer in &applied.peers {
            assert_eq!(*peer, address(1 - at));
            self.boards[at].queue.wake();
        }
        Ok(applied)
    }

    /// One work that the store does not fail.
    pub fn apply(&mut self, at: usize, work: Work) -> Done {
        self.try_apply(at, vec![work]).unwrap().done.pop().unwrap()
    }

    pub fn claim(&mut self, at: usize, line: &Line) {
        let Done::Invited(secret) = self.apply(at, Work::Invite { keep_secret: false }) else {
            panic!("no invitation")
        };
        let claimed = self.apply(at, Work::Claim(Box::new(line.claim(secret, &address(at)))));
        assert!(matches!(claimed, Done::Claimed { .. }), "{claimed:?}");
    }

    /// A deed of a line, and what came of it.
    pub fn deed(&mut self, at: usize, line: &mut Line, deed: Deed) -> Result<(), Refusal> {
        let work = line.deed(deed);
        match self.apply(at, work) {
            Done::Deed { result, .. } => result,
            other => panic!("{other:?}"),
        }
    }

    pub fn items(&mut self, at: usize, line: &Line) -> Vec<Item> {
        reads::items(self.boards[at].core.store(), &line.line, &line.handset, 0, 256, 1 << 20).unwrap().unwrap()
    }

    pub fn envelopes(&mut self, at: usize, line: &Line) -> Vec<(u64, Vec<u8>)> {
        let envelope = |item: Item| match item.body {
            ItemBody::Envelope(delivery) => Some((delivery.number, delivery.envelope.into_vec())),
            _ => None,
        };
        self.items(at, line).into_iter().filter_map(envelope).collect()
    }

    pub fn outcomes(&mut self, at: usize, line: &Line) -> Vec<Outcome> {
        let outcome = |item: Item| match item.body {
            ItemBody::Outcome { outcome, .. } => Some(outcome),
            _ => None,
        };
        self.items(at, line).into_iter().filter_map(outcome).collect()
    }

    fn lose(&mut self) -> bool {
        self.losses > 0 && (self.rng.next_u32() as u8) < self.losses
    }

    /// Hands a parcel over; none if it or its answer is lost, or the store fails.
    pub fn hand_over(&mut self, to: usize, parcel: &Parcel) -> Option<ParcelReply> {
        if self.lose() {
            return None;
        }
        if self.lose() {
            self.try_apply(to, vec![Work::Parcel(Box::new(parcel.clone()))]).ok()?;
        }
        let done = self.try_apply(to, vec![Work::Parcel(Box::new(parcel.clone()))]).ok()?.done.pop();
        let Some(Done::Parcel(reply)) = done else { panic!("{done:?}") };
        (!self.lose()).then_some(reply)
    }

    /// Carries parcels until nothing waits.
    pub fn carry(&mut self) {
        for _ in 0..10_000 {
            let mut idle = true;
            for at in [A, B] {
                idle &= self.step(at);
            }
            if idle {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    /// One step of one switchboard's queue; gives whether there was nothing to do.
    fn step(&mut self, at: usize) -> bool {
        match self.boards[at].queue.poll(self.now) {
            Next::Idle => return true,
            Next::Wait(until) => self.now = until,
            Next::Read { after, count, bytes } => {
                let board = &mut self.boards[at];
                let office = board.core.office().clone();
                let peer = board.queue.peer().clone();
                let waiting = reads::waiting(board.core.store(), &office, &peer, after, count, bytes).unwrap();
                board.queue.loaded(waiting);
            }
            Next::Send(parcel) => match self.hand_over(1 - at, &parcel) {
                Some(reply) => self.boards[at].queue.replied(self.now, &reply, &mut self.rng),
                None => self.boards[at].queue.failed(self.now, &mut self.rng),
            },
            Next::Apply(work) => {
                let durable = self.try_apply(at, vec![work]).is_ok();
                self.boards[at].queue.applied(durable);
            }
        }
        false
    }

    pub fn fail_next(&mut self, at: usize, fault: Fault) {
        self.boards[at].core.store().fail_next(fault);
    }
}

pub fn mailbox(n: u8) -> MailboxId {
    MailboxId::new([n; 32])
}

pub fn lookup(n: u8) -> LookupId {
    LookupId::new([n; 32])
}

pub fn capability(epoch: u64) -> Capability {
    Capability::new([epoch as u8; 32])
}

pub fn slot(n: u8) -> SealedSlot {
    SealedSlot { mailbox: mailbox(n), sealed: ByteBuf::from(vec![n; 100]) }
}

pub fn found(epoch: u64, members: &[(usize, u8)]) -> Deed {
    let member = |(at, n): &(usize, u8)| MailboxAddress { address: address(*at), mailbox: mailbox(*n) };
    Deed::Found {
        generation: GENERATION,
        epoch,
        capability: seal::capability_hash(&capability(epoch)),
        members: members.iter().map(member).collect(),
    }
}

pub fn submission(epoch: u64, reply_to: u8, envelope: &[u8]) -> Submission {
    Submission {
        generation: GENERATION,
        epoch,
        capability: capability(epoch),
        commit: None,
        reply_to: mailbox(reply_to),
        urgent: Urgency::Quiet,
        envelope: ByteBuf::from(envelope),
    }
}

/// A world with a line on each side and a generation between them, sequenced by A: mailbox 1 at A, mailbox 2 at B.
pub struct Conversation {
    pub world: World,
    pub a: Line,
    pub b: Line,
}

impl Conversation {
    pub fn new() -> Self {
        Self::in_world(World::new())
    }

    pub fn in_world(mut world: World) -> Self {
        let (mut a, mut b) = (Line::new(1), Line::new(2));
        world.claim(A, &a);
        world.claim(B, &b);
        world.deed(A, &mut a, Deed::OpenMailbox { mailbox: mailbox(1), from: address(A) }).unwrap();
        world.deed(B, &mut b, Deed::OpenMailbox { mailbox: mailbox(2), from: address(A) }).unwrap();
        world.deed(A, &mut a, found(1, &[(A, 1), (B, 2)])).unwrap();
        Self { world, a, b }
    }

    pub fn submit_a(&mut self, submission: Submission) -> Result<(), Refusal> {
        self.world.deed(A, &mut self.a, Deed::Submit { to: address(A), submission })
    }

    pub fn submit_b(&mut self, submission: Submission) -> Result<(), Refusal> {
        self.world.deed(B, &mut self.b, Deed::Submit { to: address(A), submission })
    }

    /// What each side has, which must be the same.
    pub fn both(&mut self) -> Vec<(u64, Vec<u8>)> {
        let of_a = self.world.envelopes(A, &self.a);
        assert_eq!(of_a, self.world.envelopes(B, &self.b), "one order for both");
        of_a
    }
}
