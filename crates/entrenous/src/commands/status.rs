//! `sync` and `status`: what came, and what waits for what.

use handset::SessionState;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::json::{Status, still_here};
use crate::output::{Output, views};
use crate::session::{Session, now};

pub(super) async fn sync(global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    session.catch_up().await?;
    session
        .until(
            |handset, _| Ok((handset.session_state() == SessionState::Online && handset.is_settled()?).then_some(())),
        )
        .await?;
    let under_way = session.handset().files_under_way()?;
    let under_way: Vec<_> = under_way.into_iter().map(|file| (file.blob, file.name, file.size)).collect();
    session.carry("carrying", &under_way).await?;
    if session.waits_for_them() {
        session.until(|handset, _| Ok(handset.status()?.pending.is_empty().then_some(()))).await?;
    }
    let (status, in_all) = (session.handset().status()?, session.handset().received()?);
    let online = session.handset().session_state() == SessionState::Online;
    let received = session.arrived();
    output.result(&Status::of(&status, (received, in_all), online, now()), || {
        let came = match received {
            0 => "Nothing new.".to_owned(),
            1 => "1 new.".to_owned(),
            n => format!("{n} new."),
        };
        format!("{came}\n{}", views::waiting(&status.pending, now()))
    });
    let waits = still_here(&status.pending) > 0 || !online;
    session.close().await?;
    Ok(if waits { Exit::Waiting } else { Exit::Done })
}

pub(super) async fn status(global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    let is_in_service = session.catch_up_to_show().await?;
    let (status, in_all) = (session.handset().status()?, session.handset().received()?);
    let online = session.handset().session_state() == SessionState::Online;
    let (backup, elsewhere) = (session.handset().last_backup()?, session.handset().superseded()?);
    let record = Status::of(&status, (session.arrived(), in_all), online, now()).with_backup(backup, elsewhere);
    let people = session.handset().people()?;
    output.result(&record, || format!("{}{}", views::status(&status, online, backup, now()), views::silences(&people)));
    session.close().await?;
    // What it has can be read, but it is nobody's line any more.
    Ok(if elsewhere.is_some() || !is_in_service { Exit::Refused } else { Exit::Done })
}
