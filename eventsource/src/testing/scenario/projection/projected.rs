//! The projection and its rows, which the test checks.

use std::fmt;
use std::ops::Deref;

use crate::backend::memory::MemoryReadModels;
use crate::read_model::{IntoColumnValue, Query, ReadModel};
use crate::testing::scenario::run::run;

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
    pub(super) projection: P,
    pub(super) read_models: MemoryReadModels,
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
        M::Id: IntoColumnValue<M::Id> + Send,
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

impl<P: fmt::Debug> fmt::Debug for Projected<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.projection.fmt(f)
    }
}
