//! The conversation with one handset: who is let in, what is answered, how items flow.

mod world;

use protocol::frames::{Deed, FromSwitchboard, Item, Question, ToSwitchboard};
use protocol::limits::ITEMS_IN_FLIGHT;
use protocol::{HandsetId, LineId, RefusalCode, ReservationId, Timestamp, encode};
use serde_bytes::ByteBuf;
use switchboard::Limits;
use switchboard::core::connection::{Connection, Output};
use switchboard::core::{Applied, Done, Work, reads};
use switchboard::store::testing::Fault;
use world::{A, B, Conversation, Line, World, address, entry, lookup, mailbox, submission};

/// A connection to A with everything that it asks for carried out at once.
struct Phone {
    connection: Connection,
    nonce: Vec<u8>,
    heard: Vec<FromSwitchboard>,
    fetches: Vec<u64>,
    closed: bool,
}

impl Phone {
    fn new(world: &mut World) -> Self {
        let office = world.boards[A].core.office().clone();
        let connection = Connection::new(office, world.now, &mut world.rng);
        let mut phone = Self { connection, nonce: Vec::new(), heard: Vec::new(), fetches: Vec::new(), closed: false };
        phone.drive(world);
        let Some(FromSwitchboard::Challenge { nonce, .. }) = phone.heard.pop() else { panic!("no challenge") };
        phone.nonce = nonce.into_vec();
        phone
    }

    fn drive(&mut self, world: &mut World) {
        while let Some(output) = self.connection.poll() {
            let core = &mut world.boards[A].core;
            match output {
                Output::Send(frame) => self.heard.push(*frame),
                Output::Look { line, handset } => {
                    self.connection.known(reads::known(core.store(), &line, &handset).unwrap());
                }
                Output::Apply(work) => match world.try_apply(A, vec![work]) {
                    Ok(Applied { done, lines, .. }) => {
                        done.into_iter().for_each(|done| self.connection.done(done));
                        if !lines.is_empty() {
                            self.connection.wake();
                        }
                    }
                    Err(error) => self.connection.failed(&error),
                },
                Output::Read { line, handset, after, count, bytes } => {
                    let items = reads::items(core.store(), &line, &handset, after, count, bytes).unwrap();
                    self.connection.items(items);
                }
                Output::Fetch { id, .. } => self.fetches.push(id),
                Output::Way { id, line, to } => self.connection.way(id, reads::way(core.store(), &line, &to)),
                Output::Opened { .. } | Output::Ticket { .. } | Output::Wake { .. } => {}
                Output::Close => self.closed = true,
            }
        }
    }

    fn say(&mut self, world: &mut World, frame: &ToSwitchboard) -> Vec<FromSwitchboard> {
        self.connection.receive(&encode(frame));
        self.drive(world);
        std::mem::take(&mut self.heard)
    }

    fn hello(&mut self, world: &mut World, line: &Line) -> Vec<FromSwitchboard> {
        let signature = seal::sign_greeting(&line.signing, &line.greeting(&self.nonce, &address(A)));
        let signature = ByteBuf::from(signature);
        self.say(world, &ToSwitchboard::Hello { version: 1, line: line.line, handset: line.handset, signature })
    }

    fn open(world: &mut World, line: &Line) -> (Self, Vec<FromSwitchboard>) {
        let mut phone = Self::new(world);
        let heard = phone.hello(world, line);
        assert!(phone.connection.is_open(), "{heard:?}");
        (phone, heard)
    }
}

fn refused(heard: &[FromSwitchboard]) -> Option<RefusalCode> {
    match heard {
        [.., FromSwitchboard::Refused(refusal)] => Some(refusal.code),
        _ => None,
    }
}

fn numbers(heard: &[FromSwitchboard]) -> Vec<u64> {
    let items = |frame: &FromSwitchboard| match frame {
        FromSwitchboard::Items(items) => items.clone(),
        _ => vec![],
    };
    heard.iter().flat_map(items).map(|Item { number, .. }| number).collect()
}

