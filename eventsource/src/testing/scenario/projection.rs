//! Tests of projections.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::history::History;
use super::run::run;
use crate::backend::memory::MemoryReadModels;
use crate::backend::memory::{MemoryCheckpoints, MemoryUnit};
use crate::event::{DomainEvent, EncodeError, Metadata, NewEvent, RecordedEvent};
use crate::projection::{
    CheckpointStore, CheckpointUpdate, Claim, EventSubscriber, HandlerError, Handles, Projection, UnitOfWork,
};
use crate::read_model::{Query, ReadModel};

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

/// A projection that [`projection`] can test: `#[projection]` made it, and its handlers ask only for what memory
/// provides. Every such projection implements it, and nothing else does.
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
/// /// A check for any projection in memory.
/// fn handles_an_order<P: testing::RunsInMemory + Default>()
/// where
///     P: eventsource::projection::Handles<OrderPlaced, 0>,
/// {
///     testing::projection(P::default()).when(OrderPlaced { total: 7 }).then(|_| {});
/// }
/// handles_an_order::<Revenue>();
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be tested in memory",
    label = "not a projection, or it asks for a database connection, which memory does not lend",
    note = "test it on a database: subscribe it to a manager on a SQLite database in memory, as the documentation of `testing::projection` shows",
    note = "or ask for `&mut Repository<…>` in place of the connection, which is lent in memory too"
)]
pub trait RunsInMemory: Projection + EventSubscriber<MemoryUnit> {}

#[diagnostic::do_not_recommend]
impl<P: Projection + EventSubscriber<MemoryUnit>> RunsInMemory for P {}

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

