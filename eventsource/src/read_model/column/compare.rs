//! The conditions on a column that compare it with values.

use super::{Column, IntoColumnValue};
use crate::read_model::select::{Expr, Op};
use crate::read_model::{Comparable, Condition, InvalidField, InvalidValue, ReadModel, Value};

/// The values that a column is compared with, without null.
struct List {
    values: Vec<Value>,
    has_null: bool,
}

// The bound is on the methods, so that an error of the compiler names the method.
impl<M: ReadModel, T> Column<M, T> {
    fn compare(self, op: Op, value: impl IntoColumnValue<T>) -> Condition<M> {
        Condition::new(match value.into_value() {
            Ok(value) => Expr::compare(self.index, op, value),
            Err(reason) => self.unfit(reason),
        })
    }

    fn unfit(self, reason: InvalidValue) -> Expr {
        let field = M::TABLE.column(self.index).map_or("", |column| column.field);
        Expr::InvalidValue(InvalidField::new(field, reason))
    }

    /// Selects the rows in which the column is equal to `value`. For `None`, selects the rows in which it is null.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use eventsource::read_model::{Query, ReadModel};
    ///
    /// #[derive(ReadModel)]
    /// struct OrderRow {
    ///     #[read_model(id)]
    ///     id: u64,
    ///     carrier: Option<String>,
    /// }
    ///
    /// let unshipped = Query::from(OrderRow::CARRIER.eq(None));
    /// let by_post = Query::from(OrderRow::CARRIER.eq("post"));
    /// # let _ = (unshipped, by_post);
    /// # }
    /// ```
    pub fn eq(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Eq, value)
    }

    /// Selects the rows in which the column is neither `value` nor null. For `None`, selects the rows in which it is
    /// not null.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// // Rows without a carrier do not match.
    /// let by_others = Query::from(OrderRow::CARRIER.ne("post"));
    /// # let _ = by_others;
    /// # }
    /// ```
    pub fn ne(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Ne, value)
    }

    /// Selects the rows in which the column is less than `value`. Null columns do not match; for `None`, no row
    /// matches.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let small = Query::from(OrderRow::TOTAL.lt(100));
    /// # let _ = small;
    /// # }
    /// ```
    pub fn lt(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Lt, value)
    }

    /// Selects the rows in which the column is less than or equal to `value`. Null columns do not match; for `None`, no
    /// row matches.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let at_most_a_hundred = Query::from(OrderRow::TOTAL.le(100));
    /// # let _ = at_most_a_hundred;
    /// # }
    /// ```
    pub fn le(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Le, value)
    }

    /// Selects the rows in which the column is greater than `value`. Null columns do not match; for `None`, no row
    /// matches.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let large = Query::from(OrderRow::TOTAL.gt(100));
    /// # let _ = large;
    /// # }
    /// ```
    pub fn gt(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Gt, value)
    }

    /// Selects the rows in which the column is greater than or equal to `value`. Null columns do not match; for `None`,
    /// no row matches.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let from_50_to_100 = Query::from(OrderRow::TOTAL.ge(50).and(OrderRow::TOTAL.le(100)));
    /// # let _ = from_50_to_100;
    /// # }
    /// ```
    pub fn ge(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Ge, value)
    }

    /// Selects the rows in which the column is one of `values`. Nulls in `values` select nothing: to include rows
    /// without a value, add `.or(column.is_null())`. Without values, no row matches.
    ///
    /// The number of values is not limited, except for floats in SQLite: at most 32,764.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// let open = Query::from(OrderRow::STATUS.is_in(["placed", "paid"]));
    /// # let _ = open;
    /// # }
    /// ```
    pub fn is_in<V: IntoColumnValue<T>>(self, values: impl IntoIterator<Item = V>) -> Condition<M>
    where
        T: Comparable,
    {
        Condition::new(match self.list(values) {
            Ok(list) => Expr::In { column: self.index, is: true, values: list.values },
            Err(unfit) => unfit,
        })
    }

    /// Selects the rows in which the column is none of `values`, and not null. Without values there is nothing to
    /// compare with, so every row matches, even if the column is null.
    ///
    /// The number of values is not limited, except for floats in SQLite: at most 32,764.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use eventsource::prelude::*;
    ///
    /// #[derive(ReadModel)]
    /// #[read_model(table = "orders")]
    /// struct OrderRow { #[read_model(id)] id: uuid::Uuid, status: String }
    ///
    /// let open = Query::from(OrderRow::STATUS.not_in(["shipped", "cancelled"]));
    /// # let _ = open;
    /// # }
    /// ```
    pub fn not_in<V: IntoColumnValue<T>>(self, values: impl IntoIterator<Item = V>) -> Condition<M>
    where
        T: Comparable,
    {
        Condition::new(match self.list(values) {
            Ok(List { values, has_null: false }) if values.is_empty() => Expr::And(Vec::new()),
            Ok(List { values, .. }) if values.is_empty() => Expr::Null { column: self.index, is: false },
            Ok(List { values, .. }) => Expr::In { column: self.index, is: false, values },
            Err(unfit) => unfit,
        })
    }

    fn list<V: IntoColumnValue<T>>(self, values: impl IntoIterator<Item = V>) -> Result<List, Expr> {
        let mut list = List { values: Vec::new(), has_null: false };
        for value in values {
            match value.into_value() {
                Ok(value) if value.is_null() => list.has_null = true,
                Ok(value) => list.values.push(value),
                Err(reason) => return Err(self.unfit(reason)),
            }
        }
        Ok(list)
    }
}
