//! Handsets that the operator takes out of service: who is refused, who is told, and whose word counts.

mod net;
mod world;

use std::time::{Duration, Instant};

use protocol::documents::HandsetList;
use protocol::federation::{Parcel, ParcelReply, PeerMessage};
use protocol::frames::{Deed, FromSwitchboard, ItemBody, MailboxAddress};
use protocol::{GenerationId, LineId, MailboxId, QueueId, RefusalCode, Timestamp};
use switchboard::Limits;
use switchboard::core::reads::NotKnown;
use switchboard::core::{Claim, Done, Work, reads};
use switchboard::store::Store as _;
use world::{A, B, Conversation, Line, World, address, entry, mailbox, submission, successor_of};

fn known(world: &mut World, at: usize, line: &Line) -> Result<(), NotKnown> {
    reads::known(world.boards[at].core.store(), &line.line, &line.handset).unwrap().map(drop)
}

fn revoke(world: &mut World, at: usize, line: LineId) {
    world.apply(at, Work::Revoke { line });
}

/// What a line was told of others' handsets that are out of service.
fn told(world: &mut World, at: usize, line: &Line) -> Vec<(MailboxId, Timestamp)> {
    told_all(world, at, line)
        .into_iter()
        .filter_map(|(mailbox, at, is_back)| (!is_back).then_some((mailbox, at)))
        .collect()
}

/// ... or back, too.
fn told_all(world: &mut World, at: usize, line: &Line) -> Vec<(MailboxId, Timestamp, bool)> {
    let body = |body| match body {
        ItemBody::OutOfService { mailbox, at } => Some((mailbox, at, false)),
        ItemBody::BackInService { mailbox, at } => Some((mailbox, at, true)),
        _ => None,
    };
    world.items(at, line).into_iter().filter_map(|item| body(item.body)).collect()
}

#[test]
fn a_revoked_handset_is_refused_and_nobody_else() {
    let mut talk = Conversation::new();
    let mut other = Line::new(5);
    talk.world.claim(A, &other);
    talk.submit_b(submission(1, 2, b"before")).unwrap();
    talk.world.carry();
    let Conversation { mut world, mut a, mut b } = talk;
    revoke(&mut world, A, a.line);
    assert_eq!(known(&mut world, A, &a), Err(NotKnown::Revoked));
    let items = reads::items(world.boards[A].core.store(), &a.line, &a.handset, 0, 9, 1000).unwrap();
    assert_eq!(items, Err(NotKnown::Revoked), "nothing that waits is given out");
    let number = a.next_deed;
    let deed = Deed::OpenMailbox { mailbox: mailbox(7), from: address(A) };
    assert_eq!(world.deed(A, &mut a, deed.clone()).unwrap_err().code, RefusalCode::HandsetRevoked);
    assert_eq!((known(&mut world, A, &other), known(&mut world, B, &b)), (Ok(()), Ok(())));
    world.deed(A, &mut other, Deed::OpenMailbox { mailbox: mailbox(8), from: address(A) }).unwrap();
    world.deed(B, &mut b, Deed::Submit { to: address(A), submission: submission(1, 2, b"on") }).unwrap();
    world.carry();
    assert_eq!(world.envelopes(B, &b).len(), 2, "the conversation's order goes on");

    world.apply(A, Work::Reinstate { line: a.line });
    assert_eq!(known(&mut world, A, &a), Ok(()));
    let again = world.apply(A, a.deed_numbered(number, deed));
    assert_eq!(again, Done::Deed { number, result: Ok(()) }, "it was not done, nor remembered as refused");
    assert_eq!(world.envelopes(A, &a).len(), 2, "what came meanwhile waits");
}

#[test]
fn only_a_restored_list_brings_another_handset_in() {
    let mut world = World::new();
    let (line, fresh) = (Line::new(1), Line::new(3));
    world.claim(A, &line);
    revoke(&mut world, A, line.line);
    let Done::Invited(invitation) = world.apply(A, Work::Invite { keep_secret: false }) else { panic!("none") };
    // Whoever has the handset has the identity key, and may know a claim link.
    let same = line.claim(invitation.clone(), &address(A));
    let with = |list: &[u8]| {
        let greeting = protocol::frames::Greeting {
            line: line.line,
            handset: fresh.handset,
            ..fresh.greeting(&[1; 32], &address(A))
        };
        let signature = seal::sign_greeting(&fresh.signing, &greeting);
        let handsets = list.to_vec();
        Claim { handsets, handset: fresh.handset, greeting, signature, ..same.clone() }
    };
    let (list, plain) = line.next_list(vec![entry(fresh.handset, &fresh.signing.public())]);
    for claim in [same.clone(), with(&plain)] {
        let done = world.apply(A, Work::Claim(Box::new(claim)));
        let Done::NotClaimed(refusal) = done else { panic!("{done:?}") };
        assert_eq!(refusal.code, RefusalCode::HandsetRevoked);
    }
    let successor = successor_of(1);
    let restored = HandsetList { restored: 1, successor_key: Some(successor.public()), ..list };
    let restored = with(&seal::sign_restored_list(&line.identity, &successor, &restored));
    let done = world.apply(A, Work::Claim(Box::new(restored)));
    assert!(matches!(done, Done::Claimed { .. }), "{done:?}");
    let let_in = reads::known(world.boards[A].core.store(), &line.line, &fresh.handset).unwrap();
    assert!(let_in.is_ok(), "{let_in:?}");
    assert!(matches!(known(&mut world, A, &line), Err(NotKnown::Superseded(_))));
    assert_eq!(reads::revoked(world.boards[A].core.store()).unwrap().0, []);
}

