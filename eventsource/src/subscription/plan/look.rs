//! What a plan is made of: the parts of a manager.

use std::sync::Arc;

use crate::event::{Position, RecordedEvent};
use crate::projection::CheckpointStore;
use crate::store::{EventLog, PageLimit, StoreError};
use crate::subscription::erased::ErasedSubscriber;
use crate::subscription::log::catalogue::Catalogue;
use crate::subscription::subscription_shared::SubscriptionShared;

/// The most events of a batch: more than usual, because each batch of a trial costs the database a savepoint that stays
/// until the end.
const BATCH: usize = 2_000;

/// One subscription of a manager.
pub(in crate::subscription) struct Part<C: CheckpointStore> {
    pub(in crate::subscription) core: Arc<SubscriptionShared>,
    pub(in crate::subscription) subscriber: Arc<dyn ErasedSubscriber<C::Unit>>,
}

/// The parts of a manager that a plan looks at.
pub(in crate::subscription) struct Planner<C: CheckpointStore> {
    pub(in crate::subscription) store: Arc<dyn EventLog>,
    pub(in crate::subscription) checkpoints: Arc<C>,
    pub(in crate::subscription) catalogue: Arc<Catalogue>,
    /// The subscriptions, by name.
    pub(in crate::subscription) parts: Vec<Part<C>>,
}

impl<C: CheckpointStore> Planner<C> {
    /// Reads the events of a subscription in `(after, to]`, up to a page. Returns the position up to which there are no
    /// others.
    pub(super) async fn page(
        &self,
        part: &Part<C>,
        after: Position,
        to: Position,
    ) -> Result<(Vec<Arc<RecordedEvent>>, Position), StoreError> {
        let limit = PageLimit::events(BATCH).within_bytes(part.core.config.batch_bytes);
        let mut page = self.store.read_log(after, &part.core.filter, limit).await?;
        page.events.retain(|event| event.position() <= to);
        Ok((page.events, if page.is_full { page.horizon.min(to) } else { to }))
    }
}
