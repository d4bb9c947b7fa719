//! Things that happen in a story beside the talk, each also a scenario of its own.

use std::time::Duration;

use handset::{Accepting, CardView, ContactState, Event, NewCard};
use protocol::expiry::Term;
use rand_chacha::ChaCha20Rng;
use switchboard::Limits;

use crate::checks::{Conversation, agree, is_calm, nothing_grows};
use crate::hostile::Hostile;
use crate::network::{Weather, below, chance};
use crate::world::World;

/// More frames than handsets ever need to become calm.
const STORM: u64 = 20_000;

/// A card for a friend.
pub fn a_card(uses: usize, ask: bool) -> NewCard {
    NewCard { for_name: "a friend".to_owned(), uses, expires: Duration::from_secs(86_400 * 300), ask }
}

/// A world of so many offices in which two lines at two of them have met, the second by a card of the first.
pub fn two_lines(seed: u64, offices: usize, at: (usize, usize)) -> (World, Conversation) {
    let mut world = World::new(seed, offices);
    let (a, b) = (world.add_phone("Ada Marsh", at.0), world.add_phone("Ivo Tarn", at.1));
    let card = stored_card(&mut world, a, &a_card(1, false));
    take_up(&mut world, b, a, &card.url);
    (world, Conversation::new(a, b))
}

/// So many texts, each from either side.
pub fn some_words(world: &mut World, rng: &mut ChaCha20Rng, conversation: &mut Conversation, count: usize) {
    for _ in 0..count {
        let from = if below(rng, 2) == 0 { conversation.a } else { conversation.b };
        say(world, conversation, from, &format!("words {}", conversation.said.len()));
        world.pass(Duration::from_millis(below(rng, 3000)));
    }
}

/// All becomes calm within a time; then both sides agree on what was said, and nothing is left behind.
pub fn all_is_well(world: &mut World, conversations: &[Conversation], within: Duration) {
    calm_down(world, conversations, within);
    conversations.iter().for_each(|conversation| agree(world, conversation));
    nothing_grows(world, conversations);
    conversations.iter().for_each(|conversation| agree(world, conversation));
}

/// Makes a card and waits until its switchboard has it.
///
/// # Panics
/// If it does not have it within a day.
pub fn stored_card(world: &mut World, phone: usize, new: &NewCard) -> CardView {
    let card = world.call(phone, |handset, now| handset.new_card(now, new)).expect("a card");
    let stored = world.until(Duration::from_secs(86_400), |world| {
        let now = world.now;
        let cards = world.phones[phone].handset().cards(now).expect("cards");
        cards.iter().any(|c| c.id == card.id && c.stored)
    });
    assert!(stored, "the card is stored");
    card
}

/// Whether a handset has a contact of this name.
pub fn knows(world: &mut World, phone: usize, other: usize) -> bool {
    let name = world.phones[other].name.clone();
    world.phones[phone].handset().person(&name).is_ok()
}

/// Takes a card up until both sides are pinned in one generation, trying again as a person would; who is asked admits.
///
/// # Panics
/// If the two have not met after fifty tries.
pub fn take_up(world: &mut World, taker: usize, issuer: usize, card: &str) {
    let name = world.phones[taker].name.clone();
    for _ in 0..50 {
        let before = world.phones[taker].events.len();
        let begun = world.call(taker, |handset, now| handset.accept(now, card, None)).expect("a card");
        if let Accepting::UnderWay(redemption) = begun {
            let ended = |event: &Event| match event {
                Event::ContactAdded { redemption: of, .. } => *of == Some(redemption),
                Event::AcceptRefused { redemption: of, .. } => *of == redemption,
                _ => false,
            };
            world.until(Duration::from_secs(900), |world| world.phones[taker].events[before..].iter().any(ended));
        }
        let met = world.until(Duration::from_secs(1800), |world| {
            if !world.phones[issuer].handset().requests().expect("requests").is_empty() {
                world.call(issuer, |handset, now| handset.admit(now, &name)).expect("admitted");
            }
            have_met(world, taker, issuer)
        });
        if met {
            return;
        }
    }
    panic!("{name} takes a card up");
}

