//! When statements are planned anew: PostgreSQL keeps a plan that was made for the table as it was then.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::read_model::Table;

/// How many rows this process has written to each table.
///
/// A plan that PostgreSQL keeps for a statement was made for the table as it was then, and a read model begins empty: its
/// rows are found by reading all of them. Until the server looks at the table again, which may take a minute, a replay
/// writes a great many. So a statement has another text each time when four times as many were written.
#[derive(Debug, Default)]
pub(super) struct Plans(Mutex<BTreeMap<&'static str, usize>>);

/// While fewer rows than this are written, the first plan serves.
const FEW: usize = 1_000;

impl Plans {
    /// Rows were written.
    pub(super) fn written(&self, table: &Table, rows: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(table.name).or_default() += rows;
    }

    /// `sql`, as it is to be planned now.
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
