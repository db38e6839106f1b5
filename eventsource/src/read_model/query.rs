//! Queries: which rows, in which order.

use std::fmt;
use std::marker::PhantomData;

use super::select::{By, Expr, Select, after, place};
use super::stored::{About, Row};
use super::{Cursor, ReadModel, ReadModelError, Stored};

/// A condition on the rows of `M`. The columns of the model create conditions; [`and`](Condition::and) and
/// [`or`](Condition::or) combine them, in the order of the calls: `a.and(b).or(c)` is `(a AND b) OR c`, and
/// `a.or(b).and(c)` is `(a OR b) AND c`. There is no `not`: use [`ne`](super::Column::ne),
/// [`not_in`](super::Column::not_in), [`is_not_null`](super::Column::is_not_null) or the opposite comparison.
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
    expr: Expr,
    about: About<M>,
}

impl<M> Condition<M> {
    pub(super) const fn new(expr: Expr) -> Self {
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

/// A column by which rows are ordered: see [`Column::asc`](super::Column::asc) and
/// [`Column::desc`](super::Column::desc).
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
    by: By,
    about: About<M>,
}

impl<M> Order<M> {
    pub(super) const fn new(by: By) -> Self {
        Self { by, about: PhantomData }
    }
}

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
    place: Place,
    about: About<M>,
}

#[derive(Debug, Clone)]
enum Place {
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
    /// its [`Cursor`]. Rows that are added or removed between two pages do not shift the next one, unlike with an
    /// offset.
    ///
    /// The query fails with [`ReadModelError::CursorOfAnotherQuery`] if the cursor was created for another table or
    /// another order.
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

impl<M> From<Condition<M>> for Query<M> {
    fn from(condition: Condition<M>) -> Self {
        Self::all().filter(condition)
    }
}

impl<M> Clone for Condition<M> {
    fn clone(&self) -> Self {
        Self::new(self.expr.clone())
    }
}

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        Self::new(self.by)
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

impl<M> fmt::Debug for Condition<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl<M> fmt::Debug for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.by.fmt(f)
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
