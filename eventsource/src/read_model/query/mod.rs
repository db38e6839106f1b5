//! Queries: which rows, in which order.

mod after;
mod condition;
mod lowering;
mod order;

use std::fmt;
use std::marker::PhantomData;

pub use after::After;
pub use condition::Condition;
pub use order::Order;

use super::select::{By, Expr};
use super::stored::About;

/// Selects rows of `M`: a condition, an order, a limit, an offset, the place after which a page begins, and whether
/// soft-deleted rows are included. Create it with [`Query::all`], or with `Query::from(condition)`: a [`Condition`]
/// converts into a query.
///
/// Soft-deleted rows are hidden by default. Rows that are equal in all ordered columns are ordered by their id, so that
/// the order is the same on every backend. Without [`limit`](Self::limit) a query returns all matching rows. A
/// condition or an order on a column without `#[read_model(index)]` makes the database read the whole table.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::{Query, ReadModel};
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: u64,
///     total: i64,
/// }
///
/// let largest = Query::all().filter(OrderRow::TOTAL.ge(100)).order_by(OrderRow::TOTAL.desc()).limit(10);
/// # let _ = largest;
/// # }
/// ```
#[must_use]
pub struct Query<M> {
    condition: Option<Expr>,
    order: Vec<By>,
    limit: Option<u64>,
    offset: u64,
    after: Option<After<M>>,
    deleted: Deleted,
    about: About<M>,
}

#[derive(Debug, Clone, Copy)]
enum Deleted {
    Hidden,
    Shown,
    Only,
}

impl<M> Query<M> {
    /// Creates a query for all rows that are not soft-deleted.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// let orders = orders.find(Query::all().limit(100)).await?;
    /// # let _ = orders;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub const fn all() -> Self {
        Self {
            condition: None,
            order: Vec::new(),
            limit: None,
            offset: 0,
            after: None,
            deleted: Deleted::Hidden,
            about: PhantomData,
        }
    }

    /// Keeps only the rows for which `condition` holds, in addition to earlier filters.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// let query = Query::all().filter(OrderRow::STATUS.eq("placed")).filter(OrderRow::TOTAL.ge(100));
    /// # let _ = query;
    /// # }
    /// ```
    pub fn filter(mut self, condition: Condition<M>) -> Self {
        self.condition = Some(match self.condition {
            Some(other) => other.and(condition.expr),
            None => condition.expr,
        });
        self
    }

    /// Orders the rows by a column. Later calls order rows that are equal in the earlier columns. Nulls come first, and
    /// last in a descending order. Texts are ordered by their bytes, so `Z` comes before `a`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let query = Query::all().order_by(OrderRow::STATUS.asc()).order_by(OrderRow::TOTAL.desc());
    /// # let _ = query;
    /// # }
    /// ```
    pub fn order_by(mut self, order: Order<M>) -> Self {
        self.order.push(order.by);
        self
    }

    /// Returns at most this number of rows; none for 0. The default is no limit.
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
    pub const fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Skips this number of rows. The default is 0. For pages, [`after`](Self::after) is faster and does not shift.
    /// With both, it skips rows after that place.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let second_page = Query::all().order_by(OrderRow::TOTAL.desc()).limit(20).offset(20);
    /// # let _ = second_page;
    /// # }
    /// ```
    pub const fn offset(mut self, rows: u64) -> Self {
        self.offset = rows;
        self
    }

    /// Returns only the rows after `place` in the order of the query. `place` is the last row of the previous page, or
    /// its [`Cursor`](super::Cursor). Rows that are added or removed between two pages do not shift the next one,
    /// unlike with an offset.
    ///
    /// The query fails with [`ReadModelError::CursorOfAnotherQuery`] if the cursor was created for another table or
    /// another order.
    ///
    /// [`ReadModelError::CursorOfAnotherQuery`]: super::ReadModelError::CursorOfAnotherQuery
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{ReadModel, ReadModelError, ReadRepository};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
    /// # use eventsource::read_model::{Cursor, Query};
    /// # let cursor: Option<Cursor> = None;
    /// let first = Query::all().order_by(OrderRow::TOTAL.desc()).limit(20);
    /// let query = match cursor {
    ///     Some(cursor) => first.after(cursor),
    ///     None => first,
    /// };
    /// let page = orders.find_stored(query).await?;
    /// # let _ = page;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn after(mut self, place: impl Into<After<M>>) -> Self {
        self.after = Some(place.into());
        self
    }

    /// Includes soft-deleted rows.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
    /// let all = Query::from(OrderRow::STATUS.eq("placed")).with_deleted();
    /// # let _ = all;
    /// # }
    /// ```
    pub const fn with_deleted(mut self) -> Self {
        self.deleted = Deleted::Shown;
        self
    }

    /// Returns only soft-deleted rows.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::read_model::{Query, ReadModel};
    /// # #[derive(ReadModel)]
    /// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64, carrier: Option<String> }
    /// let trash = Query::from(OrderRow::STATUS.eq("placed")).only_deleted();
    /// # let _ = trash;
    /// # }
    /// ```
    pub const fn only_deleted(mut self) -> Self {
        self.deleted = Deleted::Only;
        self
    }
}

impl<M> From<Condition<M>> for Query<M> {
    fn from(condition: Condition<M>) -> Self {
        Self::all().filter(condition)
    }
}

impl<M> Clone for Query<M> {
    fn clone(&self) -> Self {
        Self {
            condition: self.condition.clone(),
            order: self.order.clone(),
            limit: self.limit,
            offset: self.offset,
            after: self.after.clone(),
            deleted: self.deleted,
            about: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Query<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("condition", &self.condition)
            .field("order", &self.order)
            .field("limit", &self.limit)
            .field("offset", &self.offset)
            .field("after", &self.after)
            .field("deleted", &self.deleted)
            .finish()
    }
}
