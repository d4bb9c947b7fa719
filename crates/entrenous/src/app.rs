//! The phone app inside this program, put there by `cargo xtask build`; none in a build that was made without it.

use std::path::Path;

use switchboard::App;

use crate::exit::Failure;

/// Each file's path, and its bytes.
type Files = &'static [(&'static str, &'static [u8])];

const INSIDE: Files = include!(concat!(env!("OUT_DIR"), "/app.rs"));

/// The app in a folder, or the one inside.
///
/// # Errors
/// `app-unreadable`.
pub(crate) fn served(dir: Option<&Path>) -> Result<App, Failure> {
    let Some(dir) = dir else { return Ok(App::of(INSIDE)) };
    App::read(dir).map_err(|error| {
        let dir = dir.display();
        Failure::refused(
            "app-unreadable",
            format!(
                "there is no app in {dir} that can be served ({error}): give the folder that `cargo xtask build` left"
            ),
        )
    })
}
