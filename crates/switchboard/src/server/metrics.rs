//! Counters in Prometheus' text format (version 0.0.4). Sums only: nothing in them tells who deals with whom.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::store::StoreError;

/// One counter or gauge.
#[derive(Debug, Default)]
pub(super) struct Number(AtomicU64);

impl Number {
    pub(super) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn one(&self) {
        self.add(1);
    }

    pub(super) fn less(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Upper bounds of the commits' durations, in microseconds.
const BOUNDS: [u64; 8] = [500, 1_000, 2_000, 5_000, 10_000, 50_000, 250_000, 1_000_000];
/// A failure that lasts is logged this often.
const LOG_AGAIN: Duration = Duration::from_secs(10);

/// All counters.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    pub(super) handsets: Number,
    pub(super) turned_away: Number,
    pub(super) frames_in: Number,
    pub(super) items_out: Number,
    pub(super) greetings_refused: Number,
    pub(super) parcels_in: Number,
    pub(super) parcels_refused: Number,
    pub(super) parcels_out: Number,
    pub(super) parcels_failed: Number,
    pub(super) peers_waiting: Number,
    pub(super) peer_keys_changed: Number,
    pub(super) signatures_refused: Number,
    pub(super) pushes_out: Number,
    pub(super) pushes_failed: Number,
    pub(super) pushes_gone: Number,
    pub(super) pushes_dropped: Number,
    works: Number,
    commits: Number,
    commit_failures: Number,
    dropped: Number,
    commit_micros: Number,
    commit_buckets: [Number; BOUNDS.len()],
    is_failing: AtomicBool,
    commits_said: Throttle,
    blobs_said: Throttle,
}

/// Keeps what lasts from filling the log.
#[derive(Debug, Default)]
struct Throttle(Mutex<Option<Instant>>);

impl Throttle {
    fn may_say(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|last| last.elapsed() > LOG_AGAIN);
        if may {
            *last = Some(Instant::now());
        }
        may
    }
}

impl Metrics {
    /// A batch is durable.
    pub(super) fn committed(&self, works: usize, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.works.add(works as u64);
        self.commits.one();
        self.commit_micros.add(micros);
        self.commit_buckets.iter().zip(BOUNDS).filter(|(_, bound)| micros <= *bound).for_each(|(n, _)| n.one());
        if self.is_failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the database takes writes again");
        }
    }

    /// A batch is not, or may not be.
    pub(super) fn commit_failed(&self, error: &StoreError) {
        self.commit_failures.one();
        self.is_failing.store(true, Ordering::Relaxed);
        if self.commits_said.may_say() {
            tracing::error!(code = error.code(), "{error}");
        }
    }

    /// The bytes of a blob could not be written, or not made to last.
    pub(super) fn blob_failed(&self, error: &std::io::Error) {
        if self.blobs_said.may_say() {
            tracing::error!(code = "blob-unwritable", "the bytes of a blob cannot be written: {}", error.kind());
        }
    }

    pub(super) fn dropped(&self, count: u64) {
        self.dropped.add(count);
    }

    /// Whether the last batch could be written.
    pub(super) fn is_healthy(&self) -> bool {
        !self.is_failing.load(Ordering::Relaxed)
    }

    /// All of it as text.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(4096);
        for (name, kind, help, number) in [
            ("handsets_connected", "gauge", "Handsets connected now.", &self.handsets),
            ("connections_turned_away_total", "counter", "Connections beyond a limit.", &self.turned_away),
            ("frames_received_total", "counter", "Frames from handsets.", &self.frames_in),
            ("items_sent_total", "counter", "Items sent to handsets, repeated ones included.", &self.items_out),
            ("greetings_refused_total", "counter", "Handsets that were not let in.", &self.greetings_refused),
            ("parcels_received_total", "counter", "Parcels of peers that were taken.", &self.parcels_in),
            (
                "parcels_refused_total",
                "counter",
                "Parcels and fetches of peers that were refused.",
                &self.parcels_refused,
            ),
            ("parcels_sent_total", "counter", "Parcels that a peer has taken.", &self.parcels_out),
            (
                "parcels_failed_total",
                "counter",
                "Attempts to send a parcel that came to nothing.",
                &self.parcels_failed,
            ),
            ("peers_waiting", "gauge", "Peers that are being sent to or waited for.", &self.peers_waiting),
            (
                "peer_keys_changed_total",
                "counter",
                "Times that a peer showed another key than the pinned one.",
                &self.peer_keys_changed,
            ),
            (
                "signatures_refused_total",
                "counter",
                "Requests of peers whose signature did not hold.",
                &self.signatures_refused,
            ),
            ("pushes_sent_total", "counter", "Push messages that a push service has taken.", &self.pushes_out),
            (
                "pushes_failed_total",
                "counter",
                "Attempts to send a push message that came to nothing.",
                &self.pushes_failed,
            ),
            ("pushes_gone_total", "counter", "Push messages for subscriptions that are no more.", &self.pushes_gone),
            (
                "pushes_dropped_total",
                "counter",
                "Handsets that were not woken, since too many were to be.",
                &self.pushes_dropped,
            ),
            ("works_total", "counter", "Works done.", &self.works),
            ("commit_failures_total", "counter", "Transactions that could not be committed.", &self.commit_failures),
            (
                "messages_dropped_total",
                "counter",
                "Messages to unknown mailboxes, replayed, or beyond a limit.",
                &self.dropped,
            ),
        ] {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP entrenous_{name} {help}\n# TYPE entrenous_{name} {kind}");
            let _ = writeln!(text, "entrenous_{name} {}", number.get());
        }
        self.commits_text(&mut text);
        text
    }

    fn commits_text(&self, text: &mut String) {
        let name = "entrenous_commit_seconds";
        let (commits, seconds) = (self.commits.get(), seconds(self.commit_micros.get()));
        // As above.
        let _ = writeln!(text, "# HELP {name} How long transactions took.\n# TYPE {name} histogram");
        for (bound, count) in BOUNDS.into_iter().zip(&self.commit_buckets) {
            let _ = writeln!(text, "{name}_bucket{{le=\"{}\"}} {}", self::seconds(bound), count.get());
        }
        let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {commits}\n{name}_sum {seconds}\n{name}_count {commits}");
    }
}

#[allow(clippy::cast_precision_loss, reason = "sums of microseconds stay far below 2^52")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreFailure;

    #[test]
    fn what_lasts_is_said_once_in_a_while() {
        let throttle = Throttle::default();
        assert!(throttle.may_say() && !throttle.may_say());
    }

    #[test]
    fn commits_fall_into_buckets_and_failures_show() {
        let metrics = Metrics::default();
        metrics.committed(3, Duration::from_micros(1500));
        let text = metrics.text();
        for line in [
            "entrenous_works_total 3",
            "entrenous_commit_seconds_bucket{le=\"0.001\"} 0",
            "entrenous_commit_seconds_bucket{le=\"0.002\"} 1",
            "entrenous_commit_seconds_bucket{le=\"+Inf\"} 1",
            "entrenous_commit_seconds_sum 0.0015",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        metrics.commit_failed(&StoreError::new(StoreFailure::Full, "full"));
        assert!(!metrics.is_healthy());
        metrics.committed(1, Duration::ZERO);
        assert!(metrics.is_healthy());
    }
}
