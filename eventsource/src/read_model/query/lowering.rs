//! Converts a query into the form that a backend gets, and a row into its place in the order of a query.

use super::after::Place;
use super::{Deleted, Query};
use crate::read_model::select::{By, Expr, Select, after, place};
use crate::read_model::{Cursor, ReadModel, ReadModelError, Stored};

impl<M: ReadModel> Query<M> {
    /// Returns the place of `row` in the order of the query, as a text for a URL. Give it to [`after`](Self::after) of
    /// a query with the same order. The row can come from any query.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// let order = Query::all().order_by(OrderRow::TOTAL.desc()).limit(20);
    /// let page = orders.find_stored(order.clone()).await?;
    /// let next_page = page.last().map(|last| format!("/orders?after={}", order.cursor(last)));
    /// # let _ = next_page;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    #[must_use]
    pub fn cursor(&self, row: &Stored<M>) -> Cursor {
        let order = self.whole_order();
        Cursor::new(M::TABLE, &order, place(&order, row.row()))
    }

    /// Returns the columns by which rows are ordered, with the id last.
    fn whole_order(&self) -> Vec<By> {
        let mut order = self.order.clone();
        order.push(By { column: M::TABLE.id, descending: false });
        order
    }

    /// Converts the query into the form that a backend gets.
    pub(crate) fn lower(self) -> Result<Select, ReadModelError> {
        let order = self.whole_order();
        let mut all: Vec<Expr> = self.condition.into_iter().collect();
        let column = M::TABLE.deleted_at();
        match self.deleted {
            Deleted::Hidden => all.push(Expr::Null { column, is: true }),
            Deleted::Only => all.push(Expr::Null { column, is: false }),
            Deleted::Shown => {}
        }
        match self.after.map(|after| after.place) {
            Some(Place::Row(row)) => all.push(after(&order, &place(&order, &row))),
            Some(Place::Cursor(cursor)) => all.push(cursor.after(M::TABLE, &order)?),
            None => {}
        }
        let condition = Expr::And(all);
        condition.check(M::TABLE)?;
        Ok(Select { condition, order, limit: self.limit, offset: self.offset })
    }
}
