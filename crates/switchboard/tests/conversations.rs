//! The order of a conversation between two switchboards, and what is refused there.

mod world;

use protocol::RefusalCode;
use protocol::federation::{Parcel, ParcelReply, PeerMessage};
use protocol::frames::{Deed, Delivery, MailboxAddress, Outcome, Routing};
use protocol::wake::Urgency;
use protocol::{EnvelopeHash, GenerationId, QueueId, SwitchboardAddress, Timestamp};
use serde_bytes::ByteBuf;
use switchboard::Limits;
use switchboard::core::{Done, Federation, Work};
use switchboard::store::Standing;
use world::{A, B, Conversation, GENERATION, World, address, capability, found, mailbox, submission};

fn refused(outcome: &Outcome) -> Option<RefusalCode> {
    match outcome {
        Outcome::Refused(refusal) => Some(refusal.code),
        _ => None,
    }
}

#[test]
fn envelopes_from_both_sides_come_to_both_in_one_order() {
    let mut talk = Conversation::new();
    talk.submit_a(submission(1, 1, b"one")).unwrap();
    talk.submit_b(submission(1, 2, b"two")).unwrap();
    talk.world.carry();
    talk.submit_a(submission(1, 1, b"three")).unwrap();
    talk.world.carry();
    assert_eq!(talk.both(), [(1, b"one".to_vec()), (2, b"two".to_vec()), (3, b"three".to_vec())]);
    assert_eq!(talk.world.dropped, 0);
}

#[test]
fn a_commit_goes_to_the_old_members_and_what_follows_to_the_new() {
    let mut talk = Conversation::new();
    let Conversation { world, a, b } = &mut talk;
    world.deed(A, a, Deed::OpenMailbox { mailbox: mailbox(3), from: address(A) }).unwrap();
    let routing = Routing {
        capability: seal::capability_hash(&capability(2)),
        add: vec![MailboxAddress { address: address(A), mailbox: mailbox(3) }],
        remove: vec![mailbox(2)],
    };
    let mut commit = submission(1, 1, b"commit");
    commit.commit = Some(routing);
    world.deed(A, a, Deed::Submit { to: address(A), submission: commit }).unwrap();
    world.deed(A, a, Deed::Submit { to: address(A), submission: submission(2, 1, b"after") }).unwrap();
    world.carry();
    assert_eq!(world.envelopes(B, b), [(1, b"commit".to_vec())], "out with the commit that removes it");
    let twice = [(1, b"commit".to_vec()), (2, b"after".to_vec()), (2, b"after".to_vec())];
    assert_eq!(world.envelopes(A, a), twice, "two mailboxes from then on");
}

#[test]
fn the_first_commit_of_an_epoch_wins() {
    let mut talk = Conversation::new();
    let routing =
        |epoch| Routing { capability: seal::capability_hash(&capability(epoch)), add: vec![], remove: vec![] };
    let mut of_a = submission(1, 1, b"commit of a");
    of_a.commit = Some(routing(2));
    let mut of_b = submission(1, 2, b"commit of b");
    of_b.commit = Some(routing(77));
    talk.submit_a(of_a).unwrap();
    talk.submit_b(of_b).unwrap();
    talk.world.carry();
    assert_eq!(talk.both(), [(1, b"commit of a".to_vec())]);
    assert_eq!(talk.world.outcomes(B, &talk.b), [Outcome::Stale { epoch: 2 }]);
    let items = talk.world.items(B, &talk.b);
    let is_outcome: Vec<bool> =
        items.iter().map(|item| matches!(item.body, protocol::frames::ItemBody::Outcome { .. })).collect();
    assert_eq!(is_outcome, [false, true], "the outcome comes after what was missed");
}

#[test]
fn what_has_no_place_in_the_order_is_told_so() {
    let mut talk = Conversation::new();
    talk.submit_b(submission(0, 2, b"older")).unwrap();
    talk.submit_b(submission(2, 2, b"newer")).unwrap();
    let mut stolen = submission(1, 2, b"no capability");
    stolen.capability = capability(9);
    talk.submit_b(stolen).unwrap();
    let mut lost = submission(1, 2, b"no generation");
    lost.generation = GenerationId::new([9; 32]);
    talk.submit_b(lost).unwrap();
    let mut crowded = submission(1, 2, b"crowded");
    let add = (10..74).map(|n| MailboxAddress { address: address(A), mailbox: mailbox(n) }).collect();
    crowded.commit = Some(Routing { capability: seal::capability_hash(&capability(2)), add, remove: vec![] });
    talk.submit_b(crowded).unwrap();
    talk.world.carry();
    let outcomes = talk.world.outcomes(B, &talk.b);
    assert_eq!(outcomes[..2], [Outcome::Stale { epoch: 1 }, Outcome::Stale { epoch: 1 }]);
    assert_eq!(refused(&outcomes[2]), Some(RefusalCode::NotAuthentic));
    assert_eq!(outcomes[3], Outcome::GenerationUnknown);
    assert_eq!(refused(&outcomes[4]), Some(RefusalCode::AtLimit));
    assert_eq!(talk.both(), []);
}

