//! A plain TCP connection with what came on it and was not looked at yet.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Result;

/// A connection.
pub(crate) struct Plain {
    stream: TcpStream,
    pub(crate) heard: Vec<u8>,
}

impl Plain {
    pub(crate) async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, heard: Vec::with_capacity(64 * 1024) })
    }

    /// Waits for more. May be given up at any time.
    pub(crate) async fn hear(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.heard).await? {
            0 => Err("a server closed a connection".into()),
            _ => Ok(()),
        }
    }

    pub(crate) async fn say(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }
}

/// What either of a pair heard.
pub(crate) enum Heard {
    Speaker,
    Listener,
}

/// Waits until one of two hears something. May be given up at any time.
pub(crate) async fn either(speaker: &mut Plain, listener: &mut Plain) -> Result<Heard> {
    tokio::select! {
        heard = speaker.hear() => heard.map(|()| Heard::Speaker),
        heard = listener.hear() => heard.map(|()| Heard::Listener),
    }
}
