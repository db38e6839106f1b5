//! The columns of a model, as queries name them.

mod compare;
mod into_value;

use std::fmt;
use std::marker::PhantomData;

pub use into_value::IntoColumnValue;

use super::select::{By, Expr};
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
