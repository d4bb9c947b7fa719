//! What is done now and then: removing what is over, looking at all queues, at the certificate, and at the clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::Timestamp;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::peers::Event;
use super::report::{self, Report};
use super::tls::Certificate;
use super::{Shared, now};
use crate::core::{Done, Work, reads};

/// A clock that is further ahead of the last sweep than this may be wrong.
const LEAP: Duration = Duration::from_hours(24);
/// How often it is looked whether the operator took a handset out of service.
const LOOK: Duration = Duration::from_secs(1);
/// The operator has this long to set it right before anything is removed by it.
const GRACE: Duration = Duration::from_hours(1);

/// Looks for the operator's orders until the switchboard shuts down, however long anything else takes.
pub(super) async fn look(shared: Arc<Shared>, mut draining: watch::Receiver<bool>) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            _ = draining.wait_for(|draining| *draining) => return,
        }
        carry_out_revocations(&shared).await;
    }
}

/// Keeps house until the switchboard shuts down.
pub(super) async fn keep(
    shared: Arc<Shared>,
    certificate: Option<Arc<Certificate>>,
    data: PathBuf,
    mut draining: watch::Receiver<bool>,
) {
    let mut ticks = interval(shared.limits.sweep);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut clock, since) = (Clock::default(), now());
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = draining.wait_for(|draining| *draining) => return,
        }
        // If it cannot be read, the sweep cannot be done either.
        let last = reads::last_sweep(&mut *shared.reader.store()).ok().flatten();
        if clock.is_believed(last, now(), Instant::now()) {
            while let Ok(Done::Swept(1..)) = shared.writer.ask(Work::Sweep).await {}
        }
        // A peer may have been allowed by the operator, or waited for by a clock that was set back. The other end lives
        // as long as this.
        let _ = shared.peers.send(Event::WakeAll);
        if let Some(certificate) = &certificate {
            certificate.refresh();
        }
        say_how_it_is(&shared, &data, since);
    }
}

/// Ends what handsets have open that the operator took out of service, and lets their contacts be told. What cannot be read
/// or written now is done the next time.
async fn carry_out_revocations(shared: &Shared) {
    let Ok((handsets, is_news)) = reads::revoked(&mut *shared.reader.store()) else { return };
    shared.hub.end(&handsets);
    if is_news && let Err(error) = shared.writer.ask(Work::Announce).await {
        tracing::warn!(%error, "contacts cannot be told yet that a handset is out of service");
    }
}

/// For the operator beside it.
fn say_how_it_is(shared: &Shared, data: &Path, since: Timestamp) {
    let report = Report {
        at: now(),
        since,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        handsets: shared.metrics.handsets.get(),
        troubles: shared.troubles.all(),
    };
    if report::write(data, &report).is_err() {
        tracing::warn!("the report for `office status` cannot be written into the data directory");
    }
}

/// Whether the clock may be trusted with removing what cannot be had back.
#[derive(Debug, Default)]
struct Clock {
    doubted_since: Option<Instant>,
}

impl Clock {
    /// Doubts a clock that has leapt, for a while; whoever starts a machine after days does not even notice.
    fn is_believed(&mut self, last_sweep: Option<Timestamp>, now: Timestamp, at: Instant) -> bool {
        if last_sweep.is_none_or(|last| now.since(last) <= LEAP) {
            self.doubted_since = None;
            return true;
        }
        if self.doubted_since.is_none() {
            tracing::warn!(
                "the clock is more than a day ahead of when this switchboard was last at work: if it is wrong, set it right within an hour, since expired cards and old messages are removed after that"
            );
        }
        at.saturating_duration_since(*self.doubted_since.get_or_insert(at)) >= GRACE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_leaps_is_doubted_for_an_hour() {
        let hours = |hours: u64| Timestamp::from_millis(hours * 3_600_000);
        let (start, mut clock) = (Instant::now(), Clock::default());
        let mut believed = |last: Option<u64>, now, minutes| {
            clock.is_believed(last.map(hours), hours(now), start + Duration::from_mins(minutes))
        };
        assert!(believed(None, 1000, 0), "nothing to compare it with");
        assert!(believed(Some(1000), 1024, 0) && believed(Some(1000), 1, 0), "a day off, and a clock set back");
        assert!(!believed(Some(1000), 1025, 1) && !believed(Some(1000), 1025, 60));
        assert!(believed(Some(1000), 1000, 61), "set right");
        assert!(!believed(Some(1000), 1025, 62) && !believed(Some(1000), 1025, 121));
        assert!(believed(Some(1000), 1025, 122), "not set right: it must be so");
    }
}
