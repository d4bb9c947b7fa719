//! A configuration file: TOML, with the flags' names as keys. What is not known or does not fit is refused, in one
//! sentence.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use protocol::SwitchboardAddress;
use switchboard::Limits;
use toml::{Table, Value};

use super::limits::LIMITS;
use super::values::{contact, directory, domain, public_url};
use crate::cli::{Federation, Settings};
use crate::exit::Failure;

/// Every key of the file, in the order in which it is printed.
pub(super) const KEYS: [&str; 18] = [
    "data",
    "office",
    "listen",
    "public-url",
    "domain",
    "acme-agree",
    "acme-contact",
    "acme-directory",
    "acme-root",
    "tls-cert",
    "tls-key",
    "trust-root",
    "federation",
    "allow",
    "app",
    "web-push",
    "insecure-loopback",
    "limits",
];

/// Larger than any configuration.
const LARGEST: u64 = 1 << 20;

/// Reads a file. Paths in it are relative to it.
pub(super) fn read(file: &Path) -> Result<Settings, Failure> {
    let unread = |error: &str| refused(file, &format!("cannot be read: {error}"));
    let length = std::fs::metadata(file).map_err(|error| unread(&error.to_string()))?.len();
    if length > LARGEST {
        return Err(unread("it is larger than any configuration"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| unread(&error.to_string()))?;
    parse(&text, file)
}

fn parse(text: &str, file: &Path) -> Result<Settings, Failure> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        refused(file, &format!("is not TOML in line {line}: {}", error.message().replace('\n', " ")))
    })?;
    let base = file.parent().unwrap_or(file);
    let mut settings = Settings::default();
    for (key, value) in &table {
        if !KEYS.contains(&key.as_str()) {
            return Err(refused(file, &format!("has an unknown key {key:?}: the keys are {}", KEYS.join(", "))));
        }
        if key == "limits" {
            settings.limits = Some(limits(value, file)?);
        } else {
            take(&mut settings, key, value, base).map_err(|expected| wrong(file, key, &expected))?;
        }
    }
    Ok(settings)
}

/// Takes one key's value; or what is expected instead.
fn take(settings: &mut Settings, key: &str, value: &Value, base: &Path) -> Result<(), String> {
    match key {
        "data" => settings.data = Some(path(value, base)?),
        "office" => settings.office = Some(text(value)?.to_owned()),
        "listen" => settings.listen = Some(text(value)?.parse()?),
        "public-url" => settings.public_url = Some(public_url(text(value)?)?),
        "domain" => settings.domain = Some(domain(text(value)?)?),
        "acme-agree" => settings.acme_agree = Some(yes_or_no(value)?),
        "acme-contact" => settings.acme_contact = Some(contact(text(value)?)?),
        "acme-directory" => settings.acme_directory = Some(directory(text(value)?)?),
        "acme-root" => settings.acme_root = Some(path(value, base)?),
        "tls-cert" => settings.tls_cert = Some(path(value, base)?),
        "tls-key" => settings.tls_key = Some(path(value, base)?),
        "trust-root" => settings.trust_root = Some(path(value, base)?),
        "federation" => {
            let who = value.as_str().and_then(|who| Federation::from_str(who, false).ok());
            settings.federation = Some(who.ok_or("it must be \"open\" or \"allow-list\"")?);
        }
        "app" => settings.app = Some(path(value, base)?),
        "allow" => settings.allow = peers(value)?,
        "web-push" => settings.web_push = Some(yes_or_no(value)?),
        _ => settings.insecure_loopback = Some(yes_or_no(value)?),
    }
    Ok(())
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "it must be text in quotes".to_owned())
}

fn path(value: &Value, base: &Path) -> Result<PathBuf, String> {
    match value.as_str() {
        Some(path) if !path.is_empty() => Ok(base.join(path)),
        _ => Err("it must be a path in quotes".to_owned()),
    }
}

fn yes_or_no(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "it must be true or false".to_owned())
}

fn peers(value: &Value) -> Result<Vec<SwitchboardAddress>, String> {
    let peers = value.as_array().and_then(|peers| peers.iter().map(|peer| peer.as_str()?.parse().ok()).collect());
    peers.ok_or_else(|| "it must be a list of hosts, with ports if need be, such as [\"line.example.org\"]".to_owned())
}

fn limits(value: &Value, file: &Path) -> Result<Limits, Failure> {
    let table = value.as_table().ok_or_else(|| wrong(file, "limits", "it must be a table, [limits]"))?;
    let mut limits = Limits::default();
    for (key, value) in table {
        let Some(limit) = LIMITS.iter().find(|limit| limit.key() == *key) else {
            let keys: Vec<String> = LIMITS.iter().map(super::limits::Limit::key).collect();
            return Err(refused(
                file,
                &format!("has an unknown key {key:?} in [limits]: the keys are {}", keys.join(", ")),
            ));
        };
        limit
            .set(&mut limits, value)
            .map_err(|expected| wrong(file, &format!("limits.{key}"), &format!("it must be {expected}")))?;
    }
    Ok(limits)
}

