//! Why a database was not opened, or not migrated.

/// Why a database was not opened, or not migrated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresOpenError {
    /// The server does not answer, or refuses.
    #[error("the database {database} cannot be opened: {source}")]
    Failed {
        /// The server and the database.
        database: String,
        /// What the driver or the server says.
        source: sqlx::Error,
    },
    /// The connections that the options allow are too few.
    #[error(
        "{connections} connections are too few: eventsource needs at least {fewest} (1 that listens + 1 that appends + 1 \
         that reads the log + 1 for units of work + 2 shared ones): raise `PostgresOptions::connections`"
    )]
    TooFewConnections {
        /// How many the options allow.
        connections: u32,
        /// The smallest number.
        fewest: u32,
    },
    /// What was given is no URL of a PostgreSQL database.
    #[error("not a URL such as `postgres://user:password@host/database`: {source}")]
    Url {
        /// What the driver says.
        source: sqlx::Error,
    },
    /// The name of the schema is not allowed.
    #[error(
        "`{schema}` cannot be the schema: give a name of at most 63 letters (a to z), digits and underscores that does \
         not start with a digit or with `pg_`"
    )]
    InvalidSchema {
        /// The name that was given.
        schema: String,
    },
    /// The tables are not there, or not up to date.
    #[error(
        "the schema `{schema}` of the database {database} {}: call `PostgresOptions::migrate` before it is opened, or leave out \
         `migrate_on_open(false)`",
        what_is_there(*.found, *.known)
    )]
    NotMigrated {
        /// The server and the database.
        database: String,
        /// The schema.
        schema: String,
        /// The version that the tables have; 0 where there are none.
        found: i64,
        /// The version that the code wants.
        known: i64,
    },
    /// A newer version of this crate has made the tables.
    #[error(
        "the schema `{schema}` of the database {database} has the version {found}, and this version of eventsource \
         knows version {known} at most: open it with the newer eventsource that made it"
    )]
    NewerSchema {
        /// The server and the database.
        database: String,
        /// The schema.
        schema: String,
        /// The version that the tables have.
        found: i64,
        /// The newest version that the code knows.
        known: i64,
    },
    /// The role may append, and may not read how far the log can be read.
    #[error(
        "the role `{role}` of {database} may append to the log and cannot read it: run `GRANT SELECT ON SEQUENCE \
         {sequence} TO {role}`"
    )]
    SequenceUnreadable {
        /// The server and the database.
        database: String,
        /// The role.
        role: String,
        /// The sequence that gives positions, with its schema.
        sequence: String,
    },
    /// The server is too old.
    #[error("the server of {database} is PostgreSQL {found}; eventsource needs version 15 or newer")]
    OldServer {
        /// The server and the database.
        database: String,
        /// Its version.
        found: u32,
    },
}

fn what_is_there(found: i64, known: i64) -> String {
    match found {
        0 => "has no tables of eventsource".to_owned(),
        _ => format!("has tables of version {found}, and this version of eventsource needs version {known}"),
    }
}

/// Why a step of opening failed.
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
