//! Checks a projection before it is subscribed.

use super::SubscriptionManager;
use crate::event::EventFilter;
use crate::projection::{Checkpoint, CheckpointStore, KindFacts, Table, TableTaken};
use crate::subscription::SubscribeError;
use crate::subscription::config::{OnChange, SubscriptionConfig};
use crate::subscription::subscription_shared::newer_version;

impl<C: CheckpointStore> SubscriptionManager<C> {
    /// Returns which of `tables` belongs to another subscription of this manager.
    pub(super) fn taken_here(&self, tables: &[&'static Table]) -> Option<TableTaken> {
        let slots = self.slots();
        let mut owned = slots.values().flat_map(|slot| slot.core.tables.iter().map(|owned| (&slot.core.name, *owned)));
        owned.find_map(|(owner, owned)| tables.iter().find_map(|table| TableTaken::by(table, owned, owner)))
    }

    /// Makes the subscription the owner of its tables. Fails if a subscription of any process owns one of them.
    pub(super) async fn own(&self, name: &str, tables: &[&'static Table]) -> Result<(), SubscribeError> {
        let Some(owners) = self.checkpoints.owners().filter(|_| !tables.is_empty()) else { return Ok(()) };
        match owners.own(name, tables).await {
            Ok(None) => Ok(()),
            Ok(Some(taken)) => Err(SubscribeError::TableTaken { subscription: name.to_owned(), taken }),
            Err(source) => Err(SubscribeError::Checkpoint { subscription: name.to_owned(), source }),
        }
    }

    pub(super) fn check_registry(&self, name: &str, filter: &EventFilter) -> Result<(), SubscribeError> {
        let duplicate = self.catalogue.registry().duplicates().iter().find(|duplicate| {
            filter.event_types().is_none_or(|mut handled| handled.any(|handled| handled == duplicate.name))
        });
        duplicate.cloned().map_or(Ok(()), |duplicate| {
            Err(SubscribeError::DuplicateEvent { subscription: name.to_owned(), duplicate })
        })
    }

    /// Returns the checkpoint, if there is one. Refuses a checkpoint of another version of the projection, unless the
    /// configuration says otherwise ([changes are noticed](crate::guarantees#changes-are-noticed)).
    pub(super) async fn check_start(
        &self,
        name: &str,
        facts: KindFacts,
        config: &SubscriptionConfig,
        fingerprint: &str,
        projection: &(String, u32),
    ) -> Result<Option<Checkpoint>, SubscribeError> {
        if !facts.has_stored_checkpoint {
            return Ok(None);
        }
        let checkpoint = match self.checkpoints.load(name).await {
            Ok(checkpoint) => checkpoint,
            Err(source) => return Err(SubscribeError::Checkpoint { subscription: name.to_owned(), source }),
        };
        if config.on_change == OnChange::Refuse
            && let Some(found) = &checkpoint
            && let Some(stored) = newer_version(&found.fingerprint, projection, config)
        {
            let (subscription, version) = (name.to_owned(), projection.1);
            return Err(SubscribeError::OlderVersion { subscription, stored, version });
        }
        // A durable memory projection replays the log into a new state.
        if config.on_change == OnChange::Refuse
            && !facts.stores_state()
            && let Some(stored) =
                checkpoint.as_ref().map(|found| &found.fingerprint).filter(|stored| *stored != fingerprint)
        {
            let (stored, current) = (stored.clone(), fingerprint.to_owned());
            return Err(SubscribeError::Changed { subscription: name.to_owned(), stored, current });
        }
        match checkpoint {
            Some(found) if config.require_fresh => {
                Err(SubscribeError::CheckpointExists { subscription: name.to_owned(), position: found.position })
            }
            checkpoint => Ok(checkpoint),
        }
    }
}
