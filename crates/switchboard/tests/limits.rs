//! How much one peer, and one line, can have this switchboard keep: bounds that hold, and others that go on.

mod world;

use protocol::federation::{Parcel, ParcelReply, PeerMessage};
use protocol::frames::{Deed, Delivery, Outcome};
use protocol::{MailboxId, QueueId, RefusalCode, SwitchboardAddress, Timestamp};
use serde_bytes::ByteBuf;
use switchboard::Limits;
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
        let delivery = Delivery { mailbox, number: first, at: NOW, urgent: false, envelope };
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
fn all_peers_together_stop_at_the_bound_of_all() {
    let limits = Limits { item_bytes_per_peer: 50_000, item_bytes_from_peers: 100_000, ..Limits::default() };
    let mut board = Board::new(limits, 1);
    for peer in 0..5u8 {
        let from: SwitchboardAddress = format!("evil-{peer}.example").parse().unwrap();
        board.open(0, mailbox(10 + peer), &from);
        for _ in 0..60 {
            board.deliver(&from, mailbox(10 + peer), 1000);
        }
    }
    let kept = board.item_bytes();
    assert!((90_000..=100_000).contains(&kept), "{kept}");
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
    let limits = Limits { queue_bytes: 20_000, queue_bytes_per_line: 1 << 30, ..Limits::default() };
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
