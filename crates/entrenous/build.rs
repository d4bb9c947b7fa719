//! Lists the files of the phone app in the folder that `ENTRENOUS_APP_INSIDE` names, to be put into the program.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-env-changed=ENTRENOUS_APP_INSIDE");
    let mut files = Vec::new();
    if let Some(dir) = env::var_os("ENTRENOUS_APP_INSIDE").map(PathBuf::from) {
        println!("cargo::rerun-if-changed={}", dir.display());
        list(&dir, "", &mut files)?;
    }
    files.sort();
    // What is there compressed too is put in compressed only.
    let gzipped: Vec<String> =
        files.iter().filter_map(|(name, _)| Some(name.strip_suffix(".gz")?.to_owned())).collect();
    let mut list = String::from("&[");
    for (name, path) in files.iter().filter(|(name, _)| !gzipped.contains(name)) {
        write!(list, "({name:?}, include_bytes!({path:?})),")?;
    }
    list.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("app.rs"), list)?;
    Ok(())
}

fn list(dir: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = format!("{prefix}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() { list(&path, &name, files)? } else { files.push((name, path)) }
    }
    Ok(())
}
