//! What the whole page knows: where the handset is, which screen is shown, and what changed last.

use std::cell::Cell;
use std::collections::HashMap;

use leptos::prelude::*;
use talk::line::{Link, Where, Wishes};
use talk::people::Card;
use talk::{News, Trouble};

use crate::route::Route;
use crate::ui::toast::Toast;

thread_local! {
    /// There is one page, and what a browser calls back is in no component.
    static PAGE: Cell<Option<State>> = const { Cell::new(None) };
}

/// Shared by all screens; copied freely.
#[derive(Clone, Copy)]
pub(crate) struct State {
    /// Where the handset is; none before it has said so.
    pub(crate) stage: RwSignal<Option<Where>>,
    /// The connection.
    pub(crate) link: RwSignal<Link>,
    /// The screen.
    pub(crate) route: RwSignal<Route>,
    /// Grows with every change of who is there.
    pub(crate) people: RwSignal<u64>,
    /// Grows with every change of any conversation.
    pub(crate) conversations: RwSignal<u64>,
    /// Grows with every change of one person's.
    persons: StoredValue<HashMap<i64, RwSignal<u64>>>,
    /// How far files are carried: bytes of all.
    pub(crate) carried: StoredValue<HashMap<String, RwSignal<(u64, u64)>>>,
    /// How far something long is, in thousandths.
    pub(crate) progress: RwSignal<u16>,
    /// What the principal wishes.
    pub(crate) wishes: RwSignal<Wishes>,
    /// What is said in passing, the newest last.
    pub(crate) toasts: RwSignal<Vec<Toast>>,
    /// What is to be announced to assistive technology, politely.
    pub(crate) announced: RwSignal<String>,
    /// The conversation that is searched; none searches all.
    pub(crate) scope: RwSignal<Option<i64>>,
    /// The card that is shown.
    pub(crate) card: RwSignal<Option<Card>>,
    /// A text that was found, to be shown in its conversation.
    pub(crate) found: RwSignal<Option<(i64, String)>>,
    /// Why a card that was taken up came to nothing; said where cards are taken up, if that is what is shown.
    pub(crate) card_refused: RwSignal<Option<(i64, Trouble)>>,
    /// The card that was taken up last, by its redemption, and whom it led to.
    pub(crate) taken_up: RwSignal<Option<(i64, i64)>>,
    /// The line was claimed or restored just now.
    pub(crate) welcome: RwSignal<bool>,
    /// A link that the app was opened with.
    pub(crate) given: RwSignal<Option<String>>,
    /// The worker is gone.
    pub(crate) stopped: RwSignal<bool>,
    /// Another app that the switchboard serves, by its hash, that waits to be used.
    pub(crate) newer: RwSignal<Option<String>>,
    /// The page's owner, under which signals live that are made late.
    owner: StoredValue<Owner>,
}

impl State {
    /// In its beginning.
    pub(crate) fn new(route: Route) -> Self {
        Self {
            stage: RwSignal::new(None),
            link: RwSignal::new(Link::Connecting),
            route: RwSignal::new(route),
            people: RwSignal::new(0),
            conversations: RwSignal::new(0),
            persons: StoredValue::new(HashMap::new()),
            carried: StoredValue::new(HashMap::new()),
            progress: RwSignal::new(0),
            wishes: RwSignal::new(Wishes::default()),
            toasts: RwSignal::new(Vec::new()),
            announced: RwSignal::new(String::new()),
            scope: RwSignal::new(None),
            card: RwSignal::new(None),
            found: RwSignal::new(None),
            card_refused: RwSignal::new(None),
            taken_up: RwSignal::new(None),
            welcome: RwSignal::new(false),
            given: RwSignal::new(None),
            stopped: RwSignal::new(false),
            newer: RwSignal::new(None),
            owner: StoredValue::new(Owner::current().unwrap_or_default()),
        }
    }

    /// The one of this page.
    pub(crate) fn get() -> Self {
        PAGE.get().unwrap_or_else(|| Self::new(Route::default()))
    }

    /// From here on it is the page's.
    pub(crate) fn keep(self) {
        PAGE.set(Some(self));
    }

    /// What grows with every change of this person's.
    pub(crate) fn person(self, id: i64) -> RwSignal<u64> {
        let made = || self.owner.with_value(|owner| owner.with(|| RwSignal::new(0)));
        let mut found = None;
        self.persons.update_value(|all| found = Some(*all.entry(id).or_insert_with(made)));
        found.unwrap_or_else(made)
    }

    /// How far this file is carried; nothing of nothing where nobody said.
    pub(crate) fn carried(self, blob: &str) -> RwSignal<(u64, u64)> {
        let made = || self.owner.with_value(|owner| owner.with(|| RwSignal::new((0, 0))));
        let mut found = None;
        self.carried.update_value(|all| found = Some(*all.entry(blob.to_owned()).or_insert_with(made)));
        found.unwrap_or_else(made)
    }

    /// Makes something that lives as long as the page, or as whoever keeps it.
    pub(crate) fn within<T>(self, make: impl FnOnce() -> T) -> T {
        let owner = self.owner.get_value();
        owner.with(make)
    }

    /// Takes in what the worker tells.
    pub(crate) fn hear(self, news: News) {
        match news {
            News::Stage(stage) => self.stage.set(Some(stage)),
            News::Link(link) => self.link.set(link),
            News::Person(id) => {
                self.person(id).update(|version| *version += 1);
                self.conversations.update(|version| *version += 1);
            }
            News::People => {
                self.people.update(|version| *version += 1);
                self.conversations.update(|version| *version += 1);
            }
            News::Arrived { person, name, beginning } => crate::ui::notify::arrived(self, person, &name, &beginning),
            News::Carried { blob, done, of } => self.carried(&blob).set((done, of)),
            News::Progress { permille } => self.progress.set(permille),
            News::NewCardRefused { why } | News::ClaimRefused { why } => self.tell(&why),
            News::TakenUp { redemption, person } => self.taken_up.set(Some((redemption, person))),
            News::CardRefused { redemption, why, .. } => {
                if self.route.get_untracked() != Route::Accept {
                    self.tell(&why);
                }
                self.card_refused.set(Some((redemption, why)));
            }
            News::FileRefused { name, .. } => {
                Toast::say(self, crate::words::t_with("file-refused", &[("name", name.into())]));
            }
            News::ClockOff(seconds) => {
                let minutes = seconds.unsigned_abs().div_ceil(60);
                Toast::say(self, crate::words::t_with("clock-off", &[("minutes", minutes.into())]));
            }
        }
    }

    /// Lets go of what was shown, once the handset is not open any more.
    pub(crate) fn forget(self) {
        self.toasts.update(Vec::clear);
        self.announced.set(String::new());
        self.card.set(None);
        self.found.set(None);
        self.scope.set(None);
        self.carried.update_value(HashMap::clear);
        crate::ui::notify::close_all();
    }

    /// Says what went wrong, in passing.
    pub(crate) fn tell(self, trouble: &Trouble) {
        Toast::say(self, crate::ui::sentence(trouble));
    }

    /// Goes to a screen.
    pub(crate) fn go(self, route: &Route) {
        crate::page::go(route, false);
    }

    /// Goes to a screen in place of this one.
    pub(crate) fn replace(self, route: &Route) {
        crate::page::go(route, true);
    }
}
