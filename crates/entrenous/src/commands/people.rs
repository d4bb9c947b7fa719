//! `people`: contacts, and who asks to become one.

use handset::{PersonView, Verified};

use crate::cli::{Global, People};
use crate::exit::{Exit, Failure};
use crate::output::json::Person;
use crate::output::style::harmless;
use crate::output::{Output, is_answered_yes, note, views};
use crate::session::{Session, now};

pub(super) async fn run(command: Option<People>, global: &Global, output: Output) -> Result<Exit, Failure> {
    let mut session = Session::open(global)?;
    match &command {
        None | Some(People::Requests | People::Show(_)) => {
            session.catch_up_to_show().await?;
        }
        Some(_) => session.catch_up().await?,
    }
    let exit = act(&mut session, command, output).await?;
    session.close().await?;
    Ok(exit)
}

async fn act(session: &mut Session, command: Option<People>, output: Output) -> Result<Exit, Failure> {
    let changed: (Person, String) = match command {
        None => {
            let people = session.handset().people()?;
            output.results(&people.iter().map(Person::from).collect::<Vec<_>>(), || views::people(&people));
            return Ok(Exit::Done);
        }
        Some(People::Requests) => {
            let own = session.handset().status()?.line;
            let requests = session.handset().requests()?;
            let records: Vec<_> = requests.iter().map(|request| Person::request(request, &own)).collect();
            output.results(&records, || views::requests(&requests));
            return Ok(Exit::Done);
        }
        Some(People::Show(args)) => shown(&session.handset().person(&args.person)?),
        Some(People::Verify { person, yes }) => {
            let view = session.handset().person(&person.person)?;
            // Before their handset has vouched there is nothing to compare, which the engine says.
            if !yes && view.verified > Verified::Unverified {
                compare(&view)?;
            }
            shown(&session.handset().verify_person(now(), &person.person)?)
        }
        Some(People::Rename { person, to }) => shown(&session.handset().rename_person(now(), &person.person, &to)?),
        Some(People::Block(args)) => shown(&session.handset().block_person(now(), &args.person)?),
        Some(People::Unblock(args)) => shown(&session.handset().unblock_person(now(), &args.person)?),
        Some(People::Admit(args)) => shown(&session.handset().admit(now(), &args.person)?),
        Some(People::Remove { person, yes }) => {
            let view = session.handset().person(&person.person)?;
            if !yes {
                confirm_removal(&view)?;
            }
            session.handset().remove_person(now(), &view.person)?;
            let said = format!("{} is removed, with all that was said.", harmless(&view.person));
            (Person::from(&view).gone("removed"), said)
        }
        Some(People::Refuse(args)) => refuse(session, &args.person)?,
    };
    let exit = session.settle().await?;
    let (record, said) = changed;
    output.result(&record, || said);
    if exit == Exit::Waiting {
        note("It holds on this handset; the switchboard will know later.");
    }
    Ok(exit)
}

fn shown(view: &PersonView) -> (Person, String) {
    (Person::from(view), views::person(view))
}

fn refuse(session: &mut Session, person: &str) -> Result<(Person, String), Failure> {
    let own = session.handset().status()?.line;
    let requests = session.handset().requests()?;
    session.handset().refuse(now(), person)?;
    let left = session.handset().requests()?;
    let asked = requests.iter().find(|request| left.iter().all(|other| other.person != request.person));
    let record = asked.map_or_else(Person::waiting, |request| Person::request(request, &own));
    Ok((record.gone("refused"), "Refused. They do not learn it, and the card has its use back.".to_owned()))
}

/// Shows the words and asks whether they are the same.
fn compare(person: &PersonView) -> Result<(), Failure> {
    note(&format!(
        "Safety words with {}:\n\n  {}\n\nThey must be the same on both handsets, compared in person. Are they? [yes/no]",
        harmless(&person.person),
        person.safety_words
    ));
    match is_answered_yes() {
        true => Ok(()),
        false => Err(Failure::refused(
            "not-compared",
            "nothing is noted: say yes, or give --yes, once you have compared the words; if they differ, do not use this contact, and tell your office",
        )),
    }
}

fn confirm_removal(person: &PersonView) -> Result<(), Failure> {
    note(&format!(
        "{} goes for good, with all that was said and its files. Remove? [yes/no]",
        harmless(&person.person)
    ));
    match is_answered_yes() {
        true => Ok(()),
        false => Err(Failure::refused("not-removed", "nothing is changed: say yes, or give --yes")),
    }
}
