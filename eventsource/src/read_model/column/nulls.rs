//! What a column gives without a value to compare with.

use std::fmt;

use super::Column;
use crate::read_model::select::Expr;
use crate::read_model::{Condition, ReadModel};

impl<M: ReadModel, T> Column<M, T> {
    /// Returns the name of the column in the table.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// assert_eq!(OrderRow::STATUS.name(), "status");
    /// # }
    /// ```
    #[must_use]
    pub fn name(&self) -> &'static str {
        M::TABLE.column(self.index).map_or("", |column| column.name)
    }

    /// Selects the rows in which the column is null. A column whose field is no `Option` is never null.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let unshipped = Query::from(OrderRow::CARRIER.is_null());
    /// # let _ = unshipped;
    /// # }
    /// ```
    pub const fn is_null(self) -> Condition<M> {
        Condition::new(Expr::Null { column: self.index, is: true })
    }

    /// Selects the rows in which the column is not null.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let shipped = Query::from(OrderRow::CARRIER.is_not_null());
    /// # let _ = shipped;
    /// # }
    /// ```
    pub const fn is_not_null(self) -> Condition<M> {
        Condition::new(Expr::Null { column: self.index, is: false })
    }
}

impl<M, T> Clone for Column<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Column<M, T> {}

impl<M, T> fmt::Debug for Column<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column").field("index", &self.index).finish()
    }
}
