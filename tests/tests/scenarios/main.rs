//! What can happen to people, each on its own and under several seeds' weather. (The simulator mixes all of it.)

mod impostors;

use std::time::Duration;

use handset::{CardState, ContactState, Event, SessionState};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scenarios::acts::{self, a_card, all_is_well, calm_down, say, some_words, stored_card, take_up};
use scenarios::checks::{agree, nothing_grows};
use scenarios::network::below;
use scenarios::{Conversation, Weather, World};

/// Seeds for each scenario.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=8;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Two lines that have met, at these offices, and some words between them.
fn two_lines(seed: u64, offices: (usize, usize)) -> (World, ChaCha20Rng, Conversation) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (mut world, mut conversation) = acts::two_lines(seed, 3, offices);
    world.weather = Weather::draw(&mut rng);
    some_words(&mut world, &mut rng, &mut conversation, 10);
    (world, rng, conversation)
}

fn texts_of(world: &mut World, phone: usize, person: &str) -> Vec<String> {
    let read = world.phones[phone].handset().read(person, None).expect("texts");
    read.into_iter().map(|message| message.text).collect()
}

fn current_generation(world: &World, phone: usize) -> u64 {
    world.phones[phone].column("SELECT number FROM generation WHERE current = 1", ())[0]
}

#[test]
fn a_card_for_many_and_two_lines_on_one_switchboard() {
    for seed in SEEDS {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut world = World::new(seed, 2);
        let (a, b, c) =
            (world.add_phone("Ada Marsh", 0), world.add_phone("Ivo Tarn", 1), world.add_phone("Oda Kell", 0));
        let card = stored_card(&mut world, a, &a_card(2, false));
        world.weather = Weather::draw(&mut rng);
        let mut conversations = [Conversation::new(a, b), Conversation::new(a, c)];
        take_up(&mut world, b, a, &card.url);
        take_up(&mut world, c, a, &card.words);
        for _ in 0..10 {
            for conversation in &mut conversations {
                some_words(&mut world, &mut rng, conversation, 1);
            }
        }
        all_is_well(&mut world, &conversations, HOUR);
        let now = world.now;
        let card = world.phones[a].handset().cards(now).expect("cards").remove(0);
        assert_eq!((card.state, card.uses_left), (CardState::Used, 0));
        assert_eq!(card.taken_by, ["Ivo Tarn", "Oda Kell"]);
        assert!(world.phones[b].handset().person("Oda Kell").is_err(), "a card introduces nobody to each other");
    }
}

#[test]
fn blocked_for_a_while() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        acts::block_for_a_while(&mut world, &mut rng, &mut conversation);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, &[conversation], DAY);
    }
}

#[test]
fn removed_and_met_again_by_a_new_card() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        acts::remove_and_meet_again(&mut world, &mut rng, &mut conversation);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, &[conversation], DAY);
    }
}

#[test]
fn a_further_card_of_somebody_known() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        let (a, b) = (conversation.a, conversation.b);
        let card = stored_card(&mut world, a, &a_card(1, false));
        take_up(&mut world, b, a, &card.url);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, &[conversation], DAY);
        let takers = |world: &mut World| -> Vec<Vec<String>> {
            let now = world.now;
            world.phones[a].handset().cards(now).expect("cards").into_iter().map(|card| card.taken_by).collect()
        };
        // Between people who know each other nobody tries again for ever: the weather may have won.
        let second: &[&str] = if current_generation(&world, a) > 1 { &["Ivo Tarn"] } else { &[] };
        assert_eq!(takers(&mut world), [&["Ivo Tarn"], second], "each card tells who took it up");
        world.call(a, |handset, now| handset.remove_person(now, "Ivo Tarn")).expect("removed");
        assert_eq!(takers(&mut world), [&["Ivo Tarn"], second], "also afterwards");
    }
}

