//! How much strangers may do: by network address until they have said who they are, by peer afterwards.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use protocol::{LineId, SwitchboardAddress};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::buckets::{Buckets, Rate};
use super::counts::{Counted, Counts, locked};
use crate::limits::Limits;

/// Counts and buckets of everybody who comes in.
#[derive(Debug)]
pub(super) struct Gate {
    limits: Limits,
    /// The development flag: everybody comes from the same few addresses.
    trusts_loopback: bool,
    connections: Arc<Semaphore>,
    strangers: Counts<IpAddr>,
    peers: Counts<IpAddr>,
    bytes: Counts<()>,
    bytes_of: Counts<IpAddr>,
    parcels_under_way: Counts<SwitchboardAddress>,
    questions_under_way: Counts<LineId>,
    blobs_of_lines: Counts<LineId>,
    blobs_of_peers: Counts<SwitchboardAddress>,
    requests: Mutex<Buckets<IpAddr>>,
    parcels: Mutex<Buckets<SwitchboardAddress>>,
    fetches: Mutex<Buckets<SwitchboardAddress>>,
    frames: Mutex<Buckets<LineId>>,
    questions: Mutex<Buckets<LineId>>,
}

/// A connection that was let in; counts as long as it lives.
#[derive(Debug)]
pub(super) struct Guest {
    /// The address that it is counted under.
    pub(super) counted: IpAddr,
    counts_as: Mutex<CountsAs>,
    _place: OwnedSemaphorePermit,
}

/// The held counts are given back when a connection comes to count as something else.
#[derive(Debug)]
enum CountsAs {
    Stranger(#[allow(dead_code, reason = "held, not read")] Counted<IpAddr>),
    Peer(#[allow(dead_code, reason = "as above")] Counted<IpAddr>),
    /// A handset, which its line's account answers for.
    Known,
}

/// What a request takes up in memory.
#[derive(Debug)]
pub(super) struct Room {
    all: (Counted<()>, u64),
    of_address: (Counted<IpAddr>, u64),
}

impl Room {
    /// Takes up more, if there is as much; gives whether it did.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let bytes = bytes as u64;
        self.of_address.0.grow(bytes, self.of_address.1) && self.all.0.grow(bytes, self.all.1)
    }
}

impl Gate {
    pub(super) fn new(limits: &Limits, trusts_loopback: bool) -> Self {
        let lasting = |count: u32| Rate::per_second(count, count.saturating_mul(10));
        Self {
            trusts_loopback,
            connections: Arc::new(Semaphore::new(limits.connections)),
            strangers: Counts::default(),
            peers: Counts::default(),
            bytes: Counts::default(),
            bytes_of: Counts::default(),
            parcels_under_way: Counts::default(),
            questions_under_way: Counts::default(),
            blobs_of_lines: Counts::default(),
            blobs_of_peers: Counts::default(),
            requests: Mutex::new(Buckets::new(Rate::per_minute(limits.stranger_requests_per_minute))),
            parcels: Mutex::new(Buckets::new(lasting(limits.parcels_per_second))),
            fetches: Mutex::new(Buckets::new(Rate::per_minute(limits.fetches_per_minute))),
            frames: Mutex::new(Buckets::new(lasting(limits.frames_per_second))),
            questions: Mutex::new(Buckets::new(Rate::per_minute(limits.questions_per_minute))),
            limits: limits.clone(),
        }
    }

    /// Lets a connection in, if there is room for it.
    pub(super) fn enter(&self, ip: IpAddr) -> Option<Arc<Guest>> {
        let place = Arc::clone(&self.connections).try_acquire_owned().ok()?;
        let counted = counted_as(ip);
        let counts_as = if self.is_trusted(counted) {
            CountsAs::Known
        } else {
            CountsAs::Stranger(self.strangers.take(counted, self.limits.strangers_per_address.into())?)
        };
        Some(Arc::new(Guest { counted, counts_as: Mutex::new(counts_as), _place: place }))
    }

    /// Whether a stranger may ask something. What turns out to be no stranger's is given back.
    pub(super) fn ask(&self, guest: &Guest) -> bool {
        self.is_trusted(guest.counted) || locked(&self.requests).take(guest.counted, Instant::now())
    }

    /// A connection is a peer's, and what it asked was not a stranger's. Anybody can be a peer: as many from one address
    /// as may be, and those beyond count as strangers still.
    pub(super) fn is_peer(&self, guest: &Guest) {
        let mut counts_as = locked(&guest.counts_as);
        if matches!(*counts_as, CountsAs::Stranger(_))
            && let Some(count) = self.peers.take(guest.counted, self.limits.peers_per_address.into())
        {
            *counts_as = CountsAs::Peer(count);
        }
        locked(&self.requests).give_back(&guest.counted);
    }

    /// A connection is a handset's, and what it asked was not a stranger's.
    pub(super) fn is_handset(&self, guest: &Guest) {
        *locked(&guest.counts_as) = CountsAs::Known;
        locked(&self.requests).give_back(&guest.counted);
    }

