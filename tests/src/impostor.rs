//! Somebody with a switchboard of his own who has a card and poses as another line: that one's identity and handsets are
//! no secret. What he cannot do is vouch for his leaf key, since that takes the other's KEM key.

use database::rusqlite::Connection;
use protocol::card::{CardLink, CardText};
use protocol::federation::{Parcel, ParcelReply, PeerMessage};
use protocol::frames::{Delivery, FetchedSlot};
use protocol::inside::{Inside, Numbered};
use protocol::intake::{Bundle, IntakeAddress, Introduction, Pairing, Slot};
use protocol::wake::Urgency;
use protocol::{
    GenerationId, HandsetId, MailboxId, QueueId, ReservationId, SwitchboardAddress, Timestamp, Token, decode, encode,
    limits,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use seal::mls::{Group, Mls};
use seal::{IntakeKeys, KemKey, tete_a_tete, verify_handset_list};
use switchboard::core::Work;

use crate::world::World;

/// His switchboard, by number. It does what he says, and otherwise what a switchboard does.
const OFFICE: usize = 2;

/// He has introduced himself.
pub struct Impostor {
    db: Connection,
    rng: ChaCha20Rng,
    address: SwitchboardAddress,
    queue: QueueId,
    /// Messages sent to the victim's switchboard, and envelopes numbered for the victim's mailbox.
    sent: u64,
    numbered: u64,
    victims_office: usize,
    victims_mailbox: MailboxId,
    group: Group,
    posed: HandsetId,
}

impl std::fmt::Debug for Impostor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Impostor")
    }
}

/// An intake opened with its card.
struct Opened {
    keys: IntakeKeys,
    bundle: Bundle,
    slot: Slot,
    reservation: ReservationId,
}

impl Impostor {
    /// Takes up a card of the victim's as the line that issued the other card, and founds a generation of this number.
    ///
    /// # Panics
    /// If the victim's switchboard does not take the introduction.
    pub fn introduce(world: &mut World, seed: u64, victim: (usize, &str), posed: (usize, &str), number: u64) -> Self {
        Self::introduce_with(world, seed, victim, posed, number, None)
    }

    /// The same with another handset list than that line's own.
    ///
    /// # Panics
    /// As [`Self::introduce`].
    pub fn introduce_with(
        world: &mut World,
        seed: u64,
        victim: (usize, &str),
        posed: (usize, &str),
        number: u64,
        handsets: Option<Vec<u8>>,
    ) -> Self {
        let address = world.offices[OFFICE].address.clone();
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let opened = open(world, &mut rng, &address, victim);
        let mut posed = open(world, &mut rng, &address, posed).bundle;
        posed.handsets = handsets.map_or(posed.handsets, Into::into);
        let (line, kem) = {
            let list = verify_handset_list(&opened.bundle.handsets, &opened.bundle.identity).expect("a list");
            let entry = list.handsets.iter().find(|entry| entry.handset == opened.slot.handset).expect("a handset");
            (list.line, entry.kem.clone())
        };
        let list = seal::read_handset_list(&posed.handsets).expect("a list");
        let handset = list.handsets[0].handset;

        let db = database::open_memory().expect("a database");
        db.execute_batch(seal::mls::SCHEMA).expect("tables");
        // The same for each number: an id that is there already must do no harm either.
        let generation = GenerationId::new([number.to_be_bytes()[7]; 32]);
        let (group, welcome) = Mls::new(&db).found(&generation, &opened.slot.key_package).expect("a group");
        let (encapsulated, _) = KemKey::encapsulate(&kem, &mut rng).expect("a key");
        let introduction = Introduction {
            name: posed.name,
            identity: posed.identity,
            handsets: posed.handsets,
            handset,
            conversation: tete_a_tete(&list.line, &line),
            number,
            generation,
            sequencer: address.clone(),
            welcome: welcome.into(),
            intake: IntakeAddress { address: address.clone(), token: Token::new(bytes(&mut rng)) },
            pairing: Pairing { encapsulated: encapsulated.into(), mac: None },
            made_at: world.now,
        };
        let sealed = opened.keys.seal_introduction(&kem, &encode(&introduction), &mut rng).expect("sealed");
        let mut impostor = Self {
            db,
            address,
            queue: QueueId::new(bytes(&mut rng)),
            sent: 0,
            numbered: 0,
            victims_office: world.phones[victim.0].office,
            victims_mailbox: opened.slot.mailbox,
            group,
            posed: handset,
            rng,
        };
        let reply_to = MailboxId::new(bytes(&mut impostor.rng));
        let (lookup, reservation) = (opened.keys.lookup(), opened.reservation);
        impostor.post(world, PeerMessage::Introduce { lookup, reservation, reply_to, sealed: sealed.into() });
        impostor
    }

