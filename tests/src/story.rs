//! One seed's story: lines meet by card and text each other through whatever the seed has in store.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use switchboard::store::testing::Fault;

use crate::acts::{self, a_card, calm_down, stored_card, take_up};
use crate::checks::{Conversation, agree, nothing_grows};
use crate::network::{Weather, below, chance};
use crate::world::World;

/// The offices of every story; the third has no line at first.
const OFFICES: usize = 3;

/// What a story has in it.
#[derive(Debug, Clone)]
pub struct Story {
    /// The seed.
    pub seed: u64,
    /// Texts in all.
    pub texts: usize,
}

/// What came of it, for comparing two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// A hash of all that happened and when.
    pub trace: u64,
    /// Virtual milliseconds.
    pub millis: u64,
    /// Checks that were made on the way.
    pub checks: u64,
}

/// What happens once in a story, beside the talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Nothing,
    Calm,
    Blocked,
    Removed,
    Clock,
    Lost,
    Moved,
    Tight,
    Hostile,
}

/// Runs a story.
///
/// # Panics
/// If anything that must hold does not.
pub fn run(story: &Story) -> Ending {
    let mut rng = ChaCha20Rng::seed_from_u64(story.seed ^ 0x5eed);
    let mut world = World::new(story.seed, OFFICES);
    let beginning = world.now;
    let (mut conversations, crossed) = cast(&mut world, &mut rng);
    let turn = draw_turn(&mut rng);
    let _told = Told(format!("seed {}: {turn:?}, {} lines", story.seed, world.phones.len()));
    let half = story.texts / 2;
    talk(&mut world, &mut rng, &mut conversations, half);
    let turned = take_turn(&mut world, &mut rng, &mut conversations, turn);
    talk(&mut world, &mut rng, &mut conversations, story.texts);
    end_turn(&mut world, turned);
    // Without a turn nothing is ever founded again, and all waits are short.
    let patience = if matches!(turn, Turn::Nothing | Turn::Calm) { 3600 } else { 30 * 3600 };
    calm_down(&mut world, &conversations, Duration::from_secs(patience));
    for conversation in &conversations {
        agree(&mut world, conversation);
    }
    nothing_grows(&mut world, &conversations);
    for conversation in &conversations {
        agree(&mut world, conversation);
    }
    // Cards that cross late count as further cards.
    if matches!(turn, Turn::Nothing | Turn::Calm) && !crossed {
        never_founded_again(&world);
    }
    let millis = world.now.as_millis() - beginning.as_millis();
    Ending { trace: world.trace, millis, checks: world.oracle.checks }
}

/// Says on a failure what kind of story it was.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

/// Whatever the network and the disks do, what is in order is never founded again.
fn never_founded_again(world: &World) {
    for phone in &world.phones {
        let again: Vec<u64> = phone.column("SELECT count(*) FROM generation WHERE number > 1", ());
        assert_eq!(again[0], 0, "{} founded a conversation again without need", phone.name);
    }
}

fn draw_turn(rng: &mut ChaCha20Rng) -> Turn {
    match below(rng, 100) {
        0..50 => Turn::Nothing,
        50..60 => Turn::Calm,
        60..66 => Turn::Blocked,
        66..73 => Turn::Removed,
        73..80 => Turn::Clock,
        80..87 => Turn::Lost,
        87..91 => Turn::Moved,
        91..95 => Turn::Tight,
        _ => Turn::Hostile,
    }
}

/// Who there is: two lines at two offices, now and then at one, or a third line that takes the same card up.
fn cast(world: &mut World, rng: &mut ChaCha20Rng) -> (Vec<Conversation>, bool) {
    let (third, one_office) = (chance(rng, 150), chance(rng, 60));
    let a = world.add_phone("Ada Marsh", 0);
    let b = world.add_phone("Ivo Tarn", usize::from(!one_office));
    let c = third.then(|| world.add_phone("Oda Kell", below(rng, 2) as usize));
    world.weather = Weather::draw(rng);
    let (ask, by_words, crossed) = (chance(rng, 200), chance(rng, 200), chance(rng, 250));
    let card = stored_card(world, a, &a_card(1 + usize::from(third), ask));
    let text = if by_words { &card.words } else { &card.url };
    let mut conversations = vec![Conversation::new(a, b)];
    if crossed {
        let back = stored_card(world, b, &a_card(1, false));
        world.call(b, |handset, now| handset.accept(now, text, None)).expect("a card");
        take_up(world, a, b, &back.url);
    }
    if !crossed {
        take_up(world, b, a, text);
    }
    if let Some(c) = c {
        take_up(world, c, a, text);
        conversations.push(Conversation::new(a, c));
    }
    (conversations, crossed)
}

/// What a turn leaves to be ended.
enum Turned {
    Done,
    Clock(usize),
    Tight,
    Hostile,
}

