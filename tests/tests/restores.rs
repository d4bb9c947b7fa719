//! Lines that are restored from a backup, and handsets that come back after that.

use std::time::Duration;

use database::rusqlite::Connection;
use handset::{ContactState, Error, Event, MessageState, Verified};
use protocol::documents::HandsetList;
use protocol::encode;
use protocol::frames::FromSwitchboard;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scenarios::acts::{self, a_card, calm_down, say, some_words, stored_card, take_up};
use scenarios::checks::agree;
use scenarios::impostor::Impostor;
use scenarios::restores::{PASSPHRASE, a_link, back_up, begin_to_restore, notices, restore, restore_at};
use scenarios::{Conversation, Weather, World};
use seal::{SigningKey, list_hash, sign_handset_list, sign_restored_list, verify_handset_list};
use serde_bytes::ByteBuf;

/// Seeds for each scenario: fewer than elsewhere, since every backup stretches a passphrase.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=4;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Two lines that have met, at two offices, and some words between them.
fn two_lines(seed: u64) -> (World, ChaCha20Rng, Conversation) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut world = World::new(seed, 3);
    let (a, b) = (world.add_phone("Ada Marsh", 0), world.add_phone("Ivo Tarn", 1));
    // Either may be the one who founded, at whose office the order is.
    let (issuer, taker) = if seed.is_multiple_of(2) { (a, b) } else { (b, a) };
    let card = stored_card(&mut world, issuer, &a_card(1, false));
    take_up(&mut world, taker, issuer, &card.url);
    let mut conversation = Conversation::new(a, b);
    world.weather = Weather::draw(&mut rng);
    some_words(&mut world, &mut rng, &mut conversation, 8);
    calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
    world.call(b, |handset, now| handset.verify_person(now, "Ada Marsh")).expect("verified");
    (world, rng, conversation)
}

/// Restores the first of two; what was said since the backup may be missing there.
fn restore_first(world: &mut World, conversation: &mut Conversation, backup: &Connection) -> usize {
    let old = restore(world, conversation.a, backup);
    conversation.removed = Some((conversation.a, conversation.said.len()));
    old
}

fn all_is_well(world: &mut World, conversation: &Conversation) {
    calm_down(world, std::slice::from_ref(conversation), 2 * DAY);
    agree(world, conversation);
}

fn texts_of(world: &mut World, phone: usize, person: &str) -> Vec<String> {
    let read = world.phones[phone].handset().read(person, None).expect("texts");
    read.into_iter().map(|message| message.text).collect()
}

#[test]
fn restored_after_more_was_said() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed);
        let (a, b) = (conversation.a, conversation.b);
        let backup = back_up(&mut world, a);
        say(&mut world, &mut conversation, a, "only you have this");
        say(&mut world, &mut conversation, b, "and this comes again");
        calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
        let old = restore_first(&mut world, &mut conversation, &backup);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, &conversation);
        let (of_a, of_b) = (texts_of(&mut world, a, "Ivo Tarn"), texts_of(&mut world, b, "Ada Marsh"));
        assert_eq!(of_a.iter().filter(|text| *text == "and this comes again").count(), 1, "once: {of_a:?}");
        assert!(!of_a.contains(&"only you have this".to_owned()) && of_b.contains(&"only you have this".to_owned()));
        let person = world.phones[b].handset().person("Ada Marsh").expect("a person");
        assert_eq!(person.verified, Verified::InPerson, "the line's key is the same");
        assert_eq!(notices(&mut world, a, b), ["restored"]);
        assert_eq!(notices(&mut world, b, a), ["contact-restored"]);
        // The old handset comes back, and has something to say.
        let written = world.call(old, |handset, now| handset.text(now, "Ivo Tarn", "I was in a drawer", None));
        assert!(written.is_ok(), "it cannot know yet");
        world.set_on(old, true);
        let off = world.until(HOUR, |world| world.phones[old].saw(|e| matches!(e, Event::RestoredElsewhere { .. })));
        assert!(off, "it learns that it is off");
        world.pass(DAY);
        assert!(world.phones[old].connection.is_none(), "and does not connect any more");
        let written = world.call(old, |handset, now| handset.text(now, "Ivo Tarn", "hello?", None));
        assert!(matches!(written, Err(Error::RestoredElsewhere)), "{written:?}");
        assert!(texts_of(&mut world, old, "Ivo Tarn").len() > 8, "what it has can be read");
        assert!(!texts_of(&mut world, b, "Ada Marsh").contains(&"I was in a drawer".to_owned()));
        all_is_well(&mut world, &conversation);
    }
}

