//! How much one peer, and one line, can have this switchboard keep: bounds that hold, and others that go on.

mod world;

use protocol::federation::{Parcel, ParcelReply, PeerMessage};
use protocol::frames::{Deed, Delivery, MailboxAddress, Outcome, Submission};
use protocol::wake::Urgency;
use protocol::{GenerationId, MailboxId, QueueId, RefusalCode, SwitchboardAddress, Timestamp};
use serde_bytes::ByteBuf;
use switchboard::Limits;
use switchboard::core::outgoing::PeerQueue;
use switchboard::core::{Core, Done, Work};
use switchboard::store::testing::Faulty;
use switchboard::store::{SqliteStore, Standing, Store as _};
use world::{A, B, Conversation, Line, World, address, mailbox, submission};

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

/// A switchboard with lines, each with a mailbox that a peer may deliver to.
struct Board {
    core: Core<Faulty<SqliteStore>>,
    lines: Vec<Line>,
    numbers: std::collections::BTreeMap<SwitchboardAddress, u64>,
}

impl Board {
    fn new(limits: Limits, lines: u8) -> Self {
        let core = world::core(A, world::office(A), limits);
        let mut board = Self { core, lines: Vec::new(), numbers: std::collections::BTreeMap::new() };
        for seed in 1..=lines {
            let Done::Invited(secret) = board.apply(Work::Invite { keep_secret: false }) else { panic!("invited") };
            let line = Line::new(seed);
            board.apply(Work::Claim(Box::new(line.claim(secret, &address(A)))));
            board.lines.push(line);
        }
        board
    }

    fn apply(&mut self, work: Work) -> Done {
        self.core.apply(NOW, vec![work]).unwrap().done.pop().unwrap()
    }

    fn open(&mut self, line: usize, mailbox: MailboxId, from: &SwitchboardAddress) {
        let deed = self.lines[line].deed(Deed::OpenMailbox { mailbox, from: from.clone() });
        assert!(matches!(self.apply(deed), Done::Deed { result: Ok(()), .. }));
    }

    /// A peer delivers so many bytes to a mailbox; gives whether they were dropped.
    fn deliver(&mut self, from: &SwitchboardAddress, mailbox: MailboxId, bytes: usize) -> bool {
        let number = self.numbers.entry(from.clone()).or_default();
        *number += 1;
        let (first, envelope) = (*number, ByteBuf::from(vec![7; bytes]));
        let delivery = Delivery { mailbox, number: first, at: NOW, urgent: Urgency::Quiet, envelope };
        let messages = vec![PeerMessage::Deliver(delivery)];
        let queue = QueueId::new([1; 16]);
        let parcel = Parcel { from: from.clone(), to: address(A), queue, first, messages };
        let applied = self.core.apply(NOW, vec![Work::Parcel(Box::new(parcel))]).unwrap();
        assert_eq!(applied.done, [Done::Parcel(ParcelReply::Stored { through: first })]);
        applied.dropped > 0
    }

    fn item_bytes(&mut self) -> u64 {
        let mut sum = 0;
        self.core.store().read(&mut |tx| tx.inventory(NOW).map(|all| sum = all.item_bytes)).unwrap();
        sum
    }
}

#[test]
fn a_peer_with_many_lines_mailboxes_stops_at_its_bound_and_others_go_on() {
    let limits = Limits { item_bytes_per_peer: 100_000, item_bytes_from_peers: 1 << 20, ..Limits::default() };
    let mut board = Board::new(limits, 4);
    let (evil, good): (SwitchboardAddress, SwitchboardAddress) =
        ("evil.example".parse().unwrap(), "good.example".parse().unwrap());
    for line in 0..4u8 {
        board.open(line.into(), mailbox(10 + line), &evil);
        board.open(line.into(), mailbox(20 + line), &good);
    }
    let mut dropped = 0;
    for n in 0..400u32 {
        dropped += u32::from(board.deliver(&evil, mailbox(10 + (n % 4) as u8), 1000));
    }
    assert!(dropped > 290 && board.item_bytes() <= 100_000, "{dropped} dropped, {} kept", board.item_bytes());
    assert!(!board.deliver(&good, mailbox(20), 1000), "another peer is not in its way");
    // What the lines have taken makes room again.
    for at in 0..4 {
        let (line, handset) = (board.lines[at].line, board.lines[at].handset);
        board.apply(Work::Ack { line, handset, through: 1000 });
    }
    assert_eq!(board.item_bytes(), 0);
    assert!(!board.deliver(&evil, mailbox(10), 1000));
}

