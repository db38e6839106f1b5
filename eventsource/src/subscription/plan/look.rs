//! What a plan is made of: the parts of a manager.

use std::sync::Arc;

use crate::projection::CheckpointStore;
use crate::store::EventLog;
use crate::subscription::log::catalogue::Catalogue;
use crate::subscription::subscription_shared::SubscriptionShared;

/// The parts of a manager that a plan looks at.
pub(in crate::subscription) struct Planner<C: CheckpointStore> {
    pub(in crate::subscription) store: Arc<dyn EventLog>,
    pub(in crate::subscription) checkpoints: Arc<C>,
    pub(in crate::subscription) catalogue: Arc<Catalogue>,
    /// The subscriptions, by name.
    pub(in crate::subscription) cores: Vec<Arc<SubscriptionShared>>,
}
