//! Texts that expire: agreeing on it, and that nothing of what is over is left.

use std::time::Duration;

use database::{DatabaseKey, open_encrypted, pages_contain};
use handset::{Entry, Error, Handset};
use protocol::expiry::Term;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use scenarios::acts::{self, a_card, calm_down, stored_card, take_up};
use scenarios::processes::Folder;
use scenarios::{Conversation, Weather, World};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=6;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// What is said where it must be gone later; one word, as the index keeps words.
const SECRET: &str = "quincefalcon";
/// Long enough to be nowhere by chance.
const REACTION: &str = "👩🏾‍🤝‍👨🏻";

/// Two lines that have met, in a seed's weather.
fn two_lines(seed: u64) -> (World, usize, usize) {
    let (mut world, Conversation { a, b, .. }) = acts::two_lines(seed, 2, (0, 1));
    world.weather = Weather::draw(&mut ChaCha20Rng::seed_from_u64(seed));
    (world, a, b)
}

fn name(world: &World, phone: usize) -> String {
    world.phones[phone].name.clone()
}

fn calm(world: &mut World, a: usize, b: usize) {
    calm_down(world, &[Conversation::new(a, b)], DAY);
}

fn propose(world: &mut World, from: usize, to: usize, term: Term) {
    let to = name(world, to);
    world.call(from, |handset, now| handset.propose_expiry(now, &to, term)).expect("a proposal");
}

fn accept(world: &mut World, from: usize, to: usize) {
    let to = name(world, to);
    world.call(from, |handset, now| handset.accept_expiry(now, &to)).expect("an answer");
}

fn say(world: &mut World, from: usize, to: usize, text: &str) -> String {
    let to = name(world, to);
    world.call(from, |handset, now| handset.text(now, &to, text, None)).expect("a text").to_text()
}

/// What holds, what is proposed from here, and what from there.
fn terms(world: &mut World, whose: usize, other: usize) -> (Term, Option<Term>, Option<Term>) {
    let other = name(world, other);
    let person = world.phones[whose].handset().person(&other).expect("a person");
    (person.expiry, person.expiry_asked, person.expiry_proposed)
}

/// What both sides hold, which must be the same.
fn agreed(world: &mut World, a: usize, b: usize) -> Term {
    let ((of_a, a_asks, b_asks), (of_b, b_asked, a_asked)) = (terms(world, a, b), terms(world, b, a));
    assert_eq!(of_a, of_b, "one term for both");
    assert_eq!((a_asks, b_asks), (a_asked, b_asked), "the same proposals for both");
    of_a
}

fn agree_on(world: &mut World, a: usize, b: usize, term: Term) {
    propose(world, a, b, term);
    calm(world, a, b);
    accept(world, b, a);
    calm(world, a, b);
    assert_eq!(agreed(world, a, b), term);
}

fn texts(world: &mut World, whose: usize, other: usize) -> Vec<String> {
    let other = name(world, other);
    let all = world.phones[whose].handset().read(&other, None).expect("a conversation");
    all.into_iter().map(|text| text.text).collect()
}

fn acts_seen(world: &mut World, whose: usize, other: usize) -> Vec<(&'static str, Option<Term>)> {
    let other = name(world, other);
    let all = world.phones[whose].handset().conversation(&other, None).expect("a conversation");
    let line = |entry: Entry| match entry {
        Entry::Expiry(line) => Some((line.act, line.term)),
        Entry::Text(_) => None,
    };
    all.into_iter().filter_map(line).collect()
}

/// Whether words are anywhere in a handset's pages.
fn holds(world: &World, phone: usize, needle: &str) -> bool {
    pages_contain(world.phones[phone].database(), needle.as_bytes()).expect("pages")
}

