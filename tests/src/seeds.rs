//! Many seeds, and how one of them is played again.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::story::{Story, run};

/// Plays the seeds `first..first + count`, on all cores; the first that fails is printed and ends the run.
///
/// # Panics
/// If one fails.
pub fn run_seeds(first: u64, count: u64, texts: usize) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, failed) = (AtomicU64::new(first), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        return;
                    }
                    let played = std::panic::catch_unwind(|| run(&Story { seed, texts }));
                    if played.is_err() {
                        failed.store(true, Ordering::Relaxed);
                        eprintln!("seed {seed} fails; play it again with:\n\
                                   SEED={seed} TEXTS={texts} cargo test -p scenarios --test simulator replay -- --nocapture");
                    }
                }
            });
        }
    });
    assert!(!failed.load(Ordering::Relaxed), "a seed failed, see above");
}

/// A number from the environment.
pub fn from_env(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}
