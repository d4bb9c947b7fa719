//! The checks that every store passes.

use protocol::frames::MailboxAddress;
use protocol::wake::Subscription;
use protocol::{
    CapabilityHash, EnvelopeHash, GenerationId, HandsetId, InvitationSecret, LineId, LookupId, MailboxId, QueueId,
    ReservationId, SwitchboardAddress, Timestamp,
};
use serde_bytes::ByteBuf;

use crate::store::{
    GenerationRow, HandsetRow, IntakeRow, IntakeState, InvitationRow, LineRow, LineState, MailboxRow, PeerRow,
    ReservationRow, Result, SlotRow, Standing, Store, StoreError, StoreFailure, Tx,
};

/// Runs every check, each on a new store.
///
/// # Panics
/// If a check fails.
pub fn conformance<S: Store>(make: impl Fn() -> S) {
    transactions(&mut make());
    for check in [
        accounts,
        intakes,
        reservations,
        mailboxes,
        items,
        envelopes,
        generations,
        queues,
        strangers,
        incoming,
        gone_back,
        out_of_service,
        wakes,
    ] {
        let mut store = make();
        store.write(&mut |tx| check(tx)).expect("a check's methods succeed");
    }
}

const LINE: LineId = LineId::new([1; 32]);
const OTHER: LineId = LineId::new([2; 32]);
const LOOKUP: LookupId = LookupId::new([3; 32]);
const MAILBOX: MailboxId = MailboxId::new([4; 32]);
const GENERATION: GenerationId = GenerationId::new([5; 32]);

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn peer(name: &str) -> SwitchboardAddress {
    name.parse().expect("an address")
}

fn transactions(store: &mut impl Store) {
    let put = |tx: &mut dyn Tx, value: &[u8]| tx.put_setting("name", value);
    let get = |store: &mut dyn Store| {
        let mut found = None;
        store.read(&mut |tx| tx.setting("name").map(|value| found = value)).expect("reading works");
        found
    };
    store.write(&mut |tx| put(tx, b"kept")).expect("writing works");
    assert_eq!(get(store), Some(b"kept".to_vec()));

    let failure = StoreError::new(StoreFailure::Fault, "on purpose");
    let result = store.write(&mut |tx| put(tx, b"undone").and_then(|()| Err(failure.clone())));
    assert_eq!(result, Err(failure));
    assert_eq!(get(store), Some(b"kept".to_vec()), "a failed transaction is undone");

    store.read(&mut |tx| put(tx, b"undone")).ok();
    assert_eq!(get(store), Some(b"kept".to_vec()), "reading changes nothing");

    let marks = store.write(&mut |tx| {
        tx.mark()?;
        put(tx, b"undone")?;
        tx.undo()?;
        assert_eq!(tx.setting("name")?, Some(b"kept".to_vec()), "undone since the mark");
        tx.mark()?;
        put(tx, b"after the mark")?;
        tx.keep()
    });
    assert_eq!(marks, Ok(()));
    assert_eq!(get(store), Some(b"after the mark".to_vec()));
}

