//! `serve` on the command line. The same settings may stand in a file, under the names of their flags.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueEnum};
use protocol::SwitchboardAddress;
use switchboard::Limits;

use crate::config::values::{Listen, contact, directory, domain, public_url};

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration file [default: switchboard.toml in the data directory, if it is there]
    #[arg(long, value_name = "FILE", env = "ENTRENOUS_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Print what would be used, from flags, environment, file and defaults, as a configuration file, and end
    #[arg(long)]
    pub(crate) print_config: bool,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// What may be said about a switchboard in one place: on the command line and in the environment, or in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(crate) struct Settings {
    /// Where the switchboard keeps its data
    #[arg(long, value_name = "DIR", env = "ENTRENOUS_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// The office's name
    #[arg(long, value_name = "NAME", env = "ENTRENOUS_OFFICE")]
    pub(crate) office: Option<String>,
    /// Where to listen: host:port, or :port for all addresses [default: 127.0.0.1:4700, with --domain :443]
    #[arg(long, value_name = "ADDR", env = "ENTRENOUS_LISTEN")]
    pub(crate) listen: Option<Listen>,
    /// The URL under which handsets and other switchboards reach it [default: of the --domain, or with
    /// --insecure-loopback of the listening address]
    #[arg(long, value_name = "URL", env = "ENTRENOUS_PUBLIC_URL", value_parser = public_url)]
    pub(crate) public_url: Option<String>,
    /// Obtain and renew the certificate for this name, by ACME
    #[arg(long, value_name = "NAME", env = "ENTRENOUS_DOMAIN", value_parser = domain)]
    pub(crate) domain: Option<String>,
    /// You have read and agree to the terms of the authority that the certificate comes from
    #[arg(long, value_name = "BOOL", env = "ENTRENOUS_ACME_AGREE", value_parser = BoolishValueParser::new(), num_args = 0..=1, default_missing_value = "true", require_equals = true, action = ArgAction::Set, hide_possible_values = true)]
    pub(crate) acme_agree: Option<bool>,
    /// Whom that authority may write to when something is wrong with the certificate
    #[arg(long, value_name = "EMAIL", env = "ENTRENOUS_ACME_CONTACT", value_parser = contact)]
    pub(crate) acme_contact: Option<String>,
    /// The authority's ACME directory [default: Let's Encrypt]
    #[arg(long, value_name = "URL", env = "ENTRENOUS_ACME_DIRECTORY", value_parser = directory)]
    pub(crate) acme_directory: Option<String>,
    /// Certificates (PEM) to trust that authority by, instead of the system's
    #[arg(long, value_name = "FILE", env = "ENTRENOUS_ACME_ROOT")]
    pub(crate) acme_root: Option<PathBuf>,
    /// The certificate chain (PEM) [default: tls/cert.pem in the data directory]
    #[arg(long, value_name = "FILE", env = "ENTRENOUS_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM) [default: tls/key.pem in the data directory]
    #[arg(long, value_name = "FILE", env = "ENTRENOUS_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Which other switchboards this one deals with: all that are not blocked, or only those that are allowed
    /// [default: open]
    #[arg(long, value_name = "WHO", value_enum, env = "ENTRENOUS_FEDERATION")]
    pub(crate) federation: Option<Federation>,
    /// A switchboard to allow, host or host:port; may be repeated, or several with commas
    #[arg(long, value_name = "PEER", env = "ENTRENOUS_ALLOW", value_delimiter = ',')]
    pub(crate) allow: Vec<SwitchboardAddress>,
    /// Serve the phone app in this folder, as `cargo xtask build` leaves it [default: the one inside this program]
    #[arg(long, value_name = "DIR", env = "ENTRENOUS_APP")]
    pub(crate) app: Option<PathBuf>,
    /// Whether handsets that are away may be woken through their browsers' push services, where their principals want it
    /// [default: true]
    #[arg(long, value_name = "BOOL", env = "ENTRENOUS_WEB_PUSH", value_parser = BoolishValueParser::new(), num_args = 0..=1, default_missing_value = "true", require_equals = true, action = ArgAction::Set, hide_possible_values = true)]
    pub(crate) web_push: Option<bool>,
    /// For development: loopback addresses only, peers included; plain http unless --tls-cert is given
    #[arg(long, value_name = "BOOL", env = "ENTRENOUS_INSECURE_LOOPBACK", value_parser = BoolishValueParser::new(), num_args = 0..=1, default_missing_value = "true", require_equals = true, action = ArgAction::Set, hide_possible_values = true)]
    pub(crate) insecure_loopback: Option<bool>,
    /// Stands anywhere on the command line, since handsets have it too.
    #[arg(skip)]
    pub(crate) trust_root: Option<PathBuf>,
    /// Only in a file.
    #[arg(skip)]
    pub(crate) limits: Option<Limits>,
}

/// Which other switchboards are dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Federation {
    // No doc comments, as for `Wait`: all that are not blocked, or only those that are allowed.
    Open,
    AllowList,
}
