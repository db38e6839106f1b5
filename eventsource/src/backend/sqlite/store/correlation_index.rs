//! The index on the correlation ids, which a program creates if it wants it.

use sqlx::SqlitePool;

use super::busy::Failure;
use super::{SqliteDatabase, statements};
use crate::backend::sql::store::Action;
use crate::store::StoreError;

/// The action of `create_correlation_index`, for error messages.
const CREATE: Action<'static> = Action::On("create the index", "eventsource_events_by_correlation");

impl SqliteDatabase {
    /// Creates the index on the correlation ids of events, with which
    /// [`EventQueries::correlated`](crate::store::EventQueries::correlated) searches the whole log. If the index exists,
    /// nothing happens.
    ///
    /// The index is not created by default, because it makes each append of an event with a correlation id slower.
    /// Appends wait while it is created: some seconds for a million events. To remove it, run
    /// `DROP INDEX eventsource_events_by_correlation`.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another connection locks the file for longer than
    /// [`write_timeout`](super::SqliteOptions::write_timeout): retry. [`StoreError::Failed`] if the database fails.
    /// [`StoreError::InsideUnitOfWork`] in a handler.
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// db.create_correlation_index().await?;
    /// assert!(db.has_correlation_index().await?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn create_correlation_index(&self) -> Result<(), StoreError> {
        let patience = self.patience(CREATE);
        let mut writing = self.write(&patience).await?;
        let created = async {
            sqlx::query(statements::CREATE_CORRELATION_INDEX).execute(&mut *writing.tx).await?;
            writing.tx.commit().await
        };
        created.await.map_err(|error| patience.error(error.into()))
    }

    /// Returns whether the index on the correlation ids exists.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails. A retry may help after [`StoreError::Failed`] and [`StoreError::Busy`].
    ///
    /// # Examples
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// # use eventsource::sqlite::{SqliteDatabase, SqliteOptions};
    /// # let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
    /// assert!(!db.has_correlation_index().await?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn has_correlation_index(&self) -> Result<bool, StoreError> {
        self.read(Action::FindCorrelated, || exists(self.pool())).await
    }
}

pub(super) async fn exists(pool: &SqlitePool) -> Result<bool, Failure> {
    Ok(sqlx::query_scalar(statements::HAS_CORRELATION_INDEX).fetch_one(pool).await?)
}
