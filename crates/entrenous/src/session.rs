//! One command's time with its handset: open the profile, catch up, act, wait until that is stored.

use std::time::Duration;

use handset::{Event, FileState, Handset, MessageState, SessionState};
use protocol::{BlobId, ContentId, RefusalCode};
use tokio::time::{Instant, timeout_at};

use crate::cli::{Global, Wait};
use crate::driver::{Driver, Step};
use crate::exit::{Exit, Failure};
use crate::files::Files;
use crate::net::{DialError, Dialer};
use crate::output::bars::Bars;
use crate::output::note;
use crate::output::style::one_line;
use crate::profile::{self, Profile};
use crate::{clock, passphrase};

/// After a command has what it wants: how long receipts and the like may still take to leave.
const GRACE: Duration = Duration::from_secs(1);

/// How often it is looked at how far files are.
const BLINK: Duration = Duration::from_millis(100);

/// A command's handset, connected or on the way there.
#[derive(Debug)]
pub(crate) struct Session {
    driver: Driver,
    wait: Wait,
    deadline: Instant,
    online: bool,
    arrived: u64,
    warned: bool,
    /// Whether the person is to hear of a connection that goes and comes.
    watched: bool,
    /// The redemption that the command waits for.
    awaited: Option<i64>,
    /// Whether the command itself tells what becomes of files.
    tells_of_files: bool,
    profile: Profile,
}

impl Session {
    /// Opens the profile and begins to connect.
    ///
    /// # Errors
    /// If there is no profile, another process has it, or the passphrase is wrong.
    pub(crate) fn open(global: &Global) -> Result<Self, Failure> {
        Dialer::new(global.trust_root.clone()).check()?;
        let profile = Profile::open(&dir(global)?, Duration::from_secs(global.timeout))?;
        let passphrase = passphrase::ask()?;
        let handset = profile.unlock(&passphrase)?;
        Ok(Self::of(profile, handset, global))
    }

    /// A session with a handset that is open already.
    pub(crate) fn of(profile: Profile, handset: Handset, global: &Global) -> Self {
        let files = profile.files();
        // If the database cannot be asked, nothing is removed.
        files.remove_unknown(|blob| handset.knows_file(blob).unwrap_or(true));
        let driver = Driver::new(handset, Dialer::new(global.trust_root.clone())).with_files(files);
        let deadline = Instant::now() + Duration::from_secs(global.timeout);
        Self {
            driver,
            wait: global.wait,
            deadline,
            online: false,
            arrived: 0,
            warned: false,
            watched: false,
            awaited: None,
            tells_of_files: false,
            profile,
        }
    }

    /// The engine, to be asked and told things.
    pub(crate) fn handset(&mut self) -> &mut Handset {
        self.driver.handset()
    }

    /// From here on what becomes of this redemption is told by the command.
    pub(crate) const fn await_redemption(&mut self, redemption: i64) {
        self.awaited = Some(redemption);
    }

    /// From here on what becomes of files is told by the command.
    pub(crate) const fn tell_of_files(&mut self) {
        self.tells_of_files = true;
    }

    /// Whether the handset is connected and up to date.
    pub(crate) const fn is_online(&self) -> bool {
        self.online
    }

    /// Contents that arrived in this session.
    pub(crate) fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Whether the switchboard has ever said a word in this session.
    pub(crate) fn was_answered(&self) -> bool {
        self.driver.was_answered()
    }

    /// Why there is no connection, if there is none.
    pub(crate) fn trouble(&self) -> Option<Failure> {
        self.driver.trouble().map(|trouble| Failure::refused(trouble.code(), trouble.to_string()))
    }

    /// Waits until the handset has what waited for it. When there is no connection at once, the command goes on
    /// without and says so.
    ///
    /// # Errors
    /// If the switchboard turns the handset away, or storage fails.
    pub(crate) async fn catch_up(&mut self) -> Result<(), Failure> {
        if let Some(at) = self.handset().superseded()? {
            note(&elsewhere(at));
            return Ok(());
        }
        loop {
            if self.handset().session_state() == SessionState::Online {
                self.online = true;
                break;
            }
            match self.step().await {
                Ok(None | Some(Step::Offline)) => break,
                Ok(Some(_)) => {}
                // What was restored is kept; what to do about it is said below.
                Err(refused) if self.is_not_taken() => {
                    note(&format!("Not taken: {}.", refused.sentence));
                    break;
                }
                Err(failure) => return Err(failure),
            }
        }
        if self.is_not_taken() {
            return Err(Failure { exit: Exit::Waiting, ..handset::Error::NotTaken.into() });
        }
        if !self.online {
            match self.driver.trouble() {
                Some(trouble) => note(&format!("Offline: {trouble}.")),
                None => note("Offline: the switchboard does not answer."),
            }
        }
        if self.handset().status().is_err() && self.handset().switchboard_url()?.is_some() {
            return Err(Failure::waiting(
                "claim-waiting",
                "the switchboard has not answered this handset's claim yet: try again later",
            ));
        }
        // Our own switchboard knows at once.
        self.a_moment(|handset, _| Ok((!handset.is_asking_for_ways()).then_some(()))).await?;
        Ok(())
    }

