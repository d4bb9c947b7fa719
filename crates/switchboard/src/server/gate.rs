//! How much strangers may do: by network address until they have said who they are, by peer afterwards.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::SwitchboardAddress;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::buckets::{Buckets, Rate};
use crate::limits::Limits;

/// Counts and buckets of everybody who comes in.
#[derive(Debug)]
pub(super) struct Gate {
    strangers_per_address: u32,
    /// The development flag: everybody comes from the same few addresses.
    trusts_loopback: bool,
    connections: Arc<Semaphore>,
    strangers: Arc<Mutex<HashMap<IpAddr, u32>>>,
    requests: Mutex<Buckets<IpAddr>>,
    parcels: Mutex<Buckets<SwitchboardAddress>>,
    fetches: Mutex<Buckets<SwitchboardAddress>>,
}

/// A connection that was let in; counts as long as it lives.
#[derive(Debug)]
pub(super) struct Guest {
    /// The address that it is counted under.
    pub(super) counted: IpAddr,
    is_stranger: AtomicBool,
    strangers: Arc<Mutex<HashMap<IpAddr, u32>>>,
    _place: OwnedSemaphorePermit,
}

impl Gate {
    pub(super) fn new(limits: &Limits, trusts_loopback: bool) -> Self {
        let requests = Rate::per_minute(limits.stranger_requests_per_minute);
        let parcels = Rate::per_second(limits.parcels_per_second, limits.parcels_per_second.saturating_mul(10));
        Self {
            strangers_per_address: limits.strangers_per_address,
            trusts_loopback,
            connections: Arc::new(Semaphore::new(limits.connections)),
            strangers: Arc::default(),
            requests: Mutex::new(Buckets::new(requests)),
            parcels: Mutex::new(Buckets::new(parcels)),
            fetches: Mutex::new(Buckets::new(Rate::per_minute(limits.fetches_per_minute))),
        }
    }

    /// Lets a connection in, if there is room for it.
    pub(super) fn enter(&self, ip: IpAddr) -> Option<Arc<Guest>> {
        let place = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        let counted = counted_as(ip);
        let is_stranger = !self.is_trusted(counted);
        if is_stranger {
            let mut strangers = locked(&self.strangers);
            let count = strangers.entry(counted).or_default();
            if *count >= self.strangers_per_address {
                return None;
            }
            *count += 1;
        }
        let strangers = Arc::clone(&self.strangers);
        Some(Arc::new(Guest { counted, is_stranger: AtomicBool::new(is_stranger), strangers, _place: place }))
    }

    /// Whether a stranger may ask something. What turns out to be no stranger's is given back.
    pub(super) fn ask(&self, guest: &Guest) -> bool {
        self.is_trusted(guest.counted) || locked(&self.requests).take(guest.counted, Instant::now())
    }

    /// Gives back what was not a stranger's.
    pub(super) fn give_back(&self, guest: &Guest) {
        locked(&self.requests).give_back(&guest.counted);
    }

    pub(super) fn parcel(&self, peer: &SwitchboardAddress) -> bool {
        locked(&self.parcels).take(peer.clone(), Instant::now())
    }

    pub(super) fn fetch(&self, peer: &SwitchboardAddress) -> bool {
        locked(&self.fetches).take(peer.clone(), Instant::now())
    }

    fn is_trusted(&self, ip: IpAddr) -> bool {
        self.trusts_loopback && ip.is_loopback()
    }
}

impl Guest {
    /// The connection has said who it is.
    pub(super) fn is_known(&self) {
        if self.is_stranger.swap(false, Ordering::Relaxed) {
            let mut strangers = locked(&self.strangers);
            if let Some(count) = strangers.get_mut(&self.counted) {
                *count -= 1;
                if *count == 0 {
                    strangers.remove(&self.counted);
                }
            }
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.is_known();
    }
}

/// IPv6 addresses count by their /64, of which one household has all.
fn counted_as(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) if !ip.is_loopback() => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        ip => ip,
    }
}

/// A count stays usable after a panic elsewhere.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_counted_until_they_are_known_or_gone() {
        let limits = Limits { strangers_per_address: 2, connections: 4, ..Limits::default() };
        let gate = Gate::new(&limits, false);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = gate.enter(ip("2001:db8::1")).unwrap();
        let second = gate.enter(ip("2001:db8::2")).unwrap();
        assert!(gate.enter(ip("2001:db8::3")).is_none(), "the same /64");
        first.is_known();
        first.is_known();
        let third = gate.enter(ip("2001:db8::3")).unwrap();
        drop(second);
        let fourth = gate.enter(ip("127.0.0.1")).unwrap();
        assert!(gate.enter(ip("2001:db8::4")).is_some());
        let fifth = gate.enter(ip("2001:db8::5"));
        assert!(fifth.is_some() && gate.enter(ip("203.0.113.1")).is_none(), "full");
        drop((third, fourth));
        assert!(gate.enter(ip("203.0.113.1")).is_some());
    }

    #[test]
    fn requests_are_limited_by_address_but_for_the_machine_itself_under_the_flag() {
        let limits = Limits { stranger_requests_per_minute: 3, ..Limits::default() };
        let allowed = |trusts_loopback, ip: &str| {
            let gate = Gate::new(&limits, trusts_loopback);
            let guest = gate.enter(ip.parse().unwrap()).unwrap();
            (0..9).filter(|_| gate.ask(&guest)).count()
        };
        assert_eq!(allowed(false, "203.0.113.1"), 3);
        assert_eq!(allowed(false, "127.0.0.1"), 3);
        assert_eq!(allowed(true, "203.0.113.1"), 3);
        assert_eq!(allowed(true, "127.0.0.1"), 9);
    }
}
