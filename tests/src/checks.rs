//! What must be true when everything has calmed down.

use handset::{ContactState, MessageState, MessageView, Verified};

use crate::world::World;

/// Both sides of a conversation agree, and nothing is lost, doubled, out of order, or waiting.
///
/// # Panics
/// With what does not hold.
pub fn agree(world: &mut World, a: usize, b: usize, said: &[(usize, String)]) {
    let (name_a, name_b) = (world.phones[a].name.clone(), world.phones[b].name.clone());
    let mut of_a = world.phones[a].handset().read(&name_b, None).expect("a conversation");
    let mut of_b = world.phones[b].handset().read(&name_a, None).expect("a conversation");
    // What was taken back before it arrived was never there for the other side.
    let never_there = |views: &[MessageView], others: &[MessageView]| -> Vec<String> {
        let gone = views.iter().filter(|m| m.gone && m.mine && others.iter().all(|other| other.id != m.id));
        gone.map(|m| m.id.to_text()).collect()
    };
    let mut gone = never_there(&of_a, &of_b);
    gone.extend(never_there(&of_b, &of_a));
    of_a.retain(|m| !gone.contains(&m.id.to_text()));
    of_b.retain(|m| !gone.contains(&m.id.to_text()));
    let said: Vec<_> = said.iter().filter(|(_, id)| !gone.contains(id)).cloned().collect();
    let said = said.as_slice();
    let order = |views: &[MessageView]| views.iter().map(|m| m.id.to_text()).collect::<Vec<_>>();
    for (whose, views, other) in [(a, &of_a, b), (b, &of_b, a)] {
        let has = |id: &str| views.iter().filter(|m| m.id.to_text() == id).count();
        for (from, id) in said {
            assert_eq!(has(id), 1, "{} has a text of {}'s once", world.phones[whose].name, world.phones[*from].name);
        }
        assert_eq!(views.len(), said.len(), "{} has what was said and no more", world.phones[whose].name);
        for message in views {
            assert!(
                message.state >= MessageState::Delivered,
                "{}'s text to {} is {:?}",
                world.phones[whose].name,
                world.phones[other].name,
                message.state
            );
        }
    }
    assert_eq!(order(&of_a), order(&of_b), "one order for both");
    let words = |views: &[MessageView]| views.iter().map(|m| (m.text.clone(), m.gone, m.sent_at)).collect::<Vec<_>>();
    assert_eq!(words(&of_a), words(&of_b), "the same words for both");
    for (view_a, view_b) in of_a.iter().zip(&of_b) {
        let mut turned: Vec<_> = view_b.reactions.iter().map(|r| (!r.mine, r.emoji.clone())).collect();
        turned.sort_unstable();
        let mut straight: Vec<_> = view_a.reactions.iter().map(|r| (r.mine, r.emoji.clone())).collect();
        straight.sort_unstable();
        assert_eq!(straight, turned, "the same reactions for both");
        assert_eq!(view_a.reply_to, view_b.reply_to);
    }
    for (whose, other) in [(a, &name_b), (b, &name_a)] {
        let person = world.phones[whose].handset().person(other).expect("a person");
        assert!(person.verified >= Verified::Card, "{} is pinned with {}", other, world.phones[whose].name);
        assert_eq!(person.state, ContactState::Open);
        let status = world.phones[whose].handset().status().expect("a status");
        assert_eq!(status.pending, Vec::new(), "nothing waits with {}", world.phones[whose].name);
    }
}

/// Whether nothing waits anywhere between two handsets.
pub fn is_calm(world: &mut World, a: usize, b: usize) -> bool {
    [(a, b), (b, a)].into_iter().all(|(whose, other)| {
        let other = world.phones[other].name.clone();
        let handset = world.phones[whose].handset();
        let pinned =
            handset.person(&other).is_ok_and(|p| p.verified >= Verified::Card && p.state == ContactState::Open);
        pinned && handset.is_settled().unwrap_or(false) && handset.status().is_ok_and(|s| s.pending.is_empty())
    })
}
