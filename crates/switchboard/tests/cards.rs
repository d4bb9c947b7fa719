//! Intakes: fetched from, introduced to, used up, expired, taken back.

mod world;

use std::time::Duration;

use protocol::federation::FetchReply;
use protocol::frames::{Deed, ItemBody, Outcome};
use protocol::{LookupId, Refusal, RefusalCode, ReservationId, Timestamp};
use serde_bytes::ByteBuf;
use switchboard::Limits;
use switchboard::core::{Done, Work};
use world::{A, B, Line, World, address, lookup, mailbox, slot};

/// B issues cards, A takes them up.
struct Cards {
    world: World,
    redeemer: Line,
    issuer: Line,
}

impl Cards {
    fn new() -> Self {
        let mut world = World::new();
        let (mut redeemer, issuer) = (Line::new(1), Line::new(2));
        world.claim(A, &redeemer);
        world.claim(B, &issuer);
        world.deed(A, &mut redeemer, Deed::OpenMailbox { mailbox: mailbox(1), from: address(A) }).unwrap();
        Self { world, redeemer, issuer }
    }

    fn open(&mut self, slots: &[u8], expires_at: Option<Timestamp>, last_resort: bool) -> Result<(), Refusal> {
        let slots = slots.iter().map(|n| slot(*n)).collect();
        let bundle = ByteBuf::from(b"bundle".to_vec());
        let deed = Deed::OpenIntake { lookup: lookup(1), bundle, slots, expires_at, last_resort };
        self.world.deed(B, &mut self.issuer, deed)
    }

    /// Which slot a reservation of A's gets, by its first byte.
    fn fetch(&mut self, reservation: u8) -> Result<u8, RefusalCode> {
        self.fetch_of(lookup(1), reservation).map(|fetched| fetched.slot[0]).map_err(|refusal| refusal.code)
    }

    fn fetch_of(&mut self, lookup: LookupId, reservation: u8) -> FetchReply {
        let reservation = ReservationId::new([reservation; 16]);
        match self.world.apply(B, Work::Fetch { from: address(A), lookup, reservation, id: 7 }) {
            Done::Fetched { id: 7, reply } => reply,
            other => panic!("{other:?}"),
        }
    }

    /// Introduces, and gives the outcome that comes back.
    fn introduce(&mut self, reservation: u8, sealed: &[u8]) -> Result<(), RefusalCode> {
        let deed = Deed::Introduce {
            to: address(B),
            lookup: lookup(1),
            reservation: ReservationId::new([reservation; 16]),
            reply_to: mailbox(1),
            sealed: ByteBuf::from(sealed),
        };
        self.world.deed(A, &mut self.redeemer, deed).unwrap();
        self.world.carry();
        match self.world.outcomes(A, &self.redeemer).pop() {
            Some(Outcome::Introduced) => Ok(()),
            Some(Outcome::Refused(refusal)) => Err(refusal.code),
            other => panic!("{other:?}"),
        }
    }

    /// What came to the issuer: which slot's mailbox, and what.
    fn introductions(&mut self) -> Vec<(u8, Vec<u8>)> {
        let introduction = |item: protocol::frames::Item| match item.body {
            ItemBody::Introduction { mailbox, from, sealed, .. } => {
                assert_eq!(from, address(A));
                Some((mailbox.as_bytes()[0], sealed.into_vec()))
            }
            _ => None,
        };
        self.world.items(B, &self.issuer).into_iter().filter_map(introduction).collect()
    }

    fn wait(&mut self, duration: Duration) {
        self.world.now = self.world.now.after(duration);
    }

    fn revoke(&mut self) -> Result<(), Refusal> {
        self.world.deed(B, &mut self.issuer, Deed::RevokeIntake { lookup: lookup(1) })
    }
}

const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn each_use_has_its_slot_and_its_mailbox() {
    let mut cards = Cards::new();
    cards.open(&[10, 11], None, false).unwrap();
    assert_eq!(cards.fetch(1), Ok(10));
    assert_eq!(cards.fetch(2), Ok(11));
    assert_eq!(cards.fetch(1), Ok(10), "the same reservation fetches the same slot");
    assert_eq!(cards.introduce(2, b"second"), Ok(()));
    assert_eq!(cards.introduce(1, b"first"), Ok(()));
    assert_eq!(cards.introductions(), [(11, b"second".to_vec()), (10, b"first".to_vec())]);
    assert_eq!(cards.fetch(3), Err(RefusalCode::CardUsedUp));
}

