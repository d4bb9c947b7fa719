//! One seed's story: two lines meet by card and text each other through whatever the seed has in store.

use std::time::Duration;

use handset::{Handset, NewCard};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use switchboard::store::testing::Fault;

use crate::checks::{agree, is_calm};
use crate::network::{Weather, below, chance};
use crate::world::World;

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
}

/// Runs a story.
///
/// # Panics
/// If anything that must hold does not.
pub fn run(story: &Story) -> Ending {
    let mut rng = ChaCha20Rng::seed_from_u64(story.seed ^ 0x5eed);
    let mut world = World::new(story.seed, 2);
    let beginning = world.now;
    let (a, b) = (world.add_phone("Ada Marsh", 0), world.add_phone("Ivo Tarn", 1));
    world.weather = Weather::draw(&mut rng);
    meet(&mut world, &mut rng, a, b);
    let said = talk(&mut world, &mut rng, a, b, story.texts);
    calm_down(&mut world, a, b);
    agree(&mut world, a, b, &said);
    Ending { trace: world.trace, millis: world.now.as_millis() - beginning.as_millis() }
}

fn meet(world: &mut World, rng: &mut ChaCha20Rng, a: usize, b: usize) {
    let card =
        |ask| NewCard { for_name: "a friend".to_owned(), uses: 1, expires: Duration::from_secs(86_400 * 300), ask };
    let ask = chance(rng, 200);
    let by_words = chance(rng, 200);
    let crossed = chance(rng, 250);
    let first = world.call(a, |handset, now| handset.new_card(now, &card(ask))).expect("a card");
    let second = world.call(b, |handset, now| handset.new_card(now, &card(false))).expect("a card");
    let stored = world.until(Duration::from_secs(3600), |world| {
        let now = world.now;
        [a, b].into_iter().all(|p| world.phones[p].handset().cards(now).expect("cards").iter().all(|c| c.stored))
    });
    assert!(stored, "cards are stored");
    let pick = |card: &handset::CardView| if by_words { card.words.clone() } else { card.url.clone() };
    world.call(b, |handset, now| handset.accept(now, &pick(&first), None)).expect("a card");
    if crossed {
        world.call(a, |handset, now| handset.accept(now, &pick(&second), None)).expect("a card");
    }
    let (name_a, name_b) = (world.phones[a].name.clone(), world.phones[b].name.clone());
    let mut tries = 0;
    loop {
        world.until(Duration::from_secs(900), |world| {
            knows(world.phones[b].handset(), &name_a) && {
                let asked = !world.phones[a].handset().requests().expect("requests").is_empty();
                if asked {
                    world.call(a, |handset, now| handset.admit(now, &name_b)).expect("admitted");
                }
                knows(world.phones[a].handset(), &name_b)
            }
        });
        if knows(world.phones[a].handset(), &name_b) && knows(world.phones[b].handset(), &name_a) {
            return;
        }
        // The network kept the card's switchboard out of reach: a person tries again.
        tries += 1;
        assert!(tries < 50, "the two meet");
        if !knows(world.phones[b].handset(), &name_a) {
            world.call(b, |handset, now| handset.accept(now, &pick(&first), None)).expect("a card");
        }
    }
}

fn knows(handset: &Handset, person: &str) -> bool {
    handset.person(person).is_ok()
}

