//! A PostgreSQL server for tests, and schemas of their own in it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use eventsource::sqlx::{self, Connection as _, PgConnection};
use eventsource::store::postgres::{PostgresDatabase, PostgresOptions};
use uuid::Uuid;

const MISSING: &str = "the PostgreSQL tests need a server: run `tests/setup` as root, which installs it (on Debian and \
                       Ubuntu: apt-get install postgresql pgbouncer), or set DATABASE_URL to one that may be used";

/// The address of the database that the tests of this process share: that of `DATABASE_URL`, or of a server of their
/// own, which is started at the first call.
pub fn url() -> &'static str {
    static SERVER: OnceLock<(String, Option<Server>)> = OnceLock::new();
    let start = || match std::env::var("DATABASE_URL") {
        Ok(url) => (url, None),
        Err(_) => {
            let server = Server::start();
            (server.url(), Some(server))
        }
    };
    &SERVER.get_or_init(start).0
}

/// A server of one's own on a free port of this machine, with its data in a temporary folder. It ends when it is
/// dropped, or when this process ends, however it does.
#[derive(Debug)]
pub struct Server {
    port: u16,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    guardian: Child,
}

impl Server {
    /// Starts one; panics where that fails, and says what to install.
    pub fn start() -> Self {
        let bin = server_programs();
        let folder = tempfile::Builder::new().prefix("eventsource-postgres-").tempdir().unwrap().keep();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut guardian = unprivileged("sh", &folder);
        guardian.args(["-c", include_str!("guardian.sh"), "guardian"]).arg(&folder).arg(bin).arg(port.to_string());
        guardian.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut guardian = guardian.spawn().expect("the server's guardian starts");
        let commands = guardian.stdin.take().unwrap();
        let answers = BufReader::new(guardian.stdout.take().unwrap());
        let mut server = Self { port, commands, answers, guardian };
        server.resume();
        server
    }

    /// The address of its database `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it at once, as a crash does; what was committed is recovered at the next start.
    pub fn stop(&mut self) {
        self.command("stop");
    }

    /// Starts it again as a standby, which only reads.
    pub fn resume_as_standby(&mut self) {
        self.command("standby");
    }

    /// Starts it again.
    pub fn resume(&mut self) {
        self.command("start");
    }

    fn command(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), "ok", "the server's guardian at `{command}`");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The end of its input ends the guardian; it must see that before it is waited for.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        drop(std::mem::replace(&mut self.commands, ChildStdin::from(std::os::fd::OwnedFd::from(writer))));
        let _ = self.guardian.wait();
    }
}

/// Where `initdb` and `pg_ctl` are: the newest version installed.
fn server_programs() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &PathBuf| -> u32 {
        path.parent().and_then(|path| path.file_name()?.to_str()?.parse().ok()).unwrap_or_default()
    };
    let mut found: Vec<_> =
        debian.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").exists()).collect();
    found.sort_by_key(version);
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.pop().or_else(|| std::env::split_paths(&path).find(|bin| bin.join("initdb").exists())).expect(MISSING)
}

/// `program`, as a user who is not root, which owns `folder`.
pub fn unprivileged(program: &str, folder: &Path) -> Command {
    use std::os::unix::fs::MetadataExt as _;
    if std::fs::metadata(folder).unwrap().uid() != 0 {
        return Command::new(program);
    }
    // The package makes the user; `nobody` is everywhere.
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &str| {
        let line = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let mut fields = line.split(':').skip(1).map(|id| id.parse::<u32>().ok());
        Some((fields.next()??, fields.next()??))
    };
    let (uid, gid) = user("postgres").or_else(|| user("nobody")).expect(MISSING);
    std::os::unix::fs::chown(folder, Some(uid), Some(gid)).unwrap();
    let mut command = Command::new(program);
    command.uid(uid).gid(gid).current_dir(folder);
    command
}

/// A schema of a test's own, which is dropped with it.
#[derive(Debug)]
pub struct Schema {
    url: String,
    name: String,
}

impl Schema {
    /// A name that nobody else uses, in the shared database. The schema is not made yet.
    pub fn unmade() -> Self {
        Self::unmade_on(url())
    }

    /// The same, in the database at `url`.
    pub fn unmade_on(url: &str) -> Self {
        Self { url: url.to_owned(), name: format!("test_{}", Uuid::now_v7().simple()) }
    }

    /// A schema with the tables in it.
    pub async fn migrated() -> Self {
        let schema = Self::unmade();
        schema.options().migrate().await.unwrap();
        schema
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address of its database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What opens it.
    pub fn options(&self) -> PostgresOptions {
        PostgresOptions::new(&self.url).unwrap().schema(&self.name)
    }

    /// Its database, opened.
    pub async fn open(&self) -> PostgresDatabase {
        PostgresDatabase::open_with(self.options()).await.unwrap()
    }

    /// A connection of its own, outside every pool, with the schema as the search path.
    pub async fn connect(&self) -> PgConnection {
        let mut conn = PgConnection::connect(&self.url).await.unwrap();
        let path = format!("SET search_path TO {}", self.name);
        sqlx::raw_sql(sqlx::AssertSqlSafe(path)).execute(&mut conn).await.unwrap();
        conn
    }
}

impl Drop for Schema {
    /// A server of our own is thrown away as a whole.
    fn drop(&mut self) {
        if std::env::var_os("DATABASE_URL").is_none() {
            return;
        }
        let (url, name) = (self.url.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let mut conn = PgConnection::connect(&url).await.ok()?;
                let drop = sqlx::AssertSqlSafe(format!("DROP SCHEMA IF EXISTS {name} CASCADE"));
                sqlx::raw_sql(drop).execute(&mut conn).await.ok()
            })
        });
        let _ = dropped.join();
    }
}
