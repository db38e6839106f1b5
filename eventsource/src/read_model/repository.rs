//! A read model as a handler changes it.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::reader::{ReadFuture, value_of};
use super::session::RepositorySession;
use super::{IntoColumnValue, ReadModel, ReadModelError, ReadRepository, Value};
use crate::projection::HoldsChanges;

/// A read model as a handler changes it: asked for as `&mut Repository<M>`, without SQL and on any backend.
///
/// ```standalone_crate
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use eventsource::read_model::{MemoryReadModels, ReadModel, ReadModelError, Repository};
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: f64 }
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderShipped {}
/// #[derive(ReadModel)]
/// #[read_model(table = "order_summary")]
/// struct OrderRow {
///     #[read_model(id)]
///     id: Uuid,
///     total: f64,
///     status: String,
/// }
///
/// struct Orders;
///
/// #[projection(read_models(OrderRow))]
/// impl Orders {
///     #[handles(OrderPlaced)]
///     async fn placed(&self, event: &Event<OrderPlaced>, orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
///         orders.save(OrderRow { id: event.aggregate_id(), total: event.total, status: "placed".into() }).await
///     }
///
///     #[handles(OrderShipped)]
///     async fn shipped(&self, event: &Event<OrderShipped>, orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
///         if let Some(mut order) = orders.get(event.aggregate_id()).await? {
///             order.status = "shipped".into();
///             orders.save(order).await?;
///         }
///         Ok(())
///     }
/// }
///
/// let (store, checkpoints) = (MemoryEventStore::new(), MemoryCheckpoints::new());
/// let rows = MemoryReadModels::new(&checkpoints).repository::<OrderRow>();
/// let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), checkpoints);
/// let orders = manager.subscribe(Orders, SubscriptionConfig::default()).await?;
/// manager.start().await?;
///
/// let order = StreamId::new("Order", Uuid::now_v7());
/// let events = vec![NewEvent::of(&OrderPlaced { total: 150.0 })?, NewEvent::of(&OrderShipped {})?];
/// let appended = store.append(&order, ExpectedVersion::NoStream, events).await?;
/// orders.wait_for(appended.position()).await?;
/// assert_eq!(rows.find(OrderRow::STATUS.eq("shipped")).await?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
///
/// # The batch
///
/// It is an identity map for the batch: a row is read once, with those of all other aggregates of the batch, changed in
/// memory, and written with all others at the end, in the transaction that moves the checkpoint. A query
/// ([`find`](ReadRepository::find), [`count`](ReadRepository::count)) writes what is changed first, so that it sees it.
///
/// Every row has a version, and the times at which it was made and changed: those of the events, so that a rebuild
/// gives the same rows.
pub struct Repository<M> {
    reader: ReadRepository<M>,
    session: Arc<RepositorySession>,
    time: DateTime<Utc>,
}

impl<M: ReadModel> Repository<M> {
    pub(crate) fn new(session: Arc<RepositorySession>, time: DateTime<Utc>) -> Self {
        Self { reader: ReadRepository::new(Arc::<RepositorySession>::clone(&session)), session, time }
    }

    /// Saves a row: makes it, or replaces the one with its id. One that is soft-deleted stays so.
    ///
    /// # Errors
    /// [`ReadModelError::InvalidValue`], where a field's value cannot be stored. What the database refuses is found out when
    /// the batch is written.
    pub async fn save(&mut self, row: impl Borrow<M>) -> Result<(), ReadModelError> {
        let values = self.values(row.borrow())?;
        self.session.save(M::TABLE, values, self.time, None).await
    }

    /// Saves rows, all of them or, where one cannot be stored, none.
    ///
    /// # Errors
    /// As [`save`](Repository::save).
    pub async fn save_many<R: Borrow<M>>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<(), ReadModelError> {
        let rows: Vec<_> = rows.into_iter().map(|row| self.values(row.borrow())).collect::<Result<_, _>>()?;
        for values in rows {
            self.session.save(M::TABLE, values, self.time, None).await?;
        }
        Ok(())
    }

    /// Saves a row, unless it has another version than `expected`; 0 is expected of a row that is not there.
    ///
    /// # Errors
    /// [`ReadModelError::VersionConflict`], with both versions; otherwise as [`save`](Repository::save).
    pub async fn save_checked(&mut self, row: impl Borrow<M>, expected: u64) -> Result<(), ReadModelError> {
        let values = self.values(row.borrow())?;
        self.session.save(M::TABLE, values, self.time, Some(expected)).await
    }

    /// Deletes the row with this id, if there is one. It leaves nothing behind.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub fn delete(&mut self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, ()> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.session.delete(M::TABLE, id?).await })
    }

    /// Hides the row with this id from then on. Whether there was one to hide.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub fn soft_delete(&mut self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, bool> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.session.mark(M::TABLE, id?, true, self.time).await })
    }

    /// Shows a row again that was soft-deleted. Whether there was one.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub fn restore(&mut self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, bool> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.session.mark(M::TABLE, id?, false, self.time).await })
    }

    /// Deletes all rows, soft-deleted ones as well.
    ///
    /// # Errors
    /// [`ReadModelError`]
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
