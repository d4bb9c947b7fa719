//! Carrying files between this handset and its switchboard: as many at a time as are worth it, each from where it stopped.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use handset::{Handset, Transfer};
use js_sys::Uint8Array;
use js_sys::futures::spawn_local;
use protocol::files::{BLOB_PATH, UPLOAD_OFFSET};
use protocol::{BlobId, FileKey, Ticket, Timestamp};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    AbortController, Blob, Headers, ReadableStreamDefaultReader, RequestCache, RequestCredentials, RequestInit,
    RequestRedirect, Response,
};

use crate::clock::{now, scope};
use crate::disk::{float, wait};
use crate::failure::Result;
use crate::files::{Files, is_spoiled};
use crate::random::jitter;
use crate::worker::Worker;

/// Files that are carried at a time.
const AT_ONCE: usize = 2;
/// The first wait before a transfer is tried again, in milliseconds; doubled each time.
const FIRST_WAIT: u64 = 500;
const LONGEST_WAIT: u64 = 30_000;
/// Bytes that are brought at a time: how far a body has come, no browser says.
const PIECE: u64 = 1 << 20;
/// Bytes after which what was fetched is made to last.
const BETWEEN_FLUSHES: u64 = 8 << 20;
/// How long the next bytes, or an answer, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A handset's transfers.
#[derive(Debug)]
pub(crate) struct Transfers {
    files: Files,
    running: BTreeMap<BlobId, Running>,
    waiting: BTreeMap<BlobId, Waiting>,
    /// What the principal paused.
    paused: BTreeSet<BlobId>,
}

#[derive(Debug)]
struct Running {
    abort: Option<AbortController>,
    carried: Rc<Cell<u64>>,
    /// When bytes last moved.
    moved: Rc<Cell<Timestamp>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(abort) = &self.abort {
            abort.abort();
        }
    }
}

#[derive(Debug)]
struct Waiting {
    until: Timestamp,
    tries: u32,
    /// Bytes that were there when it was tried last.
    carried: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Brought,
    Fetched,
    /// It can never be carried.
    Failed,
    /// The switchboard wants another ticket.
    TicketRefused,
    /// It may go on later.
    Later,
}

/// One transfer's way.
struct Carrier {
    worker: Rc<Worker>,
    files: Files,
    url: String,
    ticket: Ticket,
    abort: Option<AbortController>,
    carried: Rc<Cell<u64>>,
    moved: Rc<Cell<Timestamp>>,
    blob: BlobId,
    size: u64,
}

impl Transfers {
    /// Transfers with a handset's files.
    pub(crate) fn new(files: Files, paused: BTreeSet<BlobId>) -> Self {
        Self { files, running: BTreeMap::new(), waiting: BTreeMap::new(), paused }
    }

    /// The handset's files.
    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// Begins what can be carried now, and gives up what stands still.
    ///
    /// # Errors
    /// If the handset's storage fails.
    pub(crate) fn begin(&mut self, handset: &Handset, worker: &Rc<Worker>) -> Result<()> {
        self.running.iter().filter(|(_, running)| now().since(running.moved.get()) > PATIENCE).for_each(
            |(_, running)| {
                if let Some(abort) = &running.abort {
                    abort.abort();
                }
            },
        );
        let (Some(ticket), Some(url)) = (handset.ticket(), handset.switchboard_url()?) else { return Ok(()) };
        let url = url.replacen("ws", "http", 1);
        let url = format!("{}{BLOB_PATH}", url.strip_suffix(protocol::frames::LINE_PATH).unwrap_or(&url));
        for transfer in handset.transfers()? {
            if self.running.len() >= AT_ONCE {
                break;
            }
            let blob = *transfer.blob();
            let is_waiting = self.waiting.get(&blob).is_some_and(|waiting| now() < waiting.until);
            if is_waiting || self.paused.contains(&blob) || self.running.contains_key(&blob) {
                continue;
            }
            let (url, size) = match &transfer {
                Transfer::Bring { size, .. } => (format!("{url}/{}", blob.to_text()), *size),
                Transfer::Fetch { at, size, .. } => (format!("{url}/{}/{at}", blob.to_text()), *size),
            };
            let running = Running {
                abort: AbortController::new().ok(),
                carried: Rc::new(Cell::new(self.carried(&blob))),
                moved: Rc::new(Cell::new(now())),
            };
            let carrier = Carrier {
                worker: Rc::clone(worker),
                files: self.files.clone(),
                url,
                ticket: ticket.clone(),
                abort: running.abort.clone(),
                carried: Rc::clone(&running.carried),
                moved: Rc::clone(&running.moved),
                blob,
                size,
            };
            let key = handset.file_key(&blob)?;
            self.running.insert(blob, running);
            spawn_local(async move {
                let how = carrier.carry(&transfer, key).await;
                let worker = Rc::clone(&carrier.worker);
                worker.carried(blob, &carrier.carried, how);
            });
        }
        Ok(())
    }

