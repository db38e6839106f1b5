//! When statements are planned again: PostgreSQL caches a plan that fitted the table as it was at that time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::backend::sql::read_model::{Generation, TableRef};

/// The number of rows that this process has written to each table.
///
/// PostgreSQL caches the plan of a prepared statement. A read model begins empty, and the plan for an empty table reads
/// all rows. Until the server analyses the table, which may take a minute, a replay writes many rows. So the text of a
/// statement changes each time four times as many rows were written, and the server plans it again.
#[derive(Debug, Default)]
pub(in crate::backend) struct Plans(Mutex<BTreeMap<(&'static str, Generation), usize>>);

/// Up to this number of rows, the first plan is used.
const FEW: usize = 1_000;

impl Plans {
    /// Notes written rows.
    pub(in crate::backend) fn written(&self, table: TableRef, rows: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(table.key()).or_default() += rows;
    }

    /// Returns `sql` with the number of its current plan.
    pub(in crate::backend) fn planned(&self, table: TableRef, mut sql: String) -> String {
        let written =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&table.key()).copied().unwrap_or_default();
        if let Some(times) = (written / FEW).checked_ilog(4) {
            sql.push_str(&format!(" /* plan {times} */"));
        }
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_model::Table;

    #[test]
    fn statement_is_planned_again_when_four_times_as_much_is_written() {
        static TABLE: Table = Table::new("a", &[], 0);
        let (table, other) = (TableRef::live(&TABLE), TableRef::next(&TABLE));
        let plans = Plans::default();
        let mut texts = Vec::new();
        for _ in 0..70_000 / 500 {
            texts.push(plans.planned(table, "SELECT".to_owned()));
            plans.written(table, 500);
        }
        texts.dedup();
        assert_eq!(
            texts,
            ["SELECT", "SELECT /* plan 0 */", "SELECT /* plan 1 */", "SELECT /* plan 2 */", "SELECT /* plan 3 */"]
        );
        assert_eq!(plans.planned(other, "SELECT".to_owned()), "SELECT");
    }
}
