//! What a command fails with.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use eventsource::admin::AdminError;
use eventsource::postgres::PostgresOpenError;
use eventsource::projection::CheckpointError;
use eventsource::sqlite::SqliteOpenError;
use eventsource::sqlx;
use eventsource::store::StoreError;
use eventsource::subscription::ManagerError;
use eventsource::subscription::plan::{PlanError, VerifyError};
use uuid::Uuid;

use crate::exit::Exit;

/// What a command fails with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// No database is named.
    #[error(
        "no database is named: give `--database` or set `DATABASE_URL` to a PostgreSQL URL or the path of a SQLite file"
    )]
    NoDatabase,
    /// The file of the database does not exist.
    #[error("there is no database file `{path}`: check the path, or create it with `migrate`")]
    NoFile {
        /// The path.
        path: String,
    },
    /// The URL is of another kind of database.
    #[error("`{scheme}` is no known kind of database: use `postgres://`, or the path of a SQLite file")]
    UnknownScheme {
        /// The part of the URL before `://`.
        scheme: String,
    },
    /// The tables of the database are missing or old.
    #[error("the database has the schema version {found} and needs {known} (0: it has no tables): run `migrate`")]
    NotMigrated {
        /// The version of the tables.
        found: i64,
        /// The version that this program needs.
        known: i64,
    },
    /// The SQLite file cannot be opened.
    #[error(transparent)]
    Sqlite(SqliteOpenError),
    /// The PostgreSQL database cannot be opened.
    #[error(transparent)]
    Postgres(PostgresOpenError),
    /// The role may not do what opening the database needs.
    #[error(
        "the role of the URL lacks a right on the tables of eventsource: let their owner run `migrate`, and the SQL that \
         `doctor --grants` prints"
    )]
    NoRights {
        /// The right that it lacks.
        source: PostgresOpenError,
    },
    /// The database has not answered in time.
    #[error(
        "the database has not answered within {waited:?}: its server hangs, is cut off or has too much to do, or a \
         transaction keeps a lock; look at it, or give a longer `--timeout`{}", what_is_known(*.request)
    )]
    NoAnswer {
        /// How long the answer was waited for.
        waited: Duration,
        /// The request that was being served, if there was one.
        request: Option<Uuid>,
    },
    /// The operation failed.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// The change was not confirmed.
    #[error("nothing was done: {needs}")]
    NotConfirmed {
        /// What the confirmation needs.
        needs: String,
    },
    /// The command needs the code of a program on this kind of database, and the program has none.
    #[error(
        "`{command}` needs the projections of a program on {database}: mount this command line in that program \
         (`eventsource_cli::App::new(\"shop\").{method}(Code::new(subscribe))`), and run the command there"
    )]
    NoCode {
        /// The command.
        command: &'static str,
        /// The kind of database.
        database: &'static str,
        /// The method of `App` that takes the code.
        method: &'static str,
    },
    /// The code of the program failed.
    #[error("the program could not {step}")]
    Code {
        /// What it was to do.
        step: &'static str,
        /// Its error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A read model was not compared with its log.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The subscriptions could not be started or stopped.
    #[error(transparent)]
    Manager(#[from] ManagerError),
    /// A check did not pass.
    #[error("the check did not pass: {}", problems.join("; "))]
    Check {
        /// Each problem.
        problems: Vec<String>,
    },
    /// The command was interrupted.
    #[error("interrupted{}{}", what_of_request(*.request, *.is_withdrawn), what_goes_on(under_way.as_deref()))]
    Interrupted {
        /// The request that it waited for, if it waited for one.
        request: Option<Uuid>,
        /// Whether the request is withdrawn.
        is_withdrawn: bool,
        /// What goes on in another process, and how it is shown again.
        under_way: Option<String>,
    },
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// Dead letters that were to be retried are left: they failed again, or events behind them did.
    #[error(
        "`{subscription}` has letters that failed again, the first at position {position}: {error}; mend the cause, and retry"
    )]
    FailedAgain {
        /// The subscription.
        subscription: String,
        /// The position of the first letter that is left.
        position: u64,
        /// Its error.
        error: String,
    },
    /// The pause is stored, and the owner has not obeyed it in time.
    #[error(
        "the pause of `{subscription}` is stored, but it is {state}: look at its owner with `status {subscription}`"
    )]
    NotPaused {
        /// The subscription.
        subscription: String,
        /// Its state.
        state: String,
    },
    /// The log has no event at this position.
    #[error("there is no event at position {position}: `events tail` shows the latest ones")]
    NoEvent {
        /// The position.
        position: u64,
    },
    /// A rebuild ended without a result.
    #[error("`{subscription}` is {state} at position {position}: the rebuild did not complete")]
    RebuildEnded {
        /// The subscription.
        subscription: String,
        /// Its state.
        state: String,
        /// Its position.
        position: u64,
    },
    /// The address cannot be listened on.
    #[error("the address {address} cannot be listened on: give another one with `--listen`")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The server of the dashboard failed.
    #[error("the dashboard cannot be served")]
    Serve(#[source] io::Error),
    /// The output cannot be written.
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
    /// The output cannot be written as JSON.
    #[error("the output cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl CliError {
    /// Returns the exit code of the process.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Postgres(PostgresOpenError::InvalidSchema { .. } | PostgresOpenError::InvalidRole { .. }) => {
                Exit::Usage
            }
            Self::NoAnswer { .. } | Self::NoRights { .. } => Exit::NoDatabase,
            Self::NoDatabase | Self::NoFile { .. } | Self::NotMigrated { .. } | Self::Sqlite(_) | Self::Postgres(_) => {
                Exit::NoDatabase
            }
            Self::UnknownScheme { .. } | Self::Usage(_) | Self::NoCode { .. } => Exit::Usage,
            Self::Admin(
                AdminError::UnknownSubscription { .. }
                | AdminError::UnknownLetter { .. }
                | AdminError::UnknownEvent { .. }
                | AdminError::UnknownRequest { .. },
            ) => Exit::NotFound,
            Self::Verify(VerifyError::Unknown { .. }) | Self::NoEvent { .. } => Exit::NotFound,
            Self::Admin(AdminError::NotServed { .. }) => Exit::NotServed,
            Self::NotConfirmed { .. } => Exit::NotConfirmed,
            Self::Check { .. } => Exit::CheckFailed,
            Self::Interrupted { .. } => Exit::Interrupted,
            // The reader of the output has seen enough, such as `head`.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::Listen { .. } | Self::Serve(_) | Self::FailedAgain { .. } | Self::NotPaused { .. } => Exit::Failed,
            Self::Admin(error) if is_out_of_reach(error) => Exit::NoDatabase,
            Self::Admin(_)
            | Self::RebuildEnded { .. }
            | Self::Code { .. }
            | Self::Plan(_)
            | Self::Verify(_)
            | Self::Manager(_)
            | Self::Output(_)
            | Self::Json(_) => Exit::Failed,
        }
    }
}

