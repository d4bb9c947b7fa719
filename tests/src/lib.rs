//! The simulator: handset engines and switchboard cores in one process, with virtual time and a seeded network.
//!
//! A seed decides everything that happens and when: delays, losses, duplicates, reordering, partitions, crashes, writes
//! that fail, and writes that are reported as failed but were kept. (OpenMLS draws its own key bytes, so that those
//! differ from run to run; the schedule does not.)
//!
//! [`world::World`] is the machine, [`acts`] is what can happen in it, [`story`] is what a seed makes of that.
//! [`oracle`] checks every step, [`checks`] the end.
//!
//! For tests of the real binary there are [`processes`] to run; and, to search what they leave behind, a [`recorder`] of
//! what they send, [`secrets`] of handsets, and [`needles`] to look for.

pub mod acts;
pub mod checks;
pub mod hostile;
pub mod impostor;
pub mod needles;
pub mod network;
pub mod office;
pub mod oracle;
pub mod phone;
pub mod processes;
pub mod recorder;
pub mod restores;
pub mod secrets;
pub mod seeds;
pub mod story;
pub mod traffic;
pub mod world;

pub use checks::Conversation;
pub use network::Weather;
pub use story::{Story, run};
pub use world::World;