    /// Tells the handset what came of a transfer.
    ///
    /// # Errors
    /// If its storage fails.
    pub(crate) fn settle(&mut self, handset: &mut Handset, blob: &BlobId, of: &Rc<Cell<u64>>, how: End) -> Result<()> {
        // One that was stopped and has perhaps begun anew since.
        if !self.running.get(blob).is_some_and(|running| Rc::ptr_eq(&running.carried, of)) {
            return Ok(());
        }
        self.running.remove(blob);
        let carried = of.get();
        match how {
            End::Brought => handset.file_brought(now(), blob)?,
            End::Fetched => handset.file_fetched(now(), blob)?,
            End::Failed => handset.file_failed(now(), blob)?,
            End::TicketRefused => handset.ticket_refused(now())?,
            End::Later => {
                let waiting =
                    self.waiting.entry(*blob).or_insert_with(|| Waiting { until: now(), tries: 0, carried: 0 });
                waiting.tries = if carried > waiting.carried { 0 } else { waiting.tries.saturating_add(1) };
                waiting.carried = carried;
                let wait = FIRST_WAIT.saturating_mul(1 << waiting.tries.min(10)).min(LONGEST_WAIT);
                waiting.until = now().after(Duration::from_millis(jitter(wait)));
                return Ok(());
            }
        }
        self.waiting.remove(blob);
        self.paused.remove(blob);
        Ok(())
    }

    /// Ends what is under way; it goes on from where it stopped.
    pub(crate) fn stop(&mut self) {
        for (blob, running) in std::mem::take(&mut self.running) {
            self.keep(blob, running.carried.get());
        }
    }

    /// Pauses a file, or has it go on.
    pub(crate) fn pause(&mut self, blob: BlobId, paused: bool) {
        if paused {
            self.paused.insert(blob);
            if let Some(running) = self.running.remove(&blob) {
                self.keep(blob, running.carried.get());
            }
        } else {
            self.paused.remove(&blob);
            if let Some(waiting) = self.waiting.get_mut(&blob) {
                *waiting = Waiting { until: now(), tries: 0, carried: waiting.carried };
            }
        }
    }

    /// A file is no more.
    pub(crate) fn forget(&mut self, blob: &BlobId) {
        self.running.remove(blob);
        self.waiting.remove(blob);
        self.paused.remove(blob);
    }

    fn keep(&mut self, blob: BlobId, carried: u64) {
        self.waiting.insert(blob, Waiting { until: now(), tries: 0, carried });
    }

    /// What is paused.
    pub(crate) const fn paused(&self) -> &BTreeSet<BlobId> {
        &self.paused
    }

    /// Bytes of a file that are where they are to be, as far as is known here.
    pub(crate) fn carried(&self, blob: &BlobId) -> u64 {
        match self.running.get(blob) {
            Some(running) => running.carried.get(),
            None => self.waiting.get(blob).map_or(0, |waiting| waiting.carried),
        }
    }

    /// When to look again.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        let waiting =
            self.waiting.iter().filter(|(blob, _)| !self.paused.contains(*blob) && !self.running.contains_key(*blob));
        let waiting = waiting.map(|(_, waiting)| waiting.until).filter(|until| *until > now()).min();
        let standing = self.running.values().map(|running| running.moved.get().after(PATIENCE)).min();
        [waiting, standing.filter(|at| *at > now())].into_iter().flatten().min()
    }
}

impl Carrier {
    async fn carry(&self, transfer: &Transfer, (key, length): (FileKey, u64)) -> End {
        match transfer {
            Transfer::Bring { .. } => self.bring().await.unwrap_or_else(|end| end),
            Transfer::Fetch { .. } => match self.fetch().await {
                Ok(()) => self.check(&key, length).await,
                Err(end) => end,
            },
        }
    }

