//! An operator's configuration: flags over environment over file over defaults.

mod file;
mod limits;
mod print;
pub(crate) mod values;

use std::path::PathBuf;

use clap::{Command, CommandFactory as _};
use protocol::SwitchboardAddress;
use switchboard::core::Federation;
use switchboard::{Acme, Config};

use crate::app;
use crate::cli::{self, Global, Serve, Settings};
use crate::exit::Failure;
use values::Listen;

/// Everything that was said, one over the other.
#[derive(Debug)]
pub(crate) struct Effective {
    settings: Settings,
    /// The file that was read.
    file: Option<PathBuf>,
}

impl Effective {
    /// Reads the file that is named, or the one in the data directory, and puts flags and environment over it.
    pub(crate) fn read(args: &Serve, global: &Global) -> Result<Self, Failure> {
        let flags = Settings { trust_root: global.trust_root.clone(), ..args.settings.clone() };
        let in_data = flags.data.as_ref().map(|data| data.join("switchboard.toml")).filter(|file| file.exists());
        let file = args.config.clone().or(in_data);
        let of_file = file.as_deref().map(file::read).transpose()?.unwrap_or_default();
        Ok(Self { settings: over(flags, of_file), file })
    }

    /// As a configuration file, with what each setting means.
    ///
    /// # Errors
    /// If the settings do not go together.
    pub(crate) fn print(&self) -> Result<String, Failure> {
        self.check()?;
        Ok(print::print(&self.settings, self.file.as_deref()))
    }

    pub(crate) fn data(&self) -> Result<&PathBuf, Failure> {
        let missing = || Failure::misuse("data-missing", "say where the switchboard keeps its data, with --data DIR");
        self.settings.data.as_ref().ok_or_else(missing)
    }

    pub(crate) fn office(&self) -> Result<&str, Failure> {
        let missing = || Failure::misuse("office-missing", "say what the office is called, with --office NAME");
        self.settings.office.as_deref().ok_or_else(missing)
    }

    pub(crate) fn listen(&self) -> Listen {
        self.settings.listen.clone().unwrap_or_else(|| Listen::usual(self.settings.domain.is_some()))
    }

    pub(crate) fn is_insecure(&self) -> bool {
        self.settings.insecure_loopback.unwrap_or_default()
    }

    pub(crate) fn allowed(&self) -> &[SwitchboardAddress] {
        &self.settings.allow
    }

    /// Whether the settings go together.
    fn check(&self) -> Result<(), Failure> {
        let said = &self.settings;
        if said.tls_cert.is_some() != said.tls_key.is_some() {
            return Err(misuse(
                "a certificate and its key go together: name both with --tls-cert and --tls-key, or none",
            ));
        }
        if said.domain.is_some() && (said.tls_cert.is_some() || self.is_insecure()) {
            return Err(misuse(
                "the certificate is either obtained (--domain), or your own (--tls-cert, --tls-key), or there is none (--insecure-loopback): choose one",
            ));
        }
        Ok(())
    }

    /// What the switchboard is started with.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        self.check()?;
        let said = &self.settings;
        let acme = said.domain.as_ref().map(|domain| {
            let usual = Acme::new(domain);
            Acme {
                directory: said.acme_directory.clone().unwrap_or(usual.directory),
                contact: said.acme_contact.clone(),
                agreed: said.acme_agree.unwrap_or_default(),
                root: said.acme_root.clone(),
                ..usual
            }
        });
        let federation = match said.federation {
            Some(cli::Federation::AllowList) => Federation::AllowList,
            Some(cli::Federation::Open) | None => Federation::Open,
        };
        let (data, office) = (self.data()?, self.office()?);
        let listen = self.listen().resolve().map_err(|error| Failure::refused("cannot-listen", error))?;
        Ok(Config {
            public_url: said.public_url.clone(),
            insecure_loopback: self.is_insecure(),
            tls_cert: said.tls_cert.clone(),
            tls_key: said.tls_key.clone(),
            acme,
            trust_roots: said.trust_root.clone(),
            federation,
            web_push: said.web_push.unwrap_or(true),
            limits: said.limits.clone().unwrap_or_default(),
            app: app::served(said.app.as_deref())?,
            ..Config::new(data, listen, office)
        })
    }
}

/// Variables of the environment that look like ours and are none, in order: mistyped ones, most likely.
pub(crate) fn unknown_variables() -> Vec<String> {
    let mut known = vec!["ENTRENOUS_BIN".to_owned()];
    collect_variables(&cli::Cli::command(), &mut known);
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut unknown: Vec<String> =
        names.filter(|name| name.starts_with("ENTRENOUS_") && !known.contains(name)).collect();
    unknown.sort();
    unknown
}

fn collect_variables(command: &Command, known: &mut Vec<String>) {
    known.extend(command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned())));
    command.get_subcommands().for_each(|inner| collect_variables(inner, known));
}

/// One place's settings over another's.
fn over(upper: Settings, lower: Settings) -> Settings {
    Settings {
        data: upper.data.or(lower.data),
        office: upper.office.or(lower.office),
        listen: upper.listen.or(lower.listen),
        public_url: upper.public_url.or(lower.public_url),
        domain: upper.domain.or(lower.domain),
        acme_agree: upper.acme_agree.or(lower.acme_agree),
        acme_contact: upper.acme_contact.or(lower.acme_contact),
        acme_directory: upper.acme_directory.or(lower.acme_directory),
        acme_root: upper.acme_root.or(lower.acme_root),
        tls_cert: upper.tls_cert.or(lower.tls_cert),
        tls_key: upper.tls_key.or(lower.tls_key),
        federation: upper.federation.or(lower.federation),
        allow: if upper.allow.is_empty() { lower.allow } else { upper.allow },
        app: upper.app.or(lower.app),
        web_push: upper.web_push.or(lower.web_push),
        insecure_loopback: upper.insecure_loopback.or(lower.insecure_loopback),
        trust_root: upper.trust_root.or(lower.trust_root),
        limits: upper.limits.or(lower.limits),
    }
}

fn misuse(sentence: &str) -> Failure {
    Failure::misuse("misuse", sentence)
}
