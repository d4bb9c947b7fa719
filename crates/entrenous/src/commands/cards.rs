//! `card`: private numbers that are handed out.

use std::time::Duration;

use handset::{CardView, Event};

use crate::cli::{Card, Global, NewCard};
use crate::exit::{Exit, Failure};
use crate::output::json;
use crate::output::{Output, note, views};
use crate::session::{Session, now};

pub(super) async fn run(command: Card, global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    session.catch_up().await?;
    let exit = match command {
        Card::New(args) => new(&mut session, &args, output).await?,
        Card::List => {
            let cards = session.handset().cards(now())?;
            output.results(&cards.iter().map(json::Card::from).collect::<Vec<_>>(), || views::cards(&cards));
            Exit::Done
        }
        Card::Revoke { id } => revoke(&mut session, &id, output).await?,
    };
    session.close().await?;
    Ok(exit)
}

async fn new(session: &mut Session, args: &NewCard, output: Output) -> Result<Exit, Failure> {
    let new = handset::NewCard {
        for_name: args.for_name.clone(),
        uses: usize::try_from(args.uses).unwrap_or(usize::MAX),
        expires: Duration::from_secs(args.expires.as_secs()),
        ask: args.ask,
    };
    let card = session.handset().new_card(now(), &new)?;
    let stored = session
        .until(|_, event| match event {
            Some(Event::CardStored(id)) if *id == card.id => Ok(Some(())),
            Some(Event::CardRefused(id, refusal)) if *id == card.id => Err(refusal.clone().into()),
            _ => Ok(None),
        })
        .await?;
    let card = by_id(session, &card.id)?;
    output.result(&json::Card::from(&card), || views::new_card(&card));
    if stored.is_none() {
        note("The card is kept here and cannot be taken up yet: the switchboard will get it later.");
    }
    Ok(stored.map_or(Exit::Waiting, |()| Exit::Done))
}

async fn revoke(session: &mut Session, id: &str, output: Output) -> Result<Exit, Failure> {
    let card = session.handset().revoke_card(now(), id.trim())?;
    let exit = session.settle().await?;
    output.result(&json::Card::from(&card), || format!("The card for {} is revoked.", card.for_name));
    if exit == Exit::Waiting {
        note("The switchboard does not know yet: until it does, the card can still be taken up.");
    }
    Ok(exit)
}

fn by_id(session: &mut Session, id: &str) -> Result<CardView, Failure> {
    let cards = session.handset().cards(now())?;
    cards.into_iter().find(|card| card.id == id).ok_or_else(|| handset::Error::UnknownCard(id.to_owned()).into())
}
