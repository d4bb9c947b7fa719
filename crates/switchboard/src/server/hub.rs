//! Which handsets are connected now, so that they can be woken.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::{HandsetId, LineId};
use tokio::sync::Notify;

/// How one connection is woken.
#[derive(Debug, Default)]
pub(super) struct Bell {
    /// The line has something new.
    pub(super) news: Notify,
    /// The same handset has connected again.
    pub(super) replaced: Notify,
}

/// All connections that are open.
#[derive(Debug, Default)]
pub(super) struct Hub {
    lines: Mutex<HashMap<LineId, Vec<Entry>>>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    handset: HandsetId,
    bell: Arc<Bell>,
}

/// A place in the hub, given up when dropped.
#[derive(Debug)]
pub(super) struct Place {
    hub: Arc<Hub>,
    line: LineId,
    id: u64,
}

impl Hub {
    /// Adds a connection; an older one of the same handset is told so.
    pub(super) fn enter(self: &Arc<Self>, line: LineId, handset: HandsetId, bell: Arc<Bell>) -> Place {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut lines = self.lines();
        let entries = lines.entry(line).or_default();
        entries.iter().filter(|entry| entry.handset == handset).for_each(|entry| entry.bell.replaced.notify_one());
        entries.push(Entry { id, handset, bell });
        Place { hub: Arc::clone(self), line, id }
    }

    /// Wakes the connections of these lines.
    pub(super) fn wake(&self, woken: &[LineId]) {
        let lines = self.lines();
        woken.iter().filter_map(|line| lines.get(line)).flatten().for_each(|entry| entry.bell.news.notify_one());
    }

    /// Wakes every connection.
    pub(super) fn wake_all(&self) {
        self.lines().values().flatten().for_each(|entry| entry.bell.news.notify_one());
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<LineId, Vec<Entry>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.hub.lines();
        if let Some(entries) = lines.get_mut(&self.line) {
            entries.retain(|entry| entry.id != self.id);
            if entries.is_empty() {
                lines.remove(&self.line);
            }
        }
    }
}
