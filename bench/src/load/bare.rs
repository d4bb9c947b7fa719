//! The floor under a switchboard: a bare server over the same SQLite with group commit, in a process of its own. It
//! knows no TLS, no accounts, no order, no acknowledgements, nothing but: write, commit, tell the sender, pass it on.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc as blocking;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::drive::Way;
use super::plain::{Heard, Plain, either};
use crate::Result;

/// The argument that makes this program the floor.
pub(crate) const SERVE: &str = "floor-server";
/// Texts in one transaction, as many as a switchboard takes.
const BATCH: usize = 256;

type Ways = Arc<Mutex<HashMap<u32, mpsc::UnboundedSender<Vec<u8>>>>>;

struct Text {
    from: u32,
    to: u32,
    bytes: Vec<u8>,
}

/// Serves until it is killed. Every frame begins with who it is from or to, and its length.
pub(crate) fn serve(folder: &Path) -> Result<()> {
    let db = database::open_plain(&folder.join("floor.db"))?;
    db.execute_batch("CREATE TABLE texts (id INTEGER PRIMARY KEY, line INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT")?;
    let ways = Ways::default();
    let (texts, received) = blocking::channel();
    let waked = Arc::clone(&ways);
    std::thread::spawn(move || write(db, &received, &waked));
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(take(stream, Arc::clone(&ways), texts.clone()));
        }
    })
}

async fn take(stream: TcpStream, ways: Ways, texts: blocking::Sender<Text>) -> Result<()> {
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    let own = from.read_u32().await?;
    let (sender, mut outgoing) = mpsc::unbounded_channel::<Vec<u8>>();
    ways.lock().map_err(|_| "the ways")?.insert(own, sender);
    tokio::spawn(async move {
        while let Some(mut bytes) = outgoing.recv().await {
            while let Ok(more) = outgoing.try_recv() {
                bytes.extend(more);
            }
            to.write_all(&bytes).await?;
        }
        Ok::<_, std::io::Error>(())
    });
    loop {
        let (to, length) = (from.read_u32().await?, from.read_u32().await?);
        let mut bytes = vec![0; length as usize];
        from.read_exact(&mut bytes).await?;
        texts.send(Text { from: own, to, bytes })?;
    }
}

fn write(mut db: database::rusqlite::Connection, texts: &blocking::Receiver<Text>, ways: &Ways) -> Result<()> {
    while let Ok(first) = texts.recv() {
        let batch: Vec<Text> = std::iter::once(first).chain(texts.try_iter().take(BATCH - 1)).collect();
        let transaction = db.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO texts (line, bytes) VALUES (?1, ?2)")?;
            batch.iter().try_for_each(|text| insert.execute((text.to, &text.bytes)).map(drop))?;
        }
        transaction.commit()?;
        let ways = ways.lock().map_err(|_| "the ways")?;
        for Text { from, to, bytes } in batch {
            let frame = |whose: u32, bytes: &[u8]| {
                let length = u32::try_from(bytes.len()).unwrap_or_default();
                [whose.to_be_bytes().as_slice(), &length.to_be_bytes(), bytes].concat()
            };
            // Whoever is gone hears nothing.
            ways.get(&from).map(|way| way.send(frame(from, &[])));
            ways.get(&to).map(|way| way.send(frame(from, &bytes)));
        }
    }
    Ok(())
}

/// The floor's process; ends when dropped.
pub(crate) struct Floor {
    child: Child,
    port: u16,
}

impl Floor {
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("floor");
        std::fs::create_dir_all(&folder)?;
        let program = std::env::current_exe()?;
        let mut child = Command::new(program).arg(SERVE).arg(folder).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().ok_or("no output")?;
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line)?;
        Ok(Self { port: line.trim().parse()?, child })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Two clients of the floor.
pub(crate) struct Pair {
    speaker: Plain,
    listener: Plain,
    frame: Vec<u8>,
}

impl Pair {
    pub(crate) async fn connect(floor: &Floor, number: u32, length: usize) -> Result<Self> {
        let (mut speaker, mut listener) = (Plain::connect(floor.port).await?, Plain::connect(floor.port).await?);
        let (a, b) = (2 * number, 2 * number + 1);
        speaker.say(&a.to_be_bytes()).await?;
        listener.say(&b.to_be_bytes()).await?;
        let head = [b.to_be_bytes(), u32::try_from(length)?.to_be_bytes()].concat();
        Ok(Self { speaker, listener, frame: [head, vec![7; length]].concat() })
    }

    /// Takes whole frames out of what was heard; gives how many.
    fn frames(heard: &mut Vec<u8>) -> usize {
        let (mut at, mut count) = (0, 0);
        while let Some(length) = heard.get(at + 4..at + 8).and_then(|bytes| bytes.try_into().ok()) {
            let end = at + 8 + u32::from_be_bytes(length) as usize;
            if end > heard.len() {
                break;
            }
            (at, count) = (end, count + 1);
        }
        heard.drain(..at);
        count
    }
}

impl Way for Pair {
    type Heard = Heard;

    async fn send(&mut self, texts: usize) -> Result<()> {
        self.speaker.say(&self.frame.repeat(texts)).await
    }

    async fn hear(&mut self) -> Result<Heard> {
        either(&mut self.speaker, &mut self.listener).await
    }

    async fn take(&mut self, heard: Heard) -> Result<(usize, usize)> {
        Ok(match heard {
            Heard::Speaker => (0, Self::frames(&mut self.speaker.heard)),
            Heard::Listener => (Self::frames(&mut self.listener.heard), 0),
        })
    }
}
