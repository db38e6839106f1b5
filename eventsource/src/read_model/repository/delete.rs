//! Deletes rows, hides them and shows them again.

use super::Repository;
use crate::read_model::reader::{ReadFuture, value_of};
use crate::read_model::{IntoColumnValue, ReadModel, ReadModelError};

impl<M: ReadModel> Repository<M> {
    /// Deletes the row with this id, if it exists. No trace of it remains: use [`soft_delete`](Self::soft_delete) to
    /// keep it. A later save of the same id creates a new row, with version 1 and a new time of creation.
    ///
    /// It does not read the row, so it does not return whether there was one: ask
    /// [`exists`](crate::ReadRepository::exists) first.
    ///
    /// # Errors
    /// [`ReadModelError::InvalidValue`] if the id cannot be stored in its column, [`ReadModelError::Mismatch`] if
    /// another model of the batch describes the table differently, and [`ReadModelError::NotLent`] after the end of the
    /// batch.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, Repository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
    /// orders.delete(7_u64).await?;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn delete(&mut self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, ()> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.session.delete(M::TABLE, id?).await })
    }

    /// Hides the row with this id from queries. Returns whether a visible row was there, stored or saved earlier in the
    /// batch. It raises the version. [`restore`](Self::restore) shows the row again; [`save`](Self::save) does not.
    ///
    /// # Errors
    /// The [errors of every read](crate::ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, Repository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
    /// let was_visible = orders.soft_delete(7_u64).await?;
    /// # let _ = was_visible;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn soft_delete(&mut self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, bool> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.session.mark(M::TABLE, id?, true, self.time).await })
    }

    /// Shows a soft-deleted row again. Returns whether there was one. It raises the version.
    ///
    /// # Errors
    /// The [errors of every read](crate::ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel, ReadModelError, Repository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
    /// if orders.restore(7_u64).await? {
    ///     println!("the order is visible again");
    /// }
    /// # let _ = Query::<OrderRow>::all();
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn restore(&mut self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, bool> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.session.mark(M::TABLE, id?, false, self.time).await })
    }

    /// Deletes all rows, including soft-deleted rows and rows that were saved earlier in the batch.
    ///
    /// It executes a `DELETE` at once, in the transaction of the batch: readers see the old rows until the commit. A
    /// reset or a rebuild empties declared read models itself, so you need this only if an event means that.
    ///
    /// # Errors
    /// The [errors of every read](crate::ReadRepository#errors).
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel, ReadModelError, Repository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
    /// // At the end of the day, for example when a handler gets an event `DayClosed`.
    /// orders.truncate().await?;
    /// # let _ = Query::<OrderRow>::all();
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub async fn truncate(&mut self) -> Result<(), ReadModelError> {
        self.session.truncate(M::TABLE).await
    }
}