/// Whether two lines are pinned with each other, in one generation.
fn have_met(world: &mut World, a: usize, b: usize) -> bool {
    let generation = |world: &mut World, whose: usize, other: usize| -> Vec<Vec<u8>> {
        let other = world.phones[other].name.clone();
        world.phones[whose].column(
            "SELECT generation.id FROM contact JOIN generation ON generation.contact = contact.id AND current = 1
             WHERE person = ?1 AND state = 'open' AND verified <> 'unverified' AND vouched = 1",
            [other],
        )
    };
    let of_a = generation(world, a, b);
    !of_a.is_empty() && of_a == generation(world, b, a)
}

/// The network heals, everybody is on, clocks are right.
pub fn heal(world: &mut World) {
    world.weather = Weather::CALM;
    world.partitioned = false;
    for phone in 0..world.phones.len() {
        world.phones[phone].set_disk_full(false);
        world.set_on(phone, true);
    }
}

/// Everything heals; soon nothing waits.
///
/// # Panics
/// With what waits, if it still does after this time.
pub fn calm_down(world: &mut World, conversations: &[Conversation], within: Duration) {
    heal(world);
    let most = world.frames + STORM;
    let calm = world.until(within, |world| {
        world.frames > most || conversations.iter().all(|conversation| is_calm(world, conversation))
    });
    if !calm || world.frames > most {
        for phone in &world.phones {
            eprintln!("{}:", phone.name);
            for query in [
                "SELECT person, state, verified, status_due, datetime(refound_at / 1000, 'unixepoch'), refound_tries,
                    gap_ask_at, next_number FROM contact",
                "SELECT hex(substr(id, 1, 4)), contact, number, sequencer, founder, trusted, current, vouched,
                    vouch_due, vouch_said, hex(substr(commit_hash, 1, 4)), troubled FROM generation",
                "SELECT kind, epoch, message, hex(substr(generation, 1, 4)) FROM flight",
                "SELECT number, contact FROM deed",
                "SELECT contact, through, known FROM heard",
                "SELECT number FROM heard_beyond",
                "SELECT contact, number, state, kind, gone FROM message WHERE mine = 1 AND state IN ('waiting', 'sent')",
                "SELECT code, datetime(at / 1000, 'unixepoch') FROM notice",
            ] {
                eprintln!("  {:?}", phone.look(query));
            }
        }
        for office in &mut world.offices {
            let address = office.address.clone();
            eprintln!("{address}: {:?}", crate::phone::look(office.database(), "SELECT line, number FROM items"));
            eprintln!("{address}: {:?}", crate::phone::look(office.database(), "SELECT peer, number FROM queued"));
        }
        assert!(world.frames <= most, "nobody sends without end");
        panic!("nobody is stuck");
    }
}

/// Somebody is removed and met again by a new card.
pub fn remove_and_meet_again(world: &mut World, rng: &mut ChaCha20Rng, conversation: &mut Conversation) {
    let who = if chance(rng, 500) { conversation.a } else { conversation.b };
    let other = conversation.other(who);
    let name = world.phones[other].name.clone();
    world.call(who, |handset, now| handset.remove_person(now, &name)).expect("removed");
    conversation.removed = Some((who, conversation.said.len()));
    // The other does not know, and goes on.
    say(world, conversation, other, "are you there?");
    world.pass(Duration::from_secs(below(rng, 7200)));
    heal(world);
    let (issuer, taker) = if chance(rng, 500) { (who, other) } else { (other, who) };
    let card = stored_card(world, issuer, &a_card(1, false));
    take_up(world, taker, issuer, &card.url);
}

/// Somebody is blocked for a while.
///
/// # Panics
/// If a blocked person can be written to.
pub fn block_for_a_while(world: &mut World, rng: &mut ChaCha20Rng, conversation: &mut Conversation) {
    let who = if chance(rng, 500) { conversation.a } else { conversation.b };
    let other = conversation.other(who);
    let name = world.phones[other].name.clone();
    world.call(who, |handset, now| handset.block_person(now, &name)).expect("blocked");
    let refused = world.call(who, |handset, now| handset.text(now, &name, "hello", None));
    assert!(matches!(refused, Err(handset::Error::Blocked(_))), "{refused:?}");
    let theirs = "SELECT count(*) FROM message JOIN contact ON contact.id = contact WHERE mine = 0 AND person = ?1";
    let before: Vec<u64> = world.phones[who].column(theirs, [&name]);
    say(world, conversation, other, "are you there?");
    world.pass(Duration::from_secs(below(rng, 7200)));
    let after: Vec<u64> = world.phones[who].column(theirs, [&name]);
    assert_eq!(before, after, "nothing comes from somebody blocked");
    world.call(who, |handset, now| handset.unblock_person(now, &name)).expect("unblocked");
}