impl<P: Projection + EventSubscriber<MemoryUnit>> ProjectionTest<P> {
    /// Sets the id of the aggregate for the following events. The default is [`AGGREGATE_ID`](super::AGGREGATE_ID).
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::testing;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(Default)]
    /// # struct Last { order: uuid::Uuid, year: i32, tenant: Option<String> }
    /// #
    /// # #[projection]
    /// # impl Last {
    /// #     #[handles(OrderPlaced)]
    /// #     fn placed(&mut self, event: &Event<OrderPlaced>) {
    /// #         use chrono::Datelike as _;
    /// #         self.order = event.aggregate_id();
    /// #         self.year = event.occurred_at().year();
    /// #         self.tenant = event.metadata().get_tenant().map(str::to_owned);
    /// #     }
    /// # }
    /// let id = uuid::Uuid::from_u128(7);
    /// testing::projection(Last::default())
    ///     .aggregate_id(id)
    ///     .when(OrderPlaced { total: 150 })
    ///     .then(|last| assert_eq!(last.order, id));
    /// # }
    /// ```
    #[must_use = "a test goes on with `when` and ends with `then`"]
    pub fn aggregate_id(mut self, id: Uuid) -> Self {
        self.history.id = id;
        self
    }

    /// Sets the time at which the following events occur. The default is the first second of 2000.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::testing;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(Default)]
    /// # struct Last { order: uuid::Uuid, year: i32, tenant: Option<String> }
    /// #
    /// # #[projection]
    /// # impl Last {
    /// #     #[handles(OrderPlaced)]
    /// #     fn placed(&mut self, event: &Event<OrderPlaced>) {
    /// #         use chrono::Datelike as _;
    /// #         self.order = event.aggregate_id();
    /// #         self.year = event.occurred_at().year();
    /// #         self.tenant = event.metadata().get_tenant().map(str::to_owned);
    /// #     }
    /// # }
    /// testing::projection(Last::default())
    ///     .at("2024-02-29T12:00:00Z".parse().unwrap())
    ///     .when(OrderPlaced { total: 150 })
    ///     .then(|last| assert_eq!(last.year, 2024));
    /// # }
    /// ```
    #[must_use = "a test goes on with `when` and ends with `then`"]
    pub fn at(mut self, time: DateTime<Utc>) -> Self {
        self.history.time = time;
        self
    }

    /// Sets the metadata of the following events. The default is none.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::testing;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(Default)]
    /// # struct Last { order: uuid::Uuid, year: i32, tenant: Option<String> }
    /// #
    /// # #[projection]
    /// # impl Last {
    /// #     #[handles(OrderPlaced)]
    /// #     fn placed(&mut self, event: &Event<OrderPlaced>) {
    /// #         use chrono::Datelike as _;
    /// #         self.order = event.aggregate_id();
    /// #         self.year = event.occurred_at().year();
    /// #         self.tenant = event.metadata().get_tenant().map(str::to_owned);
    /// #     }
    /// # }
    /// testing::projection(Last::default())
    ///     .with_metadata(Metadata::new().tenant("acme"))
    ///     .when(OrderPlaced { total: 150 })
    ///     .then(|last| assert_eq!(last.tenant.as_deref(), Some("acme")));
    /// # }
    /// ```
    #[must_use = "a test goes on with `when` and ends with `then`"]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.history.metadata = metadata;
        self
    }

    /// Handles an event of the past.
    ///
    /// # Panics
    /// If the projection fails to handle the event.
    ///
    /// # Examples
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
    /// testing::projection(Revenue::default())
    ///     .given(OrderPlaced { total: 150 })
    ///     .given(OrderPlaced { total: 20 })
    ///     .when(OrderPlaced { total: 5 })
    ///     .then(|revenue| assert_eq!(revenue.0, 175));
    /// # }
    /// ```
    #[must_use = "a test goes on with `when` and ends with `then`"]
    #[track_caller]
    pub fn given<E: DomainEvent, const AT: usize>(self, event: E) -> Self
    where
        P: Handles<E, AT>,
    {
        self.when(event).succeeded()
    }

    /// Handles an event of the past of the aggregate type `aggregate` in its stored form, such as an older version or
    /// under an alias.
    ///
    /// # Panics
    /// If the projection fails to handle the event.
    ///
    /// # Examples
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
    /// testing::projection(Revenue::default())
    ///     .given_stored("Order", NewEvent::raw("OrderPlaced", 1, r#"{"total":150}"#))
    ///     .when(OrderPlaced { total: 50 })
    ///     .then(|revenue| assert_eq!(revenue.0, 200));
    /// # }
    /// ```
    #[must_use = "a test goes on with `when` and ends with `then`"]
    #[track_caller]
    pub fn given_stored(self, aggregate: &'static str, event: NewEvent) -> Self {
        self.when_stored(aggregate, event).succeeded()
    }

    /// Handles an event. The test then checks the result.
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
    /// testing::projection(Revenue::default())
    ///     .when(OrderPlaced { total: 150 })
    ///     .then(|revenue| assert_eq!(revenue.0, 150));
    /// # }
    /// ```
    pub fn when<E: DomainEvent, const AT: usize>(mut self, event: E) -> Handled<P>
    where
        P: Handles<E, AT>,
    {
        let stored = self.history.store(&event).map_err(|error: EncodeError| HandlerError::permanent(error));
        self.hand(E::NAME.to_owned(), stored)
    }

    /// Handles an event of the aggregate type `aggregate` in its stored form. The test then checks the result.
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
    /// testing::projection(Revenue::default())
    ///     .when_stored("Order", NewEvent::raw("OrderPlaced", 1, "{}"))
    ///     .then_fails(|error| assert!(error.to_string().contains("total"), "{error}"));
    /// # }
    /// ```
    pub fn when_stored(mut self, aggregate: &'static str, event: NewEvent) -> Handled<P> {
        let name = event.event_type().to_owned();
        let stored = self.history.store_raw(event, aggregate);
        self.hand(name, Ok(stored))
    }

    fn hand(mut self, event: String, stored: Result<Arc<RecordedEvent>, HandlerError>) -> Handled<P> {
        let result = stored.and_then(|stored| run(apply(&mut self.projection, &self.checkpoints, stored)));
        Handled { test: self, event, result }
    }
}

