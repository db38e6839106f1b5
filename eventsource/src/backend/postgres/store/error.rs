//! Errors of opening and migrating a database.

/// A database was not opened or not migrated. No text contains the password of a URL.
///
/// ```
/// use eventsource::postgres::{PostgresOpenError, PostgresOptions};
///
/// let error = PostgresOptions::new("localhost/shop").unwrap_err();
/// assert!(matches!(error, PostgresOpenError::Url { .. }));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresOpenError {
    /// The server does not answer, or refuses the connection or a statement. The source says why. Try again if the
    /// server was starting; otherwise correct the address, the role or its rights.
    #[error("the database {database} cannot be opened")]
    Failed {
        /// The server and the database.
        database: String,
        /// The error of the driver or the server.
        source: sqlx::Error,
    },
    /// The options allow too few connections. Raise
    /// [`PostgresOptions::connections`](super::PostgresOptions::connections).
    #[error(
        "{connections} connections are too few: eventsource needs at least {fewest} (1 that listens + 1 that appends + \
         1 that reads the log + 1 for units of work + 2 shared ones): raise `PostgresOptions::connections`"
    )]
    TooFewConnections {
        /// The number of connections in the options.
        connections: u32,
        /// The smallest number that works.
        fewest: u32,
    },
    /// The text is not the URL of a PostgreSQL database. Write `postgres://user:password@host:5432/database`.
    #[error("this is not a URL such as `postgres://user:password@host/database`")]
    Url {
        /// The error of the driver.
        source: sqlx::Error,
    },
    /// The name of the schema is not valid. Use letters (a to z), digits and underscores.
    #[error(
        "`{schema}` cannot be the schema: use at most 63 letters (a to z), digits and underscores, and do not start \
         with a digit or with `pg_`"
    )]
    InvalidSchema {
        /// The name in the options.
        schema: String,
    },
    /// The tables are missing or old, and the options do not let opening migrate them. Call
    /// [`PostgresOptions::migrate`](super::PostgresOptions::migrate) first.
    #[error(
        "the schema `{schema}` of the database {database} {}: call `PostgresOptions::migrate` before you open it, or \
         leave out `migrate_on_open(false)`",
        what_is_there(*.found, *.known)
    )]
    NotMigrated {
        /// The server and the database.
        database: String,
        /// The schema.
        schema: String,
        /// The version of the tables; 0 if there are none.
        found: i64,
        /// The version that this crate needs.
        known: i64,
    },
    /// The prefix cannot be a part of the names of roles. Use letters, digits and `_`.
    #[error(
        "`{prefix}` cannot begin the names of roles: use at most 54 letters, digits and `_`, first a letter, and not `pg_`"
    )]
    InvalidRole {
        /// The prefix.
        prefix: String,
    },
    /// A newer version of this crate has migrated the tables. Deploy a program that uses that version. There is no
    /// migration back. The version is checked only here: a program that has opened the database is not stopped.
    #[error(
        "the schema `{schema}` of the database {database} has the version {found}, and this version of eventsource \
         knows versions up to {known}: use the newer eventsource that migrated it"
    )]
    NewerSchema {
        /// The server and the database.
        database: String,
        /// The schema.
        schema: String,
        /// The version of the tables.
        found: i64,
        /// The newest version that this crate knows.
        known: i64,
    },
    /// The tables of this schema were created by another text of a migration than the one in this crate. Use an
    /// unmodified release of this crate. If you work on the crate: restore the text, and add a new migration.
    #[error(
        "the schema `{schema}` of the database {database} was made by another text of the migration {migration} \
         (`{name}`): restore that text, and add a migration for what should change"
    )]
    EditedMigration {
        /// The server and the database.
        database: String,
        /// The schema.
        schema: String,
        /// The number of the migration.
        migration: i64,
        /// Its name.
        name: &'static str,
    },
    /// The role can append, but cannot read the sequence of the positions, which every read and every append does.
    /// Grant it: `GRANT SELECT ON SEQUENCE shop.eventsource_positions TO app`. The text contains the statement.
    #[error(
        "the role `{role}` of {database} can append to the log and cannot read it: run `GRANT SELECT ON SEQUENCE \
         {sequence} TO {role}`"
    )]
    SequenceUnreadable {
        /// The server and the database.
        database: String,
        /// The role.
        role: String,
        /// The sequence of the positions, with its schema.
        sequence: String,
    },
    /// The server is too old. Upgrade it to PostgreSQL 15 or newer.
    #[error("the server of {database} is PostgreSQL {found}; eventsource needs version 15 or newer")]
    OldServer {
        /// The server and the database.
        database: String,
        /// The major version of the server.
        found: u32,
    },
}

fn what_is_there(found: i64, known: i64) -> String {
    match found {
        0 => "has no tables of eventsource".to_owned(),
        _ => format!("has tables of version {found}, and this version of eventsource needs version {known}"),
    }
}

/// A step of opening failed.
pub(super) enum Trouble {
    Database(sqlx::Error),
    Refused(PostgresOpenError),
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Trouble {
    pub(super) fn on(self, database: String) -> PostgresOpenError {
        match self {
            Self::Database(source) => PostgresOpenError::Failed { database, source },
            Self::Refused(error) => error,
        }
    }
}