fn accounts(tx: &mut dyn Tx) -> Result<()> {
    let open = |made_at, secret| InvitationRow { secret, made_at: at(made_at), ..InvitationRow::default() };
    let secret = InvitationSecret::new([9; 16]);
    tx.put_invitation(&[1; 32], &open(1, None))?;
    tx.put_invitation(&[2; 32], &open(2, Some(secret.clone())))?;
    assert_eq!(tx.count_open_invitations(at(9))?, 2);
    assert_eq!(tx.open_invitation(at(9))?, Some(secret));
    let taken = InvitationRow { made_at: at(2), line: Some(LINE), taken_at: Some(at(3)), ..InvitationRow::default() };
    tx.put_invitation(&[2; 32], &taken)?;
    assert_eq!(tx.invitation(&[2; 32])?, Some(taken));
    assert_eq!(
        (tx.invitation(&[7; 32])?, tx.open_invitation(at(9))?, tx.count_open_invitations(at(9))?),
        (None, None, 1)
    );
    let withdrawn = InvitationRow { withdrawn_at: Some(at(5)), made_at: at(8), ..InvitationRow::default() };
    let expires = InvitationRow { label: "Ada".into(), expires_at: Some(at(20)), ..withdrawn.clone() };
    let expires = InvitationRow { withdrawn_at: None, ..expires };
    tx.put_invitation(&[4; 32], &withdrawn)?;
    tx.put_invitation(&[5; 32], &expires)?;
    assert_eq!((tx.count_open_invitations(at(19))?, tx.count_open_invitations(at(20))?), (2, 1));
    assert_eq!(tx.invitations()?[..2], [([4; 32], withdrawn), ([5; 32], expires)], "the newest first");

    let row = LineRow { identity: vec![1], list: vec![2, 3], list_hash: [4; 32], list_number: 1 };
    tx.put_line(&LINE, &row)?;
    let newer = LineRow { list_number: 2, ..row };
    tx.put_line(&LINE, &newer)?;
    assert_eq!((tx.line(&LINE)?, tx.line(&OTHER)?, tx.count_lines()?), (Some(newer), None, 1));

    assert_eq!(tx.line_state(&LINE)?, LineState::default());
    let state = LineState { last_item: 7, item_bytes: 8, intake_bytes: 9 };
    tx.put_line_state(&LINE, &state)?;
    assert_eq!(tx.line_state(&LINE)?, state);

    let (first, second) = (HandsetId::new([1; 16]), HandsetId::new([2; 16]));
    tx.put_handset(&LINE, &second, &HandsetRow { done: 2, cursor: 3, revoked_at: Some(at(4)) })?;
    tx.put_handset(&LINE, &first, &HandsetRow::default())?;
    tx.put_handset(&LINE, &first, &HandsetRow { done: u64::MAX >> 1, cursor: 1, revoked_at: None })?;
    let found = tx.handsets(&LINE)?;
    assert_eq!(found.iter().map(|(handset, _)| *handset).collect::<Vec<_>>(), [first, second]);
    assert_eq!(tx.handset(&LINE, &first)?, Some(HandsetRow { done: u64::MAX >> 1, cursor: 1, revoked_at: None }));
    assert_eq!(tx.handsets_revoked()?, [(LINE, second)]);
    assert_eq!(tx.handset(&OTHER, &first)?, None);

    for number in [9, 4, 4] {
        tx.add_refused_deed(&LINE, &first, number)?;
    }
    assert_eq!(tx.refused_deeds(&LINE, &first)?, [4, 9]);
    tx.remove_refused_deed(&LINE, &first, 4)?;
    assert_eq!((tx.refused_deeds(&LINE, &first)?, tx.refused_deeds(&LINE, &second)?), (vec![9], vec![]));
    tx.remove_handset(&LINE, &first)?;
    assert_eq!((tx.handset(&LINE, &first)?, tx.refused_deeds(&LINE, &first)?), (None, vec![]));
    Ok(())
}

fn wakes(tx: &mut dyn Tx) -> Result<()> {
    let of = |name: &str| Subscription {
        endpoint: format!("https://push.example/{name}"),
        p256dh: ByteBuf::from([4; 65]),
        auth: ByteBuf::from([5; 16]),
    };
    let (one, two) = (HandsetId::new([1; 16]), HandsetId::new([2; 16]));
    for (line, handset, name) in [(LINE, one, "a"), (LINE, two, "b"), (OTHER, one, "c"), (LINE, one, "d")] {
        tx.put_wake(&line, &handset, &of(name))?;
    }
    assert_eq!((tx.wake(&LINE, &one)?, tx.wake(&LINE, &two)?), (Some(of("d")), Some(of("b"))));
    tx.remove_wake(&LINE, &one)?;
    tx.remove_wake(&LINE, &one)?;
    tx.put_handset(&LINE, &two, &HandsetRow::default())?;
    tx.remove_handset(&LINE, &two)?;
    assert_eq!((tx.wake(&LINE, &one)?, tx.wake(&LINE, &two)?), (None, None), "it goes with the handset");
    assert_eq!(tx.wake(&OTHER, &one)?, Some(of("c")));
    tx.go_back(1)?;
    assert_eq!(tx.wake(&OTHER, &one)?, None, "the handset puts it up again");
    Ok(())
}

