//! The phone app as a person uses it: real browsers, two real switchboards, each in a process of its own.
//!
//! `cargo xtask test app` builds what is needed and says where it is: `ENTRENOUS_BIN`, the program, and `ENTRENOUS_APP`,
//! the app that it serves.

mod driver;
mod house;
mod phone;

pub use driver::Driver;
pub use house::{House, Office, Terminal};
pub use phone::{PASSPHRASE, Phone};

/// What every test may end in.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How long anything may take to be seen.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