#[test]
fn an_oversized_envelope_is_refused_at_both_doors() {
    let mut talk = Conversation::new();
    let large = vec![1; protocol::limits::ENVELOPE_BYTES + 1];
    assert_eq!(talk.submit_a(submission(1, 1, &large)).unwrap_err().code, RefusalCode::TooLarge);
    // A peer that does not check what its lines send.
    let message = PeerMessage::Submit(submission(1, 2, &large));
    let parcel = parcel_from_b(1, vec![message]);
    assert_eq!(talk.world.hand_over(A, &parcel), Some(ParcelReply::Stored { through: 1 }));
    talk.world.carry();
    assert_eq!(refused(&talk.world.outcomes(B, &talk.b)[0]), Some(RefusalCode::TooLarge));
}

fn parcel_from_b(first: u64, messages: Vec<PeerMessage>) -> Parcel {
    Parcel { from: address(B), to: address(A), queue: QueueId::new([1; 16]), first, messages }
}

fn delivery(to: u8, number: u64) -> PeerMessage {
    PeerMessage::Deliver(Delivery {
        mailbox: mailbox(to),
        number,
        at: Timestamp::default(),
        urgent: Urgency::Quiet,
        envelope: ByteBuf::from(b"forged".to_vec()),
    })
}

#[test]
fn a_mailbox_takes_only_from_its_sequencer_and_only_what_is_new() {
    let mut talk = Conversation::new();
    let Conversation { world, a, .. } = &mut talk;
    // Mailbox 1 is bound to A itself; 7 does not exist.
    let outcome =
        PeerMessage::Outcome { mailbox: mailbox(1), of: EnvelopeHash::new([0; 32]), outcome: Outcome::Introduced };
    let parcel = parcel_from_b(1, vec![delivery(1, 1), delivery(7, 1), outcome]);
    assert_eq!(world.hand_over(A, &parcel), Some(ParcelReply::Stored { through: 3 }));
    assert_eq!(world.items(A, a), []);
    assert_eq!(world.dropped, 3, "dropped without a word, and counted");

    world.deed(A, a, Deed::OpenMailbox { mailbox: mailbox(3), from: address(B) }).unwrap();
    let parcel = parcel_from_b(4, vec![delivery(3, 5), delivery(3, 5), delivery(3, 4), delivery(3, 6)]);
    assert_eq!(world.hand_over(A, &parcel), Some(ParcelReply::Stored { through: 7 }));
    let numbers: Vec<u64> = world.envelopes(A, a).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [5, 6], "replayed ones are dropped");

    world.deed(A, a, Deed::CloseMailbox { mailbox: mailbox(3) }).unwrap();
    world.hand_over(A, &parcel_from_b(8, vec![delivery(3, 7)]));
    assert_eq!(world.envelopes(A, a).len(), 2, "a closed mailbox takes nothing");
}

#[test]
fn a_parcel_is_taken_once_and_a_gap_is_said() {
    let mut talk = Conversation::new();
    talk.submit_a(submission(1, 1, b"one")).unwrap();
    let world = &mut talk.world;
    let parcel = parcel_from_b(1, vec![PeerMessage::Submit(submission(1, 2, b"two"))]);
    for _ in 0..3 {
        assert_eq!(world.hand_over(A, &parcel), Some(ParcelReply::Stored { through: 1 }));
    }
    let further = parcel_from_b(3, vec![PeerMessage::Submit(submission(1, 2, b"four"))]);
    assert_eq!(world.hand_over(A, &further), Some(ParcelReply::Behind { through: 1 }));
    let messages = [b"two" as &[u8], b"three"].map(|text| PeerMessage::Submit(submission(1, 2, text)));
    let overlapping = parcel_from_b(1, messages.to_vec());
    assert_eq!(world.hand_over(A, &overlapping), Some(ParcelReply::Stored { through: 2 }));
    world.carry();
    let texts: Vec<_> = talk.both().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);

    let mut elsewhere = parcel;
    elsewhere.to = address(B);
    let reply = talk.world.hand_over(A, &elsewhere);
    assert!(matches!(reply, Some(ParcelReply::Refused(refusal)) if refusal.code == RefusalCode::Malformed));
}