#[test]
fn the_old_handset_is_on_while_its_line_is_restored() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed);
        let backup = back_up(&mut world, conversation.a);
        let old = begin_to_restore(&mut world, conversation.a, &backup);
        world.set_on(old, true);
        conversation.removed = Some((conversation.a, conversation.said.len()));
        let off = world.until(HOUR, |world| world.phones[old].saw(|e| matches!(e, Event::RestoredElsewhere { .. })));
        assert!(off, "it learns that it is off at once");
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, &conversation);
    }
}

#[test]
fn both_are_restored_at_once() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed);
        let (a, b) = (conversation.a, conversation.b);
        let (of_a, of_b) = (back_up(&mut world, a), back_up(&mut world, b));
        begin_to_restore(&mut world, a, &of_a);
        begin_to_restore(&mut world, b, &of_b);
        world.pass(HOUR);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, &conversation);
    }
}

#[test]
fn restored_twice_from_the_same_old_backup() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed);
        let a = conversation.a;
        let backup = back_up(&mut world, a);
        let mut others = Vec::new();
        for _ in 0..2 {
            some_words(&mut world, &mut rng, &mut conversation, 3);
            calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
            others.push(restore_first(&mut world, &mut conversation, &backup));
            // The one before is not heard any more, whatever it says.
            others.iter().for_each(|other| world.set_on(*other, true));
        }
        some_words(&mut world, &mut rng, &mut conversation, 3);
        all_is_well(&mut world, &conversation);
        let counts = others[1..].iter().chain([&a]).map(|phone| count_of(&world, *phone)).collect::<Vec<_>>();
        assert!(counts[0] > 0 && counts[0] < counts[1], "each counts more than the one before: {counts:?}");
        for other in others {
            assert!(world.phones[other].saw(|e| matches!(e, Event::RestoredElsewhere { .. })), "all others are off");
        }
    }
}

/// How much the restore counts that a handset came of.
fn count_of(world: &World, phone: usize) -> u64 {
    let list: Vec<Vec<u8>> = world.phones[phone].column("SELECT handsets FROM own", ());
    seal::read_handset_list(&list[0]).expect("a list").restored
}

#[test]
fn restored_from_one_backup_at_two_offices() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed);
        let a = conversation.a;
        let backup = back_up(&mut world, a);
        let _old = restore_first(&mut world, &mut conversation, &backup);
        some_words(&mut world, &mut rng, &mut conversation, 3);
        all_is_well(&mut world, &conversation);
        // The second office knows nothing of the first restore, the contact does.
        let first = restore_at(&mut world, a, 2, &backup);
        conversation.removed = Some((a, conversation.said.len()));
        some_words(&mut world, &mut rng, &mut conversation, 3);
        all_is_well(&mut world, &conversation);
        let (before, after) = (count_of(&world, first), count_of(&world, a));
        assert!(before < after, "{before} {after}");
    }
}

#[test]
fn what_no_switchboard_takes_is_kept_and_is_nobody_elses() {
    let (mut world, mut rng, mut conversation) = two_lines(2);
    let (a, office) = (conversation.a, world.phones[conversation.a].office);
    let backup = back_up(&mut world, a);
    world.set_on(a, false);
    world.lose_office(office);
    let _old = begin_to_restore(&mut world, a, &backup);
    conversation.removed = Some((a, conversation.said.len()));
    let refused = world.until(HOUR, |world| world.phones[a].saw(|e| matches!(e, Event::ClaimRefused(_))));
    assert!(refused, "the office does not know the line");
    let texts = texts_of(&mut world, a, "Ivo Tarn");
    assert_eq!(texts.len(), 8, "what was said is kept");
    let link = a_link(&mut world, 2);
    let other = world.call(a, |handset, now| handset.claim(now, &link, "Oda Kell", false));
    assert!(matches!(other, Err(Error::NotTaken)), "no other line is built over it: {other:?}");
    world.hang_up(a);
    world.phones[a].office = 2;
    world.call(a, |handset, now| handset.claim(now, &link, "Ada Marsh", true)).expect("another office may take it");
    world.crash_phone(a);
    let restored = world.until(HOUR, |world| world.phones[a].saw(|e| *e == Event::Restored));
    assert!(restored, "and does: {:?}", world.phones[a].events);
    some_words(&mut world, &mut rng, &mut conversation, 3);
    all_is_well(&mut world, &conversation);
}

