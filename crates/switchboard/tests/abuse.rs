//! What one line, or one stranger, must not be able to do to everybody else.

mod world;

use std::time::Duration;

use protocol::federation::{Parcel, ParcelReply, PeerMessage};
use protocol::frames::{Deed, MailboxAddress, Outcome, Routing, Submission};
use protocol::limits::MAILBOXES;
use protocol::{GenerationId, MailboxId, QueueId, RefusalCode, SwitchboardAddress, Timestamp};
use switchboard::Limits;
use switchboard::core::outgoing::Next;
use switchboard::core::reads::{self, Waiting};
use switchboard::core::{Done, Work};
use switchboard::store::Standing;
use world::{A, B, Conversation, Line, World, address, capability, submission};

/// A commit that names this many mailboxes.
fn commit(add: usize, remove: usize) -> Submission {
    let numbered = |n: usize| {
        let mut id = [9; 32];
        id[..8].copy_from_slice(&(n as u64).to_be_bytes());
        MailboxId::new(id)
    };
    let routing = Routing {
        capability: seal::capability_hash(&capability(2)),
        add: (0..add).map(|n| MailboxAddress { address: address(B), mailbox: numbered(n) }).collect(),
        remove: (0..remove).map(numbered).collect(),
    };
    Submission { commit: Some(routing), ..submission(1, 2, b"commit") }
}

#[test]
fn a_commit_that_names_too_many_mailboxes_is_refused_at_both_doors() {
    let mut talk = Conversation::new();
    for (number, large) in (1..).zip([commit(0, 5000), commit(MAILBOXES + 1, 0), commit(0, MAILBOXES + 1)]) {
        assert_eq!(talk.submit_b(large.clone()).unwrap_err().code, RefusalCode::TooLarge);
        // A peer that does not check what its lines send.
        let (queue, messages) = (QueueId::new([1; 16]), vec![PeerMessage::Submit(large)]);
        let parcel = Parcel { from: address(B), to: address(A), queue, first: number, messages };
        assert_eq!(talk.world.hand_over(A, &parcel), Some(ParcelReply::Stored { through: number }));
    }
    talk.submit_b(commit(0, MAILBOXES)).unwrap();
    talk.world.carry();
    let too_large = |outcome: &Outcome| matches!(outcome, Outcome::Refused(r) if r.code == RefusalCode::TooLarge);
    let outcomes = talk.world.outcomes(B, &talk.b);
    assert!(outcomes.len() == 3 && outcomes.iter().all(too_large), "{outcomes:?}");
    assert_eq!(talk.both(), [(1, b"commit".to_vec())]);
}

#[test]
fn a_row_that_cannot_be_read_holds_nothing_up() {
    let mut talk = Conversation::new();
    for text in [b"one" as &[u8], b"two", b"three"] {
        talk.submit_a(submission(1, 1, text)).unwrap();
    }
    let store = talk.world.boards[A].core.store().inner().connection();
    for table in ["queued", "items"] {
        let sql = format!("UPDATE {table} SET head = ?1 WHERE number = 2");
        assert_eq!(store.execute(&sql, (vec![1; 200_000],)).unwrap(), 1, "{table}");
    }
    talk.world.carry();
    let expected = [(1, b"one".to_vec()), (3, b"three".to_vec())];
    assert_eq!(talk.both(), expected);
    assert_eq!(talk.world.items(A, &talk.a).len(), 3, "with a blank, so that the handset can acknowledge it");
    assert_eq!(talk.world.dropped, 1, "what stood for the second is nothing to the other switchboard");
}

/// A parcel of a stranger at this port with submissions to a generation that does not exist.
fn from_stranger(port: u16, first: u64, messages: usize) -> Work {
    let lost = Submission { generation: GenerationId::new([7; 32]), ..submission(1, 2, b"lost") };
    let from = format!("evil.example:{port}").parse().unwrap();
    let messages = vec![PeerMessage::Submit(lost); messages];
    Work::Parcel(Box::new(Parcel { from, to: address(A), queue: QueueId::new([1; 16]), first, messages }))
}

/// A switchboard by itself, whose queues nobody takes from.
fn alone(limits: Limits) -> impl FnMut(Work) -> Done {
    let mut core = world::core(A, world::office(A), limits);
    move |work| core.apply(Timestamp::from_millis(1_000_000_000), vec![work]).unwrap().done.pop().unwrap()
}

#[test]
fn strangers_that_never_come_for_their_answers_shut_nobody_out() {
    let mut apply = alone(Limits { peers: 20, ..Limits::default() });
    for port in 1..=30 {
        assert_eq!(apply(from_stranger(port, 1, 2)), Done::Parcel(ParcelReply::Stored { through: 2 }));
    }
    let pinned = apply(Work::Pin { peer: "new.example".parse().unwrap(), key: [3; 32] });
    assert_eq!(pinned, Done::Pinned(Some([3; 32])));
}

#[test]
fn answers_to_a_stranger_are_few() {
    let mut core = world::core(A, world::office(A), Limits::default());
    let now = Timestamp::from_millis(1_000_000_000);
    let dropped: Vec<u64> =
        [1, 513].map(|first| core.apply(now, vec![from_stranger(1, first, 512)]).unwrap().dropped).into();
    assert_eq!(dropped, [0, 512]);
    let peer = "evil.example:1".parse().unwrap();
    core.apply(now, vec![Work::SetStanding { peer, standing: Standing::Allowed }]).unwrap();
    assert_eq!(core.apply(now, vec![from_stranger(1, 1025, 512)]).unwrap().dropped, 0, "unless the operator knows it");
}