#[test]
fn a_peer_that_lost_its_database_gets_what_still_waits() {
    let mut talk = Conversation::new();
    talk.submit_a(submission(1, 1, b"one")).unwrap();
    talk.world.carry();
    // B begins anew, from nothing.
    talk.world.boards[B].core = world::core(B, world::office(B), Limits::default());
    let Conversation { world, b, .. } = &mut talk;
    b.next_deed = 1;
    world.claim(B, b);
    world.deed(B, b, Deed::OpenMailbox { mailbox: mailbox(2), from: address(A) }).unwrap();
    talk.submit_a(submission(1, 1, b"two")).unwrap();
    talk.submit_a(submission(1, 1, b"three")).unwrap();
    talk.world.carry();
    assert_eq!(talk.world.envelopes(B, &talk.b), [(2, b"two".to_vec()), (3, b"three".to_vec())]);
}

#[test]
fn only_allowed_peers_are_dealt_with() {
    let world = World::with(Limits::default(), |office| office.federation = Federation::AllowList);
    let mut world = world;
    let (mut a, parcel) = (world::Line::new(1), parcel_from_b(1, vec![]));
    world.claim(A, &a);
    let not_allowed = |result: Result<(), protocol::Refusal>| result.unwrap_err().code == RefusalCode::PeerNotAllowed;
    assert!(not_allowed(world.deed(A, &mut a, Deed::OpenMailbox { mailbox: mailbox(1), from: address(B) })));
    assert!(not_allowed(world.deed(A, &mut a, found(1, &[(B, 2)]))));
    assert!(not_allowed(world.deed(A, &mut a, Deed::Submit { to: address(B), submission: submission(1, 1, b"x") })));
    let reply = world.hand_over(A, &parcel);
    assert!(matches!(reply, Some(ParcelReply::Refused(refusal)) if refusal.code == RefusalCode::PeerNotAllowed));

    world.apply(A, Work::SetStanding { peer: address(B), standing: Standing::Allowed });
    assert_eq!(world.hand_over(A, &parcel), Some(ParcelReply::Stored { through: 0 }));
    world.deed(A, &mut a, found(1, &[(B, 2)])).unwrap();
    world.apply(A, Work::SetStanding { peer: address(B), standing: Standing::Blocked });
    assert!(matches!(world.hand_over(A, &parcel), Some(ParcelReply::Refused(_))));
}

#[test]
fn private_addresses_are_no_peers_without_the_flag() {
    let mut office = world::office(A);
    for inside in ["127.0.0.1:4700", "10.0.0.1", "[::1]:1", "169.254.169.254", "192.168.0.1:443"] {
        assert!(!office.allows(&inside.parse().unwrap(), Standing::Allowed), "{inside}");
    }
    assert!(office.allows(&"8.8.8.8".parse().unwrap(), Standing::Unknown));
    office.loopback_only = true;
    assert!(office.allows(&"127.0.0.1:4700".parse().unwrap(), Standing::Unknown));
    assert!(!office.allows(&"8.8.8.8".parse().unwrap(), Standing::Unknown), "and loopback only with it");
    assert!(!office.allows(&"b.example".parse().unwrap(), Standing::Unknown));
}

#[test]
fn a_full_queue_takes_no_submission_but_still_deliveries() {
    let limits = Limits { queue_bytes_per_peer: 4000, ..Limits::default() };
    let mut talk = Conversation::in_world(World::with(limits, |_| {}));
    let text = [1; 1500];
    talk.submit_b(submission(1, 2, &text)).unwrap();
    talk.submit_b(submission(1, 2, &text)).unwrap();
    let outcomes = talk.world.outcomes(B, &talk.b);
    assert_eq!(outcomes.iter().map(refused).collect::<Vec<_>>(), [Some(RefusalCode::TooMany)]);
    talk.world.carry();
    talk.submit_a(submission(1, 1, &text)).unwrap();
    talk.submit_a(submission(1, 1, &text)).unwrap();
    talk.submit_a(submission(1, 1, &text)).unwrap();
    assert_eq!(talk.world.dropped, 1, "the third delivery finds no room");
    talk.world.carry();
    let numbers: Vec<u64> = talk.world.envelopes(B, &talk.b).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [1, 2, 3], "b's own, and two of a's");
    talk.submit_b(submission(1, 2, &text)).unwrap();
}

