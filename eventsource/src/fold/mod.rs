//! Folds: run a projection over a part of the log, once, without a subscription. Start with [`project`].
//!
//! A fold answers questions that no read model was built for: what a projection looked like at an earlier position or
//! instant, how it looks for one stream or one tenant, what a new projection will show before it is deployed.
//!
//! | to fold | write |
//! | --- | --- |
//! | a `#[projection]` that keeps its state in memory | [`project::<OrderSummary>(&store)`](project) |
//! | an [engine](crate::engine), or a projection with another start than its default | [`project_from(engine, &store)`](project_from) |
//! | all aggregates of a type | [`project::<Aggregates<Order>>(&store)`](Aggregates) |
//! | one aggregate at an earlier time | [`orders.load_at(id, version)`](crate::AggregateRepository::load_at), by a version, a position or an instant |
//!
//! A fold reads the whole log by default. [`of`](Fold::of) restricts it to a stream or a filter, [`after`](Fold::after)
//! and [`until`](Fold::until) to a range of positions or of time.

mod aggregates;
mod error;
mod folded;
mod folding;
mod options;
mod scope;
mod source;
mod start;

pub use aggregates::Aggregates;
pub use error::FoldError;
pub use folded::{FoldProgress, Folded};
pub use folding::Fold;
pub use scope::{Bound, Scope};
pub use start::{project, project_from};