#[test]
fn contacts_are_told_once_by_way_of_the_sequencer_and_numbers_go_on() {
    for revoked in [A, B] {
        let Conversation { mut world, mut a, b } = Conversation::new();
        let at = world.now;
        revoke(&mut world, revoked, if revoked == A { a.line } else { b.line });
        revoke(&mut world, revoked, if revoked == A { a.line } else { b.line });
        assert!(reads::revoked(world.boards[revoked].core.store()).unwrap().1, "to be told");
        world.apply(revoked, Work::Announce);
        world.apply(revoked, Work::Announce);
        world.carry();
        assert!(!reads::revoked(world.boards[revoked].core.store()).unwrap().1, "told");
        if revoked == A {
            assert_eq!(told(&mut world, B, &b), [(mailbox(2), at)]);
        } else {
            assert_eq!(told(&mut world, A, &a), [(mailbox(1), at)]);
            world.deed(A, &mut a, Deed::Submit { to: address(A), submission: submission(1, 1, b"one") }).unwrap();
            assert_eq!(world.envelopes(A, &a), [(1, b"one".to_vec())], "it took no number");
        }
        assert_eq!(world.dropped, 0);
    }
}

#[tokio::test]
async fn a_handset_is_out_of_service_in_time_however_long_the_sweep_takes() {
    let board = net::Board::new().await;
    let line = Line::new(1);
    drop(net::Phone::claim(&board, &line).await);
    let path = board.path().join("switchboard.db");
    let stopped = board.stop().await;
    // What is long over, and takes thousands of sweeps.
    let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
        INSERT INTO awaited SELECT CAST(printf('%032d', i) AS BLOB), zeroblob(32), 'b.example', 1 FROM n";
    let store = switchboard::store::SqliteStore::open(&path).unwrap();
    store.connection().execute(rows, ()).unwrap();
    let board = stopped.start().await;
    let mut phone = net::Phone::hello(&board, &line).await;
    switchboard::revoke_handset(&board.path(), "1").unwrap();
    let at = Instant::now();
    while let Some(frame) = phone.hear().await {
        let is_it = matches!(&frame, FromSwitchboard::Refused(of) if of.code == RefusalCode::HandsetRevoked);
        assert!(is_it, "{frame:?}");
    }
    assert!(at.elapsed() < Duration::from_secs(10), "{:?}", at.elapsed());
    let left: u64 = store.connection().query_row("SELECT count(*) FROM awaited", (), |row| row.get(0)).unwrap();
    assert!(left > 0, "the sweep was over by then, which proves nothing");
    board.stop().await;
}

#[test]
fn contacts_are_told_that_a_handset_is_back() {
    for revoked in [A, B] {
        let Conversation { mut world, a, b } = Conversation::new();
        let line = if revoked == A { a.line } else { b.line };
        let out = world.now;
        revoke(&mut world, revoked, line);
        world.apply(revoked, Work::Announce);
        world.now = world.now.after(Duration::from_mins(1));
        world.apply(revoked, Work::Reinstate { line });
        let back = world.now;
        world.apply(revoked, Work::Announce);
        world.apply(revoked, Work::Reinstate { line });
        assert!(!reads::revoked(world.boards[revoked].core.store()).unwrap().1, "it was in service: nothing to tell");
        world.carry();
        let (other, at, mailbox) = if revoked == A { (&b, B, mailbox(2)) } else { (&a, A, mailbox(1)) };
        assert_eq!(told_all(&mut world, at, other), [(mailbox, out, false), (mailbox, back, true)]);
    }
}

#[test]
fn a_full_queue_does_not_keep_it_from_contacts() {
    let limits = Limits { queue_bytes: 10_000, ..Limits::default() };
    let Conversation { mut world, a, mut b } = Conversation::in_world(World::with(limits, |_| {}));
    // Whatever waits for A: deeds fill half, and so much of it that no word of this switchboard's own fits either.
    world.deed(B, &mut b, Deed::Submit { to: address(A), submission: submission(1, 2, &[7; 4500]) }).unwrap();
    for _ in 0..200 {
        let one = Deed::ReleaseBlob { at: address(A), blob: protocol::BlobId::new([1; 32]) };
        world.deed(B, &mut b, one).unwrap();
    }
    let at = world.now;
    revoke(&mut world, B, b.line);
    world.apply(B, Work::Announce);
    world.carry();
    assert_eq!(told(&mut world, A, &a), [(mailbox(1), at)]);
}