/// Handles `event` in a unit of work of its own, as a runner does.
async fn apply<P: EventSubscriber<MemoryUnit>>(
    projection: &mut P,
    checkpoints: &MemoryCheckpoints,
    event: Arc<RecordedEvent>,
) -> Result<(), HandlerError> {
    const NAME: &str = "test";
    let checkpoint = checkpoints
        .claim(&Claim::new(NAME, "", crate::event::Position::START))
        .await
        .map_err(HandlerError::permanent)?;
    if !projection.subscribed_to().matches(&event) {
        return Ok(());
    }
    let mut unit = checkpoints.begin().await.map_err(HandlerError::permanent)?;
    unit.begin_batch(&[Arc::clone(&event)]);
    unit.begin_event(&event);
    projection.handle(&event, &mut unit).await?;
    let step = CheckpointUpdate::new(NAME, checkpoint.epoch, checkpoint.position, event.position());
    unit.commit(&step).await.map_err(HandlerError::permanent)
}

/// The result of [`when`](ProjectionTest::when).
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
/// let handled: testing::Handled<Revenue> = testing::projection(Revenue::default()).when(OrderPlaced { total: 150 });
/// handled.then(|revenue| assert_eq!(revenue.0, 150));
/// # }
/// ```
#[must_use = "a test ends with `then`"]
pub struct Handled<P> {
    test: ProjectionTest<P>,
    event: String,
    result: Result<(), HandlerError>,
}

impl<P> Handled<P> {
    /// Checks the projection and its rows. The test can continue.
    ///
    /// # Panics
    /// If the projection failed to handle the event, or `check` panics.
    ///
    /// # Examples
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
    /// testing::projection(Revenue::default())
    ///     .when(OrderPlaced { total: 150 })
    ///     .then(|revenue| assert_eq!(revenue.0, 150))
    ///     .when(OrderPlaced { total: 50 })
    ///     .then(|revenue| assert_eq!(revenue.0, 200));
    /// # }
    /// ```
    #[track_caller]
    pub fn then(self, check: impl FnOnce(&Projected<P>)) -> ProjectionTest<P> {
        let ProjectionTest { projection, checkpoints, history } = self.succeeded();
        let seen = Projected { projection, read_models: MemoryReadModels::new(&checkpoints) };
        check(&seen);
        ProjectionTest { projection: seen.projection, checkpoints, history }
    }

    /// Checks the error of the handler. The test can continue.
    ///
    /// # Panics
    /// If the handler did not fail, or `check` panics.
    ///
    /// # Examples
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
    /// testing::projection(Revenue::default())
    ///     .given(OrderPlaced { total: u64::MAX })
    ///     .when(OrderPlaced { total: 1 })
    ///     .then_fails(|error| assert_eq!(error.to_string(), "too much"));
    /// # }
    /// ```
    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by a panic")]
    pub fn then_fails(self, check: impl FnOnce(&HandlerError)) -> ProjectionTest<P> {
        match &self.result {
            Ok(()) => panic!("the projection handled `{}`, but the test expects that it fails", self.event),
            Err(error) => check(error),
        }
        self.test
    }

    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by a panic")]
    fn succeeded(self) -> ProjectionTest<P> {
        match self.result {
            Ok(()) => self.test,
            Err(error) => panic!("the projection failed to handle `{}`: {error}", self.event),
        }
    }
}

