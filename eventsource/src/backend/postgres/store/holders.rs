//! The transactions that hold the horizon of the log back.

use std::fmt;
use std::time::Duration;

use sqlx::{PgConnection, Row as _};

use super::{PostgresDatabase, statements};
use crate::backend::sql::store::{Failure, unsigned};
use crate::event::Position;

/// A transaction that appends, and so holds the log back: until it ends, no event after [`after`](HorizonHolder::after)
/// can be read. [`PostgresEventStore::horizon_holders`](super::PostgresEventStore::horizon_holders) returns it.
///
/// To end it, run `SELECT pg_terminate_backend(pid)` on the server: its append is rolled back, and its caller gets an
/// error. End a prepared transaction with `ROLLBACK PREPARED 'name'`.
///
/// PostgreSQL shows the age, the state and the query of another role's transaction only to members of
/// `pg_read_all_stats` or `pg_monitor`. Without that right they are `None`.
///
/// ```no_run
/// # use eventsource::postgres::PostgresEventStore;
/// # async fn example(store: PostgresEventStore) -> Result<(), Box<dyn std::error::Error>> {
/// for holder in store.horizon_holders().await? {
///     println!("{holder}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HorizonHolder {
    /// The position after which nothing can be read.
    pub after: Position,
    /// The process id in the server; `None` for a prepared transaction. Behind a pooler it is the pooler's connection.
    pub pid: Option<i32>,
    /// The name of a prepared transaction (`PREPARE TRANSACTION`). Only inserts with plain SQL can be in one: the
    /// appends of this crate notify, and PostgreSQL does not prepare a transaction that notifies.
    pub prepared: Option<String>,
    /// The application name of the client.
    pub application_name: Option<String>,
    /// How long ago the transaction began, if the role can see it. The append may have begun later.
    pub age: Option<Duration>,
    /// The state of the connection, such as `idle in transaction`, if the role can see it.
    pub state: Option<String>,
    /// The current or last query of the connection, if the role can see it.
    pub query: Option<String>,
}

impl fmt::Display for HorizonHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pid, &self.prepared) {
            (Some(pid), _) => write!(f, "pid {pid}")?,
            (None, Some(prepared)) => write!(f, "the prepared transaction `{prepared}`")?,
            (None, None) => write!(f, "a prepared transaction")?,
        }
        if let Some(name) = self.application_name.as_ref().filter(|name| !name.is_empty()) {
            write!(f, " ({name})")?;
        }
        write!(f, " appends after position {}", self.after)?;
        if let Some(age) = self.age {
            write!(f, " in a transaction that is {:.1} s old", age.as_secs_f64())?;
        }
        if let Some(state) = &self.state {
            write!(f, ", {state}")?;
        }
        if let Some(query) = &self.query {
            write!(f, ": {query:.200}")?;
        }
        Ok(())
    }
}

pub(super) async fn read(db: &PostgresDatabase, conn: &mut PgConnection) -> Result<Vec<HorizonHolder>, Failure> {
    // A simple query works with every pooler.
    let rows = sqlx::raw_sql(db.sql(statements::HOLDERS)).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let age: Option<f64> = row.try_get("age")?;
            Ok(HorizonHolder {
                after: Position::new(unsigned(row.try_get("after_position")?, "the key of a lock")?),
                pid: row.try_get("pid")?,
                prepared: row.try_get("gid")?,
                application_name: row.try_get("application_name")?,
                age: age.and_then(|age| Duration::try_from_secs_f64(age).ok()),
                state: row.try_get("state")?,
                query: row.try_get("query")?,
            })
        })
        .collect()
}
