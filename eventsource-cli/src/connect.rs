//! Opens the database.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use eventsource::admin::{Admin, DatabaseAdmin};
use eventsource::postgres::{PostgresDatabase, PostgresOpenError, PostgresOptions};
use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::store::EventStore;
use tokio::net::TcpStream;

use crate::error::CliError;
use crate::options::Options;

/// What a command does with the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads: the database refuses its writes.
    Read,
    /// It changes something.
    Write,
    /// It serves pages, each of which waits for a short time only.
    #[cfg(feature = "dashboard")]
    Page {
        /// Whether the database refuses its writes.
        is_read_only: bool,
    },
    /// It is the program itself, which also creates the tables.
    Run,
}

impl Access {
    const fn is_read_only(self) -> bool {
        match self {
            Self::Read => true,
            Self::Write | Self::Run => false,
            #[cfg(feature = "dashboard")]
            Self::Page { is_read_only } => is_read_only,
        }
    }

    /// Returns the longest time of a query, if it is limited.
    fn longest(self, options: &Options) -> Option<Duration> {
        match self {
            Self::Read => Some(options.timeout),
            Self::Write | Self::Run => None,
            #[cfg(feature = "dashboard")]
            Self::Page { .. } => Some(options.timeout.min(PAGE)),
        }
    }
}

/// The longest time of a query for a page.
#[cfg(feature = "dashboard")]
const PAGE: Duration = Duration::from_secs(2);

/// An open database.
pub(crate) struct Connected {
    pub(crate) admin: Arc<dyn Admin>,
    pub(crate) store: Arc<dyn EventStore>,
}

/// What the URL names.
pub(crate) enum Target {
    Sqlite(String),
    Postgres(String),
}

impl Target {
    pub(crate) fn of(options: &Options) -> Result<Self, CliError> {
        let url = options.database.as_deref().filter(|url| !url.is_empty()).ok_or(CliError::NoDatabase)?;
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        match (path, url.split_once("://")) {
            (Some(path), _) => Ok(Self::Sqlite(path.to_owned())),
            (None, Some((scheme, _))) => Err(CliError::UnknownScheme { scheme: scheme.to_owned() }),
            (None, None) => Ok(Self::Sqlite(url.to_owned())),
        }
    }
}

/// Fails at once if no server listens. A pool tries again until its limit, as a service needs it that starts before its
/// database; a command is better told.
pub(crate) async fn check_listens(options: &Options) -> Result<(), CliError> {
    let Target::Postgres(url) = Target::of(options)? else { return Ok(()) };
    let connect = parsed(&url)?;
    let (host, port) = (connect.get_host(), connect.get_port());
    if connect.get_socket().is_some() || host.starts_with('/') {
        return Ok(());
    }
    match tokio::time::timeout(options.timeout, TcpStream::connect((host, port))).await {
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
            let database = format!("at {host}:{port}");
            Err(CliError::Postgres(PostgresOpenError::Failed { database, source: error.into() }))
        }
        // Opening it tells what is wrong.
        _ => Ok(()),
    }
}

/// Opens the database of these options. It never migrates.
pub(crate) async fn connect(options: &Options, access: Access) -> Result<Connected, CliError> {
    check_listens(options).await?;
    match Target::of(options)? {
        Target::Sqlite(path) => {
            let db = SqliteDatabase::open_with(sqlite_options(&path, options, access)?).await?;
            Ok(Connected {
                admin: Arc::new(DatabaseAdmin::new(db.checkpoints(), db.event_store())),
                store: Arc::new(db.event_store()),
            })
        }
        Target::Postgres(url) => {
            let db = PostgresDatabase::open_with(postgres_options(&url, options, access)?).await?;
            Ok(Connected {
                admin: Arc::new(DatabaseAdmin::new(db.checkpoints(), db.event_store())),
                store: Arc::new(db.event_store()),
            })
        }
    }
}

/// The fewest connections that the database can be opened with. They are opened when they are used.
const CONNECTIONS: u32 = 6;

/// Returns the options of a SQLite file.
pub(crate) fn sqlite_options(path: &str, options: &Options, access: Access) -> Result<SqliteOptions, CliError> {
    if access != Access::Run && !Path::new(path).exists() {
        return Err(CliError::NoFile { path: path.to_owned() });
    }
    let patience = access.longest(options).unwrap_or(options.timeout);
    let sqlite = SqliteOptions::new(path).write_timeout(patience);
    Ok(sqlite.migrate_on_open(access == Access::Run).read_only(access.is_read_only()))
}

/// Returns the options of a PostgreSQL database.
pub(crate) fn postgres_options(url: &str, options: &Options, access: Access) -> Result<PostgresOptions, CliError> {
    let connections = if access == Access::Run { CONNECTIONS_TO_RUN } else { CONNECTIONS };
    Ok(postgres(url, options, access)?.connections(connections).migrate_on_open(access == Access::Run))
}

/// The connections of a program that runs: the default of the library.
const CONNECTIONS_TO_RUN: u32 = 25;

fn parsed(url: &str) -> Result<PgConnectOptions, CliError> {
    url.parse().map_err(|source| CliError::Postgres(PostgresOpenError::Url { source }))
}

fn postgres(url: &str, options: &Options, access: Access) -> Result<PostgresOptions, CliError> {
    let parsed = parsed(url)?;
    let parsed = match access.is_read_only() {
        true => parsed.options([("default_transaction_read_only", "on")]),
        false => parsed,
    };
    let longest = access.longest(options);
    let parsed = match longest {
        Some(longest) => {
            let timeout = longest.max(Duration::from_millis(1)).as_millis().to_string();
            parsed.options([("statement_timeout", &*timeout)])
        }
        None => parsed,
    };
    let acquire = longest.unwrap_or(options.timeout).min(Duration::from_secs(10));
    Ok(PostgresOptions::from_connect_options(parsed)
        .schema(&*options.schema)
        .connections(CONNECTIONS)
        .acquire_timeout(acquire))
}

/// Migrates the database of these options, and creates it if it is a file that does not exist.
pub(crate) async fn migrate(options: &Options) -> Result<(), CliError> {
    match Target::of(options)? {
        Target::Sqlite(path) => Ok(SqliteOptions::new(path).write_timeout(options.timeout).migrate().await?),
        Target::Postgres(url) => Ok(postgres(&url, options, Access::Write)?.migrate().await?),
    }
}

/// Returns the SQL of the migrations that are missing; empty if there are none.
pub(crate) async fn missing_migrations(options: &Options) -> Result<String, CliError> {
    match Target::of(options)? {
        Target::Sqlite(path) => Ok(SqliteOptions::new(path).missing_migrations().await?),
        Target::Postgres(url) => Ok(postgres(&url, options, Access::Read)?.missing_migrations().await?),
    }
}

/// Returns the SQL that creates the roles with this prefix.
pub(crate) fn grants(options: &Options, prefix: &str) -> Result<String, CliError> {
    match Target::of(options)? {
        Target::Sqlite(_) => Err(CliError::Usage(
            "SQLite has no roles: give the users of the processes rights on the file and on its folder".to_owned(),
        )),
        Target::Postgres(url) => Ok(postgres(&url, options, Access::Read)?.grants(prefix)?),
    }
}
