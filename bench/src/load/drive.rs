//! The closed loop: each pair has some texts under way, and the next goes out when one has arrived. And the open one:
//! so many texts a second, whatever has arrived.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::process::cpu_seconds;
use crate::Result;
use crate::stats::Times;

/// A way that texts go, from one client to another, through one server or two.
pub(crate) trait Way: Send + 'static {
    /// What is heard on it.
    type Heard: Send;

    /// Sends texts.
    fn send(&mut self, texts: usize) -> impl Future<Output = Result<()>> + Send;
    /// Waits until something is heard. May be given up at any time.
    fn hear(&mut self) -> impl Future<Output = Result<Self::Heard>> + Send;
    /// Takes it; gives how many texts arrived, and how many were said to be kept.
    fn take(&mut self, heard: Self::Heard) -> impl Future<Output = Result<(usize, usize)>> + Send;
}

/// What all pairs share.
#[derive(Debug, Default)]
struct Tally {
    arrived: AtomicU64,
    kept: AtomicU64,
    /// Texts are no longer followed by others.
    over: AtomicBool,
    times: Mutex<Vec<Duration>>,
}

/// Pairs of clients at work.
pub(crate) struct Pairs {
    tally: Arc<Tally>,
    orders: Vec<mpsc::UnboundedSender<usize>>,
    failures: mpsc::UnboundedReceiver<String>,
}

/// What was measured at saturation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saturation {
    pub(crate) texts_per_second: f64,
    pub(crate) texts_per_cpu_second: f64,
}

impl Saturation {
    /// Not measured in this run.
    pub(crate) const NONE: Self = Self { texts_per_second: f64::NAN, texts_per_cpu_second: f64::NAN };

    pub(crate) fn line(&self) -> String {
        format!(
            "{:8.0} texts per server CPU second   ({:.0} texts/s, {:.2} server CPUs busy)",
            self.texts_per_cpu_second,
            self.texts_per_second,
            self.texts_per_second / self.texts_per_cpu_second
        )
    }
}

impl Pairs {
    /// Sets all to work, with nothing to do yet.
    pub(crate) fn new<W: Way>(ways: Vec<W>) -> Self {
        let tally = Arc::<Tally>::default();
        let (failed, failures) = mpsc::unbounded_channel();
        let work = |way| {
            let (orders, received) = mpsc::unbounded_channel();
            let (tally, failed) = (Arc::clone(&tally), failed.clone());
            tokio::spawn(async move {
                if let Err(error) = run(way, received, &tally).await {
                    // Nobody listens once the measurement is over.
                    let _ = failed.send(error.to_string());
                }
            });
            orders
        };
        let orders = ways.into_iter().map(work).collect();
        Self { tally, orders, failures }
    }

    /// Texts per server CPU second with `window` texts of each pair under way.
    pub(crate) async fn saturate(
        &mut self,
        servers: &[u32],
        window: usize,
        warm: Duration,
        long: Duration,
    ) -> Result<Saturation> {
        self.tally.over.store(false, Ordering::Relaxed);
        self.order_all(window);
        self.pause(warm).await?;
        let read = |tally: &Tally| -> Result<_> {
            Ok((Instant::now(), tally.arrived.load(Ordering::Relaxed), cpu_seconds(servers)?))
        };
        let before = read(&self.tally)?;
        self.pause(long).await?;
        let after = read(&self.tally)?;
        self.finish().await?;
        let texts = (after.1 - before.1) as f64;
        if texts == 0.0 {
            return Err(format!("no text arrived within {} seconds", (warm + long).as_secs()).into());
        }
        Ok(Saturation {
            texts_per_second: texts / after.0.duration_since(before.0).as_secs_f64(),
            texts_per_cpu_second: texts / (after.2 - before.2).max(0.01),
        })
    }

    /// How long texts take at `rate` a second over all pairs in turn.
    pub(crate) async fn paced(&mut self, rate: u32, count: usize) -> Result<Times> {
        self.tally.over.store(true, Ordering::Relaxed);
        self.clear()?;
        let beginning = Instant::now();
        for (i, order) in (0..count).zip(self.orders.iter().cycle()) {
            let due = beginning + Duration::from_secs(1) * u32::try_from(i)? / rate;
            tokio::time::sleep_until(due.into()).await;
            // A pair that failed says so in `failures`.
            let _ = order.send(1);
        }
        self.finish().await?;
        Ok(self.clear()?.into_iter().collect())
    }

    /// Sends `each` texts over every pair, as fast as `window` at a time arrive; with nobody there to take them, as fast
    /// as they are kept.
    pub(crate) async fn keep(&mut self, each: usize) -> Result<()> {
        self.tally.over.store(true, Ordering::Relaxed);
        let goal = self.tally.kept.load(Ordering::Relaxed) + (each * self.orders.len()) as u64;
        self.order_all(each);
        self.until(|tally| tally.kept.load(Ordering::Relaxed) >= goal).await
    }

    fn order_all(&self, texts: usize) {
        for order in &self.orders {
            // As above.
            let _ = order.send(texts);
        }
    }

    fn clear(&self) -> Result<Vec<Duration>> {
        Ok(std::mem::take(&mut *self.tally.times.lock().map_err(|_| "the times")?))
    }

    async fn pause(&mut self, long: Duration) -> Result<()> {
        tokio::select! {
            () = tokio::time::sleep(long) => Ok(()),
            Some(failure) = self.failures.recv() => Err(failure.into()),
        }
    }

    /// Waits until nothing is under way, and all that arrived was said to be kept.
    async fn finish(&mut self) -> Result<()> {
        self.tally.over.store(true, Ordering::Relaxed);
        let mut before = u64::MAX;
        loop {
            self.pause(Duration::from_millis(500)).await?;
            let (arrived, kept) = (self.tally.arrived.load(Ordering::Relaxed), self.tally.kept.load(Ordering::Relaxed));
            if arrived == before {
                return if arrived == kept {
                    Ok(())
                } else {
                    Err(format!("{arrived} texts arrived and {kept} were said to be kept").into())
                };
            }
            before = arrived;
        }
    }

    async fn until(&mut self, holds: impl Fn(&Tally) -> bool) -> Result<()> {
        for _ in 0..6000 {
            if holds(&self.tally) {
                return Ok(());
            }
            self.pause(Duration::from_millis(20)).await?;
        }
        Err("texts were not kept within two minutes".into())
    }
}

async fn run<W: Way>(mut way: W, mut orders: mpsc::UnboundedReceiver<usize>, tally: &Tally) -> Result<()> {
    let mut begun: VecDeque<Instant> = VecDeque::new();
    loop {
        let texts = tokio::select! {
            order = orders.recv() => match order {
                Some(texts) => texts,
                None => return Ok(()),
            },
            heard = way.hear() => {
                let (arrived, kept) = way.take(heard?).await?;
                tally.kept.fetch_add(kept as u64, Ordering::Relaxed);
                if arrived > 0 {
                    tally.arrived.fetch_add(arrived as u64, Ordering::Relaxed);
                    // One way keeps its order.
                    let took = begun.drain(..arrived.min(begun.len())).map(|begun| begun.elapsed());
                    tally.times.lock().map_err(|_| "the times")?.extend(took);
                }
                if tally.over.load(Ordering::Relaxed) { 0 } else { arrived }
            }
        };
        if texts > 0 {
            begun.extend(std::iter::repeat_n(Instant::now(), texts));
            way.send(texts).await?;
        }
    }
}
