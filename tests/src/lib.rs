//! The simulator: handset engines and switchboard cores in one process, with virtual time and a seeded network.
//!
//! A seed decides everything that happens and when: delays, losses, duplicates, reordering, partitions, crashes, writes
//! that fail, and writes that are reported as failed but were kept. (OpenMLS draws its own key bytes, so that those
//! differ from run to run; the schedule does not.)

#![allow(missing_debug_implementations, reason = "nobody prints a whole world")]

pub mod checks;
pub mod network;
pub mod office;
pub mod phone;
pub mod story;
pub mod world;

pub use network::Weather;
pub use story::{Story, run};
pub use world::World;