impl From<SqliteOpenError> for CliError {
    fn from(error: SqliteOpenError) -> Self {
        match error {
            SqliteOpenError::NotMigrated { found, known, .. } => Self::NotMigrated { found, known },
            other => Self::Sqlite(other),
        }
    }
}

impl From<PostgresOpenError> for CliError {
    fn from(error: PostgresOpenError) -> Self {
        match error {
            PostgresOpenError::NotMigrated { found, known, .. } => Self::NotMigrated { found, known },
            PostgresOpenError::Failed { source: sqlx::Error::Database(ref cause), .. }
                if cause.code().is_some_and(|code| code == "42501") =>
            {
                Self::NoRights { source: error }
            }
            other => Self::Postgres(other),
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::Admin(error.into())
    }
}

impl From<CheckpointError> for CliError {
    fn from(error: CheckpointError) -> Self {
        Self::Admin(error.into())
    }
}

fn what_of_request(request: Option<Uuid>, is_withdrawn: bool) -> String {
    match (request, is_withdrawn) {
        (None, _) => String::new(),
        (Some(id), true) => format!(": the request {id} is withdrawn, nothing was done"),
        (Some(id), false) => format!(": a process has begun the request {id}, and it goes on"),
    }
}

fn what_goes_on(under_way: Option<&str>) -> String {
    under_way.map_or_else(String::new, |under_way| format!(": {under_way}"))
}

fn what_is_known(request: Option<Uuid>) -> String {
    request.map_or_else(String::new, |id| format!("; the request {id} may be stored and served: see `operations`"))
}

/// Codes of databases that are locked, stopping, starting or full: of SQLite, and of PostgreSQL.
const OUT_OF_REACH: [&str; 12] =
    ["5", "6", "261", "517", "08000", "08001", "08003", "08006", "53300", "57014", "57P01", "57P03"];

/// Returns whether the database could not be reached, or did not answer in time.
fn is_out_of_reach(error: &AdminError) -> bool {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.into_iter().any(|cause| {
        if let Some(error) = cause.downcast_ref::<sqlx::Error>() {
            return match error {
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
                sqlx::Error::Database(error) => error.code().is_some_and(|code| OUT_OF_REACH.contains(&&*code)),
                _ => false,
            };
        }
        matches!(cause.downcast_ref(), Some(CheckpointError::Unanswered { .. }))
            || matches!(cause.downcast_ref(), Some(StoreError::Unanswered { .. } | StoreError::Busy { .. }))
    })
}