#[test]
fn one_peer_never_takes_all_the_room_of_a_line() {
    let mut board = Board::new(Limits { item_bytes_per_line: 100_000, ..Limits::default() }, 2);
    let (evil, good): (SwitchboardAddress, SwitchboardAddress) =
        ("evil.example".parse().unwrap(), "good.example".parse().unwrap());
    for (line, id, from) in [(0, 10, &evil), (1, 11, &evil), (0, 20, &good)] {
        board.open(line, mailbox(id), from);
    }
    let dropped = (0..200).filter(|_| board.deliver(&evil, mailbox(10), 1000)).count();
    assert!(dropped > 170 && board.item_bytes() <= 25_000, "{dropped} dropped, {} kept", board.item_bytes());
    assert!(!board.deliver(&good, mailbox(20), 1000), "another office's text to the same line");
    assert!(!board.deliver(&evil, mailbox(11), 1000), "and another line");
    let (line, handset) = (board.lines[0].line, board.lines[0].handset);
    board.apply(Work::Ack { line, handset, through: 1000 });
    assert!(!board.deliver(&evil, mailbox(10), 1000), "what was taken makes room again");
}

#[test]
fn all_peers_together_stop_at_the_bound_of_all() {
    let limits = Limits { item_bytes_per_peer: 50_000, item_bytes_from_peers: 200_000, peers: 40, ..Limits::default() };
    let mut board = Board::new(limits, 1);
    for peer in 0..5u8 {
        let from: SwitchboardAddress = format!("evil-{peer}.example").parse().unwrap();
        board.open(0, mailbox(10 + peer), &from);
        for _ in 0..60 {
            board.deliver(&from, mailbox(10 + peer), 1000);
        }
    }
    let kept = board.item_bytes();
    assert!((100_000..=120_000).contains(&kept), "{kept}");
    let good: SwitchboardAddress = "good.example".parse().unwrap();
    board.open(0, mailbox(99), &good);
    assert!(!board.deliver(&good, mailbox(99), 1000), "each has its share");
    assert!(board.deliver(&good, mailbox(99), 1600), "and no more");
}

#[test]
fn a_line_that_names_many_peers_stops_at_its_bound_and_others_go_on() {
    let limits = Limits { queue_bytes_per_line: 100_000, ..Limits::default() };
    let mut board = Board::new(limits, 2);
    let text = vec![7; 1000];
    let say = |board: &mut Board, line: usize, port: u32, reply_to: u8| {
        let to = format!("peer.example:{port}").parse().unwrap();
        let deed = board.lines[line].deed(Deed::Submit { to, submission: submission(1, reply_to, &text) });
        assert!(matches!(board.apply(deed), Done::Deed { result: Ok(()), .. }));
    };
    board.open(0, mailbox(1), &address(B));
    board.open(1, mailbox(2), &address(B));
    for port in 1..=200 {
        say(&mut board, 0, port, 1);
    }
    say(&mut board, 1, 1, 2);
    let mut queued = Vec::new();
    let lines = [board.lines[0].line, board.lines[1].line];
    board
        .core
        .store()
        .read(&mut |tx| {
            queued = lines.iter().map(|line| tx.queued_bytes(Some(line))).collect::<Result<_, _>>()?;
            Ok(())
        })
        .unwrap();
    assert!((40_000..=51_000).contains(&queued[0]), "{queued:?}");
    assert!(queued[1] > 1000, "the other line's text waits for its peer: {queued:?}");
}