    /// What a connection asked was not a stranger's, though the connection counts as one: a ticket shows whose request it
    /// is, and anybody with one could open any number of connections.
    pub(super) fn is_known(&self, guest: &Guest) {
        locked(&self.requests).give_back(&guest.counted);
    }

    /// Room for a request, of which nothing is read yet.
    pub(super) fn room(&self, guest: &Guest) -> Room {
        let most = self.limits.request_bytes;
        let of_address = if self.is_trusted(guest.counted) { most } else { self.limits.request_bytes_per_address };
        Room { all: (self.bytes.nothing(()), most), of_address: (self.bytes_of.nothing(guest.counted), of_address) }
    }

    /// Whether a peer may bring a parcel. It brings one at a time, until what this gives is dropped.
    pub(super) fn parcel(&self, peer: &SwitchboardAddress) -> Option<Counted<SwitchboardAddress>> {
        let under_way = self.parcels_under_way.take(peer.clone(), 1)?;
        locked(&self.parcels).take(peer.clone(), Instant::now()).then_some(under_way)
    }

    pub(super) fn fetch(&self, peer: &SwitchboardAddress) -> bool {
        locked(&self.fetches).take(peer.clone(), Instant::now())
    }

    /// Takes note of a line's frame; gives how long to wait before the next is read.
    pub(super) fn frame(&self, line: &LineId) -> Duration {
        locked(&self.frames).wait(*line, Instant::now())
    }

    /// Whether a line may ask something elsewhere; what this gives is held until it is answered.
    pub(super) fn question(&self, line: &LineId) -> Option<Counted<LineId>> {
        let under_way = self.questions_under_way.take(*line, self.limits.questions_at_once.into())?;
        locked(&self.questions).take(*line, Instant::now()).then_some(under_way)
    }

    /// Whether a line may bring or fetch a blob now; what this gives is held until that is done.
    pub(super) fn blob_of_line(&self, line: &LineId) -> Option<Counted<LineId>> {
        self.blobs_of_lines.take(*line, self.limits.blobs_at_once.into())
    }

    /// The same for a peer that fetches one.
    pub(super) fn blob_of_peer(&self, peer: &SwitchboardAddress) -> Option<Counted<SwitchboardAddress>> {
        self.blobs_of_peers.take(peer.clone(), self.limits.blobs_at_once_per_peer.into())
    }

    fn is_trusted(&self, ip: IpAddr) -> bool {
        self.trusts_loopback && ip.is_loopback()
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
        gate.is_handset(&first);
        gate.is_handset(&first);
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

    #[test]
    fn one_address_has_so_many_connections_of_peers_and_the_rest_are_strangers() {
        let limits = Limits { strangers_per_address: 1, peers_per_address: 2, ..Limits::default() };
        let gate = Gate::new(&limits, false);
        let enter = || gate.enter("203.0.113.1".parse().unwrap());
        let guests: Vec<_> = (0..3).map(|_| enter().inspect(|guest| gate.is_peer(guest)).unwrap()).collect();
        assert!(enter().is_none(), "the third is a stranger still");
        gate.is_peer(&guests[0]);
        drop(guests);
        assert!(enter().is_some());
    }

    #[test]
    fn requests_have_so_much_room_in_all_and_by_address() {
        let limits = Limits { request_bytes: 15, request_bytes_per_address: 10, ..Limits::default() };
        let gate = Gate::new(&limits, false);
        let guest = |ip: &str| gate.enter(ip.parse().unwrap()).unwrap();
        let (mut one, mut same) = (gate.room(&guest("203.0.113.1")), gate.room(&guest("203.0.113.1")));
        let mut other = gate.room(&guest("203.0.113.2"));
        assert!(one.grow(8) && !same.grow(8) && same.grow(2), "ten for one address");
        assert!(!other.grow(6), "fifteen for all");
        drop(one);
        assert!(gate.room(&guest("203.0.113.3")).grow(6));
    }

    #[test]
    fn a_peer_brings_one_parcel_at_a_time_and_a_line_asks_so_much_however_often_it_connects() {
        let limits =
            Limits { questions_per_minute: 5, questions_at_once: 2, frames_per_second: 1, ..Limits::default() };
        let gate = Gate::new(&limits, false);
        let peer = "b.example".parse().unwrap();
        let first = gate.parcel(&peer);
        assert!(first.is_some() && gate.parcel(&peer).is_none());
        drop(first);
        assert!(gate.parcel(&peer).is_some());

        let line = LineId::new([1; 32]);
        let asked = [gate.question(&line), gate.question(&line), gate.question(&line)];
        assert_eq!(asked.iter().flatten().count(), 2, "at once");
        drop(asked);
        assert_eq!((0..9).filter(|_| gate.question(&line).is_some()).count(), 3, "in a minute");
        assert!(gate.question(&LineId::new([2; 32])).is_some());
        assert_eq!((0..10).map(|_| gate.frame(&line)).max(), Some(Duration::ZERO));
        assert!(gate.frame(&line) > Duration::from_millis(900));
    }
}
