//! Commits that fail, commits that only seem to, parcels that are lost or come twice: nothing lost, nothing doubled.

mod world;

use proptest::prelude::*;
use protocol::RefusalCode;
use protocol::frames::Deed;
use switchboard::core::{Done, Work};
use switchboard::store::testing::Fault;
use world::{A, Conversation, address, mailbox, submission};

/// What a handset does: asks again under the same number until it is told that it is done.
fn until_done(talk: &mut Conversation, at: usize, text: &[u8]) {
    let (line, reply_to) = if at == A { (&mut talk.a, 1) } else { (&mut talk.b, 2) };
    let work = line.deed(Deed::Submit { to: address(A), submission: submission(1, reply_to, text) });
    for _ in 0..10 {
        if let Ok(applied) = talk.world.try_apply(at, vec![work.clone()]) {
            assert!(matches!(applied.done[..], [Done::Deed { result: Ok(()), .. }]), "{:?}", applied.done);
            return;
        }
    }
    panic!("never done");
}

#[derive(Debug, Clone)]
enum Step {
    Text(usize),
    Fail(usize, Fault),
    Carry,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fault = prop_oneof![Just(Fault::Full), Just(Fault::Lost), Just(Fault::Kept)];
    let step = prop_oneof![
        4 => (0..2usize).prop_map(Step::Text),
        3 => (0..2usize, fault).prop_map(|(at, fault)| Step::Fail(at, fault)),
        1 => Just(Step::Carry),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_doubled(steps in steps(), losses in 0..120u8, seed in any::<u8>()) {
        let mut talk = Conversation::new();
        talk.world.losses = losses;
        talk.world.rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::from_seed([seed; 32]);
        let mut texts = 0u32;
        for step in steps {
            match step {
                Step::Text(at) => {
                    texts += 1;
                    until_done(&mut talk, at, &texts.to_be_bytes());
                }
                Step::Fail(at, fault) => talk.world.fail_next(at, fault),
                Step::Carry => talk.world.carry(),
            }
        }
        talk.world.carry();
        let both = talk.both();
        let numbers: Vec<u64> = both.iter().map(|(number, _)| *number).collect();
        prop_assert_eq!(numbers, (1..=u64::from(texts)).collect::<Vec<_>>());
        let mut found: Vec<Vec<u8>> = both.into_iter().map(|(_, text)| text).collect();
        found.sort();
        prop_assert_eq!(found, (1..=texts).map(|n| n.to_be_bytes().to_vec()).collect::<Vec<_>>());
    }
}

#[test]
fn a_commit_that_only_seems_to_fail_is_not_done_twice() {
    let mut talk = Conversation::new();
    for fault in [Fault::Kept, Fault::Lost, Fault::Full, Fault::Kept] {
        talk.world.fail_next(A, fault);
        until_done(&mut talk, A, b"text");
    }
    assert_eq!(talk.world.envelopes(A, &talk.a).len(), 4);
}

#[test]
fn one_refused_work_does_not_hurt_the_others_of_its_batch() {
    let mut talk = Conversation::new();
    let text = |text: &[u8]| Deed::Submit { to: address(A), submission: submission(1, 1, text) };
    let refused = Deed::OpenMailbox { mailbox: mailbox(2), from: "10.0.0.1".parse().unwrap() };
    let batch = vec![talk.a.deed(text(b"one")), talk.a.deed(refused), talk.a.deed(text(b"two"))];
    let done = talk.world.try_apply(A, batch).unwrap().done;
    let results: Vec<_> = done
        .into_iter()
        .map(|done| match done {
            Done::Deed { result, .. } => result.map_err(|refusal| refusal.code),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(results, [Ok(()), Err(RefusalCode::PeerNotAllowed), Ok(())]);
    talk.world.carry();
    assert_eq!(talk.both(), [(1, b"one".to_vec()), (2, b"two".to_vec())]);
}

#[test]
fn nothing_overtakes_a_deed_that_failed_or_was_refused_in_passing() {
    let mut talk = Conversation::new();
    let on_one_connection = |talk: &mut Conversation, after| {
        let work = talk.a.deed(Deed::Submit { to: address(A), submission: submission(1, 1, b"text") });
        let Work::Deed { line, handset, number, deed, .. } = work else { panic!("a deed") };
        Work::Deed { line, handset, after, number, deed }
    };
    let (first, second) = (on_one_connection(&mut talk, None), on_one_connection(&mut talk, Some(3)));
    talk.world.fail_next(A, Fault::Lost);
    assert!(talk.world.try_apply(A, vec![first.clone()]).is_err());
    assert_eq!(talk.world.apply(A, second.clone()), Done::OutOfOrder);
    for work in [first, second] {
        assert!(matches!(talk.world.apply(A, work), Done::Deed { result: Ok(()), .. }));
    }
}
