//! `expiry`: how long texts stay, as agreed with a person.

use crate::cli::{Expiry, Global};
use crate::exit::{Exit, Failure};
use crate::output::json::Person;
use crate::output::{Output, note, views};
use crate::session::{Session, now};

pub(super) async fn run(args: &Expiry, global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    session.catch_up().await?;
    let person = session.handset().person(&args.to.person)?.person;
    let handset = session.handset();
    let said = match (args.term, args.accept, args.decline, args.withdraw) {
        (Some(term), ..) => Some(handset.propose_expiry(now(), &person, term)?),
        (_, true, ..) => Some(handset.accept_expiry(now(), &person)?),
        (_, _, true, _) => Some(handset.decline_expiry(now(), &person)?),
        (.., true) => Some(handset.withdraw_expiry(now(), &person)?),
        _ => None,
    };
    let exit = match said {
        Some(id) => session.delivered(&id).await?.1,
        None => Exit::Done,
    };
    let view = session.handset().person(&person)?;
    output.result(&Person::from(&view), || views::expiry(&view));
    if exit == Exit::Waiting {
        note("It is kept here, and goes as soon as our switchboard answers.");
    }
    session.close().await?;
    Ok(exit)
}