fn out_of_service(tx: &mut dyn Tx) -> Result<()> {
    let row = LineRow { identity: vec![1], list: vec![2], list_hash: [4; 32], list_number: 1 };
    for line in [OTHER, LINE, OTHER] {
        tx.put_line(&line, &row)?;
    }
    assert_eq!(tx.line_numbers()?, [(1, OTHER), (2, LINE)], "a newer list changes no number");
    tx.put_unannounced(&LINE, at(5), false)?;
    tx.put_unannounced(&OTHER, at(6), false)?;
    tx.put_unannounced(&LINE, at(7), true)?;
    tx.remove_unannounced(&OTHER)?;
    assert_eq!(tx.unannounced()?, [(LINE, at(7), true)]);
    let (here, there) = (peer("here.example"), peer("there.example"));
    for (mailbox, line, from) in [(1, LINE, &there), (2, OTHER, &there), (3, LINE, &here)] {
        tx.put_mailbox(&MailboxId::new([mailbox; 32]), &MailboxRow { line, from: from.clone(), last: 0 })?;
    }
    assert_eq!(
        tx.mailboxes_of(&LINE)?,
        [(MailboxId::new([1; 32]), there.clone()), (MailboxId::new([3; 32]), here.clone())]
    );
    let member = |address: &SwitchboardAddress| MailboxAddress { address: address.clone(), mailbox: MAILBOX };
    let capability = CapabilityHash::new([0; 32]);
    for generation in [1, 2, 3] {
        let id = GenerationId::new([generation; 32]);
        tx.put_generation(&id, &GenerationRow { line: LINE, epoch: 1, capability, last: 0, last_at: at(1) })?;
        tx.add_member(&id, &member(if generation == 1 { &here } else { &there }))?;
    }
    assert_eq!(tx.generations_with(&member(&here), 9)?, [GenerationId::new([1; 32])]);
    assert_eq!(tx.generations_with(&member(&there), 1)?, [GenerationId::new([2; 32])], "no more than asked for");
    Ok(())
}

fn intakes(tx: &mut dyn Tx) -> Result<()> {
    let row = |expires_at, state| IntakeRow { line: LINE, bundle: vec![1, 2], expires_at, state, bytes: 2 };
    let standing = LookupId::new([8; 32]);
    tx.put_intake(&standing, &row(None, IntakeState::Open))?;
    tx.put_intake(&LOOKUP, &row(Some(at(50)), IntakeState::Open))?;
    assert_eq!(tx.intake(&LOOKUP)?, Some(row(Some(at(50)), IntakeState::Open)));
    assert_eq!(tx.intakes_expired(at(49), 10)?, []);
    assert_eq!(tx.intakes_expired(at(50), 10)?, [LOOKUP]);
    assert_eq!(tx.count_intakes(&LINE)?, 2);

    let slot = |position, last_resort| SlotRow {
        position,
        mailbox: MailboxId::new([position as u8; 32]),
        used: false,
        last_resort,
    };
    tx.add_slot(&LOOKUP, &slot(1, true), b"one")?;
    tx.add_slot(&LOOKUP, &slot(0, false), b"zero")?;
    assert_eq!(tx.slots(&LOOKUP)?, [slot(0, false), slot(1, true)]);
    assert_eq!((tx.slot_sealed(&LOOKUP, 0)?, tx.slot_sealed(&LOOKUP, 5)?), (Some(b"zero".to_vec()), None));
    assert!(tx.slot_has_mailbox(&MailboxId::new([1; 32]))? && !tx.slot_has_mailbox(&MAILBOX)?);
    tx.use_slot(&LOOKUP, 0)?;
    assert_eq!(tx.slots(&LOOKUP)?.first().map(|slot| slot.used), Some(true));
    assert_eq!(tx.slot_sealed(&LOOKUP, 0)?, Some(vec![]), "what was sealed in a used slot is erased");
    tx.remove_slots(&LOOKUP)?;
    assert_eq!(tx.slots(&LOOKUP)?, []);

    tx.put_intake(&LOOKUP, &row(Some(at(50)), IntakeState::Revoked))?;
    assert_eq!((tx.intakes_expired(at(99), 10)?, tx.count_intakes(&LINE)?), (vec![], 1));
    assert_eq!((tx.intakes_open(&LINE)?.len(), tx.intakes_open(&OTHER)?), (1, vec![]));
    tx.add_slot(&LOOKUP, &slot(0, false), b"zero")?;
    tx.remove_intake(&LOOKUP)?;
    assert_eq!((tx.intake(&LOOKUP)?, tx.slots(&LOOKUP)?), (None, vec![]));
    Ok(())
}

