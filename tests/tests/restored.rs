//! A switchboard goes back to an older copy of its data: nothing that was said is lost or doubled, on either side, and
//! nothing that was taken back is good again.

use std::time::Duration;

use handset::{CardState, Event, SessionState};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scenarios::acts::{self, a_card, all_is_well, calm_down, say, some_words, stored_card, take_up};
use scenarios::network::{below, chance};
use scenarios::{Conversation, Weather, World};

/// Seeds for each scenario.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=8;
const HOUR: Duration = Duration::from_secs(3600);

/// Two lines that have met, at these offices, and some words between them.
fn two_lines(seed: u64, offices: (usize, usize)) -> (World, ChaCha20Rng, Conversation) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (mut world, mut conversation) = acts::two_lines(seed, 2, offices);
    world.weather = Weather::draw(&mut rng);
    some_words(&mut world, &mut rng, &mut conversation, 10);
    (world, rng, conversation)
}

/// Each of the two at times off while the copy ages, so that what waits for it is lost with the switchboard.
fn talk_on(world: &mut World, rng: &mut ChaCha20Rng, conversation: &mut Conversation) {
    for _ in 0..4 {
        let who = if chance(rng, 500) { conversation.a } else { conversation.b };
        world.set_on(who, chance(rng, 500));
        some_words(world, rng, conversation, 5);
    }
}

#[test]
fn texts_of_the_time_between_arrive_once_and_both_ways() {
    for seed in SEEDS {
        for office in [0, 1] {
            let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
            let backup = world.offices[office].copy();
            talk_on(&mut world, &mut rng, &mut conversation);
            world.go_back(office, &backup);
            talk_on(&mut world, &mut rng, &mut conversation);
            all_is_well(&mut world, &[conversation.clone()], 24 * HOUR);
            some_words(&mut world, &mut rng, &mut conversation, 5);
            all_is_well(&mut world, &[conversation.clone()], 24 * HOUR);
        }
    }
}

#[test]
fn going_back_to_the_same_copy_again_and_again() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        let backup = world.offices[0].copy();
        for _ in 0..3 {
            talk_on(&mut world, &mut rng, &mut conversation);
            world.go_back(0, &backup);
            world.pass(Duration::from_millis(below(&mut rng, 20_000)));
        }
        // A place that one side was told of may be lost before the other is, which keeps an older one.
        conversation.ordered = false;
        all_is_well(&mut world, &[conversation.clone()], 24 * HOUR);
    }
}

#[test]
fn both_offices_go_back() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        let backups = [world.offices[0].copy(), world.offices[1].copy()];
        talk_on(&mut world, &mut rng, &mut conversation);
        world.go_back(0, &backups[0]);
        world.pass(Duration::from_millis(below(&mut rng, 20_000)));
        world.go_back(1, &backups[1]);
        talk_on(&mut world, &mut rng, &mut conversation);
        all_is_well(&mut world, &[conversation.clone()], 24 * HOUR);
    }
}

#[test]
fn the_office_of_both_goes_back() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 0));
        let backup = world.offices[0].copy();
        talk_on(&mut world, &mut rng, &mut conversation);
        world.go_back(0, &backup);
        talk_on(&mut world, &mut rng, &mut conversation);
        all_is_well(&mut world, &[conversation.clone()], 24 * HOUR);
    }
}

#[test]
fn days_pass_and_keys_are_renewed_between_copy_and_return() {
    for seed in SEEDS {
        let (mut world, mut rng, mut conversation) = two_lines(seed, (0, 1));
        calm_down(&mut world, std::slice::from_ref(&conversation), 24 * HOUR);
        let backup = world.offices[0].copy();
        world.pass(50 * HOUR);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        world.go_back(0, &backup);
        some_words(&mut world, &mut rng, &mut conversation, 5);
        all_is_well(&mut world, &[conversation.clone()], 24 * HOUR);
    }
}

#[test]
fn cards_are_as_their_issuer_has_them_and_not_as_the_copy_had_them() {
    for seed in SEEDS {
        let (mut world, _, conversation) = two_lines(seed, (0, 1));
        let (a, c) = (conversation.a, world.add_phone("Oda Kell", 1));
        world.weather = Weather::CALM;
        let (taken_back, used) = (a_card(1, false), a_card(1, false));
        let (taken_back, used) = (stored_card(&mut world, a, &taken_back), stored_card(&mut world, a, &used));
        let backup = world.offices[0].copy();
        let made_since = stored_card(&mut world, a, &a_card(2, false));
        world.call(a, |handset, now| handset.revoke_card(now, &taken_back.id)).expect("taken back");
        take_up(&mut world, c, a, &used.url);
        world.pass(HOUR);
        world.go_back(0, &backup);
        let again = world.until(HOUR, |world| world.phones[a].handset().session_state() == SessionState::Online);
        assert!(again, "the handset is back");
        world.pass(HOUR);

        let d = world.add_phone("Ewa Lund", 1);
        for url in [&taken_back.url, &used.url] {
            let before = world.phones[d].events.len();
            world.call(d, |handset, now| handset.accept(now, url, None)).expect("it may be tried");
            let refused = |event: &Event| matches!(event, Event::AcceptRefused { .. });
            let ended = world.until(HOUR, |world| world.phones[d].events[before..].iter().any(refused));
            assert!(ended, "a card that is gone stays gone: {:?}", &world.phones[d].events[before..]);
        }
        take_up(&mut world, d, a, &made_since.url);
        let now = world.now;
        let cards = world.phones[a].handset().cards(now).expect("cards");
        let of = |id: &str| cards.iter().find(|card| card.id == id).expect("a card");
        assert_eq!((of(&made_since.id).state, of(&made_since.id).uses_left), (CardState::Open, 1));
        assert_eq!((of(&used.id).state, of(&taken_back.id).state), (CardState::Used, CardState::Revoked));
    }
}

#[test]
fn whoever_asked_before_can_still_be_admitted() {
    for seed in SEEDS {
        let (mut world, mut rng, conversation) = two_lines(seed, (0, 1));
        let (a, c) = (conversation.a, world.add_phone("Oda Kell", 1));
        world.weather = Weather::CALM;
        let card = stored_card(&mut world, a, &a_card(1, true));
        // The copy is from before or after the asking.
        let before = world.offices[0].copy();
        world.call(c, |handset, now| handset.accept(now, &card.url, None)).expect("taken up");
        let asked = world.until(HOUR, |world| !world.phones[a].handset().requests().expect("requests").is_empty());
        assert!(asked, "the issuer is asked");
        let backup = if chance(&mut rng, 500) { before } else { world.offices[0].copy() };
        world.go_back(0, &backup);
        world.pass(HOUR);
        world.call(a, |handset, now| handset.admit(now, "Oda Kell")).expect("admitted");
        let mut other = Conversation::new(a, c);
        say(&mut world, &mut other, a, "You asked for me.");
        all_is_well(&mut world, &[conversation, other], 24 * HOUR);
    }
}
