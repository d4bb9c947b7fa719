//! The phone app, served as it was put together: the page at `/`, what browsers ask for by name beside it, and all else
//! under a path that changes with it.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::read::GzDecoder;

use super::Shared;
use super::gate::Guest;

/// Larger than any file of it.
const LARGEST: u64 = 64 * 1024 * 1024;
/// More files than it will ever have.
const MOST: usize = 1000;
const PAGE: &str = "/index.html";
/// What says which version of everything else is meant, and must not be an old copy.
const FRESH: [&str; 3] = [PAGE, "/sw.js", "/manifest.webmanifest"];

/// Only what is in the app may run, and nothing may be loaded from elsewhere or sent there. Scripts' addresses come from
/// two constants (Trusted Types); wasm may be compiled, text may not.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; \
     font-src 'self'; media-src blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types entrenous";
const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), \
         clipboard-write=(self), geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=(), \
         display-capture=(), browsing-topics=()",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// An app's files, by their paths.
#[derive(Clone, Default)]
pub struct App {
    files: Arc<BTreeMap<String, File>>,
}

#[derive(Clone)]
struct File {
    /// As gzip, if that is worth it; else as it is.
    bytes: Bytes,
    is_gzip: bool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "App of {} files", self.files.len())
    }
}

impl App {
    /// An app out of a program: each file's path from the root, with `.gz` at its end if the bytes are compressed.
    pub fn of(files: &[(&str, &'static [u8])]) -> Self {
        Self::made(files.iter().map(|(path, bytes)| ((*path).to_owned(), Bytes::from_static(bytes))))
    }

    /// The app in a folder, as `cargo xtask build` leaves it.
    ///
    /// # Errors
    /// If the folder cannot be read, or holds no app.
    pub fn read(dir: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(dir.join(&folder))? {
                let entry = entry?;
                let path = folder.join(entry.file_name());
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if entry.metadata()?.len() > LARGEST || files.len() >= MOST {
                    return Err(io::Error::other("it holds more than an app does"));
                } else if let Some(name) = path.to_str() {
                    let name = format!("/{}", name.replace(std::path::MAIN_SEPARATOR, "/"));
                    files.push((name, Bytes::from(std::fs::read(entry.path())?)));
                }
            }
        }
        let app = Self::made(files);
        if app.is_there() { Ok(app) } else { Err(io::Error::other("there is no index.html in it")) }
    }

    /// Whether there is one at all.
    pub fn is_there(&self) -> bool {
        self.files.contains_key(PAGE)
    }

    fn made(all: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let mut files = BTreeMap::new();
        for (path, bytes) in all {
            match path.strip_suffix(".gz") {
                // Beside a plain file it is the one that is kept.
                Some(plain) => drop(files.insert(plain.to_owned(), File { bytes, is_gzip: true })),
                None => drop(files.entry(path).or_insert(File { bytes, is_gzip: false })),
            }
        }
        Self { files: Arc::new(files) }
    }
}

/// What a claim link shows: the app, which takes it up at once.
pub(super) async fn claim(
    shared: State<Arc<Shared>>,
    guest: Extension<Arc<Guest>>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if shared.app.is_there() {
        serve(shared, guest, method, Uri::from_static("/"), headers).await
    } else {
        super::pages::claim(shared, guest).await
    }
}

/// Answers for any path that nobody else answers for.
pub(super) async fn serve(
    State(shared): State<Arc<Shared>>,
    Extension(guest): Extension<Arc<Guest>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = if uri.path() == "/" { PAGE } else { uri.path() };
    let Some(file) = shared.app.files.get(path) else {
        let is_front_door = path == PAGE;
        return if is_front_door {
            super::pages::none().into_response()
        } else {
            StatusCode::NOT_FOUND.into_response()
        };
    };
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if !shared.gate.ask(&guest) {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let takes_gzip = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| matches!(one.trim().split(';').next(), Some("gzip" | "*")));
    let caching = if FRESH.contains(&path) { "no-cache" } else { "public, max-age=31536000, immutable" };
    let mut response = match (file.is_gzip, takes_gzip) {
        (true, true) => ([(header::CONTENT_ENCODING, "gzip")], file.bytes.clone()).into_response(),
        (true, false) => match plain(&file.bytes) {
            Ok(bytes) => bytes.into_response(),
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        (false, _) => file.bytes.clone().into_response(),
    };
    let all = response.headers_mut();
    for (name, value) in HEADERS {
        all.insert(name, HeaderValue::from_static(value));
    }
    if !shared.office.plain_http {
        // Whoever was here once never comes without TLS again.
        all.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000"));
    }
    all.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    all.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    all.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

fn plain(gzip: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(gzip).take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The service worker keeps the app with headers of its own: an app that was kept is as strict as one that comes.
    #[test]
    fn what_is_kept_has_the_policy_of_what_is_served() {
        let service = include_str!("../../../web/assets/sw.js");
        assert!(service.contains(&format!("\"{POLICY}\"")), "sw.js has another policy than this: {POLICY}");
        let headers = HEADERS;
        let kept = headers.iter().filter(|(name, value)| service.contains(&format!("\"{name}\": \"{value}\"")));
        assert_eq!(kept.count(), 5, "and the others that bind a page");
    }

    #[test]
    fn an_app_is_found_by_its_paths_compressed_or_not() {
        let app = App::of(&[("/index.html.gz", b"z"), ("/index.html", b"plain"), ("/app/1/a.png", b"p")]);
        assert!(app.is_there() && app.files["/index.html"].is_gzip && !app.files["/app/1/a.png"].is_gzip);
        assert!(!App::default().is_there());
        let empty = tempfile::tempdir().unwrap();
        assert!(App::read(empty.path()).is_err());
    }
}
