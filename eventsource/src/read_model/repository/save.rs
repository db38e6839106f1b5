//! Saves rows.

use std::borrow::Borrow;

use super::Repository;
use crate::read_model::{ReadModel, ReadModelError, Value};

impl<M: ReadModel> Repository<M> {
    /// Saves a row: inserts it, or replaces the row with the same id.
    ///
    /// **A soft-deleted row stays soft-deleted**, so no query finds the saved row. To show it again, call
    /// [`restore`](Self::restore) too. [`get`](crate::ReadRepository::get) returns `None` for such a row, so "insert
    /// the row if `get` returns `None`" needs this call as well.
    ///
    /// The row is written at the end of the batch, so what the database refuses (such as a violated constraint) is not
    /// an error of this call. The subscription then applies the events of the batch one by one, and the event that
    /// caused it fails: its [dead letter](crate::projection::DeadLetter) contains the error.
    ///
    /// # Errors
    /// Return the error from the handler:
    /// - [`ReadModelError::InvalidValue`]: a field has a value that cannot be stored.
    /// - [`ReadModelError::Mismatch`]: another model of the batch describes the table differently.
    /// - [`ReadModelError::NotLent`]: the batch has ended. Do not keep a repository in another task.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, Repository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
    /// if let Some(mut order) = orders.get(7_u64).await? {
    ///     order.status = "shipped".into();
    ///     orders.save(order).await?;
    /// }
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn save(&mut self, row: impl Borrow<M>) -> Result<(), ReadModelError> {
        let values = self.values(row.borrow())?;
        self.session.save(M::TABLE, values, self.time, None).await
    }

    /// Saves several rows, in their order. If one of them cannot be stored, this call saves none of them; earlier saves
    /// of the batch stay.
    ///
    /// # Errors
    /// The errors of [`save`](Repository::save).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel, ReadModelError, Repository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
    /// let row = |id| OrderRow { id, status: "placed".into(), total: 0 };
    /// orders.save_many((1..=3).map(row)).await?;
    /// # let _ = Query::<OrderRow>::all();
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn save_many<R: Borrow<M>>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<(), ReadModelError> {
        let rows: Vec<_> = rows.into_iter().map(|row| self.values(row.borrow())).collect::<Result<_, _>>()?;
        for values in rows {
            self.session.save(M::TABLE, values, self.time, None).await?;
        }
        Ok(())
    }

    /// Saves a row if its stored version is `expected`; 0 means that the row must not exist, not even soft-deleted.
    /// Read the version with [`get_stored`](crate::ReadRepository::get_stored).
    ///
    /// Use it to detect a mistake in the events or the handlers, such as two events that create the same row. You do
    /// not need it against concurrent writers: if another transaction changes a row that the batch has read, the batch
    /// is repeated, and no change is lost.
    ///
    /// # Errors
    /// [`ReadModelError::VersionConflict`] with both versions: read the row and decide again. If the handler returns
    /// it, the event is not retried. Otherwise the errors of [`save`](Repository::save), and the [errors of every
    /// read](crate::ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, Repository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
    /// if let Some(order) = orders.get_stored(7_u64).await? {
    ///     let version = order.version();
    ///     orders.save_checked(OrderRow { status: "shipped".into(), ..order.into_inner() }, version).await?;
    /// }
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn save_checked(&mut self, row: impl Borrow<M>, expected: u64) -> Result<(), ReadModelError> {
        let values = self.values(row.borrow())?;
        self.session.save(M::TABLE, values, self.time, Some(expected)).await
    }

    fn values(&self, row: &M) -> Result<Vec<Value>, ReadModelError> {
        let unfit = |field| ReadModelError::InvalidValue { table: M::TABLE.name, id: None, field };
        let values = row.to_values().map_err(unfit)?;
        self.session.check(M::TABLE, &values)?;
        Ok(values)
    }
}
