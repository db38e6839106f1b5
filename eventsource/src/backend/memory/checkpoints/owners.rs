//! The owners of the tables of read models in memory.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{MemoryCheckpoints, Row};
use crate::projection::generation::next_checkpoint;
use crate::projection::owner::{key, renamed};
use crate::projection::{CheckpointError, HandedOver, Table, TableOwners, TableTaken};

/// The owned tables by key: the name of the table, and the subscription.
pub(super) type Owned = BTreeMap<String, (String, String)>;

impl Row {
    /// Returns whether it is a checkpoint, or becomes one that is being rebuilt at the next claim.
    fn is_in_use(&self) -> bool {
        self.checkpoint.is_some() || self.rebuild_to.is_some()
    }
}

#[async_trait]
impl TableOwners for MemoryCheckpoints {
    async fn own(&self, name: &str, tables: &[&'static Table]) -> Result<Option<TableTaken>, CheckpointError> {
        let rows = self.rows();
        let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        for table in tables {
            let found = owned.get(&key(table));
            let found = found.filter(|(_, owner)| rows.get(owner).is_some_and(Row::is_in_use));
            if let Some(taken) = found.and_then(|(other, owner)| TableTaken::of(name, table, other, owner)) {
                return Ok(Some(taken));
            }
        }
        owned.extend(tables.iter().map(|table| (key(table), (table.name.to_owned(), name.to_owned()))));
        Ok(None)
    }

    async fn disown_all_but(&self, name: &str, tables: &[&'static Table]) -> Result<(), CheckpointError> {
        let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        owned.retain(|owned, (_, owner)| owner != name || tables.iter().any(|table| key(table) == *owned));
        Ok(())
    }

    async fn hand_over(&self, from: &str, to: &str) -> Result<HandedOver, CheckpointError> {
        let mut rows = self.rows();
        let Some(row) = rows.get(from).filter(|row| row.checkpoint.is_some()) else { return Ok(HandedOver::Missing) };
        if let Some((owner, _)) = row.leased.as_ref().filter(|(_, until)| *until > Instant::now()) {
            return Ok(HandedOver::Held { owner: owner.to_string() });
        }
        if rows.get(to).is_some_and(Row::is_in_use) {
            return Ok(HandedOver::Exists);
        }
        for (before, after) in [(from.to_owned(), to.to_owned()), (next_checkpoint(from), next_checkpoint(to))] {
            let Some(mut row) = rows.remove(&before) else { continue };
            // Both names continue with an epoch that no owner has had.
            let epoch = row.epoch.max(rows.get(&after).map_or(0, |row| row.epoch)) + 1;
            rows.insert(before, Row { epoch, ..Row::default() });
            if let Some(checkpoint) = &mut row.checkpoint {
                checkpoint.fingerprint = renamed(&checkpoint.fingerprint, from, to);
                (checkpoint.name, checkpoint.epoch) = (after.clone(), epoch);
            }
            if let Some(snapshot) = &mut row.snapshot {
                snapshot.fingerprint = renamed(&snapshot.fingerprint, from, to);
            }
            row.letters.rename(&after);
            row.epoch = epoch;
            row.leased = None;
            rows.insert(after, row);
        }
        let mut owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, owner) in owned.values_mut().filter(|(_, owner)| owner == from) {
            to.clone_into(owner);
        }
        Ok(HandedOver::Yes)
    }
}
