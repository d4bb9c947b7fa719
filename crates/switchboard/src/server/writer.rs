//! The one thread that writes: takes all that waits, does it in one transaction, and only then answers and wakes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use protocol::Timestamp;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::blob_files::BlobFiles;
use super::disk::Disk;
use super::hub::Hub;
use super::metrics::Metrics;
use super::push::Arrivals;
use super::{now, peers};
use crate::core::{Applied, Core, Done, Work};
use crate::store::{SqliteStore, StoreError, StoreFailure};

/// Works that wait before those who bring more have to wait themselves.
const QUEUE: usize = 4096;

type Answer = Box<dyn FnOnce(Result<Done, StoreError>) + Send>;

enum Job {
    Work(Work, Answer),
    Stop,
}

/// The way to the writing thread.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    jobs: Sender<Job>,
    /// Whoever brings a work waits here first if too many are waiting.
    room: Arc<Semaphore>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

impl Writer {
    /// Brings a work; `answer` is called on the writing thread once it is durable, or is not. Works that one caller
    /// brings one after the other are done in that order.
    pub(super) async fn bring(&self, work: Work, answer: impl FnOnce(Result<Done, StoreError>) + Send + 'static) {
        if let Ok(place) = self.room.acquire().await {
            place.forget();
        }
        if let Err(SendError(Job::Work(_, answer))) = self.jobs.send(Job::Work(work, Box::new(answer))) {
            answer(Err(stopped()));
        }
    }

    /// Brings a work and waits for it.
    pub(super) async fn ask(&self, work: Work) -> Result<Done, StoreError> {
        let (answer, answered) = oneshot::channel();
        // Whoever asked may be gone by then.
        self.bring(work, move |done| drop(answer.send(done))).await;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Lets the thread finish what waits, and end.
    pub(super) fn stop(&self) {
        // If it is gone already, that is all right, too.
        let _ = self.jobs.send(Job::Stop);
    }
}

fn stopped() -> StoreError {
    StoreError::new(StoreFailure::Busy, "the switchboard is shutting down, so nothing more is written")
}

/// Whom to tell about what is new.
pub(super) struct Wakes {
    pub(super) hub: Arc<Hub>,
    pub(super) peers: mpsc::UnboundedSender<peers::Event>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) blobs: Arc<BlobFiles>,
    pub(super) arrivals: Arrivals,
}

/// Starts the thread.
pub(super) fn spawn(core: Core<SqliteStore>, disk: Disk, wakes: Wakes) -> std::io::Result<(Writer, JoinHandle<()>)> {
    let (sender, receiver) = channel();
    let room = Arc::new(Semaphore::new(QUEUE));
    let thread = Thread { core, disk, wakes, room: Arc::clone(&room) };
    let thread = Builder::new().name("writer".to_owned()).spawn(move || thread.run(&receiver))?;
    Ok((Writer { jobs: sender, room }, thread))
}

struct Thread {
    core: Core<SqliteStore>,
    disk: Disk,
    wakes: Wakes,
    room: Arc<Semaphore>,
}

/// How long works that can wait are kept for the next that cannot, so that they cost no disk access of their own.
const A_WHILE: Duration = Duration::from_millis(50);
/// As many of them are written at once.
const FEW: usize = 64;

/// Whether nobody waits for this, and it may be lost with the process: what a handset or peer has, it says again.
fn can_wait((work, _): &(Work, Answer)) -> bool {
    matches!(work, Work::Ack { .. } | Work::Stored { .. })
}

impl Thread {
    fn run(mut self, jobs: &Receiver<Job>) {
        let limit = self.core.limits().batch.max(1);
        let (mut batch, mut waits_since) = (Vec::new(), None);
        loop {
            let waited = waits_since.map(|since: Instant| since.elapsed());
            let job = match (jobs.try_recv(), waited) {
                (Ok(job), _) => Some(job),
                (Err(_), None) => match jobs.recv() {
                    Ok(job) => Some(job),
                    Err(_) => return,
                },
                (Err(_), Some(waited)) if batch.iter().all(can_wait) && batch.len() < FEW && waited < A_WHILE => {
                    // The time is up, or nobody is left: both are seen the next time round.
                    jobs.recv_timeout(A_WHILE - waited).ok()
                }
                (Err(_), Some(_)) => {
                    self.write(std::mem::take(&mut batch));
                    waits_since = None;
                    continue;
                }
            };
            match job {
                Some(Job::Work(work, answer)) => {
                    self.room.add_permits(1);
                    batch.push((work, answer));
                    waits_since.get_or_insert_with(Instant::now);
                }
                Some(Job::Stop) => {
                    self.write(batch);
                    return self.cut_the_log();
                }
                None => {}
            }
            if batch.len() >= limit {
                self.write(std::mem::take(&mut batch));
                waits_since = None;
            }
        }
    }

    /// Leaves nothing in the write-ahead log, where what was deleted stays readable. SQLite does it when the last
    /// connection closes; but this one and the reader may close at once, and then neither is the last.
    fn cut_the_log(&mut self) {
        // If it cannot be done now, the next start finds everything there.
        let _ = database::erase_deleted(self.core.store().connection());
    }

    fn write(&mut self, batch: Vec<(Work, Answer)>) {
        if batch.is_empty() {
            return;
        }
        let begun = Instant::now();
        let is_short = self.disk.is_short(begun);
        self.core.set_short_of_disk(is_short);
        self.core.set_takes_files(self.disk.takes_files());
        let (works, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let count = works.len();
        // A fault is one work's; the others of its batch are done on their own.
        let spare = (count > 1).then(|| works.clone());
        match (self.apply(now(), works), spare) {
            (Ok(applied), _) => {
                self.wakes.metrics.committed(count, begun.elapsed());
                self.hand_out(applied, answers);
            }
            (Err(error), Some(works)) if error.kind() == StoreFailure::Fault => {
                works.into_iter().zip(answers).for_each(|(work, answer)| self.write(vec![(work, answer)]));
            }
            (Err(error), _) => {
                self.wakes.metrics.commit_failed(&error);
                answers.into_iter().for_each(|answer| answer(Err(error.clone())));
                if !error.nothing_kept() {
                    self.wakes.hub.wake_all();
                    // The other end lives as long as the runtime.
                    let _ = self.wakes.peers.send(peers::Event::WakeAll);
                }
            }
        }
    }

    fn hand_out(&self, applied: Applied, answers: Vec<Answer>) {
        self.wakes.metrics.dropped(applied.dropped);
        applied.blobs.iter().for_each(|blob| self.wakes.blobs.remove(blob));
        answers.into_iter().zip(applied.done).for_each(|(answer, done)| answer(Ok(done)));
        self.wakes.hub.wake(&applied.lines, &applied.items);
        self.wakes.arrivals.tell(applied.waking, &self.wakes.metrics);
        for peer in applied.peers {
            // As above.
            let _ = self.wakes.peers.send(peers::Event::Wake(peer));
        }
    }

    /// A bug in the handling of one work must not take the switchboard down: its transaction is rolled back.
    fn apply(&mut self, now: Timestamp, works: Vec<Work>) -> Result<Applied, StoreError> {
        catch_unwind(AssertUnwindSafe(|| self.core.apply(now, works))).unwrap_or_else(|_| {
            Err(StoreError::new(StoreFailure::Fault, "a fault in this program: nothing was written, please report it"))
        })
    }
}
