//! Writing a read model in a handler.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::reader::{ReadFuture, value_of};
use super::session::RepositorySession;
use super::{IntoColumnValue, ReadModel, ReadModelError, ReadRepository, Value};
use crate::projection::HoldsChanges;

/// Reads and writes a read model in a handler, without SQL and on every backend. A handler asks for it as
/// `&mut Repository<M>`.
///
/// ```standalone_crate
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use eventsource::memory::MemoryReadModels;
/// use eventsource::read_model::{ReadModel, ReadModelError, Repository};
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: i64 }
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderShipped {}
/// #[derive(ReadModel)]
/// #[read_model(table = "order_summary")]
/// struct OrderRow {
///     #[read_model(id)]
///     id: Uuid,
///     total: i64, // in cents
///     status: String,
/// }
///
/// struct Orders;
///
/// #[projection(read_models(OrderRow))]
/// impl Orders {
///     #[handles(OrderPlaced)]
///     async fn placed(
///         &self,
///         event: &Event<OrderPlaced>,
///         orders: &mut Repository<OrderRow>,
///     ) -> Result<(), ReadModelError> {
///         orders.save(OrderRow { id: event.aggregate_id(), total: event.total, status: "placed".into() }).await
///     }
///
///     #[handles(OrderShipped)]
///     async fn shipped(
///         &self,
///         event: &Event<OrderShipped>,
///         orders: &mut Repository<OrderRow>,
///     ) -> Result<(), ReadModelError> {
///         if let Some(mut order) = orders.get(event.aggregate_id()).await? {
///             order.status = "shipped".into();
///             orders.save(order).await?;
///         }
///         Ok(())
///     }
/// }
///
/// let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
/// let models = MemoryReadModels::new(&checkpoints);
/// models.ensure_tables(&Orders).await?;
/// let rows = models.repository::<OrderRow>();
/// let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
/// let orders = manager.subscribe(Orders, SubscriptionConfig::default()).await?;
/// manager.start().await?;
///
/// let order = StreamId::new("Order", Uuid::now_v7());
/// let events = vec![NewEvent::of(&OrderPlaced { total: 15_000 })?, NewEvent::of(&OrderShipped {})?];
/// let appended = store.append(&order, ExpectedVersion::NoStream, events).await?;
/// orders.wait_for(&appended).await?;
/// assert_eq!(rows.find(OrderRow::STATUS.eq("shipped")).await?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # The batch
///
/// A *batch* is the events that a subscription applies in one transaction: up to
/// [`batch_size`](crate::SubscriptionConfig::batch_size), 1,000 by default. The repository keeps every row that the
/// batch reads or changes in memory until the batch ends, so each row is read once (an *identity map*). At the end of
/// the batch it writes all changed rows, in the transaction that moves the checkpoint. A query
/// ([`find`](ReadRepository::find), [`count`](ReadRepository::count)) first writes the changed rows, so that it sees
/// them. A query without a limit reads all its rows into memory.
///
/// Rows often have the id of the aggregate of their event. So when a handler gets a row whose id (a UUID) is the id of
/// an aggregate in the batch, one statement reads the rows of all aggregates in the batch. Any other row is read by a
/// statement of its own: use [`get_many`](ReadRepository::get_many) for several of them.
///
/// Every row has a version, which counts its changes, and the times of its creation and last change. The times are
/// those of the events ([`occurred_at`](crate::RecordedEvent::occurred_at)), so a rebuild gives the same rows.
pub struct Repository<M> {
    reader: ReadRepository<M>,
    session: Arc<RepositorySession>,
    time: DateTime<Utc>,
}

impl<M: ReadModel> Repository<M> {
    pub(crate) fn new(session: Arc<RepositorySession>, time: DateTime<Utc>) -> Self {
        Self { reader: ReadRepository::new(Arc::<RepositorySession>::clone(&session)), session, time }
    }

    /// Saves a row: inserts it, or replaces the row with the same id.
    ///
    /// **A soft-deleted row stays soft-deleted**, so no query finds the saved row. To show it again, call
    /// [`restore`](Self::restore) too. [`get`](ReadRepository::get) returns `None` for such a row, so "insert the row
    /// if `get` returns `None`" needs this call as well.
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
    /// Read the version with [`get_stored`](ReadRepository::get_stored).
    ///
    /// Use it to detect a mistake in the events or the handlers, such as two events that create the same row. You do
    /// not need it against concurrent writers: if another transaction changes a row that the batch has read, the batch
    /// is repeated, and no change is lost.
    ///
    /// # Errors
    /// [`ReadModelError::VersionConflict`] with both versions: read the row and decide again. If the handler returns
    /// it, the event is not retried. Otherwise the errors of [`save`](Repository::save), and the [errors of every
    /// read](ReadRepository#errors).
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

    /// Deletes the row with this id, if it exists. No trace of it remains: use [`soft_delete`](Self::soft_delete) to
    /// keep it. A later save of the same id creates a new row, with version 1 and a new time of creation.
    ///
    /// It does not read the row, so it does not return whether there was one: ask [`exists`](ReadRepository::exists)
    /// first.
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
    /// The [errors of every read](ReadRepository#errors).
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
    /// The [errors of every read](ReadRepository#errors).
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
    /// The [errors of every read](ReadRepository#errors).
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

    fn values(&self, row: &M) -> Result<Vec<Value>, ReadModelError> {
        let unfit = |field| ReadModelError::InvalidValue { table: M::TABLE.name, id: None, field };
        let values = row.to_values().map_err(unfit)?;
        self.session.check(M::TABLE, &values)?;
        Ok(values)
    }
}

impl<M> HoldsChanges for Repository<M> {}

impl<M> Deref for Repository<M> {
    type Target = ReadRepository<M>;

    fn deref(&self) -> &ReadRepository<M> {
        &self.reader
    }
}

impl<M: ReadModel> fmt::Debug for Repository<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository").field("table", &M::TABLE.name).finish_non_exhaustive()
    }
}
