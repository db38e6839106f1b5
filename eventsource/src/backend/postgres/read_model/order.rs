//! Which rows a batch waits for: only rows after all that it holds, so that two batches never wait for each other.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::read_model::{Table, Value};

/// What a statement does about rows that another transaction holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locks {
    /// It waits for them, in the order of their ids.
    Waits,
    /// It skips them, or fails.
    NeverWaits,
    /// There are none: the batch holds all rows of the statement.
    Has,
}

/// The rows that a batch holds.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    /// The last row, in the order of table names and row ids.
    last: Option<(&'static str, Value)>,
    /// The tables of which it has read rows without locking them.
    read_only: BTreeSet<&'static str>,
}

impl Held {
    /// Returns how the rows with these sorted ids are locked. The batch does not wait for a row before one that it
    /// holds: the transaction that holds it may be waiting for this batch.
    pub(super) fn next<'v>(&self, table: &Table, ids: impl IntoIterator<Item = &'v Value>) -> Locks {
        let mut ids = ids.into_iter();
        let Some(first) = ids.next() else { return Locks::Waits };
        let last = ids.last().unwrap_or(first);
        let mut held = self.rows();
        let row = |id: &Value| Some((table.name, id.clone()));
        let locks = if row(first) > held.last { Locks::Waits } else { Locks::NeverWaits };
        let last = row(last);
        if last > held.last {
            held.last = last;
        }
        locks
    }

    /// Returns how rows of `table` with these sorted ids are locked that the batch has read or created before.
    pub(super) fn again<'v>(&self, table: &Table, ids: impl IntoIterator<Item = &'v Value>) -> Locks {
        let read_only = self.rows().read_only.contains(table.name);
        if read_only { self.next(table, ids) } else { Locks::Has }
    }

    /// Notes that rows of `table` were read, possibly without a lock.
    pub(super) fn read_only(&self, table: &Table) {
        self.rows().read_only.insert(table.name);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_later_is_waited_for() {
        let [a, b] = ["a", "b"].map(|name| Table::new(name, &[], 0));
        let held = Held::default();
        let next = |table, ids: &[i64]| held.next(table, &ids.iter().map(|id| Value::Int(*id)).collect::<Vec<_>>());
        assert_eq!(next(&a, &[]), Locks::Waits);
        assert_eq!(next(&a, &[3, 5]), Locks::Waits);
        assert_eq!(next(&a, &[5]), Locks::NeverWaits);
        assert_eq!(next(&a, &[4, 9]), Locks::NeverWaits);
        assert_eq!(next(&a, &[8]), Locks::NeverWaits, "9 is held");
        assert_eq!(next(&a, &[10]), Locks::Waits);
        assert_eq!(next(&b, &[1]), Locks::Waits);
        assert_eq!(next(&a, &[11]), Locks::NeverWaits);
    }

    #[test]
    fn read_rows_are_locked_unless_out_of_order() {
        let [a, b] = ["a", "b"].map(|name| Table::new(name, &[], 0));
        let held = Held::default();
        assert_eq!(held.again(&a, &[Value::Int(1)]), Locks::Has);
        held.read_only(&a);
        assert_eq!(held.again(&a, &[Value::Int(1)]), Locks::Waits);
        assert_eq!(held.again(&a, &[Value::Int(1)]), Locks::NeverWaits);
        assert_eq!(held.again(&b, &[Value::Int(1)]), Locks::Has);
    }
}
