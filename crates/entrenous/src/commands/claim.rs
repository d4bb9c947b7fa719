//! `claim`: takes up a line, and makes the profile that keeps it.

use handset::{ClaimLink, Event};

use crate::cli::{Claim, Global};
use crate::exit::{Exit, Failure};
use crate::output::json::Claimed;
use crate::output::style::{GOOD, STRONG, harmless, styled};
use crate::output::{Output, note};
use crate::passphrase;
use crate::profile::Profile;
use crate::session::{Session, dir, now};

pub(super) async fn run(args: &Claim, global: &Global, output: Output) -> Result<Exit, Failure> {
    let link: ClaimLink = args.url.parse()?;
    let profile = Profile::open_or_make(&dir(global)?)?.whole()?;
    let new = !profile.has_key();
    if new && args.moving {
        profile.remove();
        return Err(Failure::refused(
            "nothing-to-move",
            "--move is for a handset that has a line, and this profile has none: to bring a line back from a backup, give `restore FILE --claim URL`",
        ));
    }
    let opened = if new {
        passphrase::choose().and_then(|passphrase| profile.make(&passphrase))
    } else {
        passphrase::ask().and_then(|passphrase| profile.unlock(&passphrase))
    };
    let mut handset = match opened {
        Ok(handset) => handset,
        Err(failure) => {
            if new {
                profile.remove();
            }
            return Err(failure);
        }
    };
    if let Err(error) = handset.claim(now(), &link, &args.name, args.moving) {
        drop(handset.close());
        if new {
            profile.remove();
        }
        return Err(error.into());
    }
    let mut session = Session::of(profile, handset, global);
    match claimed(&mut session).await {
        Ok(()) => {
            let status = session.handset().status()?;
            output.result(&Claimed::of(&status), || {
                format!(
                    "{} This handset is the line of {} at {}.\nHand out a card next: entrenous card new --for NAME",
                    styled("Welcome.", GOOD),
                    styled(&harmless(&status.name), STRONG),
                    harmless(&status.office)
                )
            });
            session.close().await?;
            Ok(Exit::Done)
        }
        Err(failure) => give_up(session, failure).await,
    }
}

/// Waits until the switchboard has taken the claim.
async fn claimed(session: &mut Session) -> Result<(), Failure> {
    // A line that was restored here and not taken yet is restored there.
    let taken = |event: Option<&Event>| matches!(event, Some(Event::Claimed | Event::Restored)).then_some(());
    let claimed = session.until(|_, event| Ok(taken(event))).await?;
    match claimed {
        Some(()) => Ok(()),
        None if session.was_answered() => Err(Failure::waiting(
            "claim-waiting",
            "the switchboard has not answered the claim yet: it is kept, and any later command asks again",
        )),
        None => Err(session.trouble().unwrap_or_else(|| {
            Failure::refused("switchboard-unreachable", "the switchboard does not answer: try again later")
        })),
    }
}

/// Leaves nothing of a claim that came to nothing; keeps one whose answer is still to come.
async fn give_up(mut session: Session, failure: Failure) -> Result<Exit, Failure> {
    if failure.exit == Exit::Waiting {
        session.close().await?;
        return Err(failure);
    }
    // After a refusal the engine has forgotten it already.
    session.handset().forget_claim(now())?;
    let has_line = !matches!(session.handset().status(), Err(handset::Error::NotClaimed));
    let profile = session.release().await;
    if !has_line {
        profile.remove();
    } else {
        note("The line stays where it was.");
    }
    Err(failure)
}
