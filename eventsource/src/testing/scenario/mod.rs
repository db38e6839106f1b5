//! Given, when, then: what events make of a projection or of an aggregate.

mod aggregate;
mod history;
mod projection;
mod run;

use uuid::Uuid;

pub use aggregate::{AggregateTest, Applied, Decided, aggregate};
pub use projection::{Handled, Projected, ProjectionTest, RunsInMemory, projection};

/// The aggregate that a test's events belong to, unless it names another.
pub const AGGREGATE_ID: Uuid = Uuid::from_u128(1);
