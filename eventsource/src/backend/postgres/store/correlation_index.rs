//! The index on the correlation ids, which a program creates if it wants it.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use super::failure::store_error;
use super::{PostgresDatabase, statements};
use crate::backend::sql::store::{Action, Failure};
use crate::store::StoreError;

/// The action of `create_correlation_index`, for error messages.
const CREATE: Action<'static> = Action::On("create the index", "eventsource_events_by_correlation");

/// How often a process asks whether another one has created the index.
const POLL: Duration = Duration::from_millis(200);

/// The index in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Missing,
    /// It is being created, or a creation has failed. PostgreSQL does not use it.
    Incomplete,
    Ready,
}

impl PostgresDatabase {
    /// Creates the index on the correlation ids of events, with which
    /// [`EventQueries::correlated`](crate::store::EventQueries::correlated) searches the whole log. If the index exists,
    /// nothing happens.
    ///
    /// The index is not created by default, because it makes each append of an event with a correlation id slower.
    /// Appends and subscriptions continue while it is created (`CREATE INDEX CONCURRENTLY`). The call waits for
    /// transactions that are older, and has no time limit. If another process is creating the index, the call waits for
    /// it. To remove the index, run `DROP INDEX CONCURRENTLY eventsource_events_by_correlation`.
    ///
    /// If a creation fails, for example because the server was restarted, PostgreSQL keeps an incomplete index, which it
    /// does not use. The next call replaces it. If the future is dropped, the server continues to create the index.
    ///
    /// It uses a connection of its own, to the server or to the
    /// [`listener_url`](super::PostgresOptions::listener_url). The role must own the table of the events.
    ///
    /// # Errors
    /// - [`StoreError::Failed`] if the server cannot be reached, or if it cannot create the index. The source says why.
    ///   Call the function again.
    /// - [`StoreError::Unsupported`] in [pooler mode](super::PostgresOptions::pooler_mode) without a
    ///   [`listener_url`](super::PostgresOptions::listener_url): set it to the address of the server.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::PostgresDatabase;
    /// # async fn example(db: PostgresDatabase) -> Result<(), Box<dyn std::error::Error>> {
    /// db.create_correlation_index().await?;
    /// assert!(db.has_correlation_index().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_correlation_index(&self) -> Result<(), StoreError> {
        let Some(options) = self.direct() else {
            let action = "create an index through a pooler without PostgresOptions::listener_url".to_owned();
            return Err(StoreError::Unsupported { action });
        };
        let created = async {
            let mut conn = PgConnection::connect_with(&options).await?;
            create(self, &mut conn).await?;
            conn.close().await?;
            Ok(())
        };
        created.await.map_err(|failure: Failure| store_error(CREATE, failure))
    }

    /// Returns whether the index on the correlation ids exists and is complete.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. It can be retried.
    ///
    /// # Examples
    /// ```no_run
    /// # use eventsource::postgres::PostgresDatabase;
    /// # async fn example(db: PostgresDatabase) -> Result<(), Box<dyn std::error::Error>> {
    /// if !db.has_correlation_index().await? {
    ///     println!("only the last events of the log are searched for a correlation id");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn has_correlation_index(&self) -> Result<bool, StoreError> {
        let asked = || async {
            let mut session = self.session().await?;
            let is_ready = is_ready(self, &mut session).await?;
            session.end().await?;
            Ok(is_ready)
        };
        self.read(Action::FindCorrelated, asked).await
    }
}

/// Returns whether the index can be used.
pub(super) async fn is_ready(db: &PostgresDatabase, conn: &mut PgConnection) -> Result<bool, Failure> {
    Ok(state(db, conn).await? == State::Ready)
}

async fn state(db: &PostgresDatabase, conn: &mut PgConnection) -> Result<State, Failure> {
    let query = sqlx::query_scalar(db.sql(statements::CORRELATION_INDEX)).persistent(db.names_statements());
    let is_valid: Option<bool> = query.fetch_one(conn).await?;
    Ok(match is_valid {
        None => State::Missing,
        Some(false) => State::Incomplete,
        Some(true) => State::Ready,
    })
}

/// Creates the index, unless it is ready. The lock of the session ends with its connection, or with the creation if that
/// goes on without its client.
///
/// It polls for the lock: two sessions that create an index on one table wait for each other, and so would a session
/// that waits for the lock with an open snapshot.
async fn create(db: &PostgresDatabase, conn: &mut PgConnection) -> Result<(), Failure> {
    sqlx::raw_sql(statements::NO_TIME_LIMITS).execute(&mut *conn).await?;
    loop {
        if state(db, conn).await? == State::Ready {
            return Ok(());
        }
        if sqlx::query_scalar(db.sql(statements::LOCK_CORRELATION_INDEX)).fetch_one(&mut *conn).await? {
            break;
        }
        tokio::time::sleep(POLL).await;
    }
    // The session that held the lock before may have created it since.
    match state(db, conn).await? {
        State::Ready => return Ok(()),
        State::Missing => {}
        State::Incomplete => {
            sqlx::raw_sql(db.sql(statements::DROP_CORRELATION_INDEX)).execute(&mut *conn).await?;
        }
    }
    sqlx::raw_sql(db.sql(statements::CREATE_CORRELATION_INDEX)).execute(&mut *conn).await?;
    Ok(())
}