fn claim(phone: &Phone, line: &Line, invitation: protocol::InvitationSecret) -> ToSwitchboard {
    let signature = seal::sign_greeting(&line.signing, &line.greeting(&phone.nonce, &address(A)));
    ToSwitchboard::Claim {
        version: 1,
        invitation,
        identity: line.identity.public(),
        handsets: ByteBuf::from(line.signed.clone()),
        handset: line.handset,
        signature: ByteBuf::from(signature),
    }
}

#[test]
fn an_invitation_is_good_for_one_line_however_often_it_asks() {
    let mut world = World::new();
    let Done::Invited(secret) = world.apply(A, Work::Invite { keep_secret: true }) else { panic!() };
    let (line, other) = (Line::new(1), Line::new(2));
    for _ in 0..2 {
        let mut phone = Phone::new(&mut world);
        let heard = phone.say(&mut world, &claim(&phone, &line, secret.clone()));
        assert_eq!(heard, [FromSwitchboard::Welcome { done: 0, newest: 0 }]);
    }
    let mut phone = Phone::new(&mut world);
    let heard = phone.say(&mut world, &claim(&phone, &other, secret));
    assert_eq!((refused(&heard), phone.closed), (Some(RefusalCode::InvitationInvalid), true));

    let mut phone = Phone::new(&mut world);
    let heard = phone.say(&mut world, &claim(&phone, &other, protocol::InvitationSecret::new([0; 16])));
    assert_eq!(refused(&heard), Some(RefusalCode::InvitationInvalid));
    assert_eq!(refused(&Phone::new(&mut world).hello(&mut world, &other)), Some(RefusalCode::LineUnknown));
}

#[test]
fn a_claim_with_a_wrong_signature_spends_nothing() {
    let mut world = World::new();
    let Done::Invited(secret) = world.apply(A, Work::Invite { keep_secret: false }) else { panic!() };
    let (line, thief) = (Line::new(1), Line::new(2));
    let mut phone = Phone::new(&mut world);
    let mut forged = claim(&phone, &line, secret.clone());
    if let ToSwitchboard::Claim { signature, .. } = &mut forged {
        *signature = ByteBuf::from(seal::sign_greeting(&thief.signing, &line.greeting(&phone.nonce, &address(A))));
    }
    assert_eq!(refused(&phone.say(&mut world, &forged)), Some(RefusalCode::NotAuthentic));
    let mut phone = Phone::new(&mut world);
    let heard = phone.say(&mut world, &claim(&phone, &line, secret));
    assert!(matches!(heard[..], [FromSwitchboard::Welcome { .. }]), "{heard:?}");
}

#[test]
fn only_the_handset_itself_is_let_in_and_only_with_this_nonce() {
    let mut world = World::new();
    let (line, thief) = (Line::new(1), Line::new(2));
    world.claim(A, &line);
    let mut phone = Phone::new(&mut world);
    let signature = ByteBuf::from(seal::sign_greeting(&thief.signing, &line.greeting(&phone.nonce, &address(A))));
    let hello = |handset, signature| ToSwitchboard::Hello { version: 1, line: line.line, handset, signature };
    assert_eq!(refused(&phone.say(&mut world, &hello(line.handset, signature))), Some(RefusalCode::NotAuthentic));

    let earlier = ByteBuf::from(seal::sign_greeting(&line.signing, &line.greeting(&[0; 32], &address(A))));
    let mut phone = Phone::new(&mut world);
    assert_eq!(refused(&phone.say(&mut world, &hello(line.handset, earlier.clone()))), Some(RefusalCode::NotAuthentic));
    let mut phone = Phone::new(&mut world);
    let elsewhere = ByteBuf::from(seal::sign_greeting(&line.signing, &line.greeting(&phone.nonce, &address(B))));
    assert_eq!(refused(&phone.say(&mut world, &hello(line.handset, elsewhere))), Some(RefusalCode::NotAuthentic));
    let mut phone = Phone::new(&mut world);
    let heard = phone.say(&mut world, &hello(HandsetId::new([99; 16]), earlier));
    assert_eq!(refused(&heard), Some(RefusalCode::HandsetUnknown));
}