fn take_turn(world: &mut World, rng: &mut ChaCha20Rng, conversations: &mut [Conversation], turn: Turn) -> Turned {
    let Some(conversation) = conversations.first_mut() else { return Turned::Done };
    let one = if chance(rng, 500) { conversation.a } else { conversation.b };
    match turn {
        Turn::Nothing => {}
        Turn::Calm => {
            calm_down(world, conversations, Duration::from_secs(3600));
            conversations.iter().for_each(|conversation| agree(world, conversation));
        }
        Turn::Blocked => acts::block_for_a_while(world, rng, conversation),
        Turn::Removed => acts::remove_and_meet_again(world, rng, conversation),
        Turn::Clock => {
            acts::wrong_clock(world, rng, one);
            return Turned::Clock(one);
        }
        Turn::Lost => acts::lose_office(world, below(rng, 2) as usize),
        Turn::Moved => acts::move_line(world, one, 2),
        Turn::Tight => {
            acts::tight(world);
            return Turned::Tight;
        }
        Turn::Hostile => {
            conversations.iter_mut().for_each(|conversation| conversation.ordered = false);
            acts::hostile(world, below(rng, 2) as usize, 50 + below(rng, 300));
            return Turned::Hostile;
        }
    }
    Turned::Done
}

fn end_turn(world: &mut World, turned: Turned) {
    match turned {
        Turned::Done => {}
        Turned::Clock(phone) => acts::right_clock(world, phone),
        Turned::Tight => acts::roomy(world),
        Turned::Hostile => {
            acts::honest_again(world);
        }
    }
}

/// The talk, until so many texts are said in all, through whatever happens.
fn talk(world: &mut World, rng: &mut ChaCha20Rng, conversations: &mut [Conversation], texts: usize) {
    while conversations.iter().map(|c| c.said.len()).sum::<usize>() < texts {
        let at = below(rng, conversations.len() as u64) as usize;
        let conversation = &mut conversations[at];
        let from = if chance(rng, 500) { conversation.a } else { conversation.b };
        let other = world.phones[conversation.other(from)].name.clone();
        match below(rng, 100) {
            0..60 => text(world, rng, conversation, from),
            60..65 => react(world, rng, conversation, from),
            65..67 => world.call(from, |handset, now| handset.mark_seen(now, &other)).expect("seen"),
            67..70 => unsend(world, rng, conversation, from),
            70..74 => world.crash_phone(from),
            74..78 => world.crash_office(below(rng, OFFICES as u64) as usize),
            78..81 => {
                let fault = [Fault::Full, Fault::Lost, Fault::Kept][below(rng, 3) as usize];
                world.offices[below(rng, 2) as usize].fail_next(fault);
            }
            81..83 => world.partitioned = !world.partitioned,
            83..86 => {
                let on = !world.phones[from].on;
                world.set_on(from, on);
            }
            86 => {
                // For a while the disk takes nothing, and what arrives is sent again.
                world.phones[from].set_disk_full(true);
                world.pass(Duration::from_millis(below(rng, 10_000)));
                world.phones[from].set_disk_full(false);
            }
            87 => {
                // A text that the disk refuses was never said.
                let refused = world.call_on_bad_disk(from, |handset, now| handset.text(now, &other, "never", None));
                assert!(refused.is_err(), "a disk that refuses is noticed");
            }
            88..91 => {
                let text = format!("words {} and gone", conversation.said.len());
                let id = world.call_and_die(from, |handset, now| handset.text(now, &other, &text, None));
                conversation.said.push((from, id.expect("the text was written").to_text()));
            }
            // Days pass: fresh keys are due.
            91..93 => world.pass(Duration::from_secs(3600 * (1 + below(rng, 60)))),
            93..95 => acts::about_expiry(world, rng, conversation, from),
            _ => world.weather = Weather::draw(rng),
        }
        if chance(rng, 700) {
            world.pass(Duration::from_millis(below(rng, 20_000)));
        }
    }
}

fn text(world: &mut World, rng: &mut ChaCha20Rng, conversation: &mut Conversation, from: usize) {
    let other = world.phones[conversation.other(from)].name.clone();
    let text = format!("words {} of {}", conversation.said.len(), world.phones[from].name);
    let reply = conversation.said.last().filter(|_| chance(rng, 100)).map(|(_, id)| id.clone());
    let reply = reply.filter(|id| {
        let id = id.parse().expect("an id");
        world.phones[from].handset().message(&id).expect("a look").is_some()
    });
    let id = world.call(from, |handset, now| handset.text(now, &other, &text, reply.as_deref())).expect("a text");
    conversation.said.push((from, id.to_text()));
}

fn react(world: &mut World, rng: &mut ChaCha20Rng, conversation: &Conversation, from: usize) {
    let said = &conversation.said;
    let Some((_, id)) = said.get(below(rng, said.len() as u64) as usize) else { return };
    let other = world.phones[conversation.other(from)].name.clone();
    let emoji = ["👍", "🙏", ""][below(rng, 3) as usize];
    match world.call(from, |handset, now| handset.react(now, &other, id, emoji)) {
        Ok(_) | Err(handset::Error::UnknownMessage(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

fn unsend(world: &mut World, rng: &mut ChaCha20Rng, conversation: &Conversation, from: usize) {
    let said = &conversation.said;
    let Some((_, id)) = said.get(below(rng, said.len() as u64) as usize) else { return };
    let other = world.phones[conversation.other(from)].name.clone();
    match world.call(from, |handset, now| handset.unsend(now, &other, id)) {
        Ok(_) | Err(handset::Error::UnknownMessage(_) | handset::Error::NotYours) => {}
        Err(error) => panic!("{error}"),
    }
}
