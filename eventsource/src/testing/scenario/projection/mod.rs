//! Tests of projections.

mod events;
mod handled;
mod projected;
mod runs_in_memory;
mod settings;

use std::fmt;

pub use handled::Handled;
pub use projected::Projected;
pub use runs_in_memory::RunsInMemory;

use super::history::History;
use crate::backend::memory::MemoryCheckpoints;

/// Tests `projection`: *given* some events, *when* another event is handled, *then* check the result.
///
/// Each event is encoded, stored and decoded as in production, and handled in a unit of work in memory. An event that
/// the projection does not handle does not compile. The test needs no store, no manager and no `async`.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{DomainEvent, projection, testing};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderCancelled {}
///
/// #[derive(Default)]
/// struct Open { orders: u64, last: u64 }
///
/// #[projection]
/// impl Open {
///     #[handles(OrderPlaced)]
///     async fn placed(&mut self, event: &OrderPlaced) { (self.orders, self.last) = (self.orders + 1, event.total) }
///
///     #[handles(OrderCancelled)]
///     fn cancelled(&mut self, _: &OrderCancelled) { self.orders -= 1 }
/// }
///
/// testing::projection(Open::default())
///     .given(OrderPlaced { total: 150 })
///     .given(OrderPlaced { total: 20 })
///     .when(OrderCancelled {})
///     .then(|open| assert_eq!((open.orders, open.last), (1, 20)));
/// # }
/// ```
///
/// A test can check the rows of read models as well:
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::{DomainEvent, Event, ReadModel, ReadModelError, Repository, projection, testing};
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// #[derive(ReadModel)]
/// struct OrderRow { #[read_model(id)] id: Uuid, total: u64 }
///
/// struct Orders;
///
/// #[projection(read_models(OrderRow))]
/// impl Orders {
///     #[handles(OrderPlaced)]
///     async fn placed(
///         &self,
///         event: &Event<OrderPlaced>,
///         rows: &mut Repository<OrderRow>,
///     ) -> Result<(), ReadModelError> {
///         rows.save(OrderRow { id: event.aggregate_id(), total: event.total }).await
///     }
/// }
///
/// testing::projection(Orders).when(OrderPlaced { total: 7 }).then(|orders| {
///     let row = orders.row::<OrderRow>(testing::AGGREGATE_ID).unwrap();
///     assert_eq!(row.total, 7);
/// });
/// # }
/// ```
///
/// A projection whose handlers ask for a database connection cannot run in memory. Test it on a database of its own,
/// with a manager:
///
/// ```standalone_crate
/// # #[cfg(all(feature = "macros", feature = "sqlite"))]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use eventsource::prelude::*;
/// use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteEventStore, SqliteOptions};
/// use eventsource::sqlx::{self, SqliteConnection};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: i64 }
///
/// struct Totals;
///
/// #[projection]
/// impl Totals {
///     #[handles(OrderPlaced)]
///     async fn placed(&self, event: &OrderPlaced, conn: &mut SqliteConnection) -> sqlx::Result<()> {
///         sqlx::query("INSERT INTO totals VALUES (?)").bind(event.total).execute(conn).await?;
///         Ok(())
///     }
/// }
///
/// let db = SqliteDatabase::open_with(SqliteOptions::new(":memory:").connections(1)).await?;
/// sqlx::query("CREATE TABLE totals (total INTEGER)").execute(db.pool()).await?;
/// let store = SqliteEventStore::new(&db);
/// let order = StreamId::new("Order", uuid::Uuid::now_v7());
/// store.append(&order, ExpectedVersion::NoStream, vec![NewEvent::of(&OrderPlaced { total: 7 })?]).await?;
///
/// let manager = SubscriptionManager::new(store, MemoryEventBus::new(), SqliteCheckpoints::new(&db));
/// let totals = manager.subscribe(Totals, SubscriptionConfig::from_beginning()).await?;
/// manager.start().await?;
/// totals.caught_up().await?;
/// manager.stop().await?;
/// let total: i64 = sqlx::query_scalar("SELECT sum(total) FROM totals").fetch_one(db.pool()).await?;
/// assert_eq!(total, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use]
pub fn projection<P: RunsInMemory>(projection: P) -> ProjectionTest<P> {
    ProjectionTest { projection, checkpoints: MemoryCheckpoints::new(), history: History::new() }
}

/// A test of a projection, created by [`projection`].
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # use eventsource::testing;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(Clone, Debug, Default)]
/// # struct Revenue(u64);
/// # #[projection]
/// # impl Revenue {
/// #     #[handles(OrderPlaced)]
/// #     fn placed(&mut self, order: &OrderPlaced) -> Result<(), HandlerError> {
/// #         self.0 = self.0.checked_add(order.total).ok_or_else(|| HandlerError::permanent("too much"))?;
/// #         Ok(())
/// #     }
/// # }
/// let test: testing::ProjectionTest<Revenue> = testing::projection(Revenue::default());
/// test.given(OrderPlaced { total: 150 }).when(OrderPlaced { total: 50 }).then(|revenue| assert_eq!(revenue.0, 200));
/// # }
/// ```
pub struct ProjectionTest<P> {
    projection: P,
    checkpoints: MemoryCheckpoints,
    history: History,
}

impl<P> fmt::Debug for ProjectionTest<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectionTest").field("history", &self.history).finish_non_exhaustive()
    }
}