#[test]
fn what_waits_for_all_peers_has_one_bound() {
    let limits = Limits { queue_bytes: 40_000, queue_bytes_per_line: 1 << 30, ..Limits::default() };
    let mut talk = Conversation::in_world(World::with(limits, |_| {}));
    for _ in 0..30 {
        talk.submit_b(submission(1, 2, &[7; 1000])).unwrap();
    }
    let too_many = |outcome: &Outcome| matches!(outcome, Outcome::Refused(r) if r.code == RefusalCode::TooMany);
    let refused = talk.world.outcomes(B, &talk.b).iter().filter(|outcome| too_many(outcome)).count();
    assert!((20..=24).contains(&refused), "{refused}: from half of it on");
    talk.world.carry();
    talk.submit_b(submission(1, 2, b"text")).unwrap();
    talk.world.carry();
    assert!(talk.both().iter().any(|(_, text)| text == b"text"), "and on, once they took it");
}

#[test]
fn nothing_new_is_taken_while_the_disk_is_nearly_full_and_all_of_it_afterwards() {
    let mut talk = Conversation::new();
    talk.submit_b(submission(1, 2, b"before")).unwrap();
    for at in [A, B] {
        talk.world.boards[at].core.set_short_of_disk(true);
    }
    let refusal = talk.submit_b(submission(1, 2, b"now")).unwrap_err();
    assert_eq!((refusal.code, refusal.code.is_passing()), (RefusalCode::Unavailable, true));
    let parcel =
        Parcel { from: address(B), to: address(A), queue: QueueId::new([1; 16]), first: 1, messages: Vec::new() };
    let Some(ParcelReply::Refused(refusal)) = talk.world.hand_over(A, &parcel) else { panic!("refused") };
    assert_eq!(refusal.code, RefusalCode::Unavailable);
    talk.world.deed(B, &mut talk.b, Deed::CloseMailbox { mailbox: mailbox(9) }).unwrap();
    let allowed = Work::SetStanding { peer: address(A), standing: Standing::Allowed };
    assert_eq!(talk.world.apply(B, allowed), Done::Noted, "what makes room, or is ordered, is done");
    for at in [A, B] {
        talk.world.boards[at].core.set_short_of_disk(false);
    }
    talk.submit_b(submission(1, 2, b"after")).unwrap();
    talk.world.carry();
    assert_eq!(talk.both(), [(1, b"before".to_vec()), (2, b"after".to_vec())]);
}

#[test]
fn files_stop_before_texts_do() {
    let mut talk = Conversation::new();
    talk.world.boards[B].core.set_takes_files(false);
    let open = Deed::OpenBlob { blob: protocol::BlobId::new([1; 32]), size: 1000, copies: 1 };
    assert_eq!(talk.world.deed(B, &mut talk.b, open.clone()).unwrap_err().code, RefusalCode::AtLimit);
    talk.submit_b(submission(1, 2, b"text")).unwrap();
    talk.world.boards[B].core.set_takes_files(true);
    talk.world.deed(B, &mut talk.b, open).unwrap();
}

#[test]
fn full_queues_leave_a_share_to_every_other_peer() {
    let limits = Limits {
        queue_bytes: 400_000,
        peers: 40,
        queue_bytes_per_peer: 25_000,
        queue_bytes_per_stranger: 25_000,
        queue_bytes_per_line: 1 << 30,
        ..Limits::default()
    };
    let mut board = Board::new(limits, 2);
    board.open(0, mailbox(1), &address(A));
    board.open(1, mailbox(9), &address(B));
    // Peers that take nothing, in a conversation that is ordered here.
    let evil = |port: u8| format!("evil.example:{}", 1000 + u32::from(port)).parse().unwrap();
    for port in 0..16 {
        let generation = GenerationId::new([port; 32]);
        let members = vec![MailboxAddress { address: evil(port), mailbox: mailbox(7) }];
        let capability = seal::capability_hash(&world::capability(1));
        let deed = board.lines[0].deed(Deed::Found { generation, epoch: 1, capability, members });
        assert!(matches!(board.apply(deed), Done::Deed { result: Ok(()), .. }));
        for first in 1..=40 {
            let submission = Submission { generation, ..submission(1, 7, &[7; 1000]) };
            let (from, queue) = (evil(port), QueueId::new([port; 16]));
            let parcel = Parcel { from, to: address(A), queue, first, messages: vec![PeerMessage::Submit(submission)] };
            board.apply(Work::Parcel(Box::new(parcel)));
        }
    }
    let mut waits = 0;
    board.core.store().read(&mut |tx| tx.queued_bytes(None).map(|bytes| waits = bytes)).unwrap();
    assert!((200_000..300_000).contains(&waits), "they fill what is for all: {waits}");
    let to = "good.example".parse().unwrap();
    let deed = board.lines[1].deed(Deed::Submit { to, submission: submission(1, 9, &[7; 1000]) });
    assert!(matches!(board.apply(deed), Done::Deed { result: Ok(()), .. }));
    let line = board.lines[1].line;
    board.core.store().read(&mut |tx| tx.queued_bytes(Some(&line)).map(|bytes| waits = bytes)).unwrap();
    assert!(waits > 1000, "a text for another peer waits for it: {waits}");
}