#[test]
fn what_does_not_belong_here_ends_the_connection() {
    let mut world = World::new();
    let line = Line::new(1);
    world.claim(A, &line);
    let cases: [(Vec<u8>, RefusalCode); 5] = [
        (vec![], RefusalCode::Malformed),
        (vec![1, 0xff, 0xff], RefusalCode::Malformed),
        (vec![9, 0], RefusalCode::VersionUnknown),
        (vec![1; protocol::limits::STRANGER_FRAME_BYTES + 1], RefusalCode::TooLarge),
        (encode(&ToSwitchboard::Ack { through: 1 }), RefusalCode::Malformed),
    ];
    for (bytes, code) in cases {
        let mut phone = Phone::new(&mut world);
        phone.connection.receive(&bytes);
        phone.drive(&mut world);
        assert_eq!((refused(&std::mem::take(&mut phone.heard)), phone.closed), (Some(code), true));
        assert_eq!(phone.hello(&mut world, &line), [], "nothing more is heard after the end");
    }
    let mut phone = Phone::new(&mut world);
    let signature = ByteBuf::new();
    let newer = ToSwitchboard::Hello { version: 2, line: line.line, handset: line.handset, signature };
    assert_eq!(refused(&phone.say(&mut world, &newer)), Some(RefusalCode::VersionUnknown));
}

#[test]
fn items_come_in_windows_and_again_until_acknowledged() {
    let mut talk = Conversation::new();
    let total = ITEMS_IN_FLIGHT + 50;
    for n in 0..total {
        talk.submit_a(submission(1, 1, &n.to_be_bytes())).unwrap();
    }
    let Conversation { mut world, a, .. } = talk;
    let (_, heard) = Phone::open(&mut world, &a);
    assert!(matches!(heard[0], FromSwitchboard::Welcome { newest, .. } if newest == total as u64));
    assert_eq!(numbers(&heard).len(), ITEMS_IN_FLIGHT);
    let (mut phone, heard) = Phone::open(&mut world, &a);
    assert_eq!(numbers(&heard), (1..=ITEMS_IN_FLIGHT as u64).collect::<Vec<_>>(), "again: none was acknowledged");
    let heard = phone.say(&mut world, &ToSwitchboard::Ack { through: 20 });
    assert_eq!(numbers(&heard), (257..=276).collect::<Vec<u64>>(), "as many as there is room for again");
    let heard = phone.say(&mut world, &ToSwitchboard::Ack { through: 276 });
    assert_eq!(numbers(&heard), (277..=306).collect::<Vec<u64>>());
    let (mut phone, heard) = Phone::open(&mut world, &a);
    assert_eq!(numbers(&heard), (277..=306).collect::<Vec<u64>>());
    phone.say(&mut world, &ToSwitchboard::Ack { through: 9999 });
    let (_, heard) = Phone::open(&mut world, &a);
    assert_eq!(heard, [FromSwitchboard::Welcome { done: 2 + total as u64, newest: 0 }]);
}

#[test]
fn new_items_are_handed_on_if_they_are_next_and_read_if_not() {
    let mut talk = Conversation::new();
    talk.submit_a(submission(1, 1, b"one")).unwrap();
    let (mut phone, heard) = Phone::open(&mut talk.world, &talk.a);
    assert_eq!(numbers(&heard), [1]);
    for text in [b"two", b"thr", b"fou"] {
        talk.submit_a(submission(1, 1, text)).unwrap();
    }
    let items = talk.world.items(A, &talk.a);
    let mut new = |from: usize, to: usize| {
        phone.connection.wake_with(items[from - 1..to].to_vec());
        let reads = phone.connection.poll().inspect(|output| {
            if let Output::Send(frame) = output {
                phone.heard.push((**frame).clone());
            }
        });
        phone.drive(&mut talk.world);
        (numbers(&std::mem::take(&mut phone.heard)), matches!(reads, Some(Output::Read { .. })))
    };
    assert_eq!(new(2, 3), (vec![2, 3], false), "handed on");
    assert_eq!(new(2, 3), (vec![], false), "not twice");
    assert!(new(3, 4).1, "not the next: read");
}

