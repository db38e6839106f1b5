//! Folds: run a projection over a part of the log, once, without a subscription. Start with [`project`].
//!
//! A fold answers questions that no read model was built for: what a projection looked like at an earlier position or
//! instant, what it is for one stream or one tenant, what a new projection will show before it is deployed.
//!
//! | to fold | write |
//! | --- | --- |
//! | a `#[projection]` that keeps its state in memory | [`project::<OrderSummary>(&store)`](project) |
//! | an [engine](crate::engine), or a projection that begins otherwise than as its default | [`project_from(engine, &store)`](project_from) |
//! | all aggregates of a type | [`project::<Aggregates<Order>>(&store)`](Aggregates) |
//! | one aggregate, as it was | [`orders.load_at(id, version)`](crate::AggregateRepository::load_at), by a version, a position or an instant |
//!
//! A fold takes the whole log, unless it is told otherwise: [`of`](Fold::of) a stream or a filter, [`after`](Fold::after)
//! and [`until`](Fold::until) a position or an instant.

mod aggregates;
mod error;
mod folding;
mod scope;
mod source;

pub use aggregates::Aggregates;
pub use error::FoldError;
pub use folding::{Fold, FoldProgress, Folded, project, project_from};
pub use scope::{Bound, Scope};
