//! The network between the parties: how long something takes, and whether it arrives.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

/// How bad the network is.
#[derive(Debug, Clone)]
pub struct Weather {
    /// One way takes at least so many milliseconds ...
    pub delay: u64,
    /// ... and up to so many more.
    pub jitter: u64,
    /// Of 1000 requests between switchboards, so many never arrive.
    pub loss: u64,
    /// Of 1000 answers between switchboards, so many never arrive.
    pub answer_loss: u64,
    /// Of 1000 requests between switchboards, so many arrive twice.
    pub duplication: u64,
    /// Of 1000 frames of a handset, so many break its connection.
    pub breaks: u64,
}

impl Weather {
    /// Everything arrives, soon.
    pub const CALM: Self = Self { delay: 5, jitter: 0, loss: 0, answer_loss: 0, duplication: 0, breaks: 0 };

    /// Drawn for one seed: from fine to foul.
    pub fn draw(rng: &mut ChaCha20Rng) -> Self {
        let mut up_to = |most: u64| below(rng, most + 1);
        Self {
            delay: 1 + up_to(200),
            jitter: up_to(2000),
            loss: up_to(200),
            answer_loss: up_to(200),
            duplication: up_to(200),
            breaks: up_to(30),
        }
    }

    /// How long this one takes.
    pub fn way(&self, rng: &mut ChaCha20Rng) -> Duration {
        Duration::from_millis(self.delay + below(rng, self.jitter + 1))
    }
}

/// A number below `end`.
pub fn below(rng: &mut ChaCha20Rng, end: u64) -> u64 {
    rng.next_u64() % end.max(1)
}

/// True in `of_1000` of 1000 cases.
pub fn chance(rng: &mut ChaCha20Rng, of_1000: u64) -> bool {
    below(rng, 1000) < of_1000
}
