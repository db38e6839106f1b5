//! What a batch knows of the tables.

use std::collections::{BTreeMap, HashMap, hash_map};

use super::entry::Entry;
use super::port::{Before, RowChange};
use super::stored::Row;
use super::{ReadModelError, Table, Value};
use crate::projection::ChangesRefused;

/// What a batch knows of all tables, by their names.
#[derive(Default)]
pub(super) struct IdentityMap {
    pub(super) maps: BTreeMap<&'static str, Map>,
    /// What was refused once is not tried again: the transaction may hold a part of it.
    pub(super) refused: Option<ChangesRefused>,
    /// Whether it is being written. A handler may drop that half-way; it is not to be written twice.
    pub(super) writing: bool,
}

/// What a batch knows of one table, by the ids.
pub(super) struct Map {
    pub(super) table: &'static Table,
    pub(super) entries: HashMap<Value, Entry>,
}

/// What a batch has changed in one table, sorted by the ids, in the order in which it is written.
pub(super) struct Changes<'m> {
    pub(super) delete: Vec<&'m Value>,
    /// What is new, or has not been read.
    pub(super) merge: Vec<RowChange<'m>>,
    /// What was read.
    pub(super) update: Vec<RowChange<'m>>,
}

impl IdentityMap {
    /// What is known of `table`. Two models of one table have to agree: they share its rows.
    pub(super) fn map(&mut self, table: &'static Table) -> Result<&mut Map, ReadModelError> {
        let map = self.maps.entry(table.name).or_insert_with(|| Map { table, entries: HashMap::new() });
        if map.table != table {
            let differences = vec!["another read model of this batch describes it otherwise".to_owned()];
            return Err(ReadModelError::mismatch(table, differences));
        }
        Ok(map)
    }
}

impl Map {
    /// Whether it is known what is there under `id`.
    pub(super) fn knows(&self, id: &Value) -> bool {
        self.entries.get(id).is_some_and(Entry::is_known)
    }

    /// The row with this id, as far as it is known.
    pub(super) fn row(&self, id: &Value) -> Option<&Row> {
        self.entries.get(id).and_then(Entry::row)
    }

    /// Changes what is known of `id`.
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

    /// What is to be written.
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

    /// It has been written.
    pub(super) fn written(&mut self) {
        self.entries.retain(|_, entry| {
            let written = std::mem::replace(entry, Entry::Gone).written();
            written.map(|written| *entry = written).is_some()
        });
    }
}
