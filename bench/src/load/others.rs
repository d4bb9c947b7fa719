//! What offices could run instead, from Debian's packages: ejabberd on PostgreSQL, and Prosody on SQLite, both with the
//! archive (XEP-0313) that keeps every message before it is delivered, each in a folder and on a port of its own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::xmpp::HOST;
use crate::Result;

/// What has to be installed for both.
const PACKAGES: [&str; 5] = ["ejabberd", "erlang-p1-pgsql", "postgresql", "prosody", "lua-dbi-sqlite3"];

/// Packages that are missing, installed first if this is root.
pub(crate) fn missing() -> Vec<&'static str> {
    let missing = || PACKAGES.into_iter().filter(|package| !is_installed(package)).collect::<Vec<_>>();
    let wanted = missing();
    if !wanted.is_empty() && is_root() {
        println!("installing {}", wanted.join(" "));
        let mut install = Command::new("apt-get");
        install.args(["install", "--yes", "--no-install-recommends"]).args(&wanted);
        install.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null()).stderr(Stdio::null());
        // What it could not do is seen below.
        drop(install.status());
    }
    missing()
}

fn is_installed(package: &str) -> bool {
    let query = Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]).output();
    query.is_ok_and(|output| output.stdout == b"installed")
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// A server and what it needs; ended when dropped, the last started first.
pub(crate) struct Other {
    children: Vec<Child>,
    pub(crate) port: u16,
    archive: Archive,
}

/// Where the archive is.
enum Archive {
    Postgresql(u16),
    Sqlite(PathBuf),
}