fn reservations(tx: &mut dyn Tx) -> Result<()> {
    let (a, b) = (peer("a.example"), peer("b.example"));
    let id = ReservationId::new([1; 16]);
    let row = |made_at, introduced| ReservationRow { position: 3, made_at: at(made_at), introduced };
    let hash = EnvelopeHash::new([6; 32]);
    tx.put_reservation(&LOOKUP, &a, &id, &row(10, None))?;
    tx.put_reservation(&LOOKUP, &b, &id, &row(20, None))?;
    tx.put_reservation(&LOOKUP, &b, &id, &row(20, Some(hash)))?;
    assert_eq!(tx.reservation(&LOOKUP, &a, &id)?, Some(row(10, None)));
    assert_eq!(tx.reservations(&LOOKUP)?, [(a.clone(), row(10, None)), (b.clone(), row(20, Some(hash)))]);
    assert_eq!(tx.remove_reservations(at(10), at(20), 9)?, 0);
    assert_eq!(tx.remove_reservations(at(99), at(20), 9)?, 1, "what led to an introduction is kept longer");
    tx.put_reservation(&LOOKUP, &a, &id, &row(10, None))?;
    assert_eq!((tx.remove_reservations(at(99), at(99), 1)?, tx.remove_reservations(at(99), at(99), 9)?), (1, 1));
    assert_eq!(tx.reservation(&LOOKUP, &b, &id)?, None);
    Ok(())
}

fn mailboxes(tx: &mut dyn Tx) -> Result<()> {
    let (a, b) = (peer("a.example"), peer("b.example:8443"));
    let row = |from: &SwitchboardAddress, last| MailboxRow { line: LINE, from: from.clone(), last };
    tx.put_mailbox(&MAILBOX, &row(&a, 0))?;
    tx.put_mailbox(&MAILBOX, &row(&b, 1))?;
    tx.set_mailbox_last(&MAILBOX, 5)?;
    assert_eq!((tx.mailbox(&MAILBOX)?, tx.count_mailboxes(&LINE)?), (Some(row(&b, 5)), 1));
    assert_eq!(tx.count_mailboxes(&OTHER)?, 0);
    tx.remove_mailboxes(&OTHER)?;
    assert_eq!(tx.count_mailboxes(&LINE)?, 1);
    tx.remove_mailbox(&MAILBOX)?;
    tx.remove_mailbox(&MAILBOX)?;
    assert_eq!(tx.mailbox(&MAILBOX)?, None);

    let hash = EnvelopeHash::new([6; 32]);
    tx.await_outcome(&MAILBOX, &hash, &a, at(1))?;
    tx.await_outcome(&MAILBOX, &hash, &a, at(2))?;
    assert!(!tx.take_awaited(&MAILBOX, &hash, &b)?);
    assert!(tx.take_awaited(&MAILBOX, &hash, &a)?);
    assert!(!tx.take_awaited(&MAILBOX, &hash, &a)?, "taken once");
    tx.await_outcome(&MAILBOX, &hash, &a, at(1))?;
    tx.await_outcome(&MAILBOX, &hash, &b, at(1))?;
    assert_eq!((tx.remove_awaited(at(1), 9)?, tx.remove_awaited(at(2), 1)?, tx.remove_awaited(at(2), 9)?), (0, 1, 1));
    Ok(())
}

