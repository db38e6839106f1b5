//! What a plan fails with.

use crate::projection::CheckpointError;
use crate::store::StoreError;

/// The reason why there is no plan. Nothing was changed.
///
/// ```
/// use eventsource::store::StoreError;
/// use eventsource::subscription::plan::PlanError;
///
/// let error = StoreError::Failed { action: "read the log".into(), source: "no connection".into() };
/// assert!(matches!(PlanError::from(error), PlanError::Log(_)));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The manager also runs its subscriptions. Create one that only plans
    /// ([`planning`](crate::SubscriptionManager::planning)).
    #[error("this manager also runs its subscriptions: create one that only plans (`SubscriptionManager::planning`)")]
    NotPlanning,
    /// The checkpoint store failed. Repeat it when the store answers.
    #[error("the checkpoints cannot be compared with the program")]
    Checkpoints(#[from] CheckpointError),
    /// The log failed. Repeat it when the log answers.
    #[error("the log cannot be read for the plan")]
    Log(#[from] StoreError),
}