fn talk(world: &mut World, rng: &mut ChaCha20Rng, a: usize, b: usize, texts: usize) -> Vec<(usize, String)> {
    let mut said: Vec<(usize, String)> = Vec::new();
    while said.len() < texts {
        let (from, to) = if chance(rng, 500) { (a, b) } else { (b, a) };
        let other = world.phones[to].name.clone();
        match below(rng, 100) {
            0..60 => {
                let text = format!("words {} of {}", said.len(), world.phones[from].name);
                let reply = said.last().filter(|_| chance(rng, 100)).map(|(_, id)| id.clone());
                let has = |world: &mut World, id: &str| {
                    world.phones[from].handset().message(&id.parse().expect("an id")).expect("a look").is_some()
                };
                let reply = reply.filter(|id| has(world, id));
                let id = world
                    .call(from, |handset, now| handset.text(now, &other, &text, reply.as_deref()))
                    .expect("a text");
                said.push((from, id.to_text()));
            }
            60..65 => react(world, rng, from, &other, &said),
            65..67 => world.call(from, |handset, now| handset.mark_seen(now, &other)).expect("seen"),
            67..70 => unsend(world, rng, from, &other, &said),
            70..74 => world.crash_phone(from),
            74..78 => world.crash_office(below(rng, 2) as usize),
            78..81 => {
                let fault = [Fault::Full, Fault::Lost, Fault::Kept][below(rng, 3) as usize];
                world.offices[below(rng, 2) as usize].fail_next(fault);
            }
            81..83 => world.partitioned = !world.partitioned,
            83..86 => {
                let on = !world.phones[from].on;
                world.set_on(from, on);
            }
            86..88 => {
                // A text that the disk refuses was never said.
                let now = world.now;
                let refused = world.phones[from].call_on_bad_disk(|handset| handset.text(now, &other, "never", None));
                assert!(refused.is_err(), "a disk that refuses is noticed");
                world.crash_phone(from);
            }
            88..91 => {
                let (now, text) = (world.now, format!("words {} and gone", said.len()));
                let mut id = None;
                world.hang_up(from);
                world.phones[from].call_and_die(|handset| {
                    id = Some(handset.text(now, &other, &text, None)?);
                    Ok(())
                });
                world.crash_phone(from);
                said.push((from, id.expect("the text was written").to_text()));
            }
            91..93 => {
                // Days pass: fresh keys are due.
                world.pass(Duration::from_secs(3600 * (1 + below(rng, 60))));
            }
            _ => world.weather = Weather::draw(rng),
        }
        if chance(rng, 700) {
            world.pass(Duration::from_millis(below(rng, 20_000)));
        }
    }
    said
}

fn react(world: &mut World, rng: &mut ChaCha20Rng, from: usize, other: &str, said: &[(usize, String)]) {
    let Some((_, id)) = said.get(below(rng, said.len() as u64) as usize) else { return };
    let emoji = ["👍", "🙏", ""][below(rng, 3) as usize];
    match world.call(from, |handset, now| handset.react(now, other, id, emoji)) {
        Ok(_) | Err(handset::Error::UnknownMessage(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

fn unsend(world: &mut World, rng: &mut ChaCha20Rng, from: usize, other: &str, said: &[(usize, String)]) {
    let Some((_, id)) = said.get(below(rng, said.len() as u64) as usize) else { return };
    match world.call(from, |handset, now| handset.unsend(now, other, id)) {
        Ok(_) | Err(handset::Error::UnknownMessage(_) | handset::Error::NotYours) => {}
        Err(error) => panic!("{error}"),
    }
}

/// The network heals, everybody is on; soon nothing waits.
pub fn calm_down(world: &mut World, a: usize, b: usize) {
    world.weather = Weather::CALM;
    world.partitioned = false;
    for phone in [a, b] {
        world.set_on(phone, true);
    }
    let calm = world.until(Duration::from_secs(24 * 3600), |world| is_calm(world, a, b));
    if !calm {
        for phone in [a, b] {
            let status = world.phones[phone].handset().status().expect("a status");
            let people = world.phones[phone].handset().people();
            eprintln!("{}: {:?} {people:?}", world.phones[phone].name, status.pending);
            eprintln!("  session {:?}", world.phones[phone].handset().session_state());
            for query in [
                "SELECT hex(substr(id,1,4)), number, sequencer, founder, trusted, current, vouched, vouch_due, vouch_said, commit_hash IS NOT NULL, updated_at, troubled, retired_at FROM generation",
                "SELECT kind, hex(substr(generation,1,4)), epoch, count(*) FROM flight GROUP BY 1,2,3",
                "SELECT number, length(body) FROM deed",
                "SELECT state, count(*), sum(flight_generation IS NULL) FROM message WHERE mine = 1 GROUP BY state",
                "SELECT status_due, refound_at, refound_tries, gap_ask_at, peer_intake FROM contact",
                "SELECT through, known FROM heard",
                "SELECT count(*) FROM held",
                "SELECT cursor FROM own",
            ] {
                eprintln!("  {}", world.phones[phone].look(query).join("\n  "));
            }
        }
        panic!("nobody is stuck");
    }
    // Nothing that was under way may change anything any more.
    world.pass(Duration::from_secs(120));
}

/// The seeds `first..first + count`, on all cores; the first that fails is printed and ends the run.
pub fn run_seeds(first: u64, count: u64, texts: usize) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let next = std::sync::atomic::AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let result = std::panic::catch_unwind(|| run(&Story { seed, texts }));
                    if let Err(panic) = result {
                        eprintln!(
                            "seed {seed} fails; replay with SEED={seed} cargo test -p scenarios --test simulator replay"
                        );
                        std::panic::resume_unwind(panic);
                    }
                }
            });
        }
    });
}

/// A number from the environment.
pub fn from_env(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}
