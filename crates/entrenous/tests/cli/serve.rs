//! `serve`, as an operator meets it: file, environment and flags, mistakes, and a certificate from an authority.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::pebble::{Pebble, free_port};
use crate::support::{Running, World, exit_within, names_in, records, signal};

/// Runs `serve` until it ends by itself.
fn run(world: &World, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = world.command(&[&["serve"], arguments].concat());
    command.envs(environment.iter().copied()).output().unwrap()
}

/// What `serve --print-config` says.
fn printed(world: &World, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = run(world, &[&["--print-config"], arguments].concat(), environment);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What a start says that is refused; its exit code first.
fn refused(world: &World, arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = run(world, arguments, environment);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// A switchboard that says something first, and that.
fn spawn(command: &mut Command) -> (Running, Value) {
    let mut process = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (process, serde_json::from_str(&line).unwrap_or_else(|_| panic!("no first line: {line:?}")))
}

#[test]
fn flags_count_before_the_environment_that_before_the_file_and_that_before_the_defaults() {
    let world = World::new();
    let file = world.path("board.toml");
    std::fs::write(
        &file,
        "data = 'kept'\noffice = 'of the file'\nlisten = 'localhost:1001'\nfederation = 'allow-list'\n[limits]\nkeep = '3d'\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let environment = [("ENTRENOUS_OFFICE", "of the environment"), ("ENTRENOUS_LISTEN", "localhost:1002")];
    let all = printed(&world, &["--config", file, "--listen", ":1003"], &environment);
    let kept = format!("data = {:?}", world.path("kept"));
    for line in [
        kept.as_str(),
        "listen = \":1003\"",
        "office = \"of the environment\"",
        "federation = \"allow-list\"",
        "keep = \"3d\"",
        "connections = 10000",
        "# public-url = \"https://line.example.org\"",
    ] {
        assert!(all.lines().any(|printed| printed == line), "{line} in {all}");
    }
    assert!(!world.path("kept").exists(), "only printed");

    // It reads what it prints; also where it looks for it by itself, and when the environment names it.
    let data = world.path("kept");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("switchboard.toml"), &all).unwrap();
    let settings =
        |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    let again = printed(&world, &["--data", data.to_str().unwrap()], &[]);
    assert_eq!(settings(&again), settings(&all));
    let named = printed(&world, &[], &[("ENTRENOUS_CONFIG", data.join("switchboard.toml").to_str().unwrap())]);
    assert_eq!(settings(&named), settings(&all));
}

#[test]
fn every_setting_has_its_variable_in_the_environment() {
    let world = World::new();
    let environment = [
        ("ENTRENOUS_DATA", "/d", "data = \"/d\""),
        ("ENTRENOUS_OFFICE", "o", "office = \"o\""),
        ("ENTRENOUS_LISTEN", "[::1]:1", "listen = \"[::1]:1\""),
        ("ENTRENOUS_PUBLIC_URL", "https://a.org", "public-url = \"https://a.org\""),
        ("ENTRENOUS_DOMAIN", "a.org", "domain = \"a.org\""),
        ("ENTRENOUS_ACME_AGREE", "true", "acme-agree = true"),
        ("ENTRENOUS_ACME_CONTACT", "op@a.org", "acme-contact = \"op@a.org\""),
        ("ENTRENOUS_ACME_DIRECTORY", "https://ca.a.org/dir", "acme-directory = \"https://ca.a.org/dir\""),
        ("ENTRENOUS_ACME_ROOT", "/r", "acme-root = \"/r\""),
        ("ENTRENOUS_TLS_CERT", "/c", "tls-cert = \"/c\""),
        ("ENTRENOUS_TLS_KEY", "/k", "tls-key = \"/k\""),
        ("ENTRENOUS_TRUST_ROOT", "/t", "trust-root = \"/t\""),
        ("ENTRENOUS_FEDERATION", "allow-list", "federation = \"allow-list\""),
        ("ENTRENOUS_WEB_PUSH", "no", "web-push = false"),
        ("ENTRENOUS_APP", "/app", "app = \"/app\""),
        ("ENTRENOUS_ALLOW", "b.org,c.org:8443", "allow = [\"b.org\", \"c.org:8443\"]"),
        ("ENTRENOUS_INSECURE_LOOPBACK", "yes", "insecure-loopback = true"),
    ];
    let pairs = environment.iter().map(|(name, value, _)| (*name, *value));
    // A certificate that is obtained, one of one's own, and none do not go together.
    let is_of = |name: &str, kind: &str| name.contains(kind);
    let obtained: Vec<_> = pairs.clone().filter(|(name, _)| !is_of(name, "TLS") && !is_of(name, "INSECURE")).collect();
    let own: Vec<_> = pairs.filter(|(name, _)| !is_of(name, "DOMAIN")).collect();
    let (all, others) = (printed(&world, &[], &obtained), printed(&world, &[], &own));
    for (name, _, line) in environment {
        assert!(all.lines().chain(others.lines()).any(|printed| printed == line), "{name}: {line} in {all}");
    }
    let settings = all.lines().take_while(|line| *line != "[limits]").filter(|line| line.contains(" = "));
    assert_eq!(settings.count(), environment.len(), "none without a variable: {all}");
}

#[test]
fn a_mistake_is_one_sentence_and_leaves_nothing_behind() {
    let world = World::new();
    let data = world.path("outer").join("data");
    let data = data.to_str().unwrap();
    let file = world.path("board.toml");
    std::fs::write(&file, "lisen = ':443'\n").unwrap();
    let file = file.to_str().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let before = names_in(&world.path("."));
    let usual = ["--data", data, "--office", "Aldmoor", "--listen", "localhost:0"];
    let loopback = [usual.as_slice(), &["--insecure-loopback"]].concat();
    for (arguments, code, said) in [
        (vec!["--config", file], 2, "unknown key \"lisen\""),
        (vec!["--config", "missing.toml"], 2, "missing.toml cannot be read"),
        (vec!["--office", "Aldmoor"], 2, "with --data DIR"),
        (vec!["--data", data], 2, "with --office NAME"),
        (usual.to_vec(), 1, "have one obtained with --domain"),
        ([usual.as_slice(), &["--domain", "a.org"]].concat(), 2, "--acme-agree"),
        ([usual.as_slice(), &["--domain", "a.org", "--insecure-loopback"]].concat(), 2, "choose one"),
        (vec!["--print-config", "--domain", "a.org", "--insecure-loopback"], 2, "choose one"),
        ([usual.as_slice(), &["--tls-cert", "c.pem"]].concat(), 2, "go together"),
        ([&loopback[..2], &["--office", " \t ", "--insecure-loopback"]].concat(), 2, "more than spaces"),
        ([&loopback[..4], &["--listen", &taken, "--insecure-loopback"]].concat(), 1, taken.as_str()),
        (
            [&loopback[..4], &["--listen", "no-such-host.invalid:1", "--insecure-loopback"]].concat(),
            1,
            "no-such-host.invalid",
        ),
        ([&loopback[..4], &["--listen", "4700"]].concat(), 2, "write host:port"),
        ([&loopback[..4], &["--listen", ":0", "--insecure-loopback"]].concat(), 2, "loopback addresses only"),
    ] {
        let (exit, sentence) = refused(&world, &arguments, &[]);
        let sentence = sentence.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>().join("\n");
        assert_eq!(exit, Some(code), "{arguments:?}: {sentence}");
        assert!(sentence.contains(said), "{arguments:?}: {sentence}");
        assert_eq!(names_in(&world.path(".")).len(), before.len(), "{arguments:?} left something behind");
    }

    // A directory that was there stays, with all that was in it.
    std::fs::create_dir_all(data).unwrap();
    std::fs::write(world.path("outer/data/mine"), "mine").unwrap();
    assert_eq!(refused(&world, &usual, &[]).0, Some(1));
    assert_eq!(std::fs::read_to_string(world.path("outer/data/mine")).unwrap(), "mine");
}

#[test]
fn a_service_manager_is_told_when_it_is_ready_and_when_it_stops() {
    let world = World::new();
    let socket = world.path("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let data = world.path("data");
    let mut command = world.command(&["serve", "--json", "--listen", "localhost:0", "--insecure-loopback"]);
    command.env("NOTIFY_SOCKET", &socket).env("ENTRENOUS_DATA", &data).env("ENTRENOUS_OFFICE", "Aldmoor");
    let (mut process, ready) = spawn(&mut command);
    assert!(ready["listening"].as_str().unwrap().starts_with("127.0.0.1:"), "localhost: {ready}");
    let heard = || {
        let mut buffer = [0; 64];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    assert_eq!(heard(), "READY=1");
    signal(&process.0, "TERM");
    assert_eq!(heard(), "STOPPING=1");
    assert_eq!(exit_within(&mut process.0, Duration::from_secs(10)), Some(0));
}

#[test]
fn a_handset_claims_at_a_switchboard_that_obtained_its_certificate_itself() {
    let world = World::new();
    let port = free_port();
    let mut pebble = Pebble::new(port, 86_400);
    let file = world.path("board.toml");
    std::fs::write(
        &file,
        format!(
            "data = 'data'\noffice = 'Aldmoor'\nlisten = 'localhost:{port}'\npublic-url = 'https://localhost:{port}'\n\
             domain = 'localhost'\nacme-agree = true\nacme-contact = 'operator@example.org'\nacme-directory = {:?}\nacme-root = {:?}\n",
            pebble.directory(),
            pebble.root()
        ),
    )
    .unwrap();
    let data = world.path("data");
    let status = |more: &[&str]| {
        let command = [&["switchboard", "status", "--data", data.to_str().unwrap()], more].concat();
        world.command(&command).output().unwrap()
    };
    let certificate = || records(&status(&["--json"]))[0]["certificate"].clone();
    // The authority cannot be reached.
    let (process, _) = spawn(&mut world.command(&["serve", "--json", "--config", file.to_str().unwrap()]));
    let deadline = Instant::now() + Duration::from_secs(30);
    while certificate()["renewal"]["last_error"].is_null() {
        assert!(Instant::now() < deadline, "a failure is not told of");
    }
    let said = String::from_utf8(status(&[]).stdout).unwrap();
    for part in ["none yet: nobody can connect", "failed (", "cannot be reached"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    drop(process);
    std::fs::remove_dir_all(&data).unwrap();

    pebble.start();
    let (process, ready) = spawn(&mut world.command(&["serve", "--json", "--config", file.to_str().unwrap()]));
    assert_eq!(ready["reachable"], Value::Bool(false));
    let claim = &ready["claim_url"].as_str().unwrap().to_owned();
    let root = pebble.issued_by();
    let ada = world.handset("Ada Marsh");
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let (code, said) = ada.run(&["claim", claim, "--as", "Ada Marsh", "--trust-root", root.to_str().unwrap()]);
        if code == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{said:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(process);
    let told = certificate();
    assert_eq!((&told["names"][0], &told["renewal"]["last_error"]), (&Value::from("localhost"), &Value::Null));
    assert!(told["valid_until"].is_string() && told["renewal"]["next_attempt"].is_string(), "also when it is stopped");

    // Somebody else's root does not do: the certificate is a real one.
    let (mut process, ready) = spawn(&mut world.command(&["serve", "--json", "--config", file.to_str().unwrap()]));
    assert_eq!((&ready["reachable"], &ready["claim_url"]), (&Value::Bool(true), &Value::Null));
    let other = pebble.root();
    let stranger = world.handset("Ivo Tarn");
    let untrusted = stranger.fails(&["claim", claim, "--as", "Ivo Tarn", "--trust-root", other.to_str().unwrap()]);
    assert_eq!(untrusted, (1, "switchboard-not-trusted".to_owned()));
    ada.done(&["sync", "--trust-root", root.to_str().unwrap()]);
    signal(&process.0, "TERM");
    assert_eq!(exit_within(&mut process.0, Duration::from_secs(10)), Some(0));
}

#[test]
fn a_mistyped_variable_is_warned_of() {
    let world = World::new();
    let handsets = [("ENTRENOUS_PROFILE", "x"), ("ENTRENOUS_BIN", "x"), ("ENTRENOUS_PASSPHRASE_FILE", "x")];
    for (variables, said) in [(&[("ENTRENOUS_LISTN", "1")][..], "ENTRENOUS_LISTN"), (&handsets, "")] {
        let output = run(&world, &["--print-config"], variables);
        assert_eq!(output.status.code(), Some(0));
        let warned = String::from_utf8(output.stderr).unwrap();
        assert!(warned.contains(said) && warned.is_empty() == said.is_empty(), "{warned}");
    }
}

#[test]
fn what_is_printed_for_programs_is_one_object() {
    let world = World::new();
    let output = run(&world, &["--print-config", "--json", "--office", "Aldmoor"], &[]);
    let configuration = records(&output)[0]["configuration"].as_str().unwrap().to_owned();
    assert!(configuration.contains("office = \"Aldmoor\""));
    let mut nothing = String::new();
    output.stderr.as_slice().read_to_string(&mut nothing).unwrap();
    assert_eq!(nothing, "");
}
