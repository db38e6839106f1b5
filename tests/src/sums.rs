//! A projection into a read model that shows whatever goes wrong: sums, and how often each of them was changed.

use eventsource::prelude::*;
use eventsource::read_model::Stored;

use crate::domain::Bumped;

/// The bumps of which the number has one last digit.
#[derive(Debug, Clone, PartialEq, Eq, ReadModel)]
#[read_model(table = "bump_sums")]
pub struct SumRow {
    /// The digit.
    #[read_model(id)]
    pub digit: u64,
    /// Their sum.
    pub total: u64,
    /// How many they are.
    pub bumps: u64,
    /// Where the last one stands.
    pub last: u64,
}

/// Bumps as sums.
#[derive(Debug, Clone)]
pub struct BumpSums;

#[projection(name = "bump-sums", read_models(SumRow))]
impl BumpSums {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, sums: &mut Repository<SumRow>) -> Result<(), ReadModelError> {
        let digit = event.by % 10;
        let row = sums.get(digit).await?.unwrap_or(SumRow { digit, total: 0, bumps: 0, last: 0 });
        let (total, bumps, last) = (row.total + event.by, row.bumps + 1, event.position().value());
        sums.save(SumRow { digit, total, bumps, last }).await
    }
}

impl BumpSums {
    /// Whether each row was changed as often as there were bumps for it.
    pub fn counted_once(rows: &[Stored<SumRow>]) -> bool {
        rows.iter().all(|row| row.version() == row.bumps)
    }

    /// The rows as a fold of the log gives them: what they have to be.
    pub fn fold(bumps: &[(i64, i64)]) -> Vec<SumRow> {
        let mut rows = std::collections::BTreeMap::new();
        for &(position, by) in bumps {
            let (position, by) = (position as u64, by as u64);
            let empty = SumRow { digit: by % 10, total: 0, bumps: 0, last: 0 };
            let row: &mut SumRow = rows.entry(by % 10).or_insert(empty);
            (row.total, row.bumps, row.last) = (row.total + by, row.bumps + 1, position);
        }
        rows.into_values().collect()
    }
}
