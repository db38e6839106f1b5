//! The columns of a model, as queries name them.

mod into_value;
mod list;
mod nulls;

use std::marker::PhantomData;

pub use into_value::IntoColumnValue;

use self::list::List;
use super::select::{By, Expr, Op};
use super::stored::About;
use super::{Comparable, Condition, Order, ReadModel};

/// A column of the model `M` that holds values of the type `T`. `#[derive(ReadModel)]` generates one constant for each
/// field, with the name of the field in upper case.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::{Query, ReadModel};
/// use uuid::Uuid;
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: Uuid,
///     status: String,
///     total: i64,
/// }
///
/// let large = OrderRow::STATUS.is_in(["placed", "paid"]).and(OrderRow::TOTAL.ge(100));
/// let query = Query::from(large).order_by(OrderRow::TOTAL.desc()).limit(10);
/// # }
/// ```
///
/// As in SQL, a comparison with a null column does not match. Unlike SQL, [`eq`](Self::eq) with `None` selects nulls. A
/// float that is NaN (not on SQLite, which refuses it) is equal to itself and greater than all numbers.
///
/// A field that the model does not have does not compile:
///
/// ```compile_fail
/// # use eventsource::read_model::ReadModel;
/// # #[derive(ReadModel)]
/// # struct OrderRow { #[read_model(id)] id: uuid::Uuid, status: String, total: i64 }
/// // `OrderRow` has no field `colour`.
/// let query = OrderRow::COLOUR.eq("red");
/// ```
pub struct Column<M, T> {
    index: usize,
    about: About<(M, T)>,
}

impl<M, T> Column<M, T> {
    /// Creates the column with this index in the table. Only generated code calls it.
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self { index, about: PhantomData }
    }
}

// These methods stand in the module of the type, and have the bounds themselves: so an error of the compiler names the
// method as `Column::eq`.
impl<M: ReadModel, T> Column<M, T> {
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

    /// Orders by this column, the smallest value first and null before all values.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let by_status = Query::all().order_by(OrderRow::STATUS.asc()).order_by(OrderRow::TOTAL.desc());
    /// # let _ = by_status;
    /// # }
    /// ```
    pub const fn asc(self) -> Order<M>
    where
        T: Comparable,
    {
        Order::new(By { column: self.index, descending: false })
    }

    /// Orders by this column, the largest value first and null after all values.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let ten_largest = Query::all().order_by(OrderRow::TOTAL.desc()).limit(10);
    /// # let _ = ten_largest;
    /// # }
    /// ```
    pub const fn desc(self) -> Order<M>
    where
        T: Comparable,
    {
        Order::new(By { column: self.index, descending: true })
    }
}
