//! What the port of operators needs of a manager.

use std::sync::Arc;

use super::SubscriptionManager;
use crate::catalogue::Registry;
use crate::event::{EventFilter, Position};
use crate::projection::CheckpointStore;
use crate::projection::operations::{Answer, NewRequest};
use crate::store::{EventLog, StoreError, StoredType};
use crate::subscription::handle::wait::Target;
use crate::subscription::log::catalogue::NO_TYPES;
use crate::subscription::subscription_shared::SubscriptionShared;
use crate::subscription::{Action, ManagerError, SubscriptionSnapshot, Wait, WaitTarget};

/// A subscription of this manager, for operators.
pub(crate) struct Supervised {
    pub(crate) snapshot: SubscriptionSnapshot,
    pub(crate) kind: String,
    pub(crate) fingerprint: String,
    pub(crate) handles: Option<Vec<String>>,
    /// Whether this process runs it: it owns the checkpoint, or there is none.
    pub(crate) is_here: bool,
    /// Whether it is in the memory of this process only.
    pub(crate) is_in_memory: bool,
}

impl Supervised {
    fn of(core: &Arc<SubscriptionShared>) -> Self {
        let snapshot = SubscriptionSnapshot::of(core);
        Self {
            is_here: snapshot.state.is_running() && !core.runs_elsewhere(&snapshot.state),
            kind: core.kind.to_string(),
            fingerprint: core.fingerprint.clone(),
            handles: core.filter.event_types().map(|types| types.map(str::to_owned).collect()),
            is_in_memory: !core.facts.has_stored_checkpoint,
            snapshot,
        }
    }
}

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Returns the stores of this manager.
    pub(crate) fn stores(&self) -> (Arc<C>, Arc<dyn EventLog>) {
        (Arc::clone(&self.checkpoints), Arc::clone(&self.store))
    }

    /// Returns the name under which this manager owns checkpoints.
    pub(crate) fn owner_name(&self) -> &str {
        &self.owner
    }

    /// Returns the subscriptions.
    pub(crate) fn supervised(&self) -> Vec<Supervised> {
        self.cores().iter().map(Supervised::of).collect()
    }

    /// Returns one subscription, if there is one with this name.
    pub(crate) fn supervised_one(&self, name: &str) -> Option<Supervised> {
        self.slot(name).ok().map(|slot| Supervised::of(&slot.core))
    }

    /// The event types of the program.
    pub(crate) fn registry(&self) -> &Registry {
        self.catalogue.registry()
    }

    /// Returns the first `limit` types of events in the log that neither the registry nor a subscription knows.
    pub(crate) async fn unknown_types(&self, limit: usize) -> Result<Vec<StoredType>, StoreError> {
        // Without a subscription, no types are known yet.
        self.catalogue.learn(&EventFilter::types(Vec::<String>::new()));
        let head = self.store.head().await?;
        self.catalogue.unknown_in(&*self.store, Position::START, head, limit, &NO_TYPES).await
    }

    /// Does what an operator asks, in this process.
    pub(crate) async fn perform(
        &self,
        name: &str,
        action: Action,
        request: &NewRequest,
    ) -> Result<Answer, ManagerError> {
        Ok(self.slot(name)?.perform(action, request, &self.owner, 0).await)
    }

    /// Returns a wait for the event at `target`; for the end of the log without one.
    pub(crate) fn wait(&self, name: &str, target: Option<WaitTarget>) -> Result<Wait, ManagerError> {
        let slot = self.slot(name)?;
        let target = target.map_or(Target::Head, Target::Applied);
        Ok(Wait::new(Arc::clone(&slot.core), slot as _, target))
    }
}
