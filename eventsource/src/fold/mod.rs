//! Folds: run a projection over a part of the log, once, without a subscription. Start with [`project`].
//!
//! A fold answers questions that no read model was built for: what a projection looked like at an earlier position or
//! instant, what it shows for one stream or one tenant, or what a new projection will show before it is deployed.

mod aggregates;
mod error;
mod folding;
mod scope;
mod source;

pub use aggregates::Aggregates;
pub use error::FoldError;
pub use folding::{Fold, FoldProgress, Folded, project, project_from};
pub use scope::{Scope, Until};
