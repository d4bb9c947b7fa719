//! Puts the phone app together: every file under a path that changes with the app, each known by its SHA-256 to the
//! service worker, whose own SHA-256 is therefore that of the whole app.
//!
//! The same sources give the same bytes: nothing of the time, the machine or the order of a directory gets in.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::bind;

/// Served under names that stay, since browsers ask for them by name; all else is under the version.
const FIXED: [&str; 3] = ["index.html", "sw.js", "manifest.webmanifest"];
/// What only the build reads: the sprite goes into the page, the style sheets into one, the rest is for people.
const SPRITE: (&str, &str) = ("icons.svg", "<!--sprite-->");
const STYLES: &str = "css/";
const STYLE: &str = "app.css";
const FOR_PEOPLE: [&str; 2] = [".md", ".txt"];
/// Not worth compressing.
const COMPRESSED: [&str; 2] = [".woff2", ".png"];
/// How paths within the app are written in its sources, in quotes, before they have a version.
const PLACE: &str = "\"/app/";

type Files = BTreeMap<String, Vec<u8>>;

/// Writes the app into `dir`, which is emptied first; gives its hash, in hexadecimal.
pub(crate) fn assemble(assets: &Path, dir: &Path, modules: &[&str]) -> Result<String, String> {
    let mut files = Files::new();
    read(assets, "", &mut files)?;
    files.retain(|name, _| !FOR_PEOPLE.iter().any(|ending| name.ends_with(ending)));
    join_styles(&mut files);
    for module in modules {
        add_module(Path::new(module), &mut files)?;
    }
    // Of all that goes in, as it is before it knows its version: two apps that differ at all have no cache in common.
    let version = HEXLOWER.encode(&hash_of_all(&files).as_slice()[..8]);
    let mut fixed: Files = files.extract_if(.., |name, _| FIXED.contains(&name.as_str())).collect();
    let sprite = files.remove(SPRITE.0).unwrap_or_default();

    let place = format!("\"/app/{version}/");
    let mut whole: Files = BTreeMap::new();
    for (name, bytes) in files {
        let bytes = if is_text(&name) { replace(bytes, &[(PLACE, &place)]) } else { bytes };
        whole.insert(format!("app/{version}/{name}"), bytes);
    }
    let mut service = fixed.remove("sw.js").ok_or("The app has no sw.js.")?;
    let sprite = String::from_utf8_lossy(&sprite).into_owned();
    for (name, bytes) in fixed {
        whole.insert(name, replace(bytes, &[(PLACE, &place), (SPRITE.1, &sprite)]));
    }
    let known: BTreeMap<String, String> = whole
        .iter()
        .map(|(name, bytes)| {
            let path = if name == "index.html" { "/".to_owned() } else { format!("/{name}") };
            (path, BASE64.encode(&Sha256::digest(bytes)))
        })
        .collect();
    let known = serde_json::to_string(&known).map_err(|error| error.to_string())?;
    service = replace(service, &[(PLACE, &place), ("{{version}}", &version), ("{{files}}", &known)]);
    let hash = HEXLOWER.encode(&Sha256::digest(&service));
    whole.insert("sw.js".to_owned(), service);
    write(dir, &whole)?;
    Ok(hash)
}

fn read(dir: &Path, prefix: &str, files: &mut Files) -> Result<(), String> {
    let unreadable = |error| format!("{} cannot be read: {error}.", dir.display());
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("A name among the assets is no text.")?;
        if path.is_dir() {
            read(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            files.insert(format!("{prefix}{name}"), fs::read(&path).map_err(unreadable)?);
        }
    }
    Ok(())
}

fn join_styles(files: &mut Files) {
    let parts: Files = files.extract_if(.., |name, _| name.starts_with(STYLES)).collect();
    let whole = files.entry(STYLE.to_owned()).or_default();
    parts.into_values().for_each(|part| whole.extend(part));
}

fn add_module(module: &Path, files: &mut Files) -> Result<(), String> {
    let name = module.file_stem().and_then(|name| name.to_str()).ok_or("This module's name is not text.")?;
    let out = tempfile::tempdir().map_err(|error| format!("There is no place for temporary files: {error}."))?;
    bind(module, name, out.path())?;
    read(out.path(), "", files)
}

fn hash_of_all(files: &Files) -> [u8; 32] {
    let mut all = Sha256::new();
    for (name, bytes) in files {
        all.update(Sha256::digest(name.as_bytes()));
        all.update(Sha256::digest(bytes));
    }
    all.finalize().into()
}

fn is_text(name: &str) -> bool {
    [".js", ".css", ".html", ".webmanifest"].iter().any(|ending| name.ends_with(ending))
}

fn replace(bytes: Vec<u8>, what: &[(&str, &str)]) -> Vec<u8> {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    what.iter().fold(text, |text, (from, to)| text.replace(from, to)).into_bytes()
}

/// Each file, and beside it what is sent to browsers that take gzip.
fn write(dir: &Path, files: &Files) -> Result<(), String> {
    let unwritable = |error: std::io::Error| format!("{} cannot be written: {error}.", dir.display());
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(unwritable)?;
    }
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap_or(dir)).map_err(unwritable)?;
        fs::write(&path, bytes).map_err(unwritable)?;
        if !COMPRESSED.iter().any(|ending| name.ends_with(ending)) {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(bytes).map_err(unwritable)?;
            fs::write(dir.join(format!("{name}.gz")), gzip.finish().map_err(unwritable)?).map_err(unwritable)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_changed_byte_is_another_app_and_the_same_bytes_are_the_same() {
        let (assets, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let put = |name: &str, text: &str| {
            let path = assets.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("index.html", "<link href=\"/app/app.css\"><!--sprite-->");
        put("sw.js", "const VERSION = \"{{version}}\"; const FILES = {{files}};");
        put("icons.svg", "<svg></svg>");
        put("css/10-a.css", "a{}");
        put("css/20-b.css", "b{}");
        put("README.md", "for people");
        let dir = out.path().join("app");
        let first = assemble(assets.path(), &dir, &[]).unwrap();
        assert_eq!(assemble(assets.path(), &dir, &[]).unwrap(), first);
        let service = fs::read_to_string(dir.join("sw.js")).unwrap();
        assert_eq!(HEXLOWER.encode(&Sha256::digest(service.as_bytes())), first);
        let page = fs::read_to_string(dir.join("index.html")).unwrap();
        assert!(page.ends_with("<svg></svg>"), "{page}");
        let style = page.split('"').nth(1).unwrap();
        assert_eq!(fs::read_to_string(dir.join(style.trim_start_matches('/'))).unwrap(), "a{}b{}");
        let known = BASE64.encode(&Sha256::digest("a{}b{}"));
        assert!(service.contains(&format!("\"{style}\":\"{known}\"")), "{service}");
        let version = |service: &str| service.split('"').nth(1).unwrap().to_owned();
        for (name, changed) in
            [("css/20-b.css", "c{}"), ("icons.svg", "<svg/>"), ("index.html", "<p>"), ("sw.js", "\"{{version}}\"")]
        {
            put(name, changed);
            assert_ne!(assemble(assets.path(), &dir, &[]).unwrap(), first, "{name}");
            let now = fs::read_to_string(dir.join("sw.js")).unwrap();
            assert_ne!(version(&now), version(&service), "{name}");
        }
    }
}
