//! How fast sealed files travel: to one's own switchboard, and from another's through one's own; beside the same bytes
//! copied from file to file over a plain TCP connection.

use std::path::Path;
use std::time::Instant;

use futures_util::stream::unfold;
use protocol::BlobId;
use protocol::files::{BLOB_PATH, UPLOAD_OFFSET, sealed};
use protocol::frames::{Answer, Deed, FromSwitchboard, Question, ToSwitchboard};
use rand_core::Rng as _;
use reqwest::{Body, Client};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::lines;
use super::pair::Side;
use crate::Result;
use crate::line::trust;
use crate::offices::{Authority, Office};

/// Bytes of a file before it is sealed.
const LENGTH: u64 = 64 << 20;
/// How often each way is gone.
const TIMES: usize = 5;
/// Bytes read at a time, as the handset does.
const READ: usize = 128 * 1024;
/// The share of the floor that is the goal.
const GOAL: f64 = 0.5;

pub(super) async fn run(folder: &Path) -> Result<()> {
    println!("blobs: {} MiB, {TIMES} times each way, on the disk at both ends", LENGTH >> 20);
    let authority = Authority::new(folder)?;
    let tls = trust(&authority.root)?;
    let offices = [Office::start(&authority, folder, "Marsh")?, Office::start(&authority, folder, "Tarn")?];
    let mut ada = lines::connect(&tls, &offices[0], 1, 21).await?.pop().ok_or("no line")?;
    let mut ivo = lines::connect(&tls, &offices[1], 1, 22).await?.pop().ok_or("no line")?;
    let client = Client::builder().tls_backend_preconfigured(rustls::ClientConfig::clone(&tls)).build()?;
    let (source, copy) = (folder.join("source"), folder.join("copy"));
    let mut bytes = vec![0; usize::try_from(sealed(LENGTH))?];
    ada.1.rng.fill_bytes(&mut bytes);
    tokio::fs::write(&source, &bytes).await?;

    let (mut plain, mut up, mut down) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        plain.push(over_tcp(&source, &copy).await?);
        let mut name = [0; BlobId::LENGTH];
        ada.1.rng.fill_bytes(&mut name);
        let blob = BlobId::new(name);
        ada.0.done(Deed::OpenBlob { blob, size: sealed(LENGTH), copies: 1 }).await?;
        let begun = Instant::now();
        bring(&client, &mut ada, &blob, &source).await?;
        up.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        fetch(&client, &mut ivo, &blob, &offices[0], &copy).await?;
        down.push(begun.elapsed().as_secs_f64());
        if tokio::fs::read(&copy).await? != bytes {
            return Err("a file did not come out as it went in".into());
        }
        ada.0.done(Deed::RemoveBlob { blob }).await?;
    }
    let (plain, up, down) = (rate(plain), rate(up), rate(down));
    println!("floor     {plain:7.0} MB/s   (copied from file to file over one TCP connection, no TLS)");
    println!("up        {up:7.0} MB/s   {:.2} of the floor (goal {GOAL})", up / plain);
    println!(
        "down      {down:7.0} MB/s   {:.2} of the floor (goal {GOAL}); through two switchboards, TLS twice   load {}\n",
        down / plain,
        super::process::load()
    );
    Ok(())
}

/// Megabytes a second, of the run in the middle.
fn rate(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    let middle = seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN);
    sealed(LENGTH) as f64 / 1e6 / middle
}

/// Seconds for one file to be another's copy, durable, by way of a socket.
async fn over_tcp(source: &Path, copy: &Path) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut out = TcpStream::connect(listener.local_addr()?).await?;
    let (mut incoming, _) = listener.accept().await?;
    let (mut from, mut to) = (File::open(source).await?, File::create(copy).await?);
    let begun = Instant::now();
    let sent = tokio::spawn(async move {
        let mut part = vec![0; READ];
        loop {
            match from.read(&mut part).await? {
                0 => return out.shutdown().await,
                read => out.write_all(part.get(..read).unwrap_or_default()).await?,
            }
        }
    });
    let mut part = vec![0; READ];
    loop {
        match incoming.read(&mut part).await? {
            0 => break,
            read => to.write_all(part.get(..read).unwrap_or_default()).await?,
        }
    }
    to.flush().await?;
    to.sync_all().await?;
    sent.await??;
    Ok(begun.elapsed().as_secs_f64())
}

async fn bring(client: &Client, side: &mut Side, blob: &BlobId, source: &Path) -> Result<()> {
    let url = format!("https://{}{BLOB_PATH}/{}", side.2, blob.to_text());
    let file = File::open(source).await?;
    let body = Body::wrap_stream(unfold(file, |mut file| async move {
        let mut part = Vec::with_capacity(READ);
        match (&mut file).take(READ as u64).read_to_end(&mut part).await {
            Ok(0) => None,
            Ok(_) => Some((Ok::<_, std::io::Error>(part), file)),
            Err(error) => Some((Err(error), file)),
        }
    }));
    let request = client.patch(url).header(UPLOAD_OFFSET, 0).header("content-length", sealed(LENGTH)).body(body);
    request.bearer_auth(ticket(side).await?).send().await?.error_for_status()?;
    Ok(())
}

async fn fetch(client: &Client, side: &mut Side, blob: &BlobId, at: &Office, copy: &Path) -> Result<()> {
    let url = format!("https://{}{BLOB_PATH}/{}/{}", side.2, blob.to_text(), at.listening);
    let request = client.get(url).bearer_auth(ticket(side).await?);
    let mut response = request.send().await?.error_for_status()?;
    let mut file = File::create(copy).await?;
    while let Some(part) = response.chunk().await? {
        file.write_all(&part).await?;
    }
    file.flush().await?;
    Ok(file.sync_all().await?)
}

async fn ticket(side: &mut Side) -> Result<String> {
    let phone = &mut side.0;
    phone.say(&ToSwitchboard::Ask { id: 1, question: Question::Ticket }).await?;
    phone.flush().await?;
    loop {
        match phone.hear().await? {
            FromSwitchboard::Answer { answer: Ok(Answer::Ticket(ticket)), .. } => return Ok(ticket.to_text()),
            FromSwitchboard::Items(_) => {}
            other => return Err(format!("no ticket was given: {other:?}").into()),
        }
    }
}