fn items(tx: &mut dyn Tx) -> Result<()> {
    let (bytes, sender, sent) = (vec![7; 100], peer("a.example"), 5 * 104);
    for number in 1..=5 {
        let envelope = tx.add_envelope(&bytes)?;
        tx.add_item(&LINE, number, b"head", Some((envelope, 100)), at(number), Some(&sender))?;
    }
    tx.add_item(&LINE, 6, b"no envelope", None, at(6), None)?;
    tx.add_item(&OTHER, 1, b"other", None, at(1), Some(&sender))?;
    let all = tx.item_bytes_from(None)?;
    assert_eq!((all, tx.item_bytes_from(Some(&sender))?), (sent + 5, sent + 5));
    assert_eq!(tx.item_bytes_from(Some(&peer("b.example")))?, 0);
    assert_eq!((tx.item_bytes_for(&LINE, &sender)?, tx.item_bytes_for(&OTHER, &sender)?), (sent, 5));

    let numbers = |found: Vec<crate::store::Stored>| found.into_iter().map(|row| row.number).collect::<Vec<_>>();
    assert_eq!(numbers(tx.items(&LINE, 0, 3, 1 << 20)?), [1, 2, 3], "at most as many");
    assert_eq!(numbers(tx.items(&LINE, 0, 9, 250)?), [1, 2], "at most as many bytes");
    assert_eq!(numbers(tx.items(&LINE, 0, 9, 1)?), [1], "at least one");
    let last = tx.items(&LINE, 4, 9, 1 << 20)?;
    assert_eq!(last.first().map(|row| (row.head.as_slice(), row.envelope.len())), Some((b"head".as_slice(), 100)));
    assert_eq!(last.last().map(|row| (row.head.as_slice(), row.envelope.len())), Some((b"no envelope".as_slice(), 0)));
    assert_eq!((tx.newest_item(&LINE)?, tx.newest_item(&LineId::new([0; 32]))?), (Some(6), None));

    assert_eq!(tx.items_older(at(3), 10)?, [(LINE, 2), (OTHER, 1)]);
    assert_eq!(tx.items_older(at(3), 1)?.len(), 1);
    assert_eq!(tx.remove_items(&LINE, 2, 1)?, (1, 104), "the bytes of head and envelope");
    assert_eq!(numbers(tx.items(&LINE, 0, 1, 1 << 20)?), [2], "the first ones go first");
    assert_eq!(tx.remove_items(&LINE, 2, 9)?, (1, 104));
    assert_eq!(tx.remove_items(&LINE, 2, 9)?, (0, 0));
    assert_eq!(numbers(tx.items(&LINE, 0, 9, 1 << 20)?), [3, 4, 5, 6]);
    let (first, second) = (HandsetId::new([1; 16]), HandsetId::new([2; 16]));
    for (handset, cursor) in [(first, 6), (second, 2)] {
        tx.put_handset(&LINE, &handset, &HandsetRow { cursor, ..HandsetRow::default() })?;
    }
    assert_eq!(tx.items_acknowledged(9)?, [], "one handset lacks them all");
    tx.put_handset(&LINE, &second, &HandsetRow { cursor: 3, ..HandsetRow::default() })?;
    assert_eq!((tx.items_acknowledged(9)?, tx.items_acknowledged(0)?), (vec![(LINE, 3)], vec![]));
    assert_eq!(tx.remove_items(&LINE, u64::MAX, 9)?, (4, 323));
    assert_eq!((tx.item_bytes_for(&LINE, &sender)?, tx.item_bytes_for(&OTHER, &sender)?), (0, 5));
    assert_eq!(numbers(tx.items(&OTHER, 0, 9, 1 << 20)?), [1]);
    Ok(())
}

fn envelopes(tx: &mut dyn Tx) -> Result<()> {
    let a = peer("a.example");
    let envelope = tx.add_envelope(b"once")?;
    tx.add_item(&LINE, 1, b"", Some((envelope, 4)), at(1), None)?;
    tx.add_item(&OTHER, 1, b"", Some((envelope, 4)), at(1), None)?;
    tx.enqueue(&a, 1, b"", Some((envelope, 4)), at(1), None)?;
    tx.remove_items(&LINE, 1, 9)?;
    tx.remove_queued(&a, 1)?;
    let left = tx.items(&OTHER, 0, 1, 1)?;
    assert_eq!(left.first().map(|row| row.envelope.as_slice()), Some(b"once".as_slice()), "kept while one names it");
    tx.remove_items(&OTHER, 1, 9)?;
    let gone = tx.add_item(&LINE, 2, b"", Some((envelope, 4)), at(1), None);
    assert!(gone.is_err(), "gone with the last row that named it");
    Ok(())
}

