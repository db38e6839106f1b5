//! What a batch knows about the tables.

use std::collections::{BTreeMap, HashMap, hash_map};

use super::entry::Entry;
use super::stored::Row;
use super::tables::{Before, RowChange};
use super::{ReadModelError, Table, Value};
use crate::projection::ChangesRefused;

/// What a batch knows about all tables, by name.
#[derive(Default)]
pub(super) struct IdentityMap {
    pub(super) maps: BTreeMap<&'static str, Map>,
    /// The first refusal. It is not tried again: a part of it may be in the transaction.
    pub(super) refused: Option<ChangesRefused>,
    /// Whether it is being written. A handler may cancel that; the changes must not be written twice.
    pub(super) writing: bool,
}

/// What a batch knows about one table, by id.
pub(super) struct Map {
    pub(super) table: &'static Table,
    pub(super) entries: HashMap<Value, Entry>,
}

/// The changes of a batch to one table, sorted by id, in the order in which they are written.
pub(super) struct Changes<'m> {
    pub(super) delete: Vec<&'m Value>,
    /// Rows that are new or were not read.
    pub(super) merge: Vec<RowChange<'m>>,
    /// Rows that were read.
    pub(super) update: Vec<RowChange<'m>>,
}

impl IdentityMap {
    /// Returns what is known about `table`. Two models of one table must be equal: they share its rows.
    pub(super) fn map(&mut self, table: &'static Table) -> Result<&mut Map, ReadModelError> {
        let map = self.maps.entry(table.name).or_insert_with(|| Map { table, entries: HashMap::new() });
        if map.table != table {
            let differences = vec!["another read model of this batch describes it differently".to_owned()];
            return Err(ReadModelError::mismatch(table, differences));
        }
        Ok(map)
    }
}

impl Map {
    /// Returns whether it is known what is in the table under `id`.
    pub(super) fn knows(&self, id: &Value) -> bool {
        self.entries.get(id).is_some_and(Entry::is_known)
    }

    /// Returns the row with this id, as far as it is known.
    pub(super) fn row(&self, id: &Value) -> Option<&Row> {
        self.entries.get(id).and_then(Entry::row)
    }

    /// Changes what is known about `id`.
    pub(super) fn change(&mut self, id: Value, change: impl FnOnce(Option<Entry>) -> Entry) {
        match self.entries.entry(id) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(change(None));
            }
            hash_map::Entry::Occupied(mut occupied) => {
                let entry = occupied.get_mut();
                *entry = change(Some(std::mem::replace(entry, Entry::Gone)));
            }
        }
    }

    /// Returns the changes that must be written.
    pub(super) fn changes(&self) -> Changes<'_> {
        let mut changes = Changes { delete: Vec::new(), merge: Vec::new(), update: Vec::new() };
        let mut changed: Vec<_> = self.entries.iter().filter(|(_, entry)| !matches!(entry, Entry::Clean(_))).collect();
        changed.sort_unstable_by_key(|(id, _)| *id);
        for (id, entry) in changed {
            match entry {
                Entry::Clean(_) => {}
                Entry::Blind(row) => changes.merge.push(RowChange { row, before: Before::Unread }),
                Entry::Changed { row, found: None } => {
                    changes.merge.push(RowChange { row, before: Before::Missing });
                }
                Entry::Changed { row, found: Some(version) } => {
                    changes.update.push(RowChange { row, before: Before::Version(*version) });
                }
                Entry::Gone => changes.delete.push(id),
                Entry::Replaced(row) => {
                    changes.delete.push(id);
                    changes.merge.push(RowChange { row, before: Before::Missing });
                }
            }
        }
        changes
    }

    /// Notes that the changes were written.
    pub(super) fn written(&mut self) {
        self.entries.retain(|_, entry| {
            let written = std::mem::replace(entry, Entry::Gone).written();
            written.map(|written| *entry = written).is_some()
        });
    }
}
