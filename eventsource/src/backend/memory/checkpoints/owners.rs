//! The owners of the tables of read models in memory.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use async_trait::async_trait;

use super::{MemoryCheckpoints, Subscriptions};
use crate::event::SliceRange;
use crate::projection::generation::next_checkpoint;
use crate::projection::owner::key;
use crate::projection::{CheckpointError, HandedOver, StoredSubscription, Table, TableOwners, TableTaken};

/// The owned tables by key: the name of the table, and the subscription.
pub(super) type Owned = BTreeMap<String, (String, String)>;

#[async_trait]
impl TableOwners for MemoryCheckpoints {
    async fn own(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError> {
        let subscriptions = self.subscriptions();
        let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = taken(&subscriptions, &owned, name, tables) {
            return Ok(Some(taken));
        }
        owned.extend(tables.iter().map(|table| (key(table), (table.name.to_owned(), name.to_owned()))));
        Ok(None)
    }

    async fn taken(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError> {
        let subscriptions = self.subscriptions();
        let owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(taken(&subscriptions, &owned, name, tables))
    }

    async fn disown_all_but(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        owned.retain(|owned, (_, owner)| owner != name || tables.iter().any(|table| key(table) == *owned));
        Ok(())
    }

    async fn hand_over(&self, from: &str, to: &str) -> Result<HandedOver, CheckpointError> {
        let mut subscriptions = self.subscriptions();
        let stored = subscriptions.get(from).filter(|stored| stored.checkpoint(SliceRange::ALL).is_some());
        let Some(stored) = stored else { return Ok(HandedOver::Missing) };
        if let Some(owner) = stored.owner(self.clock.now()) {
            return Ok(HandedOver::Held { owner: owner.to_owned() });
        }
        if subscriptions.get(to).is_some_and(StoredSubscription::is_in_use) {
            return Ok(HandedOver::Exists);
        }
        for (before, after) in [(from.to_owned(), to.to_owned()), (next_checkpoint(from), next_checkpoint(to))] {
            let Some(mut stored) = subscriptions.remove(&before) else { continue };
            let moved = stored.hand_over(&after, subscriptions.get(&after), from, to);
            subscriptions.insert(before, stored);
            subscriptions.insert(after, moved);
        }
        let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, owner) in owned.values_mut().filter(|(_, owner)| owner == from) {
            to.clone_into(owner);
        }
        Ok(HandedOver::Yes)
    }
}

/// Returns why the subscription `name` cannot own all `tables`.
fn taken(subscriptions: &Subscriptions, owned: &Owned, name: &str, tables: &[&'static Table]) -> Option<TableTaken> {
    tables.iter().find_map(|table| {
        let found = owned.get(&key(table));
        let found = found.filter(|(_, owner)| subscriptions.get(owner).is_some_and(StoredSubscription::is_in_use));
        found.and_then(|(other, owner)| TableTaken::of(name, table, other, owner))
    })
}
