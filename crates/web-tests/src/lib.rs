#![cfg(target_family = "wasm")]
//! Tests that need a browser: storage on the origin-private file system, and the engine above it.
//!
//! `xtask-wasm` runs them in headless Chromium. It asks [`list`] what there is, then calls [`run`] for
//! every phase of every test in a dedicated worker of its own, which it terminates after the phase, so
//! that a later phase sees what really is on the disk.

mod engine;
mod files;
mod format;
mod keeping;
mod sealing;
mod storage;
mod world;

use std::future::Future;
use std::panic;
use std::pin::Pin;

use js_sys::Promise;
use js_sys::futures::future_to_promise;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

/// A phase under way; it fails by panicking.
type Running = Pin<Box<dyn Future<Output = ()>>>;

/// One test; what a phase leaves on the disk is there for the next.
struct Test {
    name: &'static str,
    phases: &'static [Phase],
}

/// What happens in one worker.
struct Phase {
    /// Whether the page is loaded anew first; else only the worker is.
    reload: bool,
    run: fn() -> Running,
}

/// Names tests and their phases, each an async function; `after reload` loads the page anew before that phase.
macro_rules! tests {
    ($($name:ident: $first:ident $(, $phase:ident $(after $reload:ident)?)*;)*) => {
        pub(crate) const TESTS: &[crate::Test] = &[$(crate::Test {
            name: stringify!($name),
            phases: &[
                crate::Phase { reload: false, run: || Box::pin($first()) },
                $(crate::Phase { reload: crate::tests!(@reload $($reload)?), run: || Box::pin($phase()) },)*
            ],
        },)*];
    };
    (@reload reload) => { true };
    (@reload) => { false };
}
pub(crate) use tests;

fn all() -> impl Iterator<Item = &'static Test> {
    storage::TESTS.iter().chain(format::TESTS).chain(sealing::TESTS).chain(engine::TESTS).chain(keeping::TESTS)
}

/// The tests, one a line: its name, a tab, and one letter for each phase (`r`: load the page anew first; `w`: only
/// start a new worker).
#[wasm_bindgen]
pub fn list() -> String {
    let line = |test: &Test| {
        let phases: String = test.phases.iter().map(|phase| if phase.reload { 'r' } else { 'w' }).collect();
        format!("{}\t{phases}\n", test.name)
    };
    all().map(line).collect()
}

/// Runs one phase, counted from zero.
#[wasm_bindgen]
pub fn run(name: &str, phase: usize) -> Promise {
    // A panic ends the worker's wasm for good, and the promise never settles: tell before that.
    panic::set_hook(Box::new(|info| tell(&format!("failed: {info}"))));
    let found = all().find(|test| test.name == name).and_then(|test| test.phases.get(phase));
    let running = found.map(|phase| (phase.run)());
    future_to_promise(async move {
        match running {
            Some(running) => {
                running.await;
                Ok(JsValue::UNDEFINED)
            }
            None => Err(JsValue::from_str("there is no such test or phase")),
        }
    })
}

/// Says something to the page: `failed: WHY`, or `kill`, which makes it terminate this worker shortly after.
fn tell(message: &str) {
    // Nobody is there to tell if this fails; the page then notices that time runs out.
    let _ = worker().post_message(&JsValue::from_str(message));
}

fn worker() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Seeded by the browser, as the app's is.
fn rng() -> ChaCha20Rng {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).unwrap();
    ChaCha20Rng::from_seed(seed)
}