#[test]
fn a_request_is_refused_and_the_card_keeps_its_use() {
    for seed in SEEDS {
        let mut world = World::new(seed, 2);
        let (a, b) = (world.add_phone("Ada Marsh", 0), world.add_phone("Ivo Tarn", 1));
        let card = stored_card(&mut world, a, &a_card(1, true));
        world.call(b, |handset, now| handset.accept(now, &card.url, None)).expect("a card");
        // What they write before they are admitted waits.
        let asked = world.until(HOUR, |world| !world.phones[a].handset().requests().expect("requests").is_empty());
        assert!(asked, "a request arrives");
        assert_eq!(world.phones[b].handset().person("Ada Marsh").expect("a person").state, ContactState::Asked);
        world.call(b, |handset, now| handset.text(now, "Ada Marsh", "may I?", None)).expect("a text");
        world.pass(HOUR);
        world.call(a, |handset, now| handset.refuse(now, "Ivo Tarn")).expect("refused");
        world.pass(HOUR);
        assert!(world.phones[a].handset().person("Ivo Tarn").is_err(), "nobody became a contact");
        let of_refused: Vec<u64> =
            world.phones[a].column("SELECT (SELECT count(*) FROM held) + (SELECT count(*) FROM request)", ());
        assert_eq!(of_refused, [0], "nothing of theirs is kept");
        let now = world.now;
        let card = world.phones[a].handset().cards(now).expect("cards").remove(0);
        assert_eq!((card.state, card.uses_left), (CardState::Open, 1));
        // Somebody else uses it.
        let c = world.add_phone("Oda Kell", 1);
        world.call(c, |handset, now| handset.accept(now, &card.url, None)).expect("a card");
        let asked = world.until(HOUR, |world| !world.phones[a].handset().requests().expect("requests").is_empty());
        assert!(asked, "the card still works");
        world.call(a, |handset, now| handset.admit(now, "Oda Kell")).expect("admitted");
        let mut conversation = Conversation::new(a, c);
        say(&mut world, &mut conversation, c, "hello");
        all_is_well(&mut world, &[conversation], HOUR);
    }
}

#[test]
fn a_card_is_revoked_while_it_is_taken_up() {
    let (mut met, mut asked, mut refused) = (0, 0, 0);
    for seed in 1..=24 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut world = World::new(seed, 2);
        let (a, b) = (world.add_phone("Ada Marsh", 0), world.add_phone("Ivo Tarn", 1));
        let card = stored_card(&mut world, a, &a_card(1, false));
        world.call(b, |handset, now| handset.accept(now, &card.url, None)).expect("a card");
        world.pass(Duration::from_millis(below(&mut rng, 60)));
        let before = acts::knows(&mut world, a, b);
        world.call(a, |handset, now| handset.revoke_card(now, &card.id)).expect("revoked");
        world.pass(HOUR);
        let asks = !world.phones[a].handset().requests().expect("requests").is_empty();
        assert_eq!(acts::knows(&mut world, a, b), before, "nobody comes in unasked by a card that was taken back");
        if before || asks {
            met += u32::from(before);
            if asks {
                // It was on its way already: she may still let him in.
                asked += 1;
                world.call(a, |handset, now| handset.admit(now, "Ivo Tarn")).expect("admitted");
            }
            let mut conversation = Conversation::new(a, b);
            some_words(&mut world, &mut rng, &mut conversation, 3);
            all_is_well(&mut world, &[conversation], HOUR);
        } else {
            refused += 1;
            let person = world.phones[b].handset().person("Ada Marsh").map(|person| person.state);
            let told = world.phones[b].saw(|event| matches!(event, Event::AcceptRefused { .. }));
            let known = matches!(person, Ok(ContactState::Refused));
            assert!(told || known, "whoever took it up is told: {person:?}");
            let again = world.call(b, |handset, now| handset.accept(now, &card.url, None));
            world.pass(HOUR);
            assert!(!acts::knows(&mut world, a, b), "revoked is revoked: {again:?}");
        }
    }
    let all = met > 0 && asked > 0 && refused > 0;
    assert!(all, "every end was seen: {met} met, {asked} asked, {refused} refused");
}

#[test]
fn days_pass_and_both_renew_their_keys_at_once() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        for _ in 0..4 {
            world.pass(DAY + HOUR);
            some_words(&mut world, &mut rng, &mut conversation, 3);
        }
        all_is_well(&mut world, std::slice::from_ref(&conversation), HOUR);
        let generation: Vec<Vec<u8>> =
            world.phones[conversation.a].column("SELECT id FROM generation WHERE current = 1", ());
        let epochs: Vec<u64> = world
            .offices
            .iter_mut()
            .flat_map(|office| {
                scenarios::phone::column(
                    office.database(),
                    "SELECT epoch FROM generations WHERE generation = ?1",
                    [&generation[0]],
                )
            })
            .collect();
        assert!(epochs[0] >= 5, "each day has its keys: epoch {}", epochs[0]);
        assert_eq!(current_generation(&world, conversation.a), 1);
    }
}

