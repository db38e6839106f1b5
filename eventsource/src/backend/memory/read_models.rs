//! Read models in memory, with real transactions.

use std::sync::Arc;

use super::checkpoints::{MemoryCheckpoints, MemoryUnit};
use super::tables::Shared;
use crate::projection::{HandlerError, Inject, Subscriber};
use crate::read_model::{ReadModel, ReadModelError, ReadRepository, Repository};

/// The read models that projections keep together with [`MemoryCheckpoints`]: reads their committed rows. They are lost
/// when the last clone of the checkpoints is dropped.
///
/// It has no `create_table`, `check_table` and `table_sql`, because there are no tables to create.
///
/// A table is created when it is first written. One batch writes at a time. Its changes become visible when it commits,
/// all at once; a batch that fails leaves nothing.
///
/// ```
/// # #[cfg(feature = "macros")]
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use eventsource::memory::MemoryReadModels;
/// use eventsource::read_model::{Query, ReadModel};
/// use eventsource::MemoryCheckpoints;
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
/// }
///
/// let checkpoints = MemoryCheckpoints::new();
/// let orders = MemoryReadModels::new(&checkpoints).repository::<OrderRow>();
/// assert_eq!(orders.count(Query::all()).await?, 0);
/// # Ok::<(), eventsource::ReadModelError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct MemoryReadModels {
    shared: Arc<Shared>,
}

impl MemoryReadModels {
    /// Returns the read models that are kept with `checkpoints`.
    ///
    /// # Examples
    /// ```
    /// use eventsource::MemoryCheckpoints;
    /// use eventsource::memory::MemoryReadModels;
    ///
    /// // Give a clone of the same checkpoints to the `SubscriptionManager`.
    /// let checkpoints = MemoryCheckpoints::new();
    /// let models = MemoryReadModels::new(&checkpoints);
    /// ```
    #[must_use]
    pub fn new(checkpoints: &MemoryCheckpoints) -> Self {
        Self { shared: Arc::clone(checkpoints.tables()) }
    }

    /// Does nothing: a table in memory is created when it is first written. It exists so that a program is the same on
    /// every backend. On a database it creates the missing tables that `projection` declares.
    ///
    /// # Errors
    /// Never fails.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # #[derive(serde::Serialize, serde::Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: i64 }
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: uuid::Uuid, total: i64 }
    /// # struct Orders;
    /// # #[projection(read_models(OrderRow))]
    /// # impl Orders {
    /// #     #[handles(OrderPlaced)]
    /// #     async fn placed(&self, event: &Event<OrderPlaced>, orders: &mut Repository<OrderRow>)
    /// #         -> Result<(), ReadModelError>
    /// #     {
    /// #         orders.save(OrderRow { id: event.aggregate_id(), total: event.total }).await
    /// #     }
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let models = MemoryReadModels::new(&MemoryCheckpoints::new());
    /// models.ensure_tables(&Orders).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    pub async fn ensure_tables<P: Subscriber>(&self, projection: &P) -> Result<(), ReadModelError> {
        let _ = projection;
        Ok(())
    }

    /// Returns a repository that reads the committed rows of `M`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use eventsource::{MemoryCheckpoints, MemoryReadModels};
    /// # let models = MemoryReadModels::new(&MemoryCheckpoints::new());
    /// let orders = models.repository::<OrderRow>();
    /// assert_eq!(orders.count(Query::all()).await?, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// # }
    /// ```
    #[must_use]
    pub fn repository<M: ReadModel>(&self) -> ReadRepository<M> {
        ReadRepository::new(Arc::<Shared>::clone(&self.shared))
    }
}

impl<M: ReadModel> Inject<MemoryUnit> for Repository<M> {
    type Guard = Box<Self>;

    async fn inject(unit: &mut MemoryUnit) -> Result<Box<Self>, HandlerError> {
        let session = unit.session().await;
        Ok(Box::new(Self::new(session, unit.time())))
    }
}
