//! The floor: the same durable writes and the same hops, with nothing of ours: four nodes in a chain over TCP, each of
//! which writes 4 KB into a file that has its length already (as a write-ahead log has, once it was full; a growing file
//! costs more) and calls fdatasync before it passes the message on. No TLS, no encryption, no accounts,
//! no order, no acknowledgements: nothing could be quicker and still durable at every hop.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::stats::Times;

const MESSAGE: usize = 1024;
const PAGE: usize = 4096;

/// Pages that a log has before it begins anew.
const PAGES: usize = 1000;

/// Sends `count` messages, one every `every`, through handset, switchboard, switchboard, handset.
pub(crate) fn run(folder: &Path, count: usize, every: Duration) -> Result<Times> {
    let (arrived, arrivals) = mpsc::channel();
    let last = node(folder, "handset-b", None, Some(arrived))?;
    let second = node(folder, "switchboard-b", Some(last), None)?;
    let first = node(folder, "switchboard-a", Some(second), None)?;
    let mut own = Log::create(&folder.join("handset-a"))?;
    let mut out = connect(first)?;
    let beginning = Instant::now();
    let mut begun = Vec::with_capacity(count);
    for i in 0..count {
        let due = beginning + every * u32::try_from(i)?;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        begun.push(Instant::now());
        own.append()?;
        out.write_all(&[1; MESSAGE])?;
    }
    let mut times = Times::default();
    for begun in begun {
        times.push(arrivals.recv_timeout(Duration::from_secs(30))?.duration_since(begun));
    }
    Ok(times)
}

/// A log that is written over and over.
struct Log {
    file: File,
    next: usize,
}

impl Log {
    fn create(path: &Path) -> Result<Self> {
        let mut file = File::create(path)?;
        file.write_all(&vec![0; PAGE * PAGES])?;
        file.sync_all()?;
        Ok(Self { file, next: 0 })
    }

    fn append(&mut self) -> Result<()> {
        self.file.seek(SeekFrom::Start((self.next * PAGE) as u64))?;
        self.file.write_all(&[1; PAGE])?;
        self.next = (self.next + 1) % PAGES;
        Ok(self.file.sync_data()?)
    }
}

fn connect(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn node(folder: &Path, name: &str, next: Option<u16>, arrived: Option<mpsc::Sender<Instant>>) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let mut log = Log::create(&folder.join(name))?;
    thread::spawn(move || -> Result<()> {
        let (mut from, _) = listener.accept()?;
        let mut out = next.map(connect).transpose()?;
        let mut message = [0; MESSAGE];
        while from.read_exact(&mut message).is_ok() {
            log.append()?;
            if let Some(out) = &mut out {
                out.write_all(&message)?;
            }
            if let Some(arrived) = &arrived {
                arrived.send(Instant::now())?;
            }
        }
        Ok(())
    });
    Ok(port)
}