#[test]
fn a_lines_share_is_limited_and_the_gap_shows() {
    let limits = Limits { item_bytes_per_line: 5000, ..Limits::default() };
    let mut talk = Conversation::in_world(World::with(limits, |_| {}));
    for _ in 0..3 {
        talk.submit_a(submission(1, 1, &[1; 2000])).unwrap();
    }
    assert_eq!(talk.world.dropped, 1);
    let Conversation { world, a, .. } = &mut talk;
    let ack = Work::Ack { line: a.line, handset: a.handset, through: 2 };
    assert_eq!(world.apply(A, ack), Done::Noted);
    talk.submit_a(submission(1, 1, b"room again")).unwrap();
    assert_eq!(talk.world.envelopes(A, &talk.a), [(4, b"room again".to_vec())]);
}

#[test]
fn a_generation_is_founded_once_with_each_mailbox_once() {
    let mut talk = Conversation::new();
    let Conversation { world, a, b } = &mut talk;
    let code = |result: Result<(), protocol::Refusal>| result.unwrap_err().code;
    world.deed(A, a, found(1, &[(A, 1), (B, 2)])).unwrap();
    assert_eq!(code(world.deed(A, a, found(2, &[(A, 1)]))), RefusalCode::Malformed);
    let another = |members: &[(usize, u8)]| match found(1, members) {
        Deed::Found { epoch, capability, members, .. } => {
            Deed::Found { generation: GenerationId::new([0x61; 32]), epoch, capability, members }
        }
        other => other,
    };
    assert_eq!(code(world.deed(A, a, another(&[(A, 1), (B, 1)]))), RefusalCode::Malformed);
    assert_eq!(code(world.deed(A, a, another(&[]))), RefusalCode::Malformed);
    assert_eq!(
        code(world.deed(B, b, Deed::OpenMailbox { mailbox: mailbox(2), from: address(B) })),
        RefusalCode::Malformed
    );
    assert_eq!(GENERATION, GenerationId::new([0x60; 32]));
}

#[test]
fn what_grew_too_old_is_swept_and_the_queue_stays_whole() {
    let mut talk = Conversation::new();
    talk.submit_a(submission(1, 1, b"old")).unwrap();
    talk.world.now = talk.world.now.after(std::time::Duration::from_hours(31 * 24));
    let swept = talk.world.apply(A, Work::Sweep);
    assert_eq!(swept, Done::Swept(2), "one item, one message");
    assert_eq!(talk.world.apply(A, Work::Sweep), Done::Swept(0));
    assert_eq!(talk.world.items(A, &talk.a), []);
    talk.submit_a(submission(1, 1, b"new")).unwrap();
    talk.world.carry();
    assert_eq!(talk.world.envelopes(B, &talk.b), [(2, b"new".to_vec())]);
    assert_eq!(talk.world.dropped, 2, "blanked here, dropped there");
}

#[test]
fn a_peers_key_is_pinned_once_and_forgotten_on_order_only() {
    let mut world = World::with(Limits { peers: 1, ..Limits::default() }, |_| {});
    let pin = |peer, key| Work::Pin { peer, key: [key; 32] };
    assert_eq!(world.apply(A, pin(address(B), 1)), Done::Pinned(Some([1; 32])));
    assert_eq!(world.apply(A, pin(address(B), 2)), Done::Pinned(Some([1; 32])));
    world.apply(A, Work::Forget { peer: address(B) });
    assert_eq!(world.apply(A, pin(address(B), 2)), Done::Pinned(Some([2; 32])));
    let stranger = "c.example".parse::<SwitchboardAddress>().unwrap();
    world.apply(A, Work::SetStanding { peer: address(B), standing: Standing::Allowed });
    assert_eq!(world.apply(A, pin(stranger.clone(), 3)), Done::Pinned(None), "no room beside one that is allowed");
    world.apply(A, Work::SetStanding { peer: address(B), standing: Standing::Unknown });
    assert_eq!(world.apply(A, pin(stranger, 3)), Done::Pinned(Some([3; 32])), "a stranger makes room for another");
}
