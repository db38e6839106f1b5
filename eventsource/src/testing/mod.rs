//! What helps to test (feature `testing`).
//!
//! * [`projection`] and [`aggregate`]: given, when, then, without a store, a manager or a runtime.
//! * [`assert_event_schemas!`](crate::assert_event_schemas): no stored shape changes unnoticed.
//! * [`faults`]: stores in which things go wrong, by script or from a seed; [`Random`]: randomness that can be repeated.
//! * [`contract`]: the suites that hold event stores and checkpoint stores to the laws of their ports.

pub mod contract;
pub mod faults;
mod random;
mod scenario;
pub mod schemas;

pub use random::Random;
pub use scenario::{
    AGGREGATE_ID, AggregateTest, Applied, Decided, Handled, Projected, ProjectionTest, RunsInMemory, aggregate,
    projection,
};
