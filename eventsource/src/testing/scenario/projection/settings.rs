//! The settings of a test, for its following events.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::ProjectionTest;
use crate::backend::memory::MemoryUnit;
use crate::event::Metadata;
use crate::projection::{EventSubscriber, Projection};

impl<P: Projection + EventSubscriber<MemoryUnit>> ProjectionTest<P> {
    /// Sets the id of the aggregate for the following events. The default is
    /// [`AGGREGATE_ID`](crate::testing::AGGREGATE_ID).
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
}
