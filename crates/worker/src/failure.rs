//! What went wrong, as the page is told.

use talk::Trouble;
use wasm_bindgen::{JsCast, JsValue};

/// Something was not done; nothing of it was.
#[derive(Debug)]
pub struct Failure(pub Trouble);

/// What may fail.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// One.
    pub fn new(code: &str, sentence: &str) -> Self {
        Self(Trouble::new(code, sentence))
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self(trouble)
    }
}

impl From<handset::Error> for Failure {
    fn from(error: handset::Error) -> Self {
        Self(Trouble::new(error.code(), error.to_string()))
    }
}

impl From<database::Error> for Failure {
    fn from(error: database::Error) -> Self {
        Self(Trouble::new(error.code(), error.to_string()))
    }
}

impl From<database::rusqlite::Error> for Failure {
    fn from(error: database::rusqlite::Error) -> Self {
        database::Error::from(error).into()
    }
}

impl From<protocol::Refusal> for Failure {
    fn from(refusal: protocol::Refusal) -> Self {
        Self(Trouble::new(refusal.code.as_str(), refusal.sentence))
    }
}

/// The name of what a browser threw.
pub(crate) fn name_of(error: &JsValue) -> String {
    let name = js_sys::Reflect::get(error, &"name".into()).ok().and_then(|name| name.as_string());
    name.unwrap_or_default()
}

/// What a browser threw where it was to read or write.
impl From<JsValue> for Failure {
    fn from(error: JsValue) -> Self {
        match name_of(&error).as_str() {
            "QuotaExceededError" => {
                Self::new("disk-full", "there is no room left for this on the device: make space and try again")
            }
            "NotReadableError" | "NotFoundError" => {
                Self::new("file-unavailable", "this file cannot be read, or changed meanwhile: choose it again")
            }
            "NoModificationAllowedError" => Self::new(
                "database-open-elsewhere",
                "the app is open in another window that does not let go: close it there",
            ),
            _ => {
                let error = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
                let error = error.unwrap_or_default();
                Self(Trouble::new("browser-refused", format!("the browser refused ({error}): try again")))
            }
        }
    }
}