#[test]
fn a_handsets_clock_is_days_off() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        let phone = if seed % 2 == 0 { conversation.a } else { conversation.b };
        acts::wrong_clock(&mut world, &mut rng, phone);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        world.pass(2 * DAY);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        calm_down(&mut world, std::slice::from_ref(&conversation), HOUR);
        assert!(world.phones[phone].saw(|event| matches!(event, Event::ClockOff { .. })), "the handset says so");
        agree(&mut world, &conversation);
        acts::right_clock(&mut world, phone);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, &[conversation], HOUR);
    }
}

#[test]
fn a_switchboard_loses_its_database() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        acts::lose_office(&mut world, usize::from(seed % 2 == 0));
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, std::slice::from_ref(&conversation), DAY);
        assert!(current_generation(&world, conversation.a) > 1, "the conversation was founded again");
    }
}

#[test]
fn a_switchboard_loses_its_database_again_and_again_while_the_other_handset_is_off() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
        // More often than the other's way in has key packages of one use.
        world.set_on(conversation.a, false);
        for _ in 0..5 {
            acts::lose_office(&mut world, 1);
            let b = conversation.b;
            say(&mut world, &mut conversation, b, "still there?");
            world.pass(HOUR);
        }
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, std::slice::from_ref(&conversation), DAY);
        let generation = current_generation(&world, conversation.a);
        assert!(generation > 5, "{generation}");
    }
}

#[test]
fn the_switchboard_of_both_loses_its_database() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 0));
        acts::lose_office(&mut world, 0);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, std::slice::from_ref(&conversation), DAY);
    }
}

#[test]
fn a_line_moves_to_another_switchboard() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        let phone = if seed % 2 == 0 { conversation.a } else { conversation.b };
        acts::move_line(&mut world, phone, 2);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, std::slice::from_ref(&conversation), DAY);
        // Then the old switchboard has forgotten what nobody came for.
        world.pass(40 * DAY);
        calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
        for office in &mut world.offices {
            let items: Vec<u64> = scenarios::phone::column(office.database(), "SELECT count(*) FROM items", ());
            assert_eq!(items, [0], "nothing waits at {} for ever", office.address);
        }
        let kept: Vec<u64> = world.phones[phone].column("SELECT count(*) FROM generation", ());
        assert_eq!(kept, [1], "old keys are gone");
        agree(&mut world, &conversation);
    }
}

#[test]
fn a_switchboard_is_gone_for_good() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        // The one who took the card up founded, so theirs is the sequencer.
        let phone = if seed % 2 == 0 { conversation.a } else { conversation.b };
        let office = world.phones[phone].office;
        world.offices[office].dark = true;
        some_words(&mut world, &mut rng, &mut conversation, 5);
        acts::move_line(&mut world, phone, 2);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        acts::heal(&mut world);
        let talked = world.until(2 * DAY, |world| {
            [conversation.a, conversation.b].into_iter().all(|phone| {
                let status = world.phones[phone].handset().status().expect("a status");
                status.pending.is_empty()
            })
        });
        assert!(talked, "they go on without it");
        agree(&mut world, &conversation);
    }
}

#[test]
fn switchboards_with_little_room() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        acts::tight(&mut world);
        world.partitioned = true;
        some_words(&mut world, &mut rng, &mut conversation, 60);
        world.partitioned = false;
        let (a, b) = (conversation.a, conversation.b);
        world.set_on(if seed % 2 == 0 { a } else { b }, false);
        some_words(&mut world, &mut rng, &mut conversation, 60);
        acts::roomy(&mut world);
        all_is_well(&mut world, &[conversation], 2 * DAY);
    }
}

#[test]
fn a_false_sequencer() {
    let mut tampered = 0;
    for seed in 1..=24 {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        conversation.ordered = false;
        acts::hostile(&mut world, 1, 300);
        for _ in 0..3 {
            some_words(&mut world, &mut rng, &mut conversation, 6);
            world.pass(DAY / 2);
        }
        tampered += acts::honest_again(&mut world);
        some_words(&mut world, &mut rng, &mut conversation, 3);
        all_is_well(&mut world, &[conversation], 2 * DAY);
    }
    assert!(tampered > 100, "it did its worst: {tampered}");
}

