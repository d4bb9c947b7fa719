//! Makes wasm modules ready for a browser and runs their tests there.
//!
//! Apart from xtask, which calls it, because what makes wasm-bindgen's glue is slow to build.

mod app;
mod chromium;
mod http;
mod run;

use std::path::Path;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

use crate::run::Run;

const HELP: &str = "\
xtask-wasm test MODULE.wasm          run a test module in headless Chromium
xtask-wasm bundle MODULE.wasm DIR    write the module and its glue for a browser into DIR
xtask-wasm app ASSETS DIR MODULE.wasm..
                                     put the phone app together in DIR, out of its assets and modules; print its hash
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["test", module] => test(Path::new(module)),
        ["bundle", module, dir] => bundle(Path::new(module), Path::new(dir)),
        ["app", assets, dir, ref modules @ ..] if !modules.is_empty() => {
            app::assemble(Path::new(assets), Path::new(dir), modules).map(|hash| println!("{hash}"))
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Writes `MODULE.js`, an ES module, and `MODULE_bg.wasm`.
fn bundle(module: &Path, dir: &Path) -> Result<(), String> {
    let name = module.file_stem().and_then(|name| name.to_str()).ok_or("This module's name is not text.")?;
    bind(module, name, dir)
}

fn bind(module: &Path, name: &str, dir: &Path) -> Result<(), String> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).out_name(name).typescript(false);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(dir))
        .map_err(|error| format!("{} cannot be made ready for a browser: {error:#}.", module.display()))
}

/// Runs every test of the module; fails when one fails, or when there is none.
fn test(module: &Path) -> Result<(), String> {
    let dir = tempfile::tempdir().map_err(|error| format!("There is no place for temporary files: {error}."))?;
    bind(module, "module", dir.path())?;
    let read =
        |name: &str| std::fs::read(dir.path().join(name)).map_err(|error| format!("{name} is missing: {error}."));
    let server = http::Server::start(read("module.js")?, read("module_bg.wasm")?)?;
    let mut browser = chromium::Chromium::start(&dir.path().join("profile"), &server.url())?;

    let mut run = Run::default();
    let ended = server.serve(&mut run, || browser.is_running());
    drop(browser);
    let (passed, failed) = run.totals();
    // The first line is as cargo's own test runner prints it, for whoever counts those.
    println!("test result: {}. {passed} passed; {failed} failed;", if failed == 0 { "ok" } else { "FAILED" });
    println!("{passed} passed, {failed} failed");
    ended?;
    match (passed, failed) {
        (0, 0) => Err("The module has no tests.".to_owned()),
        (_, 0) => Ok(()),
        _ => Err("Tests failed in the browser.".to_owned()),
    }
}