#[test]
fn both_agree_and_texts_vanish_on_both_sides() {
    for seed in SEEDS {
        let (mut world, a, b) = two_lines(seed);
        say(&mut world, a, b, "before");
        agree_on(&mut world, a, b, Term::Day);
        let text = say(&mut world, a, b, &format!("the {SECRET} lands"));
        let reply = say(&mut world, b, a, SECRET);
        calm(&mut world, a, b);
        for (whose, other, id) in [(a, b, &reply), (b, a, &text)] {
            let other = name(&world, other);
            world.call(whose, |handset, now| handset.react(now, &other, id, REACTION)).expect("a reaction");
        }
        calm(&mut world, a, b);
        for (whose, other) in [(a, b), (b, a)] {
            assert_eq!(texts(&mut world, whose, other).len(), 3);
            assert!(holds(&world, whose, SECRET) && holds(&world, whose, REACTION), "the scan finds what is there");
        }
        world.pass(DAY);
        for (whose, other) in [(a, b), (b, a)] {
            assert_eq!(texts(&mut world, whose, other), ["before"], "what was said before keeps its terms");
            assert!(!holds(&world, whose, SECRET) && !holds(&world, whose, REACTION), "no page has it");
            let found = world.phones[whose].handset().search(SECRET, None, None, 9).expect("a search");
            assert!(found.is_empty());
            let lines = [("proposed", Some(Term::Day)), ("accepted", Some(Term::Day))];
            assert_eq!(acts_seen(&mut world, whose, other), lines);
        }
        // Back to keeping, which needs both too.
        propose(&mut world, b, a, Term::Off);
        calm(&mut world, a, b);
        assert_eq!(agreed(&mut world, a, b), Term::Day);
        accept(&mut world, a, b);
        calm(&mut world, a, b);
        assert_eq!(agreed(&mut world, a, b), Term::Off);
    }
}

/// What a line about expiry says was done.
fn act(entry: &Entry) -> Option<&'static str> {
    match entry {
        Entry::Expiry(line) => Some(line.act),
        Entry::Text(_) => None,
    }
}

#[test]
fn declined_withdrawn_and_proposed_anew() {
    let (mut world, a, b) = two_lines(1);
    propose(&mut world, a, b, Term::Day);
    calm(&mut world, a, b);
    assert_eq!(terms(&mut world, b, a), (Term::Off, None, Some(Term::Day)));
    let (of_a, of_b) = (name(&world, a), name(&world, b));
    world.call(b, |handset, now| handset.decline_expiry(now, &of_a)).expect("an answer");
    calm(&mut world, a, b);
    assert_eq!(agreed(&mut world, a, b), Term::Off);
    let again = world.call(b, |handset, now| handset.accept_expiry(now, &of_a));
    assert!(matches!(again, Err(Error::NothingProposed(_))), "{again:?}");

    // Withdrawn and accepted at once: the other's first answer decides, for both.
    for withdrawn_first in [true, false] {
        propose(&mut world, a, b, Term::Week);
        calm(&mut world, a, b);
        world.set_on(a, false);
        world.call(a, |handset, now| handset.withdraw_expiry(now, &of_b)).expect("withdrawn");
        if withdrawn_first {
            calm(&mut world, a, b);
            assert_eq!(terms(&mut world, b, a), (Term::Off, None, None));
            for (at, with) in [(a, &of_b), (b, &of_a)] {
                let lines = world.call(at, |handset, _| handset.conversation(with, None)).expect("a conversation");
                let acts: Vec<_> = lines.iter().filter_map(act).collect();
                assert_eq!(acts, ["proposed", "declined", "proposed", "withdrawn"], "nobody declined the second");
            }
        } else {
            accept(&mut world, b, a);
        }
        calm(&mut world, a, b);
        let expected = if withdrawn_first { Term::Off } else { Term::Week };
        assert_eq!(agreed(&mut world, a, b), expected);
    }
    let same = world.call(a, |handset, now| handset.propose_expiry(now, &of_b, Term::Week));
    assert!(matches!(same, Err(Error::ExpirySame(_))), "{same:?}");
}

#[test]
fn crossing_proposals_and_answers_end_alike() {
    for seed in SEEDS {
        for first in [0, 1] {
            let (mut world, a, b) = two_lines(seed);
            let (one, two) = if first == 0 { (a, b) } else { (b, a) };
            // Each is off while the other speaks.
            world.set_on(one, false);
            world.set_on(two, false);
            propose(&mut world, one, two, Term::Day);
            propose(&mut world, two, one, Term::Week);
            world.set_on(one, true);
            world.pass(Duration::from_secs(90));
            calm(&mut world, a, b);
            assert_eq!(terms(&mut world, one, two), (Term::Off, Some(Term::Day), Some(Term::Week)));
            assert_eq!(agreed(&mut world, a, b), Term::Off);
            // Both accept the other's at once.
            world.set_on(one, false);
            world.set_on(two, false);
            accept(&mut world, one, two);
            accept(&mut world, two, one);
            calm(&mut world, a, b);
            let held = agreed(&mut world, a, b);
            assert!(matches!(held, Term::Day | Term::Week), "one of the two: {held:?}");
            // And what comes after that counts after that.
            agree_on(&mut world, two, one, Term::FourWeeks);
        }
        // The same proposed from both sides at once is agreed.
        let (mut world, a, b) = two_lines(seed);
        world.set_on(a, false);
        world.set_on(b, false);
        propose(&mut world, a, b, Term::Week);
        propose(&mut world, b, a, Term::Week);
        calm(&mut world, a, b);
        assert_eq!(agreed(&mut world, a, b), Term::Week);
    }
}