#[test]
fn blocked_removed_and_met_again() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        let (a, b) = (conversation.a, conversation.b);
        calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
        world.call(a, |handset, now| handset.block_person(now, "Ivo Tarn")).expect("blocked");
        world.pass(HOUR);
        world.call(a, |handset, now| handset.unblock_person(now, "Ivo Tarn")).expect("unblocked");
        if seed % 2 == 0 {
            world.pass(HOUR);
        }
        world.call(a, |handset, now| handset.remove_person(now, "Ivo Tarn")).expect("removed");
        conversation.removed = Some((a, conversation.said.len()));
        let card = stored_card(&mut world, a, &a_card(1, false));
        take_up(&mut world, b, a, &card.url);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, std::slice::from_ref(&conversation), HOUR);
    }
}

#[test]
fn an_answer_stays_after_the_question() {
    for seed in SEEDS {
        let mut world = World::new(seed, 2);
        let (a, b) = (world.add_phone("Ada Marsh", 0), world.add_phone("Ivo Tarn", 1));
        let card = stored_card(&mut world, a, &a_card(1, false));
        let mut conversation = Conversation::new(a, b);
        // As soon as a card is taken up one may write, long before the issuer's handset is on.
        world.set_on(a, false);
        world.call(b, |handset, now| handset.accept(now, &card.url, None)).expect("a card");
        let added = world.until(HOUR, |world| acts::knows(world, b, a));
        assert!(added, "a contact");
        say(&mut world, &mut conversation, b, "Shall we meet at nine?");
        world.pass(HOUR);
        world.set_on(b, false);
        world.set_on(a, true);
        let arrived = world.until(HOUR, |world| acts::knows(world, a, b) && texts_of(world, a, "Ivo Tarn").len() == 1);
        assert!(arrived, "the question");
        say(&mut world, &mut conversation, a, "No.");
        world.pass(HOUR);
        world.set_on(b, true);
        world.pass(HOUR);
        for (phone, person) in [(a, "Ivo Tarn"), (b, "Ada Marsh")] {
            assert_eq!(texts_of(&mut world, phone, person), ["Shall we meet at nine?", "No."]);
        }
        all_is_well(&mut world, &[conversation], HOUR);
    }
}

#[test]
fn what_is_taken_back_before_it_left_never_leaves() {
    for seed in SEEDS {
        let (mut world, _, conversation) = two_lines(seed, (0, 1));
        all_is_well(&mut world, std::slice::from_ref(&conversation), DAY);
        let (a, b) = (conversation.a, conversation.b);
        // Encrypted, and the connection gone before it went.
        let is_online = |world: &mut World| world.phones[a].handset().session_state() == SessionState::Online;
        assert!(world.until(DAY, is_online), "seed {seed}");
        let now = world.now;
        let text = world.phones[a].handset().text(now, "Ivo Tarn", "in anger", None).expect("a text");
        world.hang_up(a);
        world.set_on(a, false);
        world.crash_phone(a);
        let waiting: Vec<u64> = world.phones[a].column("SELECT count(*) FROM deed WHERE envelope IS NOT NULL", ());
        assert_eq!(waiting, [1], "seed {seed}");
        world.call(a, |handset, now| handset.unsend(now, "Ivo Tarn", &text.to_text())).expect("taken back");
        calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
        let came = |event: &Event| matches!(event, Event::Arrived { id, .. } if *id == text);
        assert!(!world.phones[b].saw(came), "seed {seed}");
        nothing_grows(&mut world, std::slice::from_ref(&conversation));
    }
}

#[test]
fn met_again_and_blocked_at_once() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        let (a, b) = (conversation.a, conversation.b);
        calm_down(&mut world, std::slice::from_ref(&conversation), DAY);
        world.call(a, |handset, now| handset.remove_person(now, "Ivo Tarn")).expect("removed");
        conversation.removed = Some((a, conversation.said.len()));
        let card = stored_card(&mut world, a, &a_card(1, false));
        world.set_on(a, false);
        world.call(b, |handset, now| handset.accept(now, &card.url, None)).expect("a card");
        world.pass(HOUR);
        say(&mut world, &mut conversation, b, "three");
        world.pass(HOUR);
        world.set_on(a, true);
        assert!(world.until(HOUR, |world| acts::knows(world, a, b)), "met again");
        world.call(a, |handset, now| handset.block_person(now, "Ivo Tarn")).expect("blocked");
        if seed % 2 == 0 {
            world.pass(HOUR);
        }
        world.call(a, |handset, now| handset.unblock_person(now, "Ivo Tarn")).expect("unblocked");
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, std::slice::from_ref(&conversation), HOUR);
    }
}
