//! What one line, or one stranger, must not be able to do to everybody else.

mod world;

use protocol::federation::{Parcel, ParcelReply, PeerMessage};
use protocol::frames::{MailboxAddress, Outcome, Routing, Submission};
use protocol::limits::MAILBOXES;
use protocol::{MailboxId, QueueId, RefusalCode};
use world::{A, B, Conversation, address, capability, submission};

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
