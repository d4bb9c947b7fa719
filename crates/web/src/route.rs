//! Which screen is shown. It stands behind the `#` of the address, which no server sees, and names nobody: addresses stay
//! in a browser's history, so contacts are numbers there, and cards and texts nothing at all.

/// A screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Route {
    /// The list of conversations.
    #[default]
    Conversations,
    /// A conversation.
    Conversation(i64),
    /// All contacts, and who asks.
    People,
    /// A contact.
    Person(i64),
    /// Comparing safety words with a contact.
    Compare(i64),
    /// All cards.
    Cards,
    /// Handing one out.
    NewCard,
    /// The card that was chosen or made last.
    Card,
    /// Taking one up.
    Accept,
    /// Searching in all conversations.
    Search,
    /// The settings.
    Settings,
    /// One of their pages.
    Setting(Setting),
}

/// A page of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// Language, theme, text size.
    Look,
    /// Notifications and being woken.
    Woken,
    /// Passphrase, passkey, lock time.
    Lock,
    /// Backup and export.
    Backup,
    /// Room on this device.
    Storage,
    /// The app itself: its version and hash.
    About,
}

/// Which part of the app a screen belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Conversations,
    People,
    Cards,
    Settings,
}

const SETTINGS: [(&str, Setting); 6] = [
    ("look", Setting::Look),
    ("woken", Setting::Woken),
    ("lock", Setting::Lock),
    ("backup", Setting::Backup),
    ("storage", Setting::Storage),
    ("about", Setting::About),
];

impl Route {
    /// Reads what follows `#`; what leads nowhere leads to the list.
    pub(crate) fn read(hash: &str) -> Self {
        let mut parts = hash.trim_start_matches('#').trim_start_matches('/').split('/');
        let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let id = second.and_then(|id| id.parse().ok());
        match (first, id, second, third) {
            ("conversation", Some(id), _, None) => Self::Conversation(id),
            ("people", None, None, None) => Self::People,
            ("people", Some(id), _, None) => Self::Person(id),
            ("people", Some(id), _, Some("compare")) => Self::Compare(id),
            ("cards", None, None, None) => Self::Cards,
            ("cards", None, Some("new"), None) => Self::NewCard,
            ("cards", None, Some("shown"), None) => Self::Card,
            ("cards", None, Some("take-up"), None) => Self::Accept,
            ("search", None, None, None) => Self::Search,
            ("settings", None, None, None) => Self::Settings,
            ("settings", None, Some(page), None) => {
                let found = SETTINGS.into_iter().find(|(name, _)| *name == page);
                found.map_or(Self::Settings, |(_, setting)| Self::Setting(setting))
            }
            _ => Self::Conversations,
        }
    }

    /// As it is written behind `#`.
    pub(crate) fn hash(&self) -> String {
        match self {
            Self::Conversations => "#/".to_owned(),
            Self::Conversation(id) => format!("#/conversation/{id}"),
            Self::People => "#/people".to_owned(),
            Self::Person(id) => format!("#/people/{id}"),
            Self::Compare(id) => format!("#/people/{id}/compare"),
            Self::Cards => "#/cards".to_owned(),
            Self::NewCard => "#/cards/new".to_owned(),
            Self::Card => "#/cards/shown".to_owned(),
            Self::Accept => "#/cards/take-up".to_owned(),
            Self::Search => "#/search".to_owned(),
            Self::Settings => "#/settings".to_owned(),
            Self::Setting(setting) => {
                let name = SETTINGS.into_iter().find(|(_, one)| one == setting).map_or("", |(name, _)| name);
                format!("#/settings/{name}")
            }
        }
    }

    /// Where one gets to by going back from it; none from the four parts themselves.
    pub(crate) fn up(&self) -> Option<Self> {
        Some(match self {
            Self::Conversations | Self::People | Self::Cards | Self::Settings => return None,
            Self::Conversation(_) | Self::Search => Self::Conversations,
            Self::Person(_) => Self::People,
            Self::Compare(id) => Self::Person(*id),
            Self::NewCard | Self::Card | Self::Accept => Self::Cards,
            Self::Setting(_) => Self::Settings,
        })
    }

    /// Its part of the app, whose list stands beside it on a wide screen.
    pub(crate) fn part(&self) -> Part {
        match self {
            Self::Conversations | Self::Conversation(_) | Self::Search => Part::Conversations,
            Self::People | Self::Person(_) | Self::Compare(_) => Part::People,
            Self::Cards | Self::NewCard | Self::Card | Self::Accept => Part::Cards,
            Self::Settings | Self::Setting(_) => Part::Settings,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_screen_has_an_address_that_leads_back_to_it() {
        let all = [
            Route::Conversations,
            Route::Conversation(3),
            Route::People,
            Route::Person(3),
            Route::Compare(3),
            Route::Cards,
            Route::NewCard,
            Route::Card,
            Route::Accept,
            Route::Search,
            Route::Settings,
        ];
        for route in all.into_iter().chain(SETTINGS.map(|(_, setting)| Route::Setting(setting))) {
            assert_eq!(Route::read(&route.hash()), route);
        }
    }

    #[test]
    fn what_leads_nowhere_leads_to_the_list() {
        for hash in ["", "#", "#/conversation", "#/conversation/Tomas", "#/people/3/4", "#/elsewhere", "#/cards/3"] {
            assert_eq!(Route::read(hash), Route::Conversations, "{hash}");
        }
    }
}