/// A projection in a test, and its rows. It dereferences to the projection.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::prelude::*;
/// # use eventsource::testing;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, DomainEvent)]
/// # #[event(aggregate = "Order")]
/// # struct OrderPlaced { total: u64 }
/// # #[derive(ReadModel)]
/// # struct OrderRow { #[read_model(id)] id: uuid::Uuid, total: u64 }
/// # struct Orders;
/// # #[projection(read_models(OrderRow))]
/// # impl Orders {
/// #     #[handles(OrderPlaced)]
/// #     async fn placed(
/// #         &self,
/// #         event: &Event<OrderPlaced>,
/// #         rows: &mut Repository<OrderRow>,
/// #     ) -> Result<(), ReadModelError> {
/// #         rows.save(OrderRow { id: event.aggregate_id(), total: event.total }).await
/// #     }
/// # }
/// testing::projection(Orders).when(OrderPlaced { total: 7 }).then(|orders: &testing::Projected<Orders>| {
///     assert_eq!(orders.rows::<OrderRow>().len(), 1);
/// });
/// # }
/// ```
pub struct Projected<P> {
    projection: P,
    read_models: MemoryReadModels,
}

impl<P> Projected<P> {
    /// Returns the row of `M` with this id; `None` if there is none.
    ///
    /// # Panics
    /// If the row cannot be read as an `M`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::testing;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: uuid::Uuid, total: u64 }
    /// # struct Orders;
    /// # #[projection(read_models(OrderRow))]
    /// # impl Orders {
    /// #     #[handles(OrderPlaced)]
    /// #     async fn placed(
    /// #         &self,
    /// #         event: &Event<OrderPlaced>,
    /// #         rows: &mut Repository<OrderRow>,
    /// #     ) -> Result<(), ReadModelError> {
    /// #         rows.save(OrderRow { id: event.aggregate_id(), total: event.total }).await
    /// #     }
    /// # }
    /// testing::projection(Orders).when(OrderPlaced { total: 7 }).then(|orders| {
    ///     let row = orders.row::<OrderRow>(testing::AGGREGATE_ID);
    ///     assert_eq!(row.map(|row| row.total), Some(7));
    /// });
    /// # }
    /// ```
    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by a panic")]
    pub fn row<M: ReadModel>(&self, id: M::Id) -> Option<M>
    where
        M::Id: crate::read_model::IntoColumnValue<M::Id> + Send,
    {
        let rows = self.read_models.repository::<M>();
        match run(async { rows.get(id).await }) {
            Ok(row) => row,
            Err(error) => panic!("the row cannot be read: {error}"),
        }
    }

    /// Returns all rows of `M`, ordered by id.
    ///
    /// # Panics
    /// If the rows cannot be read as an `M`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::prelude::*;
    /// # use eventsource::testing;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: uuid::Uuid, total: u64 }
    /// # struct Orders;
    /// # #[projection(read_models(OrderRow))]
    /// # impl Orders {
    /// #     #[handles(OrderPlaced)]
    /// #     async fn placed(
    /// #         &self,
    /// #         event: &Event<OrderPlaced>,
    /// #         rows: &mut Repository<OrderRow>,
    /// #     ) -> Result<(), ReadModelError> {
    /// #         rows.save(OrderRow { id: event.aggregate_id(), total: event.total }).await
    /// #     }
    /// # }
    /// testing::projection(Orders).when(OrderPlaced { total: 7 }).then(|orders| {
    ///     let totals: Vec<_> = orders.rows::<OrderRow>().iter().map(|row| row.total).collect();
    ///     assert_eq!(totals, [7]);
    /// });
    /// # }
    /// ```
    #[track_caller]
    #[allow(clippy::panic, reason = "a test fails by a panic")]
    pub fn rows<M: ReadModel>(&self) -> Vec<M> {
        let rows = self.read_models.repository::<M>();
        match run(async { rows.find(Query::all()).await }) {
            Ok(rows) => rows,
            Err(error) => panic!("the rows cannot be read: {error}"),
        }
    }
}

impl<P> Deref for Projected<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.projection
    }
}

impl<P> fmt::Debug for ProjectionTest<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProjectionTest").field("history", &self.history).finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for Handled<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handled").field("event", &self.event).field("result", &self.result).finish_non_exhaustive()
    }
}

impl<P: fmt::Debug> fmt::Debug for Projected<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.projection.fmt(f)
    }
}
