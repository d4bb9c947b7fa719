//! Starting and stopping.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::acme::Renewal;
use super::blob_files::BlobFiles;
use super::certificate_state::State;
use super::client::Client;
use super::config::Config;
use super::data::DataDir;
use super::disk::Disk;
use super::error::StartError;
use super::gate::Gate;
use super::hub::Hub;
use super::listen::Entrance;
use super::metrics::Metrics;
use super::operator::{PUBLIC_URL, setting};
use super::push::{Arrivals, Push};
use super::reader::Reader;
use super::report::{self, Troubles};
use super::tickets::Tickets;
use super::tls::Certificate;
use super::writer::{Wakes, Writer};
use super::{Shared, house, http, now, peers, push, rng, writer};
use crate::core::{Core, Done, Office, Work};
use crate::store::{SqliteStore, Store as _, StoreError};

/// What is under way at shutdown has this long.
const DRAIN: Duration = Duration::from_secs(8);

/// A switchboard at work. Dropping it without [`Self::shutdown`] leaves its tasks to the runtime.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub listening: SocketAddr,
    /// Where it is reached, without a slash at the end.
    pub public_url: String,
    /// Whether handsets and peers can reach it: false as long as an authority has not given it its first certificate.
    pub is_reachable: bool,
    claim_url: Option<String>,
    stop: watch::Sender<bool>,
    ended: mpsc::Receiver<()>,
    writer: Writer,
    thread: Option<JoinHandle<()>>,
    data: Option<DataDir>,
}

/// Starts a switchboard; it listens when this returns. Needs a tokio runtime with time and I/O.
///
/// # Errors
/// [`StartError`], each with what to do about it.
pub async fn start(config: Config) -> Result<Running, StartError> {
    if config.insecure_loopback && !config.listen.ip().is_loopback() {
        return Err(StartError::NotLoopback);
    }
    let data = DataDir::take(&config.data)?;
    data.check_whole()?;
    match begin(config, &data).await {
        Ok(running) => Ok(Running { data: Some(data), ..running }),
        Err(error) => {
            data.discard();
            Err(error)
        }
    }
}

/// Starts it on data that are this process's.
async fn begin(config: Config, data: &DataDir) -> Result<Running, StartError> {
    let certificate = config.certificate().map(|files| certificate(&config, files)).transpose()?;
    let renewal = config.acme.clone().zip(certificate.clone());
    let renewal = renewal.map(|(acme, certificate)| Renewal::new(acme, &config.data, certificate)).transpose()?;
    let tls = certificate.as_ref().map(Certificate::server_config).transpose()?;
    let listener = TcpListener::bind(config.listen).await.map_err(StartError::Listen)?;
    let listening = listener.local_addr().map_err(StartError::Listen)?;
    let office = config.office(listening)?;
    let client = Client::new(&office, config.trust_roots.as_ref())?;

    let mut store = SqliteStore::open(&data.database())?;
    keep_address(&mut store, &office)?;
    let blobs = BlobFiles::open(data.blobs()).map_err(|error| StartError::Data { path: data.blobs(), error })?;
    blobs.remove_strays(&mut store)?;
    let blobs = Arc::new(blobs);
    let reader = Reader::new(SqliteStore::open(&data.database())?);
    let mut core = Core::new(store, office.clone(), config.limits.clone(), Box::new(rng()));
    let claim_url = first_invitation(&mut core)?;
    let push = Push::new(&office, core.store(), config.web_push, config.trust_roots.as_ref())?;
    let (arrivals, arrived) = Arrivals::new();

    let (hub, metrics) = (Arc::<Hub>::default(), Arc::<Metrics>::default());
    let (peer_events, events) = mpsc::unbounded_channel();
    let wakes = Wakes {
        hub: Arc::clone(&hub),
        peers: peer_events.clone(),
        metrics: Arc::clone(&metrics),
        blobs: Arc::clone(&blobs),
        arrivals,
    };
    let key = data.key()?;
    let (writer, thread) = writer::spawn(core, Disk::new(config.data.clone(), config.limits.disk_floor), wakes)
        .map_err(|error| StartError::Data { path: config.data.clone(), error })?;
    let (stop, draining) = watch::channel(false);
    let shared = Arc::new(Shared {
        gate: Gate::new(&config.limits, office.loopback_only),
        limits: config.limits,
        app: config.app,
        tickets: Tickets::default(),
        push,
        blobs,
        key,
        writer: writer.clone(),
        reader,
        hub,
        peers: peer_events,
        client,
        metrics,
        troubles: Troubles::default(),
        draining: draining.clone(),
        office,
    });
    let (alive, ended) = mpsc::channel(1);
    let public_url = shared.office.url();
    let router = http::router(Arc::clone(&shared));
    let is_reachable = certificate.as_ref().is_none_or(|certificate| certificate.is_there());
    if let Some(certificate) = &certificate {
        let acme = renewal.as_ref().map(Renewal::attempts_before);
        State { file: certificate.file().to_owned(), acme }.keep(&config.data);
    }
    if let Some(renewal) = renewal {
        tokio::spawn(renewal.run(draining.clone()));
    }
    tokio::spawn(peers::look_after(Arc::clone(&shared), events, draining.clone()));
    tokio::spawn(push::look_after(Arc::clone(&shared), arrived, draining.clone()));
    tokio::spawn(house::look(Arc::clone(&shared), draining.clone()));
    tokio::spawn(house::keep(Arc::clone(&shared), certificate, config.data, draining));
    let entrance = Entrance { listener, tls, router, shared };
    tokio::spawn(entrance.run(alive));
    if is_reachable {
        tracing::info!("the switchboard is ready");
    } else {
        tracing::info!("there is no certificate yet: until the authority has given one, only its question is answered");
    }
    Ok(Running {
        listening,
        public_url,
        is_reachable,
        claim_url,
        stop,
        ended,
        writer,
        thread: Some(thread),
        data: None,
    })
}