fn generations(tx: &mut dyn Tx) -> Result<()> {
    let row = |epoch, last_at| GenerationRow {
        line: LINE,
        epoch,
        capability: CapabilityHash::new([7; 32]),
        last: epoch * 10,
        last_at: at(last_at),
    };
    let member = |n: u8| MailboxAddress { address: peer("a.example"), mailbox: MailboxId::new([n; 32]) };
    tx.put_generation(&GENERATION, &row(1, 5))?;
    for n in [2, 1, 1] {
        tx.add_member(&GENERATION, &member(n))?;
    }
    tx.put_generation(&GENERATION, &row(2, 6))?;
    assert_eq!(tx.generation(&GENERATION)?, Some(row(2, 6)));
    assert_eq!(tx.members(&GENERATION)?, [member(1), member(2)], "members outlive a change of the generation");
    tx.remove_member(&GENERATION, &member(1).mailbox)?;
    tx.remove_member(&GENERATION, &member(9).mailbox)?;
    assert_eq!(tx.members(&GENERATION)?, [member(2)]);
    let mut words = |since, now| tx.count_word(&GENERATION, &member(2).mailbox, at(since), at(now));
    assert_eq!([words(5, 10)?, words(10, 11)?, words(11, 12)?, words(12, 13)?], [1, 2, 1, 2]);
    assert_eq!(tx.count_word(&GENERATION, &member(9).mailbox, at(1), at(2))?, 0, "no member");
    assert_eq!((tx.count_generations(&LINE)?, tx.count_generations(&OTHER)?), (1, 0));
    assert_eq!(tx.remove_generations(at(6), 10)?, 0);
    assert_eq!(tx.remove_generations(at(7), 10)?, 1);
    assert_eq!((tx.generation(&GENERATION)?, tx.members(&GENERATION)?), (None, vec![]));
    Ok(())
}