#[test]
fn a_member_is_spoken_of_a_few_times_a_day_and_at_the_founders_cost() {
    let limits = Limits { queue_bytes_per_line: 100_000, ..Limits::default() };
    let Conversation { mut world, a, .. } = Conversation::in_world(World::with(limits, |_| {}));
    let mut first = 1;
    let mut word = |world: &mut World| {
        let at = world.now;
        let messages = vec![
            PeerMessage::OutOfService { mailbox: mailbox(2), at },
            PeerMessage::BackInService { mailbox: mailbox(2), at },
        ];
        let parcel = Parcel { from: address(B), to: address(A), queue: QueueId::new([1; 16]), first, messages };
        first += 2;
        world.hand_over(A, &parcel);
    };
    for _ in 0..50 {
        word(&mut world);
    }
    assert_eq!(told_all(&mut world, A, &a).len(), 4);
    world.now = world.now.after(Duration::from_hours(25));
    word(&mut world);
    assert_eq!(told_all(&mut world, A, &a).len(), 6, "and again the next day");
}

#[test]
fn what_one_parcel_has_us_say_of_handsets_is_bounded_and_the_founder_pays() {
    let Conversation { mut world, mut a, .. } = Conversation::new();
    // Each of B's 500 mailboxes is in a conversation of its own with 62 others, somewhere that cannot be reached.
    let far: protocol::SwitchboardAddress = "far.example".parse().unwrap();
    let wide = |n: u16| {
        let mut bytes = [9; 32];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        bytes
    };
    for n in 0..500 {
        let others = (0..62).map(|other| (MailboxId::new(wide(1000 + other)), far.clone()));
        let members = others.chain([(MailboxId::new(wide(n)), address(B))]);
        let members = members.map(|(mailbox, address)| MailboxAddress { address, mailbox }).collect();
        let capability = seal::capability_hash(&world::capability(1));
        let generation = GenerationId::new(wide(n));
        world.deed(A, &mut a, Deed::Found { generation, epoch: 1, capability, members }).unwrap();
    }
    let at = world.now;
    let word = |n| PeerMessage::OutOfService { mailbox: MailboxId::new(wide(n)), at };
    let messages = (0..500).map(word).collect();
    let parcel = Parcel { from: address(B), to: address(A), queue: QueueId::new([1; 16]), first: 1, messages };
    let done = world.boards[A].core.apply(world.now, vec![Work::Parcel(Box::new(parcel))]).unwrap().done;
    assert_eq!(done, [Done::Parcel(ParcelReply::Stored { through: 500 })]);
    let (mut row, mut paid) = (None, 0);
    let read = &mut |tx: &mut dyn switchboard::store::Tx| {
        (row, paid) = (tx.peer(&far)?, tx.queued_bytes(Some(&a.line))?);
        Ok(())
    };
    world.boards[A].core.store().read(read).unwrap();
    let row = row.unwrap();
    assert!((3000..=4096).contains(&row.last), "{}", row.last);
    assert_eq!(paid, row.bytes, "on behalf of the line that founded them");
}

#[test]
fn only_the_members_own_switchboard_and_only_the_sequencer_are_believed() {
    let Conversation { mut world, a, b } = Conversation::new();
    let at = Timestamp::from_millis(5);
    let parcel = |from: usize, first, messages| {
        let (from, to, queue) = (address(from), address(1 - from), QueueId::new([1; 16]));
        Parcel { from, to, queue, first, messages }
    };
    let forged = vec![
        // A member of A's; no member at all; a mailbox that is bound to A.
        PeerMessage::OutOfService { mailbox: mailbox(1), at },
        PeerMessage::OutOfService { mailbox: mailbox(9), at },
        PeerMessage::DeliverOutOfService { mailbox: mailbox(1), at },
    ];
    assert_eq!(world.hand_over(A, &parcel(B, 1, forged)), Some(ParcelReply::Stored { through: 3 }));
    // B sequences nothing here, and has no mailbox 9.
    let forged = vec![
        PeerMessage::OutOfService { mailbox: mailbox(2), at },
        PeerMessage::DeliverOutOfService { mailbox: mailbox(9), at },
    ];
    assert_eq!(world.hand_over(B, &parcel(A, 1, forged)), Some(ParcelReply::Stored { through: 2 }));
    world.carry();
    assert_eq!((told(&mut world, A, &a), told(&mut world, B, &b)), (vec![], vec![]));
    assert_eq!(world.dropped, 5, "dropped without a word, and counted");

    let word = parcel(B, 4, vec![PeerMessage::OutOfService { mailbox: mailbox(2), at }]);
    for _ in 0..3 {
        assert_eq!(world.hand_over(A, &word), Some(ParcelReply::Stored { through: 4 }));
    }
    assert_eq!(told(&mut world, A, &a), [(mailbox(1), at)], "a replayed parcel does nothing");
}
