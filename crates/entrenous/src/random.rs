//! The operating system's randomness.

use getrandom::SysRng;
use rand_core::{Rng as _, UnwrapErr};

/// Draws from the operating system. Without that a handset cannot be had at all, so a failure ends the process.
pub(crate) const fn randomness() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// A number from 0 up to 1, for jitter.
pub(crate) fn fraction() -> f64 {
    f64::from(randomness().next_u32()) / (f64::from(u32::MAX) + 1.0)
}
