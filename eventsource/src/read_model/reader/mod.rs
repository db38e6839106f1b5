//! Reading a read model.

mod future;
mod ids;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

pub use self::future::ReadFuture;
pub(in crate::read_model) use self::ids::value_of;
use super::stored::{About, Row};
use super::tables::ReadTables;
use super::{IntoColumnValue, Query, ReadModel, ReadModelError, Stored, Value};

/// Reads a read model. [`MemoryReadModels::repository`](crate::memory::MemoryReadModels::repository) and its counterparts for
/// databases create a repository that sees the committed rows. In a handler, a [`Repository`](super::Repository)
/// dereferences to a `ReadRepository` that also sees the changes of the batch.
///
/// It is cheap to create and to clone: keep one in the state of a web server, or create one for each request. Each call
/// is one statement on a shared connection of the database, and waits for a free one
/// (`PostgresOptions::acquire_timeout`). There is no time limit for the statement itself. Two calls can see two states,
/// and a switch to a rebuilt read model can come between them.
///
/// # Errors
/// Every function that reads fails with one of these:
/// - [`ReadModelError::InvalidValue`]: an id or a value of the query cannot be stored in its column, so no row has it.
/// - [`ReadModelError::NoTable`]: the table does not exist. Call `ensure_tables` before
///   [`subscribe`](crate::SubscriptionManager::subscribe).
/// - [`ReadModelError::Mismatch`]: the table is not as the model describes it. During a rolling deployment, answer
///   `503` and send readers to the other version. Otherwise rebuild the projection, or deploy the version of the
///   program that built the table.
/// - [`ReadModelError::Corrupt`]: a stored value does not fit its field, because another program wrote it.
/// - [`ReadModelError::Failed`]: the database failed. A retry may help; answer `503`.
/// - [`ReadModelError::CursorOfAnotherQuery`], for queries: the query has a cursor of another table or another order.
///   Begin with the first page.
///
/// In a handler, return the error. These two are possible only there:
/// - [`ReadModelError::Refused`]: the database refused earlier changes of the batch.
/// - [`ReadModelError::NotLent`]: the batch has ended, or a call was cancelled.
///
/// # Examples
/// ```
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # use eventsource::MemoryCheckpoints;
/// use eventsource::memory::MemoryReadModels;
/// use eventsource::read_model::{Query, ReadModel, ReadRepository};
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
///     total: i64,
/// }
///
/// # let checkpoints = MemoryCheckpoints::new();
/// let orders: ReadRepository<OrderRow> = MemoryReadModels::new(&checkpoints).repository();
/// assert!(orders.get(1_u64).await?.is_none());
/// assert_eq!(orders.count(OrderRow::TOTAL.gt(100)).await?, 0);
/// assert!(orders.find(Query::all().order_by(OrderRow::TOTAL.desc())).await?.is_empty());
/// # Ok::<(), eventsource::ReadModelError>(())
/// # }).unwrap();
/// ```
pub struct ReadRepository<M> {
    tables: Arc<dyn ReadTables>,
    about: About<M>,
}

impl<M: ReadModel> ReadRepository<M> {
    /// Creates a repository that reads from `tables`. Used by backends: a program gets a repository from its read
    /// models.
    #[must_use]
    pub fn new(tables: Arc<dyn ReadTables>) -> Self {
        Self { tables, about: PhantomData }
    }