/// A handset's clock is days off for a while.
///
/// # Panics
/// If the handset does not notice.
pub fn wrong_clock(world: &mut World, rng: &mut ChaCha20Rng, phone: usize) {
    let days = 1 + below(rng, 5);
    let ahead = i64::try_from(days * 86_400_000).unwrap_or_default() * if chance(rng, 500) { 1 } else { -1 };
    world.set_clock(phone, ahead);
    world.hang_up(phone);
    world.crash_phone(phone);
}

/// The clock is right again.
pub fn right_clock(world: &mut World, phone: usize) {
    world.set_clock(phone, 0);
}

/// A switchboard loses its whole database; its lines claim anew.
pub fn lose_office(world: &mut World, office: usize) {
    world.lose_office(office);
    for phone in 0..world.phones.len() {
        if world.phones[phone].office == office {
            world.phones[phone].on = true;
            world.claim(phone, office, true);
        }
    }
}

/// A line moves to another switchboard.
pub fn move_line(world: &mut World, phone: usize, office: usize) {
    world.phones[phone].on = true;
    world.claim(phone, office, true);
}

/// A switchboard sequences falsely from now on, until [`honest_again`].
pub fn hostile(world: &mut World, office: usize, of_1000: u64) {
    world.oracle.hostile = true;
    world.hostile = Some(Hostile::new(office, of_1000));
}

/// It does no longer; says how often it did.
pub fn honest_again(world: &mut World) -> u64 {
    world.hostile.take().map_or(0, |hostile| hostile.tampered)
}

/// Switchboards keep little for each other and for their lines: what is beyond is refused or dropped.
pub fn tight(world: &mut World) {
    world.oracle.gaps = true;
    for office in 0..world.offices.len() {
        let limits = Limits { queue_bytes_per_peer: 24 << 10, item_bytes_per_line: 48 << 10, ..Limits::default() };
        world.set_limits(office, limits);
    }
}

/// They keep as much as they should again.
pub fn roomy(world: &mut World) {
    for office in 0..world.offices.len() {
        world.set_limits(office, Limits::default());
    }
}

/// Says something.
///
/// # Panics
/// If it cannot be said.
pub fn say(world: &mut World, conversation: &mut Conversation, from: usize, text: &str) {
    let name = world.phones[conversation.other(from)].name.clone();
    let id = world.call(from, |handset, now| handset.text(now, &name, text, None)).expect("a text");
    conversation.said.push((from, id.to_text()));
}

/// Proposes how long texts stay, or answers or withdraws what is proposed, if there is anything.
///
/// # Panics
/// If it fails for another reason.
pub fn about_expiry(world: &mut World, rng: &mut ChaCha20Rng, conversation: &Conversation, from: usize) {
    let name = world.phones[conversation.other(from)].name.clone();
    let (what, term) = (below(rng, 8), Term::ALL[below(rng, 4) as usize]);
    let said = world.call(from, |handset, now| match what {
        0 => handset.decline_expiry(now, &name),
        1 => handset.withdraw_expiry(now, &name),
        2..5 => handset.accept_expiry(now, &name),
        _ => handset.propose_expiry(now, &name, term),
    });
    let nothing = matches!(said, Err(handset::Error::NothingProposed(_) | handset::Error::ExpirySame(_)));
    assert!(said.is_ok() || nothing, "{said:?}");
}

/// Whether two lines are open to each other, as one of them sees it.
pub fn is_open(world: &mut World, phone: usize, other: usize) -> bool {
    let name = world.phones[other].name.clone();
    world.phones[phone].handset().person(&name).is_ok_and(|person| person.state == ContactState::Open)
}
