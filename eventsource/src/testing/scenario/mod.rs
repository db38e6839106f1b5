//! Given, when, then: tests of projections and aggregates.

mod aggregate;
mod history;
mod projection;
mod run;

use uuid::Uuid;

pub(super) use history::History;

pub use aggregate::{AggregateTest, Applied, Decided, aggregate};
pub use projection::{Handled, Projected, ProjectionTest, RunsInMemory, projection};

/// The id of the aggregate of a test's events, unless the test sets another one.
///
/// ```
/// assert_eq!(eventsource::testing::AGGREGATE_ID, uuid::Uuid::from_u128(1));
/// ```
pub const AGGREGATE_ID: Uuid = Uuid::from_u128(1);
