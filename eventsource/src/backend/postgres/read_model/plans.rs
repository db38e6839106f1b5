//! When statements are planned again: PostgreSQL caches a plan that fitted the table as it was at that time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::read_model::Table;

/// The number of rows that this process has written to each table.
///
/// PostgreSQL caches the plan of a prepared statement. A read model begins empty, and the plan for an empty table reads
/// all rows. Until the server analyses the table, which may take a minute, a replay writes many rows. So the text of a
/// statement changes each time four times as many rows were written, and the server plans it again.
#[derive(Debug, Default)]
pub(super) struct Plans(Mutex<BTreeMap<&'static str, usize>>);

/// Up to this number of rows, the first plan is used.
const FEW: usize = 1_000;

impl Plans {
    /// Notes written rows.
    pub(super) fn written(&self, table: &Table, rows: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(table.name).or_default() += rows;
    }

    /// Returns `sql` with the number of its current plan.
    pub(super) fn planned(&self, table: &Table, mut sql: String) -> String {
        let written =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get(table.name).copied().unwrap_or_default();
        if let Some(times) = (written / FEW).checked_ilog(4) {
            sql.push_str(&format!(" /* plan {times} */"));
        }
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statement_is_planned_again_when_four_times_as_much_is_written() {
        let (table, other) = (Table::new("a", &[], 0), Table::new("b", &[], 0));
        let plans = Plans::default();
        let mut texts = Vec::new();
        for _ in 0..70_000 / 500 {
            texts.push(plans.planned(&table, "SELECT".to_owned()));
            plans.written(&table, 500);
        }
        texts.dedup();
        assert_eq!(
            texts,
            ["SELECT", "SELECT /* plan 0 */", "SELECT /* plan 1 */", "SELECT /* plan 2 */", "SELECT /* plan 3 */"]
        );
        assert_eq!(plans.planned(&other, "SELECT".to_owned()), "SELECT");
    }
}