impl Other {
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }

    /// Messages in the archive: each twice, for whoever wrote it and for whoever it is to.
    pub(crate) fn archived(&self) -> Result<u64> {
        match &self.archive {
            Archive::Postgresql(port) => Ok(sql(*port, "ejabberd", &["-c", "SELECT count(*) FROM archive"])?.parse()?),
            Archive::Sqlite(path) => {
                let db = database::open_plain(path)?;
                Ok(db.query_row("SELECT count(*) FROM prosodyarchive", (), |row| row.get(0))?)
            }
        }
    }

    /// ejabberd over a PostgreSQL of its own.
    pub(crate) fn ejabberd(folder: &Path) -> Result<Self> {
        let folder = folder.join("ejabberd");
        fs::create_dir_all(&folder)?;
        let (database, sql_port) = postgresql(&folder)?;
        let port = free_port()?;
        let mut other = Self { children: vec![database], port, archive: Archive::Postgresql(sql_port) };
        let config = folder.join("ejabberd.yml");
        fs::write(
            &config,
            format!(
                "hosts: [{HOST}]\nloglevel: error\ncertfiles: []\nauth_method: internal\ndefault_db: sql\n\
                 sql_type: pgsql\nsql_server: 127.0.0.1\nsql_port: {sql_port}\nsql_database: ejabberd\n\
                 sql_username: postgres\nlisten:\n  - port: {port}\n    ip: 127.0.0.1\n    module: ejabberd_c2s\n    \
                 max_stanza_size: 65536\n    access: all\n    shaper: none\n\
                 modules:\n  mod_mam:\n    db_type: sql\n    default: always\n    assume_mam_usage: true\n  \
                 mod_roster: {{}}\n  mod_register:\n    access: all\n    ip_access: all\nregistration_timeout: infinity\n"
            ),
        )?;
        let mut erl = Command::new("erl");
        erl.args(["+K", "true", "+P", "250000", "-noinput", "-mnesia", "dir"])
            .arg(format!("{:?}", folder.join("mnesia").display().to_string()))
            .args(["-s", "ejabberd"])
            .env("ERL_LIBS", "/usr/lib/x86_64-linux-gnu")
            .env("HOME", &folder)
            .env("EJABBERD_CONFIG_PATH", &config)
            .env("EJABBERD_LOG_PATH", folder.join("ejabberd.log"))
            .env("ERL_CRASH_DUMP", folder.join("crash"));
        other.children.push(quiet(&mut erl, &folder)?);
        answers(port, "ejabberd")?;
        Ok(other)
    }

    /// Prosody over SQLite.
    pub(crate) fn prosody(folder: &Path) -> Result<Self> {
        let folder = folder.join("prosody");
        fs::create_dir_all(&folder)?;
        let port = free_port()?;
        let config = folder.join("prosody.cfg.lua");
        fs::write(
            &config,
            format!(
                "run_as_root = true\ndata_path = {folder:?}\npidfile = {pid:?}\nlog = {{ warn = {log:?} }}\n\
                 modules_enabled = {{ \"roster\", \"saslauth\", \"register\", \"mam\" }}\n\
                 modules_disabled = {{ \"s2s\", \"tls\" }}\n\
                 interfaces = {{ \"127.0.0.1\" }}\nc2s_ports = {{ {port} }}\nc2s_direct_tls_ports = {{}}\n\
                 authentication = \"internal_plain\"\nallow_registration = true\n\
                 c2s_require_encryption = false\nallow_unencrypted_plain_auth = true\n\
                 default_storage = \"internal\"\nstorage = {{ archive = \"sql\" }}\n\
                 sql = {{ driver = \"SQLite3\", database = {db:?} }}\n\
                 default_archive_policy = true\narchive_expires_after = \"never\"\n\
                 VirtualHost \"{HOST}\"\n",
                pid = folder.join("pid"),
                log = folder.join("prosody.log"),
                db = folder.join("archive.sqlite"),
            ),
        )?;
        let child = quiet(Command::new("prosody").arg("-F").arg("--config").arg(&config), &folder)?;
        let archive = Archive::Sqlite(folder.join("archive.sqlite"));
        let other = Self { children: vec![child], port, archive };
        answers(port, "Prosody")?;
        Ok(other)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        while let Some(mut child) = self.children.pop() {
            // Asked to end, so that it ends what it started itself.
            drop(Command::new("kill").args(["-TERM", &child.id().to_string()]).status());
            let asked = Instant::now();
            while asked.elapsed() < Duration::from_secs(8) && matches!(child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(50));
            }
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A PostgreSQL with ejabberd's tables, durable as it is by default, and its port. It does not run as root.
fn postgresql(folder: &Path) -> Result<(Child, u16)> {
    let (uid, gid) = account("postgres")?;
    let data = folder.join("postgresql");
    fs::create_dir_all(&data)?;
    chown(&data, Some(uid), Some(gid))?;
    let programs = programs()?;
    let of = |name: &str| {
        let mut command = Command::new(programs.join(name));
        command.uid(uid).gid(gid).current_dir("/");
        command
    };
    let made = of("initdb").args(["--auth", "trust", "--username", "postgres", "--pgdata"]).arg(&data).output()?;
    if !made.status.success() {
        return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)).into());
    }
    let port = free_port()?;
    let mut server = of("postgres");
    server.arg("-D").arg(&data).args(["-p", &port.to_string()]).args(["-c", "listen_addresses=127.0.0.1"]);
    server.arg("-c").arg(format!("unix_socket_directories={}", data.display()));
    let child = quiet(&mut server, folder)?;
    answers(port, "PostgreSQL")?;
    sql(port, "postgres", &["-c", "CREATE DATABASE ejabberd"])?;
    sql(port, "ejabberd", &["-f", "/usr/share/ejabberd/sql/pg.sql"])?;
    Ok((child, port))
}

/// What PostgreSQL says to this, once it is ready.
fn sql(port: u16, database: &str, args: &[&str]) -> Result<String> {
    let mut last = String::new();
    for _ in 0..50 {
        let output = Command::new(programs()?.join("psql"))
            .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port.to_string(), "-q", "-A", "-t", "-d", database])
            .args(args)
            .output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?.trim().to_owned());
        }
        last = String::from_utf8_lossy(&output.stderr).into_owned();
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(format!("psql: {last}").into())
}

/// Where PostgreSQL's programs are, of the newest version that is there.
fn programs() -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")?
        .filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")))
        .filter(|path| path.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop().ok_or_else(|| "PostgreSQL's programs are missing".into())
}

fn account(name: &str) -> Result<(u32, u32)> {
    let all = fs::read_to_string("/etc/passwd")?;
    let line = all.lines().find(|line| line.split(':').next() == Some(name)).ok_or("an account is missing")?;
    let mut ids = line.split(':').skip(2).filter_map(|id| id.parse().ok());
    Ok((ids.next().ok_or("no user id")?, ids.next().ok_or("no group id")?))
}

fn quiet(command: &mut Command, folder: &Path) -> Result<Child> {
    // Others have to pass through to what is theirs.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn answers(port: u16, name: &str) -> Result<()> {
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(format!("{name} did not start within 30 seconds").into())
}
