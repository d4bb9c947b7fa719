//! The simulator's seeds.
//!
//! SEEDS says how many there are to be (`cargo xtask test` plays 2,000), FIRST_SEED where they begin, TEXTS how long a
//! story is.

use scenarios::seeds::{from_env, run_seeds};
use scenarios::story::{Story, run};

#[test]
fn nothing_is_lost_or_doubled_whatever_happens() {
    run_seeds(from_env("FIRST_SEED", 1), from_env("SEEDS", 200), from_env("TEXTS", 50) as usize);
}

#[test]
fn a_seed_replays_the_same_schedule() {
    for seed in 1..=10 {
        let story = Story { seed, texts: 50 };
        let ending = run(&story);
        assert_eq!(ending, run(&story), "seed {seed}");
        assert!(ending.checks > 50, "the oracle looked");
    }
}

/// Replays the seed in the environment's SEED (or an ordinary one).
#[test]
fn replay() {
    run(&Story { seed: from_env("SEED", 1), texts: from_env("TEXTS", 50) as usize });
}
