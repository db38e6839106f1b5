//! Queries for rows.

use super::ReadRepository;
use crate::read_model::stored::Row;
use crate::read_model::{Query, ReadModel, ReadModelError, Stored};

impl<M: ReadModel> ReadRepository<M> {
    /// Returns the rows that match `query`, in its order: all of them, unless the query has a
    /// [`limit`](Query::limit).
    ///
    /// # Errors
    /// The [errors of every read](ReadRepository#errors), and [`ReadModelError::CursorOfAnotherQuery`] if the query has
    /// a cursor of another table or another order: begin with the first page.
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
    /// The [errors of every read](ReadRepository#errors), and [`ReadModelError::CursorOfAnotherQuery`] if the query has
    /// a cursor of another table or another order: begin with the first page.
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
    /// The [errors of every read](ReadRepository#errors), and [`ReadModelError::CursorOfAnotherQuery`] if the query has
    /// a cursor of another table or another order: begin with the first page.
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
    /// The [errors of every read](ReadRepository#errors), and [`ReadModelError::CursorOfAnotherQuery`] if the query has
    /// a cursor of another table or another order: begin with the first page.
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
}
