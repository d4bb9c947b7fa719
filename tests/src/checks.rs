//! What must be true when everything has calmed down.

use std::time::Duration;

use handset::{ContactState, MessageState, MessageView, Verified};
use protocol::{ContentId, GenerationId};
use seal::mls::Mls;

use crate::phone::{Phone, column, look};
use crate::world::World;

/// What two lines said to each other.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// One handset.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// Who said what, in the order in which it was said.
    pub said: Vec<(usize, String)>,
    /// Whether both must have one order. (A false sequencer may give each side another one.)
    pub ordered: bool,
    /// Who removed the other, with the number of things said before: those are gone on that side.
    pub removed: Option<(usize, usize)>,
}

impl Conversation {
    /// Nothing said yet.
    pub const fn new(a: usize, b: usize) -> Self {
        Self { a, b, said: Vec::new(), ordered: true, removed: None }
    }

    /// The handset that is not this one.
    pub const fn other(&self, phone: usize) -> usize {
        if phone == self.a { self.b } else { self.a }
    }
}

/// Both sides of a conversation agree, and nothing is lost, doubled, out of order, or waiting.
///
/// # Panics
/// With what does not hold.
pub fn agree(world: &mut World, conversation: &Conversation) {
    let Conversation { a, b, .. } = *conversation;
    let (of_a, of_b) = (views(world, a, b), views(world, b, a));
    everything_is_there(world, conversation, &of_a, &of_b);
    let (of_a, of_b) = (shared(&of_a, &of_b), shared(&of_b, &of_a));
    if conversation.ordered && order(&of_a) != order(&of_b) {
        let at = of_a.iter().zip(&of_b).position(|(a, b)| a.id != b.id).unwrap_or_default();
        for phone in [a, b] {
            let places = "SELECT hex(substr(id, 1, 4)), generation_number, place, mine, number, kind, state, gone
                FROM message ORDER BY generation_number IS NULL, generation_number, rank, place, row";
            let all = world.phones[phone].look(places);
            eprintln!("{}:\n  {}", world.phones[phone].name, all.join("\n  "));
            let generations =
                "SELECT number, hex(substr(id, 1, 4)), founder, trusted, current, vouched, vouch_said, lost,
                datetime(retired_at / 1000, 'unixepoch') FROM generation";
            eprintln!("generations: {:?}", world.phones[phone].look(generations));
        }
        panic!("one order for both, but text {at} differs");
    }
    let (mut of_a, mut of_b) = (of_a, of_b);
    of_a.sort_by_key(|m| m.id.to_text());
    of_b.sort_by_key(|m| m.id.to_text());
    let words = |views: &[MessageView]| views.iter().map(|m| (m.text.clone(), m.gone, m.reply_to)).collect::<Vec<_>>();
    assert_eq!(words(&of_a), words(&of_b), "the same words for both");
    for (view_a, view_b) in of_a.iter().zip(&of_b) {
        assert_ne!(view_a.mine, view_b.mine, "one of the two wrote it");
        let (mine, theirs) = if view_a.mine { (view_a, view_b) } else { (view_b, view_a) };
        assert!(theirs.sent_at <= mine.sent_at, "nothing is from the future");
        // What was said with somebody who removed us is not reacted to on both sides.
        if conversation.removed.is_none() {
            let mut turned: Vec<_> = view_b.reactions.iter().map(|r| (!r.mine, r.emoji.clone())).collect();
            turned.sort_unstable();
            let mut straight: Vec<_> = view_a.reactions.iter().map(|r| (r.mine, r.emoji.clone())).collect();
            straight.sort_unstable();
            assert_eq!(straight, turned, "the same reactions for both");
        }
    }
    same_expiry(world, conversation);
    for (whose, other) in [(a, b), (b, a)] {
        let other = world.phones[other].name.clone();
        let person = world.phones[whose].handset().person(&other).expect("a person");
        assert!(person.verified >= Verified::Card, "{other} is pinned with {}", world.phones[whose].name);
        assert_eq!(person.state, ContactState::Open);
    }
    same_group(world, a, b);
}

