//! Compares two tables, both read in the order of their ids.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::future::Future;

use super::select::{By, Expr, Op, Select};
use super::stored::Row;
use super::{ReadModelError, Table, Value};
use crate::projection::{ColumnDifference, RowDifference, RowDifferenceKind, TableComparison};

/// The most rows of a page.
const PAGE: u64 = 1_000;

/// The rows of a table, page by page.
pub(crate) trait RowPages: Send {
    /// Returns the rows that the query selects.
    fn page(&mut self, query: &Select) -> impl Future<Output = Result<Vec<Row>, ReadModelError>> + Send;
}

/// One of the two tables.
struct Side<P> {
    pages: P,
    table: &'static Table,
    rows: VecDeque<Row>,
    last: Option<Value>,
    is_over: bool,
}

impl<P: RowPages> Side<P> {
    const fn new(table: &'static Table, pages: P) -> Self {
        Self { pages, table, rows: VecDeque::new(), last: None, is_over: false }
    }

    /// Returns the id of the next row.
    async fn next_id(&mut self) -> Result<Option<Value>, ReadModelError> {
        if self.rows.is_empty() && !self.is_over {
            let condition = match self.last.take() {
                Some(last) => Expr::compare(self.table.id, Op::Gt, last),
                None => Expr::And(Vec::new()),
            };
            let order = vec![By { column: self.table.id, descending: false }];
            let page = self.pages.page(&Select { condition, order, limit: Some(PAGE), offset: 0 }).await?;
            self.is_over = (page.len() as u64) < PAGE;
            self.last = page.last().map(|row| row.id(self.table));
            self.rows = page.into();
        }
        Ok(self.rows.front().map(|row| row.id(self.table)))
    }

    fn take(&mut self) -> Option<Row> {
        self.rows.pop_front()
    }
}

/// Compares the `live` rows of `table` with the `rebuilt` ones. Describes up to `most` of the rows that differ.
pub(crate) async fn compare(
    table: &'static Table,
    live: impl RowPages,
    rebuilt: impl RowPages,
    most: usize,
) -> Result<TableComparison, ReadModelError> {
    let (mut live, mut rebuilt) = (Side::new(table, live), Side::new(table, rebuilt));
    let mut comparison = TableComparison::new(table.name);
    loop {
        let (id, order) = match (live.next_id().await?, rebuilt.next_id().await?) {
            (None, None) => return Ok(comparison),
            (Some(id), None) => (id, Ordering::Less),
            (None, Some(id)) => (id, Ordering::Greater),
            (Some(one), Some(other)) => {
                let order = one.cmp(&other);
                (one.min(other), order)
            }
        };
        let seen = if order.is_le() { live.take() } else { None };
        let given = if order.is_ge() { rebuilt.take() } else { None };
        comparison.rows += u64::from(seen.is_some());
        let kind = match (seen, given) {
            (Some(seen), Some(given)) => {
                let columns = differences(table, &seen, &given);
                if columns.is_empty() {
                    continue;
                }
                comparison.different += 1;
                RowDifferenceKind::Different { columns }
            }
            (None, _) => {
                comparison.missing += 1;
                RowDifferenceKind::Missing {}
            }
            (_, None) => {
                comparison.extra += 1;
                RowDifferenceKind::Extra {}
            }
        };
        if comparison.differences.len() < most {
            comparison.differences.push(RowDifference::new(id.to_string(), kind));
        }
    }
}

fn differences(table: &Table, live: &Row, rebuilt: &Row) -> Vec<ColumnDifference> {
    let columns = table.all_columns().enumerate();
    let different = columns.filter(|(at, _)| live.value(*at) != rebuilt.value(*at));
    different
        .map(|(at, column)| {
            ColumnDifference::new(column.name, live.value(at).to_string(), rebuilt.value(at).to_string())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::read_model::{ColumnDef, ColumnKind};

    static TABLE: Table = Table::new(
        "orders",
        &[ColumnDef::new("id", "id", ColumnKind::I64, false), ColumnDef::new("total", "total", ColumnKind::I64, false)],
        0,
    );

    struct Rows(Vec<Row>);

    impl RowPages for Rows {
        async fn page(&mut self, query: &Select) -> Result<Vec<Row>, ReadModelError> {
            Ok(query.apply(&self.0))
        }
    }

    fn rows(of: impl IntoIterator<Item = (i64, i64)>) -> Rows {
        let row = |(id, total)| Row::new(vec![Value::Int(id), Value::Int(total)], DateTime::UNIX_EPOCH);
        Rows(of.into_iter().map(row).collect())
    }

    #[tokio::test]
    async fn each_difference_is_found_over_several_pages() {
        let live = (0..5_000).filter(|id| *id != 7).map(|id| (id, if id == 2_500 { -1 } else { id }));
        let given = (0..4_999).map(|id| (id, id));
        let comparison = compare(&TABLE, rows(live), rows(given), 100).await.unwrap();
        assert_eq!((comparison.rows, comparison.missing, comparison.extra, comparison.different), (4_999, 1, 1, 1));
        let ids: Vec<_> = comparison.differences.iter().map(|row| (&*row.id, row.kind.clone())).collect();
        let columns = vec![ColumnDifference::new("total", "-1", "2500")];
        assert_eq!(
            ids,
            [
                ("7", RowDifferenceKind::Missing {}),
                ("2500", RowDifferenceKind::Different { columns }),
                ("4999", RowDifferenceKind::Extra {})
            ]
        );
    }

    #[tokio::test]
    async fn equal_tables_have_no_difference_and_few_are_described() {
        let equal = compare(&TABLE, rows([(1, 1)]), rows([(1, 1)]), 100).await.unwrap();
        assert!(equal.is_equal() && equal.rows == 1, "{equal:?}");
        let all = compare(&TABLE, rows((0..50).map(|id| (id, 0))), rows([]), 3).await.unwrap();
        assert_eq!((all.extra, all.differences.len()), (50, 3));
    }
}
