//! The browser's randomness.

use getrandom::SysRng;
use rand_core::{Rng as _, UnwrapErr};

/// Draws from the browser. Without that a handset cannot be had at all, so a failure ends the worker.
pub(crate) const fn randomness() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// A wait, shortened by up to a half, so that many do not come back at once.
pub(crate) fn jitter(milliseconds: u64) -> u64 {
    let by = u64::from(randomness().next_u32()) * (milliseconds / 2);
    milliseconds - (by >> 32)
}