    /// Writes a text under a running number of the handset that he poses as.
    pub fn say(&mut self, world: &mut World, number: u64, mimi: Vec<u8>) {
        let numbered =
            Numbered { handset: self.posed, number, sent_at: Timestamp::from_millis(u64::MAX), mimi: mimi.into() };
        self.send(world, &Inside::Content(numbered));
    }

    /// Sends what he likes inside his generation.
    ///
    /// # Panics
    /// If it cannot be encrypted.
    pub fn send(&mut self, world: &mut World, inside: &Inside) {
        let envelope = self.group.encrypt(&Mls::new(&self.db), &inside.to_padded()).expect("encrypted");
        self.numbered += 1;
        let delivery = Delivery {
            mailbox: self.victims_mailbox,
            number: self.numbered,
            at: world.now,
            urgent: Urgency::Waiting,
            envelope: envelope.into(),
        };
        self.post(world, PeerMessage::Deliver(delivery));
    }

    fn post(&mut self, world: &mut World, message: PeerMessage) {
        self.sent += 1;
        let office = &mut world.offices[self.victims_office];
        let parcel = Parcel {
            from: self.address.clone(),
            to: office.address.clone(),
            queue: self.queue,
            first: self.sent,
            messages: vec![message],
        };
        let reply = office.peer_parcel(world.now, parcel);
        assert_eq!(reply, Some(ParcelReply::Stored { through: self.sent }), "the switchboard takes it");
        world.carry_office(self.victims_office);
    }
}

/// Makes of a forger's card one of another line's: its public keys in the bundle, the forger's key package in the slots.
/// The link's fingerprint is that line's.
///
/// # Panics
/// If the forger's switchboard does not have the card.
pub fn forge(world: &mut World, seed: u64, forger: (usize, &str), posed: (usize, &str)) -> String {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let office = world.phones[forger.0].office;
    let from = world.offices[office].address.clone();
    let posed_card = open(world, &mut rng, &from, posed);
    let Ok(CardText::Link(link)) = posed.1.parse() else { panic!("a card's link") };
    let Ok(CardText::Link(forged)) = forger.1.parse() else { panic!("a card's link") };
    let keys = IntakeKeys::of(&forged.token);
    let lookup = keys.lookup();
    let bundle = keys.seal_bundle(&encode(&posed_card.bundle), &mut rng);
    let database = world.offices[office].database();
    let sealed: Vec<Vec<u8>> =
        crate::phone::column(database, "SELECT sealed FROM slots WHERE lookup = ?1", [lookup.as_bytes()]);
    let slot: Slot = decode(&keys.open_slot(&sealed[0]).expect("a slot"), limits::SLOT_BYTES).expect("a slot");
    let slot = Slot { handset: posed_card.slot.handset, ..slot };
    let sealed = keys.seal_slot(&encode(&slot), &mut rng);
    let changed = database
        .execute("UPDATE intakes SET bundle = ?2 WHERE lookup = ?1", (lookup.as_bytes(), bundle))
        .and_then(|_| database.execute("UPDATE slots SET sealed = ?2 WHERE lookup = ?1", (lookup.as_bytes(), sealed)));
    assert_eq!(changed, Ok(1), "a card of one use");
    CardLink { fingerprint: link.fingerprint, ..forged }.to_url("http")
}

/// Fetches and opens a slot of a phone's card.
fn open(world: &mut World, rng: &mut ChaCha20Rng, from: &SwitchboardAddress, (phone, card): (usize, &str)) -> Opened {
    let Ok(CardText::Link(link)) = card.parse() else { panic!("a card's link") };
    let keys = IntakeKeys::of(&link.token);
    let reservation = ReservationId::new(bytes(rng));
    let work = Work::Fetch { from: from.clone(), lookup: keys.lookup(), reservation, id: 0 };
    let now = world.now;
    let fetched = world.offices[world.phones[phone].office].peer_fetch(now, work).expect("an answer");
    let FetchedSlot { bundle, slot } = fetched.expect("a slot");
    let bundle = decode(&keys.open_bundle(&bundle).expect("a bundle"), limits::SLOT_BYTES).expect("a bundle");
    let slot = decode(&keys.open_slot(&slot).expect("a slot"), limits::SLOT_BYTES).expect("a slot");
    Opened { keys, bundle, slot, reservation }
}

fn bytes<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}
