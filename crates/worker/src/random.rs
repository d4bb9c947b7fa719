//! The browser's randomness, as the engine takes it.

use std::convert::Infallible;

use getrandom::SysRng;
use rand_core::{TryCryptoRng, TryRng, UnwrapErr};

/// Draws from the browser. Without that a handset cannot be had at all, so a failure ends the worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BrowserRandom;

impl TryRng for BrowserRandom {
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

impl TryCryptoRng for BrowserRandom {}

/// A wait, shortened by up to a half, so that many do not come back at once.
pub(crate) fn jitter(milliseconds: u64) -> u64 {
    let by = u64::from(rand_core::Rng::next_u32(&mut BrowserRandom)) * (milliseconds / 2);
    milliseconds - (by >> 32)
}