#[test]
fn a_peer_that_was_forgotten_and_is_known_again_gets_what_is_sent_to_it() {
    let (mut talk, mut rng) =
        (Conversation::new(), <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::from_seed([1; 32]));
    let waiting = |queue: u8, messages: usize| Waiting {
        queue: QueueId::new([queue; 16]),
        base: 0,
        stored: 0,
        last: messages as u64,
        messages: (1..=messages as u64).map(|n| (n, PeerMessage::Submit(submission(1, 2, b"text")))).collect(),
    };
    let (now, queue) = (talk.world.now, &mut talk.world.boards[A].queue);
    queue.poll(now);
    queue.loaded(Some(waiting(1, 3)));
    assert!(matches!(queue.poll(now), Next::Send(_)));
    queue.replied(now, &ParcelReply::Stored { through: 3 }, &mut rng);
    assert!(matches!(queue.poll(now), Next::Apply(_)));
    assert!(matches!(queue.poll(now), Next::Read { after: 3, .. }));
    queue.loaded(Some(waiting(2, 0)));
    assert!(matches!(queue.poll(now), Next::Read { after: 0, .. }));
    queue.loaded(Some(waiting(2, 1)));
    assert!(matches!(queue.poll(now), Next::Send(parcel) if parcel.first == 1));
}

#[test]
fn a_clock_that_is_set_back_makes_no_peer_wait_for_long() {
    let mut talk = Conversation::new();
    talk.submit_a(submission(1, 1, b"text")).unwrap();
    let World { boards: [board, _], now, rng, .. } = &mut talk.world;
    for _ in 0..20 {
        board.queue.failed(*now, rng);
    }
    let day = Duration::from_hours(24).as_millis() as u64;
    let back = Timestamp::from_millis(now.as_millis() - day);
    let Next::Wait(until) = board.queue.poll(back) else { panic!("it waits") };
    assert!(until.since(back) <= Duration::from_mins(5), "{:?}", until.since(back));
    assert!(matches!(board.queue.poll(until), Next::Read { .. }));
}

#[test]
fn no_single_work_removes_very_much_and_what_was_acknowledged_does_not_come_again() {
    let mut talk = Conversation::new();
    for _ in 0..1500 {
        talk.submit_a(submission(1, 1, b"text")).unwrap();
    }
    let count = |world: &mut World| -> usize {
        let connection = world.boards[A].core.store().inner().connection();
        connection.query_row("SELECT count(*) FROM items", (), |row| row.get(0)).unwrap()
    };
    let ack = Work::Ack { line: talk.a.line, handset: talk.a.handset, through: 1490 };
    talk.world.apply(A, ack);
    assert_eq!(count(&mut talk.world), 1500 - 512);
    assert_eq!(talk.world.items(A, &talk.a).len(), 10);
    while let Done::Swept(1..=200) = talk.world.apply(A, Work::Sweep) {}
    assert_eq!(talk.world.apply(A, Work::Sweep), Done::Swept(0));
    assert_eq!((count(&mut talk.world), talk.world.items(A, &talk.a).len()), (10, 10));

    for _ in 0..500 {
        talk.submit_a(submission(1, 1, b"text")).unwrap();
    }
    talk.world.now = talk.world.now.after(Duration::from_hours(31 * 24));
    // So many items, and so many messages for the other side.
    while let Done::Swept(1..=400) = talk.world.apply(A, Work::Sweep) {}
    assert_eq!(talk.world.apply(A, Work::Sweep), Done::Swept(0));
    assert_eq!(count(&mut talk.world), 0);
}

#[test]
fn a_line_that_names_switchboards_that_do_not_exist_shuts_nobody_out() {
    let limits = Limits { peers: 20, ..Limits::default() };
    let mut core = world::core(A, world::office(A), limits);
    let mut apply = |work| core.apply(Timestamp::from_millis(1_000_000_000), vec![work]).unwrap().done.pop().unwrap();
    let mut line = Line::new(1);
    let Done::Invited(secret) = apply(Work::Invite { keep_secret: false }) else { panic!("no invitation") };
    apply(Work::Claim(Box::new(line.claim(secret, &address(A)))));
    let known: SwitchboardAddress = "known.example".parse().unwrap();
    apply(Work::Pin { peer: known.clone(), key: [3; 32] });
    let invented = (1..=30).map(|port| format!("invented.example:{port}").parse().unwrap());
    for to in std::iter::once(known.clone()).chain(invented) {
        let done = apply(line.deed(Deed::Submit { to, submission: submission(1, 1, b"text") }));
        assert!(matches!(done, Done::Deed { result: Ok(()), .. }), "{done:?}");
    }
    assert_eq!(apply(Work::Pin { peer: "new.example".parse().unwrap(), key: [4; 32] }), Done::Pinned(Some([4; 32])));
    let waiting = reads::waiting(core.store(), &world::office(A), &known, 0, 9, 1 << 20).unwrap().unwrap();
    assert_eq!(waiting.messages.len(), 1, "what waits for one that exists is kept");
}

#[test]
fn little_waits_for_a_peer_that_has_never_taken_anything() {
    let limits = Limits { queue_bytes_per_stranger: 4000, ..Limits::default() };
    let mut talk = Conversation::in_world(World::with(limits, |_| {}));
    let text = [1; 1500];
    let too_many = |outcome: &Outcome| matches!(outcome, Outcome::Refused(r) if r.code == RefusalCode::TooMany);
    for _ in 0..2 {
        talk.submit_b(submission(1, 2, &text)).unwrap();
    }
    assert_eq!(talk.world.outcomes(B, &talk.b).iter().filter(|outcome| too_many(outcome)).count(), 1);
    talk.world.carry();
    for _ in 0..9 {
        talk.submit_b(submission(1, 2, &text)).unwrap();
    }
    talk.world.carry();
    assert_eq!(talk.both().len(), 10, "then it is no stranger");
}