#[test]
fn nothing_waits_for_a_peer_that_is_blocked_and_all_that_comes_later_arrives() {
    let mut talk = Conversation::new();
    talk.submit_a(submission(1, 1, b"one")).unwrap();
    talk.world.carry();
    for _ in 0..1500 {
        talk.submit_a(submission(1, 1, b"lost")).unwrap();
    }
    let peer = address(B);
    let order =
        |talk: &mut Conversation, standing| talk.world.apply(A, Work::SetStanding { peer: peer.clone(), standing });
    let discard = Work::Discard { peer: peer.clone() };
    assert_eq!(talk.world.apply(A, discard.clone()), Done::Swept(0), "only of one that is blocked");
    order(&mut talk, Standing::Blocked);
    for removed in [1000, 500, 0] {
        assert_eq!(talk.world.apply(A, discard.clone()), Done::Swept(removed));
    }
    let mut waits = (1, 1);
    let read = &mut |tx: &mut dyn switchboard::store::Tx| {
        waits = (tx.queued_bytes(None)?, tx.peer(&peer)?.unwrap().bytes);
        Ok(())
    };
    talk.world.boards[A].core.store().read(read).unwrap();
    assert_eq!(waits, (0, 0));
    order(&mut talk, Standing::Allowed);
    talk.submit_a(submission(1, 1, b"two")).unwrap();
    talk.world.carry();
    let texts: Vec<Vec<u8>> = talk.world.envelopes(B, &talk.b).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, [b"one", b"two"]);
}

#[test]
fn a_peer_that_has_had_more_than_there_is_shows_an_older_copy_and_still_gets_what_is_new() {
    let mut talk = Conversation::new();
    talk.submit_a(submission(1, 1, b"before the copy")).unwrap();
    talk.world.carry();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let copied = "VACUUM INTO ?1";
    talk.world.boards[A].core.store().inner().connection().execute(copied, [copy.to_str().unwrap()]).unwrap();
    for _ in 0..3 {
        talk.submit_a(submission(1, 1, b"after it")).unwrap();
    }
    talk.world.carry();
    assert!(!talk.world.boards[A].queue.is_ahead());

    let older = Faulty::new(SqliteStore::open(&copy).unwrap());
    let rng = Box::new(<rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::from_seed([3; 32]));
    talk.world.boards[A].core = Core::new(older, world::office(A), Limits::default(), rng);
    talk.world.boards[A].queue = PeerQueue::new(address(A), address(B));
    talk.a.next_deed = 100;
    talk.world.deed(B, &mut talk.b, Deed::OpenMailbox { mailbox: mailbox(5), from: address(A) }).unwrap();
    let deed = Deed::ReleaseBlob { at: address(B), blob: protocol::BlobId::new([1; 32]) };
    talk.world.deed(A, &mut talk.a, deed).unwrap();
    let dropped = talk.world.dropped;
    talk.world.carry();
    assert!(talk.world.boards[A].queue.is_ahead());
    let mut waits = 1;
    talk.world.boards[A].core.store().read(&mut |tx| tx.queued_bytes(None).map(|bytes| waits = bytes)).unwrap();
    assert_eq!((waits, talk.world.dropped - dropped), (0, 0), "it went once more, and was taken");
}
