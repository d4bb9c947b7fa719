//! A way to a switchboard that keeps what passes: plain TCP forwarded, and all bytes of both directions recorded.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use protocol::files::BLOB_PATH;
use protocol::frames::LINE_PATH;

/// The bytes of one connection.
#[derive(Debug, Default)]
struct Connection {
    /// Towards the switchboard.
    asked: Vec<u8>,
    /// From the switchboard.
    answered: Vec<u8>,
}

/// Stands before one switchboard. Its threads end with the process.
#[derive(Debug)]
pub struct Recorder {
    /// Where it is reached.
    pub url: String,
    switchboard: Arc<Mutex<Option<String>>>,
    connections: Arc<Mutex<Vec<Arc<Mutex<Connection>>>>>,
}

/// What was recorded, as it was meant: without the masks and heads of WebSocket frames.
#[derive(Debug, Default)]
pub struct Recorded {
    /// What handsets told the switchboard.
    pub from_handsets: Vec<u8>,
    /// What the switchboard told its handsets.
    pub to_handsets: Vec<u8>,
    /// What other switchboards asked.
    pub from_peers: Vec<u8>,
    /// What they were answered.
    pub to_peers: Vec<u8>,
}

impl Recorder {
    /// Takes connections from now on; where they go is said by [`Self::lead_to`].
    ///
    /// # Errors
    /// If the machine has no port left.
    pub fn new() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let recorder = Self {
            url: format!("http://{}", listener.local_addr()?),
            switchboard: Arc::default(),
            connections: Arc::default(),
        };
        let (switchboard, connections) = (Arc::clone(&recorder.switchboard), Arc::clone(&recorder.connections));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let to = locked(&switchboard).clone();
                // While the switchboard is down, whoever comes finds nobody.
                let Some(Ok(onward)) = to.map(TcpStream::connect) else { continue };
                let connection = Arc::<Mutex<Connection>>::default();
                locked(&connections).push(Arc::clone(&connection));
                drop(forward(stream, onward, &connection));
            }
        });
        Ok(recorder)
    }

    /// Says where the switchboard listens.
    pub fn lead_to(&self, switchboard: &str) {
        *locked(&self.switchboard) = Some(switchboard.to_owned());
    }

    /// All that passed so far.
    pub fn recorded(&self) -> Recorded {
        let mut all = Recorded::default();
        for connection in locked(&self.connections).iter() {
            let connection = locked(connection);
            if connection.asked.starts_with(format!("GET {LINE_PATH} ").as_bytes()) {
                all.from_handsets.extend(unframed(&connection.asked));
                all.to_handsets.extend(unframed(&connection.answered));
            } else if is_about_files(&connection.asked) {
                all.from_handsets.extend_from_slice(&connection.asked);
                all.to_handsets.extend_from_slice(&connection.answered);
            } else {
                all.from_peers.extend_from_slice(&connection.asked);
                all.to_peers.extend_from_slice(&connection.answered);
            }
        }
        all
    }
}

/// Whether a handset carries files on a connection, beside its WebSocket.
fn is_about_files(asked: &[u8]) -> bool {
    let path = asked.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    path.strip_prefix(BLOB_PATH.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
}

/// What a plain HTTP request is answered, head and body.
///
/// # Errors
/// If nobody answers.
pub fn ask(address: &str, request: &str, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    let head =
        format!("{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Passes everything on, both ways.
fn forward(stream: TcpStream, onward: TcpStream, connection: &Arc<Mutex<Connection>>) -> io::Result<()> {
    let back = (onward.try_clone()?, stream.try_clone()?, Arc::clone(connection));
    let there = (stream, onward, Arc::clone(connection));
    thread::spawn(move || pass_on(there.0, there.1, &there.2, |connection| &mut connection.asked));
    thread::spawn(move || pass_on(back.0, back.1, &back.2, |connection| &mut connection.answered));
    Ok(())
}

fn pass_on(
    mut from: TcpStream,
    mut to: TcpStream,
    kept: &Mutex<Connection>,
    side: fn(&mut Connection) -> &mut Vec<u8>,
) {
    // A socket without it is only slower.
    let _ = to.set_nodelay(true);
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        // Kept first, so that who has seen an effect of it finds it here.
        side(&mut locked(kept)).extend_from_slice(&buffer[..length]);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // The other end may be gone already.
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

/// One direction of a WebSocket connection: the HTTP head, then the payloads of all frames (RFC 6455, section 5.2) one
/// after another, unmasked.
fn unframed(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    let (head, mut rest) = bytes.split_at(end);
    let mut plain = head.to_vec();
    while let Some((payload, after)) = frame(rest) {
        plain.extend(payload);
        rest = after;
    }
    // A frame that was cut off.
    plain.extend_from_slice(rest);
    plain
}

fn frame(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let ([_, second], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match second & 0x7f {
        126 => rest.split_first_chunk().map(|(length, rest)| (u64::from(u16::from_be_bytes(*length)), rest))?,
        127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest))?,
        short => (u64::from(short), rest),
    };
    let (mask, rest) = match second & 0x80 {
        0 => ([0; 4], rest),
        _ => rest.split_first_chunk().map(|(mask, rest)| (*mask, rest))?,
    };
    let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect(), rest))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_whatever_their_length_and_mask() {
        let short = [&[0x82, 0x83, 1, 2, 3, 4][..], &[b'a' ^ 1, b'b' ^ 2, b'c' ^ 3]].concat();
        let long = [&[0x82, 126, 0x01, 0x2c][..], &[b'x'; 300]].concat();
        let longest = [&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0][..], &[b'y'; 65_536]].concat();
        let cut_off = [0x82, 5, b'z'];
        let wire = [b"HTTP/1.1 101\r\n\r\n".as_slice(), &short, &long, &longest, &cut_off].concat();
        let expected = [b"HTTP/1.1 101\r\n\r\nabc".as_slice(), &[b'x'; 300], &[b'y'; 65_536], &cut_off].concat();
        assert_eq!(unframed(&wire), expected);
    }
}