#[test]
fn a_repeated_introduction_is_the_same_one() {
    let mut cards = Cards::new();
    cards.open(&[10], None, false).unwrap();
    cards.fetch(1).unwrap();
    assert_eq!(cards.introduce(1, b"hello"), Ok(()));
    assert_eq!(cards.introduce(1, b"hello"), Ok(()));
    assert_eq!(cards.introductions().len(), 1);
    assert_eq!(cards.introduce(1, b"another"), Err(RefusalCode::ReservationLapsed));
    cards.revoke().unwrap();
    assert_eq!(cards.introduce(1, b"hello"), Ok(()), "what was introduced stays introduced");
    assert_eq!(cards.introductions().len(), 1);
}

#[test]
fn a_revoked_card_lets_nobody_in_while_its_issuer_is_away() {
    let mut cards = Cards::new();
    cards.open(&[10], None, false).unwrap();
    cards.fetch(1).unwrap();
    cards.revoke().unwrap();
    assert_eq!(cards.introduce(1, b"hello"), Err(RefusalCode::CardRevoked));
    assert_eq!(cards.fetch(2), Err(RefusalCode::CardRevoked));
    assert_eq!(cards.introductions(), []);
    cards.revoke().unwrap();
    assert_eq!(cards.open(&[12], None, false).unwrap_err().code, RefusalCode::Malformed, "for good");
}

#[test]
fn an_expired_card_lets_nobody_in_swept_or_not() {
    let mut cards = Cards::new();
    let expires_at = cards.world.now.after(MINUTE);
    cards.open(&[10], Some(expires_at), false).unwrap();
    cards.fetch(1).unwrap();
    cards.wait(MINUTE);
    assert_eq!(cards.introduce(1, b"hello"), Err(RefusalCode::CardExpired));
    assert_eq!(cards.world.apply(B, Work::Sweep), Done::Swept(1));
    assert_eq!(cards.fetch(2), Err(RefusalCode::CardExpired));
    assert_eq!(cards.introduce(1, b"hello"), Err(RefusalCode::CardExpired));
}

#[test]
fn an_unknown_card_is_said_to_be_unknown() {
    let mut cards = Cards::new();
    assert_eq!(cards.fetch(1), Err(RefusalCode::CardUnknown));
    assert_eq!(cards.introduce(1, b"hello"), Err(RefusalCode::CardUnknown));
    assert_eq!(cards.revoke().unwrap_err().code, RefusalCode::CardUnknown);
}

#[test]
fn a_reservation_lapses_and_the_slot_goes_to_another() {
    let mut cards = Cards::new();
    cards.open(&[10], None, false).unwrap();
    assert_eq!(cards.fetch(1), Ok(10));
    assert_eq!(cards.fetch(2), Err(RefusalCode::ReservationLapsed), "somebody else holds the only slot");
    cards.wait(2 * MINUTE);
    assert_eq!(cards.fetch(2), Ok(10));
    assert_eq!(cards.introduce(1, b"late"), Err(RefusalCode::ReservationLapsed));
    assert_eq!(cards.introductions(), [], "a refusal consumes nothing");
    assert_eq!(cards.fetch(1), Err(RefusalCode::ReservationLapsed), "the earlier one has lost it");
    assert_eq!(cards.introduce(2, b"hello"), Ok(()));
    assert_eq!(cards.introduce(3, b"never fetched"), Err(RefusalCode::ReservationLapsed));
}

#[test]
fn a_lapsed_reservation_is_renewed_by_fetching_again() {
    let mut cards = Cards::new();
    cards.open(&[10], None, false).unwrap();
    cards.fetch(1).unwrap();
    cards.wait(2 * MINUTE);
    assert_eq!(cards.fetch(1), Ok(10));
    assert_eq!(cards.introduce(1, b"hello"), Ok(()));
}

#[test]
fn whoever_comes_late_gets_a_slot_that_nobody_else_holds() {
    let mut cards = Cards::new();
    cards.open(&[10], None, false).unwrap();
    cards.fetch(1).unwrap();
    cards.wait(10 * MINUTE);
    assert_eq!(cards.introduce(1, b"late"), Ok(()));
    assert_eq!(cards.fetch(2), Err(RefusalCode::CardUsedUp));
}

#[test]
fn one_peer_cannot_hold_a_whole_card() {
    let mut cards = Cards::new();
    cards.open(&[10, 11, 12, 13, 14, 15], None, false).unwrap();
    for reservation in 1..=4 {
        assert!(cards.fetch(reservation).is_ok());
    }
    assert_eq!(cards.fetch(5), Err(RefusalCode::TooMany));
    let from = "c.example".parse().unwrap();
    let reservation = ReservationId::new([1; 16]);
    let done = cards.world.apply(B, Work::Fetch { from, lookup: lookup(1), reservation, id: 0 });
    assert!(matches!(done, Done::Fetched { reply: Ok(fetched), .. } if fetched.slot[0] == 14));
}