#[test]
fn what_is_over_before_it_can_go_or_arrive_never_appears() {
    for seed in SEEDS {
        let (mut world, a, b) = two_lines(seed);
        agree_on(&mut world, a, b, Term::Day);
        // Ours is off: it never leaves.
        world.set_on(a, false);
        say(&mut world, a, b, SECRET);
        world.pass(DAY + HOUR);
        assert!(!holds(&world, a, SECRET), "it goes offline too");
        calm(&mut world, a, b);
        assert_eq!(texts(&mut world, b, a), Vec::<String>::new());
        // Theirs is off: it waits at the switchboard, and does not appear.
        world.set_on(b, false);
        let arrived = world.phones[b].events.len();
        let late = say(&mut world, a, b, SECRET);
        world.pass(2 * DAY);
        calm(&mut world, a, b);
        let came = |event: &handset::Event| matches!(event, handset::Event::Arrived { id, .. } if id.to_text() == late);
        assert!(!world.phones[b].events[arrived..].iter().any(came), "nobody is told of it");
        // It lies between the switchboards: its number follows it, and it is gone on both sides.
        world.partitioned = true;
        say(&mut world, a, b, SECRET);
        world.pass(2 * DAY);
        calm(&mut world, a, b);
        for (whose, other) in [(a, b), (b, a)] {
            assert_eq!(texts(&mut world, whose, other), Vec::<String>::new());
            assert!(!holds(&world, whose, SECRET));
        }
        let gaps: Vec<u64> = world.phones[b].column("SELECT count(*) FROM contact WHERE gap_ask_at IS NOT NULL", ());
        assert_eq!(gaps, [0], "no number is asked for");
    }
}

#[test]
fn one_side_alone_makes_nothing_vanish() {
    let (mut world, a, b) = two_lines(1);
    // As a changed handset would.
    let alone = "UPDATE contact SET expiry_seconds = 86400, expiry_turn = 1";
    world.phones[a].database().execute(alone, ()).expect("a change");
    say(&mut world, a, b, "I promise.");
    calm(&mut world, a, b);
    // And where it comes when it would be over.
    world.set_on(b, false);
    say(&mut world, a, b, "I do.");
    world.pass(2 * DAY);
    calm(&mut world, a, b);
    assert_eq!(texts(&mut world, a, b), Vec::<String>::new());
    assert_eq!(texts(&mut world, b, a), ["I promise.", "I do."]);
}

#[test]
fn what_was_over_before_it_came_leaves_one_line() {
    let (mut world, a, b) = two_lines(1);
    agree_on(&mut world, a, b, Term::Day);
    let notices = |world: &mut World| scenarios::restores::notices(world, b, a);
    assert_eq!(notices(&mut world), [""; 0]);
    for round in 1..=2 {
        world.set_on(b, false);
        for _ in 0..5 {
            say(&mut world, a, b, SECRET);
        }
        world.pass(2 * DAY);
        calm(&mut world, a, b);
        assert_eq!(texts(&mut world, b, a), [""; 0]);
        assert_eq!(notices(&mut world), vec!["over-before-it-came"; round], "one for all that came at a time");
    }
}

#[test]
fn a_number_without_words_ends_no_text_before_its_time() {
    let (mut world, a, b) = two_lines(1);
    world.weather = Weather::CALM;
    agree_on(&mut world, a, b, Term::Day);
    say(&mut world, a, b, SECRET);
    calm(&mut world, a, b);
    let before = world.now;
    // The writer's clock leaps, so that the words are gone there; and the reader's handset asks for them once more.
    world.set_clock(a, 3 * 86_400_000);
    world.call(a, |handset, now| handset.timeout(now)).expect("a step");
    assert_eq!(texts(&mut world, a, b), [""; 0]);
    let again = "UPDATE heard SET through = through - 1; UPDATE contact SET status_due = 1;";
    world.phones[b].database().execute_batch(again).expect("asked again");
    world.call(b, |handset, now| handset.timeout(now)).expect("a step");
    world.pass(HOUR);
    let missing: Vec<u64> = world.phones[b].column("SELECT known - through FROM heard", ());
    assert_eq!(missing, [0], "what was asked for came");
    assert_eq!(texts(&mut world, b, a), [SECRET], "it stays as long as was agreed");
    world.pass(DAY);
    assert!(world.now > before.after(DAY));
    assert_eq!(texts(&mut world, b, a), [""; 0]);
}

