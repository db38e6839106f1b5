//! The result of an event, which the test checks.

use std::fmt;

use super::{Projected, ProjectionTest};
use crate::backend::memory::MemoryReadModels;
use crate::projection::HandlerError;

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
    pub(super) test: ProjectionTest<P>,
    pub(super) event: String,
    pub(super) result: Result<(), HandlerError>,
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
    pub(super) fn succeeded(self) -> ProjectionTest<P> {
        match self.result {
            Ok(()) => self.test,
            Err(error) => panic!("the projection failed to handle `{}`: {error}", self.event),
        }
    }
}

impl<P> fmt::Debug for Handled<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handled").field("event", &self.event).field("result", &self.result).finish_non_exhaustive()
    }
}
