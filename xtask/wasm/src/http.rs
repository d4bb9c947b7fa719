//! A server on loopback that knows one page and the run behind it (HTTP/1.1, RFC 9112; one request a connection).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::run::Run;

const PAGE: &[u8] = include_bytes!("page.html");
const PAGE_JS: &[u8] = include_bytes!("page.js");
const WORKER_JS: &[u8] = include_bytes!("worker.js");

/// Longer than the page lets a phase take, and than a browser takes to start.
const SILENCE: Duration = Duration::from_secs(90);
/// Browsers open connections ahead of need and leave them idle; nobody waits longer for one of those.
const IDLE: Duration = Duration::from_millis(200);
const POLL: Duration = Duration::from_millis(2);

/// What is served, and where.
pub(crate) struct Server {
    listener: TcpListener,
    port: u16,
    js: Vec<u8>,
    wasm: Vec<u8>,
}

struct Request {
    line: String,
    body: String,
}

impl Server {
    /// Takes a free port.
    pub(crate) fn start(js: Vec<u8>, wasm: Vec<u8>) -> Result<Self, String> {
        let listen = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            let port = listener.local_addr()?.port();
            Ok((listener, port))
        };
        let (listener, port) =
            listen().map_err(|error: std::io::Error| format!("No loopback port can be opened: {error}."))?;
        Ok(Self { listener, port, js, wasm })
    }

    /// Where the page is.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Serves until the run has ended, the browser is gone, or nothing was heard for too long.
    pub(crate) fn serve(&self, run: &mut Run, mut is_alive: impl FnMut() -> bool) -> Result<(), String> {
        let mut heard = Instant::now();
        while !run.is_over() {
            if let Ok((stream, _)) = self.listener.accept() {
                // A connection that breaks is the browser's to repeat.
                if matches!(self.answer(stream, run), Ok(true)) {
                    heard = Instant::now();
                }
            } else if !is_alive() {
                run.give_up("the browser ended by itself");
                return Err("The browser ended before its tests did.".to_owned());
            } else if heard.elapsed() > SILENCE {
                run.give_up("nothing was heard from the browser");
                return Err(format!("The browser said nothing for {} seconds.", SILENCE.as_secs()));
            } else {
                sleep(POLL);
            }
        }
        Ok(())
    }

    /// Whether there was a request.
    fn answer(&self, stream: TcpStream, run: &mut Run) -> std::io::Result<bool> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(IDLE))?;
        let Some(request) = read(&stream)? else { return Ok(false) };
        let text = "text/plain; charset=utf-8";
        let (kind, body) = match request.line.as_str() {
            "GET / " => ("text/html; charset=utf-8", PAGE.to_vec()),
            "GET /page.js " => ("text/javascript", PAGE_JS.to_vec()),
            "GET /worker.js " => ("text/javascript", WORKER_JS.to_vec()),
            "GET /module.js " => ("text/javascript", self.js.clone()),
            "GET /module_bg.wasm " => ("application/wasm", self.wasm.clone()),
            "GET /task " => (text, run.task().into_bytes()),
            "POST /result " => {
                run.result(&request.body);
                (text, Vec::new())
            }
            _ => {
                write!(&stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
                return Ok(true);
            }
        };
        let length = body.len();
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
             Connection: close\r\n\r\n"
        )
        .into_bytes();
        answer.extend(body);
        (&stream).write_all(&answer)?;
        Ok(true)
    }
}

/// The request, its line without the version; `None` if the connection was opened for nothing.
fn read(stream: &TcpStream) -> std::io::Result<Option<Request>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    let line = line.trim_end().trim_end_matches("HTTP/1.1").to_owned();
    Ok(Some(Request { line, body }))
}