#[test]
fn large_items_come_in_several_frames() {
    let mut talk = Conversation::new();
    for _ in 0..12 {
        talk.submit_a(submission(1, 1, &[7; 100_000])).unwrap();
    }
    let Conversation { mut world, a, .. } = talk;
    let (_, heard) = Phone::open(&mut world, &a);
    assert_eq!(numbers(&heard), (1..=12).collect::<Vec<u64>>());
    let largest = heard.iter().map(|frame| encode(frame).len()).max().unwrap();
    assert!(largest <= protocol::limits::FRAME_BYTES, "{largest}");
}

#[test]
fn deeds_are_answered_in_order_once_each() {
    let mut talk = Conversation::new();
    let (mut phone, _) = Phone::open(&mut talk.world, &talk.a);
    let submit = |number| ToSwitchboard::Do {
        number,
        deed: Deed::Submit { to: address(A), submission: submission(1, 1, b"text") },
    };
    let heard = phone.say(&mut talk.world, &submit(3));
    assert!(matches!(heard[..], [FromSwitchboard::Done { number: 3 }, FromSwitchboard::Items(_)]), "{heard:?}");
    assert_eq!(phone.say(&mut talk.world, &submit(3)), [FromSwitchboard::Done { number: 3 }]);
    assert_eq!(talk.world.envelopes(A, &talk.a).len(), 1);
}

#[test]
fn a_deed_refused_for_good_is_never_claimed_in_a_welcome() {
    let mut talk = Conversation::new();
    let (mut phone, _) = Phone::open(&mut talk.world, &talk.a);
    let bad = ToSwitchboard::Do { number: 3, deed: Deed::RevokeIntake { lookup: lookup(9) } };
    let good = ToSwitchboard::Do { number: 4, deed: Deed::CloseMailbox { mailbox: mailbox(9) } };
    for _ in 0..2 {
        let heard = phone.say(&mut talk.world, &bad);
        assert!(
            matches!(&heard[..], [FromSwitchboard::NotDone { number: 3, refusal }] if refusal.code == RefusalCode::CardUnknown)
        );
        assert_eq!(phone.say(&mut talk.world, &good), [FromSwitchboard::Done { number: 4 }]);
    }
    let (_, heard) = Phone::open(&mut talk.world, &talk.a);
    assert_eq!(heard[0], FromSwitchboard::Welcome { done: 2, newest: 0 });
}

#[test]
fn after_a_passing_refusal_no_deed_is_taken_on_this_connection() {
    for fault in [Fault::Full, Fault::Lost, Fault::Kept] {
        let mut talk = Conversation::new();
        let (mut phone, _) = Phone::open(&mut talk.world, &talk.a);
        let close = |number| ToSwitchboard::Do { number, deed: Deed::CloseMailbox { mailbox: mailbox(9) } };
        talk.world.fail_next(A, fault);
        let heard = phone.say(&mut talk.world, &close(3));
        assert!(
            matches!(&heard[..], [FromSwitchboard::NotDone { number: 3, refusal }] if refusal.code == RefusalCode::Unavailable)
        );
        assert_eq!(phone.say(&mut talk.world, &close(4)), []);
        let done = if fault == Fault::Kept { 3 } else { 2 };
        let (mut phone, heard) = Phone::open(&mut talk.world, &talk.a);
        assert_eq!(heard[0], FromSwitchboard::Welcome { done, newest: 0 });
        assert_eq!(phone.say(&mut talk.world, &close(3)), [FromSwitchboard::Done { number: 3 }]);
        assert_eq!(phone.say(&mut talk.world, &close(4)), [FromSwitchboard::Done { number: 4 }]);
    }
}