    /// Brings what the switchboard has not got.
    async fn bring(&self) -> std::result::Result<End, End> {
        let response = self.ask("HEAD", &[], None).await?;
        let mut there = offset_of(&response).ok_or_else(|| refused(&response))?;
        self.moved(there);
        if there >= self.size {
            return Ok(End::Brought);
        }
        let file = self.files.sealed(&self.blob).await.map_err(|_| End::Later)?.ok_or(End::Failed)?;
        while there < self.size {
            let to = self.size.min(there + PIECE);
            let body = file.slice_with_f64_and_f64(float(there), float(to)).map_err(|_| End::Later)?;
            let response = self.ask("PATCH", &[(UPLOAD_OFFSET, there.to_string())], Some(&body)).await?;
            let taken = offset_of(&response).ok_or_else(|| match refused(&response) {
                End::TicketRefused => End::TicketRefused,
                _ => End::Later,
            })?;
            if taken <= there {
                return Err(End::Later);
            }
            there = taken;
            self.moved(there);
        }
        Ok(End::Brought)
    }

    /// Fetches what is not here.
    async fn fetch(&self) -> std::result::Result<(), End> {
        let later = |_| End::Later;
        let mut here = self.files.length(&self.blob).await.map_err(later)?;
        if here > self.size {
            self.files.remove(&self.blob).await.map_err(later)?;
            here = 0;
        }
        self.moved(here);
        if here == self.size {
            return Ok(());
        }
        let response = self.ask("GET", &[("range", format!("bytes={here}-"))], None).await?;
        if response.status() != 206 {
            return Err(refused(&response));
        }
        let range = response.headers().get("content-range").ok().flatten().unwrap_or_default();
        if !range.starts_with(&format!("bytes {here}-")) || !range.ends_with(&format!("/{}", self.size)) {
            return Err(End::Failed);
        }
        let file = self.files.write(&self.blob).await.map_err(later)?;
        let reader: ReadableStreamDefaultReader = response.body().ok_or(End::Later)?.get_reader().unchecked_into();
        let mut flushed = here;
        loop {
            let part: JsValue = wait(reader.read()).await.map_err(|_| End::Later)?;
            let field = |name: &str| js_sys::Reflect::get(&part, &name.into()).unwrap_or_default();
            let Some(bytes) = field("value").dyn_ref::<Uint8Array>().map(Uint8Array::to_vec) else { break };
            if here.saturating_add(bytes.len() as u64) > self.size {
                return Err(End::Failed);
            }
            file.write_at(here, &bytes).map_err(later)?;
            here += bytes.len() as u64;
            self.moved(here);
            if here - flushed > BETWEEN_FLUSHES {
                file.flush().map_err(later)?;
                flushed = here;
            }
        }
        file.flush().map_err(later)?;
        if here == self.size { Ok(()) } else { Err(End::Later) }
    }

    /// Whether what came is what was sealed. A disk that cannot be read says nothing about that.
    async fn check(&self, key: &FileKey, length: u64) -> End {
        match self
            .files
            .open(&self.blob, key, length, &mut |_| {
                self.moved.set(now());
                Ok(())
            })
            .await
        {
            Ok(()) => End::Fetched,
            Err(failure) if is_spoiled(&failure) => {
                let _ = self.files.remove(&self.blob).await;
                End::Failed
            }
            Err(_) => End::Later,
        }
    }

    fn moved(&self, carried: u64) {
        self.carried.set(carried);
        self.moved.set(now());
        self.worker.moved(&self.blob, carried, self.size);
    }

    async fn ask(
        &self,
        method: &str,
        headers: &[(&str, String)],
        body: Option<&Blob>,
    ) -> std::result::Result<Response, End> {
        let request = (|| {
            let all = Headers::new()?;
            all.set("authorization", &format!("Bearer {}", self.ticket.to_text()))?;
            for (name, value) in headers {
                all.set(name, value)?;
            }
            let init = RequestInit::new();
            init.set_method(method);
            init.set_headers(&all);
            init.set_redirect(RequestRedirect::Error);
            init.set_credentials(RequestCredentials::Omit);
            init.set_cache(RequestCache::NoStore);
            if let Some(body) = body {
                init.set_body(body);
            }
            init.set_signal(self.abort.as_ref().map(AbortController::signal).as_ref());
            Ok::<_, JsValue>(init)
        })();
        let request = request.map_err(|_| End::Later)?;
        wait(scope().fetch_with_str_and_init(&self.url, &request)).await.map_err(|_| End::Later)
    }
}

fn offset_of(response: &Response) -> Option<u64> {
    if !response.ok() {
        return None;
    }
    response.headers().get(UPLOAD_OFFSET).ok()??.parse().ok()
}

fn refused(response: &Response) -> End {
    match response.status() {
        401 => End::TicketRefused,
        403 | 404 | 413 => End::Failed,
        _ => End::Later,
    }
}
