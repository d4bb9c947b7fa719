//! `accept`: takes up a card.

use handset::{Accepting, ContactState, Event};

use crate::cli::{Accept, Global};
use crate::exit::{Exit, Failure};
use crate::output::json::{Person, is_asked};
use crate::output::style::{STRONG, harmless, styled};
use crate::output::{Output, note, views};
use crate::session::{Session, now};

pub(super) async fn run(args: &Accept, global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    session.catch_up().await?;
    let exit = accept(&mut session, args, output).await?;
    session.close().await?;
    Ok(exit)
}

async fn accept(session: &mut Session, args: &Accept, output: Output) -> Result<Exit, Failure> {
    let begun = session.handset().accept(now(), &args.card.join(" "), args.petname.as_deref())?;
    let person = match begun {
        Accepting::Known(person) => Some(person),
        Accepting::UnderWay(redemption) => taken_up(session, redemption).await?,
    };
    let Some(person) = person else {
        output.result(&Person::waiting(), || {
            "The card is kept, and taken up as soon as our switchboard answers.".to_owned()
        });
        return Ok(Exit::Waiting);
    };
    let exit = session.settle().await?;
    let view = session.handset().person(&person)?;
    if view.state == ContactState::Refused {
        return Err(handset::Error::CardRefused(person).into());
    }
    output.result(&Person::from(&view), || {
        let name = styled(&harmless(&view.person), STRONG);
        let heading = if is_asked(&view) {
            format!("{name} will be asked. Write already: it is read once you are admitted.")
        } else {
            format!("{name} is a contact now.")
        };
        format!("{heading}\n\n{}", views::person(&view))
    });
    if exit == Exit::Waiting {
        note("Our switchboard has not stored all of it yet: the rest goes later.");
    }
    Ok(exit)
}

/// Waits until a card is taken up; whom it made a contact, or nobody if time is over before.
async fn taken_up(session: &mut Session, redemption: i64) -> Result<Option<String>, Failure> {
    session.await_redemption(redemption);
    session
        .until(|_, event| match event {
            Some(Event::ContactAdded { person, redemption: Some(of) }) if *of == redemption => Ok(Some(person.clone())),
            Some(Event::AcceptRefused { redemption: of, code, sentence, .. }) if *of == redemption => {
                Err(Failure::refused(code, sentence.clone()))
            }
            _ => Ok(None),
        })
        .await
}