    /// Returns the row with this id; `None` if there is none or it is soft-deleted.
    ///
    /// # Errors
    /// The [errors of every read](ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// if let Some(order) = orders.get(7_u64).await? {
    ///     println!("{}", order.status);
    /// }
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn get(&self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, Option<M>> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.row(id?).await?.filter(|row| row.deleted_at.is_none()).map(Row::model).transpose() })
    }

    /// Returns the row with this id, with its version and times; `None` if there is none.
    ///
    /// **It also returns a soft-deleted row**, unlike [`get`](Self::get) and [`find_stored`](Self::find_stored): check
    /// [`Stored::deleted_at`].
    ///
    /// # Errors
    /// The [errors of every read](ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// let version = orders.get_stored(7_u64).await?.map(|order| order.version());
    /// # let _ = version;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn get_stored(&self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, Option<Stored<M>>> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.row(id?).await?.map(Stored::new).transpose() })
    }

    /// Returns the rows with these ids, in the order of the ids. Missing and soft-deleted rows are left out. An id that
    /// is given twice returns its row twice. The number of ids is not limited.
    ///
    /// # Errors
    /// The [errors of every read](ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// let found = orders.get_many([7_u64, 8, 9]).await?;
    /// # let _ = found;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn get_many<I: IntoColumnValue<M::Id>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<M>, ReadModelError> {
        let ids: Vec<Value> = ids.into_iter().map(value_of::<M>).collect::<Result<_, _>>()?;
        let distinct = ids::distinct(&ids);
        let rows = self.tables.load(M::TABLE, &distinct).await?;
        ids::in_order(&ids, &distinct, rows, M::TABLE).into_iter().map(Row::model).collect()
    }

    /// Returns whether there is a row with this id that is not soft-deleted.
    ///
    /// # Errors
    /// The [errors of every read](ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// let is_there = orders.exists(7_u64).await?;
    /// # let _ = is_there;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn exists(&self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, bool> {
        let id = value_of::<M>(id);
        Box::pin(async move { Ok(self.row(id?).await?.is_some_and(|row| row.deleted_at.is_none())) })
    }

    /// Returns the rows that match `query`, in its order: all of them, unless the query has a
    /// [`limit`](Query::limit).
    ///
    /// # Errors
    /// The [errors of every read](ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// let placed = orders.find(OrderRow::STATUS.eq("placed")).await?;
    /// # let _ = placed;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn find(&self, query: impl Into<Query<M>>) -> Result<Vec<M>, ReadModelError> {
        let query = query.into();
        self.select(query).await?.into_iter().map(Row::model).collect()
    }

    /// Returns the rows that match `query`, in its order, with their versions and times. A [`Cursor`](crate::read_model::Cursor)
    /// for the next page needs such a row.
    ///
    /// # Errors
    /// The [errors of every read](ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// for order in orders.find_stored(Query::all().order_by(OrderRow::TOTAL.desc()).limit(10)).await? {
    ///     println!("{} was changed at {}", order.id, order.updated_at());
    /// }
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn find_stored(&self, query: impl Into<Query<M>>) -> Result<Vec<Stored<M>>, ReadModelError> {
        let query = query.into();
        self.select(query).await?.into_iter().map(Stored::new).collect()
    }

    /// Returns the first row that matches `query`; `None` if there is none. The limit of the query is ignored.
    ///
    /// # Errors
    /// The [errors of every read](ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// # use eventsource::read_model::Query;
    /// let largest = orders.find_one(Query::all().order_by(OrderRow::TOTAL.desc())).await?;
    /// # let _ = largest;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn find_one(&self, query: impl Into<Query<M>>) -> Result<Option<M>, ReadModelError> {
        let query = query.into().limit(1);
        self.select(query).await?.pop().map(Row::model).transpose()
    }

    /// Returns how many rows match `query`. Its limit and offset are ignored. With [`after`](Query::after), only the
    /// rows after that place are counted. The database counts the rows one by one, so it takes long for many rows.
    ///
    /// # Errors
    /// The [errors of every read](ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// let placed = orders.count(OrderRow::STATUS.eq("placed")).await?;
    /// # let _ = placed;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn count(&self, query: impl Into<Query<M>>) -> Result<u64, ReadModelError> {
        let query = query.into().lower()?;
        self.tables.count(M::TABLE, &query).await
    }

    async fn select(&self, query: Query<M>) -> Result<Vec<Row>, ReadModelError> {
        let query = query.lower()?;
        self.tables.select(M::TABLE, &query).await
    }

    async fn row(&self, id: Value) -> Result<Option<Row>, ReadModelError> {
        Ok(self.tables.load(M::TABLE, std::slice::from_ref(&id)).await?.pop())
    }
}

impl<M> Clone for ReadRepository<M> {
    fn clone(&self) -> Self {
        Self { tables: Arc::clone(&self.tables), about: PhantomData }
    }
}

impl<M: ReadModel> fmt::Debug for ReadRepository<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRepository").field("table", &M::TABLE.name).finish_non_exhaustive()
    }
}