#[test]
fn the_last_resort_is_given_out_again_and_again() {
    let mut cards = Cards::new();
    cards.open(&[10, 11], None, true).unwrap();
    assert_eq!(cards.fetch(1), Ok(10));
    assert_eq!(cards.fetch(2), Ok(11));
    assert_eq!(cards.fetch(3), Ok(11));
    assert_eq!(cards.introduce(2, b"second"), Ok(()));
    assert_eq!(cards.introduce(3, b"third"), Ok(()));
    assert_eq!(cards.introductions(), [(11, b"second".to_vec()), (11, b"third".to_vec())]);
    let more = Deed::AddSlots { lookup: lookup(1), slots: vec![slot(12)] };
    cards.world.deed(B, &mut cards.issuer, more).unwrap();
    assert_eq!(cards.introduce(1, b"first"), Ok(()));
    assert_eq!(cards.fetch(4), Ok(12), "an ordinary slot first, as long as there is one");
}

#[test]
fn what_is_wrong_with_an_intake_is_said() {
    let mut cards = Cards::new();
    let code = |result: Result<(), Refusal>| result.unwrap_err().code;
    assert_eq!(code(cards.open(&[], None, false)), RefusalCode::Malformed);
    assert_eq!(code(cards.open(&[10, 10], None, false)), RefusalCode::Malformed, "one mailbox for two slots");
    let many: Vec<u8> = (10..75).collect();
    assert_eq!(code(cards.open(&many, None, false)), RefusalCode::AtLimit);
    let large = Deed::OpenIntake {
        lookup: lookup(1),
        bundle: ByteBuf::from(vec![0; protocol::limits::SLOT_BYTES + 1]),
        slots: vec![slot(10)],
        expires_at: None,
        last_resort: false,
    };
    assert_eq!(code(cards.world.deed(B, &mut cards.issuer, large)), RefusalCode::TooLarge);
    cards.open(&[10], None, false).unwrap();
    let Cards { world, redeemer, issuer } = &mut cards;
    let not_mine = Deed::AddSlots { lookup: lookup(1), slots: vec![slot(11)] };
    assert_eq!(code(world.deed(A, redeemer, not_mine)), RefusalCode::CardUnknown);
    let hijack = Deed::OpenMailbox { mailbox: mailbox(10), from: address(B) };
    assert_eq!(code(world.deed(B, issuer, hijack)), RefusalCode::Malformed, "a slot's mailbox is the card's");
}

#[test]
fn a_lines_cards_are_limited() {
    let limits = Limits { intakes_per_line: 2, intake_bytes_per_line: 450, ..Limits::default() };
    let mut world = World::with(limits, |_| {});
    let mut line = Line::new(2);
    world.claim(B, &line);
    let open = |n: u8, slots: Vec<u8>| Deed::OpenIntake {
        lookup: lookup(n),
        bundle: ByteBuf::from(vec![0; 50]),
        slots: slots.into_iter().map(slot).collect(),
        expires_at: None,
        last_resort: false,
    };
    world.deed(B, &mut line, open(1, vec![10, 11])).unwrap();
    let code = |result: Result<(), Refusal>| result.unwrap_err().code;
    assert_eq!(code(world.deed(B, &mut line, open(2, vec![12, 13]))), RefusalCode::AtLimit, "500 bytes");
    world.deed(B, &mut line, open(3, vec![14])).unwrap();
    assert_eq!(code(world.deed(B, &mut line, open(4, vec![]))), RefusalCode::Malformed);
    assert_eq!(code(world.deed(B, &mut line, open(4, vec![15]))), RefusalCode::AtLimit, "three cards");
    world.deed(B, &mut line, Deed::RevokeIntake { lookup: lookup(1) }).unwrap();
    world.deed(B, &mut line, open(4, vec![15])).unwrap();
}

#[test]
fn a_stranger_cannot_answer_in_the_issuers_place() {
    let mut cards = Cards::new();
    let deed = Deed::Introduce {
        to: address(B),
        lookup: lookup(1),
        reservation: ReservationId::new([1; 16]),
        reply_to: mailbox(1),
        sealed: ByteBuf::from(b"hello".to_vec()),
    };
    cards.world.deed(A, &mut cards.redeemer, deed).unwrap();
    let outcome = protocol::federation::PeerMessage::Outcome {
        mailbox: mailbox(1),
        of: seal::envelope_hash(b"hello"),
        outcome: Outcome::Introduced,
    };
    let parcel = protocol::federation::Parcel {
        from: "c.example".parse().unwrap(),
        to: address(A),
        queue: protocol::QueueId::new([1; 16]),
        first: 1,
        messages: vec![outcome],
    };
    cards.world.hand_over(A, &parcel);
    assert_eq!(cards.world.outcomes(A, &cards.redeemer), []);
    assert_eq!(cards.world.dropped, 1);
}