/// The operator's certificate, or the one that an authority gave or will give.
fn certificate(config: &Config, (chain, key): (PathBuf, PathBuf)) -> Result<Arc<Certificate>, StartError> {
    match &config.acme {
        Some(acme) => acme.check().map(|()| Certificate::obtained(chain)),
        None => Certificate::load(chain, key),
    }
}

impl Running {
    /// The claim link of the switchboard's first line, as long as nobody has taken it up.
    pub fn claim_url_of_first_invitation(&self) -> Option<&str> {
        self.claim_url.as_deref()
    }

    /// Stops: takes no more connections, finishes what is being written, says goodbye, and closes the database.
    pub async fn shutdown(mut self) {
        // All receivers are gone only if all has ended already.
        let _ = self.stop.send(true);
        // Nothing is ever sent: this waits until the last task that has to end has ended.
        if timeout(DRAIN, self.ended.recv()).await.is_err() {
            tracing::warn!("some connections did not end in time and were cut off");
        }
        self.writer.stop();
        if let Some(thread) = self.thread.take() {
            // The thread ends with the batch that it is writing; its panics are caught inside.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        if let Some(data) = &self.data {
            report::remove(data.path());
        }
        drop(self.data);
        tracing::info!("the switchboard has stopped");
    }
}

/// Keeps where the switchboard is reached, which its lines and peers know it by and which cannot just change.
fn keep_address(store: &mut SqliteStore, office: &Office) -> Result<(), StartError> {
    let url = office.url();
    let before = setting(store, PUBLIC_URL)?;
    if before.as_deref() == Some(url.as_str()) {
        return Ok(());
    }
    let mut lines = 0;
    store.write(&mut |tx| {
        lines = tx.count_lines()?;
        if lines == 0 { tx.put_setting(PUBLIC_URL, url.as_bytes()) } else { Ok(()) }
    })?;
    match before {
        Some(before) if lines > 0 => Err(StartError::AddressChanged(before)),
        _ => Ok(()),
    }
}

/// The claim link for the first line: made once, shown again until it is taken up.
fn first_invitation(core: &mut Core<SqliteStore>) -> Result<Option<String>, StoreError> {
    let (mut lines, mut open, mut secret) = (0, 0, None);
    core.store().read(&mut |tx| {
        lines = tx.count_lines()?;
        open = tx.count_open_invitations(now())?;
        secret = tx.open_invitation(now())?;
        Ok(())
    })?;
    if lines == 0 && open == 0 {
        let applied = core.apply(now(), vec![Work::Invite { keep_secret: true }])?;
        if let Some(Done::Invited(made)) = applied.done.into_iter().next() {
            secret = Some(made);
        }
    }
    Ok(secret.map(|secret| core.office().claim_url(&secret)))
}