#[test]
fn a_wrong_clock_neither_ends_a_text_at_once_nor_keeps_it_for_ever() {
    for days in [-5, 5] {
        let (mut world, a, b) = two_lines(3);
        agree_on(&mut world, a, b, Term::Day);
        world.set_clock(a, days * 86_400_000);
        say(&mut world, a, b, SECRET);
        world.pass(HOUR);
        assert_eq!(texts(&mut world, b, a), [SECRET], "a clock {days} days off");
        acts::right_clock(&mut world, a);
        // The handset learns that when it next connects, and lets go of what would stay too long.
        world.hang_up(a);
        world.crash_phone(a);
        world.pass(DAY + HOUR);
        for (whose, other) in [(a, b), (b, a)] {
            assert_eq!(texts(&mut world, whose, other), Vec::<String>::new(), "a clock {days} days off");
            assert!(!holds(&world, whose, SECRET));
        }
    }
}

#[test]
fn what_holds_goes_on_when_somebody_is_met_again() {
    let (mut world, a, b) = two_lines(2);
    agree_on(&mut world, a, b, Term::Week);
    let of_b = name(&world, b);
    world.call(a, |handset, now| handset.remove_person(now, &of_b)).expect("removed");
    let card = stored_card(&mut world, a, &a_card(1, false));
    take_up(&mut world, b, a, &card.url);
    calm(&mut world, a, b);
    assert_eq!(agreed(&mut world, a, b), Term::Week);
    agree_on(&mut world, a, b, Term::Off);
}

#[test]
fn no_file_of_a_handset_holds_what_is_over_or_taken_back() {
    let folder = Folder::new("expiry");
    let path = folder.0.join("handset.db");
    let log = || std::fs::metadata(folder.0.join("handset.db-wal")).map_or(0, |file| file.len());
    let open_file = || open_encrypted(&path, &DatabaseKey::new([7; 32])).expect("a file");
    let mut world = World::new(4, 2);
    let (a, b) = (world.add_phone("Ada Marsh", 0), world.add_phone_over("Ivo Tarn", 1, open_file()));
    let card = stored_card(&mut world, a, &a_card(1, false));
    take_up(&mut world, b, a, &card.url);
    say(&mut world, a, b, "the heron stays");
    agree_on(&mut world, a, b, Term::Day);
    // Enough that the index has more than one page and has merged.
    for number in 0..60 {
        say(&mut world, a, b, &format!("{SECRET}{number} {}", "margin ".repeat(number % 7 * 40)));
    }
    let own = say(&mut world, b, a, "an ownwordplover");
    calm(&mut world, a, b);
    assert_eq!(texts(&mut world, b, a).len(), 62);
    for needle in [SECRET, "heron", "margin", "ownwordplover"] {
        assert!(holds(&world, b, needle), "the scan finds what is there: {needle}");
    }
    assert!(log() > 4096, "the log holds pages");
    // Taken back: gone at once, from the log too.
    let (now, of_a) = (world.now, name(&world, a));
    world.phones[b].handset().unsend(now, &of_a, &own).expect("taken back");
    assert!(!holds(&world, b, "plover"), "no page has what was taken back");
    assert_eq!(log(), 0, "nor has the log");
    world.pass(DAY);
    calm(&mut world, a, b);
    assert_eq!(texts(&mut world, b, a), ["the heron stays"]);
    let free: u64 = world.phones[b].column("PRAGMA freelist_count", ())[0];
    assert!(free > 0, "the freelist is scanned too");
    assert!(holds(&world, b, "heron"), "the scan goes on finding what is there");
    let gone = [SECRET, "quince", "falcon", "margin", "plover"];
    for needle in gone {
        assert!(!holds(&world, b, needle), "{needle} is in a page");
    }
    // And over while nobody looks: gone when it opens again, before anything is shown.
    say(&mut world, a, b, SECRET);
    calm(&mut world, a, b);
    assert!(holds(&world, b, SECRET));
    let later = world.now.after(DAY);
    drop(world);
    let mut handset = Handset::open(open_file(), ChaCha20Rng::seed_from_u64(9)).expect("a handset");
    assert!(handset.next_timeout().expect("a time").is_some_and(|at| at <= later), "also while offline");
    handset.timeout(later).expect("a step");
    assert_eq!(handset.read(&of_a, None).expect("texts").len(), 1);
    assert_eq!(log(), 0, "the log is cut");
    for needle in gone {
        assert!(!pages_contain(handset.database(), needle.as_bytes()).expect("pages"), "{needle} is in a page");
    }
}
