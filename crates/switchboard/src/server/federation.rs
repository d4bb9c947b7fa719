//! What peers ask of this switchboard.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, HttpBody as _};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::codec::{DecodeError, VERSION, decode, encode};
use protocol::federation::{Fetch, FetchReply, Parcel, ParcelReply, SignedBytes, SwitchboardInfo};
use protocol::limits::{PARCEL_BYTES, QUERY_BYTES};
use protocol::{Refusal, RefusalCode, SwitchboardAddress};

use super::Shared;
use super::gate::{Guest, Room};
use super::peers::{Event, Unheard, who};
use crate::core::{Done, Work, reads};

/// What the signatures of parcels are for.
pub(super) const PARCEL_CONTEXT: &str = "entrenous parcel v1";
/// What the signatures of fetches are for.
pub(super) const FETCH_CONTEXT: &str = "entrenous fetch v1";
/// What the signatures of fetches of blobs are for.
pub(super) const FETCH_BLOB_CONTEXT: &str = "entrenous fetch-blob v1";
/// What a signed parcel may have: the payload's limit and the little around it.
pub(super) const SIGNED_BYTES: usize = PARCEL_BYTES + QUERY_BYTES;

/// Who this switchboard is.
pub(super) async fn info(State(shared): State<Arc<Shared>>, Extension(guest): Extension<Arc<Guest>>) -> Response {
    if !shared.gate.ask(&guest) {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let info = SwitchboardInfo {
        versions: vec![VERSION],
        address: shared.office.address.clone(),
        office: shared.office.name.clone(),
        key: shared.key.public().to_vec().into(),
    };
    answer(&info)
}

/// Takes a parcel.
pub(super) async fn parcel(
    State(shared): State<Arc<Shared>>,
    Extension(guest): Extension<Arc<Guest>>,
    Extension(unheard): Extension<Arc<Unheard>>,
    body: Body,
) -> Response {
    let reply = match authentic::<Parcel>(&shared, &guest, &unheard, body, PARCEL_CONTEXT, SIGNED_BYTES).await {
        Ok((from, parcel, room)) if parcel.from == from => take(&shared, from, parcel, room).await,
        Ok(_) => ParcelReply::Refused(not_authentic()),
        Err(refusal) => ParcelReply::Refused(refusal),
    };
    match &reply {
        ParcelReply::Refused(_) => shared.metrics.parcels_refused.one(),
        _ => shared.metrics.parcels_in.one(),
    }
    answer(&reply)
}

/// Has a parcel stored; one of each peer's at a time, so that nobody fills the memory.
async fn take(shared: &Arc<Shared>, from: SwitchboardAddress, parcel: Parcel, room: Room) -> ParcelReply {
    let Some(under_way) = shared.gate.parcel(&from) else { return ParcelReply::Refused(too_many()) };
    // It can be reached, then: no need to wait any longer with what it is to have. The other end lives as long as this.
    let _ = shared.peers.send(Event::Reachable(from));
    let shared = Arc::clone(shared);
    // Not given up when the peer hangs up: the parcel is in memory, and counts, until it is stored.
    let stored = tokio::spawn(async move {
        let done = shared.writer.ask(Work::Parcel(Box::new(parcel))).await;
        drop((under_way, room));
        done
    });
    match stored.await {
        Ok(Ok(Done::Parcel(reply))) => reply,
        _ => ParcelReply::Refused(unavailable()),
    }
}

/// Gives a slot out.
pub(super) async fn fetch(
    State(shared): State<Arc<Shared>>,
    Extension(guest): Extension<Arc<Guest>>,
    Extension(unheard): Extension<Arc<Unheard>>,
    body: Body,
) -> Response {
    let reply: FetchReply = match authentic::<Fetch>(&shared, &guest, &unheard, body, FETCH_CONTEXT, QUERY_BYTES).await
    {
        Ok((from, fetch, _)) if fetch.from != from || fetch.to != shared.office.address => Err(not_authentic()),
        Ok((from, ..)) if !shared.gate.fetch(&from) => Err(too_many()),
        Ok((from, Fetch { lookup, reservation, .. }, _)) => {
            match shared.writer.ask(Work::Fetch { from, lookup, reservation, id: 0 }).await {
                Ok(Done::Fetched { reply, .. }) => reply,
                _ => Err(unavailable()),
            }
        }
        Err(refusal) => Err(refusal),
    };
    if reply.is_err() {
        shared.metrics.parcels_refused.one();
    }
    answer(&reply)
}

/// Reads what is signed, from whom it says and nobody else.
pub(super) async fn authentic<T: serde::de::DeserializeOwned>(
    shared: &Arc<Shared>,
    guest: &Guest,
    unheard: &Unheard,
    body: Body,
    context: &str,
    limit: usize,
) -> Result<(SwitchboardAddress, T, Room), Refusal> {
    // Before anything of it is read.
    if !shared.gate.ask(guest) {
        return Err(too_many());
    }
    let mut room = shared.gate.room(guest);
    let signed: SignedBytes = decode(&read(body, limit, &mut room).await?, limit).map_err(malformed)?;
    let known = reads::peer(&mut *shared.reader.store(), &shared.office, &signed.from);
    let (row, is_allowed) = known.map_err(|_| unavailable())?;
    if !is_allowed {
        let sentence = "this switchboard does not deal with the sender";
        return Err(Refusal::new(RefusalCode::PeerNotAllowed, sentence));
    }
    let key = match row.and_then(|row| row.key) {
        Some(key) => key,
        None if unheard.may_ask(&signed.from) => who(shared, &signed.from).await.map_err(|_| unheard_of())?,
        None => return Err(unheard_of()),
    };
    if seal::verify_switchboard(&key, context, &signed.payload, &signed.signature).is_err() {
        shared.metrics.signatures_refused.one();
        return Err(not_authentic());
    }
    // No stranger.
    shared.gate.is_peer(guest);
    let value = decode(&signed.payload, limit).map_err(malformed)?;
    Ok((signed.from, value, room))
}

/// Reads a request as it comes, as long as there is room for it.
async fn read(mut body: Body, limit: usize, room: &mut Room) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let cut_off = || Refusal::new(RefusalCode::Malformed, "this ends before it is whole");
        let Ok(part) = frame.map_err(|_| cut_off())?.into_data() else { continue };
        if bytes.len() + part.len() > limit {
            return Err(malformed(DecodeError::TooLarge { length: bytes.len() + part.len(), limit }));
        }
        if !room.grow(part.len()) {
            return Err(too_many());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn answer<T: serde::Serialize>(value: &T) -> Response {
    let bytes = encode(value);
    ([("content-type", "application/octet-stream"), ("cache-control", "no-store")], Body::from(bytes)).into_response()
}

fn malformed(error: DecodeError) -> Refusal {
    let (code, sentence) = match error {
        DecodeError::Version(_) => (RefusalCode::VersionUnknown, "this switchboard does not speak that version"),
        DecodeError::TooLarge { .. } => (RefusalCode::TooLarge, "this is larger than it may be"),
        _ => (RefusalCode::Malformed, "this does not have the form that is expected here"),
    };
    Refusal::new(code, sentence)
}

pub(super) fn not_authentic() -> Refusal {
    Refusal::new(RefusalCode::NotAuthentic, "this is not signed with the key that the sender is known by")
}

fn unheard_of() -> Refusal {
    Refusal::new(RefusalCode::PeerUnreachable, "the sender could not be asked for its key: try again later")
}

pub(super) fn too_many() -> Refusal {
    Refusal::new(RefusalCode::TooMany, "too many requests: try again later")
}

pub(super) fn unavailable() -> Refusal {
    Refusal::new(RefusalCode::Unavailable, "the switchboard cannot store anything at the moment: try again later")
}
