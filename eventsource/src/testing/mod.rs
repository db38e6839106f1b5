//! What helps to test (feature `testing`).
//!
//! * [`projection`] and [`aggregate`]: given, when, then, without a store, a manager or a runtime.
//! * [`assert_event_schemas!`](crate::assert_event_schemas): no stored shape changes unnoticed.
//! * [`contract`]: the suites that hold event stores and checkpoint stores to the laws of their ports.

pub mod contract;
mod scenario;
pub mod schemas;

pub use scenario::{
    AGGREGATE_ID, AggregateTest, Applied, Decided, Handled, Projected, ProjectionTest, aggregate, projection,
};
