//! Tools for your tests (feature `testing`): given/when/then, fault injection, and contract suites.
//!
//! Most tests of a projection need no store and no manager. They name the events, and check what the projection has
//! made of them:
//!
//! ```
//! # #[cfg(feature = "macros")] {
//! use eventsource::{DomainEvent, HandlerError, projection, testing};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Order")]
//! struct OrderPlaced { total: u64 }
//!
//! #[derive(Serialize, Deserialize, DomainEvent)]
//! #[event(aggregate = "Order")]
//! struct OrderCancelled { total: u64 }
//!
//! #[derive(Default)]
//! struct Revenue(u64);
//!
//! #[projection]
//! impl Revenue {
//!     #[handles(OrderPlaced)]
//!     fn placed(&mut self, order: &OrderPlaced) { self.0 += order.total }
//!
//!     #[handles(OrderCancelled)]
//!     fn cancelled(&mut self, order: &OrderCancelled) -> Result<(), HandlerError> {
//!         self.0 = self.0.checked_sub(order.total).ok_or_else(|| HandlerError::permanent("less than nothing"))?;
//!         Ok(())
//!     }
//! }
//!
//! testing::projection(Revenue::default())
//!     .given(OrderPlaced { total: 150 })
//!     .when(OrderCancelled { total: 50 })
//!     .then(|revenue| assert_eq!(revenue.0, 100))
//!     .when(OrderCancelled { total: 200 })
//!     .then_fails(|error| assert_eq!(error.to_string(), "less than nothing"));
//! # }
//! ```
//!
//! # When to use what
//!
//! | you test | use |
//! | --- | --- |
//! | what the handlers of a projection do, and the rows of its read models | [`projection`] |
//! | the decisions of an aggregate, and what its events do to it | [`aggregate`] |
//! | handlers that ask for a connection of a database | a manager on a SQLite database in memory: see [`projection`] |
//! | that a deployment can still read all stored events | [`assert_event_schemas!`](crate::assert_event_schemas) |
//! | what your program does when a store fails, hangs or loses an answer | [`faults`] |
//! | a state that is folded from stored events, without handlers that run all the time | [`fold`](crate::fold) |
//! | an engine or a function that takes stored events | [`EventBuilder`] |
//! | what your program publishes | [`RecordingBus`] |
//! | an event store, checkpoint store, event bus or notifier of your own | [`contract`] |
//!
//! [`Random`] gives random numbers from a seed that is printed, so that a failing run can be repeated.

pub mod contract;
mod event_builder;
pub mod faults;
mod random;
mod recording_bus;
mod scenario;
pub mod schemas;

pub use event_builder::EventBuilder;
pub use random::Random;
pub use recording_bus::RecordingBus;
pub use scenario::{
    AGGREGATE_ID, AggregateTest, Applied, Decided, Handled, Projected, ProjectionTest, RunsInMemory, aggregate,
    projection,
};
