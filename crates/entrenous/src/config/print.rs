//! The configuration in use as a file, with what each setting means: what is not set is there as a comment.

use std::fmt::Write as _;
use std::path::Path;

use clap::ValueEnum as _;
use switchboard::LETS_ENCRYPT;
use toml::Value;

use super::limits::LIMITS;
use super::values::Listen;
use crate::cli::{Federation, Settings};

/// Prints it. There is no secret among the settings.
pub(super) fn print(settings: &Settings, file: Option<&Path>) -> String {
    let mut out = Printed::default();
    out.comment(&match file {
        Some(file) => format!("From {}, with flags and environment over it.", file.display()),
        None => "From flags, environment and defaults; no file was read.".to_owned(),
    });
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| quoted(&path.to_string_lossy()));
    let text = |text: &Option<String>| text.as_deref().map(quoted);
    let usual = |value: String| Some(value);
    out.entry("Where the switchboard keeps its data.", "data", path(&settings.data), "\"/var/lib/entrenous\"");
    out.entry("The office's name.", "office", text(&settings.office), "\"Chancery of Aldmoor\"");
    let listen = settings.listen.clone().unwrap_or_else(|| Listen::usual(settings.domain.is_some()));
    out.entry(
        "Where to listen: host:port, or :port for all addresses.",
        "listen",
        usual(quoted(&listen.to_string())),
        "",
    );
    out.entry(
        "Where handsets and other switchboards reach it, if not at the domain.",
        "public-url",
        text(&settings.public_url),
        "\"https://line.example.org\"",
    );
    out.entry(
        "Obtain and renew the certificate for this name, by ACME.",
        "domain",
        text(&settings.domain),
        "\"line.example.org\"",
    );
    out.entry(
        "Whether you agree to the terms of the authority that it comes from.",
        "acme-agree",
        usual(settings.acme_agree.unwrap_or_default().to_string()),
        "",
    );
    let contact = settings.acme_contact.as_deref().map(|contact| quoted(contact.trim_start_matches("mailto:")));
    out.entry("Whom that authority may write to.", "acme-contact", contact, "\"operator@example.org\"");
    let directory = settings.acme_directory.as_deref().unwrap_or(LETS_ENCRYPT);
    out.entry("That authority's directory.", "acme-directory", usual(quoted(directory)), "");
    out.entry(
        "Whom to trust when speaking to that authority (PEM), instead of the system's.",
        "acme-root",
        path(&settings.acme_root),
        "\"ca.pem\"",
    );
    out.entry("A certificate chain of your own (PEM).", "tls-cert", path(&settings.tls_cert), "\"tls/cert.pem\"");
    out.entry("Its private key (PEM).", "tls-key", path(&settings.tls_key), "\"tls/key.pem\"");
    out.entry(
        "Further roots (PEM) that other switchboards' certificates may come from.",
        "trust-root",
        path(&settings.trust_root),
        "\"roots.pem\"",
    );
    let federation = settings.federation.unwrap_or(Federation::Open).to_possible_value();
    let federation = federation.map(|value| quoted(value.get_name()));
    out.entry(
        "Which other switchboards this one deals with: \"open\" (all that are not blocked) or \"allow-list\".",
        "federation",
        federation,
        "\"open\"",
    );
    let allow: Vec<String> = settings.allow.iter().map(|peer| quoted(peer.as_str())).collect();
    out.entry("Switchboards to allow.", "allow", usual(format!("[{}]", allow.join(", "))), "");
    out.entry(
        "The phone app to serve, instead of the one inside the program.",
        "app",
        path(&settings.app),
        "\"/usr/share/entrenous/app\"",
    );
    let web_push = settings.web_push.unwrap_or(true);
    out.entry(
        "Whether handsets that are away may be woken through their browsers' push services, where their principals want it.",
        "web-push",
        usual(web_push.to_string()),
        "",
    );
    let insecure = settings.insecure_loopback.unwrap_or_default();
    out.entry("For development: this machine only.", "insecure-loopback", usual(insecure.to_string()), "");

    let limits = settings.limits.clone().unwrap_or_default();
    out.text.push_str("\n[limits]\n");
    for limit in LIMITS {
        out.entry(limit.meaning, &limit.key(), Some(limit.value(&limits)), "");
    }
    out.text
}

#[derive(Default)]
struct Printed {
    text: String,
}

impl Printed {
    fn comment(&mut self, text: &str) {
        let _ = writeln!(self.text, "# {text}");
    }

    /// A setting; one that is not set as a comment, with an example.
    fn entry(&mut self, meaning: &str, key: &str, value: Option<String>, example: &str) {
        self.text.push('\n');
        self.comment(meaning);
        let _ = match value {
            Some(value) => writeln!(self.text, "{key} = {value}"),
            None => writeln!(self.text, "# {key} = {example}"),
        };
    }
}

/// As TOML's basic strings are written.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use switchboard::Limits;

    use super::super::file::{KEYS, read};
    use super::*;

    #[test]
    fn what_is_printed_reads_as_the_same_and_names_every_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("switchboard.toml");
        let full = Settings {
            data: Some("/var/lib/a \"b\"\\c".into()),
            office: Some("Zoë's \u{7f}office\n".to_owned()),
            listen: Some("[::1]:443".parse().unwrap()),
            public_url: Some("https://a.org".to_owned()),
            domain: Some("a.org".to_owned()),
            acme_agree: Some(true),
            acme_contact: Some("mailto:op@a.org".to_owned()),
            acme_directory: Some("https://ca.a.org/dir".to_owned()),
            acme_root: Some("/ca.pem".into()),
            tls_cert: Some("/c.pem".into()),
            tls_key: Some("/k.pem".into()),
            federation: Some(Federation::AllowList),
            allow: vec!["b.org".parse().unwrap(), "c.org:8443".parse().unwrap()],
            app: Some("/app".into()),
            web_push: Some(false),
            insecure_loopback: Some(false),
            trust_root: Some("/r.pem".into()),
            limits: Some(Limits { connections: 7, ..Limits::default() }),
        };
        std::fs::write(&file, print(&full, Some(&file))).unwrap();
        assert_eq!(read(&file).unwrap(), full);

        // Nothing said: defaults, and examples that would be taken without their `# `.
        let printed = print(&Settings::default(), None);
        for key in KEYS.iter().filter(|key| **key != "limits") {
            assert!(
                printed.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = "))),
                "{key}"
            );
        }
        let mut uncommented = String::new();
        for line in printed.lines() {
            let inner = line.strip_prefix("# ").filter(|inner| inner.contains(" = \"")).unwrap_or(line);
            uncommented.push_str(inner);
            uncommented.push('\n');
        }
        std::fs::write(&file, uncommented).unwrap();
        let read = read(&file).unwrap();
        assert_eq!((read.limits, read.allow.len()), (Some(Limits::default()), 0));
        assert_eq!(read.tls_key, Some(folder.path().join("tls/key.pem")));
    }
}
