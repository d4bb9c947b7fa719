//! How much anybody may use: what `protocol::limits` leaves to each switchboard.

use std::time::Duration;

/// A switchboard's limits. The defaults suit an office of some hundred lines on a small machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Mailboxes that a line may have open.
    pub mailboxes_per_line: u64,
    /// Intakes (cards and standing ones) that a line may have open.
    pub intakes_per_line: u64,
    /// Bytes in a line's intakes.
    pub intake_bytes_per_line: u64,
    /// Generations that a line may have founded here and that are not swept away yet.
    pub generations_per_line: u64,
    /// Bytes that may wait for a line; what comes beyond is dropped and counted, and the conversation refounded. Of one
    /// peer's, a quarter of it.
    pub item_bytes_per_line: u64,
    /// Bytes that may wait for lines and came from one peer; what comes beyond is dropped and counted, as above.
    pub item_bytes_per_peer: u64,
    /// Bytes that may wait for lines and came from any peer. Half of it is for whoever comes first; the other half is
    /// shared out among as many peers as may be known, so that some can never take the room of all.
    pub item_bytes_from_peers: u64,
    /// Bytes that may wait for all peers together, shared as above. Deeds are refused from half of it on, as with each.
    pub queue_bytes: u64,
    /// Bytes that may wait for peers since one line submitted them. Deeds are refused from half of it on.
    pub queue_bytes_per_line: u64,
    /// Bytes of free disk below which nothing new is taken, in passing; 0 takes all there is. Files stop at twice as much,
    /// so that they never take the room of texts.
    pub disk_floor: u64,
    /// Bytes that may wait for a peer. Deeds are refused from half of it on, so that deliveries still find room.
    pub queue_bytes_per_peer: u64,
    /// The same for a peer that has never taken anything, and may not even exist.
    pub queue_bytes_per_stranger: u64,
    /// Blobs (sealed files) that a line may have here.
    pub blobs_per_line: u64,
    /// Bytes of a line's blobs.
    pub blob_bytes_per_line: u64,
    /// Bytes of all blobs here.
    pub blob_bytes: u64,
    /// How long a blob is kept for those who have not fetched it.
    pub keep_blobs: Duration,
    /// Blobs that one line brings or fetches at a time.
    pub blobs_at_once: u32,
    /// Blobs that one peer fetches here at a time.
    pub blobs_at_once_per_peer: u32,
    /// How long the bytes of a peer's blob may come more slowly than 1 KiB a second before it is given up, and how long
    /// whoever is given one may take none. Whoever wants it asks again from where it stopped, and others have their turn.
    pub blob_pace: Duration,
    /// Peers that may be known.
    pub peers: u64,
    /// Slots that one peer may hold of one intake without having used them.
    pub reservations_per_peer: usize,
    /// Reservations of one intake that are known, used and lapsed ones included.
    pub reservations_per_intake: usize,
    /// Introductions of one mailbox's whose outcome is awaited.
    pub awaited_per_mailbox: u64,
    /// How long a slot is held against others. Whoever comes later than that still gets it if nobody else holds it.
    pub reservation: Duration,
    /// How long items, queued messages and what is known of used reservations are kept.
    pub keep: Duration,
    /// How long a generation is kept after its last envelope.
    pub keep_generations: Duration,
    /// Queue incarnations of one peer whose numbers are kept.
    pub queues_per_peer: usize,
    /// Numbers of refused deeds that are kept for a handset.
    pub refused_deeds: usize,
    /// How often what is over is removed, and all queues are looked at.
    pub sweep: Duration,
    /// Works in one transaction.
    pub batch: usize,
    /// Connections of handsets, in all.
    pub connections: usize,
    /// Connections from one network address (for IPv6, one /64) that have not said who they are.
    pub strangers_per_address: u32,
    /// Connections of peers from one network address. What is beyond that counts among the strangers' still.
    pub peers_per_address: u32,
    /// Bytes of peers' requests in memory, in all. Requests beyond that are refused in passing.
    pub request_bytes: u64,
    /// Bytes of peers' requests in memory that came from one network address.
    pub request_bytes_per_address: u64,
    /// Requests of strangers (greetings, pages, fetches and parcels before they are authenticated) from one network
    /// address in a minute, and in a burst.
    pub stranger_requests_per_minute: u32,
    /// How long a connection may take to say who it is.
    pub greeting: Duration,
    /// Frames and requests about blobs from one line in a second, lasting; it may burst ten times as many. More are taken slower.
    pub frames_per_second: u32,
    /// Parcels from one peer in a second, lasting; it may burst ten times as many.
    pub parcels_per_second: u32,
    /// Slots and blobs fetched by one peer in a minute.
    pub fetches_per_minute: u32,
    /// Slots and blobs fetched from elsewhere by one line in a minute.
    pub questions_per_minute: u32,
    /// Slots that one line is fetching from elsewhere at a time.
    pub questions_at_once: u32,
    /// How long a connected handset may take to take what came before it is woken all the same.
    pub wake_patience: Duration,
    /// How long a handset that was woken and did not connect is left alone.
    pub wake_again: Duration,
}

impl Limits {
    /// Whether this much of one peer's has room beside this much of all peers', in what is shared: half of it is for
    /// whoever comes first, of the other half each has its own share.
    pub(crate) fn has_room(&self, shared: u64, of_peer: u64, of_all: u64) -> bool {
        of_all <= shared / 2 || of_peer <= shared / 2 / self.peers.max(1)
    }
}

const DAY: Duration = Duration::from_hours(24);

impl Default for Limits {
    fn default() -> Self {
        Self {
            mailboxes_per_line: 8192,
            intakes_per_line: 4096,
            intake_bytes_per_line: 512 << 20,
            generations_per_line: 8192,
            item_bytes_per_line: 512 << 20,
            item_bytes_per_peer: 2 << 30,
            item_bytes_from_peers: 16 << 30,
            queue_bytes: 8 << 30,
            queue_bytes_per_line: 256 << 20,
            disk_floor: 1 << 30,
            queue_bytes_per_peer: 1 << 30,
            queue_bytes_per_stranger: 4 << 20,
            blobs_per_line: 1000,
            blob_bytes_per_line: 2 << 30,
            blob_bytes: 20 << 30,
            keep_blobs: DAY * 30,
            blobs_at_once: 4,
            blobs_at_once_per_peer: 16,
            blob_pace: Duration::from_secs(30),
            peers: 10_000,
            reservations_per_peer: 4,
            reservations_per_intake: 1024,
            awaited_per_mailbox: 16,
            reservation: Duration::from_mins(2),
            keep: DAY * 30,
            keep_generations: DAY * 400,
            queues_per_peer: 8,
            refused_deeds: 256,
            sweep: Duration::from_mins(1),
            batch: 256,
            connections: 10_000,
            strangers_per_address: 32,
            peers_per_address: 128,
            request_bytes: 256 << 20,
            request_bytes_per_address: 32 << 20,
            stranger_requests_per_minute: 600,
            greeting: Duration::from_secs(10),
            frames_per_second: 500,
            parcels_per_second: 500,
            fetches_per_minute: 600,
            questions_per_minute: 120,
            questions_at_once: 32,
            wake_patience: Duration::from_secs(10),
            wake_again: Duration::from_mins(5),
        }
    }
}
