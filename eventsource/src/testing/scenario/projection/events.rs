//! Gives events to the projection: those of the past, and the one whose result is checked.

use std::sync::Arc;

use super::{Handled, ProjectionTest};
use crate::backend::memory::{MemoryCheckpoints, MemoryUnit};
use crate::event::{DomainEvent, EncodeError, NewEvent, Position, RecordedEvent};
use crate::projection::{
    CheckpointStore, CheckpointUpdate, Claim, EventSubscriber, HandlerError, Handles, Projection, UnitOfWork,
};
use crate::testing::scenario::run::run;

impl<P: Projection + EventSubscriber<MemoryUnit>> ProjectionTest<P> {
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
    let checkpoint =
        checkpoints.claim(&Claim::new(NAME, "", Position::START)).await.map_err(HandlerError::permanent)?;
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
