//! A condition on the rows of a query.

use std::fmt;
use std::marker::PhantomData;

use crate::read_model::select::Expr;
use crate::read_model::stored::About;

/// A condition on the rows of `M`. The columns of the model create conditions; [`and`](Condition::and) and
/// [`or`](Condition::or) combine them, in the order of the calls: `a.and(b).or(c)` is `(a AND b) OR c`, and
/// `a.or(b).and(c)` is `(a OR b) AND c`. There is no `not`: use [`ne`](crate::read_model::Column::ne),
/// [`not_in`](crate::read_model::Column::not_in), [`is_not_null`](crate::read_model::Column::is_not_null) or the
/// opposite comparison.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::ReadModel;
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
///     status: String,
///     total: i64,
/// }
///
/// // Large orders that are placed, and all lost orders.
/// let condition = OrderRow::STATUS.eq("placed").and(OrderRow::TOTAL.gt(100)).or(OrderRow::STATUS.eq("lost"));
/// # let _ = condition;
/// # }
/// ```
#[must_use]
pub struct Condition<M> {
    pub(super) expr: Expr,
    about: About<M>,
}

impl<M> Condition<M> {
    pub(in crate::read_model) const fn new(expr: Expr) -> Self {
        Self { expr, about: PhantomData }
    }

    /// Selects the rows for which both conditions hold.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let large_and_open = OrderRow::STATUS.eq("placed").and(OrderRow::TOTAL.gt(100));
    /// # let _ = large_and_open;
    /// # }
    /// ```
    pub fn and(self, other: Self) -> Self {
        Self::new(self.expr.and(other.expr))
    }

    /// Selects the rows for which at least one of the conditions holds.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let to_check = OrderRow::STATUS.eq("lost").or(OrderRow::TOTAL.gt(1_000));
    /// # let _ = to_check;
    /// # }
    /// ```
    pub fn or(self, other: Self) -> Self {
        Self::new(self.expr.or(other.expr))
    }
}

impl<M> Clone for Condition<M> {
    fn clone(&self) -> Self {
        Self::new(self.expr.clone())
    }
}

impl<M> fmt::Debug for Condition<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}
