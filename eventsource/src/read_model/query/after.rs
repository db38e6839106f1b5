//! The place after which a page of a query begins.

use std::fmt;
use std::marker::PhantomData;

use crate::read_model::stored::{About, Row};
use crate::read_model::{Cursor, ReadModel, Stored};

/// The place after which a page begins: a row that was read before (`&Stored<M>`), or a [`Cursor`].
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
/// # #[derive(ReadModel)]
/// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
/// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
/// # use eventsource::read_model::Query;
/// let order = Query::all().order_by(OrderRow::TOTAL.desc()).limit(20);
/// let page = orders.find_stored(order.clone()).await?;
/// if let Some(last) = page.last() {
///     let next = orders.find_stored(order.after(last)).await?;
/// # let _ = next;
/// }
/// # Ok(())
/// # }
/// # }
/// ```
pub struct After<M> {
    pub(super) place: Place,
    about: About<M>,
}

#[derive(Debug, Clone)]
pub(super) enum Place {
    Row(Box<Row>),
    Cursor(Cursor),
}

impl<M: ReadModel> From<&Stored<M>> for After<M> {
    fn from(row: &Stored<M>) -> Self {
        Self { place: Place::Row(Box::new(row.row().clone())), about: PhantomData }
    }
}

impl<M> From<Cursor> for After<M> {
    fn from(cursor: Cursor) -> Self {
        Self { place: Place::Cursor(cursor), about: PhantomData }
    }
}

impl<M> From<&Cursor> for After<M> {
    fn from(cursor: &Cursor) -> Self {
        cursor.clone().into()
    }
}

impl<M> Clone for After<M> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone(), about: PhantomData }
    }
}

impl<M> fmt::Debug for After<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}