    /// Whether no switchboard has taken the line since it was restored here.
    fn is_not_taken(&mut self) -> bool {
        matches!(self.handset().status(), Err(handset::Error::NotTaken))
    }

    /// As [`Self::catch_up`], for a command that shows what this handset has: if the office took it out of service, or has
    /// not taken it, or the line turns out to be on another one, says so and goes on. Gives whether it is in service, as
    /// far as is known.
    ///
    /// # Errors
    /// As [`Self::catch_up`].
    pub(crate) async fn catch_up_to_show(&mut self) -> Result<bool, Failure> {
        let still_shown = [
            RefusalCode::HandsetRevoked.as_str(),
            handset::Error::NotTaken.code(),
            handset::Error::RestoredElsewhere.code(),
        ];
        match self.catch_up().await {
            Err(failure) if still_shown.contains(&failure.code.as_ref()) => {
                note(&format!("Offline: {}.", failure.sentence.trim_end_matches('.')));
                Ok(false)
            }
            caught_up => caught_up.map(|()| true),
        }
    }

    /// Runs until `done` gives something: asked at first, and after everything that happens with the event if it is
    /// one. None if time is over before.
    ///
    /// # Errors
    /// If `done` fails, the switchboard turns the handset away, or storage fails.
    pub(crate) async fn until<T>(
        &mut self,
        mut done: impl FnMut(&mut Handset, Option<&Event>) -> Result<Option<T>, Failure>,
    ) -> Result<Option<T>, Failure> {
        let mut event = None;
        loop {
            if let Some(value) = done(self.driver.handset(), event.as_ref())? {
                return Ok(Some(value));
            }
            event = match self.step().await? {
                None => return Ok(None),
                // Whoever waits at the terminal should not wait for what cannot come.
                Some(Step::Offline) if !self.watched && self.driver.trouble().is_some_and(DialError::is_certain) => {
                    return Ok(None);
                }
                Some(Step::Event(event)) => Some(event),
                Some(_) => None,
            };
        }
    }

    /// Waits until our switchboard has all that was decided; `Waiting` if time is over before.
    ///
    /// # Errors
    /// As [`Self::until`].
    pub(crate) async fn settle(&mut self) -> Result<Exit, Failure> {
        let settled = self.until(|handset, _| Ok(handset.is_settled()?.then_some(()))).await?;
        Ok(settled.map_or(Exit::Waiting, |()| Exit::Done))
    }

    /// Waits until a content is as far as the person wants; how far it is then.
    ///
    /// # Errors
    /// As [`Self::until`].
    pub(crate) async fn delivered(&mut self, id: &ContentId) -> Result<(MessageState, Exit), Failure> {
        let wanted = match self.wait {
            Wait::Sent => MessageState::Sent,
            Wait::Delivered => MessageState::Delivered,
        };
        let reached = self.until(|handset, _| Ok((handset.state_of(id)? >= wanted).then_some(()))).await?;
        let state = self.handset().state_of(id)?;
        Ok((state, reached.map_or(Exit::Waiting, |()| Exit::Done)))
    }

    /// Whether the person wants to wait for the other side too.
    pub(crate) fn waits_for_them(&self) -> bool {
        self.wait == Wait::Delivered
    }

    /// Runs until `done`, but no longer than a short while.
    ///
    /// # Errors
    /// As [`Self::until`].
    pub(crate) async fn a_moment<T>(
        &mut self,
        done: impl FnMut(&mut Handset, Option<&Event>) -> Result<Option<T>, Failure>,
    ) -> Result<Option<T>, Failure> {
        if !self.online {
            return Ok(None);
        }
        let deadline = self.deadline;
        self.deadline = deadline.min(Instant::now() + GRACE);
        let result = self.until(done).await;
        self.deadline = deadline;
        result
    }

    /// The profile.
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The profile's sealed files.
    pub(crate) fn files(&self) -> Files {
        self.profile.files()
    }

