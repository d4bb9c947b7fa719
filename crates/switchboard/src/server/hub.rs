//! Which handsets are connected now, so that they can be woken.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::frames::Item;
use protocol::limits::ITEMS_IN_FLIGHT;
use protocol::{HandsetId, LineId};
use tokio::sync::Notify;

use crate::core::connection::bytes_of;

/// How one connection is woken.
#[derive(Debug, Default)]
pub(super) struct Bell {
    /// The line has something new.
    pub(super) news: Notify,
    /// The same handset has connected again.
    pub(super) replaced: Notify,
    /// The operator took the handset out of service.
    pub(super) revoked: Notify,
    /// What that is, as long as nobody has looked.
    unseen: Mutex<Unseen>,
}

/// What is new for a connection.
#[derive(Debug, Default)]
pub(super) enum Unseen {
    /// Nothing.
    #[default]
    Nothing,
    /// These items, which are durable, one after the other, and no more than a few.
    Items(Vec<Item>),
    /// It has to be read.
    Unknown,
}

impl Bell {
    /// What is new since this was asked last.
    pub(super) fn seen(&self) -> Unseen {
        std::mem::take(&mut *self.unseen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ring(&self, new: Option<&Vec<Item>>) {
        let mut unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
        *unseen = match (std::mem::take(&mut *unseen), new) {
            (Unseen::Nothing, Some(new)) if few(new) => Unseen::Items(new.clone()),
            (Unseen::Items(mut items), Some(new)) if follow(&items, new) => {
                items.extend_from_slice(new);
                Unseen::Items(items)
            }
            _ => Unseen::Unknown,
        };
        drop(unseen);
        self.news.notify_one();
    }
}

/// Whether items may be kept with those before them until somebody looks.
fn follow(items: &[Item], new: &[Item]) -> bool {
    let (last, first) = (items.last().map(|item| item.number), new.first().map(|item| item.number));
    last.map(|last| last + 1) == first && items.len() + new.len() <= ITEMS_IN_FLIGHT && few(items) && few(new)
}

/// Whether so many bytes may be kept for a connection that does not look: it may never.
fn few(items: &[Item]) -> bool {
    items.iter().map(bytes_of).sum::<usize>() <= KEPT
}

/// Bytes of new items that are kept for a connection; beyond that it reads them.
const KEPT: usize = 64 * 1024;

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
        // It is told, and not rung any more: it may be stuck.
        entries.retain(|entry| {
            let stays = entry.handset != handset;
            if !stays {
                entry.bell.replaced.notify_one();
            }
            stays
        });
        entries.push(Entry { id, handset, bell });
        Place { hub: Arc::clone(self), line, id }
    }

    /// Wakes the connections of these lines, with what is new where that is given.
    pub(super) fn wake(&self, woken: &[LineId], new: &BTreeMap<LineId, Vec<Item>>) {
        let lines = self.lines();
        for line in woken {
            lines.get(line).into_iter().flatten().for_each(|entry| entry.bell.ring(new.get(line)));
        }
    }

    /// Whether a handset of this line is connected.
    pub(super) fn is_connected(&self, line: &LineId) -> bool {
        self.lines().contains_key(line)
    }

    /// Ends the connections of handsets that are out of service.
    pub(super) fn end(&self, revoked: &[(LineId, HandsetId)]) {
        let lines = self.lines();
        for (line, handset) in revoked {
            let entries = lines.get(line).into_iter().flatten().filter(|entry| entry.handset == *handset);
            entries.for_each(|entry| entry.bell.revoked.notify_one());
        }
    }

    /// Wakes every connection.
    pub(super) fn wake_all(&self) {
        self.lines().values().flatten().for_each(|entry| entry.bell.ring(None));
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