fn everything_is_there(world: &World, conversation: &Conversation, of_a: &[MessageView], of_b: &[MessageView]) {
    for (whose, views, others) in [(conversation.a, of_a, of_b), (conversation.b, of_b, of_a)] {
        let name = &world.phones[whose].name;
        let from = match conversation.removed {
            Some((who, before)) if who == whose => before,
            _ => 0,
        };
        for (at, (by, id)) in conversation.said.iter().enumerate() {
            let here: Vec<_> = views.iter().filter(|m| m.id.to_text() == *id).collect();
            assert!(here.len() <= 1, "{name} has a text once");
            // What was taken back before it arrived was never there for the other side; what a person removed is gone.
            let excused = here.is_empty()
                && (at < from || others.iter().any(|m| m.id.to_text() == *id && m.gone && m.mine && *by != whose));
            let removed = conversation.removed.is_some_and(|(who, before)| who == *by && at < before);
            let over = [conversation.a, conversation.b].into_iter().any(|phone| is_over(&world.phones[phone], id));
            assert!(
                here.len() == 1 || excused || removed || over,
                "{name} lost a text of {}'s",
                world.phones[*by].name
            );
        }
        for view in views {
            let known = conversation.said.iter().any(|(_, id)| *id == view.id.to_text());
            assert!(known, "{name} has a text that nobody said");
            assert!(view.state >= MessageState::Delivered, "{name}'s text is {:?} at the end", view.state);
        }
    }
}

/// Both hold the same about expiry, and of what is over neither has more than a number.
fn same_expiry(world: &mut World, conversation: &Conversation) {
    let Conversation { a, b, .. } = *conversation;
    let [(of_a, a_asks, b_asks), (of_b, b_asked, a_asked)] = [(a, b), (b, a)].map(|(whose, other)| {
        let other = world.phones[other].name.clone();
        let person = world.phones[whose].handset().person(&other).expect("a person");
        (person.expiry, person.expiry_asked, person.expiry_proposed)
    });
    // Of somebody who was removed only what held is kept, and an answer may have been lost with the rest.
    if conversation.removed.is_none() {
        assert_eq!((of_a, a_asks, b_asks), (of_b, a_asked, b_asked), "the same about expiry for both");
    }
    for phone in [&world.phones[a], &world.phones[b]] {
        let left: Vec<u64> = phone.column(
            "SELECT count(*) FROM message WHERE (expired = 1 AND (text <> '' OR mimi <> x'' OR target IS NOT NULL))
                OR (expired = 0 AND expires_at < ?1)",
            [phone.clock(world.now).as_millis()],
        );
        assert_eq!(left, [0], "{} keeps something that is over", phone.name);
    }
}

fn is_over(phone: &Phone, id: &str) -> bool {
    let id: ContentId = id.parse().expect("an id");
    let over: Vec<bool> = phone.column("SELECT expired FROM message WHERE id = ?1", [id.as_bytes()]);
    over == [true]
}

fn views(world: &mut World, whose: usize, other: usize) -> Vec<MessageView> {
    let other = world.phones[other].name.clone();
    world.phones[whose].handset().read(&other, None).expect("a conversation")
}

fn shared(views: &[MessageView], others: &[MessageView]) -> Vec<MessageView> {
    views.iter().filter(|m| others.iter().any(|other| other.id == m.id)).cloned().collect()
}

fn order(views: &[MessageView]) -> Vec<String> {
    views.iter().map(|m| m.id.to_text()).collect()
}

/// Both sides are in the same generation and epoch, and its sequencer too.
fn same_group(world: &mut World, a: usize, b: usize) {
    let of = |world: &World, whose: usize, other: usize| {
        let line = world.phones[other].line().expect("a line");
        let current: Vec<Vec<u8>> = world.phones[whose].column(
            "SELECT generation.id FROM generation JOIN contact ON contact.id = contact
             WHERE current = 1 AND line = ?1",
            [line.as_bytes()],
        );
        let id = current.first().and_then(|id| GenerationId::from_slice(id)).expect("a current generation");
        let mls = Mls::new(world.phones[whose].database());
        let group = mls.load(&id).expect("a group").expect("a group");
        (id, group.epoch(), seal::capability_hash(&group.capability(&mls).expect("a capability")))
    };
    let (of_a, of_b) = (of(world, a, b), of(world, b, a));
    assert_eq!(of_a, of_b, "one generation, epoch and capability for both");
    let sequencer: Vec<String> =
        world.phones[a].column("SELECT sequencer FROM generation WHERE id = ?1", [of_a.0.as_bytes()]);
    let office = world.offices.iter_mut().find(|office| office.address.as_str() == sequencer[0]).expect("an office");
    let epoch: Vec<u64> = column(
        office.database(),
        "SELECT epoch FROM generations WHERE generation = ?1 AND capability = ?2",
        (of_a.0.as_bytes(), of_a.2.as_bytes()),
    );
    assert_eq!(epoch, [of_a.1], "the sequencer has the same epoch and capability");
}