    /// Waits until files (each with its name and length) are where they are to be, as long as bytes move; `Waiting` if
    /// some are not. Shows how far each is.
    ///
    /// # Errors
    /// As [`Self::until`].
    pub(crate) async fn carry(&mut self, doing: &str, files: &[(BlobId, String, u64)]) -> Result<Exit, Failure> {
        let mut bars = Bars::default();
        files.iter().for_each(|(_, name, bytes)| bars.add(doing, name, *bytes));
        let (mut moved, mut moved_at) = (0, Instant::now());
        let patience = self.deadline.saturating_duration_since(moved_at).max(GRACE);
        loop {
            let (mut left, mut carried) = (false, 0);
            for (place, (blob, _, bytes)) in files.iter().enumerate() {
                let is_under_way = self.handset().file_state(blob)?.is_some_and(FileState::is_under_way);
                let done = if is_under_way { self.driver.carried(blob).min(*bytes) } else { *bytes };
                bars.set(place, done);
                left |= is_under_way;
                carried += done;
            }
            if carried != moved {
                (moved, moved_at) = (carried, Instant::now());
            }
            if !left {
                return Ok(Exit::Done);
            }
            if !self.online || moved_at.elapsed() > patience {
                return Ok(Exit::Waiting);
            }
            let deadline = std::mem::replace(&mut self.deadline, Instant::now() + BLINK);
            let stepped = self.step().await;
            self.deadline = deadline;
            stepped?;
        }
    }

    /// From here on the session lasts until it is ended from outside.
    pub(crate) fn stay(&mut self) {
        self.deadline = Instant::now() + Duration::from_secs(100 * 365 * 24 * 60 * 60);
    }

    /// As [`Self::stay`], for somebody who watches: a connection that goes and comes is worth a word.
    pub(crate) fn stay_watched(&mut self) {
        self.stay();
        self.watched = true;
    }

    /// Lets receipts and the like leave, and conversations be founded again that have to be, and closes everything in
    /// order.
    ///
    /// # Errors
    /// If storage fails.
    pub(crate) async fn close(mut self) -> Result<(), Failure> {
        self.a_moment(|handset, _| Ok((handset.is_settled()? && !handset.is_asking()).then_some(()))).await?;
        self.release().await;
        Ok(())
    }

    /// Closes everything at once, and gives the profile back.
    pub(crate) async fn release(self) -> Profile {
        drop(self.driver.close().await.close());
        self.profile
    }

    /// One step of the driver; none if time is over.
    async fn step(&mut self) -> Result<Option<Step>, Failure> {
        let Ok(step) = timeout_at(self.deadline, self.driver.step()).await else { return Ok(None) };
        let step = step?;
        match &step {
            Step::Event(Event::TurnedAway(refusal)) if !refusal.code.is_passing() => {
                return Err(refusal.clone().into());
            }
            Step::Event(Event::ClaimRefused(refusal)) => return Err(refusal.clone().into()),
            Step::Event(Event::RestoredElsewhere { at }) => {
                return Err(Failure::refused("restored-elsewhere", elsewhere(*at)));
            }
            // Of a card that was taken up earlier, while nobody could say whether it is good.
            Step::Event(Event::AcceptRefused { redemption, petname, sentence, .. })
                if self.awaited != Some(*redemption) =>
            {
                let whose = petname.as_ref().map(|name| format!(" (as {})", one_line(name))).unwrap_or_default();
                note(&format!("A card that you took up{whose} came to nothing: {sentence}."));
            }
            Step::Event(Event::FileRefused { person, name }) if !self.tells_of_files => note(&format!(
                "\"{}\" for {} was not sent: our switchboard has no room for it now, or its copy here is gone. Send it again later.",
                one_line(name),
                one_line(person)
            )),
            Step::Event(Event::Arrived { .. }) => self.arrived += 1,
            Step::Event(Event::CaughtUp) => {
                if self.watched && !self.online {
                    note("Online again.");
                }
                self.online = true;
            }
            Step::Offline if self.watched && self.online => {
                self.online = false;
                note("Offline: trying again.");
            }
            Step::Event(Event::ClockOff { seconds }) if !self.warned => {
                self.warned = true;
                note(&clock_warning(*seconds));
            }
            _ => {}
        }
        Ok(Some(step))
    }
}

/// The profile that the person means.
///
/// # Errors
/// If none is named and there is no home directory.
pub(crate) fn dir(global: &Global) -> Result<std::path::PathBuf, Failure> {
    global.profile.clone().map_or_else(profile::default_dir, Ok)
}

/// What a handset says whose line was restored on another one.
pub(crate) fn elsewhere(at: protocol::Timestamp) -> String {
    format!(
        "This line was restored on another handset on {}: this one is off for good. What it has can be read.",
        clock::local_full(at)
    )
}

fn clock_warning(seconds: i64) -> String {
    let (by, unit) = match seconds.unsigned_abs() {
        s if s < 2 * 60 * 60 => (s / 60, "minutes"),
        s if s < 2 * 24 * 60 * 60 => (s / 3600, "hours"),
        s => (s / 86_400, "days"),
    };
    let way = if seconds > 0 { "ahead of" } else { "behind" };
    format!("This machine's clock is {by} {unit} {way} the switchboard's: set it, or times here will be wrong.")
}

/// The clock, for what is told to the engine.
pub(crate) fn now() -> protocol::Timestamp {
    clock::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_in_fitting_units() {
        assert!(clock_warning(180).contains("3 minutes ahead of"));
        assert!(clock_warning(-259_200).contains("3 days behind"));
    }
}