#[test]
fn restored_while_the_contact_is_off_and_has_something_to_say() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed);
        let (a, b) = (conversation.a, conversation.b);
        let backup = back_up(&mut world, a);
        world.set_on(b, false);
        say(&mut world, &mut conversation, b, "written in a tunnel");
        restore_first(&mut world, &mut conversation, &backup);
        say(&mut world, &mut conversation, a, "and this in another");
        world.pass(3 * DAY);
        world.set_on(b, true);
        some_words(&mut world, &mut rng, &mut conversation, 3);
        all_is_well(&mut world, &conversation);
        let texts = texts_of(&mut world, a, "Ivo Tarn");
        assert!(texts.contains(&"written in a tunnel".to_owned()), "{texts:?}");
    }
}

#[test]
fn a_contact_writes_at_once_though_the_restored_handset_is_off_again() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed);
        let (a, b) = (conversation.a, conversation.b);
        let backup = back_up(&mut world, a);
        world.set_on(b, false);
        restore_first(&mut world, &mut conversation, &backup);
        world.pass(HOUR);
        world.set_on(a, false);
        world.set_on(b, true);
        say(&mut world, &mut conversation, b, "are you back?");
        world.pass(HOUR);
        let read = world.phones[b].handset().read("Ada Marsh", None).expect("texts");
        assert_eq!(read.last().map(|text| text.state), Some(MessageState::Sent), "our own switchboard has it");
        world.set_on(b, false);
        world.set_on(a, true);
        world.pass(HOUR);
        let texts = texts_of(&mut world, a, "Ivo Tarn");
        assert!(texts.contains(&"are you back?".to_owned()), "and it waits for nothing else: {texts:?}");
        world.set_on(b, true);
        some_words(&mut world, &mut rng, &mut conversation, 3);
        all_is_well(&mut world, &conversation);
        assert_eq!(notices(&mut world, a, b), ["restored"]);
        assert_eq!(notices(&mut world, b, a), ["contact-restored"]);
    }
}

#[test]
fn what_waited_when_the_backup_was_made_is_said_once() {
    for seed in SEEDS {
        let (mut world, _, mut conversation) = two_lines(seed);
        let (a, b) = (conversation.a, conversation.b);
        world.set_on(b, false);
        say(&mut world, &mut conversation, a, "this waits");
        world.pass(HOUR);
        let backup = back_up(&mut world, a);
        if seed.is_multiple_of(2) {
            // It arrives all the same.
            world.set_on(b, true);
            world.pass(HOUR);
        }
        restore(&mut world, a, &backup);
        all_is_well(&mut world, &conversation);
        let texts = texts_of(&mut world, b, "Ada Marsh");
        assert_eq!(texts.iter().filter(|text| *text == "this waits").count(), 1, "{texts:?}");
    }
}

#[test]
fn a_blocked_contact_stays_blocked_and_a_card_is_taken_back() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed);
        let (a, b) = (conversation.a, conversation.b);
        let card = stored_card(&mut world, a, &a_card(2, false));
        world.call(a, |handset, now| handset.block_person(now, "Ivo Tarn")).expect("blocked");
        world.pass(HOUR);
        let backup = back_up(&mut world, a);
        restore(&mut world, a, &backup);
        say(&mut world, &mut conversation, b, "are you there?");
        world.pass(DAY);
        let person = world.phones[a].handset().person("Ivo Tarn").expect("a person");
        assert_eq!(person.state, ContactState::Blocked);
        assert!(!texts_of(&mut world, a, "Ivo Tarn").contains(&"are you there?".to_owned()));
        let c = world.add_phone("Oda Kell", 1);
        let begun = world.call(c, |handset, now| handset.accept(now, &card.url, None));
        assert!(begun.is_ok());
        world.pass(HOUR);
        assert!(!acts::knows(&mut world, c, a), "whoever has the old handset knows the card too");
        world.call(a, |handset, now| handset.unblock_person(now, "Ivo Tarn")).expect("unblocked");
        some_words(&mut world, &mut rng, &mut conversation, 3);
        all_is_well(&mut world, &conversation);
    }
}