/// Whether nothing waits anywhere between two handsets.
pub fn is_calm(world: &mut World, conversation: &Conversation) -> bool {
    let Conversation { a, b, .. } = *conversation;
    let settled = [(a, b), (b, a)].into_iter().all(|(whose, other)| {
        let other = world.phones[other].name.clone();
        let handset = world.phones[whose].handset();
        let pinned =
            handset.person(&other).is_ok_and(|p| p.verified >= Verified::Card && p.state == ContactState::Open);
        pinned
            && handset.is_settled().unwrap_or(false)
            && handset.status().is_ok_and(|status| status.pending.is_empty())
            && !busy(world, whose)
    });
    settled && nothing_waits(world)
}

/// Something of a handset's is under way, or due now.
fn busy(world: &World, phone: usize) -> bool {
    let found: Vec<bool> = world.phones[phone].column(
        "SELECT EXISTS (SELECT 1 FROM flight LEFT JOIN generation ON id = generation WHERE retired_at IS NULL)
            OR EXISTS (SELECT 1 FROM heard_beyond)
            OR EXISTS (SELECT 1 FROM contact WHERE state <> 'blocked'
                AND (status_due = 1 OR refound_at IS NOT NULL OR gap_ask_at IS NOT NULL))
            OR EXISTS (SELECT 1 FROM generation WHERE commit_hash IS NOT NULL AND current = 1)",
        (),
    );
    found[0]
}

/// Nothing waits at a switchboard, but for lines that left it.
fn nothing_waits(world: &mut World) -> bool {
    let lines: Vec<_> = world.phones.iter().map(|phone| (phone.office, phone.line())).collect();
    world.offices.iter_mut().enumerate().all(|(at, office)| {
        let queued: Vec<u64> = column(office.database(), "SELECT count(*) FROM queued", ());
        let mut here = lines.iter().filter(|(office, _)| *office == at).filter_map(|(_, line)| *line);
        queued[0] == 0
            && here.all(|line| {
                let count = "SELECT count(*) FROM items WHERE line = ?1";
                column::<u64>(office.database(), count, [line.as_bytes()])[0] == 0
            })
    })
}

/// Nothing grows: after calm, what was under way has left nothing behind.
///
/// # Panics
/// With what is left.
pub fn nothing_grows(world: &mut World, conversations: &[Conversation]) {
    let frames = world.frames;
    world.pass(Duration::from_secs(300));
    // Both may have found that their keys are a day old.
    assert!(world.frames - frames <= 20 * world.phones.len() as u64, "{} frames in calm", world.frames - frames);
    let world_moved = world.phones.iter().any(|phone| phone.moved);
    let mut offices = world.offices.iter_mut().map(|office| (office.address.to_string(), office));
    // What waits for a line that left is kept for thirty days.
    let left = if world_moved { 1000 } else { 0 };
    let of_office = [
        ("items", left),
        ("queued", 0),
        ("envelopes", left),
        // The answer may be among what a switchboard lost.
        ("awaited", if world.oracle.leaps { 4 } else { 0 }),
        ("mailboxes WHERE line NOT IN (SELECT line FROM lines)", 0),
        ("refused_deeds", 4),
    ];
    for (address, office) in offices.by_ref() {
        for (table, most) in of_office {
            let count: u64 = column(office.database(), &format!("SELECT count(*) FROM {table}"), ())[0];
            assert!(count <= most, "{count} rows in {table} at {address}");
        }
    }
    let contacts = conversations.len() as u64;
    for phone in &world.phones {
        let count = |what: &str| phone.column::<u64>(&format!("SELECT count(*) FROM {what}"), ())[0];
        // What was under way in a generation that is over goes with it, after a week.
        let flights = "flight LEFT JOIN generation ON id = generation WHERE retired_at IS NULL";
        for table in ["deed", flights, "redemption", "heard_beyond", "request"] {
            assert_eq!(count(table), 0, "rows in {table} of {}: {:?}", phone.name, phone.look("SELECT * FROM deed"));
        }
        // So does what could not be read there.
        let held = "held LEFT JOIN generation ON generation.mailbox = held.mailbox WHERE retired_at IS NULL";
        assert!(count(held) == 0 || world.oracle.hostile, "{} holds envelopes", phone.name);
        assert!(count("generation WHERE retired_at IS NULL") <= contacts, "generations of {}", phone.name);
        let (generations, slots) = (count("generation"), count("slot WHERE used = 0"));
        // A group has its tree, secrets and schedule; a key package its bundle and two keys.
        let most = 60 * generations + 4 * slots;
        let kinds = look(phone.database(), "SELECT kind, count(*) FROM mls GROUP BY kind");
        assert!(count("mls") <= most, "{} rows of MLS with {}: {kinds:?}", count("mls"), phone.name);
    }
}
