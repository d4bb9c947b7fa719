//! The simulator's seeds.

use scenarios::story::{Story, from_env, run, run_seeds};

#[test]
fn nothing_is_lost_or_doubled_whatever_happens() {
    run_seeds(from_env("FIRST_SEED", 1), from_env("SEEDS", 100), 50);
}

#[test]
fn a_seed_replays_the_same_schedule() {
    for seed in 1..=3 {
        let story = Story { seed, texts: 50 };
        assert_eq!(run(&story), run(&story), "seed {seed}");
    }
}

/// Replays the seed in the environment's SEED (or an ordinary one).
#[test]
fn replay() {
    run(&Story { seed: from_env("SEED", 1), texts: from_env("TEXTS", 50) as usize });
}
