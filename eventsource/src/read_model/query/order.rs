//! A column by which the rows of a query are ordered.

use std::fmt;
use std::marker::PhantomData;

use crate::read_model::select::By;
use crate::read_model::stored::About;

/// A column by which rows are ordered: see [`Column::asc`](crate::read_model::Column::asc) and
/// [`Column::desc`](crate::read_model::Column::desc).
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::read_model::{Query, ReadModel};
/// # #[derive(ReadModel)]
/// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
/// let oldest_first = Query::all().order_by(OrderRow::TOTAL.desc()).order_by(OrderRow::ID.asc());
/// # let _ = oldest_first;
/// # }
/// ```
#[must_use]
pub struct Order<M> {
    pub(super) by: By,
    about: About<M>,
}

impl<M> Order<M> {
    pub(in crate::read_model) const fn new(by: By) -> Self {
        Self { by, about: PhantomData }
    }
}

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        Self::new(self.by)
    }
}

impl<M> fmt::Debug for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.by.fmt(f)
    }
}