fn wrong(file: &Path, key: &str, expected: &str) -> Failure {
    refused(file, &format!("has a value for {key} that does not fit: {expected}"))
}

fn refused(file: &Path, what: &str) -> Failure {
    Failure::misuse("configuration", format!("the configuration file {} {what}", file.display()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn of(text: &str) -> Result<Settings, String> {
        parse(text, Path::new("/etc/entrenous/switchboard.toml")).map_err(|failure| failure.sentence)
    }

    #[test]
    fn a_file_says_all_that_flags_say_and_paths_are_relative_to_it() {
        let settings = of("data = '../data'\noffice = 'Chancery of Aldmoor'\nlisten = ':443'\n\
            public-url = 'https://a.org'\ndomain = 'A.org'\nacme-agree = true\nacme-contact = 'op@a.org'\n\
            acme-directory = 'https://ca.a.org/dir'\nacme-root = '/ca.pem'\ntls-cert = 'c.pem'\ntls-key = 'k.pem'\n\
            trust-root = 'r.pem'\nfederation = 'allow-list'\nallow = ['b.org', 'c.org:8443']\n\
            insecure-loopback = false\n[limits]\nkeep = '10d'\nconnections = 50\nrequest-bytes = '1 GiB'\n")
        .unwrap();
        let limits = settings.limits.clone().unwrap();
        let usual =
            Limits { keep: Duration::from_hours(240), connections: 50, request_bytes: 1 << 30, ..Limits::default() };
        assert_eq!(limits, usual);
        assert_eq!(settings.data, Some("/etc/entrenous/../data".into()));
        assert_eq!(settings.acme_root, Some("/ca.pem".into()));
        assert_eq!(
            (settings.tls_cert, settings.tls_key),
            (Some("/etc/entrenous/c.pem".into()), Some("/etc/entrenous/k.pem".into()))
        );
        assert_eq!(
            (settings.domain.as_deref(), settings.acme_contact.as_deref()),
            (Some("a.org"), Some("mailto:op@a.org"))
        );
        assert_eq!((settings.federation, settings.allow.len()), (Some(Federation::AllowList), 2));
        assert_eq!((settings.acme_agree, settings.insecure_loopback), (Some(true), Some(false)));
    }

    #[test]
    fn what_is_unknown_or_does_not_fit_is_named_with_what_is_expected() {
        for (text, key, expected) in [
            ("listne = ':443'", "\"listne\"", "public-url"),
            ("listen = 443", "listen", "text in quotes"),
            ("listen = '443'", "listen", "host:port"),
            ("office = ['a']", "office", "text in quotes"),
            ("data = ''", "data", "a path in quotes"),
            ("public-url = 'line.example.org'", "public-url", "https://"),
            ("acme-agree = 'yes'", "acme-agree", "true or false"),
            ("federation = 'closed'", "federation", "\"open\" or \"allow-list\""),
            ("allow = 'a.org'", "allow", "a list of hosts"),
            ("allow = ['a b']", "allow", "a list of hosts"),
            ("limits = 3", "limits", "a table"),
            ("[limits]\nkeeep = '3d'", "\"keeep\"", "keep-generations"),
            ("[limits]\nkeep = 3", "limits.keep", "such as \"30d\""),
            ("[limits]\nkeep = '5s'", "limits.keep", "at least an hour"),
            ("[limits]\nconnections = 0", "limits.connections", "at least 1"),
            ("[limits]\nconnections = -1", "limits.connections", "at least 1"),
            ("[limits]\nframes-per-second = 99999999999", "limits.frames-per-second", "a number"),
            ("[limits]\nitem-bytes-per-line = 1000", "limits.item-bytes-per-line", "such as \"512 MiB\""),
            ("[limits]\nitem-bytes-per-line = '1 kB'", "limits.item-bytes-per-line", "at least 1 MiB"),
            ("office = 'a'\nnonsense", "line 2", "is not TOML"),
            ("office = 'a'\noffice = 'b'", "line 2", "duplicate key"),
        ] {
            let sentence = of(text).unwrap_err();
            assert!(sentence.starts_with("the configuration file /etc/entrenous/switchboard.toml "), "{sentence}");
            assert!(sentence.contains(key) && sentence.contains(expected) && !sentence.contains('\n'), "{sentence}");
        }
    }
}