fn queues(tx: &mut dyn Tx) -> Result<()> {
    let (a, b) = (peer("a.example"), peer("b.example"));
    let row = |last, stored| PeerRow {
        key: None,
        standing: Standing::Unknown,
        queue: QueueId::new([1; 16]),
        base: 0,
        last,
        stored,
        bytes: 0,
        confirmed_at: stored.checked_sub(1).map(at),
    };
    tx.put_peer(&a, &row(0, 0))?;
    tx.put_peer(&b, &PeerRow { key: Some([3; 32]), standing: Standing::Blocked, ..row(3, 1) })?;
    assert_eq!((tx.peers_count()?, tx.peers_waiting()?), (2, vec![b.clone()]));
    assert_eq!(tx.peer(&b)?.map(|row| (row.key, row.standing, row.last)), Some((Some([3; 32]), Standing::Blocked, 3)));
    assert_eq!(tx.peers()?.into_iter().map(|(peer, _)| peer).collect::<Vec<_>>(), [a.clone(), b.clone()]);

    let envelope = tx.add_envelope(b"bytes")?;
    for number in 1..=3 {
        tx.enqueue(&b, number, b"head", Some((envelope, 5)), at(number), (number < 3).then_some(&LINE))?;
    }
    assert_eq!((tx.queued_bytes(None)?, tx.queued_bytes(Some(&LINE))?, tx.queued_bytes(Some(&OTHER))?), (27, 18, 0));
    assert_eq!(tx.queued(&b, 1, 9, 1 << 20)?.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(tx.queued(&a, 0, 9, 1 << 20)?, []);
    assert_eq!((tx.oldest_queued(&b)?, tx.oldest_queued(&a)?), (Some(at(1)), None));
    assert_eq!((tx.oldest_queued_of(&b, &LINE, 9)?, tx.oldest_queued_of(&a, &LINE, 9)?), (Some(at(1)), None));
    assert_eq!((tx.oldest_queued_of(&b, &OTHER, 9)?, tx.oldest_queued_of(&b, &OTHER, 2)?), (None, Some(at(1))));
    assert_eq!(tx.peer(&b)?.and_then(|row| row.confirmed_at), Some(at(0)));
    assert_eq!(tx.blank_queued(at(3), b"x", 1)?, [(b.clone(), 8)]);
    assert_eq!(tx.blank_queued(at(3), b"x", 9)?, [(b.clone(), 8)]);
    assert_eq!(tx.blank_queued(at(3), b"x", 9)?, [], "what is blank is left");
    let queued = tx.queued(&b, 0, 9, 1 << 20)?;
    let found: Vec<_> = queued.iter().map(|row| (row.number, row.head.as_slice(), row.envelope.as_slice())).collect();
    let (blank, full): (&[u8], &[u8]) = (b"x", b"head");
    assert_eq!(found, [(1, blank, &[] as &[u8]), (2, blank, &[]), (3, full, b"bytes")]);
    assert_eq!((tx.queued_bytes(None)?, tx.queued_bytes(Some(&LINE))?), (11, 2));
    assert_eq!(tx.remove_queued(&b, 3)?, 11);
    assert_eq!((tx.queued_bytes(None)?, tx.queued_bytes(Some(&LINE))?), (0, 0));
    assert_eq!(tx.queued(&b, 0, 9, 1 << 20)?, []);
    Ok(())
}

fn strangers(tx: &mut dyn Tx) -> Result<()> {
    let stranger = PeerRow {
        key: Some([3; 32]),
        standing: Standing::Unknown,
        queue: QueueId::new([1; 16]),
        base: 0,
        last: 2,
        stored: 2,
        bytes: 0,
        confirmed_at: None,
    };
    for name in [
        "allowed.example",
        "delivered.example",
        "heard.example",
        "heard-late.example",
        "never-reached.example",
        "new.example",
        "sender.example",
        "waits.example",
        "waits-for-answers.example",
    ] {
        let row = match name {
            "allowed.example" => PeerRow { standing: Standing::Allowed, ..stranger.clone() },
            "never-reached.example" => PeerRow { key: None, last: 4, stored: 0, ..stranger.clone() },
            "waits.example" | "waits-for-answers.example" => PeerRow { last: 4, ..stranger.clone() },
            _ => stranger.clone(),
        };
        tx.put_peer(&peer(name), &row)?;
    }
    let envelope = tx.add_envelope(b"of a line")?;
    let of_line = Some((envelope, 9));
    for (name, second) in
        [("never-reached.example", of_line), ("waits.example", of_line), ("waits-for-answers.example", None)]
    {
        tx.enqueue(&peer(name), 3, b"answer", None, at(1), None)?;
        tx.enqueue(&peer(name), 4, b"head", second, at(1), None)?;
    }
    tx.put_mailbox(&MAILBOX, &MailboxRow { line: LINE, from: peer("sender.example"), last: 0 })?;
    let generation =
        GenerationRow { line: LINE, epoch: 1, capability: CapabilityHash::new([7; 32]), last: 0, last_at: at(1) };
    tx.put_generation(&GENERATION, &generation)?;
    tx.add_member(&GENERATION, &MailboxAddress { address: peer("delivered.example"), mailbox: MAILBOX })?;
    tx.put_incoming(&peer("heard-late.example"), &QueueId::new([1; 16]), 1, at(9), 2)?;
    tx.put_incoming(&peer("heard.example"), &QueueId::new([1; 16]), 1, at(1), 2)?;
    tx.put_incoming(&peer("waits-for-answers.example"), &QueueId::new([1; 16]), 1, at(10), 2)?;
    for (name, held) in [("delivered", true), ("sender", true), ("waits", false), ("heard", false)] {
        assert_eq!(tx.is_held(&peer(&format!("{name}.example")))?, held, "{name}");
    }
    let left = |tx: &mut dyn Tx| -> Result<Vec<String>> {
        Ok(tx.peers()?.into_iter().map(|(peer, _)| peer.as_str().to_owned()).collect())
    };
    assert_eq!(tx.forget_strangers(2)?, 2);
    assert_eq!(
        left(tx)?,
        [
            "allowed.example",
            "delivered.example",
            "heard-late.example",
            "never-reached.example",
            "sender.example",
            "waits-for-answers.example",
            "waits.example"
        ],
        "the longest silent go first"
    );
    assert_eq!(tx.forget_strangers(2)?, 2);
    assert!(left(tx)?.contains(&"never-reached.example".to_owned()), "what a line sent goes last");
    assert_eq!((tx.forget_strangers(9)?, tx.forget_strangers(9)?), (1, 0));
    assert_eq!(tx.queued(&peer("never-reached.example"), 0, 9, 1 << 20)?, []);
    assert_eq!(tx.queued(&peer("waits-for-answers.example"), 0, 9, 1 << 20)?, [], "answers go with the peer");
    assert_eq!(tx.queued(&peer("waits.example"), 0, 9, 1 << 20)?.len(), 2, "what a line sent stays");
    assert_eq!(
        left(tx)?,
        ["allowed.example", "delivered.example", "sender.example", "waits.example"],
        "what holds a peer keeps it"
    );
    assert_eq!(tx.incoming(&peer("heard.example"), &QueueId::new([1; 16]))?, None);
    Ok(())
}

fn incoming(tx: &mut dyn Tx) -> Result<()> {
    let (a, b) = (peer("a.example"), peer("b.example"));
    let queue = |n| QueueId::new([n; 16]);
    for n in 1..=3u8 {
        tx.put_incoming(&a, &queue(n), u64::from(n), at(u64::from(n)), 2)?;
    }
    tx.put_incoming(&b, &queue(1), 9, at(0), 2)?;
    assert_eq!(tx.incoming(&a, &queue(1))?, None, "the one used longest ago is forgotten");
    assert_eq!((tx.incoming(&a, &queue(2))?, tx.incoming(&a, &queue(3))?), (Some(2), Some(3)));
    tx.put_incoming(&a, &queue(2), 20, at(9), 2)?;
    tx.put_incoming(&a, &queue(4), 4, at(10), 2)?;
    assert_eq!((tx.incoming(&a, &queue(2))?, tx.incoming(&a, &queue(3))?), (Some(20), None));
    assert_eq!(tx.incoming(&b, &queue(1))?, Some(9));
    Ok(())
}

fn gone_back(tx: &mut dyn Tx) -> Result<()> {
    let list = LineRow { identity: vec![1], list: vec![2], list_hash: [3; 32], list_number: 1 };
    tx.put_line(&LINE, &list)?;
    tx.put_line(&OTHER, &list)?;
    tx.put_line_state(&LINE, &LineState { last_item: 7, item_bytes: 9, intake_bytes: 2 })?;
    tx.put_mailbox(&MAILBOX, &MailboxRow { line: LINE, from: peer("a.example"), last: 4 })?;
    tx.await_outcome(&MAILBOX, &EnvelopeHash::new([1; 32]), &peer("a.example"), at(1))?;
    let intake = IntakeRow { line: LINE, bundle: vec![1, 2], expires_at: None, state: IntakeState::Revoked, bytes: 2 };
    tx.put_intake(&LOOKUP, &intake)?;
    let generation =
        GenerationRow { line: LINE, epoch: 1, capability: CapabilityHash::new([1; 32]), last: 3, last_at: at(1) };
    tx.put_generation(&GENERATION, &generation)?;
    tx.add_member(&GENERATION, &MailboxAddress { address: peer("a.example"), mailbox: MAILBOX })?;
    let (taken, open) = ([1; 32], [2; 32]);
    for (hash, line) in [(taken, Some(LINE)), (open, None)] {
        tx.put_invitation(&hash, &InvitationRow { made_at: at(1), line, ..InvitationRow::default() })?;
    }
    let before = tx.inventory(at(1))?;
    assert_eq!((before.lines, before.mailboxes, before.item_bytes, before.invitations), (2, 1, 9, 1));

    tx.go_back(1 << 50)?;
    assert_eq!((tx.intake(&LOOKUP)?, tx.generation(&GENERATION)?, tx.members(&GENERATION)?), (None, None, vec![]));
    assert!(!tx.take_awaited(&MAILBOX, &EnvelopeHash::new([1; 32]), &peer("a.example"))?);
    assert!(tx.mailbox(&MAILBOX)?.is_some(), "what others send there still comes");
    assert_eq!((tx.invitation(&taken)?.is_some(), tx.invitation(&open)?), (true, None));
    let state = |last_item, item_bytes| LineState { last_item, item_bytes, intake_bytes: 0 };
    assert_eq!((tx.line_state(&LINE)?, tx.line_state(&OTHER)?), (state(1 << 50, 9), state(1 << 50, 0)));
    tx.go_back(500)?;
    assert!(tx.line_state(&LINE)?.last_item > (1 << 50) + 1_000_000_000, "never back, and never what was given since");
    Ok(())
}