#[test]
fn slots_are_fetched_here_and_elsewhere() {
    let mut world = World::new();
    let mut line = Line::new(1);
    world.claim(A, &line);
    let (bundle, slots) = (ByteBuf::from(b"bundle".to_vec()), vec![world::slot(10)]);
    let open = Deed::OpenIntake { lookup: lookup(1), bundle, slots, expires_at: None, last_resort: false };
    world.deed(A, &mut line, open).unwrap();
    let (mut phone, _) = Phone::open(&mut world, &line);
    let ask = |id, at| {
        let question = Question::FetchSlot { at, lookup: lookup(1), reservation: ReservationId::new([1; 16]) };
        ToSwitchboard::Ask { id, question }
    };
    let heard = phone.say(&mut world, &ask(5, address(A)));
    assert!(matches!(heard[..], [FromSwitchboard::Answer { id: 5, answer: Ok(_) }]), "{heard:?}");
    assert_eq!(phone.say(&mut world, &ask(6, address(B))), []);
    assert_eq!((phone.fetches.clone(), phone.connection.pending()), (vec![6], 1));
    let refusal = protocol::Refusal::new(RefusalCode::PeerUnreachable, "not there");
    phone.connection.fetched(6, Err(refusal.clone()));
    phone.drive(&mut world);
    assert_eq!(phone.heard, [FromSwitchboard::Answer { id: 6, answer: Err(refusal) }]);
    assert_eq!(phone.connection.pending(), 0);
}

#[test]
fn a_handset_off_the_newest_list_is_out() {
    let mut world = World::new();
    let mut line = Line::new(1);
    world.claim(A, &line);
    let (mut old, _) = Phone::open(&mut world, &line);
    let fresh = Line::new(3);
    let (list, signed) = line.next_list(vec![entry(fresh.handset, &fresh.signing.public())]);
    let mut skipping = list.clone();
    skipping.number += 1;
    let skipping = seal::sign_handset_list(&line.identity, &skipping);
    let put = |signed: &[u8]| Deed::PutHandsets { handsets: ByteBuf::from(signed) };
    let code = |result: Result<(), protocol::Refusal>| result.unwrap_err().code;
    assert_eq!(code(world.deed(A, &mut line, put(&skipping))), RefusalCode::HandsetUnknown);
    assert_eq!(code(world.deed(A, &mut line, put(&fresh.signed))), RefusalCode::NotAuthentic);
    let same = line.signed.clone();
    world.deed(A, &mut line, put(&same)).unwrap();
    world.deed(A, &mut line, put(&signed)).unwrap();

    old.connection.wake();
    old.drive(&mut world);
    assert_eq!((refused(&old.heard), old.closed), (Some(RefusalCode::HandsetUnknown), true));
    assert_eq!(refused(&Phone::new(&mut world).hello(&mut world, &line)), Some(RefusalCode::HandsetUnknown));
    let renewed = Line { handset: fresh.handset, signing: fresh.signing, list, signed, ..line };
    Phone::open(&mut world, &renewed);
}

#[test]
fn items_wait_for_every_handset_and_a_new_one_begins_with_what_is_new() {
    let mut talk = Conversation::new();
    let second = Line::new(3);
    talk.submit_a(submission(1, 1, b"before")).unwrap();
    let entries = vec![talk.a.list.handsets[0].clone(), entry(second.handset, &second.signing.public())];
    let (_, signed) = talk.a.next_list(entries);
    talk.world.deed(A, &mut talk.a, Deed::PutHandsets { handsets: ByteBuf::from(signed) }).unwrap();
    talk.submit_a(submission(1, 1, b"after")).unwrap();
    let of_second = |world: &mut World, line: LineId| {
        reads::items(world.boards[A].core.store(), &line, &second.handset, 0, 10, 1 << 20).unwrap().unwrap().len()
    };
    assert_eq!(of_second(&mut talk.world, talk.a.line), 1);
    let ack = |handset| Work::Ack { line: talk.a.line, handset, through: 2 };
    talk.world.apply(A, ack(talk.a.handset));
    assert_eq!(of_second(&mut talk.world, talk.a.line), 1, "kept for the other handset");
    talk.world.apply(A, ack(second.handset));
    assert_eq!(of_second(&mut talk.world, talk.a.line), 0);
    let envelopes: i64 = {
        let store =
            std::mem::replace(&mut talk.world.boards[A].core, world::core(A, world::office(A), Limits::default()))
                .into_store()
                .into_inner();
        store.connection().query_row("SELECT count(*) FROM items", (), |row| row.get(0)).unwrap()
    };
    assert_eq!(envelopes, 0, "and gone once both have it");
}