#[test]
fn later_backups_need_the_passphrase_of_the_first() {
    let (mut world, _, conversation) = two_lines(1);
    let a = conversation.a;
    let backup = back_up(&mut world, a);
    let seed: Vec<u8> = backup.query_row("SELECT seed FROM successor", [], |row| row.get(0)).expect("a seed");
    let kept: Vec<Vec<u8>> = world.phones[a].column("SELECT successor FROM own", ());
    assert_eq!((seed.len(), &kept[0]), (64, &Vec::new()), "the seed has left the handset");
    assert!(!database::pages_contain(world.phones[a].database(), &seed).expect("pages"));
    let mut again = |passphrase: &str, old: Option<&str>| {
        let into = database::open_memory().expect("a database");
        world.call(a, |handset, now| {
            let made = handset.write_backup(now, &into, passphrase, old, &mut |_, _| {})?;
            handset.keep_backup(now, &made)
        })
    };
    assert!(matches!(again("another", None), Err(Error::WrongBackupPassphrase)));
    assert!(matches!(again("another", Some("a third")), Err(Error::WrongBackupPassphrase)));
    assert!(again(PASSPHRASE, None).is_ok());
    assert!(again("another", Some(PASSPHRASE)).is_ok());
    assert!(matches!(again(PASSPHRASE, None), Err(Error::WrongBackupPassphrase)));
    assert!(again("another", None).is_ok());
    let restored: Vec<Vec<u8>> = world.phones[a].column("SELECT successor FROM own", ());
    assert_eq!(restored, [Vec::<u8>::new()]);
}

/// Lists that say that the line of this handset was restored, by whoever has its identity key and no more.
fn forged(world: &World, phone: usize) -> Vec<Vec<u8>> {
    let seed: Vec<Vec<u8>> = world.phones[phone].column("SELECT identity FROM own", ());
    let identity = SigningKey::from_seed(seed[0].as_slice().try_into().expect("a seed"));
    let signed: Vec<Vec<u8>> = world.phones[phone].column("SELECT handsets FROM own", ());
    let list = verify_handset_list(&signed[0], &identity.public()).expect("a list");
    let mut rng = ChaCha20Rng::seed_from_u64(99);
    let own = SigningKey::generate(&mut rng);
    let mut entry = list.handsets[0].clone();
    entry.handset = protocol::HandsetId::new([9; 16]);
    entry.signing = own.public();
    let claims = HandsetList {
        number: list.number + 1,
        previous: Some(ByteBuf::from(list_hash(&signed[0]))),
        handsets: vec![entry],
        restored: list.restored + 1,
        successor_key: Some(own.public()),
        ..list
    };
    let another = HandsetList { successor: ByteBuf::from(seal::successor_hash(&own.public())), ..claims.clone() };
    vec![
        sign_handset_list(&identity, &HandsetList { successor_key: None, ..claims.clone() }),
        sign_handset_list(&identity, &claims),
        sign_restored_list(&identity, &own, &claims),
        // This one holds in itself, but names another successor than the one that is pinned.
        sign_restored_list(&identity, &own, &another),
    ]
}

#[test]
fn a_switchboard_that_merely_says_so_does_not_stop_a_handset() {
    let (mut world, mut rng, mut conversation) = two_lines(2);
    let a = conversation.a;
    for handsets in forged(&world, a) {
        let frame = encode(&FromSwitchboard::Superseded { handsets: ByteBuf::from(handsets) });
        let taken = world.call(a, |handset, now| handset.receive(now, &frame));
        assert!(matches!(taken, Err(Error::NotAuthentic(_))), "{taken:?}");
        assert_eq!(world.phones[a].handset().superseded().expect("a database"), None);
    }
    some_words(&mut world, &mut rng, &mut conversation, 3);
    all_is_well(&mut world, &conversation);
}

#[test]
fn a_contact_believes_no_restore_without_the_successors_signature() {
    let (mut world, mut rng, mut conversation) = two_lines(2);
    let (a, b) = (conversation.a, conversation.b);
    let known = stored_card(&mut world, a, &a_card(8, false));
    let before: Vec<Vec<u8>> = world.phones[b].column("SELECT handsets FROM contact", ());
    for (seed, handsets) in (50..).zip(forged(&world, a)) {
        let card = stored_card(&mut world, b, &a_card(1, false));
        Impostor::introduce_with(&mut world, seed, (b, &card.url), (a, &known.url), 2, Some(handsets));
        world.pass(HOUR);
    }
    let after: Vec<Vec<u8>> = world.phones[b].column("SELECT handsets FROM contact", ());
    assert_eq!(before, after, "whom he speaks with has not changed");
    assert_eq!(notices(&mut world, b, a), Vec::<String>::new());
    some_words(&mut world, &mut rng, &mut conversation, 3);
    all_is_well(&mut world, &conversation);
}
