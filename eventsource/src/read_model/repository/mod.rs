//! Writing a read model in a handler.

mod delete;
mod save;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::session::RepositorySession;
use super::{ReadModel, ReadRepository};
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