#[test]
fn a_restored_line_is_let_in_by_its_successors_signature_alone() {
    let mut world = World::new();
    let old = Line::new(1);
    world.claim(A, &old);
    let fresh = Line::new(3);
    let (list, _) = old.next_list(vec![entry(fresh.handset, &fresh.signing.public())]);
    let (successor, other) = (world::successor_of(1), world::successor_of(9));
    let by = |key: &seal::SigningKey| protocol::documents::HandsetList {
        restored: 1,
        successor_key: Some(key.public()),
        ..list.clone()
    };
    let mut another = by(&other);
    another.successor = ByteBuf::from(seal::successor_hash(&other.public()));
    let forged = [
        seal::sign_handset_list(&old.identity, &by(&successor)),
        seal::sign_restored_list(&old.identity, &other, &by(&successor)),
        // These hold in themselves, but not for this line.
        seal::sign_restored_list(&old.identity, &other, &another),
        seal::sign_restored_list(&fresh.identity, &successor, &by(&successor)),
    ];
    let restoring = |world: &mut World, signed: &[u8]| {
        let mut phone = Phone::new(world);
        let greeting = protocol::frames::Greeting {
            line: old.line,
            handset: fresh.handset,
            ..fresh.greeting(&phone.nonce, &address(A))
        };
        let frame = ToSwitchboard::Restore {
            version: 1,
            identity: old.identity.public(),
            handsets: ByteBuf::from(signed),
            handset: fresh.handset,
            signature: ByteBuf::from(seal::sign_greeting(&fresh.signing, &greeting)),
        };
        phone.say(world, &frame)
    };
    for signed in forged {
        assert_eq!(refused(&restoring(&mut world, &signed)), Some(RefusalCode::NotAuthentic));
    }
    // Without a restore nobody but a handset on the list says which one is.
    let plain = seal::sign_handset_list(&old.identity, &list);
    assert_eq!(refused(&restoring(&mut world, &plain)), Some(RefusalCode::HandsetUnknown));
    let (mut open, _) = Phone::open(&mut world, &old);

    let signed = seal::sign_restored_list(&old.identity, &successor, &by(&successor));
    let heard = restoring(&mut world, &signed);
    assert!(matches!(heard[..], [FromSwitchboard::Welcome { done: 0, newest: 0 }]), "{heard:?}");
    let again = restoring(&mut world, &signed);
    assert!(matches!(again[..], [FromSwitchboard::Welcome { .. }]), "the answer may have been lost: {again:?}");
    let shown = FromSwitchboard::Superseded { handsets: ByteBuf::from(signed.clone()) };
    open.connection.wake();
    open.drive(&mut world);
    assert_eq!((open.heard.last(), open.closed), (Some(&shown), true), "the old one is shown the list");
    assert_eq!(Phone::new(&mut world).hello(&mut world, &old), std::slice::from_ref(&shown), "whenever it comes back");
    // The same backup restored once more, or a list without its successor's signature: neither is newer.
    let mut second = by(&successor);
    second.made_at = Timestamp::from_millis(9);
    let second = seal::sign_restored_list(&old.identity, &successor, &second);
    assert_eq!(restoring(&mut world, &second), std::slice::from_ref(&shown), "it signs after this one then");
    let later =
        seal::sign_handset_list(&old.identity, &protocol::documents::HandsetList { number: 99, ..list.clone() });
    assert_eq!(restoring(&mut world, &later), [shown]);
    assert_eq!(
        refused(&restoring(&mut world, &seal::sign_handset_list(&fresh.identity, &list))),
        Some(RefusalCode::NotAuthentic)
    );
}
