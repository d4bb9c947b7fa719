//! The operating system's randomness, as the engine takes it.

use std::convert::Infallible;

use getrandom::SysRng;
use rand_core::{TryCryptoRng, TryRng, UnwrapErr};

/// Draws from the operating system. Without that a handset cannot be had at all, so a failure ends the process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemRandom;

impl TryRng for SystemRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        UnwrapErr(SysRng).try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        UnwrapErr(SysRng).try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        UnwrapErr(SysRng).try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for SystemRandom {}

/// A number from 0 up to 1, for jitter.
pub(crate) fn fraction() -> f64 {
    let number = rand_core::Rng::next_u32(&mut SystemRandom);
    f64::from(number) / (f64::from(u32::MAX) + 1.0)
}
