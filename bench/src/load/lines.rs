//! Many lines of a switchboard: invitations for all of them at once, and their handsets connected.

use std::sync::Arc;

use protocol::{InvitationSecret, SwitchboardAddress};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use switchboard::Limits;
use switchboard::core::{Core, Done, Federation, Office as Own, Work};
use switchboard::store::SqliteStore;
use tokio::task::JoinSet;

use super::pair::{Pair, Side};
use super::phone::{Identity, Phone};
use crate::Result;
use crate::offices::Office;

/// Handsets that connect at a time: more are no quicker on a few cores, and none may take ten seconds.
const AT_ONCE: usize = 16;

/// Connects this many new lines to a switchboard. `seed` must be another for every call.
pub(crate) async fn connect(
    tls: &Arc<rustls::ClientConfig>,
    office: &Office,
    count: usize,
    seed: u64,
) -> Result<Vec<Side>> {
    let place: SwitchboardAddress = office.listening.parse()?;
    let mut invitations = invite(office, count, seed)?.into_iter().zip(seed * 1_000_000..);
    let (mut joining, mut sides) = (JoinSet::new(), Vec::with_capacity(count));
    loop {
        while joining.len() < AT_ONCE
            && let Some((invitation, seed)) = invitations.next()
        {
            let (tls, place) = (Arc::clone(tls), place.clone());
            joining.spawn(async move {
                let identity = Identity::new(seed);
                let phone = Phone::claim(&tls, &place, invitation, &identity).await?;
                Ok::<Side, Box<dyn std::error::Error + Send + Sync>>((phone, identity, place))
            });
        }
        match joining.join_next().await {
            Some(side) => sides.push(side??),
            None => return Ok(sides),
        }
    }
}

/// As `office invite`, many in one transaction.
fn invite(office: &Office, count: usize, seed: u64) -> Result<Vec<InvitationSecret>> {
    let store = SqliteStore::open(&office.data.join("switchboard.db"))?;
    let own = Own {
        address: office.listening.parse()?,
        name: String::new(),
        federation: Federation::Open,
        loopback_only: true,
        plain_http: false,
    };
    let mut core = Core::new(store, own, Limits::default(), Box::new(ChaCha20Rng::seed_from_u64(seed)));
    let works = vec![Work::Invite { keep_secret: false }; count];
    let invited = |done| match done {
        Done::Invited(secret) => Ok(secret),
        _ => Err("an invitation was not made".into()),
    };
    core.apply(crate::line::now(), works)?.done.into_iter().map(invited).collect()
}

/// Pairs, the speakers at one switchboard and the listeners at another or the same. Every other conversation is ordered
/// by the listener's switchboard.
pub(crate) async fn pairs(
    tls: &Arc<rustls::ClientConfig>,
    [of_speakers, of_listeners]: [&Office; 2],
    count: usize,
    envelope: usize,
    seed: u64,
) -> Result<Vec<Pair>> {
    let speakers = connect(tls, of_speakers, count, seed).await?;
    let listeners = connect(tls, of_listeners, count, seed + 1).await?;
    let mut pairs = Vec::with_capacity(count);
    for (i, (speaker, listener)) in speakers.into_iter().zip(listeners).enumerate() {
        pairs.push(Pair::found(speaker, listener, i.is_multiple_of(2), envelope).await?);
    }
    Ok(pairs)
}
